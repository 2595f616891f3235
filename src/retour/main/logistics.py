"""Wires the goods' way back: labels that a job makes."""

from uuid import UUID

from retour.flows import label as label_flow
from retour.main.house import House, Work, utc_now
from retour.store.db import Db


def label_work(here: House) -> Work:
    """Return the work of making one label."""

    async def make(tenant_id: UUID, label_id: UUID) -> None:
        async def work(db: Db) -> None:
            await label_flow.make(db, here.vault, label_id=label_id, now=utc_now())

        await here.database.run(tenant_id, work)

    return make
