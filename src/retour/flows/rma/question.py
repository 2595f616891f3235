"""Asking the shopper before deciding: the return waits for the answer, then goes on where it was."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.rma import Act, allow
from retour.flows.rma.locking import locked
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.rma import ReturnRecord, questions

TEXT_MOST: Final = 10_000  # characters
DAYS_MOST: Final = 365


async def ask(
    db: Db,
    *,
    rma_id: UUID,
    question: str,
    actor: str,
    now: datetime,
    answer_days: int | None = None,
    expect_version: int | None = None,
) -> ReturnRecord:
    """Ask the shopper something; without `answer_days` the store's own time runs, if it has one.

    Until the answer nothing is approved by itself. Raises Refused: `return_not_found`, `state_changed`,
    `already_decided`, `already_asked`, `text_missing`, `days_out_of_range`.
    """
    record = await locked(db, rma_id, expect_version)
    text = _text(question, "question")
    days = record.rma.patience.unanswered_days if answer_days is None else answer_days
    if days is not None and not 1 <= days <= DAYS_MOST:
        raise Refused("days_out_of_range", f"give 1 to {DAYS_MOST} days", field="answer_days")
    allow(Act.ASK, record.rma, version=record.version)
    until = None if days is None else now + timedelta(days=days)
    asked = await questions.ask(db, rma_id, question=text, actor=actor, at=now, answer_by=until)
    facts: dict[str, object] = {"info_id": asked, "answer_by": until}
    return await returns.changed(db, record, EventType.RETURN_INFO_ASKED, actor=actor, at=now, data=facts)


async def answer(
    db: Db, *, rma_id: UUID, text: str, actor: str, now: datetime, order_id: UUID | None = None
) -> ReturnRecord:
    """Keep the shopper's answer and let the return go on; `order_id` is what the shopper has proven.

    Raises Refused: `return_not_found`, also for a return of another order, `nothing_asked`, `text_missing`.
    """
    record = await locked(db, rma_id)
    if order_id is not None and record.order_id != order_id:
        raise Refused("return_not_found", "there is no such return")
    said = _text(text, "answer")
    allow(Act.ANSWER, record.rma, version=record.version)
    closed = await questions.close(db, rma_id, outcome="answered", answer=said, actor=actor, at=now)
    return await returns.changed(db, record, EventType.RETURN_INFO_GIVEN, actor=actor, at=now, data={"info_id": closed})


def _text(text: str, field: str) -> str:
    said = text.strip()
    if not said or len(said) > TEXT_MOST or "\0" in said:
        raise Refused("text_missing", f"write something, in at most {TEXT_MOST} characters", field=field)
    return said
