"""Merging duplicates: of two open returns of one order one goes on, with the units and the promise of both."""

from datetime import datetime
from uuid import UUID

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.rma import count
from retour.core.rma.address import may_move
from retour.core.rma.merging import merge_objection
from retour.flows.rma.address import moved, order_keeps
from retour.flows.rma.locking import locked
from retour.store import fee as fees
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.rma import ReturnRecord, merging


async def merge(
    db: Db, *, rma_id: UUID, into: UUID, actor: str, now: datetime, expect_version: int | None = None
) -> ReturnRecord:
    """Move all lines of a return into another of its order and return that; what is merged is closed as cancelled.

    Every unit stays claimed throughout, each line keeps its decision, and both promises add up to the one that stays. So
    does what keeps either of them from going on by itself: a hold, an open question, a person's decision that is wanted.

    Raises Refused: `return_not_found`, `state_changed`, `merge_same_return`, `merge_other_order`, `merge_other_kind`,
    `merge_not_open`, `merge_has_goods`, `merge_has_money`, `merge_calls_running`, `merge_opened_there`.
    """
    source, target = await locked(db, rma_id, expect_version), await locked(db, into, field="into")
    if source.order_id != target.order_id:
        raise Refused("merge_other_order", "the returns are of two orders", field="into")
    no = merge_objection(source.rma, target.rma)
    if no is not None:
        raise Refused(no.code, no.message, field=no.field)
    mine, theirs = await merging.about(db, rma_id), await merging.about(db, into)
    if mine.labelled:
        raise Refused("merge_has_goods", "a label of the return is made or due; it keeps its number")
    if mine.waived:
        raise Refused("merge_has_money", "a fee of the return was waived; that stays where it was said")
    if (mine.kind, mine.policy_version_id) != (theirs.kind, theirs.policy_version_id):
        raise Refused(
            "merge_other_kind", "the returns are of two kinds, or under two versions of the policy", field="into"
        )
    await merging.merge(db, source_id=rma_id, target_id=into, actor=actor, at=now)
    if may_move(target.rma) and await merging.take_address(db, source_id=rma_id, target_id=into):
        await moved(db, target, order_keeps=await order_keeps(db, into), actor=actor, now=now)
    if source.rma.fee is not None and target.rma.fee is None:
        await fees.expect(db, into, at=now)
    units = sum(count(line.claimed) for line in source.rma.lines)
    gone: dict[str, object] = {"into": into, "other": target.rma.number, "units": units}
    taken: dict[str, object] = {"from": rma_id, "other": source.rma.number, "units": units}
    await returns.changed(db, source, EventType.RETURN_MERGED, actor=actor, at=now, data=gone)
    if source.rma.held and not target.rma.held:
        await _hold(db, rma_id, target, actor, now)
    return await returns.changed(db, target, EventType.RETURN_MERGED, actor=actor, at=now, data=taken)


async def _hold(db: Db, source_id: UUID, target: ReturnRecord, actor: str, now: datetime) -> None:
    """Tell that the hold of a return went over with it, and why it was held."""
    why = await merging.held_because(db, source_id)
    facts: dict[str, object] = {}
    if why is not None:
        facts["note_id"] = await returns.add_note(
            db, target.rma.id, body=why, shown_to_shopper=False, actor=actor, at=now
        )
    await returns.changed(db, target, EventType.RETURN_HELD, actor=actor, at=now, data=facts)
