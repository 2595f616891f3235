"""Many returns at once over the API: previewed, done one by one with a result each, and done once."""

from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from retour.core.account import Role
from retour.store.db import Database
from retour.store.vault import Vault
from tests.doors.api.a_return import Shop, open_shop, read, send, wish
from tests.doors.api.conftest import code_of

pytestmark = pytest.mark.anyio
TRACES = "SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM rma_note) AS notes, (SELECT count(*) FROM rma_tag) AS tags"


@pytest.fixture
async def shop(database: Database, vault: Vault) -> Shop:
    return await open_shop(database, vault, orders_made=3)


async def returns(http: httpx2.AsyncClient, shop: Shop) -> list[dict[str, Any]]:
    """Request a return of each order; the first of them is cancelled."""
    made = [(await send(http, shop, "/returns", wish(shop, order_id=order))).json() for order in shop.orders]
    cancelled = await send(http, shop, f"/returns/{made[0]['id']}/cancel", {})
    assert cancelled.status_code == 200, cancelled.text
    return [await read(http, shop, f"/returns/{one['id']}") for one in made]


async def run(
    http: httpx2.AsyncClient, shop: Shop, body: dict[str, Any], *, role: Role = Role.OWNER, key: str | None = None,
    path: str = "/returns/bulk",
) -> Any:  # fmt: skip
    return await http.post(path, json=body, headers=shop.merchant.headers(role, Idempotency_Key=key or str(uuid4())))


async def preview(http: httpx2.AsyncClient, shop: Shop, body: dict[str, Any], role: Role = Role.OWNER) -> Any:
    return await run(http, shop, body, role=role, path="/returns/bulk/preview")


async def traces(database: Database, shop: Shop) -> tuple[Any, ...]:
    async with database.tx(shop.merchant.tenant_id) as db:
        row = await db.fetchrow(TRACES)
    assert row is not None
    return tuple(row.values())


def results(answer: Any) -> list[tuple[bool, str | None]]:
    assert answer.status_code == 200, answer.text
    return [(one["ok"], one["code"]) for one in answer.json()["items"]]


async def test_a_preview_says_to_which_it_can_be_done_and_writes_nothing(
    http: httpx2.AsyncClient, shop: Shop, database: Database
) -> None:
    made = await returns(http, shop)
    before = await traces(database, shop)
    ids = [{"id": one["id"]} for one in made]
    unknown = {"id": str(uuid4())}
    answer = await preview(http, shop, {"act": "approve", "items": [*ids, unknown, ids[1]]})

    assert results(answer) == [(False, "is_cancelled"), (True, None), (True, None), (False, "return_not_found")]
    told = answer.json()
    assert (told["act"], told["ok"], told["not_ok"]) == ("approve", 2, 2)
    assert [one["number"] for one in told["items"]] == [*(one["number"] for one in made), None]
    assert await traces(database, shop) == before


async def test_each_return_stands_by_itself_and_the_same_call_again_changes_nothing(
    http: httpx2.AsyncClient, shop: Shop, database: Database
) -> None:
    made = await returns(http, shop)
    seen = (await preview(http, shop, {"act": "approve", "items": [{"id": one["id"]} for one in made]})).json()["items"]
    items = [{"id": one["id"], "expect_version": one["version"]} for one in seen]
    items[2]["expect_version"] += 1
    key = str(uuid4())
    done = await run(http, shop, {"act": "approve", "items": items}, key=key)
    after = await traces(database, shop)
    again = await run(http, shop, {"act": "approve", "items": items}, key=key)
    anew = await run(http, shop, {"act": "approve", "items": items})

    assert results(done) == [(False, "is_cancelled"), (True, None), (False, "state_changed")]
    assert again.json() == done.json()
    assert results(anew) == [(False, "is_cancelled"), (False, "state_changed"), (False, "state_changed")]
    assert await traces(database, shop) == after
    states = [(await read(http, shop, f"/returns/{one['id']}"))["status"] for one in made]
    assert states == ["cancelled", "approved", made[2]["status"]]


async def test_the_version_of_a_result_is_what_the_next_act_may_expect(http: httpx2.AsyncClient, shop: Shop) -> None:
    made = (await returns(http, shop))[1:]
    items: list[dict[str, Any]] = [{"id": one["id"]} for one in made]
    for act in ({"act": "approve"}, {"act": "hold", "message": "Waits"}, {"act": "cancel"}):
        answer = await run(http, shop, act | {"items": items})
        assert results(answer) == [(True, None), (True, None)]
        items = [{"id": one["id"], "expect_version": one["version"]} for one in answer.json()["items"]]


@pytest.mark.parametrize(
    ("body", "field", "value"),
    [
        ({"act": "tag", "tag": "vip"}, "tags", ["vip"]),
        ({"act": "priority", "priority": "high"}, "priority", "high"),
        ({"act": "hold", "message": "Waits for photos"}, "held", True),
        ({"act": "reject", "message": "Worn"}, "status", "rejected"),
        ({"act": "cancel"}, "status", "cancelled"),
    ],
)
async def test_every_act_is_the_one_that_is_done_to_a_return_alone(
    http: httpx2.AsyncClient, shop: Shop, body: dict[str, Any], field: str, value: object
) -> None:
    made = (await returns(http, shop))[1:]
    answer = await run(http, shop, body | {"items": [{"id": one["id"]} for one in made]})

    assert results(answer) == [(True, None), (True, None)]
    assert [(await read(http, shop, f"/returns/{one['id']}"))[field] for one in made] == [value, value]


async def test_notes_assignments_and_releases_are_done_too(
    http: httpx2.AsyncClient, shop: Shop, database: Database
) -> None:
    one = (await returns(http, shop))[1]
    items = [{"id": one["id"]}]

    async def done(**act: str) -> list[tuple[bool, str | None]]:
        return results(await run(http, shop, {**act, "items": items}))

    async def told() -> tuple[object, object, object]:
        now = await read(http, shop, f"/returns/{one['id']}")
        return now["held"], now["tags"], now["assignee_id"]

    assert await done(act="release") == [(False, "not_held")]
    assert [await done(act="hold", message="Waits"), await done(act="tag", tag="vip")] == [[(True, None)]] * 2
    assert await told() == (True, ["vip"], None)
    assert [await done(act="release"), await done(act="untag", tag="vip")] == [[(True, None)]] * 2
    assert await told() == (False, [], None)
    assert await done(act="assign", staff_id=str(uuid4())) == [(False, "staff_not_found")]
    assert await done(act="assign") == [(True, None)]
    assert await done(act="note", message="Look") == [(True, None)]
    assert (await traces(database, shop))[1] == 2  # the reason of the hold and the note


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"act": "hold"}, 422, "reason_missing"),
        ({"act": "reject", "message": " "}, 422, "message_missing"),
        ({"act": "tag"}, 422, "invalid_tag"),
        ({"act": "priority"}, 422, "invalid_priority"),
        ({"act": "pay"}, 422, "invalid_request"),
        ({"act": "approve", "items": []}, 422, "invalid_request"),
        ({"act": "approve", "items": [{"id": str(UUID(int=n))} for n in range(501)]}, 422, "invalid_request"),
    ],
)
async def test_what_lacks_something_is_refused_and_nothing_is_done(
    http: httpx2.AsyncClient, shop: Shop, database: Database, body: dict[str, Any], status: int, code: str
) -> None:
    made = await returns(http, shop)
    before = await traces(database, shop)
    refused = await run(http, shop, {"items": [{"id": made[1]["id"]}]} | body)

    assert code_of(refused) == (status, code)
    assert await traces(database, shop) == before


async def test_a_role_may_do_to_many_what_it_may_do_to_one(http: httpx2.AsyncClient, shop: Shop) -> None:
    made = await returns(http, shop)
    items = [{"id": made[1]["id"]}]
    warehouse = Role.WAREHOUSE

    assert code_of(await preview(http, shop, {"act": "approve", "items": items}, warehouse)) == (403, "forbidden")
    assert code_of(await run(http, shop, {"act": "approve", "items": items}, role=warehouse)) == (403, "forbidden")
    noted = await run(http, shop, {"act": "note", "message": "On shelf 4", "items": items}, role=warehouse)
    assert results(noted) == [(True, None)]


async def test_returns_of_another_store_are_not_found(http: httpx2.AsyncClient, shop: Shop, database: Database) -> None:
    made = await returns(http, shop)
    async with database.tx(shop.merchant.tenant_id) as db:
        other = uuid4()
        await db.execute(
            "INSERT INTO store (tenant_id, id, shop_name, currency) VALUES (current_tenant(), $1, 'Other', 'EUR')",
            other,
        )
        await db.execute("UPDATE rma SET store_id = $2 WHERE id = $1", UUID(made[1]["id"]), other)
    answer = await run(http, shop, {"act": "cancel", "items": [{"id": made[1]["id"]}, {"id": made[2]["id"]}]})

    assert results(answer) == [(False, "return_not_found"), (True, None)]
