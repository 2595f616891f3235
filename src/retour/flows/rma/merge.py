"""Merging duplicates: of two open returns of one order one goes on, with the units and the promise of both."""

from datetime import datetime
from uuid import UUID

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.rma import count
from retour.core.rma.merging import merge_objection
from retour.store import fee as fees
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.rma import ReturnRecord, merging


async def merge(
    db: Db, *, rma_id: UUID, into: UUID, actor: str, now: datetime, expect_version: int | None = None
) -> ReturnRecord:
    """Move all lines of a return into another of its order and return that; what is merged is closed as cancelled.

    Every unit stays claimed throughout, each line keeps its decision, and both promises add up to the one that stays.

    Raises Refused: `return_not_found`, `state_changed`, `merge_same_return`, `merge_other_order`, `merge_other_kind`,
    `merge_not_open`, `merge_has_goods`, `merge_has_money`, `merge_calls_running`, `merge_opened_there`.
    """
    source, target = await _locked(db, rma_id, None), await _locked(db, into, "into")
    if expect_version is not None and expect_version != source.version:
        facts = {"status": source.rma.status.value, "version": source.version}
        raise Refused("state_changed", "somebody changed the return since you read it", facts=facts)
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
    if source.rma.fee is not None and target.rma.fee is None:
        await fees.expect(db, into, at=now)
    units = sum(count(line.claimed) for line in source.rma.lines)
    gone: dict[str, object] = {"into": into, "other": target.rma.number, "units": units}
    taken: dict[str, object] = {"from": rma_id, "other": source.rma.number, "units": units}
    await returns.changed(db, source, EventType.RETURN_MERGED, actor=actor, at=now, data=gone)
    return await returns.changed(db, target, EventType.RETURN_MERGED, actor=actor, at=now, data=taken)


async def _locked(db: Db, rma_id: UUID, field: str | None) -> ReturnRecord:
    record = await returns.lock(db, rma_id)
    if record is None:
        raise Refused("return_not_found", "there is no such return", field=field)
    return record
