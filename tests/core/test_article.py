"""The new article of an exchange as a shopper chooses it: what may be had, and what the swap comes to to the cent."""

from dataclasses import replace
from typing import Any

import pytest

from retour.core.article import Offered, Question, check, may_change, offered, plain, question_key, swap
from retour.core.errors import Refused
from retour.core.exchange_order import Chosen
from retour.core.order import Order, OrderLine, Product
from retour.core.policy.outcome import ExchangeItems, ExchangePrice, ExchangeTerms
from retour.core.ports import Article
from retour.core.refund import ChargeMode, Plan, RefundRequest, RefundTerms, RequestedLine, UnitRange, quote
from retour.core.rma.exchange import ExchangeState
from tests.core.builders import a_ledger, a_line, an_order

ANY = ExchangeTerms(items=ExchangeItems.ANY_PRODUCT, price=ExchangePrice.PAID)
VARIANT = replace(ANY, items=ExchangeItems.VARIANT)
TEE = Product(ref="p/tee")
SMALL = Article("v/s", "Tee, S", 2_000, "EUR", "TEE-S", "p/tee", 3, "S")
GONE = Article("v/l", "Tee, L", 2_000, "EUR", "TEE-L", "p/tee", 0, "L")
COAT = Article("v/coat", "Coat", 9_000, "EUR", "COAT", "p/coat", None)
YEN = Article("v/yen", "Tee, M, Japan", 3_000, "JPY", "TEE-J", "p/tee", 9)
BOUGHT = Article("v/m", "Tee, M", 2_000, "EUR", "TEE-M", "p/tee", 9, "M")


def tee(ref: str = "L1", quantity: int = 1, gross: int = 2_000) -> OrderLine:
    return replace(a_line(ref, gross=gross, q=quantity), product=TEE, variant_ref="v/m")


def bought(*lines: OrderLine) -> Order:
    return replace(an_order(*(lines or (tee(),))), currency="EUR", shop_currency="EUR")


def whole(order: Order) -> Plan:
    terms = RefundTerms(shipping=ChargeMode.NONE, tender_order=())
    asked = tuple(RequestedLine(line.ref, (UnitRange(1, line.quantity),)) for line in order.lines)
    return quote(order, a_ledger(order), RefundRequest(asked), terms)


class TestWhatMayBeChosen:
    def test_other_variants_are_offered_each_once_and_what_is_sold_out_says_so(self) -> None:
        shown = offered([BOUGHT, SMALL, GONE, SMALL, COAT], tee(), quantity=1, terms=VARIANT, currency="EUR")

        assert shown == (Offered(SMALL), Offered(GONE, "out_of_stock"))

    def test_any_article_is_offered_where_the_terms_allow_it(self) -> None:
        shown = offered([COAT, GONE], tee(), quantity=1, terms=replace(ANY, out_of_stock=True), currency="EUR")

        assert shown == (Offered(COAT), Offered(GONE))

    @pytest.mark.parametrize(
        ("article", "terms", "quantity", "code"),
        [
            (None, ANY, 1, "article_unknown"),
            (COAT, VARIANT, 1, "exchange_not_offered"),
            (replace(SMALL, product_ref=None), VARIANT, 1, "exchange_not_offered"),
            (YEN, VARIANT, 1, "currency_mismatch"),
            (GONE, VARIANT, 1, "out_of_stock"),
            (SMALL, VARIANT, 4, "out_of_stock"),
        ],
    )
    def test_what_cannot_be_had_is_refused_with_its_code_and_field(
        self, article: Article | None, terms: ExchangeTerms, quantity: int, code: str
    ) -> None:
        with pytest.raises(Refused) as said:
            check(article, tee(), quantity=quantity, terms=terms, currency="EUR", field="article")

        assert (said.value.code, said.value.field) == (code, "article")

    def test_the_last_units_can_be_had(self) -> None:
        assert check(SMALL, tee(), quantity=3, terms=VARIANT, currency="EUR", field="article") == SMALL


class TestWhatItComesTo:
    def of(self, article: Article, order: Order | None = None, terms: ExchangeTerms = ANY, **more: Any) -> Any:
        order = order or bought()
        named = {line.ref: article.ref for line in order.lines}
        under = {line.ref: terms for line in order.lines}
        return swap(order, [whole(order)], named, {article.ref: article}, under, promised="p", **more)

    @pytest.mark.parametrize(
        ("price", "collect", "pay_back"), [(2_000, 0, 0), (2_350, 350, 0), (1_500, 0, 500), (0, 0, 2_000)]
    )
    def test_what_the_article_costs_more_is_paid_and_what_it_costs_less_goes_back(
        self, price: int, collect: int, pay_back: int
    ) -> None:
        done = self.of(replace(SMALL, price_minor=price))

        assert (done.collect, done.pay_back) == (collect, pay_back)
        assert done.articles == (Chosen("v/s", 1, "v/s", "Tee, S"),)

    def test_two_variants_of_two_lines_are_exchanged_together(self) -> None:
        order = bought(tee("L1"), tee("L2", quantity=2, gross=4_000))

        done = self.of(SMALL, order, VARIANT)

        assert (done.articles[0].quantity, done.collect, done.pay_back) == (3, 0, 0)

    def test_the_hash_tells_another_price_another_article_and_another_promise_apart(self) -> None:
        order = bought()
        same = [self.of(SMALL).hash, self.of(SMALL).hash]
        others = [
            self.of(replace(SMALL, price_minor=2_001)).hash,
            self.of(replace(SMALL, ref="v/xs")).hash,
            swap(order, [whole(order)], {"L1": "v/s"}, {"v/s": SMALL}, {"L1": ANY}, promised="q").hash,
        ]

        assert len({*same, *others}) == 4

    def test_a_range_of_prices_that_the_terms_leave_free_moves_nothing(self) -> None:
        free = replace(ANY, free_from_bp=9_000, free_to_bp=11_000)

        done = self.of(replace(SMALL, price_minor=2_200), terms=free)

        assert (done.collect, done.pay_back, done.exchanges[0].even) == (0, 0, True)

    def test_lines_without_terms_of_their_own_take_the_usual_ones(self) -> None:
        order = bought()

        done = swap(order, [whole(order)], {"L1": "v/s"}, {"v/s": SMALL}, {}, promised="p")

        assert (done.collect, done.pay_back) == (0, 0)

    @pytest.mark.parametrize(
        ("named", "code"), [({}, "article_unknown"), ({"L1": "v/other"}, "article_unknown")]
    )  # fmt: skip
    def test_an_item_without_an_article_cannot_be_swapped(self, named: dict[str, str], code: str) -> None:
        order = bought()

        with pytest.raises(Refused) as said:
            swap(order, [whole(order)], named, {"v/s": SMALL}, {"L1": ANY}, promised="p")

        assert said.value.code == code


def test_words_are_compared_however_they_are_spaced_and_cased() -> None:
    assert plain("  Wool\t COAT ") == "wool coat"


def test_each_question_has_a_key_of_its_own() -> None:
    asked = [
        question_key(Question.SEARCH, "tee", "DE"), question_key(Question.SEARCH, "tee", None),
        question_key(Question.VARIANTS, "tee", "DE"), question_key(Question.SEARCH, "tees", "DE"),
    ]  # fmt: skip

    assert [len(key) for key in asked] == [32] * 4
    assert len(set(asked)) == 4


@pytest.mark.parametrize(
    ("state", "draft", "given_up", "may"),
    [
        (None, None, False, True), (ExchangeState.STUCK, None, False, True), (ExchangeState.STUCK, None, True, False),
        (ExchangeState.STUCK, "draft/1", False, False), (ExchangeState.PREPARING, None, False, False),
        (ExchangeState.BY_HAND, None, False, False), (ExchangeState.MADE, None, False, False),
    ],
)  # fmt: skip
def test_an_article_is_changed_until_its_order_is_begun(
    state: ExchangeState | None, draft: str | None, given_up: bool, may: bool
) -> None:
    assert may_change(state, draft, is_given_up=given_up) is may
