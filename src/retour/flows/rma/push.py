"""Telling a return to the returns system that the merchant prefers, once, and whether both stand alike at the end."""

from datetime import datetime
from uuid import UUID

from retour.core.effect import EffectKind, PushReturn
from retour.core.order import Order
from retour.core.platforms import Platforms
from retour.core.push import agrees, business_ref, pushed_document
from retour.core.rma.moves import OPEN
from retour.store import effect as effects
from retour.store import intake as intakes
from retour.store import jobs
from retour.store.db import Db
from retour.store.rma import ReturnRecord


async def push(
    db: Db, tenant_id: UUID, record: ReturnRecord, order: Order, platforms: Platforms, now: datetime
) -> list[jobs.Job]:
    """Plan the effect that tells the return to the system it goes to, if it goes to one, and return its job."""
    ret = record.rma
    if ret.push_to is None or platforms.push is None or ret.held or ret.status not in OPEN:
        return []
    planned = await effects.plan(
        db,
        effects.Planned(
            kind=EffectKind.PUSH_RETURN,
            business_ref=business_ref(ret),
            reference=f"R-{ret.number}",
            target=PushReturn(pushed_document(ret, order)),
            connection_id=ret.push_to,
            order_id=record.order_id,
            rma_id=ret.id,
            platforms=platforms,
            capability=platforms.push,
        ),
        tenant_id=tenant_id,
        at=now,
    )
    return [] if planned is None else [jobs.Job(jobs.Task.CARRY_OUT, planned, jobs.Queue.MONEY)]


async def compare(db: Db, record: ReturnRecord, now: datetime) -> None:
    """Show that a return that was told ended there otherwise, unless that was shown before; no more once it ends here.

    Nothing is asked of a return that was never told.
    """
    ret = record.rma
    if all(effect.kind is not EffectKind.PUSH_RETURN for effect in ret.effects):
        return
    found = await intakes.standing(db, ret.id)
    if found is None or agrees(found.there, ret.status) != found.apart:
        return  # it is shown where it is so, and only there
    if found.apart:
        await intakes.set_alike(db, ret.id, actor="retour", at=now)
    elif not await intakes.was_apart(db, ret.id):
        here = ret.status.value
        await intakes.set_apart(
            db, ret.id, store_id=record.store_id, there=found.there, here=here, actor="retour", at=now
        )
