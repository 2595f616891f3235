"""One act on one of several returns: the same flows as when it is done to it alone."""

from datetime import datetime
from uuid import UUID

from retour.core.attention import Priority
from retour.core.bulk import BulkAct
from retour.flows.rma.attend import assign, prioritise, retag
from retour.flows.rma.decide import add_note, approve, cancel, hold, reject, release
from retour.flows.rma.locking import locked
from retour.store.db import Db


async def do_one(
    db: Db, act: BulkAct, *, rma_id: UUID, said: str, actor: str, now: datetime, expect_version: int | None
) -> None:
    """Do an act to one return inside the open transaction; raise Refused as the act does alone.

    With a version that is not the return's any more it is `state_changed`; marks (whom it belongs to, tags, priority)
    do not compare it. `said` is what `core.bulk.check_said` has checked.
    """
    match act:
        case BulkAct.APPROVE:
            await approve(db, rma_id=rma_id, actor=actor, now=now, expect_version=expect_version)
        case BulkAct.REJECT:
            await reject(db, rma_id=rma_id, message=said, actor=actor, now=now, expect_version=expect_version)
        case BulkAct.CANCEL:
            await cancel(db, rma_id=rma_id, actor=actor, now=now, expect_version=expect_version)
        case BulkAct.HOLD:
            await hold(db, rma_id=rma_id, reason=said, actor=actor, now=now, expect_version=expect_version)
        case BulkAct.RELEASE:
            await release(db, rma_id=rma_id, actor=actor, now=now, expect_version=expect_version)
        case BulkAct.NOTE:
            await _note(db, rma_id, said, actor, now, expect_version)
        case _:
            await _mark(db, act, rma_id, said, actor, now)


async def _mark(db: Db, act: BulkAct, rma_id: UUID, said: str, actor: str, now: datetime) -> None:
    match act:
        case BulkAct.ASSIGN:
            await assign(db, rma_id=rma_id, staff_id=UUID(said) if said else None, actor=actor, now=now)
        case BulkAct.TAG:
            await retag(db, rma_id=rma_id, add=[said], remove=(), actor=actor, now=now)
        case BulkAct.UNTAG:
            await retag(db, rma_id=rma_id, add=(), remove=[said], actor=actor, now=now)
        case _:
            await prioritise(db, rma_id=rma_id, priority=Priority(said), actor=actor, now=now)


async def _note(db: Db, rma_id: UUID, said: str, actor: str, now: datetime, expect_version: int | None) -> None:
    """Write a note among staff; the same note is not written twice when the list is sent again."""
    await locked(db, rma_id, expect_version)
    await add_note(db, rma_id=rma_id, body=said, shown_to_shopper=False, actor=actor, now=now)
