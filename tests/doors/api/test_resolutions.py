"""Resolutions over the API: the owner keeps them, agents read them, the warehouse has no business there."""

from typing import Any
from uuid import uuid4

import httpx2
import pytest

from retour.core.account import Role
from tests.doors.api.conftest import Merchant, code_of, open_account

pytestmark = pytest.mark.anyio
WISH = {"kind": "gift_card", "texts": {"en": {"name": "Gift card", "description": "By mail"}}}


async def send(http: httpx2.AsyncClient, merchant: Merchant, path: str, wish: Any, **more: Any) -> httpx2.Response:
    headers = merchant.headers(more.get("role", Role.OWNER), idempotency_key=more.get("key", str(uuid4())))
    return await http.post(path, json=wish, headers=headers)


async def names(http: httpx2.AsyncClient, merchant: Merchant, shop: str = "main") -> list[str]:
    found = await http.get("/resolutions", headers=merchant.headers(shop=shop))
    assert found.status_code == 200
    return [one["texts"]["en"]["name"] for one in found.json()["items"]]


async def test_a_record_is_added_once_under_one_key(http: httpx2.AsyncClient, merchant: Merchant) -> None:
    first = await send(http, merchant, "/resolutions", WISH, key="k1")
    again = await send(http, merchant, "/resolutions", WISH, key="k1")

    assert (first.status_code, again.status_code, again.headers["idempotency-replayed"]) == (201, 201, "true")
    assert first.json() == again.json()
    assert first.json() | {"id": "", "created_at": ""} == {
        "id": "", "kind": "gift_card", "texts": WISH["texts"], "integration": None, "position": 2, "version": 1,
        "created_at": "", "archived_at": None,
    }  # fmt: skip
    assert await names(http, merchant) == ["Refund to the original payment", "Gift card"]
    assert await names(http, merchant, "outlet") == ["Refund to the original payment"]


async def test_what_is_wrong_with_a_record_is_told_at_its_field(http: httpx2.AsyncClient, merchant: Merchant) -> None:
    german = await send(http, merchant, "/resolutions", {**WISH, "texts": {"de": {"name": "Karte"}}})
    nameless = await send(http, merchant, "/resolutions", {**WISH, "kind": "refund_service"})
    unknown = await send(http, merchant, "/resolutions", {**WISH, "kind": "cash"})

    assert code_of(german) == (422, "name_missing")
    assert german.json()["field"] == "texts.en.name"
    assert code_of(nameless) == (422, "integration_missing")
    assert code_of(unknown)[0] == 422
    assert await names(http, merchant) == ["Refund to the original payment"]


async def test_a_record_is_changed_moved_archived_and_restored(http: httpx2.AsyncClient, merchant: Merchant) -> None:
    made = (await send(http, merchant, "/resolutions", WISH)).json()
    path = f"/resolutions/{made['id']}"
    texts = {"en": {"name": "Card", "description": ""}}

    changed = await send(http, merchant, path, {"texts": texts, "expect_version": 1})
    late = await send(http, merchant, path, {"texts": texts, "expect_version": 1})
    moved = await send(http, merchant, f"{path}/move", {"up": True})
    archived = await send(http, merchant, f"{path}/archive", {})
    restored = await send(http, merchant, f"{path}/restore", {})

    assert (changed.json()["texts"], changed.json()["version"]) == (texts, 2)
    assert code_of(late) == (409, "state_changed")
    assert moved.json()["position"] == 1
    assert archived.json()["archived_at"] is not None
    assert (restored.json()["archived_at"], restored.json()["position"]) == (None, 3)
    read = await http.get(path, headers=merchant.headers(Role.AGENT))
    assert read.json() == restored.json()


async def test_agents_read_and_owners_change(http: httpx2.AsyncClient, merchant: Merchant) -> None:
    made = (await send(http, merchant, "/resolutions", WISH)).json()

    for role, expected in ((Role.OWNER, 200), (Role.AGENT, 200), (Role.WAREHOUSE, 403)):
        for path in ("/resolutions", f"/resolutions/{made['id']}"):
            assert (await http.get(path, headers=merchant.headers(role))).status_code == expected
    for role in (Role.AGENT, Role.WAREHOUSE):
        for path, wish in (
            ("/resolutions", WISH),
            (f"/resolutions/{made['id']}", {}),
            (f"/resolutions/{made['id']}/move", {"up": True}),
            (f"/resolutions/{made['id']}/archive", {}),
            (f"/resolutions/{made['id']}/restore", {}),
            ("/notify-only", {"kinds": []}),
        ):
            assert code_of(await send(http, merchant, path, wish, role=role)) == (403, "forbidden")


async def test_a_record_of_another_account_or_store_does_not_exist(
    http: httpx2.AsyncClient, merchant: Merchant, database: Any
) -> None:
    made = (await send(http, merchant, "/resolutions", WISH)).json()
    other = await open_account(database)

    elsewhere = await http.get(f"/resolutions/{made['id']}", headers=other.headers())
    outlet = await http.get(f"/resolutions/{made['id']}", headers=merchant.headers(shop="outlet"))

    assert code_of(elsewhere) == code_of(outlet) == (404, "resolution_not_found")


async def test_a_store_is_switched_to_being_told_about_refunds(http: httpx2.AsyncClient, merchant: Merchant) -> None:
    done = await send(http, merchant, "/notify-only", {"kinds": ["refund_original"]})
    wrong = await send(http, merchant, "/notify-only", {"kinds": ["gift_card"]})

    assert done.json() == {"notify_only": ["refund_original"]}
    assert code_of(wrong) == (422, "unknown_kind")
    listed = await http.get("/resolutions", headers=merchant.headers(Role.AGENT))
    assert listed.json()["notify_only"] == ["refund_original"]
