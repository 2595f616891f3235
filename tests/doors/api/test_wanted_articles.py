"""The new article of an exchange named with the request over the API; elsewhere it is refused and nothing is opened."""

from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest

from retour.core.account import Role
from retour.flows import account as accounts
from retour.store import article as articles
from retour.store.db import Database
from tests.doors.api.conftest import Merchant, code_of
from tests.doors.api.test_new_orders import new_order, post
from tests.stories.house import Units, a_house, now
from tests.stories.test_exchange_orders import opened, shelved

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop(database: Database, executor_database: Database, owner: Any, tmp_path: Path) -> Any:
    """A shop that exchanges for anything: (merchant, house, the body of a request of one tee)."""
    async with a_house(database, executor_database, owner, tmp_path / "keys") as house:
        await opened(house)
        await shelved(house, "RT-VASE", "71.40")
        order = await house.an_order()
        async with database.tx(house.tenant) as db:
            key = (await accounts.create_key(db, name="agent", role=Role.AGENT, actor="cli", now=now())).text
        line = {"line_ref": order.order.lines[0].ref, "quantity": 1, "reason": "too_small", "resolution": "exchange"}
        merchant = Merchant(house.tenant, {"acme": house.store}, {Role.AGENT: key})
        yield merchant, house, {"order_id": str(order.id), "lines": [line]}


def asking(body: Any, **line: Any) -> Any:
    return body | {"lines": [body["lines"][0] | line]}


async def test_an_article_that_is_named_with_the_request_is_what_is_ordered(
    http: httpx2.AsyncClient, shop: Any
) -> None:
    merchant, house, body = shop

    answer = await http.post(
        "/returns", json=asking(body, article="RT-VASE"),
        headers=merchant.headers(Role.AGENT, shop="acme", idempotency_key="asked-once"),
    )  # fmt: skip

    assert answer.status_code == 201, answer.text
    rma_id = UUID(answer.json()["id"])
    async with house.web.tx(house.tenant) as db:
        (named,) = (await articles.chosen(db, rma_id)).values()
    assert (named.article, named.title, named.shown) == ("RT-VASE", "RT-VASE", None)
    events = (await http.get(f"/returns/{rma_id}/events", headers=merchant.headers(Role.AGENT, shop="acme"))).json()
    assert events["items"][0]["data"]["articles"] == ["RT-VASE"]

    await house.approve(rma_id)
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))
    told = await new_order(http, merchant, rma_id)
    assert (told["state"], told["collect_minor"]) == ("unpaid", 5141)


@pytest.mark.parametrize(
    ("line", "code", "field"),
    [
        ({"article": "RT-VASE", "resolution": "refund_original"}, "not_an_exchange", "lines[0].article"),
        ({"article": "  "}, "invalid_text", "lines[0].article"),
    ],
)
async def test_an_article_for_nothing_is_refused_and_nothing_is_opened(
    http: httpx2.AsyncClient, shop: Any, line: dict[str, str], code: str, field: str
) -> None:
    merchant, house, body = shop

    answer = await post(http, merchant, "/returns", asking(body, **line))

    assert (code_of(answer), answer.json()["field"]) == ((422, code), field)
    assert list(await house.row("SELECT count(*) FROM rma")) == [0]


@pytest.mark.parametrize("article", ["", "x" * 201, "nul\u0000"])
async def test_an_article_has_the_shape_that_naming_it_later_has(
    http: httpx2.AsyncClient, shop: Any, article: str
) -> None:
    merchant, house, body = shop

    answer = await post(http, merchant, "/returns", asking(body, article=article))

    assert answer.status_code in (400, 422)
    assert list(await house.row("SELECT count(*) FROM rma")) == [0]
