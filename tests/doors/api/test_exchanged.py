"""Exchanges that were carried out, named over the API by those who look after money."""

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from retour.core.account import Role
from retour.flows import account as accounts
from retour.store.db import Database
from tests.doors.api.conftest import Merchant, code_of
from tests.stories.house import House, a_house, now
from tests.stories.test_exchanged import OFFERS, handed_in, vase
from tests.stories.test_handed_over import offering

pytestmark = pytest.mark.anyio


@pytest.fixture
async def swapped(database: Database, executor_database: Database, owner: Any, tmp_path: Path) -> Any:
    """An exchange that was handed over and the order with its new article: (merchant, house, settlement id, order)."""
    async with a_house(database, executor_database, owner, tmp_path / "keys") as house:
        await house.open(document=offering(*OFFERS))
        _, settlement = await handed_in(house, await house.an_order())
        new = await house.an_order(vase())
        async with database.tx(house.tenant) as db:
            keys = {
                role: (await accounts.create_key(db, name=role.value, role=role, actor="cli", now=now())).text
                for role in Role
            }
        yield Merchant(house.tenant, {"acme": house.store}, keys), house, settlement.id, new


async def post(
    http: httpx2.AsyncClient, merchant: Merchant, path: str, body: Any, role: Role = Role.AGENT
) -> httpx2.Response:
    headers = merchant.headers(role, shop=None, idempotency_key=str(uuid4()))
    return await http.post(path, json=body, headers=headers)


async def test_an_exchange_is_named_once_and_tells_what_the_new_article_carries(
    http: httpx2.AsyncClient, swapped: tuple[Merchant, House, UUID, Any]
) -> None:
    merchant, house, settlement, new = swapped
    ref, path = new.order.lines[0].ref, f"/settlements/{settlement}/exchange"
    wish = {"order_id": str(new.id), "lines": [{"line_ref": ref, "quantity": 1}], "collected_minor": 1000}

    clerk = await post(http, merchant, path, wish, Role.WAREHOUSE)
    wrong = await post(http, merchant, path, wish | {"order_id": str(uuid4())})
    first = await post(http, merchant, path, wish)
    again = await post(http, merchant, path, wish)

    assert code_of(clerk) == (403, "forbidden")
    assert code_of(wrong) == (404, "order_not_found")
    told = first.json()
    assert (told["currency"], told["given_minor"], told["price_minor"], told["collect_minor"]) == (
        "EUR",
        1999,
        7140,
        1000,
    )
    assert [(c["ref"], c["gross_minor"]) for c in told["carried"]] == [(ref, 2999)]
    assert again.json() == told
    assert await house.row("SELECT count(*) FROM exchange") == (1,)


async def test_an_amount_without_a_difference_is_not_paid_by_hand(
    http: httpx2.AsyncClient, swapped: tuple[Merchant, House, UUID, Any]
) -> None:
    merchant, house, settlement, _ = swapped
    path = f"/settlements/{settlement}/by-hand"

    agent = await post(http, merchant, path, {"reason": "cash"})
    silent = await post(http, merchant, path, {"reason": ""}, Role.OWNER)
    refused = await post(http, merchant, path, {"reason": "cash"}, Role.OWNER)

    assert code_of(agent) == (403, "forbidden")
    assert code_of(silent)[0] == 422
    assert code_of(refused) == (409, "move_not_allowed")
    assert await house.row("SELECT state FROM settlement") == ("handed_over",)
