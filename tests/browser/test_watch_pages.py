"""The watch itself: what may not happen in a browser is seen when it happens."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.browser.axe import axe
from tests.browser.conftest import OpenPage
from tests.browser.keyboard import press, reach
from tests.browser.watch import two_frames
from tests.sandbox.desk import serving

pytestmark = pytest.mark.anyio

POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'"
PARTS = {
    "well": "<a href='/refused'>On</a>",
    "inline": "<script>window.ran = true</script>",
    "broken": "<script src='/broken.js'></script>",
    "logs": "<script src='/logs.js'></script>",
    "lost": "<img src='/nothing.png' alt='' width='1' height='1'>",
    "heavy": "<img src='/heavy.png' alt='' width='1' height='1'>",
    "shifts": "<script src='/shifts.js' defer></script><p>It moves down</p>",
    "styled": "<p style='color: red'>Red</p>",
    "unlabelled": "<input type='text'>",
}
SCRIPTS = {
    "broken.js": "throw new Error('it broke')",
    "logs.js": "console.error('it went wrong')",
    "shifts.js": (
        "requestAnimationFrame(() => requestAnimationFrame(() => {"
        "const p = document.createElement('p'); p.textContent = 'new'; document.querySelector('main').prepend(p); }))"
    ),
}
PIXELS = b"\x89PNG\r\n\x1a\n" + b"0" * 160_000


async def _page(request: Request) -> Response:
    return _document(PARTS[request.path_params["part"]], 200)


async def _script(request: Request) -> Response:
    text = SCRIPTS.get(request.path_params["name"])
    return Response(text or "", 200 if text else 404, media_type="text/javascript")


async def _heavy(request: Request) -> Response:
    return Response(PIXELS, media_type="image/png")


async def _refused(request: Request) -> Response:
    return _document("No", 422)


def _document(part: str, status: int) -> Response:
    text = (
        f"<!doctype html><html lang='en'><head><title>A page</title><link rel='icon' href='data:,'></head>"
        f"<body><main><h1>A page</h1>{part}</main></body></html>"
    )
    return HTMLResponse(text, status, headers={"content-security-policy": POLICY})


@pytest.fixture(scope="module")
async def address(anyio_backend: str) -> AsyncIterator[str]:
    app = Starlette(
        routes=[
            Route("/page/{part}", _page),
            Route("/heavy.png", _heavy),
            Route("/refused", _refused),
            Route("/away", lambda _: RedirectResponse("/page/well")),
            Route("/{name}", _script),
        ]
    )
    async with serving(app) as opened:
        yield opened


@pytest.mark.parametrize(
    ("part", "complaint"),
    [
        ("inline", "policy: script-src-elem blocked inline"),
        ("styled", "policy: style-src-attr blocked inline"),
        ("broken", "script error: it broke"),
        ("logs", "console error: it went wrong"),
        ("lost", "answer 404: GET"),
        ("heavy", "weight: first load 16"),
        ("shifts", "shift: 0."),
    ],
)
async def test_what_may_not_happen_is_seen(address: str, open_page: OpenPage, part: str, complaint: str) -> None:
    page, watch = await open_page()

    await page.goto(f"{address}/page/{part}", wait_until="networkidle")
    await two_frames(page)

    seen = watch.complaints()
    watch.wrong.clear()
    watch.heaviest_bytes = 10**9
    assert [found for found in seen if complaint in found], seen


async def test_a_page_without_fault_is_quiet_and_an_error_status_may_be_announced(
    address: str, open_page: OpenPage
) -> None:
    page, watch = await open_page()
    watch.expect_status(422)

    await page.goto(f"{address}/away")
    await press(page, "On")
    await page.wait_for_url("**/refused")

    assert watch.complaints() == []
    assert watch.first_load_bytes is not None
    assert 400 < watch.first_load_bytes < 2_000


async def test_without_script_nothing_of_the_page_runs_and_the_policy_is_still_watched(
    address: str, open_page: OpenPage
) -> None:
    page, watch = await open_page(script=False)

    await page.goto(f"{address}/page/broken")

    assert watch.complaints() == []


async def test_what_axe_finds_fails_the_test(address: str, page: Page) -> None:
    await page.goto(f"{address}/page/unlabelled")

    with pytest.raises(AssertionError, match="label: Form elements must have labels"):
        await axe(page)


async def test_what_cannot_be_reached_by_keyboard_fails_the_test(address: str, page: Page) -> None:
    await page.goto(f"{address}/page/well")

    assert (await reach(page, "On"))["tag"] == "a"
    with pytest.raises(AssertionError, match="no way by Tab to 'Off'"):
        await reach(page, "Off")
