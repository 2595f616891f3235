"""The first account of an installation is opened by whoever is first, and by nobody else."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from retour.core.account import Role
from retour.core.errors import Refused
from retour.flows import account as flow
from retour.store import account
from retour.store.db import Database, Db

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


async def test_of_many_at_once_one_sets_up_the_installation(database: Database) -> None:
    async def set_up(n: int) -> str:
        tenant_id = uuid4()

        async def work(db: Db) -> str:
            owner = await flow.set_up(
                db, tenant_id=tenant_id, shop_name=f"Fjellhus {n}", timezone="Europe/Berlin", currency="EUR",
                name="Ada", email="ada@example.com", password_hash="h", language="de", now=NOW,
            )  # fmt: skip
            assert (owner.role, owner.language) == (Role.OWNER, "de")
            return "set up"

        try:
            return await database.run(tenant_id, work)
        except Refused as refused:
            return refused.code

    seen = await asyncio.gather(*(set_up(n) for n in range(5)))

    assert sorted(seen) == ["already_set_up"] * 4 + ["set up"]
    async with database.tx(None) as db:
        (tenant_id,) = await account.route_accounts(db)
    async with database.tx(tenant_id) as db:
        assert len(await account.stores(db)) == 1
        assert [member.email for member in await account.staff(db)] == ["ada@example.com"]
