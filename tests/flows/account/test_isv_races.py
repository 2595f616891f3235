"""An integrator's key of an account ends with the service, also where both happen at once."""

import asyncio
import contextvars
from collections.abc import Coroutine
from typing import Any
from uuid import UUID, uuid4

import pytest

from retour.core.account import Role
from retour.core.errors import Refused
from retour.flows import account as accounts
from retour.flows.account import isv as flow
from retour.store import account, isv
from retour.store.db import Database, Db
from tests.doors.api.an_isv import NOW, Integrator, admitted, an_integrator, ended
from tests.waiting import until

pytestmark = pytest.mark.anyio
BLOCKS = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"


@pytest.fixture
async def served(database: Database) -> tuple[UUID, Integrator]:
    """An account and the integrator that serves it."""
    tenant_id, bridge = uuid4(), await an_integrator(database)
    async with database.tx(tenant_id) as db:
        await accounts.create_account(db, tenant_id=tenant_id, name=f"Shop {tenant_id}", actor="cli", now=NOW)
    await admitted(database, tenant_id, bridge)
    return tenant_id, bridge


async def meanwhile(db: Db, outside: contextvars.Context, rival: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """Let a rival of the open transaction go as far as it can, and return it."""
    task = asyncio.get_running_loop().create_task(rival, context=outside)

    async def is_as_far_as_it_can() -> bool:
        return task.done() or bool(await db.fetchval(BLOCKS))

    await until(is_as_far_as_it_can)
    return task


async def live_keys(database: Database, tenant_id: UUID, bridge: Integrator) -> list[UUID]:
    async with database.tx(tenant_id) as db:
        return [key.id for key in await isv.keys(db, bridge.id)]


@pytest.mark.parametrize("rotated", [False, True])
async def test_a_key_made_while_the_service_ends_ends_too(
    database: Database, served: tuple[UUID, Integrator], rotated: bool
) -> None:
    (tenant_id, bridge), outside = served, contextvars.copy_context()
    async with database.tx(tenant_id) as db:
        old = await flow.make_key_of(db, isv_id=bridge.id, name="Old", role=Role.AGENT, now=NOW)
    async with database.tx(tenant_id) as db:
        if rotated:
            await flow.rotate_key_of(db, isv_id=bridge.id, key_id=old.id, now=NOW)
        else:
            await flow.make_key_of(db, isv_id=bridge.id, name="New", role=Role.AGENT, now=NOW)
        ending = await meanwhile(db, outside, ended(database, tenant_id, bridge))
    await ending

    assert await live_keys(database, tenant_id, bridge) == []


async def test_no_key_is_made_behind_a_service_that_is_ending(
    database: Database, served: tuple[UUID, Integrator]
) -> None:
    (tenant_id, bridge), outside = served, contextvars.copy_context()

    async def makes() -> None:
        async with database.tx(tenant_id) as db:
            await flow.make_key_of(db, isv_id=bridge.id, name="New", role=Role.AGENT, now=NOW)

    async with database.tx(tenant_id) as db:
        await flow.end(db, isv_id=bridge.id, actor="staff:owner", now=NOW)
        making = await meanwhile(db, outside, makes())
    with pytest.raises(Refused) as refused:
        await making

    assert refused.value.code == "isv_not_found"
    assert await live_keys(database, tenant_id, bridge) == []


async def test_a_key_of_a_service_that_has_ended_opens_nothing_even_if_it_was_not_revoked(
    database: Database, served: tuple[UUID, Integrator]
) -> None:
    tenant_id, bridge = served
    async with database.tx(tenant_id) as db:
        own = await accounts.create_key(db, name="Own", role=Role.AGENT, actor="cli", now=NOW)
        key = await flow.make_key_of(db, isv_id=bridge.id, name="New", role=Role.AGENT, now=NOW)
        before = await account.read_key(db, key.id)
        await isv.end(db, bridge.id, at=NOW, by="staff:owner")
        after, others = await account.read_key(db, key.id), await account.read_key(db, own.id)

    assert (before is not None, after, others is not None) == (True, None, True)
