"""What a platform is told of a refund."""

from dataclasses import replace
from datetime import UTC, datetime

from retour.core.effect import RefundedUnits
from retour.core.kind import Kind
from retour.core.order import Fulfilment
from retour.core.payout import plain_units, refunded_shipping, refunded_units
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

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
ORDER = an_order(a_line("L1", q=3, gross=3_000), a_line("L2", gross=700), charges=(a_charge(gross=595, tax=95),))


def the_plan() -> Plan:
    lines = (RequestedLine("L1", (UnitRange(1, 1), UnitRange(3, 3))), RequestedLine("L2", (UnitRange(1, 1),)))
    terms = RefundTerms(shipping=ChargeMode.ALL)
    return quote(ORDER, a_ledger(ORDER), RefundRequest(lines=lines), terms)


def test_units_of_a_line_are_told_as_one_number() -> None:
    assert plain_units(the_plan(), ORDER) == (RefundedUnits("L1", 2), RefundedUnits("L2", 1))


def test_units_that_were_never_sent_are_cancelled_where_they_are_kept() -> None:
    sent = replace(ORDER, fulfilments=(Fulfilment("F0", NOON), Fulfilment("F1", NOON, location_ref="berlin")))

    told = [
        refunded_units(kind, the_plan(), sent, own) for kind, own in ((Kind.RETURN, "own"), (Kind.CANCELLATION, "own"))
    ]

    assert told[0] == plain_units(the_plan(), ORDER)
    assert [(line.cancelled, line.location_ref) for line in told[1]] == [(True, "own"), (True, "own")]
    assert [line.location_ref for line in refunded_units(Kind.CANCELLATION, the_plan(), sent, None)] == ["berlin"] * 2
    assert [line.location_ref for line in refunded_units(Kind.CANCELLATION, the_plan(), ORDER, None)] == [None] * 2


def test_shipping_is_told_without_tax_where_prices_are() -> None:
    assert refunded_shipping(the_plan(), replace(ORDER, taxes_included=True)) == 595
    assert refunded_shipping(the_plan(), ORDER) == 500
