"""A return as the dock sees it: its units one by one, without amounts and without the shopper's name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from retour.core.order import OrderLine
from retour.core.rma import Decision, Inspection, ReturnLine, count, minus
from retour.flows.receiving import scanning
from retour.store import dock, order, photo, picture, policy
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.dock import Observed
from retour.store.photo import PhotoKind, PhotoView
from retour.store.rma import ReturnRecord

MOST_ROWS: Final = 12  # of one line; the rest is said in a sentence
State = Literal["expected", "here", "inspected", "closed"]


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit of a line: where it stands, and the verdict if there is one."""

    ordinal: int
    state: State
    verdict: Inspection | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """An article of the return with its units; quantities in units."""

    id: UUID
    title: str
    sku: str
    picture_url: str | None
    reason: str
    note: str | None
    decision: str
    units: tuple[Unit, ...]
    expected: int
    here: int
    waiting: int

    @property
    def missing(self) -> int:
        """Return how many announced units are not here."""
        return sum(unit.state == "expected" for unit in self.units)

    @property
    def shown(self) -> tuple[Unit, ...]:
        """Return the units that get a row of their own: those that somebody must act on come first."""
        weight = {"here": 0, "expected": 1, "closed": 2, "inspected": 3}
        return tuple(sorted(self.units, key=lambda unit: (weight[unit.state], unit.ordinal))[:MOST_ROWS])

    @property
    def code(self) -> str:
        """Return what a tap on the line is written down as."""
        return self.sku or self.title[:100]


@dataclass(frozen=True, slots=True)
class Parcel:
    """A return at the dock."""

    record: ReturnRecord
    order_name: str
    lines: tuple[Line, ...]
    observed: Sequence[Observed]
    photos: Sequence[PhotoView]
    parcels: tuple[str, ...]
    location_ref: str | None

    @property
    def number(self) -> int:
        """Return the public number."""
        return self.record.rma.number

    @property
    def here(self) -> int:
        """Return how many units have arrived."""
        return sum(line.here for line in self.lines)

    @property
    def expected(self) -> int:
        """Return how many units may arrive in all."""
        return scanning.expected(self.record)

    @property
    def waiting(self) -> int:
        """Return how many units are here and wait for inspection."""
        return sum(line.waiting for line in self.lines)

    @property
    def inspected(self) -> int:
        """Return how many units have a verdict."""
        return sum(count(line.inspected) for line in self.record.rma.lines)

    def line(self, line_id: UUID | None) -> Line | None:
        """Return the line of that id, or nothing."""
        return next((line for line in self.lines if line.id == line_id), None)

    def photos_of_shopper(self, line_id: UUID) -> list[PhotoView]:
        """Return what the shopper sent of a line."""
        return [view for view in self.photos if view.return_line_id == line_id and view.kind == PhotoKind.SHOPPER]

    def photos_on_bench(self, line_id: UUID) -> list[PhotoView]:
        """Return the photos of the unit at hand: those taken of the line since the verdict before."""
        since = self.record.rma.inspected_at
        taken = [view for view in self.photos if view.return_line_id == line_id and view.kind == PhotoKind.INSPECTION]
        return [view for view in taken if since is None or view.at > since]


async def load(db: Db, rma_id: UUID) -> Parcel | None:
    """Return a return as the dock sees it, or nothing."""
    record = await returns.load(db, rma_id)
    if record is None:
        return None
    found = await order.load(db, record.order_id)
    store = await policy.context(db, record.store_id)
    assert found is not None
    assert store is not None
    articles = {line.ref: line for line in found.order.lines}
    pictures = await picture.paths(db, urls=[line.image_url for line in found.order.lines])
    return Parcel(
        record=record,
        order_name=found.order.name,
        lines=tuple(_line(line, articles.get(line.line_ref), pictures) for line in record.rma.lines),
        observed=await dock.observed(db, rma_id),
        photos=await photo.list_of_return(db, rma_id),
        parcels=tuple(shipment.tracking_number for shipment in record.rma.shipments),
        location_ref=record.rma.location_ref or store.location_ref,
    )


def _line(line: ReturnLine, article: OrderLine | None, pictures: Mapping[str, str]) -> Line:
    is_open = line.decision is Decision.APPROVED
    verdicts = {unit: i for i in line.inspections for unit in range(i.span[0], i.span[1] + 1)}
    units = [Unit(unit, "inspected", verdict) for unit, verdict in verdicts.items()]
    units += [Unit(unit, "here" if is_open else "closed") for unit in _each(scanning.waiting(line))]
    units += [Unit(unit, "expected" if is_open else "closed") for unit in _each(minus(line.claimed, line.received))]
    return Line(
        id=line.id,
        title=article.title if article else line.line_ref,
        sku=(article.sku if article else None) or "",
        picture_url=pictures.get(article.image_url or "") if article else None,
        reason=line.reason,
        note=line.note,
        decision=line.decision.value,
        units=tuple(sorted(units, key=lambda unit: unit.ordinal)),
        expected=line.quantity,
        here=count(line.received),
        waiting=count(scanning.waiting(line)) if is_open else 0,
    )


def _each(spans: Sequence[tuple[int, int]]) -> list[int]:
    return [unit for lo, hi in spans for unit in range(lo, hi + 1)]
