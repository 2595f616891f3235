"""A fee that is paid beforehand over the API: told with its tax and its link, decided by staff, never returned itself."""

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
from tests.stories.test_fees_beforehand import approved, charging, pay

pytestmark = pytest.mark.anyio
Unpaid = tuple[Merchant, House, UUID]


@pytest.fixture
async def unpaid(database: Database, executor_database: Database, owner: Any, tmp_path: Path) -> Any:
    """A return whose fee of 6.90 is to be paid beforehand: (merchant, house, return id)."""
    async with a_house(database, executor_database, owner, tmp_path / "keys") as house:
        await house.open(document=charging())
        _, rma_id = await approved(house)
        async with database.tx(house.tenant) as db:
            keys = {
                role: (await accounts.create_key(db, name=role.value, role=role, actor="cli", now=now())).text
                for role in Role
            }
        yield Merchant(house.tenant, {"acme": house.store}, keys), house, rma_id


async def decide(
    http: httpx2.AsyncClient, merchant: Merchant, rma_id: Any, what: str, role: Role = Role.AGENT
) -> httpx2.Response:
    headers = merchant.headers(role, shop=None, idempotency_key=str(uuid4()))
    return await http.post(f"/returns/{rma_id}/fee", json={"decide": what}, headers=headers)


async def show(http: httpx2.AsyncClient, merchant: Merchant, rma_id: Any) -> httpx2.Response:
    return await http.get(f"/returns/{rma_id}/fee", headers=merchant.headers(Role.AGENT, shop=None))


async def test_it_is_told_with_its_tax_and_its_link_and_that_it_was_paid(
    http: httpx2.AsyncClient, unpaid: Unpaid
) -> None:
    merchant, house, rma_id = unpaid

    told = (await show(http, merchant, rma_id)).json()
    assert (told["state"], told["amount_minor"], told["currency"], told["collected_minor"]) == (
        "unpaid",
        690,
        "EUR",
        None,
    )
    assert told["parts"] == [
        {
            "kind": "return", "amount_minor": 690, "tax_minor": 110, "tax_basis_points": 1_900, "if_nothing": "refunded",
        }
    ]  # fmt: skip
    assert told["pay_url"].startswith("http")
    found = await http.get(f"/returns/{rma_id}", headers=merchant.headers(Role.AGENT, shop=None))
    waits = found.json()["blocked_by"]
    assert (waits["actor"], waits["code"], waits["evidence"]["amount_minor"]) == ("shopper", "fee_unpaid", "690")

    await pay(house)

    paid = (await show(http, merchant, rma_id)).json()
    assert (paid["state"], paid["collected_minor"], paid["pay_url"]) == ("paid", 690, None)
    assert code_of(await decide(http, merchant, rma_id, "withhold")) == (409, "move_not_allowed")


async def test_staff_let_the_refund_bear_it_and_nobody_else_does(http: httpx2.AsyncClient, unpaid: Unpaid) -> None:
    merchant, house, rma_id = unpaid

    assert code_of(await decide(http, merchant, rma_id, "withhold", Role.WAREHOUSE)) == (403, "forbidden")
    assert code_of(await decide(http, merchant, rma_id, "again")) == (409, "move_not_allowed")
    assert code_of(await decide(http, merchant, uuid4(), "withhold")) == (404, "return_not_found")
    assert (await show(http, merchant, rma_id)).json()["state"] == "unpaid"

    done = await decide(http, merchant, rma_id, "withhold")
    await house.settle_down()

    assert done.status_code == 200
    assert (await show(http, merchant, rma_id)).json()["state"] == "withheld"
    assert await house.waits(rma_id) == ("shopper", "awaiting_shipment")


async def test_a_return_without_one_has_none(http: httpx2.AsyncClient, unpaid: Unpaid) -> None:
    merchant, house, _ = unpaid
    order = await house.an_order()
    plain = await house.ask(order, {0: 1}, kind="withdrawal")

    assert code_of(await show(http, merchant, plain)) == (404, "fee_not_found")
    assert code_of(await decide(http, merchant, plain, "withhold")) == (404, "fee_not_found")
