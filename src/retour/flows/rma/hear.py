"""What a shopper writes outside the portal: an answer where something was asked, else a message that staff read."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.flows.rma.question import TEXT_MOST, answer
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.rma import questions


async def hear(
    db: Db, *, rma_id: UUID, text: str, actor: str, facts: Mapping[str, object], now: datetime, attached: int = 0
) -> UUID | None:  # fmt: skip
    """Keep what a shopper wrote; return the note that it became, or nothing where it answered a question.

    `attached` is how many pictures the caller puts to it. Nothing moves by it but the question.
    Raises Refused: `return_not_found`, `text_missing`.
    """
    record = await returns.lock(db, rma_id)
    if record is None:
        raise Refused("return_not_found", "there is no such return")
    said = text.strip()[:TEXT_MOST]
    if not said or "\0" in said:
        raise Refused("text_missing", "write something", field="text")
    if any(asked.closed_at is None for asked in await questions.of_return(db, rma_id)):
        await answer(db, rma_id=rma_id, text=said, actor=actor, now=now)
        return None
    note_id = await returns.add_note(db, rma_id, body=said, shown_to_shopper=True, actor=actor, at=now)
    data: dict[str, object] = {"note_id": note_id, **facts} | ({"photos": attached} if attached else {})
    await returns.changed(db, record, EventType.RETURN_WRITTEN, actor=actor, at=now, data=data)
    return note_id
