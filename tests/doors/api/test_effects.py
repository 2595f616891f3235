"""Effects over the API: read with their tries, and a parked one given back by the owner alone."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx2
import pytest

from retour.core.account import Role
from retour.core.effect import EffectKind, Note
from retour.core.platforms import Platforms
from retour.core.ports import CapabilityRecord
from retour.store import effect as effects
from retour.store.db import Database
from retour.store.vault import Vault
from tests.doors.api.a_return import Shop, open_shop, read, send, wish
from tests.doors.api.conftest import code_of, open_account

pytestmark = pytest.mark.anyio
KEYLESS = CapabilityRecord("none", 0, "none", "order.note", "order.note", 1, 1, repeat_harmless=True)


async def a_parked_effect(http: httpx2.AsyncClient, shop: Shop, database: Database) -> UUID:
    made = (await send(http, shop, "/returns", wish(shop))).json()
    async with database.tx(shop.merchant.tenant_id) as db:
        planned = effects.Planned(
            kind=EffectKind.NOTE, business_ref="note:1", reference=made["number"],
            target=Note("gid://order/0", "hello"), connection_id=shop.connection_id, order_id=shop.order_id,
            rma_id=UUID(made["id"]), platforms=Platforms({}, timedelta(seconds=1)), capability=KEYLESS,
        )  # fmt: skip
        effect_id = await effects.plan(db, planned, tenant_id=shop.merchant.tenant_id, at=datetime.now(UTC))
        await db.execute("UPDATE effect SET parked_at = now() WHERE id = $1", effect_id)
    assert effect_id is not None
    return effect_id


async def test_a_parked_effect_is_given_back_once_by_the_owner(
    http: httpx2.AsyncClient, database: Database, vault: Vault
) -> None:
    shop = await open_shop(database, vault)
    effect_id = await a_parked_effect(http, shop, database)
    path = f"/effects/{effect_id}"
    before = await read(http, shop, path)

    by_agent = await send(http, shop, f"{path}/hand-back", {}, role=Role.AGENT)
    first = await send(http, shop, f"{path}/hand-back", {})
    again = await send(http, shop, f"{path}/hand-back", {})

    assert (before["parked"], before["state"], before["attempts"], before["observations"]) == (True, "intent", [], [])
    assert code_of(by_agent) == (403, "forbidden")
    assert (first.status_code, first.json()["parked"]) == (200, False), first.text
    assert code_of(again) == (409, "move_not_allowed")
    stranger = await open_account(database)
    assert code_of(await http.get(path, headers=stranger.headers())) == (404, "effect_not_found")


async def test_an_effect_of_another_store_does_not_exist(
    http: httpx2.AsyncClient, database: Database, vault: Vault
) -> None:
    shop = await open_shop(database, vault)
    path = f"/effects/{await a_parked_effect(http, shop, database)}"
    before = await read(http, shop, path)

    for act in ("hand-back", "retry"):
        headers = shop.merchant.headers(shop="outlet", idempotency_key=f"outlet-{act}")
        assert code_of(await http.post(f"{path}/{act}", json={}, headers=headers)) == (404, "effect_not_found")
    found = await http.get(path, headers=shop.merchant.headers(shop="outlet"))

    assert code_of(found) == (404, "effect_not_found")
    assert await read(http, shop, path) == before
