"""Withdrawals over the API: received and acknowledged, assigned to an order by a person, ended with a reason."""

from typing import Any
from uuid import UUID

import httpx2
import pytest

from retour.core.account import Role
from retour.store.db import Database
from retour.store.ids import new_id
from retour.store.vault import Vault
from tests.doors.api.a_return import Shop, open_shop, read, send
from tests.doors.api.conftest import code_of
from tests.flows.order.shop import CANARY

pytestmark = pytest.mark.anyio

SAID = {"name": "Cara Canary", "number": "#1001", "contact": CANARY}
MAILS = "SELECT kind, language FROM mail WHERE resource_id = $1 ORDER BY id"


@pytest.fixture
async def shop(database: Database, vault: Vault) -> Shop:
    return await open_shop(database, vault)


async def stated(http: httpx2.AsyncClient, shop: Shop, **more: Any) -> dict[str, Any]:
    answer = await send(http, shop, "/withdrawals", {**SAID, **more})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_what_waits_for_a_person_or_its_money_stands_in_the_queues(
    http: httpx2.AsyncClient, shop: Shop, database: Database
) -> None:
    told = await stated(http, shop)
    nothing = (await read(http, shop, "/queues"))["withdrawals"]
    async with database.tx(shop.merchant.tenant_id) as db:
        await db.execute(
            "UPDATE withdrawal SET state = 'waiting', why = 'no_order', since = since - interval '30 hours' WHERE id = $1",
            UUID(told["id"]),
        )
    found = await read(http, shop, "/queues")
    late = (await read(http, shop, "/queues?late=true"))["withdrawals"]
    money = (await read(http, shop, "/queues?code=withdrawal_unpaid"))["withdrawals"]
    others = (await read(http, shop, "/queues?actor=warehouse"))["withdrawals"]

    assert (nothing, others) == ([], [])
    assert [(one["code"], one["why"], one["count"], one["late"], one["limit_hours"]) for one in found["withdrawals"]] == [
        ("withdrawal_waiting", "no_order", 1, 1, 24), ("withdrawal_unpaid", None, 1, 0, 312),
    ]  # fmt: skip
    assert found["withdrawals"][0]["ages"] == {"day": 0, "three_days": 1, "week": 0, "older": 0}
    assert found["withdrawals"][0]["oldest_id"] == told["id"]
    assert late == found["withdrawals"][:1]
    assert money == found["withdrawals"][1:]


async def test_a_statement_is_received_acknowledged_and_read_whole(
    http: httpx2.AsyncClient, shop: Shop, database: Database
) -> None:
    told = await stated(http, shop, language="de", goods="one of them")

    assert (told["state"], told["why"], told["channel"], told["late"]) == ("received", None, "api", False)
    assert told["stated"] == {**SAID, "goods": "one of them"}
    assert await read(http, shop, f"/withdrawals/{told['id']}") == told
    async with database.tx(shop.merchant.tenant_id) as db:
        rows = await db.fetch(MAILS, UUID(told["id"]))
    assert [(row["kind"], row["language"]) for row in rows] == [("withdrawal_received", "de")]


async def test_one_key_states_once(http: httpx2.AsyncClient, shop: Shop) -> None:
    first = await send(http, shop, "/withdrawals", SAID, key="w-1")
    again = await send(http, shop, "/withdrawals", SAID, key="w-1")

    assert first.json() == again.json()
    assert len((await read(http, shop, "/withdrawals"))["items"]) == 1


async def test_the_list_is_newest_first_in_pages(http: httpx2.AsyncClient, shop: Shop) -> None:
    made = [(await stated(http, shop))["id"] for _ in range(3)]

    first = await read(http, shop, "/withdrawals?limit=2")
    rest = await read(http, shop, f"/withdrawals?limit=2&after={first['next']}")

    assert [row["id"] for row in first["items"] + rest["items"]] == made[::-1]
    assert rest["next"] is None
    assert (await read(http, shop, "/withdrawals?state=waiting"))["items"] == []


async def test_a_person_assigns_it_and_a_second_time_is_refused(http: httpx2.AsyncClient, shop: Shop) -> None:
    told = await stated(http, shop)
    wish = {"order_id": str(shop.order_id), "lines": [{"line_ref": "line-1", "quantity": 1}]}

    done = await send(http, shop, f"/withdrawals/{told['id']}/assign", wish)
    twice = await send(http, shop, f"/withdrawals/{told['id']}/assign", wish)

    assert done.status_code == 200, done.text
    assert (done.json()["state"], done.json()["order_id"]) == ("matched", str(shop.order_id))
    made = await read(http, shop, f"/returns/{done.json()['return_id']}")
    assert (made["kind"], made["status"], made["number"]) == (
        "withdrawal", "approved", done.json()["return_number"],
    )  # fmt: skip
    assert [line["quantity"] for line in made["lines"]] == [1]
    assert code_of(twice) == (409, "move_not_allowed")


async def test_another_contact_needs_a_reason_and_nothing_moves_without(http: httpx2.AsyncClient, shop: Shop) -> None:
    told = await stated(http, shop, contact="else@example.com")

    refused = await send(http, shop, f"/withdrawals/{told['id']}/assign", {"order_id": str(shop.order_id)})

    assert code_of(refused) == (422, "reason_required")
    assert (await read(http, shop, "/returns"))["items"] == []


async def test_closing_is_told(http: httpx2.AsyncClient, shop: Shop) -> None:
    told = await stated(http, shop)

    closed = await send(http, shop, f"/withdrawals/{told['id']}/close", {"reason": "No order of ours"})

    assert (closed.json()["state"], closed.json()["reason"]) == ("closed", "No order of ours")


async def test_what_is_wrong_is_a_problem_with_its_code(http: httpx2.AsyncClient, shop: Shop) -> None:
    blank = await send(http, shop, "/withdrawals", {**SAID, "name": " ", "contact": "nowhere"})
    assert code_of(blank) == (422, "name_required")
    assert [e["code"] for e in blank.json()["objections"]] == ["name_required", "invalid_email"]
    missing = await send(http, shop, f"/withdrawals/{new_id()}/close", {"reason": "x"})
    assert code_of(missing) == (404, "withdrawal_not_found")
    cursor = await http.get("/withdrawals?after=YQ", headers=shop.merchant.headers())
    assert code_of(cursor) == (422, "invalid_cursor")
    warehouse = await send(http, shop, "/withdrawals", SAID, role=Role.WAREHOUSE)
    assert code_of(warehouse) == (403, "forbidden")
    elsewhere = await http.get(
        f"/withdrawals/{(await stated(http, shop))['id']}", headers=shop.merchant.headers(shop="outlet")
    )
    assert code_of(elsewhere) == (404, "withdrawal_not_found")
