"""Returns over the API: searched and narrowed, counted, marked, merged, and opened beyond the policy."""

from typing import Any

import httpx2
import pytest

from retour.core.account import Role
from retour.flows import account as accounts
from retour.store.db import Database
from retour.store.ids import new_id
from retour.store.vault import Vault
from tests.doors.api.a_return import Shop, open_shop, read, send, wish
from tests.doors.api.conftest import code_of
from tests.stories.house import now

pytestmark = pytest.mark.anyio
WHY = "A regular customer."


async def asked(http: httpx2.AsyncClient, shop: Shop, n: int = 0, **more: Any) -> Any:
    answer = await send(http, shop, "/returns", wish(shop, order_id=shop.orders[n], **more))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def found(http: httpx2.AsyncClient, shop: Shop, query: str) -> list[str]:
    return [one["id"] for one in (await read(http, shop, f"/returns?{query}"))["items"]]


async def hired(database: Database, shop: Shop) -> str:
    async with database.tx(shop.merchant.tenant_id) as db:
        member = await accounts.add_staff(
            db,
            email=f"{new_id().hex}@example.com",
            name="Ana",
            role=Role.AGENT,
            password_hash=None,
            actor="cli",
            now=now(),
        )
    return str(member.id)


async def test_the_list_is_searched_and_narrowed(http: httpx2.AsyncClient, database: Database, vault: Vault) -> None:
    shop = await open_shop(database, vault, orders_made=2)
    first, second = await asked(http, shop), await asked(http, shop, 1)
    ana = await hired(database, shop)
    path = f"/returns/{second['id']}"
    await send(http, shop, f"{path}/assign", {"staff_id": ana})
    await send(http, shop, f"{path}/tags", {"add": ["VIP"]})
    await send(http, shop, f"{path}/priority", {"priority": "urgent"})
    await send(http, shop, f"{path}/notes", {"body": "Ask the Zürich depot"})
    await send(http, shop, f"{path}/approve", {})

    for query in ("q=zurich+dep", f"q={second['number']}", f"q=%23{second['order_name'][1:]}", "status=approved", "tag=vip",
                  "priority=urgent", f"assignee_id={ana}", "waits_for=shopper", "blocked_by=awaiting_shipment",
                  f"order_id={shop.orders[1]}&channel=api", f"order_id={shop.orders[1]}"):  # fmt: skip
        assert await found(http, shop, query) == [second["id"]], query
    assert await found(http, shop, "waits_for=agent") == [first["id"]]
    for query in ("channel=api", "resolution=refund_original", "requested_since=2020-01-01T00:00:00Z"):
        assert await found(http, shop, query) == [first["id"], second["id"]], query
    for query in (
        "q=nobody",
        "channel=portal",
        "resolution=exchange",
        "requested_before=2020-01-01T00:00:00Z",
        "tag=x",
    ):
        assert await found(http, shop, query) == [], query
    pages = await read(http, shop, "/returns?channel=api&limit=1")
    assert await found(http, shop, f"channel=api&limit=1&after={pages['next']}") == [second["id"]]


@pytest.mark.parametrize(
    "query",
    [
        "priority=now",
        "status=open",
        "q=",
        "tag=",
        "assignee_id=ana",
        "requested_since=monday",
        "requested_since=2026-02-31T00:00:00Z",
        "colour=red",
    ],
)
async def test_a_filter_that_is_none_is_refused(
    http: httpx2.AsyncClient, database: Database, vault: Vault, query: str
) -> None:
    shop = await open_shop(database, vault)

    answer = await http.get(f"/returns?{query}", headers=shop.merchant.headers())

    assert code_of(answer)[0] == 422


async def test_returns_are_counted_as_they_stand_now(
    http: httpx2.AsyncClient, database: Database, vault: Vault
) -> None:
    shop = await open_shop(database, vault, orders_made=3)
    assert await read(http, shop, "/return-counts") == {"total": 0, "items": []}
    made = [await asked(http, shop, n) for n in range(3)]
    await send(http, shop, f"/returns/{made[0]['id']}/reject", {"message": "no"})

    assert await read(http, shop, "/return-counts") == {
        "total": 3,
        "items": [
            {"status": "rejected", "waits_for": None, "blocked_by": None, "count": 1},
            {"status": "requested", "waits_for": "agent", "blocked_by": "decision_needed", "count": 2},
        ],
    }


async def test_marks_answer_the_return_and_leave_its_version(
    http: httpx2.AsyncClient, database: Database, vault: Vault
) -> None:
    shop = await open_shop(database, vault)
    made, ana = await asked(http, shop), await hired(database, shop)
    path = f"/returns/{made['id']}"
    assert (made["assignee_id"], made["priority"], made["tags"], made["merged_into"]) == (None, "normal", [], None)
    assert [(one["id"], one["role"]) for one in (await read(http, shop, "/staff"))["items"]] == [(ana, "agent")]

    await send(http, shop, f"{path}/assign", {"staff_id": ana})
    await send(http, shop, f"{path}/watch", {"staff_id": ana})
    await send(http, shop, f"{path}/priority", {"priority": "low"})
    marked = (await send(http, shop, f"{path}/tags", {"add": ["b", "A"], "remove": ["c"]})).json()
    freed = (await send(http, shop, f"{path}/assign", {})).json()

    assert (marked["assignee_id"], marked["priority"], marked["tags"]) == (ana, "low", ["a", "b"])
    assert (freed["assignee_id"], freed["version"]) == (None, made["version"])


@pytest.mark.parametrize(
    ("act", "body", "expected"),
    [
        ("assign", {"staff_id": "00000000-0000-4000-8000-000000000009"}, (404, "staff_not_found")),
        ("watch", {"staff_id": "00000000-0000-4000-8000-000000000009"}, (404, "staff_not_found")),
        ("priority", {"priority": "now"}, (422, "invalid_request")),
        ("tags", {"add": ["x" * 41]}, (422, "invalid_request")),
        ("tags", {"add": ["   "]}, (422, "tag_not_valid")),
        ("merge", {"into": "00000000-0000-4000-8000-000000000009"}, (404, "return_not_found")),
    ],
)
async def test_marks_that_do_not_exist_are_refused(
    http: httpx2.AsyncClient, database: Database, vault: Vault, act: str, body: Any, expected: tuple[int, str]
) -> None:
    shop = await open_shop(database, vault)
    made = await asked(http, shop)

    assert code_of(await send(http, shop, f"/returns/{made['id']}/{act}", body)) == expected
    assert await read(http, shop, f"/returns?order_id={shop.order_id}") == {"items": [made], "next": None}


async def test_a_duplicate_is_merged_and_the_one_that_goes_on_is_answered(
    http: httpx2.AsyncClient, database: Database, vault: Vault
) -> None:
    shop = await open_shop(database, vault)
    first, second = await asked(http, shop), await asked(http, shop)
    stale = await send(http, shop, f"/returns/{second['id']}/merge", {"into": first["id"], "expect_version": 99})
    assert code_of(stale) == (409, "state_changed")

    kept = (await send(http, shop, f"/returns/{second['id']}/merge", {"into": first["id"]})).json()

    assert (kept["id"], len(kept["lines"]), kept["promised"]["total_minor"]) == (first["id"], 2, 2_000)
    gone = await read(http, shop, f"/returns/{second['id']}")
    assert (gone["status"], gone["merged_into"]) == ("cancelled", first["id"])
    again = await send(http, shop, f"/returns/{second['id']}/merge", {"into": first["id"]})
    assert code_of(again) == (409, "merge_not_open")


async def test_a_return_is_opened_beyond_the_policy_with_a_reason(
    http: httpx2.AsyncClient, database: Database, vault: Vault
) -> None:
    shop = await open_shop(database, vault, automatic=True)
    body = wish(shop)
    body["lines"][0]["resolution"] = "store_credit"
    assert code_of(await send(http, shop, "/returns", body)) == (422, "resolution_not_offered")

    quote = (await send(http, shop, "/quotes", {**body, "unlimited": WHY})).json()
    opened = (await send(http, shop, "/returns", {**body, "unlimited": WHY, "plan_hash": quote["plan_hash"]})).json()

    assert quote["review"] == ["beyond_policy"]
    assert [(o["code"], o["field"]) for o in quote["set_aside"]] == [("resolution_not_offered", "lines[0].resolution")]
    assert (opened["status"], opened["blocked_by"]["code"]) == ("requested", "decision_needed")
    (told, *_) = (await read(http, shop, f"/returns/{opened['id']}/events"))["items"]
    assert (told["data"]["reason"], len(told["data"]["objections"])) == (WHY, 1)
    too_many = wish(shop, quantity=9) | {"unlimited": WHY}
    assert code_of(await send(http, shop, "/returns", too_many)) == (409, "more_than_returnable")


async def test_the_warehouse_goes_beyond_nothing(http: httpx2.AsyncClient, database: Database, vault: Vault) -> None:
    shop = await open_shop(database, vault)

    refused = await send(http, shop, "/returns", {**wish(shop), "unlimited": WHY}, role=Role.WAREHOUSE)

    assert refused.status_code == 403
