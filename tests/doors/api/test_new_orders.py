"""New orders of exchanges over the API: the article is named, the order is told, and people decide about it."""

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from retour.core.account import Role
from retour.flows import account as accounts
from retour.flows import rma
from retour.store.db import Database
from tests.doors.api.conftest import Merchant, code_of
from tests.stories.house import House, Units, a_house, now
from tests.stories.test_exchange_orders import K, opened, shelved

pytestmark = pytest.mark.anyio


@pytest.fixture
async def asked(database: Database, executor_database: Database, owner: Any, tmp_path: Path) -> Any:
    """A return that is to be exchanged for an article in stock that costs more: (merchant, house, return id)."""
    async with a_house(database, executor_database, owner, tmp_path / "keys") as house:
        await opened(house)
        await shelved(house, "RT-VASE", "71.40")
        order = await house.an_order()
        wish = rma.Wish(order.order.lines[0].ref, 1, "too_small", resolution=K.EXCHANGE.value)
        rma_id = await house.ask(order, [wish])
        async with database.tx(house.tenant) as db:
            keys = {
                role: (await accounts.create_key(db, name=role.value, role=role, actor="cli", now=now())).text
                for role in Role
            }
        yield Merchant(house.tenant, {"acme": house.store}, keys), house, rma_id


async def post(
    http: httpx2.AsyncClient, merchant: Merchant, path: str, body: Any, role: Role = Role.AGENT
) -> httpx2.Response:
    headers = merchant.headers(role, shop=None, idempotency_key=str(uuid4()))
    return await http.post(path, json=body, headers=headers)


async def new_order(http: httpx2.AsyncClient, merchant: Merchant, rma_id: UUID) -> dict[str, Any]:
    answer = await http.get(f"/returns/{rma_id}/new-orders", headers=merchant.headers(Role.AGENT, shop=None))
    (only,) = answer.json()["items"]
    return dict(only)


async def test_an_article_is_named_then_ordered_and_the_difference_is_told_until_somebody_decides_otherwise(
    http: httpx2.AsyncClient, asked: tuple[Merchant, House, UUID]
) -> None:
    merchant, house, rma_id = asked
    line = (await house.see(rma_id)).rma.lines[0]
    wish = {"line_id": str(line.id), "article": "RT-VASE"}
    path = f"/returns/{rma_id}/wanted-article"

    clerk = await post(http, merchant, path, wish, Role.WAREHOUSE)
    stranger = await post(http, merchant, path, wish | {"line_id": str(uuid4())})
    empty = await post(http, merchant, path, wish | {"article": ""})
    named = await post(http, merchant, path, wish)

    assert code_of(clerk) == (403, "forbidden")
    assert code_of(stranger) == (404, "return_line_not_found")
    assert code_of(empty)[0] == 422
    assert named.status_code == 200

    await house.approve(rma_id)
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))

    told = await new_order(http, merchant, rma_id)
    assert (told["state"], told["collect_minor"], told["pay_back_minor"]) == ("unpaid", 5141, 0)
    assert [(a["article"], a["title"], a["quantity"]) for a in told["articles"]] == [("RT-VASE", "Rt-Vase", 1)]
    assert told["pay_url"].startswith("http")

    decide = f"/settlements/{told['settlement_id']}/new-order"
    wrong = await post(http, merchant, decide, {"decide": "again"})
    done = await post(http, merchant, decide, {"decide": "refund"})
    await house.settle_down()

    assert code_of(wrong) == (409, "move_not_allowed")
    assert done.json()["back"] == "refund_original"
    assert (await new_order(http, merchant, rma_id))["state"] == "cancelled"
    assert await house.status(rma_id) == "resolved"


async def test_what_was_never_begun_cannot_be_decided_about(
    http: httpx2.AsyncClient, asked: tuple[Merchant, House, UUID]
) -> None:
    merchant, house, rma_id = asked
    await house.approve(rma_id)
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))
    settlement = await house.settlement(rma_id)

    no = await post(http, merchant, f"/settlements/{settlement.id}/new-order", {"decide": "refund"})
    gone = await post(http, merchant, f"/settlements/{uuid4()}/new-order", {"decide": "refund"})

    assert code_of(no) == (409, "exchange_not_begun")
    assert code_of(gone) == (404, "settlement_not_found")
    assert await house.waits(rma_id) == ("finance", "awaiting_payout")
