"""Many readers of the same order at once: one row, one person, nothing lost."""

import asyncio
from datetime import timedelta

import pytest

from retour.flows import order as flow
from retour.store.db import Database
from retour.store.vault import Vault
from tests.flows.order.shop import NOON, Shop, a_refund, an_order, fetched

pytestmark = pytest.mark.anyio


async def test_eight_readers_of_a_new_order_make_one_row_and_keep_the_newest(
    database: Database, vault: Vault, shop: Shop
) -> None:
    def reading(n: int) -> object:
        changes = {"updated_at": NOON + timedelta(minutes=n), "refunds": (a_refund(amount=100 * n),)}
        return database.run(
            shop.tenant_id,
            lambda db: flow.mirror(
                db, vault, connection_id=shop.connection_id, fetched=fetched(an_order(**changes)), at=NOON
            ),
        )

    saved = await asyncio.gather(*(reading(n) for n in (3, 7, 1, 8, 2, 6, 4, 5)))  # type: ignore[call-overload]

    assert len({each.record.id for each in saved}) == 1
    assert sum(each.added for each in saved) == 1
    async with database.tx(shop.tenant_id) as db:
        assert await db.fetchval("SELECT count(*) FROM person") == 1
        assert await db.fetchval("SELECT far_updated_at FROM sales_order") == NOON + timedelta(minutes=8)
        assert await db.fetchval("SELECT external_refunded_minor FROM payment_capture") == 800
        sequence = await db.fetch("SELECT seq FROM event WHERE resource_kind = 'order' ORDER BY seq")
    assert [row["seq"] for row in sequence] == list(range(1, len(sequence) + 1))
