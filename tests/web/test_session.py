"""The guard of the staff's pages lets in who is signed in, in the right role, with our own form."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from litestar import Litestar, Request, Response, get, post

from retour.core.account import Role
from retour.flows import session as flow
from retour.flows.session import SignedIn
from retour.store.db import Database
from retour.web import csrf
from retour.web.problem import exception_handlers
from retour.web.session import Sessions, SignInNeeded, safe_next, signed_in
from tests.flows.session.people import Clock, House, door, knock, open_house
from tests.serving import served

pytestmark = pytest.mark.anyio


def _away(request: Request[Any, Any, Any], error: SignInNeeded) -> Response[bytes]:
    return Response(b"", status_code=303, headers={"Location": error.location})


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
async def client(database: Database, clock: Clock) -> AsyncIterator[httpx2.AsyncClient]:
    sessions = Sessions(database, clock, https=False)

    @get("/who", guards=[sessions.require()])
    async def who(request: Request[Any, Any, Any]) -> dict[str, str]:
        staff = signed_in(request)
        return {"name": staff.name, "initials": staff.initials, "actor": staff.actor, "csrf": staff.csrf}

    @post("/do", guards=[sessions.require(Role.OWNER)], status_code=200)
    async def do(request: Request[Any, Any, Any]) -> str:
        return str((await request.form()).get("thing"))

    app = Litestar(
        [who, do],
        exception_handlers={**exception_handlers(), SignInNeeded: _away},
        openapi_config=None,
        logging_config=None,
    )
    async with served(app) as address, httpx2.AsyncClient(base_url=address) as opened:
        yield opened


@pytest.fixture
async def house(database: Database) -> House:
    return await open_house(database)


@pytest.fixture
async def opened(database: Database, clock: Clock, house: House) -> SignedIn:
    return await door(database, clock)(knock(house))


def cookie(opened: SignedIn) -> dict[str, str]:
    return {"Cookie": f"retour_session={opened.token}"}


async def test_a_page_without_a_session_leads_to_the_sign_in_and_back(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/who?view=needs_you&page=2", follow_redirects=False)

    where = urlsplit(answer.headers["location"])
    assert (answer.status_code, where.path) == (303, "/sign-in")
    assert parse_qs(where.query) == {"next": ["/who?view=needs_you&page=2"]}


async def test_a_page_knows_who_is_there(client: httpx2.AsyncClient, opened: SignedIn) -> None:
    told = (await client.get("/who", headers=cookie(opened))).json()

    assert (told["name"], told["initials"], told["actor"]) == ("Ada King", "AK", f"staff:{opened.staff_id}")
    assert told["csrf"] == csrf.token_of(opened.token)
    assert opened.token not in told["csrf"]


async def test_a_form_of_ours_passes_as_fields_as_parts_and_by_header(
    client: httpx2.AsyncClient, opened: SignedIn
) -> None:
    token, headers = csrf.token_of(opened.token), cookie(opened) | {"Sec-Fetch-Site": "same-origin"}
    fields = {"_csrf": token, "thing": "ä 1"}
    answers = [
        await client.post("/do", data=fields, headers=headers),
        await client.post("/do", data=fields, files={"f": ("a.txt", b"x")}, headers=headers),
        await client.post("/do", data={"thing": "ä 1"}, headers=headers | {"X-CSRF-Token": token}),
    ]

    assert [(a.status_code, a.text) for a in answers] == [(200, "ä 1")] * 3


@pytest.mark.parametrize(
    ("change", "token", "code"),
    [
        ({"Origin": "https://evil.example"}, "right", "foreign_form"),
        ({"Origin": "null"}, "right", "foreign_form"),
        ({"Sec-Fetch-Site": "cross-site"}, "right", "foreign_form"),
        ({"Sec-Fetch-Site": "same-site"}, "right", "foreign_form"),
        ({}, None, "form_expired"),
        ({}, "", "form_expired"),
        ({}, "é", "form_expired"),
        ({}, csrf.token_of("of another session"), "form_expired"),
    ],
)
async def test_any_other_form_is_refused(
    client: httpx2.AsyncClient, opened: SignedIn, change: dict[str, str], token: str | None, code: str
) -> None:
    sent = csrf.token_of(opened.token) if token == "right" else token
    fields = {"thing": "1"} | ({} if sent is None else {"_csrf": sent})

    answer = await client.post("/do", data=fields, headers=cookie(opened) | change)

    assert (answer.status_code, answer.json()["code"]) == (403, code)


async def test_another_role_is_refused_even_with_the_right_form(
    client: httpx2.AsyncClient, database: Database, clock: Clock
) -> None:
    agent = await open_house(database, role=Role.AGENT)
    opened = await door(database, clock)(knock(agent))

    answer = await client.post("/do", data={"_csrf": csrf.token_of(opened.token)}, headers=cookie(opened))

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_a_session_that_ended_is_nobodys_at_once(
    client: httpx2.AsyncClient, database: Database, house: House, opened: SignedIn, clock: Clock
) -> None:
    assert (await client.get("/who", headers=cookie(opened))).status_code == 200
    async with database.tx(house.tenant_id) as db:
        await flow.sign_out(db, staff_id=house.staff_id, session_id=opened.session_id, now=clock.now)

    answer = await client.get("/who", headers=cookie(opened), follow_redirects=False)
    assert answer.status_code == 303


async def test_use_of_a_session_is_noted_at_most_once_a_minute(
    client: httpx2.AsyncClient, database: Database, house: House, opened: SignedIn, clock: Clock
) -> None:
    began, seen = clock.now, []
    for seconds in (59, 1, 59):
        clock.pass_s(seconds)
        await client.get("/who", headers=cookie(opened))
        async with database.tx(house.tenant_id) as db:
            seen.append((await db.fetchval("SELECT max(seen_at) FROM session") - began).total_seconds())

    assert seen == [0, 60, 60]


def test_over_https_the_cookie_is_bound_to_this_host_alone(database: Database, clock: Clock) -> None:
    sessions, answer = Sessions(database, clock, https=True), Response(b"")
    sessions.let_out(answer)

    header = answer.cookies[0].to_header(header="")
    assert header.startswith("__Host-retour_session=")
    assert all(part in header for part in ("Secure", "HttpOnly", "SameSite=lax", "Path=/"))
    assert "Domain" not in header


@pytest.mark.parametrize("text", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\nb", "", None, "/ä"])
def test_an_address_to_come_back_to_is_within_this_site(text: str | None) -> None:
    assert safe_next(text) is None
    assert safe_next("/dashboard/returns?view=all") == "/dashboard/returns?view=all"
