"""An order and its refunds with fees, for the tests of fees."""

from dataclasses import replace

from retour.core.order import Order
from retour.core.refund import (
    FeeTerm,
    Ledger,
    Plan,
    RefundRequest,
    RefundTerms,
    RequestedLine,
    Row,
    RowKind,
    UnitRange,
    quote,
)
from tests.core.builders import a_ledger, a_line, an_order, both

ORDER = an_order(
    replace(a_line("A", q=2, gross=4000, tax=639), list_value=both(5000)), a_line("B", q=2, gross=2000, tax=319)
)


def units(ref: str, lo: int, hi: int) -> RequestedLine:
    return RequestedLine(ref, (UnitRange(lo, hi),))


def charged(
    *fees: FeeTerm,
    asked: tuple[RequestedLine, ...] = (units("A", 1, 1),),
    ledger: Ledger | None = None,
    order: Order = ORDER,
    request: RefundRequest | None = None,
    terms: RefundTerms | None = None,
) -> Plan:
    request = replace(request or RefundRequest(), lines=asked)
    return quote(order, ledger or a_ledger(order), request, replace(terms or RefundTerms(), fees=fees))


def told(rows: tuple[Row, ...]) -> list[tuple[RowKind, int]]:
    return [(row.kind, row.payable.presentment) for row in rows]
