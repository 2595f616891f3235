"""The work behind the portal: look for the orders shoppers ask for, and forget visits that are over."""

from uuid import UUID

from retour.core.order import Fetched
from retour.flows import order as order_flow
from retour.flows import visit as flow
from retour.main.house import ElsewhereOnly, House, Work, source, utc_now
from retour.store import jobs
from retour.store import visit as visits
from retour.store.jobs import Queue, Task


def look_up_work(here: House) -> Work:
    """Return the work of one look-up; the executor is asked where only it can open the platform's credential."""

    async def look_up(tenant_id: UUID, visit_id: UUID) -> None:
        async def read(connection_id: UUID, *, ref: str | None, name: str | None) -> Fetched | None:
            where = await source(here, tenant_id, connection_id)
            return await order_flow.read_order(here.database, source=where, clock=utc_now, ref=ref, name=name)

        try:
            await flow.look_up(
                here.database, here.vault, tenant_id=tenant_id, visit_id=visit_id, read=read,
                mirror=order_flow.mirror, clock=utc_now,
            )  # fmt: skip
        except ElsewhereOnly:
            async with here.database.tx(tenant_id) as db:
                await visits.due_now(db, visit_id, at=utc_now())
                await jobs.defer(db, [jobs.Job(Task.LOOK_UP, visit_id, Queue.MONEY)])

    return look_up


def forget_visits_work(here: House) -> Work:
    """Return the work of forgetting an account's visits that are over."""

    async def forget(tenant_id: UUID, _: UUID) -> None:
        async with here.database.tx(tenant_id) as db:
            await flow.forget_expired(db, now=utc_now())

    return forget
