"""Exchanges: what a swap costs, and what the new article is worth when it comes back."""

import os
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retour.core.errors import Refused
from retour.core.exchange import LABELS, Exchange, Given, Wanted, Worth, carry, exchange, explain, reverse
from retour.core.money import NOTHING, Sides
from retour.core.order import DiscountShare, Tax
from retour.core.policy.outcome import DownCharge, ExchangeItems, ExchangePrice, ExchangeTerms, UpCharge
from retour.core.refund import RefundRequest, RefundTerms, RequestedLine, UnitRange, quote
from tests.core.builders import a_ledger, a_line, a_tax, an_order, both

EXAMPLES = int(os.environ.get("EXAMPLES", "200"))
ANY = ExchangeTerms(
    items=ExchangeItems.ANY_PRODUCT, price=ExchangePrice.PAID, up=UpCharge.INVOICE, down=DownCharge.REFUND
)


def worth(gross: int | Sides, tax: int = 0, bucket: str = "vat") -> Worth:
    return Worth(both(gross) if isinstance(gross, int) else gross, (a_tax(tax, bucket),) if tax else ())


def handed_in(gross: int | Sides, tax: int = 0, *, listed: int | None = None, quantity: int = 1) -> Given:
    value = worth(gross, tax)
    return Given("L1", quantity, value, value.gross if listed is None else both(listed), product_ref="P1")


def new(gross: int | Sides, tax: int = 0, *, ref: str = "N1", product: str = "P2", quantity: int = 1) -> Wanted:
    return Wanted(ref, quantity, worth(gross, tax), product_ref=product)


def swap(have: Given, want: Wanted, terms: ExchangeTerms = ANY, **more: object) -> Exchange:
    return exchange([have], [want], terms, **more)  # type: ignore[arg-type]


def moved(done: Exchange) -> tuple[int, int]:
    """Return what is collected and paid back, in presentment."""
    return done.collect.presentment, done.pay_back.presentment


def test_an_exchange_for_the_same_price_moves_no_money_and_the_settled_parts_go_over() -> None:
    done = swap(handed_in(5_665, 905), new(5_665, 904))

    assert done.even
    assert moved(done) == (0, 0)
    assert [(c.ref, c.worth) for c in done.carried] == [("N1", worth(5_665, 905))]


def test_a_dearer_article_is_charged_the_difference_and_then_carries_its_own_price() -> None:
    done = swap(handed_in(5_665, 904), new(7_140, 1_140))

    assert (done.even, moved(done)) == (False, (1_475, 0))
    assert done.carried[0].worth == worth(7_140, 1_140)


def test_a_difference_that_is_collected_in_part_is_carried_in_part() -> None:
    done = swap(handed_in(5_665, 904), new(7_140, 1_140), collect_at_most=1_000)

    assert (moved(done), done.waived) == ((1_000, 0), both(475))
    assert done.carried[0].worth == worth(6_665, 1_064)  # 904 + 1140 x 1000 / 7140


def test_a_waived_difference_is_never_carried() -> None:
    done = swap(handed_in(5_665, 904), new(7_140, 1_140), replace(ANY, up=UpCharge.WAIVE))

    assert (moved(done), done.waived) == ((0, 0), both(1_475))
    assert done.carried[0].worth == worth(5_665, 904)


@pytest.mark.parametrize(
    ("down", "amounts", "carried"),
    [
        (DownCharge.REFUND, (2_000, 0, 0), worth(4_000, 639)),
        (DownCharge.CREDIT, (0, 2_000, 0), worth(4_000, 639)),
        (DownCharge.KEEP, (0, 0, 2_000), worth(6_000, 958)),
    ],
)
def test_a_cheaper_article_gives_the_difference_back_as_the_terms_say(
    down: DownCharge, amounts: tuple[int, int, int], carried: Worth
) -> None:
    done = swap(handed_in(6_000, 958), new(4_000, 639), replace(ANY, down=down))

    assert (done.refunded.presentment, done.credited.presentment, done.kept.presentment) == amounts
    assert done.pay_back == done.refunded + done.credited
    assert done.carried[0].worth == carried


@pytest.mark.parametrize(("price", "even"), [(8_999, False), (9_000, True), (11_000, True), (11_001, False)])
def test_a_price_within_the_free_range_is_even(price: int, even: bool) -> None:
    done = swap(handed_in(10_000), new(price), replace(ANY, free_from_bp=9_000, free_to_bp=11_000))

    assert done.even is even
    assert (moved(done) == (0, 0)) is even


def test_by_the_catalogues_price_a_discount_is_kept_for_the_same_article_but_never_paid_out() -> None:
    terms = replace(ANY, price=ExchangePrice.LISTED)
    have = handed_in(6_000, listed=10_000)

    same, dearer, cheaper, much_cheaper = (swap(have, new(p), terms) for p in (10_000, 12_000, 7_000, 4_500))

    assert (same.even, moved(same), same.carried[0].worth.gross) == (True, (0, 0), both(6_000))
    assert (moved(dearer), dearer.carried[0].worth.gross) == ((2_000, 0), both(8_000))
    assert (moved(cheaper), cheaper.carried[0].worth.gross) == ((0, 0), both(6_000))
    assert (moved(much_cheaper), much_cheaper.carried[0].worth.gross) == ((0, 1_500), both(4_500))


def test_a_bonus_pays_a_part_of_the_difference_and_is_not_carried() -> None:
    done = swap(handed_in(5_000), new(6_000), bonus=both(400))

    assert (done.bonus, moved(done), done.carried[0].worth.gross) == (both(400), (600, 0), both(5_600))


def test_a_bonus_beyond_the_difference_pays_nothing_out() -> None:
    done = swap(handed_in(5_000), new(5_100), bonus=both(400))

    assert (done.bonus, moved(done)) == (both(100), (0, 0))


@pytest.mark.parametrize(
    ("price", "down", "amounts"),
    [
        (6_000, DownCharge.REFUND, (1_590, 0)),
        (4_700, DownCharge.REFUND, (290, 0)),
        (4_000, DownCharge.REFUND, (0, 410)),
        (4_000, DownCharge.CREDIT, (0, 410)),
    ],
)
def test_fees_are_taken_from_what_goes_back_before_anything_is_collected(
    price: int, down: DownCharge, amounts: tuple[int, int]
) -> None:
    done = swap(handed_in(5_000), new(price), replace(ANY, down=down), fees=both(590))

    assert moved(done) == amounts
    assert done.carried[0].worth.gross == both(price)


def test_several_articles_are_compared_by_their_totals_and_share_what_is_carried() -> None:
    have = [handed_in(5_000, 798), handed_in(3_000, 479)]

    done = exchange(have, [new(6_000, 958), new(1_000, 160, ref="N2")], ANY)

    assert moved(done) == (0, 1_000)
    assert [(c.ref, c.worth) for c in done.carried] == [("N1", worth(6_000, 957)), ("N2", worth(1_000, 160))]


def test_taxes_of_another_rate_stay_beside_each_other() -> None:
    done = exchange([handed_in(5_000, 798)], [Wanted("N1", 1, worth(6_000, 393, "reduced"))], ANY)

    assert done.carried[0].worth == Worth(both(6_000), (a_tax(798), a_tax(66, "reduced")))


def test_each_currency_moves_by_fractions_of_its_own_prices() -> None:
    have = handed_in(Sides(14_980, 9_119))

    dearer = swap(have, new(Sides(17_980, 10_950)))
    cheaper = swap(have, new(Sides(9_980, 6_100)))

    assert (dearer.collect, dearer.carried[0].worth.gross) == (Sides(3_000, 1_827), Sides(17_980, 10_946))
    assert (cheaper.pay_back, cheaper.carried[0].worth.gross) == (Sides(5_000, 3_044), Sides(9_980, 6_075))


def test_the_new_article_of_an_even_exchange_is_worth_what_was_paid_whatever_it_costs_today() -> None:
    sold = a_line(q=2, gross=11_330, tax=1_809)
    first = quote(an_order(sold), a_ledger(an_order(sold)), _units("L1"), RefundTerms())
    have = Given("L1", 1, Worth(first.total, first.taxes), both(6_000))

    done = swap(have, new(5_665, 904))
    dear = replace(a_line("N1", gross=8_900, tax=1_421), discounts=(DiscountShare("SPRING", both(100)),))
    later = carry(dear, done.carried[0].worth)
    plan = quote(an_order(later), a_ledger(an_order(later)), _units("N1"), RefundTerms())

    assert (plan.total, plan.taxes) == (both(5_665), (a_tax(905),))
    assert (later.list_value, later.discounts) == (both(5_665), ())


def _units(ref: str) -> RefundRequest:
    return RefundRequest((RequestedLine(ref, (UnitRange(1, 1),)),))


def test_an_exchange_of_an_exchange_comes_back_at_the_money_that_came_in() -> None:
    first = swap(handed_in(6_000, 958), new(7_500, 1_197))
    second = swap(_again(first), new(6_900, 1_102))
    third = swap(_again(second), new(9_900, 1_581), collect_at_most=1_000)

    assert [moved(e) for e in (first, second, third)] == [(1_500, 0), (0, 600), (1_000, 0)]
    assert third.carried[0].worth.gross == both(6_000 + 1_500 - 600 + 1_000)


def _again(done: Exchange) -> Given:
    return Given("N1", 1, done.carried[0].worth, done.carried[0].worth.gross)


VARIANT = replace(ANY, items=ExchangeItems.VARIANT)
OTHER = "only another variant of the same article"
NOBODY = "name what is handed in and what is wanted"
PRICED = "a new article has a price and at least one unit"


@pytest.mark.parametrize(
    ("have", "want", "terms", "no"),
    [
        ([], [new(1)], ANY, Refused("nothing_given", NOBODY, field="wanted")),
        ([handed_in(1)], [], ANY, Refused("nothing_given", NOBODY, field="wanted")),
        ([handed_in(-1)], [new(0)], ANY, Refused("wrong_sign", "what is handed in is worth something", field="L1")),
        ([handed_in(1)], [new(-1)], ANY, Refused("wrong_sign", PRICED, field="N1")),
        ([handed_in(1)], [new(1, quantity=0)], ANY, Refused("wrong_sign", PRICED, field="N1")),
        (
            [handed_in(1)], [replace(new(1, quantity=2), available=1)], ANY,
            Refused("out_of_stock", "fewer units are in stock", field="N1", facts={"left": 1}),
        ),
        ([handed_in(1)], [new(1)], VARIANT, Refused("exchange_not_offered", OTHER, field="N1")),
        ([handed_in(1)], [new(1, product="P1", quantity=2)], VARIANT, Refused("exchange_not_offered", OTHER, field="N1")),
        ([handed_in(1)] * 2, [new(1, product="P1")], VARIANT, Refused("exchange_not_offered", OTHER, field="N1")),
        ([handed_in(1)], [new(1, product="P1")] * 2, VARIANT, Refused("exchange_not_offered", OTHER, field="N1")),
    ],
)  # fmt: skip
def test_what_cannot_be_swapped_is_refused_with_its_code_and_field(
    have: list[Given], want: list[Wanted], terms: ExchangeTerms, no: Refused
) -> None:
    with pytest.raises(Refused) as said:
        exchange(have, want, terms)

    assert told(said.value) == told(no)


def told(no: Refused) -> tuple[object, ...]:
    return no.code, no.message, no.field, dict(no.facts)


def test_less_than_nothing_is_not_collected_but_nothing_may_be() -> None:
    with pytest.raises(Refused) as said:
        swap(handed_in(1), new(2), collect_at_most=-1)

    assert told(said.value) == ("wrong_sign", "less than nothing cannot be collected", "collect_at_most", {})
    assert moved(swap(handed_in(1), new(2), collect_at_most=0)) == (0, 0)


def test_the_last_units_in_stock_can_be_had() -> None:
    assert moved(swap(handed_in(5), replace(new(5, quantity=2), available=2))) == (0, 0)


def test_another_variant_is_swapped_and_what_is_out_of_stock_may_be_ordered_where_the_terms_allow_it() -> None:
    want = replace(new(5_000, product="P1"), available=0)

    done = swap(handed_in(5_000), want, replace(ANY, items=ExchangeItems.VARIANT, out_of_stock=True))

    assert moved(done) == (0, 0)


def test_what_is_handed_in_at_its_catalogue_price_is_compared_at_what_was_paid_where_the_terms_say_so() -> None:
    have = handed_in(6_000, listed=10_000)

    assert moved(swap(have, new(10_000))) == (4_000, 0)


def test_a_gift_is_swapped_at_the_price_of_the_new_article_and_its_taxes() -> None:
    gift = Given("L1", 1, Worth(NOTHING, (a_tax(0),)), NOTHING)

    done = swap(gift, new(2_000, 319))

    assert (moved(done), done.carried[0].worth) == ((2_000, 0), worth(2_000, 319))
    assert swap(gift, new(0)).carried[0].worth == Worth(NOTHING, (a_tax(0),))


def test_the_figures_of_the_same_taxes_are_the_shops_own_only_where_the_whole_price_is_paid() -> None:
    done = swap(handed_in(1_000, 333), new(2_000, 319))
    other = exchange([handed_in(1_000, 333)], [Wanted("N1", 1, worth(2_000, 319, "gst"))], ANY)

    assert done.carried[0].worth.taxes == (a_tax(319),)
    assert other.carried[0].worth.taxes == (a_tax(333), a_tax(160, "gst"))


def test_a_mirror_turns_every_figure_over() -> None:
    done = swap(handed_in(5_000, 798), new(6_000, 958), bonus=both(100), fees=both(50), collect_at_most=400)
    back = swap(handed_in(5_000, 798), new(4_000), replace(ANY, down=DownCharge.CREDIT))
    kept = swap(handed_in(5_000), new(4_000), replace(ANY, down=DownCharge.KEEP))

    for one in (done, back, kept):
        mirror = reverse(one)
        figures = [(getattr(one, name), getattr(mirror, name)) for name in AMOUNTS]
        assert all(mine == -theirs for mine, theirs in figures)
        assert mirror.given.gross == -one.given.gross
        assert [t.amount for t in mirror.given.taxes] == [-t.amount for t in one.given.taxes]
        assert [(c.ref, c.worth.gross) for c in mirror.carried] == [(c.ref, -c.worth.gross) for c in one.carried]


AMOUNTS = (
    "reference", "price", "collected", "bonus", "waived", "refunded", "credited", "kept", "fees", "collect", "pay_back",
)  # fmt: skip


def test_the_explanation_names_what_moves_and_leaves_out_what_does_not() -> None:
    even = explain(swap(handed_in(5_000), new(5_000)))
    up = explain(swap(handed_in(5_000), new(6_000), bonus=both(100), fees=both(50), collect_at_most=400))
    down = explain(swap(handed_in(5_000, 798), new(4_000), fees=both(50)))

    assert [(r.code, r.amount.presentment) for r in even] == [
        ("given", 5_000),
        ("price", 5_000),
        ("even", 0),
        ("carried", 5_000),
    ]
    assert [(r.code, r.amount.presentment) for r in up] == [
        ("given", 5_000), ("price", 6_000), ("collected", 400), ("exchange_bonus", 100), ("exchange_waived", 500),
        ("exchange_fees", 50), ("collect", 450), ("carried", 5_400),
    ]  # fmt: skip
    assert [(r.code, r.amount.presentment, r.tax.presentment) for r in down] == [
        ("given", 5_000, 798), ("price", 4_000, 0), ("refunded", -1_000, 0), ("exchange_fees", 50, 0),
        ("pay_back", -950, 0), ("carried", 4_000, 638),
    ]  # fmt: skip
    credit = explain(swap(handed_in(5_000), new(4_000), replace(ANY, down=DownCharge.CREDIT)))
    kept = explain(swap(handed_in(5_000), new(4_000), replace(ANY, down=DownCharge.KEEP)))
    assert [(r.code, r.amount.presentment) for r in credit[2:4]] == [("credited", -1_000), ("pay_back", -1_000)]
    assert [(r.code, r.amount.presentment) for r in kept[2:]] == [("kept", 1_000), ("carried", 5_000)]
    assert [row.ref for row in kept] == [None, None, None, "N1"]
    assert all(row.label == LABELS[row.code] for row in (*even, *up, *down, *credit, *kept))


PRICES = st.integers(0, 200_000)
TERMS = st.builds(
    ExchangeTerms,
    items=st.just(ExchangeItems.ANY_PRODUCT),
    price=st.sampled_from(ExchangePrice),
    free_from_bp=st.integers(8_000, 10_000),
    free_to_bp=st.integers(10_000, 12_000),
    up=st.sampled_from(UpCharge),
    down=st.sampled_from(DownCharge),
)


@st.composite
def worths(draw: st.DrawFn) -> Worth:
    mine, books = draw(PRICES), draw(PRICES)
    taxes = [Sides(mine * rate // 125, books * rate // 125) for rate in draw(st.lists(st.integers(0, 12), max_size=2))]
    return Worth(Sides(mine, books), tuple(Tax(f"t{at}", amount) for at, amount in enumerate(taxes)))


@pytest.mark.property
@settings(max_examples=EXAMPLES)
@given(
    start=worths(),
    steps=st.lists(
        st.tuples(st.lists(worths(), min_size=1, max_size=3), TERMS, PRICES, PRICES), min_size=1, max_size=5
    ),
    cut=st.none() | PRICES,
)
def test_a_chain_of_exchanges_is_worth_the_money_that_came_in_and_never_more(
    start: Worth, steps: list[tuple[list[Worth], ExchangeTerms, int, int]], cut: int | None
) -> None:
    value, listed, money = start, start.gross + start.gross, start.gross
    for wanted, terms, bonus, fees in steps:
        articles = [Wanted(f"N{at}", 1, one) for at, one in enumerate(wanted)]

        done = exchange(
            [Given("L", 1, value, listed)], articles, terms, bonus=both(bonus), fees=both(fees), collect_at_most=cut
        )

        carried = [one.worth for one in done.carried]
        value = Worth(_sides(w.gross for w in carried), tuple(t for w in carried for t in w.taxes))
        money = money + done.collected - done.refunded - done.credited
        assert value.gross == money
        assert done.collect + done.refunded + done.credited == done.collected + done.fees + done.pay_back
        assert min(*_figures(done)) >= 0
        for part in carried:
            tax = _sides(t.amount for t in part.taxes)
            assert 0 <= tax.presentment <= part.gross.presentment + len(part.taxes)
        assert reverse(reverse(done)) == done
        assert reverse(done).collect == -done.collect


def _sides(amounts: object) -> Sides:
    total = NOTHING
    for amount in amounts:  # type: ignore[attr-defined]
        total += amount
    return total


def _figures(done: Exchange) -> list[int]:
    amounts = (
        done.collected,
        done.bonus,
        done.waived,
        done.refunded,
        done.credited,
        done.kept,
        done.collect,
        done.pay_back,
    )
    return [side for a in (*amounts, *(c.worth.gross for c in done.carried)) for side in (a.presentment, a.shop)]
