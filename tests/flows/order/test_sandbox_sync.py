"""The mirror against the sandbox shop over real HTTP: every order, its counters and captures, through the connector."""

from datetime import UTC, datetime

import pytest

from retour.flows import order as flow
from retour.store import discrepancy
from retour.store import order as orders
from retour.store.db import Database
from retour.store.vault import Vault
from tests.connectors.shopify.live_shop import live_shop
from tests.flows.order.shop import Shop

pytestmark = pytest.mark.anyio
SINCE = datetime(2020, 1, 1, tzinfo=UTC)


async def test_the_whole_shop_is_mirrored_and_closes(database: Database, vault: Vault, shop: Shop) -> None:
    now = datetime.now(UTC)
    async with live_shop(orders=60) as live:
        source = flow.Source(shop.tenant_id, shop.connection_id, live.connector, live.at)
        async with database.tx(shop.tenant_id) as db:
            await flow.start_sync(db, connection_id=shop.connection_id, since=SINCE, at=now)

        run = await flow.sync_orders(database, vault, source=source, clock=lambda: now)

        assert run == flow.Synced(read=60, changed=60, done=True)
        async with database.tx(shop.tenant_id) as db:
            names = [row["name"] for row in await db.fetch("SELECT name FROM sales_order ORDER BY name")]
            found = [(d.kind, dict(d.details)) for d in await discrepancy.list_open(db)]
            spent = await db.fetchval("SELECT sum(external_refunded_minor) FROM payment_capture")
        assert len(set(names)) == 60
        assert {kind for kind, _ in found} <= {"sku_missing", "variant_missing"}
        assert spent > 0
        async with database.tx(shop.tenant_id) as db:
            before = await orders.find_by_name(db, shop.store_id, names[0])
        assert before is not None

        again = await flow.fetch_on_demand(database, vault, source=source, name=names[0], clock=lambda: now)

        assert again is not None
        assert (again.record.version, again.changed, again.stale) == (before.version, False, False)
        assert await flow.fetch_on_demand(database, vault, source=source, name="#0000", clock=lambda: now) is None
