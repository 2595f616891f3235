"""Signing in from a browser: one answer to every wrong try, back to where one came from, out again."""

import re
from typing import Any
from urllib.parse import quote

import pytest

from retour.core.account import Role
from retour.store.db import Database
from tests.doors.dashboard.conftest import add_member
from tests.doors.house import Browser
from tests.flows.session.people import PASSWORD, House

pytestmark = pytest.mark.anyio


async def test_a_page_asks_to_sign_in_and_is_shown_afterwards(browser: Browser, house: House) -> None:
    asked = await browser.get("/dashboard/settings/you?said=saved")
    assert (asked.path, asked.status) == ("/sign-in", 200)

    shown = await browser.send(asked, email=house.email, password=PASSWORD)

    assert (shown.status, shown.path, shown.query) == (200, "/dashboard/settings/you", "said=saved")
    assert "Ada King" in shown.text or house.email in shown.text


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example"])
async def test_nobody_is_led_elsewhere(browser: Browser, house: House, elsewhere: str) -> None:
    page = await browser.get(f"/sign-in?next={quote(elsewhere, safe='')}")

    shown = await browser.send(page, email=house.email, password=PASSWORD, next=elsewhere)

    assert (shown.status, shown.path) == (200, "/dashboard")


async def test_every_wrong_try_looks_the_same_and_keeps_what_was_typed(browser: Browser, house: House) -> None:
    wrong = [
        await browser.send(await browser.get("/sign-in"), email=email, password=password)
        for email, password in ((house.email, "wrong"), ("nobody@example.com", PASSWORD), ("", ""))
    ]

    assert [page.status for page in wrong] == [422] * 3
    assert len({page.text for page in wrong}) == 1
    assert "E-mail address and password do not fit together" in wrong[0].text
    assert wrong[0].answer.text.count("<title>Error: ") == 1
    assert wrong[0].form().fields["email"] == [house.email]
    assert PASSWORD not in wrong[1].answer.text


async def test_too_many_tries_say_how_long_to_wait(browser: Browser, house: House) -> None:
    page = await browser.get("/sign-in")
    for _ in range(5):
        await browser.send(page, email=house.email, password="wrong")

    stopped = await browser.send(page, email=house.email, password=PASSWORD)

    assert stopped.status == 429
    assert stopped.answer.headers["retry-after"] in ("1", "2")  # two seconds, one of which the last answer took
    assert re.search("Wait [12] seconds?, then try again", stopped.text)


async def test_the_cookie_is_for_this_site_and_no_script(browser: Browser, house: House) -> None:
    page = await browser.get("/sign-in")
    answer = await browser.client.post(
        "/sign-in", data=page.form().fields | {"email": house.email, "password": PASSWORD}, follow_redirects=False
    )

    cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith("retour_session="))
    assert answer.status_code == 303
    assert all(part in cookie for part in ("HttpOnly", "SameSite=lax", "Path=/"))
    assert answer.headers["cache-control"] == "no-store"


async def test_signing_out_ends_the_session_itself(owner: Browser, address: str) -> None:
    token = dict(owner.client.cookies)["retour_session"]
    page = await owner.get("/dashboard/settings/you")

    away = await owner.send(page, "/sign-out")

    assert (away.path, "You are signed out." in away.text) == ("/sign-in", True)
    async with Browser.open(address) as thief:
        thief.client.cookies.set("retour_session", token)
        assert (await thief.get("/dashboard/settings/you")).path == "/sign-in"


async def test_somebody_of_the_warehouse_starts_there_and_sees_no_settings(
    browser: Browser, database: Database, house: House
) -> None:
    shown = await browser.sign_in(await add_member(database, house, Role.WAREHOUSE))
    assert shown.path == "/warehouse"

    for path in ("/dashboard/settings", "/dashboard/settings/store", "/dashboard/settings/team"):
        assert (await browser.get(path)).status == 403
    assert (await browser.get("/dashboard/settings/you")).status == 200


async def test_who_is_signed_in_is_led_on_from_the_sign_in(owner: Browser) -> None:
    assert (await owner.get("/sign-in")).path == "/dashboard"
    assert (await owner.get("/")).path == "/dashboard"


async def test_the_store_is_chosen_and_stays(owner: Browser, house: House) -> None:
    page = await owner.get("/dashboard/settings/store")
    chosen = await owner.send(page, "/dashboard/store", store=str(house.stores[1]))

    assert chosen.path == "/dashboard/settings/store"
    assert (await owner.get("/dashboard/settings/store")).form("").fields["shop_name"] == ["outlet"]
    everything = await owner.send(chosen, "/dashboard/store", store="")
    assert everything.form("").fields["shop_name"] == ["main"]


async def test_a_page_in_german_is_german_and_stays_german(browser: Browser) -> None:
    await browser.get("/sign-in?lang=de")

    again = await browser.get("/sign-in")

    assert 'lang="de"' in again.answer.text
    assert "Anmelden" in again.text


async def test_a_language_that_staff_have_no_pages_in_is_neither_offered_nor_taken(browser: Browser) -> None:
    page = await browser.get("/sign-in?lang=ar")

    assert '<html lang="en" dir="ltr"' in page.answer.text
    assert "lang=de" in page.answer.text
    assert 'hreflang="ar"' not in page.answer.text


async def test_nothing_of_these_pages_is_kept_or_framed(browser: Browser) -> None:
    headers: Any = (await browser.get("/sign-in")).answer.headers

    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "same-origin"
