"""Simulations over the API: asked for by the owner, run by a job, read in pages, taken back."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest

from retour.core.account import Role
from retour.core.policy import encode
from retour.flows import simulation as flow
from retour.store.db import Database
from retour.store.vault import Vault
from tests.doors.api.a_return import Shop, open_shop, read, send, wish
from tests.flows.simulation.a_past import charging

pytestmark = pytest.mark.anyio
TODAY = datetime.now(UTC).date()
OVER = {"from": str(TODAY - timedelta(days=7)), "until": str(TODAY + timedelta(days=1))}


@pytest.fixture
async def shop(http: httpx2.AsyncClient, database: Database, vault: Vault) -> Shop:
    shop = await open_shop(database, vault, automatic=True, orders_made=3)
    for order_id in shop.orders:
        assert (await send(http, shop, "/returns", wish(shop, order_id=order_id))).status_code == 201
    return shop


def asked(**more: Any) -> dict[str, Any]:
    return {"policy": {"document": encode(charging(1_000))}, "over": OVER, "name": "A fee"} | more


async def started(http: httpx2.AsyncClient, shop: Shop, **more: Any) -> dict[str, Any]:
    answer = await send(http, shop, "/simulations", asked(**more))
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def run(database: Database, shop: Shop, simulation_id: str) -> None:
    await flow.run(
        database, tenant_id=shop.merchant.tenant_id, simulation_id=UUID(simulation_id), clock=lambda: datetime.now(UTC)
    )


async def test_a_document_is_tried_and_its_result_read(
    http: httpx2.AsyncClient, shop: Shop, database: Database
) -> None:
    told = await started(http, shop)
    assert (told["state"], told["name"], told["result"], told["against"]) == ("queued", "A fee", None, "recorded")

    await run(database, shop, told["id"])

    found = await read(http, shop, f"/simulations/{told['id']}")
    assert (found["state"], found["done"], found["total"]) == ("done", 3, 3)
    (books,) = found["result"]["books"]
    assert (books["before"]["figures"]["refund_minor"], books["after"]["figures"]["refund_minor"]) == (3_000, 2_700)
    assert books["after"]["figures"]["retained_minor"] == 300
    assert found["result"]["changes"] == {"pays_less": 3}
    assert [item["id"] for item in (await read(http, shop, "/simulations"))["items"]] == [told["id"]]


async def test_the_affected_are_read_in_pages(http: httpx2.AsyncClient, shop: Shop, database: Database) -> None:
    told = await started(http, shop)
    await run(database, shop, told["id"])

    first = await read(http, shop, f"/simulations/{told['id']}/affected?limit=2")
    rest = await read(http, shop, f"/simulations/{told['id']}/affected?limit=2&after={first['next']}")

    assert [len(page["items"]) for page in (first, rest)] == [2, 1]
    assert rest["next"] is None
    assert first["items"][0]["after"]["fee_minor"] == 100
    none = await read(http, shop, f"/simulations/{told['id']}/affected?change=refused")
    assert none == {"items": [], "next": None}


async def test_versions_are_named_by_their_numbers(http: httpx2.AsyncClient, shop: Shop, database: Database) -> None:
    told = await started(http, shop, policy={"version": 1}, against=1)

    await run(database, shop, told["id"])

    found = await read(http, shop, f"/simulations/{told['id']}")
    assert (found["against"], found["result"]["affected"], found["policy_version_id"]) == (
        "version", 0, found["against_version_id"],
    )  # fmt: skip


async def test_a_file_is_simulated_and_its_mistakes_are_told(http: httpx2.AsyncClient, shop: Shop) -> None:
    head = "order,placed_on,requested_on,sku,quantity,price_paid\n"
    good = OVER | {"mode": "imported", "csv": head + "#1,2026-01-02,2026-01-10,S1,1,10.00\n"}
    bad = OVER | {"mode": "imported", "csv": head + "#1,2026-01-02,2026-01-10,S1,0,10.00\n"}

    taken, refused = [await send(http, shop, "/simulations", asked(over=over)) for over in (good, bad)]

    assert taken.status_code == 201
    assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (
        422,
        "file_invalid",
        "line 2.quantity",
    )


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"policy": {}}, "policy_missing"),
        ({"policy": {"version": 7}}, "policy_not_found"),
        ({"policy": {"document": {"format": 1}}}, "missing_field"),
        ({"over": {"from": "2026-02-02", "until": "2026-01-01"}}, "range_invalid"),
        ({"over": OVER | {"mode": "imported"}}, "file_missing"),
        ({"over": OVER | {"colour": "red"}}, "invalid_request"),
    ],
)
async def test_what_cannot_be_simulated_is_refused(
    http: httpx2.AsyncClient, shop: Shop, more: dict[str, Any], code: str
) -> None:
    answer = await send(http, shop, "/simulations", asked(**more))

    assert answer.json()["code"] == code
    assert answer.status_code in (404, 422)
    assert (await read(http, shop, "/simulations"))["items"] == []


async def test_a_simulation_is_cancelled_once_and_deleted(http: httpx2.AsyncClient, shop: Shop) -> None:
    told = await started(http, shop)

    stopped = await send(http, shop, f"/simulations/{told['id']}/cancel", {})
    again = await send(http, shop, f"/simulations/{told['id']}/cancel", {})
    gone = await http.delete(f"/simulations/{told['id']}", headers=shop.merchant.headers(idempotency_key="gone"))

    assert (stopped.json()["state"], again.status_code, again.json()["code"]) == ("cancelled", 409, "move_not_allowed")
    assert gone.status_code == 204
    answer = await http.get(f"/simulations/{told['id']}", headers=shop.merchant.headers())
    assert (answer.status_code, answer.json()["code"]) == (404, "simulation_not_found")


async def test_only_an_owner_asks_and_nobody_reads_what_is_anothers(
    http: httpx2.AsyncClient, shop: Shop, database: Database, vault: Vault
) -> None:
    told = await started(http, shop)
    other = await open_shop(database, vault)

    refused = await send(http, shop, "/simulations", asked(), role=Role.AGENT)
    hidden = await http.get(f"/simulations/{told['id']}/affected", headers=other.merchant.headers())

    assert (refused.status_code, hidden.status_code) == (403, 404)
    assert (await http.get("/simulations", headers=shop.merchant.headers(Role.AGENT))).status_code == 200
