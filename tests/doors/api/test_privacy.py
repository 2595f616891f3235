"""Exports and erasures over the API: for owners alone, of their own store's people alone."""

import io
import zipfile
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from retour.core.account import Role
from retour.core.privacy import TERMS
from retour.doors.api.privacy import OPERATIONS
from retour.flows import privacy as flow
from retour.store.db import Database
from retour.store.vault import Vault
from tests.doors.api.a_return import Shop, open_shop
from tests.doors.api.conftest import Merchant, code_of
from tests.stories.house import now

pytestmark = pytest.mark.anyio
MAIL = "mara@example.com"


@pytest.fixture
async def shop(database: Database, vault: Vault) -> Shop:
    made = await open_shop(database, vault, automatic=True)
    async with database.tx(made.merchant.tenant_id) as db:
        await db.execute("UPDATE person SET name = 'Mara', email = $1, email_folded = $1", MAIL)
    return made


async def post(
    http: httpx2.AsyncClient, of: Merchant, path: str, body: Any, role: Role = Role.OWNER, **more: Any
) -> Any:
    headers = of.headers(role, idempotency_key=str(uuid4()), **more)
    return await http.post(path, json=body, headers=headers)


async def do(database: Database, vault: Vault, shop: Shop, request_id: str) -> None:
    by = flow.Answerer(database, vault, now, lambda _tenant, _person, _request: None)
    await flow.answer(by, tenant_id=shop.merchant.tenant_id, request_id=UUID(request_id))


async def test_a_shopper_is_exported_and_erased(
    http: httpx2.AsyncClient, database: Database, vault: Vault, shop: Shop
) -> None:
    headers = shop.merchant.headers()
    asked = await post(http, shop.merchant, "/privacy/exports", {"email": MAIL.upper()})
    (one,) = asked.json()["items"]
    early = await http.get(f"/privacy/requests/{one['id']}/archive", headers=headers)
    await do(database, vault, shop, one["id"])
    done = (await http.get(f"/privacy/requests/{one['id']}", headers=headers)).json()
    taken = await http.get(f"/privacy/requests/{one['id']}/archive", params={"part": 1}, headers=headers)

    erasing = await post(
        http, shop.merchant, "/privacy/erasures", {"person_id": one["person_id"], "confirm": "erase"}
    )  # fmt: skip
    await do(database, vault, shop, erasing.json()["items"][0]["id"])
    listed = (await http.get("/privacy/requests", params={"state": "done"}, headers=headers)).json()
    gone = await http.get(f"/privacy/requests/{one['id']}/archive", headers=headers)
    nobody = await post(http, shop.merchant, "/privacy/exports", {"email": MAIL})

    assert asked.status_code == 201
    assert (one["kind"], one["state"], one["parts"]) == ("export", "waiting", 0)
    assert code_of(early) == (404, "archive_not_found")
    assert (done["state"], done["parts"]) == ("done", 1)
    assert taken.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(taken.content)) as archive:
        assert MAIL.encode() in archive.read("person.json")
    assert [row["kind"] for row in listed["items"]] == ["erasure", "export"]
    assert code_of(gone) == (404, "archive_not_found")
    assert code_of(nobody) == (404, "person_not_found")


async def test_an_erasure_needs_the_word_and_a_person_of_the_store(
    http: httpx2.AsyncClient, database: Database, shop: Shop
) -> None:
    without = await post(http, shop.merchant, "/privacy/erasures", {"email": MAIL})
    nobody = await post(http, shop.merchant, "/privacy/erasures", {"confirm": "erase"})
    unknown = await post(http, shop.merchant, "/privacy/erasures", {"person_id": str(uuid4()), "confirm": "erase"})
    outlet = await post(http, shop.merchant, "/privacy/erasures", {"email": MAIL, "confirm": "erase"}, shop="outlet")
    async with database.tx(shop.merchant.tenant_id) as db:
        mara = str(await db.fetchval("SELECT id FROM person WHERE email = $1", MAIL))
    by_id = await post(http, shop.merchant, "/privacy/erasures", {"person_id": mara, "confirm": "erase"}, shop="outlet")

    assert code_of(without) == (422, "invalid_request")
    assert code_of(nobody)[1] == "person_needed"
    assert code_of(unknown) == (404, "person_not_found")
    assert code_of(outlet) == code_of(by_id) == (404, "person_not_found")
    listed = await http.get("/privacy/requests", headers=shop.merchant.headers())
    assert listed.json() == {"items": [], "next": None}


async def test_only_owners_ask_and_another_merchant_finds_nothing(
    http: httpx2.AsyncClient, shop: Shop, merchant: Merchant
) -> None:
    (one,) = (await post(http, shop.merchant, "/privacy/exports", {"email": MAIL})).json()["items"]
    paths = {operation.id: operation for operation in OPERATIONS}
    bodies: dict[str, Any] = {
        "export_person": {"email": MAIL}, "erase_person": {"email": MAIL, "confirm": "erase"}, "set_retention": {},
        "cancel_privacy_request": {},
    }  # fmt: skip

    async def tried(name: str, of: Merchant, role: Role) -> Any:
        path = paths[name].path.replace("{id}", one["id"])
        if name in bodies:
            return await post(http, of, path, bodies[name], role)
        return await http.get(path, headers=of.headers(role))

    for name in paths:
        for role in (Role.AGENT, Role.WAREHOUSE):
            if (name, role) != ("get_retention", Role.AGENT):
                assert code_of(await tried(name, shop.merchant, role)) == (403, "forbidden"), name
    for name in ("get_privacy_request", "cancel_privacy_request", "download_export"):
        assert code_of(await tried(name, merchant, Role.OWNER)) == (404, "request_not_found"), name
    assert code_of(await tried("erase_person", merchant, Role.OWNER)) == (404, "person_not_found")


async def test_a_request_is_taken_back_once(http: httpx2.AsyncClient, shop: Shop) -> None:
    (one,) = (await post(http, shop.merchant, "/privacy/erasures", {"email": MAIL, "confirm": "erase"})).json()["items"]

    first = await post(http, shop.merchant, f"/privacy/requests/{one['id']}/cancel", {})
    second = await post(http, shop.merchant, f"/privacy/requests/{one['id']}/cancel", {})

    assert (first.json()["state"], first.json()["why"]) == ("cancelled", "taken_back")
    assert code_of(second) == (409, "request_over")


async def test_how_long_data_is_kept_is_chosen_within_bounds(http: httpx2.AsyncClient, merchant: Merchant) -> None:
    before = (await http.get("/privacy/retention", headers=merchant.headers(Role.AGENT))).json()["classes"]
    changed = await post(http, merchant, "/privacy/retention", {"inbox": 30, "photos": None})
    short = await post(http, merchant, "/privacy/retention", {"inbox": 1})

    assert {name: term["days"] for name, term in before.items()} == {k.value: t.days for k, t in TERMS.items()}
    classes = changed.json()["classes"]
    assert (classes["inbox"]["days"], classes["photos"]["days"], classes["labels"]["days"]) == (30, None, 90)
    assert code_of(short) == (422, "invalid_days")
