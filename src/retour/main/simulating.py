"""Wires simulations: the worker alone runs them, beside its jobs."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from retour.flows import simulation as flow
from retour.store.db import Database


def simulation_work(database: Database, clock: Callable[[], datetime]) -> Callable[[UUID, UUID], Awaitable[None]]:
    """Return the work of one simulation."""

    async def simulate(tenant_id: UUID, simulation_id: UUID) -> None:
        await flow.run(database, tenant_id=tenant_id, simulation_id=simulation_id, clock=clock)

    return simulate


def forget_simulations_work(
    database: Database, clock: Callable[[], datetime]
) -> Callable[[UUID, UUID], Awaitable[None]]:
    """Return the work of forgetting an account's simulations whose time is over."""

    async def forget(tenant_id: UUID, _: UUID) -> None:
        async with database.tx(tenant_id) as db:
            await flow.forget_expired(db, now=clock())

    return forget
