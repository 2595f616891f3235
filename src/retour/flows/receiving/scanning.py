"""What a person at the dock does, one step at a time: each counts once, however often it is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from retour.core import scan as codes
from retour.core.errors import Refused
from retour.core.order import Order
from retour.core.rma import Decision, ReturnLine, count, lowest, minus
from retour.flows.receiving import observing
from retour.flows.receiving.ahead import show_missing
from retour.flows.receiving.goods import ArrivedUnits, Verdict, inspect, receive
from retour.flows.receiving.observing import Seen, Sight
from retour.store import dock, order
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.dock import Match, NewScan, ScanRow
from retour.store.policy import PolicyCache
from retour.store.rma import ReturnRecord


class Did(StrEnum):
    """What came of a step."""

    FOUND = "found"  # the code leads to one return
    SEVERAL = "several"
    NO_RETURN = "no_return"  # an order that nobody wants to return
    UNKNOWN = "unknown"
    RECEIVED = "received"
    ALL_HERE = "all_here"  # an article of the return of which nothing is awaited any more
    CLOSED = "closed"  # an article of a line that is not approved
    NOT_ON_IT = "not_on_it"  # no article of the return at hand, and no other return
    OBSERVED = "observed"
    FINISHED = "finished"
    INSPECTED = "inspected"
    TAKEN_BACK = "taken_back"
    TAKEN_IN = "taken_in"  # at a counter: received and judged at once
    CORRECTED = "corrected"


@dataclass(frozen=True, slots=True)
class Step:
    """Who does something, under which nonce; `at` is when it was done, by the device if that was offline."""

    staff_id: UUID
    nonce: str
    at: datetime
    now: datetime

    @property
    def actor(self) -> str:
        """Return how events name the person."""
        return f"staff:{self.staff_id}"


@dataclass(frozen=True, slots=True)
class Came:
    """What came of a step; `repeated` if it was the same one as just before and counted once."""

    did: Did
    code: str
    rma_id: UUID | None = None
    line_id: UUID | None = None
    scan_id: UUID | None = None
    repeated: bool = False
    matches: tuple[Match, ...] = ()


class SentAgain(RuntimeError):  # noqa: N818 - a signal to roll back, not an error
    """The step was written by another request meanwhile: roll back, and answer what `came_of` tells."""


_ARTICLE: Final = (Did.RECEIVED, Did.ALL_HERE, Did.CLOSED)


async def came_of(db: Db, *, staff_id: UUID, nonce: str) -> Came | None:
    """Return what a step came to when it was sent before, or nothing."""
    row = await dock.by_nonce(db, staff_id=staff_id, nonce=nonce)
    return _again(row) if row else None


async def scan(db: Db, *, step: Step, raw: str, within: UUID | None) -> Came:
    """Follow a code: to a return, or, with a return at hand (`within`), to one more of its units that is here.

    Raises Refused: `code_missing`, `return_not_found`; SentAgain.
    """
    code = codes.read(raw)
    if code is None:
        raise Refused("code_missing", "scan or type a code", field="code")
    record = await _locked(db, within) if within else None
    earlier = await came_of(db, staff_id=step.staff_id, nonce=step.nonce)
    if earlier is not None:
        return earlier
    if record is not None:
        lines = await _lines_of_article(db, record, code.text)
        if lines:
            return await _article(db, step, record, code.text, lines)
    matches = await dock.look_up(db, code)
    did, rma_id = _meaning(matches)
    if record is not None and did in (Did.UNKNOWN, Did.NO_RETURN):
        did, rma_id = Did.NOT_ON_IT, record.rma.id
    same = await _same(db, step, did, code.text, rma_id, None)
    if same is not None:
        return Came(did, code.text, rma_id, None, same.id, repeated=True, matches=tuple(matches))
    scan_id = await _write(db, step, did, code.text, rma_id=rma_id)
    return Came(did, code.text, rma_id, None, scan_id, matches=tuple(matches))


async def arrive(
    db: Db,
    *,
    step: Step,
    rma_id: UUID,
    line_id: UUID,
    quantity: int,
    here: int,
    location_ref: str | None,
    code: str,
) -> Came:
    """Record that units of a line are here; `here` is how many the person saw as arrived when they tapped.

    Raises Refused as `receive`, and `state_changed` if somebody else received units of the line meanwhile; SentAgain.
    """
    record = await _locked(db, rma_id)
    earlier = await came_of(db, staff_id=step.staff_id, nonce=step.nonce)
    if earlier is not None:
        return earlier
    line = _line(record, line_id)
    same = await _same(db, step, Did.RECEIVED, code, rma_id, line_id)
    if same is not None:
        return Came(Did.RECEIVED, code, rma_id, line_id, same.id, repeated=True)
    if count(line.received) != here:
        raise Refused(
            "state_changed", "somebody else received units of this line", facts={"here": count(line.received)}
        )
    return await _receive(db, step, record, line, quantity, location_ref, code)


async def observe(db: Db, *, step: Step, rma_id: UUID, sight: Sight) -> Came:
    """Keep goods that fit no open line of a return; raises Refused as `observing.observe`, SentAgain."""
    record = await _locked(db, rma_id)
    earlier = await came_of(db, staff_id=step.staff_id, nonce=step.nonce)
    if earlier is not None:
        return earlier
    seen = await observing.observe(db, record=record, sight=sight, actor=step.actor, now=step.now)
    did = Did.CORRECTED if sight.kind is Seen.MISCOUNTED else Did.OBSERVED
    scan_id = await _write(
        db, step, did, sight.code or "", rma_id=rma_id, line_id=sight.line_id, observation_id=seen, units=sight.units
    )
    return Came(did, sight.code or "", rma_id, sight.line_id, scan_id)


async def observe_unannounced(db: Db, *, step: Step, store_id: UUID, sight: Sight) -> Came:
    """Keep a parcel that no return announced; raises Refused as `observing.observe_unannounced`, SentAgain."""
    earlier = await came_of(db, staff_id=step.staff_id, nonce=step.nonce)
    if earlier is not None:
        return earlier
    seen = await observing.observe_unannounced(db, store_id=store_id, sight=sight, actor=step.actor, now=step.now)
    scan_id = await _write(db, step, Did.OBSERVED, sight.code or "", observation_id=seen, units=sight.units)
    return Came(Did.OBSERVED, sight.code or "", None, None, scan_id)


async def finish(db: Db, *, step: Step, rma_id: UUID) -> Came:
    """Note that a parcel is emptied: what is not here stays expected, and is shown to a person if it was paid for."""
    record = await _locked(db, rma_id)
    earlier = await came_of(db, staff_id=step.staff_id, nonce=step.nonce)
    if earlier is not None:
        return earlier
    if any(s.units for s in record.rma.settlements):
        found = await order.load(db, record.order_id)
        assert found is not None
        await show_missing(db, record=record, order=found.order, now=step.now)
    scan_id = await _write(db, step, Did.FINISHED, f"R-{record.rma.number}", rma_id=rma_id)
    return Came(Did.FINISHED, "", rma_id, None, scan_id)


async def judge(
    db: Db, *, step: Step, rma_id: UUID, unit: int, verdict: Verdict, code: str, policies: PolicyCache
) -> Came:
    """Record the verdict on one unit; `unit` is the ordinal that the person had before them.

    Raises Refused as `inspect`, and `already_inspected` if somebody else judged the unit meanwhile; SentAgain.
    """
    record = await _locked(db, rma_id)
    earlier = await came_of(db, staff_id=step.staff_id, nonce=step.nonce)
    if earlier is not None:
        return earlier
    line = _line(record, verdict.line_id)
    if lowest(waiting(line), 1) != ((unit, unit),):
        raise Refused("already_inspected", "somebody else inspected this unit")
    await inspect(db, rma_id=rma_id, verdicts=[verdict], actor=step.actor, now=step.now, policies=policies)
    scan_id = await _write(db, step, Did.INSPECTED, code, rma_id=rma_id, line_id=line.id)
    return Came(Did.INSPECTED, code, rma_id, line.id, scan_id)


async def take_back(db: Db, *, step: Step, scan_id: UUID) -> Came:
    """Undo one of the person's own scans as far as it can be: an observation is taken back, a receipt is corrected.

    A receipt stays, because others may have acted on it; that it was counted by mistake is kept for whoever inspects.
    Raises Refused: `scan_not_found`, `move_not_allowed` for what cannot be undone, `state_changed` for the second
    time; SentAgain.
    """
    row = await dock.one_scan(db, scan_id, staff_id=step.staff_id)
    if row is None:
        raise Refused("scan_not_found", "there is no such scan of yours")
    if row.rma_id is not None:
        await _locked(db, row.rma_id)
    earlier = await came_of(db, staff_id=step.staff_id, nonce=step.nonce)
    if earlier is not None:
        return earlier
    if row.observation_id is not None:
        await observing.take_back(db, observation_id=row.observation_id, actor=step.actor, now=step.now)
        written = await _write(db, step, Did.TAKEN_BACK, row.code, rma_id=row.rma_id, line_id=row.return_line_id)
        return Came(Did.TAKEN_BACK, row.code, row.rma_id, row.return_line_id, written)
    if row.did != Did.RECEIVED or row.rma_id is None:
        raise Refused("move_not_allowed", "that cannot be undone")
    sight = Sight(Seen.MISCOUNTED, row.units, row.return_line_id, code=row.code or None)
    return await observe(db, step=step, rma_id=row.rma_id, sight=sight)


def expected(record: ReturnRecord) -> int:
    """Return how many units of a return may arrive: those of its approved lines, and what has arrived already."""
    return sum(
        line.quantity if line.decision is Decision.APPROVED else count(line.received) for line in record.rma.lines
    )


def waiting(line: ReturnLine) -> tuple[tuple[int, int], ...]:
    """Return the units of a line that are here and have no verdict."""
    return minus(line.received, line.inspected)


def next_unit(record: ReturnRecord) -> tuple[ReturnLine, int] | None:
    """Return the next unit that waits for inspection (its line and its ordinal), or nothing."""
    for line in record.rma.lines:
        units = lowest(waiting(line), 1)
        if units and line.decision is Decision.APPROVED:
            return line, units[0][0]
    return None


def article_codes(found: Order, line_ref: str) -> tuple[str, ...]:
    """Return what a label on the article of an order line may say, folded."""
    line = next((line for line in found.lines if line.ref == line_ref), None)
    if line is None:
        return ()
    refs = (line.sku, line.variant_ref, line.inventory_ref)
    return tuple(ref.strip().casefold() for ref in refs if ref and ref.strip())


async def _article(db: Db, step: Step, record: ReturnRecord, code: str, lines: Sequence[ReturnLine]) -> Came:
    """Receive one unit of an article of the return, or say why it is not received."""
    open_ = [line for line in lines if line.decision is Decision.APPROVED]
    line = next((line for line in open_ if minus(line.claimed, line.received)), None)
    if line is not None:
        return await _receive(db, step, record, line, 1, None, code)
    line, did = (open_[0], Did.ALL_HERE) if open_ else (lines[0], Did.CLOSED)
    same = await _same(db, step, Did.RECEIVED, code, record.rma.id, line.id)
    if same is not None:  # the scanner read the last unit twice
        return Came(Did.RECEIVED, code, record.rma.id, line.id, same.id, repeated=True)
    scan_id = await _write(db, step, did, code, rma_id=record.rma.id, line_id=line.id)
    return Came(did, code, record.rma.id, line.id, scan_id)


async def _receive(
    db: Db,
    step: Step,
    record: ReturnRecord,
    line: ReturnLine,
    quantity: int,
    location_ref: str | None,
    code: str,
) -> Came:
    same = await _same(db, step, Did.RECEIVED, code, record.rma.id, line.id)
    if same is not None:
        return Came(Did.RECEIVED, code, record.rma.id, line.id, same.id, repeated=True)
    done = await receive(
        db, rma_id=record.rma.id, items=[ArrivedUnits(line.id, quantity)], location_ref=location_ref,
        actor=step.actor, now=step.now, is_all=False,
    )  # fmt: skip
    did = Did.CLOSED if done.unexpected else Did.RECEIVED
    scan_id = await _write(db, step, did, code, rma_id=record.rma.id, line_id=line.id, units=quantity)
    return Came(did, code, record.rma.id, line.id, scan_id)


async def _same(db: Db, step: Step, did: Did, code: str, rma_id: UUID | None, line_id: UUID | None) -> ScanRow | None:
    """Return the person's scan of the same code less than two seconds before, or nothing."""
    last = await dock.last_same(db, staff_id=step.staff_id, did=did.value, code=code, rma_id=rma_id, line_id=line_id)
    return last if last is not None and codes.is_repeat(last.at, step.at) else None


async def _lines_of_article(db: Db, record: ReturnRecord, code: str) -> list[ReturnLine]:
    found = await order.load(db, record.order_id)
    assert found is not None
    return [line for line in record.rma.lines if code.casefold() in article_codes(found.order, line.line_ref)]


def _meaning(matches: Sequence[Match]) -> tuple[Did, UUID | None]:
    with_return = [match for match in matches if match.rma_id is not None]
    if len(with_return) == 1:
        return Did.FOUND, with_return[0].rma_id
    if with_return:
        return Did.SEVERAL, None
    return (Did.NO_RETURN if matches else Did.UNKNOWN), None


def _line(record: ReturnRecord, line_id: UUID) -> ReturnLine:
    line = next((line for line in record.rma.lines if line.id == line_id), None)
    if line is None:
        raise Refused("return_line_not_found", "the return has no such line", field="line")
    return line


def _again(row: ScanRow) -> Came:
    return Came(Did(row.did), row.code, row.rma_id, row.return_line_id, row.id, repeated=True)


async def _write(
    db: Db,
    step: Step,
    did: Did,
    code: str,
    *,
    rma_id: UUID | None = None,
    line_id: UUID | None = None,
    observation_id: UUID | None = None,
    units: int = 1,
) -> UUID:
    new = NewScan(
        staff_id=step.staff_id, nonce=step.nonce, code=code[: codes.MOST_CHARACTERS], did=did.value, at=step.at,
        rma_id=rma_id, line_id=line_id, observation_id=observation_id, units=units,
    )  # fmt: skip
    scan_id = await dock.add_scan(db, new)
    if scan_id is None:
        raise SentAgain
    return scan_id


async def _locked(db: Db, rma_id: UUID) -> ReturnRecord:
    record = await returns.lock(db, rma_id)
    if record is None:
        raise Refused("return_not_found", "there is no such return")
    return record
