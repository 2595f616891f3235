"""Wires what watches over waits and money: escalations, and the mails that tell of alarms."""

from uuid import UUID

from retour.flows import escalation as flow
from retour.flows import notice as notice_flow
from retour.main.house import House, Work, utc_now
from retour.store.db import Db


def escalate_work(here: House) -> Work:
    """Return the work of escalating one return that waits too long."""

    async def escalate(tenant_id: UUID, rma_id: UUID) -> None:
        async def work(db: Db) -> None:
            await flow.escalate(db, rma_id=rma_id, now=utc_now())

        await here.database.run(tenant_id, work)

    return escalate


def escalate_withdrawal_work(here: House) -> Work:
    """Return the work of escalating one statement of withdrawal that waits too long."""

    async def escalate(tenant_id: UUID, withdrawal_id: UUID) -> None:
        async def work(db: Db) -> None:
            await flow.escalate_withdrawal(db, withdrawal_id=withdrawal_id, now=utc_now())

        await here.database.run(tenant_id, work)

    return escalate


def notice_work(here: House) -> Work:
    """Return the work of mailing the staff about one return."""

    async def tell(tenant_id: UUID, rma_id: UUID) -> None:
        async def work(db: Db) -> None:
            await notice_flow.tell(
                db, here.vault, tenant_id=tenant_id, rma_id=rma_id, public_url=here.settings.public_url, now=utc_now()
            )

        await here.database.run(tenant_id, work)

    return tell


def alarm_work(here: House) -> Work:
    """Return the work of telling one alarm by mail."""

    async def tell(tenant_id: UUID, alarm_id: UUID) -> None:
        async def work(db: Db) -> None:
            await flow.tell(
                db, here.vault, tenant_id=tenant_id, alarm_id=alarm_id, public_url=here.settings.public_url,
                now=utc_now(),
            )  # fmt: skip

        await here.database.run(tenant_id, work)

    return tell
