"""What was received is looked up by people and programs: every message with what became of it."""

import json
from typing import Any

import httpx2
import pytest

from retour.core.account import Role
from retour.flows import intake as flow
from retour.store import order as orders
from retour.store import webhook
from retour.store.db import Database
from retour.store.vault import Vault
from tests.core.intake.papers import a_return
from tests.doors.api.a_return import Shop, open_shop
from tests.doors.api.conftest import code_of
from tests.flows.order.shop import NOON

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop(database: Database, vault: Vault) -> Shop:
    return await open_shop(database, vault)


async def get(http: httpx2.AsyncClient, shop: Shop, path: str, role: Role = Role.OWNER) -> Any:
    return await http.get(path, headers=shop.merchant.headers(role))


async def kept(database: Database, vault: Vault, shop: Shop, *, outcomes: list[tuple[str | None, str | None]]) -> str:
    """Keep a message for each outcome and problem, the last one still waiting; return the id of their source."""
    tenant = shop.merchant.tenant_id
    async with database.tx(tenant) as db:
        order = await orders.load(db, shop.order_id)
        assert order is not None
        source, _ = await flow.add_source(
            db, vault, tenant_id=tenant, store_id=order.store_id, name="ERP", channel="event", decides=True, actor="owner",
            now=NOON,
        )  # fmt: skip
        for n, (outcome, problem) in enumerate([*outcomes, (None, None)]):
            message = await webhook.receive(
                db, vault, tenant_id=tenant, connection_id=source.id, source=f"feed:{source.id}", event_id=str(n),
                topic="retour.return/1", raw=json.dumps(a_return(id=f"EXT-{n}")).encode(), at=NOON, object_ref=f"EXT-{n}",
            )  # fmt: skip
            assert message is not None
            if n < len(outcomes):
                await webhook.done(db, message, at=NOON, problem=problem, outcome=outcome)
        await webhook.receive(
            db, vault, tenant_id=tenant, connection_id=source.id, source="asked:1", event_id="1", topic=webhook.ASKED,
            raw=b"", at=NOON,
        )  # fmt: skip
    return str(source.id)


async def test_every_message_is_listed_with_what_became_of_it(
    http: httpx2.AsyncClient, database: Database, vault: Vault, shop: Shop
) -> None:
    source = await kept(
        database, vault, shop, outcomes=[("parked: order_not_found", None), ("refused", "invalid_document items")]
    )

    first = (await get(http, shop, f"/received?source={source}&limit=2")).json()
    rest = (await get(http, shop, f"/received?source={source}&limit=2&after={first['next']}")).json()
    nothing = (await get(http, shop, f"/received?source={source}&state=nothing")).json()
    waiting = (await get(http, shop, "/received?state=waiting")).json()

    assert [(one["about"], one["outcome"], one["problem"]) for one in first["items"] + rest["items"]] == [
        ("EXT-2", None, None), ("EXT-1", "refused", "invalid_document items"), ("EXT-0", "parked: order_not_found", None),
    ]  # fmt: skip
    assert rest["next"] is None
    assert [one["about"] for one in nothing["items"]] == ["EXT-1"]
    assert [one["about"] for one in waiting["items"]] == ["EXT-2"]
    assert first["items"][0]["source"] == "ERP"


async def test_an_owner_reads_what_was_received_and_nobody_else_does(
    http: httpx2.AsyncClient, database: Database, vault: Vault, shop: Shop
) -> None:
    source = await kept(database, vault, shop, outcomes=[])
    other = await open_shop(database, vault)
    (row,) = (await get(http, shop, f"/received?source={source}")).json()["items"]

    whole = (await get(http, shop, f"/received/{row['id']}")).json()
    agent = await get(http, shop, f"/received/{row['id']}", role=Role.AGENT)
    stranger = await get(http, other, f"/received/{row['id']}")
    async with database.tx(shop.merchant.tenant_id) as db:
        await db.execute("UPDATE inbox SET body_sealed = NULL")
    forgotten = (await get(http, shop, f"/received/{row['id']}")).json()

    assert json.loads(whole["body"])["id"] == "EXT-0"
    assert agent.status_code == 403
    assert code_of(stranger) == (404, "message_not_found")
    assert (forgotten["body"], forgotten["about"]) == (None, "EXT-0")
