"""The guards of payments and the queues over the API: a program tightens, a person loosens."""

import httpx2
import pytest

from retour.core.account import Role
from retour.store import guard
from retour.store.db import Database
from retour.store.vault import Vault
from tests.doors.api.a_return import Shop, open_shop, read, send, wish
from tests.doors.api.conftest import code_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop(database: Database, vault: Vault) -> Shop:
    return await open_shop(database, vault)


async def test_a_program_tightens_the_limits_and_cannot_loosen_them(http: httpx2.AsyncClient, shop: Shop) -> None:
    tight = (await send(http, shop, "/payments/guard", {"second_above_minor": 50_000, "window_refunds": 10})).json()
    looser = await send(http, shop, "/payments/guard", {"second_above_minor": 50_001, "window_refunds": 10})
    gone = await send(http, shop, "/payments/guard", {"second_above_minor": 50_000})
    agent = await send(http, shop, "/payments/guard", {}, role=Role.AGENT)

    assert (tight["second_above_minor"], tight["window_refunds"], tight["tripped_at"]) == (50_000, 10, None)
    assert code_of(looser) == (409, "person_needed")
    assert code_of(gone) == (409, "person_needed")
    assert code_of(agent) == (403, "forbidden")
    assert await read(http, shop, "/payments/guard") == tight


async def test_a_program_does_not_resume_what_the_breaker_stopped(
    http: httpx2.AsyncClient, shop: Shop, database: Database
) -> None:
    await send(http, shop, "/payments/guard", {"window_refunds": 1})
    store = shop.merchant.stores["main"]
    async with database.tx(shop.merchant.tenant_id) as db:
        await guard.set_tripped(db, store, at=(await guard.get(db, store)).changed_at)  # type: ignore[arg-type]  # it was changed
    await send(http, shop, "/payments/pause", {"reason": "the breaker"})

    assert code_of(await send(http, shop, "/payments/resume", {"reason": "go on"})) == (409, "person_needed")
    assert (await read(http, shop, "/payments/guard"))["tripped_at"] is not None


async def test_the_queues_tell_what_waits(http: httpx2.AsyncClient, database: Database, vault: Vault) -> None:
    shop = await open_shop(database, vault, orders_made=2)
    for order in shop.orders:
        await send(http, shop, "/returns", wish(shop, order_id=order))

    found = await read(http, shop, "/queues")
    none = await read(http, shop, "/queues?actor=carrier")
    late = await read(http, shop, "/queues?late=true")

    assert (found["count"], found["late"]) == (2, 0)
    (queue,) = found["items"]
    assert (queue["actor"], queue["code"], queue["count"], queue["limit_hours"]) == ("agent", "decision_needed", 2, 24)
    assert queue["ages"] == {"day": 2, "three_days": 0, "week": 0, "older": 0}
    assert queue["unblocks"] == "approve or reject the return"
    assert none["items"] == late["items"] == []


async def test_a_blocked_shopper_waits_for_a_person_and_the_signs_say_why(
    http: httpx2.AsyncClient, shop: Shop, database: Database
) -> None:
    async with database.tx(shop.merchant.tenant_id) as db:
        row = await db.fetchrow(
            "UPDATE person SET email = 'm@x.example', email_folded = 'm@x.example'"
            " WHERE id = (SELECT person_id FROM sales_order WHERE id = $1) RETURNING id",
            shop.orders[0],
        )
    assert row is not None
    wanted = {"list": "block", "kind": "email", "value": "M+1@x.example", "reason": "empty boxes"}
    added = await send(http, shop, "/shopper-list", wanted)
    made = (await send(http, shop, "/returns", wish(shop, order_id=shop.orders[0]))).json()

    risk = await read(http, shop, f"/returns/{made['id']}/risk")

    assert (made["status"], made["blocked_by"]["code"]) == ("requested", "fraud_review")
    assert (risk["score"], risk["in_review"]) == (100, True)
    assert [(s["sign"], s["points"]) for s in risk["signals"]] == [("on_block_list", 100)]
    assert code_of(await send(http, shop, "/shopper-list", wanted)) == (409, "already_exists")
    (entry,) = (await read(http, shop, "/shopper-list"))["items"]
    assert (entry["id"], entry["hint"], entry["kind"]) == (added.json()["id"], "m…@x.example", "email")
    assert code_of(await send(http, shop, "/shopper-list", wanted, role=Role.AGENT)) == (403, "forbidden")
