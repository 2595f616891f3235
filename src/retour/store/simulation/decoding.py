"""Pages of the past decoded into the core's own values; used in processes that know no database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import msgspec
from msgspec.structs import astuple

from retour.core.order import Order
from retour.core.policy import FACTS
from retour.core.policy.facts import FactType
from retour.core.simulation import Fate
from retour.core.simulation.past import Found, PastLine, PastReturn, Recorded, recorded

_HELD: Final[Mapping[str, Fate]] = {"rejected": Fate.REJECTED, "cancelled": Fate.CLOSED, "expired": Fate.CLOSED}


class _Shop(msgspec.Struct):
    shop: int


class _Adjustment(msgspec.Struct):
    kind: str
    payable: _Shop


_Plan = tuple[int, list[_Adjustment], int | None]  # total, adjustments, bonus


class _Facts(msgspec.Struct):
    line: str
    today: str
    books_currency: str
    values: Any
    parcels: list[tuple[str, str | None]]


class _Line(msgspec.Struct):
    facts: _Facts


class PastRow(msgspec.Struct, array_like=True):
    """A return as the statements of `reading` write it; its decision stands in it or beside it."""

    id: str
    number: int
    order_id: str
    method: str
    version: str
    promised: list[_Plan] | None
    settled: list[_Plan] | None
    lines: list[tuple[str, int, str, str | None, str]]  # line ref, units asked for, resolution and its record, decision
    found: list[tuple[str, int, str, bool, int]] | None  # line ref, units, grade, accepted, deduction
    decision: list[_Line] = []


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


_NOTHING: Final = Recorded(0)
_UNRETURNED: Final = msgspec.json.Decoder(list[UnreturnedRow])


class Pages:
    """Decodes pages of returns, of their facts only those that are needed: most of a page is never looked at."""

    def __init__(self, needed: Iterable[str]) -> None:
        self._names = tuple(sorted(needed))
        fields = [(f"fact_{at}", _type(name), None) for at, name in enumerate(self._names)]
        spelled = {f"fact_{at}": name for at, name in enumerate(self._names)}
        values = msgspec.defstruct("Values", fields, rename=spelled)
        facts = msgspec.defstruct("Facts", [("values", values)], bases=(_Facts,))
        line = msgspec.defstruct("Line", [("facts", facts)], bases=(_Line,))
        several = list[line]  # type: ignore[valid-type]
        row = msgspec.defstruct("Row", [("decision", several, [])], bases=(PastRow,), array_like=True)
        order = msgspec.defstruct("Found", [("returns", list[row] | None)], bases=(_OrderRow,))  # type: ignore[valid-type]
        self._page: msgspec.json.Decoder[list[PastRow]] = msgspec.json.Decoder(list[PastRow])
        self._decisions: msgspec.json.Decoder[list[list[_Line]]] = msgspec.json.Decoder(list[several])
        self._orders: msgspec.json.Decoder[list[_OrderRow]] = msgspec.json.Decoder(list[order])  # type: ignore[valid-type]

    def returns_of(self, page: bytes, decisions: bytes) -> list[PastReturn]:
        """Return the returns of a page; their decisions stand beside it."""
        return list(map(self._past, self._page.decode(page), self._decisions.decode(decisions)))

    def orders_of(self, page: bytes) -> list[OrderPast]:
        """Return the orders of a page with their returns."""
        return [
            OrderPast(row.id, row.document, tuple(self._past(past, past.decision) for past in row.returns or ()))
            for row in self._orders.decode(page)
        ]

    def _past(self, row: PastRow, decision: Sequence[_Line]) -> PastReturn:
        found = _found(row.found) if row.found else {}
        asked = {line[0]: line for line in row.lines}
        lines = []
        for kept in decision:
            of = kept.facts
            told = asked.get(of.line)
            if told is not None:
                ref, quantity, resolution, record, said = told
                values = dict(zip(self._names, astuple(of.values), strict=True))
                facts = {
                    "line": ref, "today": of.today, "books_currency": of.books_currency, "parcels": of.parcels,
                    "values": values,
                }  # fmt: skip
                lines.append(PastLine(ref, quantity, facts, resolution, _HELD.get(said), found.get(ref, ()), record))
        return _past(row, tuple(lines), decision[0].facts.today)


def unreturned_of(page: bytes) -> list[UnreturnedRow]:
    """Return the orders of a page that have no return."""
    return _UNRETURNED.decode(page)


def _type(name: str) -> Any:
    """Return the type of a fact in JSON; lists become tuples, which can be compared and remembered."""
    known = FACTS.get(name)
    return tuple[str, ...] | None if known is not None and known.type is FactType.TEXTS else Any


def _found(rows: Iterable[tuple[str, int, str, bool, int]]) -> dict[str, tuple[Found, ...]]:
    """Return what was found on the units of each line, in their order."""
    found: dict[str, tuple[Found, ...]] = {}
    for ref, units, grade, accepted, deduction in rows:
        found[ref] = (*found.get(ref, ()), Found(units, grade, accepted, deduction))
    return found


def _past(row: PastRow, lines: tuple[PastLine, ...], today: str) -> PastReturn:
    inspected = bool(row.found) and all(
        sum(f.units for f in line.found) >= line.quantity for line in lines if line.held is None
    )
    return PastReturn(
        row.id,
        f"R-{row.number}",
        row.order_id,
        "",
        date.fromisoformat(today),
        lines,
        row.method,
        row.version,
        recorded(lines, promised=_sum(row.promised), settled=_sum(row.settled), is_inspected=inspected),
        row.id,
    )


def _sum(plans: Sequence[_Plan] | None) -> Recorded:
    if not plans:
        return _NOTHING
    total = fee = deduction = bonus = 0
    for shop, adjustments, given in plans:
        total += shop
        bonus += given or 0
        for row in adjustments:
            if row.kind.endswith("_fee"):
                fee -= row.payable.shop
            elif row.kind == "damage":
                deduction -= row.payable.shop
    return Recorded(total, fee, deduction, bonus)
