"""Pages of the past decoded into the core's own values; used in processes that know no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import msgspec

from retour.core.order import Order
from retour.core.simulation import Fate
from retour.core.simulation.past import Found, PastLine, PastReturn, Recorded, recorded

_HELD: Final[Mapping[str, Fate]] = {"rejected": Fate.REJECTED, "cancelled": Fate.CLOSED, "expired": Fate.CLOSED}


class _Shop(msgspec.Struct):
    shop: int


class _Adjustment(msgspec.Struct):
    kind: str
    payable: _Shop


_Plans = tuple[list[int], list[_Adjustment], list[int]]  # totals, adjustments, bonuses of some plans


class PastRow(msgspec.Struct):
    """A return as the statements of `reading` write it."""

    id: str
    number: int
    order_id: str
    order_name: str
    method: str
    version: str
    facts: list[dict[str, Any]]
    promised: _Plans
    settled: list[_Plans] | None
    lines: list[tuple[str, int, str, str]]  # line ref, units asked for, resolution, decision
    found: list[tuple[str, int, str, bool, int]] | None  # line ref, units, grade, accepted, deduction


class _OrderRow(msgspec.Struct):
    id: str
    document: Order
    returns: list[PastRow] | None


class UnreturnedRow(msgspec.Struct):
    """An order without a return, with the tags of its shopper."""

    id: str
    name: str
    document: Order
    tags: list[str]


@dataclass(frozen=True, slots=True)
class OrderPast:
    """An order with its returns, oldest first; none are told where there is only one."""

    id: str
    order: Order
    returns: tuple[PastReturn, ...]


_PAGE: Final = msgspec.json.Decoder(list[PastRow])
_ORDERS: Final = msgspec.json.Decoder(list[_OrderRow])
_UNRETURNED: Final = msgspec.json.Decoder(list[UnreturnedRow])


def returns_of(page: bytes) -> list[PastReturn]:
    """Return the returns of a page."""
    return [_past(row) for row in _PAGE.decode(page)]


def orders_of(page: bytes) -> list[OrderPast]:
    """Return the orders of a page with their returns."""
    return [
        OrderPast(row.id, row.document, tuple(_past(past) for past in row.returns or ()))
        for row in _ORDERS.decode(page)
    ]


def unreturned_of(page: bytes) -> list[UnreturnedRow]:
    """Return the orders of a page that have no return."""
    return _UNRETURNED.decode(page)


def _past(row: PastRow) -> PastReturn:
    asked = {ref: (quantity, resolution, decision) for ref, quantity, resolution, decision in row.lines}
    found: dict[str, list[Found]] = {}
    for ref, units, grade, accepted, deduction in row.found or ():
        found.setdefault(ref, []).append(Found(units, grade, accepted, deduction))
    lines = []
    for facts in row.facts:
        ref = facts["line"]
        if ref in asked:
            quantity, resolution, decision = asked[ref]
            judged = tuple(found[ref]) if ref in found else ()
            lines.append(PastLine(ref, quantity, facts, resolution, _HELD.get(decision), judged))
    open_lines = [line for line in lines if line.held is None]
    inspected = bool(found) and all(sum(f.units for f in line.found) >= line.quantity for line in open_lines)
    return PastReturn(
        key=row.id,
        reference=f"R-{row.number}",
        order_key=row.order_id,
        order_name=row.order_name,
        requested_on=date.fromisoformat(row.facts[0]["today"]),
        lines=tuple(lines),
        method=row.method,
        version=row.version,
        recorded=recorded(
            tuple(lines), promised=_sum([row.promised]), settled=_sum(row.settled or ()), is_inspected=inspected
        ),
        rma_id=row.id,
    )


def _sum(plans: Sequence[_Plans]) -> Recorded:
    total = fee = deduction = bonus = 0
    for totals, adjustments, bonuses in plans:
        total += sum(totals)
        bonus += sum(bonuses)
        for row in adjustments:
            if row.kind.endswith("_fee"):
                fee -= row.payable.shop
            elif row.kind == "damage":
                deduction -= row.payable.shop
    return Recorded(total, fee, deduction, bonus)
