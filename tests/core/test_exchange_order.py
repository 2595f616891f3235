"""The new order of an exchange: which articles, at which price, by which discount, and what its lines carry."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from retour.core.errors import Refused
from retour.core.exchange import Carried, Exchange, Given, Wanted, Worth, exchange
from retour.core.exchange_order import (
    Back,
    Chosen,
    Do,
    as_collected,
    captured,
    choices,
    chosen_for,
    discount,
    handed_in,
    instead,
    is_handed_in,
    is_sent,
    next_look,
    priced,
    replaced_by,
)
from retour.core.money import NOTHING, Sides
from retour.core.order import Capture, FulfilledUnits, Fulfilment, Order, TenderKind
from retour.core.policy.outcome import DownCharge, ExchangeItems, ExchangePrice, ExchangeTerms
from retour.core.ports import Article
from retour.core.refund import ChargeMode, RefundRequest, RefundTerms, RequestedLine, UnitRange, emptied, quote
from retour.core.rma import Decision
from retour.core.rma.exchange import ExchangeState
from tests.core.builders import a_charge, a_ledger, a_line, a_tax, an_order, both
from tests.core.rma import builders as b

ANY = ExchangeTerms(items=ExchangeItems.ANY_PRODUCT, price=ExchangePrice.PAID)
LAMP = Article("v/1", "Lamp", 3_000, "EUR", "LAMP", "p/1", 5)


def of_eur(**more: object) -> Order:
    settled: dict[str, Any] = {"currency": "EUR", "shop_currency": "EUR"} | more
    return replace(an_order(a_line("L1", gross=2_145)), **settled)


def swapped(
    given: int, price: int, tax: int = 0, down: DownCharge = DownCharge.REFUND
) -> tuple[Exchange, list[Wanted]]:
    handed = Given("L1", 1, Worth(both(given)), both(given))
    wanted = [Wanted("v/1", 1, Worth(both(price), (a_tax(tax),) if tax else ()))]
    return exchange([handed], wanted, replace(ANY, down=down)), wanted


class TestWhichArticles:
    def test_each_unit_that_is_handed_in_is_replaced_by_one_of_the_article_named_for_its_line(self) -> None:
        first, second = b.a_line(1, units=3), b.a_line(2, units=1)
        units = {first.line_ref: [(1, 2)], second.line_ref: [(1, 1)]}

        chosen = chosen_for([first, second], units, {first.id: "LAMP", second.id: "CUP"})

        assert chosen == (Chosen("LAMP", 2), Chosen("CUP", 1))

    def test_nothing_is_ordered_while_the_article_of_some_unit_is_not_known(self) -> None:
        first, second = b.a_line(1), b.a_line(2)
        units = {first.line_ref: [(1, 1)], second.line_ref: [(1, 1)]}

        assert chosen_for([first, second], units, {first.id: "LAMP"}) == ()
        assert chosen_for([first, second], {second.line_ref: [(1, 1)]}, {first.id: "LAMP"}) == ()

    def test_what_is_handed_in_are_the_units_that_a_plan_pays(self) -> None:
        order = an_order(a_line("L1", gross=3_000, q=3), charges=(a_charge("S1", gross=500),))
        asked = RefundRequest((RequestedLine("L1", (UnitRange(1, 1), UnitRange(3, 3, deduction_bp=1_000))),))
        plan = quote(order, a_ledger(order), asked, RefundTerms(shipping=ChargeMode.ALL))

        assert [row.ref for row in plan.rows] == ["L1", "S1"]
        assert sorted(handed_in(plan)["L1"]) == [(1, 1), (3, 3)]
        assert (handed_in(emptied(plan)), emptied(plan).total) == ({}, NOTHING)


class TestPrices:
    def test_a_price_with_its_tax_inside_has_the_tax_of_what_is_handed_in(self) -> None:
        given = Worth(both(2_380), (a_tax(380),))

        chosen, (lamp,) = priced([Chosen("LAMP", 2)], {"LAMP": LAMP}, of_eur(taxes_included=True), given)

        assert (lamp.ref, lamp.quantity, lamp.available, lamp.product_ref) == ("v/1", 2, 5, "p/1")
        assert lamp.worth == Worth(both(6_000), (a_tax(958),))
        assert chosen == (Chosen("LAMP", 2, "v/1", "Lamp"),)

    def test_a_price_without_its_tax_gets_it_on_top(self) -> None:
        given = Worth(both(2_145), (a_tax(145),))

        _, (lamp,) = priced([Chosen("LAMP", 1)], {"LAMP": LAMP}, of_eur(taxes_included=False), given)

        assert lamp.worth == Worth(both(3_218), (a_tax(218),))  # 145 x 3000 / 2000

    def test_what_was_handed_in_for_nothing_tells_no_tax(self) -> None:
        _, (lamp,) = priced([Chosen("LAMP", 1)], {"LAMP": LAMP}, of_eur(), Worth(NOTHING, (a_tax(0),)))

        assert lamp.worth.gross == both(3_000)

    def test_the_books_follow_the_ratio_of_the_order(self) -> None:
        order = of_eur(currency="EUR", shop_currency="SEK", total=Sides(1_000, 11_000), taxes_included=True)
        free = replace(order, total=Sides(0, 0))
        given = Worth(Sides(1_000, 11_000))

        assert priced([Chosen("LAMP", 1)], {"LAMP": LAMP}, order, given)[1][0].worth.gross == Sides(3_000, 33_000)
        assert priced([Chosen("LAMP", 1)], {"LAMP": LAMP}, free, given)[1][0].worth.gross == Sides(3_000, 3_000)

    def test_two_names_of_one_article_are_one_line(self) -> None:
        both_names = {"LAMP": LAMP, "v/1": LAMP}

        chosen, wanted = priced([Chosen("LAMP", 1), Chosen("v/1", 2)], both_names, of_eur(), Worth(both(2_000)))

        assert [(one.ref, one.quantity) for one in wanted] == [("v/1", 3)]
        assert [one.quantity for one in chosen] == [3]

    @pytest.mark.parametrize(
        ("articles", "code"),
        [({}, "article_unknown"), ({"LAMP": replace(LAMP, currency="USD")}, "currency_mismatch")],
    )
    def test_what_the_shop_does_not_sell_here_is_refused(self, articles: dict[str, Article], code: str) -> None:
        with pytest.raises(Refused) as no:
            priced([Chosen("LAMP", 1)], articles, of_eur(), Worth(both(2_000)))

        assert (no.value.code, no.value.facts["article"]) == (code, "LAMP")


class TestTheDiscount:
    def test_it_is_the_price_less_what_is_to_be_paid(self) -> None:
        done, wanted = swapped(1_999, 7_140, 1_140)

        assert discount(done, wanted, taxes_included=True) == 1_999
        assert discount(done, wanted, taxes_included=False) == 1_680  # 1999 x 6000 / 7140: the tax falls with it

    @pytest.mark.parametrize("price", [1_999, 1_200])
    def test_what_costs_no_more_costs_nothing(self, price: int) -> None:
        assert discount(*swapped(1_999, price), taxes_included=True) is None

    def test_fees_beyond_the_price_cannot_be_collected_by_an_order(self) -> None:
        done, wanted = swapped(1_000, 1_200)

        with pytest.raises(Refused) as no:
            discount(replace(done, collect=both(1_300)), wanted, taxes_included=True)

        assert no.value.code == "nothing_to_discount"


class TestThePlatformsTotal:
    @pytest.mark.parametrize(("total", "agrees"), [(5_141, True), (5_143, True), (5_139, True), (5_144, False)])
    def test_a_minor_unit_a_line_is_rounding_and_is_carried(self, total: int, agrees: bool) -> None:
        done, _ = swapped(1_999, 7_140)

        taken = as_collected(done, both(total), lines=1)

        assert (taken is not None) is agrees
        if taken is not None:
            assert taken.collect == taken.collected == both(total)
            assert sum(one.worth.gross.presentment for one in taken.carried) == 1_999 + total

    @pytest.mark.parametrize(("price", "total"), [(1_999, 1), (2_000, 0)])
    def test_something_is_never_taken_for_nothing(self, price: int, total: int) -> None:
        done, _ = swapped(1_999, price)

        assert as_collected(done, both(total), lines=5) is None

    @pytest.mark.parametrize(("price", "total"), [(1_999, 1), (2_000, 0), (7_140, 0), (7_140, 9_000)])
    def test_what_a_person_accepted_is_taken_whatever_it_is(self, price: int, total: int) -> None:
        done, _ = swapped(1_999, price)

        taken = as_collected(done, both(total), lines=1, accepted=True)

        assert taken is not None
        assert taken.collect == taken.collected == both(total)
        assert sum(one.worth.gross.presentment for one in taken.carried) == 1_999 + total

    def test_no_article_carries_less_than_nothing_and_its_tax_goes_with_it(self) -> None:
        done, _ = swapped(1_999, 7_140, tax=1_140)
        cup = Carried("v/2", Worth(both(0), (a_tax(0),)))
        two = replace(done, carried=(cup, *done.carried))

        taken = as_collected(two, both(0), lines=1, accepted=True)

        assert taken is not None  # of its tax of 821 cents, which is that of what was to be paid on top
        assert taken.carried == (cup, Carried("v/1", Worth(both(1_999), (a_tax(230),))))

    def test_what_was_taken_for_an_order_is_the_sum_of_its_payments(self) -> None:
        paid = Capture("c/1", TenderKind.CARD, "g", 700, b.NOW)

        assert captured(of_eur()) == sum(one.captured for one in of_eur().captures)
        assert captured(replace(of_eur(), captures=(paid, replace(paid, ref="c/2", captured=41)))) == 741


class TestWhatItCarries:
    def carried(self) -> list[Carried]:
        return [Carried("v/1", Worth(both(1_999))), Carried("v/2", Worth(both(500)))]

    def made(self, *lines: tuple[str, str, int]) -> Order:
        return an_order(*(replace(a_line(ref, gross=0, q=n), variant_ref=variant) for ref, variant, n in lines))

    def test_each_line_of_the_order_carries_the_value_of_its_article(self) -> None:
        order = self.made(("A", "v/2", 1), ("B", "v/1", 2))

        found = replaced_by(order, self.carried(), {"v/1": 2, "v/2": 1})

        assert found == {"B": Worth(both(1_999)), "A": Worth(both(500))}

    @pytest.mark.parametrize(
        "lines",
        [
            (("A", "v/2", 1),),
            (("A", "v/2", 1), ("B", "v/3", 2)),
            (("A", "v/2", 1), ("B", "v/1", 1)),
            (("A", "v/2", 1), ("B", "v/1", 2), ("C", "v/1", 1)),
        ],
    )
    def test_an_order_of_other_lines_carries_nothing(self, lines: tuple[tuple[str, str, int], ...]) -> None:
        assert replaced_by(self.made(*lines), self.carried(), {"v/1": 2, "v/2": 1}) is None

    def test_an_order_is_sent_once_any_unit_has_left(self) -> None:
        order = self.made(("A", "v/1", 1))
        parcel = Fulfilment("f/1", b.NOW, units=(FulfilledUnits("u/1", "A", 1),))

        assert (is_sent(order), is_sent(replace(order, fulfilments=(parcel,)))) == (False, True)


@pytest.mark.parametrize(
    ("down", "back"),
    [(DownCharge.REFUND, Back.REFUND), (DownCharge.KEEP, Back.REFUND), (DownCharge.CREDIT, Back.CREDIT)],
)
def test_goods_whose_exchange_came_to_nothing_are_paid_as_a_difference_is(down: DownCharge, back: Back) -> None:
    assert instead(down) is back


def test_the_next_look_is_the_nearest_of_its_reasons() -> None:
    poll, end, reminder = b.NOW + timedelta(hours=2), b.NOW + timedelta(hours=1), b.NOW + timedelta(minutes=1)

    assert next_look(None, [], poll_at=poll) == poll
    assert next_look(end, [], poll_at=poll) == end
    assert next_look(end, [reminder], poll_at=poll) == reminder


class TestWhatAPersonDecides:
    @pytest.mark.parametrize(
        ("state", "back", "may"),
        [
            (ExchangeState.PREPARING, None, (Do.REFUND, Do.CREDIT, Do.BY_HAND)),
            (ExchangeState.UNPAID, None, (Do.REFUND, Do.CREDIT, Do.BY_HAND)),
            (ExchangeState.UNPAID, Back.REFUND, ()),
            (ExchangeState.STUCK, None, (Do.AGAIN, Do.REFUND, Do.CREDIT, Do.BY_HAND)),
            (ExchangeState.STUCK, Back.REFUND, (Do.AGAIN, Do.REFUND, Do.CREDIT, Do.BY_HAND)),
            (ExchangeState.STUCK, Back.REVERSE, (Do.AGAIN, Do.BY_HAND)),
            (ExchangeState.BY_HAND, None, (Do.REFUND, Do.CREDIT)),
            (ExchangeState.MADE, None, (Do.REFUND, Do.CREDIT)),
            (ExchangeState.MADE, Back.REVERSE, ()),
            (ExchangeState.RELEASING, None, ()),
            (ExchangeState.CANCELLED, None, ()),
        ],
    )
    def test_there_is_a_choice_wherever_nothing_is_under_way_and_nowhere_else(
        self, state: ExchangeState, back: Back | None, may: tuple[Do, ...]
    ) -> None:
        assert choices(state, back) == may

    def test_goods_are_handed_in_while_no_line_of_theirs_was_turned_down(self) -> None:
        order = an_order(a_line("L1", gross=2_000, q=2))
        line = replace(b.a_line(1, units=2), line_ref="L1", decision=Decision.RESOLVED)
        asked = RefundRequest((RequestedLine("L1", (UnitRange(1, 2),)),))
        plan = quote(order, a_ledger(order), asked, RefundTerms())

        assert is_handed_in([line], plan)
        assert not is_handed_in([replace(line, decision=Decision.REJECTED)], plan)
        assert not is_handed_in([replace(line, claimed=((1, 1),))], plan)
        assert is_handed_in([], emptied(plan))
