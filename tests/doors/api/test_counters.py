"""Taking in at a counter over the API: received and judged in one call, or nothing at all."""

import httpx2
import pytest

from retour.store.db import Database
from retour.store.vault import Vault
from tests.doors.api.a_return import Shop, open_shop, read, send, wish
from tests.doors.api.conftest import code_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop(database: Database, vault: Vault) -> Shop:
    return await open_shop(database, vault, automatic=True)


async def test_units_are_received_and_judged_in_one_call(http: httpx2.AsyncClient, shop: Shop) -> None:
    made = (await send(http, shop, "/returns", wish(shop))).json()
    line = {"line_id": made["lines"][0]["id"], "quantity": 1, "grade": "sealed"}

    done = await send(http, shop, f"/returns/{made['id']}/take-in", {"lines": [line], "location_ref": "A-1"})

    assert done.status_code == 200, done.text
    whole = (await read(http, shop, f"/returns/{made['id']}"))["inspections"]
    assert [(i["grade"], i["quantity"]) for i in whole] == [("sealed", 1)]


async def test_a_refusal_leaves_nothing_received(http: httpx2.AsyncClient, shop: Shop) -> None:
    made = (await send(http, shop, "/returns", wish(shop))).json()
    path, line = f"/returns/{made['id']}/take-in", {"line_id": made["lines"][0]["id"], "quantity": 1, "grade": "sealed"}

    nowhere = await send(http, shop, path, {"lines": [line]})
    many = await send(http, shop, path, {"lines": [{**line, "quantity": 9}], "location_ref": "A-1"})
    stale = await send(http, shop, path, {"lines": [line], "location_ref": "A-1", "expect_version": 99})

    assert [code_of(one) for one in (nowhere, many, stale)] == [
        (422, "location_missing"), (409, "more_than_returnable"), (409, "state_changed"),
    ]  # fmt: skip
    assert code_of(await send(http, shop, f"/returns/{made['order_id']}/take-in", {"lines": [line]})) == (
        404, "return_not_found",
    )  # fmt: skip
