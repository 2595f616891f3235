"""Deciding a return: approve, reject, cancel, note, hold; each by somebody, each compared with what they saw."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from retour.core.ahead import paid_ahead
from retour.core.attachment import check_count
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.rma import Act, Decision, ReturnLine, Span, allow, count, decide_line, minus
from retour.core.rma.moves import OPEN, UNDECIDED
from retour.core.rma.state import common
from retour.flows.rma.giving_up import show_paid_for
from retour.flows.rma.locking import locked
from retour.flows.rma.reopen import stand_again, take_back
from retour.store import photo
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.rma import ReturnRecord, questions


async def approve(
    db: Db,
    *,
    rma_id: UUID,
    actor: str,
    now: datetime,
    expect_version: int | None = None,
    line_ids: Sequence[UUID] | None = None,
) -> ReturnRecord:
    """Approve lines (all undecided ones by default); raise Refused(already_decided, move_not_allowed, state_changed)."""
    return await _decide(
        db, rma_id, Decision.APPROVED, EventType.RETURN_APPROVED, actor, now, expect_version, line_ids, None
    )


async def reject(
    db: Db,
    *,
    rma_id: UUID,
    message: str,
    actor: str,
    now: datetime,
    expect_version: int | None = None,
    line_ids: Sequence[UUID] | None = None,
) -> ReturnRecord:
    """Reject lines with a message for the shopper and free their units; raise Refused as `approve` does."""
    return await _decide(
        db, rma_id, Decision.REJECTED, EventType.RETURN_REJECTED, actor, now, expect_version, line_ids, message
    )


async def cancel(db: Db, *, rma_id: UUID, actor: str, now: datetime, expect_version: int | None = None) -> ReturnRecord:
    """Cancel what has not arrived yet: the whole return, or the rest of one that arrived in part.

    Raises Refused(already_received) if everything is here, Refused(move_not_allowed) if the return is closed.
    """
    record = await locked(db, rma_id, expect_version)
    allow(Act.CANCEL, record.rma, version=record.version)
    open_lines = [line for line in record.rma.lines if line.decision in OPEN]
    outstanding = [line for line in open_lines if count(line.received) < line.quantity]
    if not outstanding:  # what is kept has nothing to arrive
        raise Refused("already_received", "everything has arrived; nothing is left to cancel")
    freed, paid_for = 0, list[tuple[str, Span]]()
    for line in outstanding:
        units = minus(line.claimed, line.received)
        n = count(units)
        freed += n
        paid_for += [(line.line_ref, span) for span in common(units, paid_ahead(record.rma, line.line_ref))]
        if not line.received:
            decide_line(line.decision, Decision.CANCELLED)
            await returns.decide(db, [line.id], Decision.CANCELLED, actor=actor, at=now)
        await returns.free_units(
            db, line_id=line.id, order_id=record.order_id, line_ref=line.line_ref, keep=line.received, freed=n
        )
    await questions.close(db, rma_id, outcome="overtaken", actor=actor, at=now)
    if paid_for:  # nobody takes the money back by itself
        await show_paid_for(db, record, paid_for, now)
    return await returns.changed(db, record, EventType.RETURN_CANCELLED, actor=actor, at=now, data={"units": freed})


async def add_note(
    db: Db,
    *,
    rma_id: UUID,
    body: str,
    shown_to_shopper: bool,
    actor: str,
    now: datetime,
    uploads: Sequence[UUID] = (),
    attached: int = 0,
) -> UUID:
    """Keep a note on a return and return its id; the shopper is told by mail of one that is for them.

    `uploads` were sent of the return's order and go with it; `attached` is how many the caller attaches itself.

    Raises Refused: `return_not_found`, `photo_not_found`, `too_many_photos`.
    """
    record = await locked(db, rma_id)
    check_count(len(uploads) + attached)
    note_id = await returns.add_note(db, rma_id, body=body, shown_to_shopper=shown_to_shopper, actor=actor, at=now)
    if uploads:
        given = await photo.give_to_note(
            db, rma_id=rma_id, note_id=note_id, order_id=record.order_id, photo_ids=uploads
        )
        if len(given) != len(uploads):
            raise Refused("photo_not_found", "nothing was sent of this order under that id", field="photos")
    facts: dict[str, object] = {"note_id": note_id, "shown": shown_to_shopper}
    if uploads or attached:
        facts["photos"] = len(uploads) + attached
    await returns.changed(db, record, EventType.RETURN_NOTED, actor=actor, at=now, data=facts)
    return note_id


async def hold(
    db: Db, *, rma_id: UUID, reason: str, actor: str, now: datetime, expect_version: int | None = None
) -> ReturnRecord:
    """Hold a return's automatic steps until somebody releases it; the reason is kept as a note among staff.

    Raises Refused: `return_not_found`, `state_changed`, `already_decided` for a closed return. Held twice is held once.
    """
    record = await locked(db, rma_id, expect_version)
    allow(Act.HOLD, record.rma, version=record.version)
    if not await returns.hold(db, rma_id, held=True):
        return record
    note_id = await returns.add_note(db, rma_id, body=reason, shown_to_shopper=False, actor=actor, at=now)
    return await returns.changed(db, record, EventType.RETURN_HELD, actor=actor, at=now, data={"note_id": note_id})


async def release(
    db: Db, *, rma_id: UUID, actor: str, now: datetime, expect_version: int | None = None
) -> ReturnRecord:
    """Let a held return's automatic steps go on; raise Refused(return_not_found, state_changed)."""
    record = await locked(db, rma_id, expect_version)
    if not await returns.hold(db, rma_id, held=False):
        return record
    return await returns.changed(db, record, EventType.RETURN_RELEASED, actor=actor, at=now, data={})


async def _decide(
    db: Db,
    rma_id: UUID,
    to: Decision,
    what: EventType,
    actor: str,
    now: datetime,
    expect_version: int | None,
    line_ids: Sequence[UUID] | None,
    message: str | None,
) -> ReturnRecord:
    record = await locked(db, rma_id, expect_version)
    lines = _chosen(record, line_ids, Act.APPROVE if to is Decision.APPROVED else Act.REJECT)
    for line in lines:
        decide_line(line.decision, to)
    await returns.decide(db, [line.id for line in lines], to, actor=actor, at=now, message=message)
    decided = {line.id for line in lines}
    if not any(line.decision in UNDECIDED and line.id not in decided for line in record.rma.lines):
        await questions.close(db, rma_id, outcome="overtaken", actor=actor, at=now)
    if to is Decision.REJECTED:
        for line in lines:
            here = count(line.received)  # what arrived stays with this return, whatever is decided of it now
            await returns.free_units(
                db, line_id=line.id, order_id=record.order_id, line_ref=line.line_ref, keep=line.received,
                freed=line.quantity - here,
            )  # fmt: skip
        await take_back(db, record, lines, actor=actor, now=now)
    else:
        await stand_again(db, record, lines, actor=actor, now=now)
    facts: dict[str, object] = {"lines": [line.id for line in lines]}
    return await returns.changed(db, record, what, actor=actor, at=now, data=facts)


def _chosen(record: ReturnRecord, line_ids: Sequence[UUID] | None, act: Act) -> list[ReturnLine]:
    lines = record.rma.lines
    if line_ids is None:
        allow(act, record.rma, version=record.version)
        return [line for line in lines if line.decision in UNDECIDED]
    known = {line.id: line for line in lines}
    for index, line_id in enumerate(line_ids):
        if line_id not in known:
            raise Refused("return_line_not_found", "the return has no such line", field=f"lines[{index}]")
    return [known[line_id] for line_id in dict.fromkeys(line_ids)]
