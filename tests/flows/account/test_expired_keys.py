"""Answers under an Idempotency-Key are kept for a day, then forgotten by the sweep."""

from datetime import timedelta
from uuid import UUID

import pytest

from retour.store import due, idempotency
from retour.store.db import Database
from retour.store.ids import new_id

pytestmark = pytest.mark.anyio
KEEP = """
INSERT INTO idempotency (tenant_id, key, request_hash, status, body, created_at)
VALUES ($1, $2, 'hash', 201, 'answer', clock_timestamp() - $3::interval)
"""
KEYS = "SELECT key FROM idempotency WHERE tenant_id = current_tenant() ORDER BY key"


async def an_account(database: Database, **ages: timedelta) -> UUID:
    tenant_id = new_id()
    async with database.tx(tenant_id) as db:
        await db.execute("INSERT INTO account (tenant_id, name) VALUES ($1, 'Acme')", tenant_id)
        for key, age in ages.items():
            await db.execute(KEEP, tenant_id, key, age)
    return tenant_id


async def test_only_accounts_with_answers_older_than_a_day_are_swept_and_only_those_are_forgotten(
    database: Database,
) -> None:
    old = await an_account(database, yesterday=timedelta(hours=25), today=timedelta(hours=23))
    await an_account(database, now=timedelta(0))

    async with database.tx(None) as db:
        found = await due.expired_keys(db, most=10, overdue=timedelta(0))
    assert found == [(old, old)]
    async with database.tx(old) as db:
        await idempotency.forget_expired(db)

    async with database.tx(old) as db:
        assert [row["key"] for row in await db.fetch(KEYS)] == ["today"]
    async with database.tx(None) as db:
        assert await due.expired_keys(db, most=10, overdue=timedelta(0)) == []
