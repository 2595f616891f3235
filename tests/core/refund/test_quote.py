"""The quote: refusals, steps on lines and limits."""

from dataclasses import replace

import pytest

from retour.core.errors import Refused
from retour.core.money import NOTHING, Sides
from retour.core.order import Order
from retour.core.refund import (
    LedgerLine,
    MoneyBasis,
    MoneyStep,
    Override,
    Plan,
    RefundRequest,
    RefundTerms,
    RequestedLine,
    Row,
    RowKind,
    ShippingWish,
    UnitRange,
    booked,
    quote,
)
from tests.core.builders import a_charge, a_ledger, a_line, a_tax, an_order, both

TERMS = RefundTerms()


def units(ref: str, lo: int, hi: int) -> RequestedLine:
    return RequestedLine(ref, (UnitRange(lo, hi),))


def money(amount: int, basis: MoneyBasis = MoneyBasis.GROSS) -> RequestedLine:
    return RequestedLine("L1", money=MoneyStep(amount, "agent-7", "late", basis))


def asking(*lines: RequestedLine, clamp: bool = False, shipping: ShippingWish | None = None) -> RefundRequest:
    return RefundRequest(lines, shipping, clamp=clamp)


def planned(order: Order, *lines: RequestedLine, terms: RefundTerms = TERMS) -> Plan:
    return quote(order, a_ledger(order), asking(*lines), terms)


def amounts(rows: tuple[Row, ...]) -> list[tuple[RowKind, int]]:
    return [(row.kind, row.payable.presentment) for row in rows]


ORDER = an_order(
    a_line("L1", q=4, gross=14600, tax=2535), a_line("L2", q=1, gross=0), charges=(a_charge(gross=900, tax=144),)
)
LEDGER = replace(
    a_ledger(ORDER), lines=(LedgerLine("L1", ((1, 1),), both(10000), (a_tax(1736),)),), paid_back=both(10000)
)


@pytest.mark.parametrize(
    ("request_", "code", "field"),
    [
        (asking(units("L9", 1, 1)), "order_line_not_found", "L9"),
        (asking(units("L1", 2, 2), units("L1", 3, 3)), "duplicate_line", "L1"),
        (asking(RequestedLine("L1", (UnitRange(2, 3), UnitRange(3, 4)))), "duplicate_line", "L1"),
        (asking(units("L1", 1, 2)), "more_than_returnable", "L1"),
        (asking(units("L1", 2, 5)), "more_than_returnable", "L1"),
        (asking(units("L1", 0, 2)), "more_than_returnable", "L1"),
        (asking(units("L1", 3, 2)), "more_than_returnable", "L1"),
        (asking(RequestedLine("L1", (UnitRange(2, 2, deduction_bp=-1),))), "wrong_sign", "L1"),
        (asking(RequestedLine("L1", (UnitRange(2, 2, deduction_bp=10_001),))), "amount_above_entitlement", "L1"),
        (asking(RequestedLine("L1", (UnitRange(2, 2),), Override(-1, "a", "b"))), "wrong_sign", "L1"),
        (asking(RequestedLine("L1", (UnitRange(2, 2),), Override(3651, "a", "b"))), "amount_above_entitlement", "L1"),
        (asking(RequestedLine("L1", (UnitRange(2, 4),), Override(4601, "a", "b"))), "line_exhausted", "L1"),
        (
            asking(RequestedLine("L1", (UnitRange(2, 2, accepted=False),), Override(0, "a", "b"))),
            "amount_above_entitlement",
            "L1",
        ),
        (asking(money(0)), "wrong_sign", "L1"),
        (asking(money(-5)), "wrong_sign", "L1"),
        (asking(money(0, MoneyBasis.PERCENT)), "wrong_sign", "L1"),
        (asking(money(4601)), "line_exhausted", "L1"),
        (asking(money(9_000, MoneyBasis.PERCENT)), "line_exhausted", "L1"),
        (asking(RequestedLine("L2", money=MoneyStep(1, "a", "b"))), "line_exhausted", "L2"),
        (asking(RequestedLine("L2", money=MoneyStep(1, "a", "b", MoneyBasis.NET))), "line_exhausted", "L2"),
        (asking(shipping=ShippingWish(amount_minor=-1)), "wrong_sign", "shipping"),
        (asking(shipping=ShippingWish(amount_minor=901)), "line_exhausted", "shipping"),
        (RefundRequest(currency="USD"), "currency_mismatch", "currency"),
    ],
)
def test_what_cannot_be_paid_is_refused_with_its_code(request_: RefundRequest, code: str, field: str) -> None:
    with pytest.raises(Refused) as refused:
        quote(ORDER, LEDGER, request_, TERMS)

    assert (refused.value.code, refused.value.field) == (code, field)


def test_an_empty_request_pays_nothing_and_no_shipping() -> None:
    plan = quote(ORDER, a_ledger(ORDER), RefundRequest(currency="EUR"), TERMS)

    assert (plan.rows, plan.adjustments, plan.total, plan.legs, plan.unallocated) == ((), (), NOTHING, (), 0)


def test_clamped_amounts_give_what_is_left() -> None:
    by_hand = RequestedLine("L1", (UnitRange(2, 4),), Override(20_000, "agent-7", "kind"))

    one = quote(ORDER, LEDGER, asking(by_hand, clamp=True), TERMS)
    two = quote(ORDER, LEDGER, asking(money(9_999), clamp=True), TERMS)
    three = quote(ORDER, LEDGER, asking(clamp=True, shipping=ShippingWish(amount_minor=5_000)), TERMS)
    four = quote(ORDER, LEDGER, asking(RequestedLine("L2", money=MoneyStep(5, "agent-7", "kind")), clamp=True), TERMS)

    assert [(p.total, p.taxes) for p in (one, two)] == [(both(4600), (a_tax(799),))] * 2
    assert (three.total, three.taxes) == (both(900), (a_tax(144),))
    assert (four.total, four.taxes) == (NOTHING, ())


def test_units_that_are_not_accepted_are_shown_and_pay_nothing() -> None:
    asked = RequestedLine("L1", (UnitRange(1, 2), UnitRange(3, 4, accepted=False)))

    plan = planned(ORDER, asked)

    assert amounts(plan.rows) == [(RowKind.UNITS, 7300), (RowKind.REJECTED_UNITS, 0)]
    assert [row.ordinals for row in plan.rows] == [((1, 2),), ((3, 4),)]
    assert plan.notes == ("rejected_units",)


def test_units_and_money_on_one_line_are_paid_units_first() -> None:
    asked = RequestedLine("L1", (UnitRange(4, 4), UnitRange(1, 2)), None, MoneyStep(3650, "agent-7", "late"))

    plan = planned(ORDER, asked)

    assert plan.rows[0].ordinals == ((1, 2), (4, 4))
    assert amounts(plan.rows) == [(RowKind.UNITS, 10950), (RowKind.MONEY, 3650)]
    assert (plan.total, plan.taxes) == (both(14600), (a_tax(2535),))


def test_an_amount_smaller_than_its_taxes_is_all_net_and_the_end_catches_up() -> None:
    order = an_order(a_line(q=2, gross=4, tax=[a_tax(1, "a"), a_tax(1, "b"), a_tax(1, "c")]))
    ledger = a_ledger(order)

    first = quote(order, ledger, asking(money(1)), TERMS)
    ledger = booked(ledger, first)
    second = quote(order, ledger, asking(money(1)), TERMS)
    last = quote(order, booked(ledger, second), asking(money(2)), TERMS)

    assert [row.net for plan in (first, second, last) for row in plan.rows] == [both(1), both(1), both(-1)]
    assert sum(tax.amount.presentment for tax in last.taxes) == 3


def test_a_discount_line_is_paid_back_by_magnitude_and_not_alone() -> None:
    order = an_order(a_line("L1", gross=5000), a_line("L2", q=3, gross=-1000), a_line("L3", gross=900))

    both_lines = planned(order, units("L1", 1, 1), units("L2", 1, 2))
    with pytest.raises(Refused) as refused:
        planned(order, units("L2", 1, 2))

    assert amounts(both_lines.rows) == [(RowKind.UNITS, 5000), (RowKind.UNITS, -667)]
    assert refused.value.code == "wrong_sign"


def test_shop_money_takes_the_same_fraction_of_its_own_total() -> None:
    order = an_order(a_line(q=3, gross=Sides(1000, 147_333)), shop_currency="JPY")
    by_hand = RequestedLine("L1", (UnitRange(1, 1),), Override(100, "agent-7", "worn"))

    first = quote(order, a_ledger(order), asking(by_hand), TERMS)
    last = quote(order, booked(a_ledger(order), first), asking(money(900)), TERMS)

    assert first.total == Sides(100, 14733)
    assert last.total == Sides(900, 132_600)


def test_the_last_unit_closes_the_books_even_where_amounts_named_by_hand_moved_less() -> None:
    order = an_order(a_line(q=3, gross=Sides(1000, 147_333)), shop_currency="JPY")
    ledger = a_ledger(order)
    by_hand = RequestedLine("L1", (UnitRange(1, 1),), Override(100, "agent-7", "worn"))

    seen = []
    for asked in (by_hand, money(233), units("L1", 2, 3)):
        plan = quote(order, ledger, asking(asked), TERMS)
        ledger = booked(ledger, plan)
        seen.append(plan.total)

    assert seen == [Sides(100, 14_733), Sides(233, 34_329), Sides(667, 98_271)]
    assert ledger.paid_back == order.total


def test_the_last_money_takes_all_the_tax_that_is_left_even_if_named_without_tax() -> None:
    order = an_order(a_line(q=2, gross=2000, tax=320))
    ledger = replace(a_ledger(order), lines=(LedgerLine("L1", (), both(1000), (a_tax(100),)),), paid_back=both(1000))

    plan = quote(order, ledger, asking(money(840, MoneyBasis.NET)), TERMS)

    assert (plan.total, plan.taxes) == (both(1000), (a_tax(220),))


# --- limits of the order ---


def test_more_than_the_order_has_left_is_refused_or_becomes_a_visible_cap() -> None:
    order = an_order(a_line(q=4, gross=14600, tax=[a_tax(1600, "state"), a_tax(935, "city")]))
    ledger = replace(a_ledger(order), paid_back=both(4600))

    with pytest.raises(Refused) as refused:
        quote(order, ledger, asking(units("L1", 1, 4)), TERMS)
    plan = quote(order, ledger, asking(units("L1", 1, 4), clamp=True), TERMS)

    assert (refused.value.code, refused.value.facts) == ("order_exhausted", {"left": 10000, "due": 14600})
    (cap,) = plan.adjustments
    assert (cap.kind, cap.payable, cap.net) == (RowKind.CAP_ORDER, both(-4600), both(-3801))
    assert cap.taxes == (a_tax(-504, "state"), a_tax(-295, "city"))
    assert plan.rows[0].payable == both(14600)
    assert (plan.total, plan.order_rest, plan.notes) == (both(10000), both(10000), ("order_capped",))


def test_books_that_have_less_left_than_the_shopper_are_cut_without_touching_the_refund() -> None:
    order = an_order(a_line(gross=Sides(1000, 1100)), shop_currency="USD")
    ledger = replace(a_ledger(order), paid_back=Sides(0, 1))

    plan = quote(order, ledger, asking(units("L1", 1, 1)), TERMS)

    assert plan.total == Sides(1000, 1099)
    assert plan.adjustments[0].payable == Sides(0, -1)


def test_more_tax_than_the_order_has_left_is_refused_or_moves_to_net() -> None:
    order = an_order(a_line(q=2, gross=2000, tax=300), a_line("L2", gross=2000))
    ledger = replace(a_ledger(order), paid_back=both(100), taxes_paid_back=(a_tax(100),))

    with pytest.raises(Refused) as refused:
        quote(order, ledger, asking(units("L1", 1, 2)), TERMS)
    plan = quote(order, ledger, asking(units("L1", 1, 2), clamp=True), TERMS)

    assert (refused.value.code, refused.value.field) == ("tax_bucket_exhausted", "vat")
    assert (plan.total, plan.taxes) == (both(2000), (a_tax(200),))
    assert [(row.kind, row.payable, row.net) for row in plan.adjustments] == [(RowKind.CAP_TAX, NOTHING, both(100))]
    assert plan.notes == ("tax_capped",)
