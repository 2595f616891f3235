"""A parcel that does not arrive: somebody decides that its goods are lost, and the shopper gets what they were promised."""

from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.rma import Act, Decision, allow, count, minus
from retour.flows.rma.locking import locked
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.rma import ReturnRecord, edit, lost

REASON_MOST: Final = 1_000  # characters


async def treat_as_lost(
    db: Db, *, rma_id: UUID, reason: str, actor: str, now: datetime, expect_version: int | None = None
) -> ReturnRecord:
    """Let the approved units that are on their way count as here: they are settled, and nobody waits for them.

    What arrived stays what it is. Should lost goods turn up after all, receiving them is enough (`receive`).

    Raises Refused: `return_not_found`, `state_changed`, `already_decided`, `not_approved`, `not_sent`,
    `already_received`, `reason_missing`, `card_hold_open`.
    """
    record = await locked(db, rma_id, expect_version)
    allow(Act.LOSE, record.rma, version=record.version)
    if record.rma.card is not None and record.rma.card.is_open:
        raise Refused("card_hold_open", "a card is held for these goods; release or capture it first")
    said = reason.strip()
    if not said or len(said) > REASON_MOST:
        raise Refused("reason_missing", f"say why, in at most {REASON_MOST} characters", field="reason")
    units, ids = 0, list[UUID]()
    for line in record.rma.lines:
        gone = minus(line.claimed, line.received)
        if line.decision is not Decision.APPROVED or line.kept or not gone:
            continue
        units += count(gone)
        ids.append(await lost.lose(db, line, at=now))
        if line.received:
            ref, freed = line.line_ref, count(gone)
            await returns.free_units(
                db, line_id=line.id, order_id=record.order_id, line_ref=ref, keep=line.received, freed=freed
            )
            await edit.claim(db, line_id=ids[-1], order_id=record.order_id, line_ref=ref, units=gone)
    told: dict[str, object] = {"units": units, "lines": ids, "reason": said}
    return await returns.changed(db, record, EventType.RETURN_LOST, actor=actor, at=now, data=told)
