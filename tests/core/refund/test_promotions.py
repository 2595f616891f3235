"""Promotions that are judged anew on what is kept: charged, limited, released, kept, forbidden by law."""

from dataclasses import replace

import pytest

from retour.core.errors import Refused
from retour.core.money import NOTHING, Sides
from retour.core.order import DiscountShare, Order, OrderLine
from retour.core.refund import (
    Ledger,
    LedgerLine,
    LedgerPromotion,
    MoneyStep,
    Plan,
    PromotionMode,
    PromotionTerm,
    RefundRequest,
    RefundTerms,
    RequestedLine,
    RowKind,
    UnitRange,
    booked,
    quote,
)
from tests.core.builders import a_ledger, a_line, a_tax, an_order, both

CLAWBACK = PromotionTerm("SPRING", PromotionMode.CLAWBACK, minimum_minor=15_000)


def line(ref: str, q: int, listed: int, share: int, tax: int = 0) -> OrderLine:
    shares = (DiscountShare("SPRING", both(share)),) if share else ()
    return replace(a_line(ref, q=q, gross=listed - share, tax=tax), list_value=both(listed), discounts=shares)


ORDER = an_order(line("A", 2, 9_600, 1_440, 1_303), line("B", 1, 3_600, 540, 489), line("C", 1, 4_200, 630, 234))


def units(ref: str, lo: int, hi: int) -> RequestedLine:
    return RequestedLine(ref, (UnitRange(lo, hi),))


def planned(
    *asked: RequestedLine,
    terms: PromotionTerm | None = CLAWBACK,
    order: Order = ORDER,
    ledger: Ledger | None = None,
    legal_floor: bool = False,
) -> Plan:
    promotions = (terms,) if terms else ()
    refund_terms = RefundTerms(promotions=promotions, legal_floor=legal_floor)
    return quote(order, ledger or a_ledger(order), RefundRequest(asked), refund_terms)


def charged(plan: Plan) -> list[int]:
    return [row.payable.presentment for row in plan.adjustments if row.kind is RowKind.CLAWBACK]


# --- the condition ---


@pytest.mark.parametrize(
    ("term", "step"),
    [
        (replace(CLAWBACK, minimum_minor=13_200), []),
        (replace(CLAWBACK, minimum_minor=13_201), [-1_980]),
        (replace(CLAWBACK, minimum_minor=13_201, currency="EUR"), [-1_980]),
        (replace(CLAWBACK, minimum_minor=None, minimum_units=3), []),
        (replace(CLAWBACK, minimum_minor=None, minimum_units=4), [-1_980]),
        (replace(CLAWBACK, minimum_minor=None, minimum_units=5), []),  # nor did the whole order meet it
        (replace(CLAWBACK, minimum_minor=17_400), [-1_980]),
        (replace(CLAWBACK, minimum_minor=17_401), []),
        (replace(CLAWBACK, minimum_minor=13_200, minimum_units=4), [-1_980]),
        (replace(CLAWBACK, minimum_minor=13_201, minimum_units=1), [-1_980]),
        (replace(CLAWBACK, minimum_minor=9_600, lines=("A", "C")), []),
        (replace(CLAWBACK, minimum_minor=9_601, lines=("A", "C")), [-1_980]),
        (replace(CLAWBACK, minimum_minor=None, minimum_units=3, lines=("A", "C")), [-1_980]),
        (replace(CLAWBACK, mode=PromotionMode.KEEP), []),
        (replace(CLAWBACK, promotion="OTHER"), []),
        (replace(CLAWBACK, minimum_minor=None), []),
        (None, []),
    ],
)
def test_a_promotion_is_charged_where_what_is_kept_no_longer_earns_it(
    term: PromotionTerm | None, step: list[int]
) -> None:
    plan = planned(units("C", 1, 1), terms=term)

    assert charged(plan) == step
    assert plan.total.presentment == 3_570 + sum(step)
    assert plan.notes == (("clawed_back",) if step else ())


def test_goods_that_are_repaired_release_nothing_that_was_charged() -> None:
    ledger = booked(a_ledger(ORDER), planned(units("C", 1, 1)))
    repair = RefundTerms(promotions=(CLAWBACK,), share_bp=0)

    plan = quote(ORDER, ledger, RefundRequest((units("A", 1, 1),)), repair)

    assert (charged(plan), plan.total) == ([], NOTHING)
    assert charged(planned(units("A", 1, 1), ledger=ledger)) == [720]


def test_a_minimum_in_the_currency_of_the_books_is_judged_on_the_books() -> None:
    order = an_order(
        replace(a_line("A", gross=Sides(1_000, 900)), list_value=Sides(1_000, 900)),
        replace(
            a_line("B", gross=Sides(400, 360)),
            list_value=Sides(500, 450),
            discounts=(DiscountShare("SPRING", Sides(100, 90)),),
        ),
        shop_currency="USD",
    )

    met = planned(units("A", 1, 1), terms=replace(CLAWBACK, minimum_minor=450, currency="USD"), order=order)
    lost = planned(units("A", 1, 1), terms=replace(CLAWBACK, minimum_minor=451, currency="USD"), order=order)
    with pytest.raises(Refused) as refused:
        planned(units("A", 1, 1), terms=replace(CLAWBACK, minimum_minor=451, currency="JPY"), order=order)

    assert charged(met) == []
    assert lost.adjustments[0].payable == Sides(-100, -90)
    assert (refused.value.code, refused.value.field) == ("currency_mismatch", "SPRING")


# --- the step ---


def test_the_charge_is_a_row_of_the_promotion_with_the_tax_of_the_lines_that_keep_it() -> None:
    plan = planned(units("C", 1, 1))

    (row,) = plan.adjustments
    assert (row.kind, row.ref, row.payable, row.reason) == (RowKind.CLAWBACK, "SPRING", both(-1_980), None)
    # A: 1303 · 1440 / 8160 = 230; B: 489 · 540 / 3060 = 86
    assert (row.taxes, row.net) == ((a_tax(-316),), both(-1_664))
    assert (plan.total, plan.taxes) == (both(1_590), (a_tax(-82),))


def test_a_charge_is_released_with_its_tax_when_the_kept_units_come_back() -> None:
    ledger = booked(a_ledger(ORDER), planned(units("C", 1, 1)))
    plan = planned(units("A", 1, 1), ledger=ledger)

    (row,) = plan.adjustments
    assert ledger.promotions == (LedgerPromotion("SPRING", both(1_980), (a_tax(316),)),)
    assert (row.payable, row.taxes, row.reason) == (both(720), (a_tax(115),), "released")  # 316 less 115 and 86
    assert plan.notes == ("clawback_released",)
    assert booked(ledger, plan).promotions == (LedgerPromotion("SPRING", both(1_260), (a_tax(201),)),)


def test_a_full_return_pays_back_the_whole_order_with_its_tax_whatever_was_charged_on_the_way() -> None:
    ledger = a_ledger(ORDER)
    for asked in (units("C", 1, 1), units("A", 1, 1), units("B", 1, 1), units("A", 2, 2)):
        ledger = booked(ledger, planned(asked, ledger=ledger))

    assert ledger.paid_back == ORDER.total
    assert ledger.taxes_paid_back == (a_tax(1_303 + 489 + 234),)


def test_no_more_is_charged_than_the_step_is_worth_and_the_rest_with_the_next() -> None:
    order = an_order(line("A", 1, 9_600, 3_000, 1_053), line("B", 1, 500, 0), line("C", 1, 5_000, 0))

    first = planned(units("B", 1, 1), order=order)
    ledger = booked(a_ledger(order), first)
    second = planned(units("C", 1, 1), order=order, ledger=ledger)

    assert (charged(first), first.total) == ([-500], NOTHING)
    assert first.adjustments[0].taxes == (a_tax(-80),)  # 479 · 500 / 3000
    assert (charged(second), second.total) == ([-2_500], both(2_500))
    assert second.adjustments[0].taxes == (a_tax(-399),)


def test_a_charge_is_limited_by_the_value_after_damage() -> None:
    order = an_order(line("A", 1, 9_600, 3_000), line("B", 1, 6_000, 0))
    worn = RequestedLine("B", (UnitRange(1, 1, deduction_bp=6_000),))

    plan = planned(worn, order=order)

    assert charged(plan) == [-2_400]
    assert plan.total == NOTHING


def test_goods_of_no_value_are_charged_nothing() -> None:
    order = an_order(line("A", 1, 15_000, 3_000), line("B", 1, 600, 600))

    assert planned(units("B", 1, 1), order=order, terms=replace(CLAWBACK, minimum_minor=15_600)).adjustments == ()


def test_two_promotions_share_what_the_step_is_worth() -> None:
    first = line("A", 1, 9_600, 3_000)
    both_shares = replace(first, gross=both(6_100), discounts=(*first.discounts, DiscountShare("MORE", both(500))))
    order = an_order(both_shares, line("B", 1, 3_200, 0), line("C", 1, 5_000, 0))
    terms = RefundTerms(promotions=(CLAWBACK, replace(CLAWBACK, promotion="MORE")))

    plan = quote(order, a_ledger(order), RefundRequest((units("B", 1, 1),)), terms)

    assert [(row.ref, row.payable.presentment) for row in plan.adjustments] == [("SPRING", -3_000), ("MORE", -200)]
    assert plan.total == NOTHING


def test_a_free_gift_that_is_kept_is_charged_at_its_price_without_tax() -> None:
    order = an_order(line("A", 1, 10_000, 0, 1_597), line("GIFT", 1, 1_500, 1_500))
    term = PromotionTerm("SPRING", PromotionMode.CLAWBACK, minimum_minor=10_000, lines=("A",))

    kept = planned(units("A", 1, 1), order=order, terms=term)
    returned = planned(units("A", 1, 1), units("GIFT", 1, 1), order=order, terms=term)

    assert (charged(kept), kept.adjustments[0].taxes, kept.total) == ([-1_500], (), both(8_500))
    assert (charged(returned), returned.total) == ([], both(10_000))


def test_three_for_two_leaves_two_at_their_price() -> None:
    order = an_order(line("MUG", 3, 3_000, 1_000))
    term = PromotionTerm("SPRING", PromotionMode.CLAWBACK, minimum_units=3)

    ledger, seen = a_ledger(order), []
    for unit in (1, 2, 3):
        plan = planned(units("MUG", unit, unit), order=order, terms=term, ledger=ledger)
        ledger = booked(ledger, plan)
        seen.append((plan.rows[0].payable.presentment, *charged(plan), plan.total.presentment))

    assert seen == [(667, -667, 0), (666, 334, 1_000), (667, 333, 1_000)]


# --- what was charged before ---


def test_what_was_charged_under_other_terms_is_released_and_never_charged_again() -> None:
    ledger = booked(a_ledger(ORDER), planned(units("C", 1, 1)))

    unnamed = planned(units("A", 1, 1), ledger=ledger, terms=None)
    keeping = planned(units("A", 1, 1), ledger=ledger, terms=replace(CLAWBACK, mode=PromotionMode.KEEP))
    withdrawn = planned(units("A", 1, 1), ledger=ledger, legal_floor=True)

    assert charged(unnamed) == charged(withdrawn) == charged(keeping) == [720]


def test_the_law_forbids_a_charge_for_a_withdrawal() -> None:
    plan = planned(units("C", 1, 1), legal_floor=True)

    assert (charged(plan), plan.total) == ([], both(3_570))


def test_units_that_left_before_count_as_gone() -> None:
    ledger = replace(a_ledger(ORDER), lines=(LedgerLine("B", ((1, 1),)),))

    assert charged(planned(units("C", 1, 1), ledger=ledger)) == [-1_440]


def test_money_without_units_charges_nothing() -> None:
    goodwill = RequestedLine("A", money=MoneyStep(100, "agent-7", "late"))
    ledger = replace(a_ledger(ORDER), lines=(LedgerLine("C", ((1, 1),)),))

    assert planned(goodwill, ledger=ledger).adjustments == ()


def test_the_books_are_charged_the_same_fraction() -> None:
    lines = (
        replace(
            a_line("A", gross=Sides(6_600, 990_000)),
            list_value=Sides(9_600, 1_440_000),
            discounts=(DiscountShare("SPRING", Sides(3_000, 450_001)),),
        ),
        replace(a_line("B", gross=Sides(500, 74_000)), list_value=Sides(500, 74_000)),
        replace(a_line("C", gross=Sides(5_000, 760_000)), list_value=Sides(5_000, 760_000)),
    )
    order = an_order(*lines, shop_currency="JPY")

    first = planned(units("B", 1, 1), order=order)
    second = planned(units("C", 1, 1), order=order, ledger=booked(a_ledger(order), first))

    assert first.adjustments[0].payable == Sides(-500, -74_000)
    assert second.adjustments[0].payable == Sides(-2_500, -376_001)
