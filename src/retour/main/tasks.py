"""The work of moving things on: effects, returns, what came in, orders."""

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog

from retour.core.order import Fetched
from retour.core.shipping import TrackingEvent
from retour.flows import effect as effect_flow
from retour.flows import order as order_flow
from retour.flows import rma as rma_flow
from retour.flows import shipping as shipping_flow
from retour.flows import webhook as webhook_flow
from retour.main.house import ElsewhereOnly, House, Step, Work, source, utc_now
from retour.main.intake import asked_regularly, documents
from retour.store import idempotency, instance, jobs
from retour.store.db import Db
from retour.store.jobs import Job, Queue, Task

_log = structlog.get_logger(__name__)

STANDING_S: Final = 1.0  # how long the database is believed to be the one this machine belongs to


def effect_step(here: House) -> Step:
    """Return the work of carrying one effect out; nothing happens where this database may not move money."""
    settings = here.settings

    async def move_on(db: Db, tenant_id: UUID, rma_id: UUID) -> Sequence[Job]:
        return await rma_flow.move_on(
            db, tenant_id=tenant_id, rma_id=rma_id, platforms=here.platforms, policies=here.policies, now=utc_now()
        )

    carrier = effect_flow.Carrier(
        database=here.database,
        connectors=here.carrier_to,
        open_credential=here.credential,
        pace=effect_flow.Pace(
            lease=timedelta(seconds=settings.lease_s),
            pause=timedelta(seconds=min(2.0, settings.sweep_s)),
            stopped=timedelta(seconds=min(2.0, settings.sweep_s)),
        ),
        clock=utc_now,
        vault=here.vault,
        move_on=move_on,
    )
    looked_at = -STANDING_S

    async def carry_out(tenant_id: UUID, effect_id: UUID) -> Sequence[Job]:
        nonlocal looked_at  # when this was last seen to be the right database; a claim itself reads the kill switch
        now = time.monotonic()
        if now - looked_at >= STANDING_S:
            if not await may_move_money(here):
                return ()
            looked_at = now
        return await effect_flow.carry_out(carrier, tenant_id=tenant_id, effect_id=effect_id)

    return carry_out


def in_a_row(here: House, steps: Mapping[Task, Step], first: Task) -> Work:
    """Return work that begins with a step and does at once what follows from it, one after the other.

    What follows was enqueued nowhere: it is when the work breaks off, and its rows' due times stand should we die.
    """

    async def do(tenant_id: UUID, id_: UUID) -> None:
        waiting = [Job(first, id_)]
        try:
            while waiting:
                job = waiting.pop(0)
                waiting += await steps[job.task](tenant_id, job.id)
        finally:
            if waiting:
                async with here.database.tx(tenant_id) as db:
                    await jobs.defer(db, waiting)

    return do


async def may_move_money(here: House) -> bool:
    """Return whether this is the database this machine belongs to and nobody stopped it."""
    async with here.database.tx(None) as db:
        state = await instance.check_instance(db, here.settings.data_dir, joined=here.settings.instance_id)
    if not state.may_move_money:
        _log.warning("nothing is sent", standing=state.standing.value, reason=state.reason, kill=state.kill_switch)
    return state.may_move_money


def advance_work(here: House) -> Work:
    """Return the work of moving one return on."""

    async def advance(tenant_id: UUID, rma_id: UUID) -> None:
        async def move(db: Db) -> None:
            await rma_flow.advance(
                db, tenant_id=tenant_id, rma_id=rma_id, platforms=here.platforms, policies=here.policies, now=utc_now()
            )

        await here.database.run(tenant_id, move)

    return advance


def inbox_work(here: House) -> Work:
    """Return the work of reading one inbox row: a hint is re-read, a scan moves a parcel, a document is taken in."""

    async def read(tenant_id: UUID, inbox_id: UUID) -> None:
        async def read_order(connection_id: UUID, *, ref: str | None, name: str | None) -> Fetched | None:
            where = await source(here, tenant_id, connection_id)
            return await order_flow.read_order(here.database, source=where, clock=utc_now, ref=ref, name=name)

        async def on_tracking(db: Db, said: TrackingEvent) -> None:
            await shipping_flow.track(db, said=said, now=utc_now())

        await webhook_flow.read_inbox(
            here.database,
            here.vault,
            tenant_id=tenant_id,
            inbox_id=inbox_id,
            read=read_order,
            mirror=order_flow.mirror,
            on_tracking=on_tracking,
            clock=utc_now,
            documents=documents(here, tenant_id),
        )

    return read


def sync_work(here: House) -> Work:
    """Return the work of syncing the orders of one connection."""

    async def sync(tenant_id: UUID, connection_id: UUID) -> None:
        if await asked_regularly(here, tenant_id, connection_id):
            return
        where = await source(here, tenant_id, connection_id)
        await order_flow.sync_orders(here.database, here.vault, source=where, clock=utc_now)

    return sync


def passed_on(here: House, task: Task, work: Work) -> Work:
    """Return work that is handed to the executor when only it can open the credential."""

    async def tried(tenant_id: UUID, id_: UUID) -> None:
        try:
            await work(tenant_id, id_)
        except ElsewhereOnly:
            async with here.database.tx(tenant_id) as db:
                await jobs.defer(db, [jobs.Job(task, id_, Queue.MONEY)])

    return tried


def forget_work(here: House) -> Work:
    """Return the work of forgetting an account's answers under keys that have expired."""

    async def forget(tenant_id: UUID, _: UUID) -> None:
        async with here.database.tx(tenant_id) as db:
            await idempotency.forget_expired(db)

    return forget
