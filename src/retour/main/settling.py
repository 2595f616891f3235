"""Wires what happens to settlements: compared and paid, handed over to the merchant, reminded of when nobody reports."""

from collections.abc import Sequence
from uuid import UUID

from retour.flows import hand_over as hand_over_flow
from retour.flows import refund as refund_flow
from retour.main.house import House, Step, Work, utc_now
from retour.store.db import Db
from retour.store.jobs import Job


def settle_step(here: House) -> Step:
    """Return the work of comparing and paying one settlement."""

    async def settle(tenant_id: UUID, settlement_id: UUID) -> Sequence[Job]:
        return await refund_flow.settle(
            here.database,
            tenant_id=tenant_id,
            settlement_id=settlement_id,
            connectors=here.connector,
            open_credential=here.credential,
            policies=here.policies,
            platforms=here.platforms,
            clock=utc_now,
            hand_over=hand_over_flow.hand_over,
            is_in_a_row=True,
        )

    return settle


def remind_work(here: House) -> Work:
    """Return the work of showing one settlement that was handed over and that nobody has reported on."""

    async def remind(tenant_id: UUID, settlement_id: UUID) -> None:
        async def show(db: Db) -> None:
            await hand_over_flow.remind(db, settlement_id=settlement_id, now=utc_now())

        await here.database.run(tenant_id, show)

    return remind
