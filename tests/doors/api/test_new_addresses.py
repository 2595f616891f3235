"""The address of a return over the API: who may say it, what is wrong with it, and what follows."""

from itertools import count
from typing import Any
from uuid import UUID

import httpx2
import pytest

from retour.core.account import Role
from retour.store.db import Database
from retour.store.vault import Vault
from tests.doors.api.a_return import Shop, open_shop, read, send
from tests.doors.api.conftest import code_of
from tests.doors.api.test_labels import PLACE, asked, shop, work

pytestmark = pytest.mark.anyio
__all__ = ["shop"]
HOME = {"name": "Ann Neu", "street": ["Karl-Heine-Straße 9"], "town": "Leipzig", "country": "DE", "postcode": "04229"}
_keys = count()


async def put(
    http: httpx2.AsyncClient, shop: Shop, rma_id: UUID, body: Any, *, role: Role = Role.OWNER
) -> httpx2.Response:
    headers = shop.merchant.headers(role, idempotency_key=f"address-{next(_keys)}")
    return await http.put(f"/returns/{rma_id}/address", json=body, headers=headers)


async def test_a_label_is_made_anew_for_the_address_and_told_in_figures(
    http: httpx2.AsyncClient, shop: Shop, database: Database, vault: Vault
) -> None:
    await send(http, shop, "/return-addresses", PLACE)
    rma_id = await asked(http, shop)
    await work(database, vault, shop, rma_id)

    done = await put(http, shop, rma_id, {"address": HOME})

    assert done.status_code == 200, done.text
    told = done.json()
    assert told["address"] == HOME | {"region": "", "company": ""}
    assert (told["labels_made_anew"], told["new_order_keeps_address"]) == (1, False)
    (label,) = (await read(http, shop, f"/returns/{rma_id}/labels"))["items"]
    assert label["state"] == "due"
    (event,) = [
        e
        for e in (await read(http, shop, f"/returns/{rma_id}/events"))["items"]
        if e["type"] == "return.address_changed"
    ]
    assert "Leipzig" not in str(event)
    again = await put(http, shop, rma_id, {"address": HOME, "expect_version": told["version"]})
    assert (again.json()["labels_made_anew"], again.json()["version"]) == (0, told["version"])
    stale = await put(http, shop, rma_id, {"address": HOME, "expect_version": told["version"] - 1})
    assert code_of(stale) == (409, "state_changed")


async def test_what_is_wrong_with_an_address_is_named(http: httpx2.AsyncClient, shop: Shop) -> None:
    rma_id = await asked(http, shop)

    blank = await put(http, shop, rma_id, {"address": HOME | {"town": " "}})
    country = await put(http, shop, rma_id, {"address": HOME | {"country": "Germany"}})

    assert (code_of(blank), blank.json()["field"]) == ((422, "invalid_address"), "address.town")
    assert (country.status_code, country.json()["field"]) == (422, "address.country")


async def test_the_warehouse_and_other_merchants_change_no_address(
    http: httpx2.AsyncClient, shop: Shop, database: Database, vault: Vault
) -> None:
    rma_id, other = await asked(http, shop), await open_shop(database, vault)

    warehouse = await put(http, shop, rma_id, {"address": HOME}, role=Role.WAREHOUSE)
    elsewhere = await put(http, other, rma_id, {"address": HOME})

    assert (code_of(warehouse), code_of(elsewhere)) == ((403, "forbidden"), (404, "return_not_found"))
    events = (await read(http, shop, f"/returns/{rma_id}/events"))["items"]
    assert [e for e in events if e["type"] == "return.address_changed"] == []
