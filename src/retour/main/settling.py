"""Wires what happens to settlements: compared and paid, handed over to the merchant, reminded of when nobody reports."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from retour.core.order import Fetched
from retour.flows import card_hold as card_hold_flow
from retour.flows import exchange as exchange_flow
from retour.flows import hand_over as hand_over_flow
from retour.flows import order as order_flow
from retour.flows import refund as refund_flow
from retour.main.house import House, Step, Work, utc_now
from retour.store.db import Db
from retour.store.jobs import Job
from retour.store.order import Mirrored


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


def exchange_work(here: House) -> Work:
    """Return the work of taking the new order of one exchange as far as it goes now."""

    async def mirror(db: Db, connection_id: UUID, fetched: Fetched, at: datetime) -> Mirrored:
        return await order_flow.mirror(
            db, here.vault, connection_id=connection_id, fetched=fetched, at=at, cause="exchange"
        )

    far = exchange_flow.Far(
        database=here.database, connectors=here.connector, open_credential=here.credential, platforms=here.platforms,
        policies=here.policies, clock=utc_now, mirror=mirror,
    )  # fmt: skip

    async def carry_on(tenant_id: UUID, settlement_id: UUID) -> None:
        await exchange_flow.carry_on(far, tenant_id=tenant_id, settlement_id=settlement_id)

    return carry_on


def card_hold_work(here: House) -> Work:
    """Return the work of taking the authorisation of one card as far as it goes now."""
    far = card_hold_flow.Far(
        database=here.database, providers=here.provider, connectors=here.connector, open_credential=here.credential,
        platforms=here.platforms, policies=here.policies, clock=utc_now,
    )  # fmt: skip

    async def carry_on(tenant_id: UUID, hold_id: UUID) -> None:
        await card_hold_flow.carry_on(far, tenant_id=tenant_id, hold_id=hold_id)

    return carry_on
