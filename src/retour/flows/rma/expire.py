"""What time does to a return: it gets its deadline, its shopper is reminded, and in the end its units are free again."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from retour.core.ahead import paid_ahead
from retour.core.event import EventType
from retour.core.rma import Decision, Span, Turn, count, deadline, expiring, minus, sends_by, turn_due
from retour.core.rma.state import common
from retour.flows.rma.giving_up import show_paid_for
from retour.store import event, patience
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.rma import ReturnRecord, questions
from retour.store.rma.refresh import OURSELVES


async def turn(db: Db, record: ReturnRecord, *, now: datetime) -> bool:
    """Do what time does to a return by now, under its lock; return whether that was anything."""
    ret = record.rma
    if ret.send_by is None and (until := sends_by(ret)) is not None:
        await patience.set_send_by(db, ret.id, until)
        return True
    due = turn_due(ret, now=now)
    if due is Turn.REMIND:
        await _remind(db, record, now)
    elif due is Turn.EXPIRE:
        await _expire(db, record, now)
    return due is not None


async def _remind(db: Db, record: ReturnRecord, now: datetime) -> None:
    runs = deadline(record.rma)
    assert runs is not None, "a reminder is of a deadline"
    if record.rma.asked is not None:
        await questions.mark_reminded(db, record.rma.id, at=now)
    else:
        await patience.mark_reminded(db, record.rma.id, at=now)
    await _tell(db, record, EventType.RETURN_REMINDED, now, {"because": runs.because.value, "until": runs.at})


async def _expire(db: Db, record: ReturnRecord, now: datetime) -> None:
    """End what nobody sent or answered; its units are free for another return. What was carried out waits for staff."""
    ret, runs = record.rma, deadline(record.rma)
    assert runs is not None, "what expires had a deadline"
    lines = expiring(ret)
    paid_for: list[tuple[str, Span]] = []
    freed = 0
    for line in lines:
        units = minus(line.claimed, line.received)
        freed += count(units)
        paid_for += [(line.line_ref, span) for span in common(units, paid_ahead(ret, line.line_ref))]
        await returns.free_units(
            db, line_id=line.id, order_id=record.order_id, line_ref=line.line_ref, keep=line.received,
            freed=count(units),
        )  # fmt: skip
    ids: Sequence[UUID] = [line.id for line in lines]
    await returns.decide(db, ids, Decision.EXPIRED, actor=OURSELVES, at=now)
    if ret.asked is not None:
        await questions.close(db, ret.id, outcome="expired", actor=OURSELVES, at=now)
    if paid_for:
        await show_paid_for(db, record, paid_for, now)
    if not lines:
        await _tell(db, record, EventType.RETURN_UNANSWERED, now, {})
        return
    facts: dict[str, object] = {"because": runs.because.value, "lines": list(ids), "units": freed}
    await _tell(db, record, EventType.RETURN_EXPIRED, now, facts)


async def _tell(db: Db, record: ReturnRecord, what: EventType, now: datetime, data: dict[str, object]) -> None:
    await event.tell(
        db, [(what, OURSELVES)], resource_kind="return", resource_id=record.rma.id, store_id=record.store_id, at=now,
        data={"number": record.rma.number, **data},
    )  # fmt: skip
