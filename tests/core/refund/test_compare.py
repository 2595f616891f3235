"""The platform's figures beside ours, the hash, and the explanation."""

from dataclasses import replace
from datetime import timedelta

import pytest

from retour.core.money import NOTHING, Sides
from retour.core.ports import PlatformQuote
from retour.core.refund import (
    Agreement,
    ChargeMode,
    Difference,
    FeeTerm,
    Ledger,
    MoneyStep,
    Override,
    Plan,
    RefundRequest,
    RefundTerms,
    RequestedLine,
    RowKind,
    ShippingWish,
    Shortfall,
    Tender,
    UnitRange,
    booked,
    compare,
    explain,
    quote,
)
from tests.core.builders import PLACED, a_charge, a_ledger, a_line, a_tax, an_order, both

ORDER = an_order(a_line("L1", q=3, gross=10000, tax=1597), a_line("L2", gross=2000), charges=(a_charge(gross=500),))
ASKED = RefundRequest((RequestedLine("L1", (UnitRange(1, 1),)), RequestedLine("L2", (UnitRange(1, 1),))))
TERMS = RefundTerms(shipping=ChargeMode.ALL)


def a_plan(request: RefundRequest = ASKED, terms: RefundTerms = TERMS, ledger: Ledger | None = None) -> Plan:
    return quote(ORDER, ledger or a_ledger(ORDER), request, terms)


def theirs(
    first: int | Sides = 3333, tax: int = 532, *, second: int = 2000, shipping: int = 500, maximum: int = 12500
) -> PlatformQuote:
    gross = both(first) if isinstance(first, int) else first
    return PlatformQuote({"L1": (gross, both(tax)), "L2": (both(second), NOTHING)}, both(shipping), maximum)


def test_the_same_figures_agree_and_the_plan_stays_as_it_is() -> None:
    plan = a_plan()

    comparison = compare(plan, theirs())

    assert (comparison.agreement, comparison.differences) == (Agreement.AGREED, ())
    assert comparison.reconciled is plan


def test_adjustments_of_ours_are_no_difference() -> None:
    asked = RefundRequest((RequestedLine("L1", (UnitRange(1, 1, deduction_bp=5_000),)), ASKED.lines[1]))
    plan = a_plan(asked, replace(TERMS, fees=(FeeTerm(bp=1_000),)))

    assert compare(plan, theirs()).reconciled is plan


def test_one_minor_unit_takes_the_platforms_figure_as_a_visible_row() -> None:
    plan = a_plan()

    comparison = compare(plan, theirs(3334, 531, shipping=499))

    assert comparison.agreement is Agreement.RECONCILED
    assert comparison.differences == (
        Difference("L1", "gross", 3333, 3334),
        Difference("L1", "tax", 532, 531),
        Difference("S1", "shipping", 500, 499),
    )
    assert comparison.reconciled is not None
    rows = [(r.kind, r.ref, r.payable, r.net, r.taxes) for r in comparison.reconciled.adjustments]
    assert rows == [
        (RowKind.PLATFORM_ROUNDING, "L1", both(1), both(2), (a_tax(-1),)),
        (RowKind.PLATFORM_ROUNDING, "S1", both(-1), both(-1), ()),
    ]
    assert comparison.reconciled.total == plan.total
    assert comparison.reconciled.taxes == (a_tax(531),)
    assert comparison.reconciled.hash != plan.hash


def test_a_rounding_of_the_platform_counts_for_the_line_so_that_it_closes() -> None:
    comparison = compare(a_plan(), theirs(3334))
    assert comparison.reconciled is not None
    ledger = booked(a_ledger(ORDER), comparison.reconciled)

    rest = quote(ORDER, ledger, RefundRequest((RequestedLine("L1", (UnitRange(2, 3),)),)), TERMS)

    assert comparison.reconciled.legs[0].amount_minor == 5834
    assert booked(ledger, rest).paid_back == ORDER.total
    assert rest.rows[0].payable == both(6666)


def test_a_tax_that_only_the_platform_knows_is_named_after_it() -> None:
    quoted = PlatformQuote({"L1": (both(3333), both(532)), "L2": (both(2000), both(1))}, both(500), 12500)

    reconciled = compare(a_plan(), quoted).reconciled

    assert reconciled is not None
    assert reconciled.adjustments[0].taxes == (a_tax(1, "platform_rounding"),)


def test_books_move_along_only_by_one_minor_unit() -> None:
    order = an_order(a_line("L1", q=3, gross=Sides(10000, 1_500_000)), shop_currency="JPY")
    plan = quote(order, a_ledger(order), RefundRequest((RequestedLine("L1", (UnitRange(1, 1),)),)), RefundTerms())

    near = compare(plan, PlatformQuote({"L1": (Sides(3334, 500_001), NOTHING)}, NOTHING, 10000)).reconciled
    far = compare(plan, PlatformQuote({"L1": (Sides(3334, 500_100), NOTHING)}, NOTHING, 10000)).reconciled

    assert near is not None
    assert far is not None
    assert [p.adjustments[0].payable for p in (near, far)] == [Sides(1, 1), Sides(1, 0)]


@pytest.mark.parametrize(
    ("quoted", "differences"),
    [
        (theirs(3335), (Difference("L1", "gross", 3333, 3335),)),
        (theirs(3333, 530), (Difference("L1", "tax", 532, 530),)),
        (theirs(shipping=0), (Difference("S1", "shipping", 500, 0),)),
        (theirs(maximum=5832), (Difference(None, "maximum_refundable", 5833, 5832),)),
        (
            PlatformQuote({"L1": (both(3333), both(532)), "L3": (both(5), both(0))}, both(500), 12500),
            (
                Difference("L2", "gross", 2000, None),
                Difference("L2", "tax", 0, None),
                Difference("L3", "gross", None, 5),
                Difference("L3", "tax", None, 0),
            ),
        ),
    ],
)
def test_more_than_one_minor_unit_is_a_discrepancy_and_nothing_is_payable(
    quoted: PlatformQuote, differences: tuple[Difference, ...]
) -> None:
    comparison = compare(a_plan(), quoted)

    assert comparison.agreement is Agreement.DISCREPANCY
    assert comparison.differences == differences
    assert comparison.reconciled is None


def test_a_sum_of_taxes_may_be_off_by_one_for_each_of_them() -> None:
    line = a_line("L1", q=3, gross=10000, tax=(a_tax(800, "state"), a_tax(400, "city")))
    order = an_order(line)
    plan = quote(order, a_ledger(order), RefundRequest((RequestedLine("L1", (UnitRange(1, 1),)),)), RefundTerms())
    tax = plan.rows[0].entitled_tax.presentment

    off_by_two = compare(plan, PlatformQuote({"L1": (both(3333), both(tax - 2))}, NOTHING, 10000))
    off_by_three = compare(plan, PlatformQuote({"L1": (both(3333), both(tax - 3))}, NOTHING, 10000))

    assert off_by_two.agreement is Agreement.RECONCILED
    assert off_by_two.reconciled is not None
    assert off_by_two.reconciled.total == plan.total
    assert sum(t.amount.presentment for t in off_by_two.reconciled.taxes) == tax - 2
    assert (off_by_three.agreement, off_by_three.reconciled) == (Agreement.DISCREPANCY, None)


def test_shipping_that_only_the_platform_would_refund_is_a_discrepancy() -> None:
    comparison = compare(a_plan(terms=RefundTerms()), theirs(shipping=1))

    assert comparison.differences == (Difference(None, "shipping", 0, 1),)
    assert comparison.reconciled is None


def test_a_rounding_that_crosses_the_orders_limit_or_zero_is_a_discrepancy() -> None:
    ledger = replace(a_ledger(ORDER), paid_back=both(12500 - 5833))

    above = compare(a_plan(ledger=ledger), theirs(3334))
    three = an_order(*(a_line(f"L{i}", gross=100) for i in range(3)))
    lines = tuple(RequestedLine(f"L{i}", (UnitRange(1, 1, deduction_bp=10_000 - (i == 0) * 100),)) for i in range(3))
    plan = quote(three, a_ledger(three), RefundRequest(lines), RefundTerms())
    below = compare(plan, PlatformQuote({f"L{i}": (both(99), NOTHING) for i in range(3)}, NOTHING, 300))

    assert above.differences[-1] == Difference(None, "order_rest", 5834, 5833)
    assert below.differences[-1] == Difference(None, "below_zero", 1, -2)
    assert (above.reconciled, below.reconciled) == (None, None)


def test_a_rounding_moves_no_amount_that_a_person_or_a_limit_has_set() -> None:
    by_hand = RequestedLine("L1", (UnitRange(1, 1),), Override(3000, "agent-7", "worn"))
    named = a_plan(RefundRequest((by_hand, ASKED.lines[1])))
    clamped = a_plan(replace(ASKED, clamp=True), ledger=replace(a_ledger(ORDER), paid_back=both(12000)))

    assert compare(named, theirs(3334)).reconciled is named
    assert compare(clamped, theirs(3334)).reconciled is clamped


# --- the hash ---


def test_the_same_inputs_have_the_same_hash_and_words_change_nothing() -> None:
    plan = a_plan()
    renamed = replace(ORDER, name="#9", tags=("vip",), updated_at=PLACED + timedelta(days=9))
    renamed = replace(renamed, lines=tuple(replace(line, title="Other") for line in renamed.lines))
    graded = replace(ASKED.lines[0], units=(UnitRange(1, 1, grade="opened"),))
    money = RequestedLine("L2", money=MoneyStep(5, "agent-7", "late"))
    reworded = RequestedLine("L2", money=MoneyStep(5, "agent-7", "very late"))

    assert len(plan.hash) == 64
    assert a_plan().hash == plan.hash
    assert quote(renamed, a_ledger(ORDER), replace(ASKED, lines=(graded, ASKED.lines[1])), TERMS).hash == plan.hash
    assert a_plan(RefundRequest((money,))).hash == a_plan(RefundRequest((reworded,))).hash


def test_every_monetary_change_has_another_hash() -> None:
    ledger = a_ledger(ORDER)
    card = ledger.tenders[0]
    other_tax = replace(ORDER, lines=(replace(ORDER.lines[0], taxes=(a_tax(1596),)), *ORDER.lines[1:]))
    other_shop = replace(ORDER, lines=(replace(ORDER.lines[0], gross=Sides(10000, 9999)), *ORDER.lines[1:]))
    first, second = ASKED.lines
    by_hand = replace(first, override=Override(3000, "agent-7", "worn"))
    plans = [
        a_plan(),
        quote(other_tax, ledger, ASKED, TERMS),
        quote(other_shop, ledger, ASKED, TERMS),
        quote(replace(ORDER, total=both(12501)), ledger, ASKED, TERMS),
        quote(replace(ORDER, charges=(a_charge(gross=501),)), ledger, ASKED, TERMS),
        a_plan(ledger=replace(ledger, sequence=1)),
        a_plan(ledger=replace(ledger, paid_back=both(1))),
        a_plan(ledger=replace(ledger, taxes_paid_back=(a_tax(1),))),
        a_plan(ledger=replace(ledger, tenders=(replace(card, reserved=1),))),
        a_plan(ledger=booked(ledger, a_plan(RefundRequest(shipping=ShippingWish(amount_minor=1))))),
        a_plan(ledger=booked(ledger, a_plan(RefundRequest((RequestedLine("L1", (UnitRange(3, 3),)),))))),
        a_plan(RefundRequest((first,))),
        a_plan(RefundRequest((second, first))),
        a_plan(RefundRequest((by_hand, second))),
        a_plan(RefundRequest((replace(by_hand, override=Override(3000, "agent-8", "worn")), second))),
        a_plan(RefundRequest((replace(first, money=MoneyStep(5, "agent-7", "late")), second))),
        a_plan(RefundRequest((replace(first, units=(UnitRange(1, 1, deduction_bp=1),)), second))),
        a_plan(RefundRequest((replace(first, units=(UnitRange(1, 1, accepted=False),)), second))),
        a_plan(replace(ASKED, shipping=ShippingWish(ChargeMode.ALL))),
        a_plan(replace(ASKED, shipping=ShippingWish(amount_minor=5))),
        a_plan(replace(ASKED, clamp=True)),
        a_plan(terms=RefundTerms()),
        a_plan(terms=replace(TERMS, fees=(FeeTerm(bp=1),))),
        a_plan(terms=replace(TERMS, fees=(FeeTerm(fixed_minor=1),))),
        a_plan(terms=replace(TERMS, shortfall=Shortfall.BILLED)),
    ]

    assert len({plan.hash for plan in plans}) == len(plans)


# --- the explanation ---


def test_every_cent_is_explained_from_the_line_to_the_payout() -> None:
    line = replace(a_line("L1", q=2, gross=9000, tax=1437), list_value=both(10000))
    order = an_order(line, a_line("L2", gross=1000))
    ledger = Ledger(tenders=(Tender("C1", a_ledger(order).tenders[0].kind, "stripe", 2000, 0, 0, 0, PLACED),))
    first = quote(order, ledger, RefundRequest((RequestedLine("L1", money=MoneyStep(100, "a", "late")),)), TERMS)
    by_hand = RequestedLine("L1", (UnitRange(1, 1),), Override(4000, "agent-7", "worn"))

    plan = quote(order, booked(ledger, first), RefundRequest((by_hand, ASKED.lines[1])), TERMS)

    assert [(row.code, row.ref, row.amount.presentment, row.tax.presentment, row.adds) for row in explain(plan)] == [
        ("listed", "L1", 10000, 0, False),
        ("discounts", "L1", -1000, 0, False),
        ("settled", "L1", 9000, 0, False),
        ("paid_before", "L1", 100, 0, False),
        ("units", "L1", 4500, 719, True),
        ("withheld", "L1", -500, -80, True),
        ("settled", "L2", 1000, 0, False),
        ("units", "L2", 1000, 0, True),
        ("total", None, 5000, 639, False),
        ("tax", "vat", 639, 0, False),
        ("leg", "C1", 1900, 0, False),
        ("unallocated", None, 3100, 0, False),
    ]
    assert [row.reason for row in explain(plan) if row.code == "withheld"] == ["worn"]


def test_what_a_fee_leaves_owed_is_explained() -> None:
    terms = RefundTerms(fees=(FeeTerm(fixed_minor=9_999),), shortfall=Shortfall.BILLED)

    rows = explain(a_plan(terms=terms))

    assert rows[-1].code == "billed"
    assert rows[-1].amount == both(9_999 - 5_333)
