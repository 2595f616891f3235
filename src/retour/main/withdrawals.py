"""The work behind withdrawals: look for the order of a statement, where its platform can be asked."""

from functools import partial
from uuid import UUID

from retour.core.order import Fetched
from retour.flows import order as order_flow
from retour.flows import rma as rma_flow
from retour.flows import withdrawal as flow
from retour.main.house import ElsewhereOnly, House, Work, source, utc_now
from retour.store import jobs
from retour.store import withdrawal as withdrawals
from retour.store.jobs import Queue, Task


def match_work(here: House) -> Work:
    """Return the work of matching one statement; the executor is asked where only it can open the credential."""

    async def match(tenant_id: UUID, withdrawal_id: UUID) -> None:
        async def read(connection_id: UUID, *, ref: str | None, name: str | None) -> Fetched | None:
            where = await source(here, tenant_id, connection_id)
            return await order_flow.read_order(here.database, source=where, clock=utc_now, ref=ref, name=name)

        matcher = flow.Matcher(
            here.database, here.vault, here.policies, read, order_flow.mirror,
            partial(rma_flow.open_withdrawal, policies=here.policies), utc_now,
        )  # fmt: skip
        try:
            await flow.match(matcher, tenant_id=tenant_id, withdrawal_id=withdrawal_id)
        except ElsewhereOnly:
            async with here.database.tx(tenant_id) as db:
                await withdrawals.put_off(db, withdrawal_id, due_at=utc_now())
                await jobs.defer(db, [jobs.Job(Task.MATCH_WITHDRAWAL, withdrawal_id, Queue.MONEY)])

    return match
