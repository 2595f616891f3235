"""The worked examples of the refund maths, to the cent."""

from datetime import timedelta

import pytest

from retour.core.money import Sides
from retour.core.order import Order, TenderKind
from retour.core.refund import (
    ChargeMode,
    FeeTerm,
    Ledger,
    MoneyBasis,
    MoneyStep,
    Override,
    Plan,
    RefundRequest,
    RefundTerms,
    RequestedLine,
    RowKind,
    Tender,
    UnitRange,
    booked,
    quote,
)
from tests.core.builders import PLACED, a_charge, a_ledger, a_line, a_tax, an_order, both

TERMS = RefundTerms()


def pay(order: Order, ledger: Ledger, *asked: RequestedLine, terms: RefundTerms = TERMS) -> tuple[Plan, Ledger]:
    plan = quote(order, ledger, RefundRequest(asked), terms)
    return plan, booked(ledger, plan)


def units(ref: str, lo: int, hi: int) -> RequestedLine:
    return RequestedLine(ref, (UnitRange(lo, hi),))


def figures(plan: Plan) -> tuple[int, ...]:
    """Return gross, each tax and net of the plan's only row, in presentment."""
    (row,) = plan.rows
    return (row.payable.presentment, *(t.amount.presentment for t in row.taxes), row.net.presentment)


def test_seven_units_of_one_price_close_whatever_the_steps() -> None:
    order = an_order(a_line(q=7, gross=6499, tax=1038))
    ledger = a_ledger(order)

    seen = []
    for lo, hi in ((1, 2), (3, 3), (4, 7)):
        plan, ledger = pay(order, ledger, units("L1", lo, hi))
        seen.append(figures(plan))

    assert seen == [(1857, 297, 1560), (928, 148, 780), (3714, 593, 3121)]
    assert ledger.paid_back == both(6499)
    assert ledger.taxes_paid_back == (a_tax(1038),)


def test_seven_units_one_by_one_come_to_the_same() -> None:
    order = an_order(a_line(q=7, gross=6499, tax=1038))
    ledger = a_ledger(order)

    seen = []
    for u in range(1, 8):
        plan, ledger = pay(order, ledger, units("L1", u, u))
        seen.append(plan.total.presentment)

    assert seen == [928, 929, 928, 929, 928, 929, 928]
    assert ledger.taxes_paid_back == (a_tax(1038),)


def test_two_tax_buckets_close_each_on_its_own() -> None:
    order = an_order(a_line(q=3, gross=12811, tax=(a_tax(743, "state"), a_tax(178, "city"))))
    ledger = a_ledger(order)

    seen = []
    for u in (1, 2, 3):
        plan, ledger = pay(order, ledger, units("L1", u, u))
        seen.append(figures(plan))

    assert seen == [(4270, 248, 59, 3963), (4271, 247, 60, 3964), (4270, 248, 59, 3963)]
    assert ledger.paid_back == both(12811)


def test_what_was_withheld_stays_withheld() -> None:
    order = an_order(a_line(q=3, gross=13400, tax=2326))
    ledger = a_ledger(order)
    granted = RequestedLine("L1", (UnitRange(1, 1),), Override(3000, "agent-7", "worn"))

    first, ledger = pay(order, ledger, granted)
    second, ledger = pay(order, ledger, units("L1", 2, 2))
    third, ledger = pay(order, ledger, units("L1", 3, 3))

    assert figures(first) == (3000, 521, 2479)
    assert first.rows[0].withheld == both(1467)
    assert (first.rows[0].reason, first.rows[0].actor) == ("worn", "agent-7")
    assert figures(second)[:2] == (4466, 776)
    assert figures(third)[:2] == (4467, 775)
    assert ledger.paid_back == both(11933)
    assert ledger.taxes_paid_back == (a_tax(2072),)


def test_goodwill_first_and_units_later_never_exceed_the_line() -> None:
    order = an_order(a_line(q=4, gross=14600, tax=2535))
    ledger = a_ledger(order)
    goodwill = RequestedLine("L1", money=MoneyStep(6150, "agent-7", "late"))

    first, ledger = pay(order, ledger, goodwill)
    second, ledger = pay(order, ledger, units("L1", 1, 2))
    third, ledger = pay(order, ledger, units("L1", 3, 4))

    assert figures(first) == (6150, 1068, 5082)
    assert figures(second)[:2] == (7300, 1268)
    assert figures(third)[:2] == (1150, 199)
    assert third.rows[0].entitlement == both(7300)
    assert third.rows[0].withheld == both(6150)
    assert third.notes == ("already_paid",)
    assert ledger.paid_back == both(14600)
    assert ledger.taxes_paid_back == (a_tax(2535),)


def test_received_is_the_ceiling_and_a_damaged_unit_and_a_fee_reduce() -> None:
    order = an_order(a_line(q=5, gross=21245, tax=3392))
    ledger = a_ledger(order)
    asked = RequestedLine("L1", (UnitRange(1, 3), UnitRange(4, 4, deduction_bp=4_000, grade="damaged")))

    plan, ledger = pay(order, ledger, asked, terms=RefundTerms(fees=(FeeTerm(bp=1_000),)))
    fifth, ledger = pay(order, ledger, units("L1", 5, 5))

    rows = [(r.kind, r.payable.presentment, r.taxes[0].amount.presentment) for r in (*plan.rows, *plan.adjustments)]
    assert rows == [
        (RowKind.UNITS, 16996, 2714),
        (RowKind.DAMAGE, -1700, -272),
        (RowKind.RESTOCKING_FEE, -1530, -244),
    ]
    assert (plan.total, plan.taxes) == (both(13766), (a_tax(2198),))
    assert figures(fifth)[:2] == (4249, 678)


def test_shipping_comes_back_in_proportion_and_closes() -> None:
    order = an_order(
        a_line("A", q=2, gross=5990, tax=956),
        a_line("B", q=1, gross=3450, tax=551),
        charges=(a_charge(gross=995, tax=159),),
    )
    ledger = a_ledger(order)
    terms = RefundTerms(shipping=ChargeMode.PROPORTIONAL)

    seen = []
    for asked in (units("A", 1, 1), units("B", 1, 1), units("A", 2, 2)):
        plan, ledger = pay(order, ledger, asked, terms=terms)
        seen.append([(r.payable.presentment, r.taxes[0].amount.presentment) for r in plan.rows])

    assert seen == [[(2995, 478), (316, 50)], [(3450, 551), (363, 59)], [(2995, 478), (316, 50)]]
    assert ledger.paid_back == order.total
    assert ledger.taxes_paid_back == (a_tax(956 + 551 + 159),)


def test_tenders_are_filled_in_the_order_of_the_policy_and_the_rest_is_named() -> None:
    order = an_order(a_line(gross=17125))
    tenders = (
        Tender("card-a", TenderKind.CARD, "stripe", 5500, 0, 0, 0, PLACED),
        Tender("card-b", TenderKind.CARD, "stripe", 6000, 1500, 500, 0, PLACED + timedelta(days=1)),
        Tender("gift", TenderKind.GIFT_CARD, "gift_card", 3000, 0, 0, 0, PLACED),
        Tender("credit", TenderKind.STORE_CREDIT, "store_credit", 4000, 0, 0, 0, PLACED),
    )
    terms = RefundTerms(tender_order=(TenderKind.STORE_CREDIT, TenderKind.GIFT_CARD, TenderKind.CARD))

    plan = quote(order, Ledger(tenders=tenders), RefundRequest((units("L1", 1, 1),)), terms)

    assert [(leg.capture_ref, leg.amount_minor) for leg in plan.legs] == [
        ("credit", 4000),
        ("gift", 3000),
        ("card-b", 4000),
        ("card-a", 5500),
    ]
    assert plan.unallocated == 625
    assert plan.notes == ("unallocated",)


def test_yen_and_euro_are_each_shared_from_their_own_total() -> None:
    line = a_line(q=3, gross=Sides(14980, 9119), tax=[a_tax(Sides(1362, 829))])
    order = an_order(line, currency="JPY", shop_currency="EUR")
    ledger = a_ledger(order)

    seen = []
    for u in (1, 2, 3):
        plan, ledger = pay(order, ledger, units("L1", u, u))
        seen.append((plan.total, plan.taxes[0].amount))

    assert seen == [
        (Sides(4993, 3040), Sides(454, 276)),
        (Sides(4994, 3039), Sides(454, 277)),
        (Sides(4993, 3040), Sides(454, 276)),
    ]


def test_three_decimals_change_nothing_but_the_digits() -> None:
    order = an_order(a_line(q=3, gross=12500, tax=595), currency="KWD")
    ledger = a_ledger(order)

    seen = []
    for u in (1, 2, 3):
        plan, ledger = pay(order, ledger, units("L1", u, u))
        seen.append(figures(plan)[:2])

    assert seen == [(4167, 198), (4166, 199), (4167, 198)]


@pytest.mark.parametrize(("net", "gross", "tax"), [(5082, 6150, 1068), (12065, 14600, 2535)])
def test_an_amount_named_without_tax_gets_the_tax_of_the_line_on_top(net: int, gross: int, tax: int) -> None:
    order = an_order(a_line(q=4, gross=14600, tax=2535))
    asked = RequestedLine("L1", money=MoneyStep(net, "agent-7", "late", MoneyBasis.NET))

    plan, _ = pay(order, a_ledger(order), asked)

    assert figures(plan) == (gross, tax, net)


def test_percentages_add_up_to_the_whole_line() -> None:
    order = an_order(a_line(q=4, gross=9999, tax=1597))
    ledger = a_ledger(order)

    seen = []
    for bp in (3_333, 3_333, 3_334):
        step = MoneyStep(bp, "agent-7", "price match", MoneyBasis.PERCENT)
        plan, ledger = pay(order, ledger, RequestedLine("L1", money=step))
        seen.append(plan.total.presentment)

    assert seen == [3333, 3332, 3334]
    assert ledger.taxes_paid_back == (a_tax(1597),)
