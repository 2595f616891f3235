"""What a platform is told of a refund."""

from dataclasses import replace

from retour.core.effect import RefundedUnits
from retour.core.payout import plain_units, refunded_shipping
from retour.core.refund import (
    ChargeMode,
    Plan,
    RefundRequest,
    RefundTerms,
    RequestedLine,
    UnitRange,
    quote,
)
from tests.core.builders import a_charge, a_ledger, a_line, an_order

ORDER = an_order(a_line("L1", q=3, gross=3_000), a_line("L2", gross=700), charges=(a_charge(gross=595, tax=95),))


def the_plan() -> Plan:
    lines = (RequestedLine("L1", (UnitRange(1, 1), UnitRange(3, 3))), RequestedLine("L2", (UnitRange(1, 1),)))
    terms = RefundTerms(shipping=ChargeMode.ALL)
    return quote(ORDER, a_ledger(ORDER), RefundRequest(lines=lines), terms)


def test_units_of_a_line_are_told_as_one_number() -> None:
    assert plain_units(the_plan(), ORDER) == (RefundedUnits("L1", 2), RefundedUnits("L2", 1))


def test_shipping_is_told_without_tax_where_prices_are() -> None:
    assert refunded_shipping(the_plan(), replace(ORDER, taxes_included=True)) == 595
    assert refunded_shipping(the_plan(), ORDER) == 500
