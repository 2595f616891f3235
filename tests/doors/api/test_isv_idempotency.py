"""An Idempotency-Key belongs to whoever sent it and to the account it was sent for: nobody meets another's by its text."""

from uuid import UUID, uuid4

import httpx2
import pytest

from retour.core.account import Role
from retour.flows.account import isv as flow
from retour.store import webhook_endpoint
from retour.store.db import Database
from tests.doors.api.an_isv import NOW, Integrator, admitted, an_integrator
from tests.doors.api.conftest import Merchant, code_of, open_account

pytestmark = pytest.mark.anyio
WISH = {"url": "https://example.com/hook"}
OTHER = {"url": "https://example.com/other"}
LONGEST = "~" * 255


@pytest.fixture
async def bridges(database: Database, merchant: Merchant) -> tuple[Integrator, Integrator]:
    """Two integrators that serve one merchant."""
    made = await an_integrator(database, "One"), await an_integrator(database, "Two")
    for one in made:
        await admitted(database, merchant.tenant_id, one)
    return made


async def add(http: httpx2.AsyncClient, headers: dict[str, str], key: str, wish: object = WISH) -> httpx2.Response:
    named = headers | {"X-Shop-Name": "main", "Idempotency-Key": key}
    return await http.post("/webhook-endpoints", json=wish, headers=named)


async def made_key(http: httpx2.AsyncClient, bridge: Integrator, merchant: Merchant) -> dict[str, str]:
    """Return the headers of a key that the integrator had made for the merchant."""
    at, body = f"/isv/accounts/{merchant.tenant_id}/keys", {"name": f"P{uuid4()}", "role": "owner"}
    return {"X-API-Key": (await bridge.post(http, at, body)).json()["key"]}


async def count(database: Database, merchant: Merchant) -> int:
    async with database.tx(merchant.tenant_id) as db:
        return len(await webhook_endpoint.endpoints(db, after_id=UUID(int=0), limit=100))


@pytest.mark.parametrize("text", ["1", LONGEST])
async def test_two_integrators_and_the_merchant_use_one_text_and_each_gets_its_own_answer(
    http: httpx2.AsyncClient,
    bridges: tuple[Integrator, Integrator],
    merchant: Merchant,
    database: Database,
    text: str,
) -> None:
    callers = [bridge.headers(merchant.tenant_id) for bridge in bridges] + [merchant.headers()]

    first = [await add(http, headers, text) for headers in callers]
    again = [await add(http, headers, text) for headers in callers]

    assert [answer.status_code for answer in first] == [201, 201, 201], first[0].text
    assert len({answer.json()["id"] for answer in first}) == 3
    assert not any("idempotency-replayed" in answer.headers for answer in first)
    assert [answer.content for answer in again] == [answer.content for answer in first]
    assert {answer.headers["idempotency-replayed"] for answer in again} == {"true"}
    assert await count(database, merchant) == 3


async def test_no_integrator_is_told_what_another_was_answered_whatever_it_sends(
    http: httpx2.AsyncClient, bridges: tuple[Integrator, Integrator], merchant: Merchant, database: Database
) -> None:
    one, two = bridges
    first = await add(http, one.headers(merchant.tenant_id), "1")
    async with database.tx(merchant.tenant_id) as db:
        [kept] = [row["key"] for row in await db.fetch("SELECT key FROM idempotency")]

    as_it_is_kept = await add(http, two.headers(merchant.tenant_id), kept)
    told = [await add(http, two.headers(merchant.tenant_id), "1", wish) for wish in (WISH, OTHER)]
    by_made_keys = [await add(http, await made_key(http, bridge, merchant), "1") for bridge in bridges]

    assert code_of(as_it_is_kept) == (400, "idempotency_key_invalid")
    assert (told[0].status_code, told[0].json()["id"] != first.json()["id"]) == (201, True)
    assert code_of(told[1]) == (422, "idempotency_key_reused")  # its own key, of a moment ago
    assert [answer.content for answer in by_made_keys] == [first.content, told[0].content]  # each its own


async def test_a_repeat_under_a_new_key_of_the_same_caller_is_still_a_repeat(
    http: httpx2.AsyncClient, bridges: tuple[Integrator, Integrator], merchant: Merchant, database: Database
) -> None:
    one, _ = bridges
    first = await add(http, one.headers(merchant.tenant_id), "1")
    async with database.tx(one.id) as db:
        turned = Integrator(one.id, (await flow.rotate(db, isv_id=one.id, keep_hours=0, now=NOW)).text)
    again = await add(http, turned.headers(merchant.tenant_id), "1")
    owner = await add(http, merchant.headers(Role.OWNER), "2")
    agent = await add(http, merchant.headers(Role.AGENT), "2")

    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
    assert (owner.status_code, code_of(agent)) == (201, (403, "forbidden"))  # a kept answer is not told past the role
    assert await count(database, merchant) == 2


async def test_an_integrator_uses_one_text_for_two_merchants(
    http: httpx2.AsyncClient, bridges: tuple[Integrator, Integrator], merchant: Merchant, database: Database
) -> None:
    other = await open_account(database)
    await admitted(database, other.tenant_id, bridges[0])

    answers = [await add(http, bridges[0].headers(one.tenant_id), "1") for one in (merchant, other)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert [await count(database, one) for one in (merchant, other)] == [1, 1]
