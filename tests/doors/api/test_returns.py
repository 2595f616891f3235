"""A return over the API: quoted, asked for, decided, received, judged; and everything that is refused."""

import asyncio
from typing import Any
from uuid import UUID

import httpx2
import pytest

from retour.core.account import Role
from retour.store.db import Database
from retour.store.vault import Vault
from tests.doors.api.a_return import Shop, open_shop, read, send, wish
from tests.doors.api.conftest import code_of, open_account

pytestmark = pytest.mark.anyio
RANDOM_ID = UUID("0192f0c1-2b3c-7d4e-8f50-617283940516")


@pytest.fixture
async def shop(database: Database, vault: Vault) -> Shop:
    return await open_shop(database, vault)


async def listed(http: httpx2.AsyncClient, shop: Shop) -> list[Any]:
    items: list[Any] = (await read(http, shop, "/returns"))["items"]
    return items


async def test_an_order_is_found_by_its_number_and_what_the_shopper_knows(http: httpx2.AsyncClient, shop: Shop) -> None:
    by_number = await read(http, shop, "/orders?number=1001")
    with_proof = await read(http, shop, "/orders?number=%231001&email=CANARY.shopper@example.com")
    wrong = await read(http, shop, "/orders?number=1001&email=somebody@example.com")

    (order,) = by_number["items"]
    assert order["id"] == str(shop.order_id)
    assert (order["lines"][0]["fulfilled"], order["lines"][0]["returnable"]) == (2, 2)
    assert order["customer"]["email"] == "canary.shopper@example.com"
    assert with_proof == by_number
    assert wrong == {"items": [], "asked": True}
    assert await read(http, shop, f"/orders/{shop.order_id}") == order


async def test_an_order_that_the_mirror_lacks_is_asked_for_once(
    http: httpx2.AsyncClient, shop: Shop, database: Database
) -> None:
    first = await read(http, shop, "/orders?number=9%2F000")
    again = await read(http, shop, "/orders?number=9%2F000")

    assert first == again == {"items": [], "asked": True}
    async with database.tx(shop.merchant.tenant_id) as db:
        asked = await db.fetchval("SELECT count(*) FROM inbox WHERE facts ->> 'order_name' = '9/000'")
    assert asked in {1, 2}  # two where the minute turned between the questions


async def test_a_return_goes_from_quote_to_verdict(http: httpx2.AsyncClient, shop: Shop) -> None:
    quote = await http.post("/quotes", json=wish(shop), headers=shop.merchant.headers())
    assert quote.status_code == 200, quote.text
    asked = await send(http, shop, "/returns", wish(shop, plan_hash=quote.json()["plan_hash"]))
    assert asked.status_code == 201, asked.text
    made = asked.json()
    path = f"/returns/{made['id']}"
    line_id = made["lines"][0]["id"]

    assert (made["status"], made["blocked_by"]["code"]) == ("requested", "decision_needed")
    assert (await listed(http, shop)) == [made]
    assert made["promised"]["total_minor"] == quote.json()["total_minor"] == 1_000
    approved = (await send(http, shop, f"{path}/approve", {"expect_version": made["version"]})).json()
    assert (approved["status"], approved["blocked_by"]["actor"]) == ("approved", "shopper")
    parcel = await send(http, shop, f"{path}/shipments", {"carrier": "post", "tracking_number": "T1"})
    assert parcel.status_code == 201, parcel.text
    received = await send(
        http, shop, f"{path}/receive", {"lines": [{"line_id": line_id, "quantity": 1}]}, role=Role.WAREHOUSE
    )
    assert received.json()["surplus"] == 0, received.text
    judged = await send(
        http, shop, f"{path}/inspect",
        {"lines": [{"line_id": line_id, "quantity": 1, "grade": "opened", "location_ref": "L1"}]},
        role=Role.WAREHOUSE,
    )  # fmt: skip
    assert judged.status_code == 200, judged.text
    await send(http, shop, f"{path}/notes", {"body": "Box was open"})

    whole = await read(http, shop, path)
    assert [(i["grade"], i["disposition"], i["accepted"]) for i in whole["inspections"]] == [
        ("opened", "restock", True)
    ]
    assert [n["body"] for n in whole["notes"]] == ["Box was open"]
    assert [s["tracking_number"] for s in whole["shipments"]] == ["T1"]
    (settlement,) = whole["settlements"]
    assert (settlement["state"], settlement["total_minor"]) == ("quoted", 1_000)
    assert sum(row["amount_minor"] for row in settlement["plan"]["rows"] if row["adds"]) == 1_000
    assert whole["decision"][0]["rulings"]["eligibility"]["rule"]
    assert await read(http, shop, f"/settlements/{settlement['id']}") == settlement
    events = (await read(http, shop, f"{path}/events"))["items"]
    assert [e["sequence"] for e in events] == list(range(1, len(events) + 1))
    assert [e["type"] for e in events][:4] == [
        "return.requested", "return.approved", "return.parcel_updated", "return.received",
    ]  # fmt: skip


async def test_a_return_that_the_policy_approves_needs_nobody(
    http: httpx2.AsyncClient, database: Database, vault: Vault
) -> None:
    shop = await open_shop(database, vault, automatic=True)

    made = (await send(http, shop, "/returns", wish(shop))).json()

    assert (made["status"], made["blocked_by"]["actor"]) == ("approved", "shopper")
    assert (await listed(http, shop)) == [made]


@pytest.mark.parametrize(
    ("change", "expected", "field"),
    [
        ({"order_id": str(RANDOM_ID)}, (404, "order_not_found"), "order_id"),
        ({"plan_hash": "stale"}, (409, "plan_changed"), "plan_hash"),
        ({"method": "pigeon"}, (422, "method_not_offered"), "method"),
        ({"lines": []}, (422, "invalid_request"), "lines"),
        ({"lines": [{"line_ref": "x", "quantity": 1, "reason": "r"}]}, (404, "line_not_found"), "lines[0].line_ref"),
        ({"lines": [{"line_ref": "line-1", "quantity": 0, "reason": "r"}]}, (422, "invalid_request"), "lines[0].quantity"),
        ({"lines": [{"line_ref": "line-1", "quantity": 3, "reason": "r"}]}, (409, "more_than_returnable"),
         "lines[0].quantity"),
        ({"lines": [{"line_ref": "line-1", "quantity": 1, "reason": "r\x00"}]}, (422, "invalid_text"), "lines[0].reason"),
        ({"lines": [{"line_ref": "line-1", "quantity": 1, "reason": "r", "resolution": "exchange"}]},
         (422, "resolution_not_offered"), "lines[0].resolution"),
        ({"colour": "red"}, (422, "invalid_request"), "colour"),
    ],
)  # fmt: skip
async def test_a_wrong_request_names_the_field_and_claims_nothing(
    http: httpx2.AsyncClient, shop: Shop, change: dict[str, Any], expected: tuple[int, str], field: str
) -> None:
    answer = await send(http, shop, "/returns", wish(shop) | change)

    assert code_of(answer) == expected, answer.text
    assert answer.json()["field"] == field, answer.text
    assert await listed(http, shop) == []
    assert (await read(http, shop, f"/orders/{shop.order_id}"))["lines"][0]["in_return"] == 0


async def test_eight_asking_for_the_last_unit_leave_one_winner(
    http: httpx2.AsyncClient, database: Database, vault: Vault
) -> None:
    shop = await open_shop(database, vault, orders_made=3, units=1)
    for order_id in shop.orders:
        answers = await asyncio.gather(*(send(http, shop, "/returns", wish(shop, order_id=order_id)) for _ in range(8)))

        assert sorted(answer.status_code for answer in answers)[:1] == [201]
        assert {answer.status_code for answer in answers} <= {201, 409, 422}
        assert sum(answer.status_code == 201 for answer in answers) == 1
    assert len(await listed(http, shop)) == 3


async def test_the_same_request_eight_times_makes_one_return(http: httpx2.AsyncClient, shop: Shop) -> None:
    answers = await asyncio.gather(*(send(http, shop, "/returns", wish(shop), key="same") for _ in range(8)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len(await listed(http, shop)) == 1


async def test_of_two_agents_one_wins_and_the_other_sees_the_state(http: httpx2.AsyncClient, shop: Shop) -> None:
    made = (await send(http, shop, "/returns", wish(shop))).json()
    path, seen = f"/returns/{made['id']}", {"expect_version": made["version"]}

    answers = await asyncio.gather(
        send(http, shop, f"{path}/approve", seen),
        send(http, shop, f"{path}/reject", seen | {"message": "worn"}),
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    (lost,) = [answer for answer in answers if answer.status_code == 409]
    assert code_of(lost) == (409, "state_changed")
    now = await read(http, shop, path)
    assert lost.json()["facts"] == {"status": now["status"], "version": now["version"]}


async def test_another_account_and_another_store_see_nothing_of_a_return(
    http: httpx2.AsyncClient, database: Database, shop: Shop
) -> None:
    made = (await send(http, shop, "/returns", wish(shop))).json()
    stranger = await open_account(database)
    absent = await http.get(f"/returns/{RANDOM_ID}", headers=stranger.headers())
    for headers in (stranger.headers(idempotency_key="x"), shop.merchant.headers(shop="outlet", idempotency_key="x")):
        for path in (f"/returns/{made['id']}", f"/returns/{made['id']}/events"):
            answer = await http.get(path, headers=headers)
            assert (answer.status_code, answer.content) == (404, absent.content)
        for action, body in (("approve", {}), ("cancel", {}), ("notes", {"body": "hi"})):
            answer = await http.post(f"/returns/{made['id']}/{action}", json=body, headers=headers)
            assert (answer.status_code, answer.content) == (404, absent.content)
        assert (await http.get("/returns", headers=headers)).json()["items"] == []
        assert code_of(await http.get(f"/orders/{shop.order_id}", headers=headers)) == (404, "order_not_found")

    after = await read(http, shop, f"/returns/{made['id']}")
    assert (after["version"], after["status"], after["notes"]) == (made["version"], "requested", [])


async def test_lists_are_filtered_and_read_in_pages(http: httpx2.AsyncClient, database: Database, vault: Vault) -> None:
    shop = await open_shop(database, vault, orders_made=3)
    made = [(await send(http, shop, "/returns", wish(shop, order_id=o))).json()["id"] for o in shop.orders]
    await send(http, shop, f"/returns/{made[1]}/approve", {})

    first = await read(http, shop, "/returns?limit=2")
    rest = await read(http, shop, f"/returns?limit=2&after={first['next']}")
    approved = await read(http, shop, "/returns?status=approved")
    waiting = await read(http, shop, "/returns?blocked_by=decision_needed")
    of_order = await read(http, shop, f"/returns?order_id={shop.orders[2]}")

    assert [r["id"] for r in first["items"] + rest["items"]] == made
    assert rest["next"] is None
    assert [r["id"] for r in approved["items"]] == [made[1]]
    assert [r["id"] for r in waiting["items"]] == [made[0], made[2]]
    assert [r["id"] for r in of_order["items"]] == [made[2]]


async def test_a_cancelled_return_frees_its_units(http: httpx2.AsyncClient, shop: Shop) -> None:
    made = (await send(http, shop, "/returns", wish(shop, quantity=2))).json()

    gone = await send(http, shop, f"/returns/{made['id']}/cancel", {})

    assert gone.json()["status"] == "cancelled"
    assert (await send(http, shop, "/returns", wish(shop, quantity=2))).status_code == 201
    assert code_of(await send(http, shop, f"/returns/{made['id']}/cancel", {})) == (409, "already_decided")


async def test_a_settlement_and_an_effect_that_do_not_exist_are_not_found(http: httpx2.AsyncClient, shop: Shop) -> None:
    headers = shop.merchant.headers()

    assert code_of(await http.get(f"/settlements/{RANDOM_ID}", headers=headers)) == (404, "settlement_not_found")
    assert code_of(await http.get(f"/effects/{RANDOM_ID}", headers=headers)) == (404, "effect_not_found")
    assert code_of(await send(http, shop, f"/settlements/{RANDOM_ID}/retry", {})) == (404, "settlement_not_found")
    assert code_of(await send(http, shop, f"/effects/{RANDOM_ID}/hand-back", {})) == (404, "effect_not_found")


async def test_payments_are_paused_for_a_store_and_let_go_again(http: httpx2.AsyncClient, shop: Shop) -> None:
    first = (await send(http, shop, "/payments/pause", {})).json()
    again = (await send(http, shop, "/payments/pause", {}, role=Role.AGENT)).json()
    refused = await send(http, shop, "/payments/resume", {}, role=Role.AGENT)
    resumed = (await send(http, shop, "/payments/resume", {})).json()

    store = str(shop.merchant.stores["main"])
    assert first == {"paused": True, "store_id": store, "changed": True}
    assert again["changed"] is False
    assert code_of(refused) == (403, "forbidden")
    assert resumed == {"paused": False, "store_id": store, "changed": True}
