"""Who calls too often waits, and nobody else: exact counts by a clock that stands still until the test moves it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import httpx2
import pytest
from litestar import Litestar

from retour.core.account import Role
from retour.doors.api.app import create_api
from retour.flows.account import isv as flow
from retour.store import webhook_endpoint
from retour.store.db import Database
from retour.store.vault import Vault
from retour.web.problem import ProblemError, exception_handlers
from retour.web.rate import Meter
from tests.doors.api.an_isv import NOW, Integrator, admitted, an_integrator, wish
from tests.doors.api.conftest import Merchant, code_of, open_account
from tests.serving import served

pytestmark = pytest.mark.anyio
FIVE = 5
SECOND_NS = 1_000_000_000


@dataclass
class Standing:
    """A clock that stands still."""

    ns: int = 0

    def __call__(self) -> int:
        return self.ns


@pytest.fixture
def clock() -> Standing:
    return Standing()


@pytest.fixture
async def limited(database: Database, vault: Vault, clock: Standing) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of an API that takes five calls a minute."""
    api = create_api(database, vault, meter=Meter(FIVE, clock_ns=clock))
    app = Litestar([api], openapi_config=None, exception_handlers=exception_handlers(), logging_config=None)
    async with served(app) as address, httpx2.AsyncClient(base_url=f"{address}/api/v1", timeout=30) as client:
        yield client


async def statuses(http: httpx2.AsyncClient, headers: dict[str, str], calls: int) -> list[int]:
    return [(await http.get("/events", headers=headers)).status_code for _ in range(calls)]


async def add(http: httpx2.AsyncClient, headers: dict[str, str], key: str) -> httpx2.Response:
    wanted = {"url": "https://example.com/hook"}
    return await http.post("/webhook-endpoints", json=wanted, headers=headers | {"Idempotency-Key": key})


async def held(database: Database, merchant: Merchant) -> tuple[int, int]:
    """Return how many endpoints and how many kept answers an account has."""
    async with database.tx(merchant.tenant_id) as db:
        endpoints = await webhook_endpoint.endpoints(db, after_id=UUID(int=0), limit=100)
        return len(endpoints), await db.fetchval("SELECT count(*) FROM idempotency")


async def test_a_key_gets_its_minutes_calls_and_then_is_told_how_long_to_wait(
    limited: httpx2.AsyncClient, merchant: Merchant, clock: Standing
) -> None:
    assert await statuses(limited, merchant.headers(), FIVE) == [200] * FIVE
    refused = await limited.get("/events", headers=merchant.headers())

    assert code_of(refused) == (429, "too_many_requests")
    assert refused.headers["retry-after"] == "12"
    assert refused.json()["facts"] == {"per_minute": 5, "wait_s": 12}
    clock.ns += 12 * SECOND_NS - 1
    assert (await limited.get("/events", headers=merchant.headers())).headers["retry-after"] == "1"
    clock.ns += 1
    assert await statuses(limited, merchant.headers(), 2) == [200, 429]
    clock.ns += 3600 * SECOND_NS
    assert await statuses(limited, merchant.headers(), FIVE + 1) == [200] * FIVE + [429]


async def test_a_refused_call_moves_nothing_and_its_idempotency_key_is_free(
    limited: httpx2.AsyncClient, merchant: Merchant, database: Database, clock: Standing
) -> None:
    await statuses(limited, merchant.headers(), FIVE - 1)
    first = await add(limited, merchant.headers(), "first")
    refused = [await add(limited, merchant.headers(), key) for key in ("first", "second")]

    assert first.status_code == 201
    assert [code_of(answer) for answer in refused] == [(429, "too_many_requests")] * 2
    assert await held(database, merchant) == (1, 1)
    clock.ns += 24 * SECOND_NS
    again, second = [await add(limited, merchant.headers(), key) for key in ("first", "second")]
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
    assert (second.status_code, await held(database, merchant)) == (201, (2, 2))


async def test_another_key_of_the_account_and_another_account_are_not_touched(
    limited: httpx2.AsyncClient, merchant: Merchant, database: Database
) -> None:
    stranger = await open_account(database)
    assert await statuses(limited, merchant.headers(), FIVE + 2) == [200] * FIVE + [429] * 2

    for headers in (merchant.headers(Role.AGENT), stranger.headers()):
        assert await statuses(limited, headers, FIVE + 1) == [200] * FIVE + [429]


async def test_a_wrong_secret_takes_no_calls_from_the_key_it_imitates(
    limited: httpx2.AsyncClient, merchant: Merchant
) -> None:
    wrong = merchant.headers() | {"X-API-Key": merchant.keys[Role.OWNER][:-1] + "-"}
    assert await statuses(limited, wrong, FIVE + 1) == [401] * (FIVE + 1)

    assert await statuses(limited, merchant.headers(), FIVE + 1) == [200] * FIVE + [429]


async def test_one_merchant_of_an_integrator_takes_no_calls_from_another(
    limited: httpx2.AsyncClient, merchant: Merchant, database: Database
) -> None:
    other, one, two = await open_account(database), await an_integrator(database), await an_integrator(database)
    for account_of, bridge in ((merchant, one), (other, one), (merchant, two)):
        await admitted(database, account_of.tenant_id, bridge)
    assert await statuses(limited, one.headers(merchant.tenant_id), FIVE + 3) == [200] * FIVE + [429] * 3

    for headers in (one.headers(other.tenant_id), two.headers(merchant.tenant_id), merchant.headers()):
        assert await statuses(limited, headers, FIVE + 1) == [200] * FIVE + [429]
    assert (await limited.get("/isv/accounts", headers=one.headers())).status_code == 200


async def test_an_account_by_its_id_and_by_its_reference_is_one_account(
    limited: httpx2.AsyncClient, database: Database
) -> None:
    bridge = await an_integrator(database)
    opened = await bridge.open(limited, "merchant-7")

    by_id = await statuses(limited, bridge.headers(opened["id"]), 3)
    by_reference = await statuses(limited, bridge.headers("merchant-7"), 3)

    assert by_id + by_reference == [200] * FIVE + [429]


async def test_what_is_for_no_account_that_is_served_counts_as_the_integrators_own(
    limited: httpx2.AsyncClient, database: Database, clock: Standing
) -> None:
    bridge = await an_integrator(database)

    async def opening(reference: str) -> int:
        return (await bridge.post(limited, "/isv/accounts", wish(reference))).status_code

    nowhere = await statuses(limited, bridge.headers(uuid4()), 2) + await statuses(limited, bridge.headers(), 1)
    opened = [await opening(reference) for reference in ("m-1", "m-2", "m-3")]

    assert (nowhere, opened) == ([404, 404, 422], [201, 201, 429])
    assert await statuses(limited, bridge.headers(uuid4()), 1) == [429]
    assert await statuses(limited, bridge.headers("m-1"), 1) == [200]
    clock.ns += 12 * SECOND_NS
    listed = await limited.get("/isv/accounts", headers=bridge.headers())
    assert len(listed.json()["items"]) == 2  # the third was not opened


async def test_a_rotated_key_of_an_integrator_is_still_that_integrator(
    limited: httpx2.AsyncClient, merchant: Merchant, database: Database
) -> None:
    bridge = await an_integrator(database)
    await admitted(database, merchant.tenant_id, bridge)
    await statuses(limited, bridge.headers(merchant.tenant_id), FIVE)
    async with database.tx(bridge.id) as db:
        turned = Integrator(bridge.id, (await flow.rotate(db, isv_id=bridge.id, keep_hours=0, now=NOW)).text)

    assert await statuses(limited, turned.headers(merchant.tenant_id), 1) == [429]


async def test_without_a_limit_nothing_is_counted(http: httpx2.AsyncClient, merchant: Merchant) -> None:
    assert set(await statuses(http, merchant.headers(), 30)) == {200}


def test_the_bucket_used_longest_ago_makes_room_and_the_others_stay_as_they_are() -> None:
    meter, (one, two, three) = Meter(1, clock_ns=Standing(), most=2), (uuid4() for _ in range(3))
    for key in (one, two):
        meter.count(key, key)
    with pytest.raises(ProblemError):
        meter.count(one, one)  # and so it was used after the second
    meter.count(three, three)

    meter.count(two, two)
    with pytest.raises(ProblemError) as refused:
        meter.count(three, three)
    assert (refused.value.status, refused.value.headers) == (429, {"Retry-After": "60"})
