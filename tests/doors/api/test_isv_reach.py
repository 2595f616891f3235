"""What the key of an integrator reaches: every operation of the accounts that it serves, and nothing of any other."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from retour.core.account import Role
from retour.core.errors import Refused
from retour.doors.api.app import OPERATIONS
from retour.doors.api.roles import MAY
from retour.flows.account import isv as flow
from retour.store import account
from retour.store.db import Database
from retour.store.vault import Vault
from tests.doors.api.a_return import open_shop, send, wish
from tests.doors.api.an_isv import NOW, Integrator, admitted, an_integrator, ended
from tests.doors.api.conftest import Merchant, code_of, open_account

pytestmark = pytest.mark.anyio
RANDOM_ID = "0192f0c1-2b3c-7d4e-8f50-617283940516"


async def call(http: httpx2.AsyncClient, operation: Any, headers: dict[str, str]) -> httpx2.Response:
    path = operation.path.replace("{id}", RANDOM_ID)
    return await http.request(operation.method, path, headers={"X-Shop-Name": "main"} | headers)


@pytest.fixture(scope="module")
async def world(database: Database) -> tuple[Integrator, Integrator, Merchant, Merchant, Merchant]:
    """Two integrators and three accounts: one of each, and one that nobody serves."""
    one, two = await an_integrator(database, "One"), await an_integrator(database, "Two")
    accounts = [await open_account(database) for _ in range(3)]
    await admitted(database, accounts[0].tenant_id, one, Role.AGENT)
    await admitted(database, accounts[1].tenant_id, two)
    return one, two, accounts[0], accounts[1], accounts[2]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.id)
async def test_every_operation_is_within_the_accounts_served_and_the_role_given(
    http: httpx2.AsyncClient,
    world: tuple[Integrator, Integrator, Merchant, Merchant, Merchant],
    operation: Any,
) -> None:
    one, two, of_one, of_two, of_nobody = world

    for bridge, foreign in ((one, (of_two, of_nobody)), (two, (of_one, of_nobody))):
        for account_of in foreign:
            answer = await call(http, operation, bridge.headers(account_of.tenant_id))
            assert code_of(answer) == (404, "account_not_found")
        assert code_of(await call(http, operation, bridge.headers())) == (422, "account_missing")
        assert code_of(await call(http, operation, bridge.headers(bridge.id))) == (404, "account_not_found")
    agent = await call(http, operation, one.headers(of_one.tenant_id))
    owner = await call(http, operation, two.headers(of_two.tenant_id))
    assert (agent.status_code == 403) == (Role.AGENT not in MAY[operation.id]), agent.text
    assert owner.status_code not in (401, 403), owner.text
    assert not (owner.status_code == 404 and owner.json()["code"] == "account_not_found")


async def test_a_return_is_decided_by_the_integrator_and_its_name_stands_there(
    http: httpx2.AsyncClient, database: Database, vault: Vault
) -> None:
    shop, bridge = await open_shop(database, vault), await an_integrator(database)
    made = (await send(http, shop, "/returns", wish(shop))).json()
    await admitted(database, shop.merchant.tenant_id, bridge, Role.AGENT)
    tenant = shop.merchant.tenant_id

    seen = await http.get(f"/returns/{made['id']}", headers=bridge.headers(tenant))
    done = await bridge.post(http, f"/returns/{made['id']}/approve", {}, account=tenant)
    told = (await http.get(f"/returns/{made['id']}/events", headers=bridge.headers(tenant))).json()["items"]

    assert (seen.status_code, done.status_code) == (200, 200), done.text
    assert {e["type"]: e["actor"] for e in told}["return.approved"] == f"isv:{bridge.id}"


async def test_what_needs_a_person_an_integrator_cannot_do(
    http: httpx2.AsyncClient, database: Database, merchant: Merchant
) -> None:
    bridge = await an_integrator(database)
    await admitted(database, merchant.tenant_id, bridge)
    headers = bridge.headers(merchant.tenant_id) | {"X-Shop-Name": "main"}

    async def guard(body: dict[str, int]) -> httpx2.Response:
        return await http.post("/payments/guard", json=body, headers=headers | {"Idempotency-Key": str(uuid4())})

    tight = await guard({"second_above_minor": 50_000})
    loose = await guard({"second_above_minor": 50_001})

    assert (tight.status_code, code_of(loose)) == (200, (409, "person_needed"))


async def test_what_the_merchant_ends_has_ended_with_the_next_request(
    http: httpx2.AsyncClient, database: Database, merchant: Merchant
) -> None:
    bridge = await an_integrator(database)
    await admitted(database, merchant.tenant_id, bridge)
    headers = bridge.headers(merchant.tenant_id)
    before = await http.get("/events", headers=headers)
    made = await bridge.post(http, f"/isv/accounts/{merchant.tenant_id}/keys", {"name": "WMS", "role": "agent"})
    await ended(database, merchant.tenant_id, bridge)

    assert (before.status_code, made.status_code) == (200, 201)
    assert code_of(await http.get("/events", headers=headers)) == (404, "account_not_found")
    async with database.tx(merchant.tenant_id) as db:
        dead = [key.name for key in await account.keys(db) if key.revoked_at is not None]
    assert dead == ["WMS"]
    with pytest.raises(Refused) as again:
        await ended(database, merchant.tenant_id, bridge)
    assert again.value.code == "isv_not_found"


async def test_a_rotated_key_is_taken_as_long_as_was_said_and_a_removed_integrator_at_no_time(
    http: httpx2.AsyncClient, database: Database
) -> None:
    bridge = await an_integrator(database)

    async def status(key: str) -> int:
        return (await http.get("/isv/accounts", headers={"X-API-Key": key})).status_code

    async def rotated(keep_hours: int, days: int = 0) -> str:
        async with database.tx(bridge.id) as db:
            at = NOW + timedelta(days=days)
            return (await flow.rotate(db, isv_id=bridge.id, keep_hours=keep_hours, now=at)).text

    at_once = await rotated(0)
    assert (await status(bridge.key), await status(at_once)) == (401, 200)
    kept = await rotated(24, days=36_500)
    assert (await status(at_once), await status(kept)) == (200, 200)
    expired = await rotated(24)
    assert (await status(at_once), await status(kept), await status(expired)) == (401, 401, 200)
    async with database.tx(bridge.id) as db:
        await flow.remove(db, now=NOW)
    assert await status(expired) == 401


async def test_a_key_of_an_account_names_no_other_account(http: httpx2.AsyncClient, merchant: Merchant) -> None:
    own = await http.get("/events", headers=merchant.headers(retour_account=str(merchant.tenant_id)))
    other = await http.get("/events", headers=merchant.headers(retour_account=RANDOM_ID))

    assert (own.status_code, code_of(other)) == (200, (404, "account_not_found"))


async def test_no_transaction_of_a_merchant_sees_an_integrator(database: Database, merchant: Merchant) -> None:
    bridge = await an_integrator(database)

    async with database.tx(merchant.tenant_id) as db:
        assert await db.fetch("SELECT tenant_id FROM isv") == []
    async with database.tx(bridge.id) as db:
        assert [row["tenant_id"] for row in await db.fetch("SELECT tenant_id FROM isv")] == [bridge.id]
        assert await db.fetch("SELECT tenant_id FROM account") == []
