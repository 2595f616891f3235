"""Integrators open accounts by references of their own, list them, have keys for each, and leave them."""

import asyncio
from uuid import UUID, uuid4

import httpx2
import pytest

from retour.core.account import Role
from retour.doors.api.app import ISV_OPERATIONS
from retour.store import account, isv
from retour.store.db import Database
from tests.doors.api.an_isv import Integrator, admitted, an_integrator, ended, wish
from tests.doors.api.conftest import Merchant, code_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def bridge(database: Database) -> Integrator:
    return await an_integrator(database)


async def test_the_same_reference_opens_one_account_however_often_and_at_once(
    http: httpx2.AsyncClient, bridge: Integrator
) -> None:
    answers = await asyncio.gather(*(bridge.post(http, "/isv/accounts", wish("m-1")) for _ in range(4)))
    later = await bridge.open(http, "m-1", currency="SEK")
    listed = (await http.get("/isv/accounts", headers=bridge.headers())).json()
    told = (await http.get("/events", headers=bridge.headers("m-1"))).json()["items"]

    assert [answer.status_code for answer in answers] == [201] * 4
    (first,) = {answer.text for answer in answers}
    assert listed == {"items": [answers[0].json()], "next": None}, first
    assert later == answers[0].json()
    assert (later["reference"], later["role"], [s["currency"] for s in later["stores"]]) == ("m-1", "owner", ["EUR"])
    assert [e["type"] for e in told] == ["account.created", "store.created", "isv.admitted"]
    assert {e["actor"] for e in told} == {f"isv:{bridge.id}"}


async def test_the_owner_is_invited_by_mail_and_the_link_is_not_told(
    http: httpx2.AsyncClient, bridge: Integrator, database: Database
) -> None:
    opened = await bridge.open(http, "m-1", owner={"email": "a@shop.example", "name": "Ada", "language": "de"})
    wrong = await bridge.post(http, "/isv/accounts", wish("m-2", owner={"email": "nobody", "name": "Ada"}))
    nothing = await http.get("/isv/accounts", headers=bridge.headers())

    async with database.tx(UUID(opened["id"])) as db:
        (member,) = await account.staff(db)
        mails = await db.fetchval("SELECT count(*) FROM mail WHERE tenant_id = current_tenant()")
    assert (member.email, member.role, member.has_password, mails) == ("a@shop.example", Role.OWNER, False, 1)
    assert code_of(wrong) == (422, "invalid_email")
    assert len(nothing.json()["items"]) == 1


async def test_a_name_that_is_taken_opens_nothing(
    http: httpx2.AsyncClient, bridge: Integrator, database: Database
) -> None:
    first = await bridge.open(http, "m-1", name=f"Taken {bridge.id}")
    second = await bridge.post(http, "/isv/accounts", wish("m-2", name=f"Taken {bridge.id}"))

    assert code_of(second) == (409, "already_exists")
    async with database.tx(None) as db:
        assert await isv.route_accounts(db, bridge.id, after=None, most=10) == [UUID(first["id"])]


async def test_the_list_goes_on_where_the_page_ended(http: httpx2.AsyncClient, bridge: Integrator) -> None:
    opened = sorted([(await bridge.open(http, f"m-{n}"))["id"] for n in range(3)])

    first = (await http.get("/isv/accounts?limit=2", headers=bridge.headers())).json()
    rest = (await http.get(f"/isv/accounts?limit=2&after={first['next']}", headers=bridge.headers())).json()

    assert [item["id"] for item in first["items"]] == opened[:2]
    assert ([item["id"] for item in rest["items"]], rest["next"]) == (opened[2:], None)


async def test_keys_of_a_merchant_are_made_rotated_and_revoked(http: httpx2.AsyncClient, bridge: Integrator) -> None:
    at = f"/isv/accounts/{(await bridge.open(http, 'm-1'))['id']}/keys"
    made = (await bridge.post(http, at, {"name": "WMS", "role": "warehouse"})).json()
    works = await http.get("/returns", headers={"X-API-Key": made["key"]})
    other = (await bridge.post(http, f"{at}/rotate", {"key_id": made["id"]})).json()
    listed = (await http.get(at, headers=bridge.headers())).json()["items"]
    left = (await bridge.post(http, f"{at}/revoke", {"key_id": other["id"]})).json()
    again = await bridge.post(http, f"{at}/rotate", {"key_id": other["id"]})

    assert (made["role"], works.status_code) == ("warehouse", 200)
    assert (other["name"], other["role"], other["key"] != made["key"]) == ("WMS", "warehouse", True)
    assert [(key["id"], "key" in key) for key in listed] == [(other["id"], False)]
    assert left == {"items": []}
    assert code_of(again) == (404, "key_not_found")


async def test_a_key_of_the_merchant_s_own_is_not_the_integrator_s_to_revoke(
    http: httpx2.AsyncClient, bridge: Integrator, merchant: Merchant, database: Database
) -> None:
    await admitted(database, merchant.tenant_id, bridge, Role.AGENT)
    async with database.tx(merchant.tenant_id) as db:
        own = (await account.keys(db))[0].id
    at = f"/isv/accounts/{merchant.tenant_id}/keys"

    assert code_of(await bridge.post(http, f"{at}/revoke", {"key_id": str(own)})) == (404, "key_not_found")
    assert code_of(await bridge.post(http, at, {"name": "All", "role": "owner"})) == (403, "forbidden")
    assert (await http.get("/events", headers=merchant.headers())).status_code == 200
    async with database.tx(merchant.tenant_id) as db:
        assert [key.revoked_at for key in await account.keys(db)] == [None] * 3


async def test_what_has_ended_is_not_told_again_by_a_repeated_request(
    http: httpx2.AsyncClient, bridge: Integrator, database: Database
) -> None:
    body, headers = wish("m-1"), bridge.headers(idempotency_key=str(uuid4()))
    first = await http.post("/isv/accounts", json=body, headers=headers)
    replayed = await http.post("/isv/accounts", json=body, headers=headers)
    await ended(database, UUID(first.json()["id"]), bridge)
    late = await http.post("/isv/accounts", json=body, headers=headers)
    new = await bridge.post(http, "/isv/accounts", body)

    assert (first.status_code, replayed.text) == (201, first.text)
    assert code_of(late) == code_of(new) == (409, "isv_ended")
    await admitted(database, UUID(first.json()["id"]), bridge, Role.AGENT)
    found = await bridge.open(http, "m-1")
    assert (found["id"], found["role"], found["reference"]) == (first.json()["id"], "agent", "m-1")


async def test_an_integrator_leaves_and_its_keys_end(http: httpx2.AsyncClient, bridge: Integrator) -> None:
    opened = await bridge.open(http, "m-1")
    at = f"/isv/accounts/{opened['id']}"
    made = (await bridge.post(http, f"{at}/keys", {"name": "WMS", "role": "agent"})).json()
    left = await http.delete(at, headers=bridge.headers(idempotency_key="leave"))

    assert (left.status_code, left.content) == (204, b"")
    assert code_of(await http.get(at, headers=bridge.headers())) == (404, "account_not_found")
    assert code_of(await http.get("/returns", headers={"X-API-Key": made["key"]})) == (401, "key_invalid")


@pytest.mark.parametrize("operation", ISV_OPERATIONS, ids=lambda o: o.id)
async def test_only_integrators_do_what_is_theirs(
    http: httpx2.AsyncClient, bridge: Integrator, merchant: Merchant, operation: object
) -> None:
    path = operation.path.replace("{id}", str(merchant.tenant_id))  # type: ignore[attr-defined]  # an Operation
    method = operation.method  # type: ignore[attr-defined]  # an Operation

    assert code_of(await http.request(method, path)) == (401, "key_missing")
    assert code_of(await http.request(method, path, headers=merchant.headers())) == (403, "forbidden")
    wrong = bridge.key[:-1] + ("a" if bridge.key[-1] != "a" else "b")
    assert code_of(await http.request(method, path, headers={"X-API-Key": wrong})) == (401, "key_invalid")
    if "{id}" in operation.path:  # type: ignore[attr-defined]  # an Operation
        headers = bridge.headers(idempotency_key=str(uuid4()))
        body = {"name": "x", "role": "agent"} if path.endswith("/keys") else {"key_id": str(uuid4())}
        sent = body if method == "POST" else None
        assert code_of(await http.request(method, path, headers=headers, json=sent)) == (404, "account_not_found")


async def test_the_answer_to_one_integrator_is_not_told_again_to_another(
    http: httpx2.AsyncClient, bridge: Integrator, merchant: Merchant, database: Database
) -> None:
    other = await an_integrator(database, "Another Bridge")
    for one in (bridge, other):
        await admitted(database, merchant.tenant_id, one)
    at, body = f"/isv/accounts/{merchant.tenant_id}/keys", {"name": "WMS", "role": "owner"}

    made = await http.post(at, json=body, headers=bridge.headers(idempotency_key="1"))
    again = await http.post(at, json=body, headers=bridge.headers(idempotency_key="1"))
    stranger = await http.post(at, json=body, headers=other.headers(idempotency_key="1"))

    assert (made.status_code, again.json()) == (201, made.json())
    assert (stranger.status_code, "idempotency-replayed" in stranger.headers) == (201, False)
    assert stranger.json()["key"] != made.json()["key"]
    async with database.tx(merchant.tenant_id) as db:
        assert [len(await isv.keys(db, one.id)) for one in (bridge, other)] == [1, 1]
