"""Kits over the API: declared, replaced, ended, and refused by the field."""

from typing import Any

import httpx2
import pytest

from retour.core.account import Role
from retour.store.db import Database
from retour.store.vault import Vault
from tests.doors.api.a_return import Shop, open_shop, read, send
from tests.doors.api.conftest import code_of

pytestmark = pytest.mark.anyio
POT = {"ref": "pot", "title": "Teapot", "price_minor": 4500, "sku": "POT"}
CUP = {"ref": "cup", "title": "Cup", "price_minor": 2750, "quantity": 2, "inventory_ref": "gid://1"}
SET = {"sku": "TEA-SET", "parts": [POT, CUP]}


@pytest.fixture
async def shop(database: Database, vault: Vault) -> Shop:
    return await open_shop(database, vault)


async def kept(http: httpx2.AsyncClient, shop: Shop) -> list[Any]:
    items: list[Any] = (await read(http, shop, "/kits"))["items"]
    return items


async def test_a_kit_is_declared_replaced_and_ended(http: httpx2.AsyncClient, shop: Shop) -> None:
    first = await send(http, shop, "/kits", SET)
    assert first.status_code == 201, first.text
    second = await send(http, shop, "/kits", {"sku": "TEA-SET", "parts": [POT]})

    (kit,) = await kept(http, shop)
    assert kit == second.json()
    assert (kit["id"] != first.json()["id"], kit["parts"]) == (
        True, [{"ref": "pot", "title": "Teapot", "price_minor": 4500, "quantity": 1, "sku": "POT", "inventory_ref": None}],
    )  # fmt: skip
    assert code_of(await send(http, shop, f"/kits/{first.json()['id']}/end", {})) == (404, "kit_not_found")
    ended = await send(http, shop, f"/kits/{kit['id']}/end", {})
    assert (ended.status_code, ended.json()) == (200, {"items": []})
    assert code_of(await send(http, shop, f"/kits/{kit['id']}/end", {})) == (404, "kit_not_found")


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"sku": " ", "parts": [POT]}, "sku"),
        ({"sku": "A", "parts": [POT, POT]}, "parts[1].ref"),
        ({"sku": "A", "parts": [POT | {"ref": "a/b"}]}, "parts[0].ref"),
    ],
)
async def test_a_kit_that_makes_no_sense_is_refused_by_the_field(
    http: httpx2.AsyncClient, shop: Shop, wish: dict[str, Any], field: str
) -> None:
    refused = await send(http, shop, "/kits", wish)

    assert code_of(refused) == (422, "invalid_kit")
    assert refused.json()["field"] == field
    assert await kept(http, shop) == []


async def test_only_an_owner_declares_kits(http: httpx2.AsyncClient, shop: Shop) -> None:
    refused = await send(http, shop, "/kits", SET, role=Role.AGENT)

    assert refused.status_code == 403
    assert await kept(http, shop) == []
