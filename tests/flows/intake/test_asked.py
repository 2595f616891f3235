"""The worker's own wiring: a source that is asked is read over the network, with the token that only the worker opens."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from retour import settings as settings_room
from retour.connectors.feed.client import FeedClient
from retour.connectors.http import Http
from retour.connectors.picture.client import PictureClient
from retour.connectors.webhook.client import WebhookClient
from retour.core.platforms import Platforms
from retour.flows.intake.sources import Asked, add_source
from retour.main.house import House, utc_now
from retour.main.intake import asked_regularly
from retour.store.db import Database
from retour.store.policy import PolicyCache
from tests.connectors.far_side import far_side, http
from tests.core.intake.papers import an_order
from tests.flows.intake.source import a_sender

pytestmark = pytest.mark.anyio


async def test_the_worker_asks_a_source_with_its_token_and_leaves_others_alone(
    database: Database, tmp_path: Path
) -> None:
    sender = await a_sender(database, tmp_path)
    body = json.dumps({"items": [an_order()], "next": None}).encode()
    async with far_side(lambda _: http(body)) as side, Http(internal=True) as way:
        async with database.tx(sender.tenant_id) as db:
            added, _ = await add_source(
                db, sender.vault, tenant_id=sender.tenant_id, store_id=sender.shop.store_id, name="ERP", channel="event",
                decides=False, actor="test", now=utc_now(), asked=Asked(f"{side.url}/returns", "s3cret"),
                allow_private_urls=True,
            )  # fmt: skip
        here = House(
            role="worker", settings=settings_room.load({"RETOUR_DATA_DIR": str(tmp_path)}), url="", database=database,
            vault=sender.vault, connectors={}, webhooks=WebhookClient(way), pictures=PictureClient(way),
            platforms=Platforms({}, timedelta(seconds=5)), policies=PolicyCache(), feeds=FeedClient(way),
        )  # fmt: skip

        assert await asked_regularly(here, sender.tenant_id, added.id)
        assert not await asked_regularly(here, sender.tenant_id, sender.shop.connection_id)

        assert [one.headers["authorization"] for one in side.asked] == ["Bearer s3cret"]
    async with database.tx(sender.tenant_id) as db:
        assert [r["topic"] for r in await db.fetch("SELECT topic FROM inbox")] == ["retour.order/1"]
