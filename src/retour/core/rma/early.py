"""Money that is due before the goods are inspected: which units of which line, since which moment, and from when."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from retour.core.rma.moves import Decision
from retour.core.rma.state import Moment, Return, ReturnLine, SettlementState, SettlementView, Span, common, minus


@dataclass(frozen=True, slots=True)
class EarlyUnits:
    """Units of one return line whose money is due before their inspection, and from when it may be paid."""

    line_id: uuid.UUID
    line_ref: str
    spans: tuple[Span, ...]
    moment: Moment
    not_before: datetime


def early_units(ret: Return) -> Iterator[EarlyUnits]:
    """Yield the units whose moment has come, that nobody has judged, and that no settlement answers for yet.

    With them what was judged and is to be paid for anew, because its new order was taken back in between.
    """
    for line in ret.lines:
        if line.decision is Decision.APPROVED and (again := _owed_again(ret, line)):
            yield EarlyUnits(line.id, line.line_ref, again, Moment.RECEIVED, line.decided_at or ret.requested_at)
        since = came_at(ret, line)
        inspected = line.settle_on is Moment.INSPECTED and line.lost_at is None
        if line.decision is not Decision.APPROVED or inspected or since is None:
            continue
        left = minus(_concerned(ret, line), (*settled_early(ret, line.line_ref), *line.inspected))
        if left:
            if line.lost_at is not None:  # counts as received: nobody will see it
                yield EarlyUnits(line.id, line.line_ref, left, Moment.RECEIVED, since)
                continue
            due = since + timedelta(hours=line.settle_after_hours)
            yield EarlyUnits(line.id, line.line_ref, left, line.settle_on, due)


def came_at(ret: Return, line: ReturnLine) -> datetime | None:
    """Return when the moment of a line before its inspection came, or nothing; a later moment implies it."""
    if line.lost_at is not None:
        return line.lost_at
    arrived = line.arrived_at
    match line.settle_on:
        case Moment.APPROVED:
            return line.decided_at
        case Moment.FIRST_SCAN:
            return _first(ret.in_transit_at, ret.delivered_at, arrived)
        case Moment.DELIVERED:
            return _first(ret.delivered_at, arrived)
        case _:
            return arrived


def settled_early(ret: Return, line_ref: str) -> tuple[Span, ...]:
    """Return the units of an order line that settlements before the inspection answer for."""
    stand = (s for s in ret.settlements if s.state is not SettlementState.REVERSED)
    return tuple((lo, hi) for s in stand for ref, lo, hi in s.units if ref == line_ref)


def is_given_up(settlement: SettlementView) -> bool:
    """Return whether a settlement was an exchange whose new order was taken back: it answers for no unit any more."""
    return settlement.state is SettlementState.REVERSED and settlement.exchange is not None


def is_early(settlement: SettlementView) -> bool:
    """Return whether a settlement does not wait for an inspection."""
    return settlement.moment is not Moment.INSPECTED


def is_void(ret: Return, settlement: SettlementView) -> bool:
    """Return whether a settlement that has paid nothing answers only for units that nobody returns any more."""
    if settlement.state is not SettlementState.QUOTED or not settlement.units:
        return False
    claimed = [(line.line_ref, line.claimed) for line in ret.lines]  # what was lost stands in a line of its own
    return not any(
        one == ref and common(((lo, hi),), spans) for ref, lo, hi in settlement.units for one, spans in claimed
    )


def _owed_again(ret: Return, line: ReturnLine) -> tuple[Span, ...]:
    """Return the accepted units of a line whose exchange was taken back and that nothing else answers for."""
    gone = [s for s in ret.settlements if is_given_up(s)]
    batches = {s.batch_id for s in gone if not s.units}
    stand = {s.batch_id for s in ret.settlements if not is_given_up(s) and s.resolution == line.resolution}
    early = tuple((lo, hi) for s in gone for ref, lo, hi in s.units if ref == line.line_ref)
    owed: tuple[Span, ...] = ()
    for i in line.inspections:
        if i.accepted and i.batch_id not in stand:
            owed = (*owed, *((i.span,) if i.batch_id in batches else common((i.span,), early)))
    return minus(owed, settled_early(ret, line.line_ref))


def _concerned(ret: Return, line: ReturnLine) -> tuple[Span, ...]:
    """Return the units that the moment is about: all of the line, or those that arrived where nothing else tells."""
    if line.lost_at is not None:
        return line.claimed
    scanned = {
        Moment.APPROVED: True,
        Moment.FIRST_SCAN: _first(ret.in_transit_at, ret.delivered_at) is not None,
        Moment.DELIVERED: ret.delivered_at is not None,
    }
    return line.claimed if scanned.get(line.settle_on, False) else line.received


def _first(*times: datetime | None) -> datetime | None:
    return min((time for time in times if time is not None), default=None)
