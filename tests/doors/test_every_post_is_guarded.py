"""Every route that changes something refuses a foreign origin, a missing or stale token, and a wrong role.

The routes are read from the application itself, so that a new one is covered the moment it is there.
"""

import re
from collections.abc import AsyncIterator
from typing import Any, Final
from uuid import uuid4

import httpx2
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from retour.core.account import Role
from retour.store.db import Database
from retour.web import csrf
from tests.doors.dashboard.conftest import add_member
from tests.doors.house import Browser, an_app, browsing
from tests.flows.session.people import House, open_house

pytestmark = pytest.mark.anyio

# These doors know their callers otherwise: by an API key in a header of its own, or by a signature over the body.
OTHER_DOORS: Final = ("/api/", "/hooks/")
# A browser in which nobody is signed in: its token is bound to a cookie of its own. A role cannot be wrong there.
ANONYMOUS: Final = ("/sign-in", "/set-up", "/password/", "/returns")
# What everybody of the staff may do, whatever the role.
EVERYBODYS: Final = ("/sign-out", "/dashboard/store", "/dashboard/settings/you", "/warehouse", "/photos")
# What the warehouse does to a return is open to every role, on the desk's pages as over the API.
GOODS: Final = tuple(
    f"/dashboard/returns/{{number:str}}/{act}"
    for act in ("note", "receive", "inspect", "parcel", "restocked", "begin-repair", "send-back")
)
# What is asked for by a POST although nothing changes, or what any origin may send, with the reason.
EXEMPT: Final[dict[str, str]] = {}
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def changing_routes(app: Litestar) -> list[tuple[str, str]]:
    """Return (method, path) of every route of pages that is not read-only."""
    return sorted(
        (method, route.path)
        for route in app.routes
        if isinstance(route, HTTPRoute) and not route.path.startswith(OTHER_DOORS)
        for method in route.methods - SAFE
    )


def filled(path: str) -> str:
    """Return an address of a route with every parameter filled in by something that nobody owns."""
    return re.sub(r"\{[^}:]*(?::(\w+))?\}", lambda m: "7" if m[1] == "int" else str(uuid4()), path)


@pytest.fixture(scope="module")
def app(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Litestar:
    return an_app(database, tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
async def address(app: Litestar) -> AsyncIterator[str]:
    async with browsing(app) as address:
        yield address


@pytest.fixture(scope="module")
async def house(database: Database) -> House:
    return await open_house(database)


@pytest.fixture(scope="module")
async def people(address: str, database: Database, house: House) -> AsyncIterator[dict[Role, Browser]]:
    """A browser of each role, signed in."""
    emails = {Role.OWNER: house.email} | {
        role: await add_member(database, house, role) for role in (Role.AGENT, Role.WAREHOUSE)
    }
    opened = {}
    for role, email in emails.items():
        client = httpx2.AsyncClient(base_url=address, timeout=30, headers={"Accept": "text/html"})
        browser = Browser(address, client)
        client.follow_redirects = True
        assert (await browser.sign_in(email)).status == 200
        client.follow_redirects = False
        opened[role] = browser
    yield opened
    for browser in opened.values():
        await browser.client.aclose()


def token_of(browser: Browser) -> str:
    return csrf.token_of(dict(browser.client.cookies)["retour_session"])


async def snapshot(owner: Any, house: House) -> list[tuple[str, int]]:
    """Return how many rows every table has, those of the account where it has a tenant."""
    await owner.execute("SELECT set_config('app.tenant', $1, false)", str(house.tenant_id))
    names = await owner.fetch("SELECT relname FROM pg_stat_user_tables WHERE schemaname = 'public' ORDER BY relname")
    counted = [(row["relname"], await owner.fetchval(f'SELECT count(*) FROM "{row["relname"]}"')) for row in names]
    assert ("session", 3) in counted
    return [(name, count) for name, count in counted if name != "sign_in_try"]


def is_page(answer: httpx2.Response) -> bool:
    return answer.headers["content-type"].startswith("text/html") and "<h1" in answer.text


def test_the_walk_meets_the_forms_that_are_known(app: Litestar) -> None:
    found = changing_routes(app)

    assert ("POST", "/sign-out") in found
    assert ("POST", "/dashboard/settings/policy/edit") in found
    assert len(found) >= 30
    assert set(EXEMPT) <= {path for _, path in found}


async def test_a_foreign_origin_is_refused_everywhere(
    app: Litestar, people: dict[Role, Browser], owner: Any, house: House
) -> None:
    browser, before = people[Role.OWNER], await snapshot(owner, house)
    fields = {"_csrf": token_of(browser)}
    for method, path in changing_routes(app):
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
            if path in EXEMPT:
                continue
            answer = await browser.client.request(method, filled(path), data=fields, headers=headers)
            assert answer.status_code == 403, (method, path, headers, answer.status_code)
            assert is_page(answer), path

    assert await snapshot(owner, house) == before


async def test_a_missing_and_a_stale_token_are_refused_everywhere(
    app: Litestar, people: dict[Role, Browser], owner: Any, house: House
) -> None:
    browser, before = people[Role.OWNER], await snapshot(owner, house)
    for method, path in changing_routes(app):
        for fields in ({}, {"_csrf": ""}, {"_csrf": csrf.token_of("another session")}):
            if path in EXEMPT:
                continue
            answer = await browser.client.request(
                method, filled(path), data=fields, headers={"Origin": browser.address}
            )
            assert answer.status_code == 403, (method, path, fields, answer.status_code)
            assert is_page(answer), path

    assert await snapshot(owner, house) == before


async def test_nobody_gets_in_without_a_session(
    app: Litestar, address: str, people: dict[Role, Browser], owner: Any, house: House
) -> None:
    before = await snapshot(owner, house)
    async with httpx2.AsyncClient(base_url=address, timeout=30, headers={"Accept": "text/html"}) as nobody:
        for method, path in changing_routes(app):
            if (path.startswith(ANONYMOUS) and not path.startswith("/set-up/")) or path in EXEMPT:
                continue
            answer = await nobody.request(method, filled(path), data={"_csrf": "x"}, headers={"Origin": address})
            led_away = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
            assert led_away or answer.status_code == 401, (method, path, answer.status_code)

    assert await snapshot(owner, house) == before


async def test_the_warehouse_changes_nothing_at_the_desk(
    app: Litestar, people: dict[Role, Browser], owner: Any, house: House
) -> None:
    browser, before = people[Role.WAREHOUSE], await snapshot(owner, house)
    for method, path in changing_routes(app):
        if (path.startswith((*ANONYMOUS, *EVERYBODYS, *GOODS)) and not path.startswith("/set-up/")) or path in EXEMPT:
            continue
        answer = await browser.client.request(
            method, filled(path), data={"_csrf": token_of(browser)}, headers={"Origin": browser.address}
        )
        assert answer.status_code == 403, (method, path, answer.status_code)
        assert is_page(answer), path

    assert await snapshot(owner, house) == before


async def test_an_agent_changes_no_settings_but_what_is_listed(
    app: Litestar, people: dict[Role, Browser], owner: Any, house: House
) -> None:
    agents = {
        "/dashboard/settings/payments/pause",
        "/dashboard/settings/mail/{mail_id:str}/send-again",
        "/dashboard/settings/connections/{connection_id:str}/check",
    }
    browser, before = people[Role.AGENT], await snapshot(owner, house)
    for method, path in changing_routes(app):
        if not path.startswith(("/dashboard/settings/", "/set-up/")) or path.startswith(EVERYBODYS) or path in agents:
            continue
        answer = await browser.client.request(
            method, filled(path), data={"_csrf": token_of(browser)}, headers={"Origin": browser.address}
        )
        assert answer.status_code == 403, (method, path, answer.status_code)

    assert await snapshot(owner, house) == before


def test_no_page_that_is_read_changes_the_method(app: Litestar) -> None:
    assert {method for method, _ in changing_routes(app)} <= {"POST"}
