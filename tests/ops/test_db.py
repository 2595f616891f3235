"""The transaction door: tenants cannot see each other, and what is open is known."""

from uuid import uuid4

import pytest

from retour.store.db import Database, in_transaction

pytestmark = pytest.mark.anyio


async def test_json_numbers_stay_integers(database: Database) -> None:
    async with database.tx(uuid4()) as db:
        assert await db.fetchval("SELECT $1::jsonb", {"n": 9007199254740993}) == {"n": 9007199254740993}
        assert in_transaction()
    assert not in_transaction()
