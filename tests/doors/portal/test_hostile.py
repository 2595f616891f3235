"""What hostile people and foreign pages send: inert, refused, or not found; never an error of ours."""

from dataclasses import replace
from typing import Any

import pytest

from retour.core.look import Texts
from retour.flows import look as look_flow
from retour.flows import rma
from retour.store import look as looks
from tests.doors.api.a_return import open_shop
from tests.doors.portal.conftest import Counter
from tests.doors.portal.shopper import Shopper
from tests.doors.portal.test_drafting import all_returns, chosen, reviewed
from tests.flows.order.shop import CANARY, an_order, fetched

pytestmark = pytest.mark.anyio

SCRIPT = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
TRICK = "\u202egnp.exe\u2066\u200f"
TEXTS = [
    SCRIPT, TRICK, "{{ 7*7 }}{% raw %}", "%(name)s%s", "' OR 1=1 --", "../../etc/passwd", "\x00\x01\x1b[31m", "\ud800", "💥" * 50,
    "#" * 100, "a@" * 99, "@", "\r\nSet-Cookie: x=1", "e\u0301" * 40, "٣" * 20,
]  # fmt: skip
POSTS = ["", "/code", "/code/again", "/leave", "/items", "/reasons", "/offers", "/review", "/way"]
MEGABYTE = "x" * 1_000_000


@pytest.mark.parametrize("text", TEXTS)
async def test_hostile_text_on_the_first_page_is_inert(counter: Counter, text: str) -> None:
    shopper = await counter.browser()
    await shopper.open()
    form = shopper.page.form(counter.base)

    for fields in (
        {"number": text, "contact": ""},
        {"number": "#1001", "contact": text},
        {"number": text, "contact": text},
    ):
        sent = {name: value.encode("utf-8", "surrogatepass") for name, value in fields.items()}
        answer = await shopper.http.post(form.action, data={**form.fields, **sent})  # type: ignore[dict-item]
        assert answer.status_code in (303, 422)
        assert "<script>" not in answer.text
        assert "onerror=alert" not in answer.text or "&lt;img" in answer.text
        assert "set-cookie" not in answer.headers or "x=1" not in answer.headers["set-cookie"]
    await counter.work()


async def test_a_megabyte_is_refused_and_nothing_is_kept(counter: Counter) -> None:
    shopper = await counter.let_in()
    for path in ("/items", "/reasons"):
        answer = await shopper.post(counter.base + path, {"item": MEGABYTE})
        assert answer.status_code == 413
    stranger = await counter.browser()
    await stranger.open()
    form = stranger.page.form(counter.base)
    assert (await stranger.post(form.action, {**form.fields, "number": MEGABYTE, "contact": "x"})).status_code == 413


async def test_a_note_keeps_its_words_and_loses_what_hides_in_it(counter: Counter) -> None:
    shopper = await counter.let_in()
    key = await chosen(shopper)
    page = await shopper.send("/reasons", {f"reason-{key}": "other", f"note-{key}": SCRIPT + TRICK + "\x01"})
    assert page.path == "offers"

    reasons = await shopper.open("/reasons")

    assert "<script>" not in reasons.source
    assert reasons.form("/reasons").fields[f"note-{key}"] == [SCRIPT + "gnp.exe"]


async def test_titles_and_texts_of_the_shop_are_inert(counter: Counter) -> None:
    order = await counter.order(0)
    line = replace(order.lines[0], title=SCRIPT + TRICK)
    await counter.mirror(fetched(replace(order, lines=(line,), name="#1001")))
    async with counter.database.tx(counter.tenant_id) as db:
        look = await looks.get(db, counter.store_id)
        assert look is not None
        told = replace(look, name="A & <b>B</b>", texts={"en": Texts(SCRIPT, SCRIPT)}, return_address=SCRIPT)
        await look_flow.change_look(db, look=told, actor="cli", now=counter.clock.now())
    shopper = await counter.let_in()
    await reviewed(shopper)
    await shopper.send("/review")

    for path in ("?again=1", "/items", f"/{shopper.page.path}", "/list"):
        page = await shopper.open(path)
        assert page.status == 200
        assert "<script>" not in page.source
        assert "<b>B</b>" not in page.source
        assert "&lt;script&gt;" in page.source or path in ("/list",)


async def test_every_page_carries_the_headers_of_a_page(counter: Counter) -> None:
    shopper = await counter.let_in()
    await reviewed(shopper)
    for path in ("?again=1", "/items", "/reasons", "/offers", "/review", "/list"):
        page = await shopper.open(path)
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "form-action 'self'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "same-origin"
        assert "style=" not in page.source
        assert "<script>" not in page.source


# --- forms of others -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", POSTS)
async def test_a_form_without_its_token_changes_nothing(counter: Counter, path: str) -> None:
    shopper = await counter.let_in()
    await reviewed(shopper)

    for fields in ({}, {"_csrf": "0" * 64}):
        answer = await shopper.post(counter.base + path, {**fields, "number": "#1001", "contact": CANARY})
        assert answer.status_code == 403
    assert await all_returns(counter) == []
    assert (await shopper.open("/review")).path == "review"


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("header", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
async def test_a_form_of_a_foreign_page_changes_nothing(counter: Counter, path: str, header: dict[str, str]) -> None:
    shopper = await counter.let_in()
    await reviewed(shopper)
    token = shopper.page.form("/review").fields["_csrf"]

    answer = await shopper.post(counter.base + path, {"_csrf": token}, **header)

    assert answer.status_code == 403
    assert await all_returns(counter) == []


async def test_a_browser_without_cookies_is_told_to_open_the_page_again(counter: Counter) -> None:
    shopper = await counter.browser()
    await shopper.open()
    form = shopper.page.form(counter.base)
    shopper.http.cookies.clear()

    answer = await shopper.post(form.action, {**form.fields, "number": "#1001", "contact": CANARY})

    assert answer.status_code == 403
    assert "Open the page again" in answer.text


async def test_the_cookie_is_kept_from_scripts_and_foreign_pages(counter: Counter) -> None:
    shopper = await counter.browser()
    page = await shopper.open()

    said = page.headers["set-cookie"]

    assert f"retour_visit-{counter.handle}=" in said
    assert "HttpOnly" in said
    assert "SameSite=lax" in said
    assert "Secure" not in said  # loopback; https adds it and the __Host- prefix


# --- what belongs to others ----------------------------------------------------------------------------------------------


async def a_sent_return(counter: Counter, shopper: Shopper) -> str:
    await reviewed(shopper)
    return (await shopper.send("/review")).path


async def test_the_return_of_another_order_is_not_found(counter: Counter) -> None:
    mine, theirs = await counter.let_in(), await counter.let_in(number="#1002")
    number = await a_sent_return(counter, theirs)

    for path in (f"/{number}", f"/{number}/cancel", "/R-99999999", "/R-0", "/R-1e9", "/logo-1", "/nothing"):
        page = await mine.open(path)
        assert page.status == 404, path
        assert "Article" not in page.source
    token = (await mine.open("/items")).form("/items").fields["_csrf"]
    answer = await mine.post(f"{counter.base}/{number}/cancel", {"_csrf": token})
    assert answer.status_code == 404
    (row,) = await all_returns(counter)
    assert row["status"] == "requested"


async def test_the_visit_of_another_tenant_is_none(counter: Counter, database: Any, vault: Any) -> None:
    shopper = await counter.let_in()
    number = await a_sent_return(counter, shopper)
    other = await open_shop(database, vault)
    async with database.tx(other.merchant.tenant_id) as db:
        look = await looks.get(db, other.merchant.stores["main"])
    assert look is not None
    (token,) = shopper.http.cookies.values()
    shopper.http.cookies.set(f"retour_visit-{look.handle}", token)

    elsewhere = Shopper(shopper.http, f"/returns/{look.handle}")

    assert (await elsewhere.open("/items")).heading == "Start a return"
    assert (await elsewhere.open(f"/{number}")).heading == "Start a return"


async def test_a_portal_that_does_not_exist_is_a_page_not_found(counter: Counter) -> None:
    browser = await counter.browser()
    for handle in ("nobody-here", "NOBODY", "a" * 61, "%2e%2e", "a%00b"):
        answer = await browser.http.get(f"/returns/{handle}", headers={"Accept": "text/html"})
        assert answer.status_code == 404, handle


async def test_cancelling_too_late_says_so_and_changes_nothing(counter: Counter) -> None:
    shopper = await counter.let_in()
    number = await a_sent_return(counter, shopper)
    page = await shopper.open(f"/{number}/cancel")
    (row,) = await all_returns(counter)
    async with counter.database.tx(counter.tenant_id) as db:
        await rma.reject(db, rma_id=row["id"], message="No <b>tags</b>", actor="staff:1", now=counter.clock.now())

    late = await shopper.send("/cancel")

    assert late.heading == "This return cannot be cancelled any more"
    status = await shopper.open(f"/{number}")
    assert status.heading == "The shop did not accept this return"
    assert "No <b>tags</b>" in status.text
    assert page.status == 200
    (row,) = await all_returns(counter)
    assert row["status"] == "rejected"


async def test_an_order_of_another_name_is_not_shown_by_a_known_one(counter: Counter) -> None:
    await counter.mirror(fetched(an_order(ref="gid://order/900", name="#900")))
    shopper = await counter.let_in(number="#900")

    assert "Order #900" in (await shopper.open("/items")).text
