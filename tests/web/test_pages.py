"""Pages as answers: their headers, choices and refusals."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from litestar import Litestar, get
from litestar.params import FromPath
from litestar.testing import TestClient

from retour.core.errors import Refused
from retour.web.error_pages import either_exception_handlers, page_exception_handlers
from retour.web.pages import see
from retour.web.problem import ProblemError
from retour.web.serving import kit_handlers
from tests.web.readers import shown, the_pages

NOW = datetime(2026, 5, 21, 8, 30, tzinfo=UTC)
ERRORS: dict[str, Exception] = {
    "forbidden": Refused("forbidden", "no"), "form": ProblemError(403, "form_expired", "no"),
    "gone": Refused("return_not_found", "no"), "raced": Refused("state_changed", "no"),
    "large": ProblemError(413, "body_too_large", "no"), "wrong": Refused("malformed_amount", "no"),
    "often": ProblemError(429, "too_many_requests", "no", headers={"Retry-After": "60"}),
    "bug": KeyError("secret detail"), "busy": TimeoutError(),
}  # fmt: skip


@get("/dashboard/{kind:str}", sync_to_thread=False)
def refuse(kind: FromPath[str]) -> None:
    raise ERRORS[kind]


@pytest.fixture(scope="module")
def served() -> Iterator[TestClient[Litestar]]:
    pages = the_pages()
    app = Litestar(
        [refuse, *kit_handlers(pages, lambda: NOW)],
        exception_handlers=either_exception_handlers(pages, lambda: NOW), openapi_config=None, logging_config=None,
    )  # fmt: skip
    with TestClient(app) as opened:
        yield opened


@pytest.fixture
def client(served: TestClient[Litestar]) -> TestClient[Litestar]:
    """A browser without cookies."""
    served.cookies.clear()
    return served


BROWSER = {"accept": "text/html,*/*;q=0.8"}


def test_a_page_runs_no_foreign_code_and_stays_in_no_cache(client: TestClient[Litestar]) -> None:
    answer = client.get("/design", headers={"accept-encoding": "gzip"})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "content-encoding" not in answer.headers  # pages hold secrets beside what others can make them repeat


def test_language_and_theme_are_set_by_the_server(client: TestClient[Litestar]) -> None:
    answer = client.get("/design?lang=ar&theme=dark")

    assert '<html lang="ar" dir="rtl" data-theme="dark">' in answer.text
    kept = answer.headers.get_list("set-cookie")
    assert kept == [
        "retour_lang=ar; HttpOnly; Max-Age=31536000; Path=/; SameSite=lax",
        "retour_theme=dark; HttpOnly; Max-Age=31536000; Path=/; SameSite=lax",
    ]


def test_the_device_decides_again_once_the_theme_is_given_back(client: TestClient[Litestar]) -> None:
    answer = client.get("/design?theme=auto", headers={"cookie": "retour_theme=dark"})

    assert '<html lang="en" dir="ltr">' in answer.text
    assert "Max-Age=0" in answer.headers["set-cookie"]


def test_a_choice_on_a_page_keeps_the_rest_of_its_address() -> None:
    text = "{{ choose(theme='dark') }} {% for tag, name, url in language_links() %}{{ tag }}={{ url }} {% endfor %}"

    assert shown(text) == "?step=2&amp;theme=dark de=?step=2&amp;lang=de ar=?step=2&amp;lang=ar "


def test_after_a_form_only_a_page_of_ours_is_shown() -> None:
    assert see("/dashboard").status_code == 303
    for foreign in ("https://evil.example", "//evil.example", "evil"):
        with pytest.raises(AssertionError):
            see(foreign)


def test_every_text_of_a_template_is_escaped_and_a_missing_value_is_a_bug() -> None:
    assert shown("{{ ui.button(name) }}", name="<script>") == (
        '<button class="button button-primary" type="submit">&lt;script&gt;</button>'
    )
    with pytest.raises(Exception, match="undefined"):
        shown("{{ nobody }}")


@pytest.mark.parametrize(
    ("kind", "status", "heading"),
    [
        ("forbidden", 403, "This page is not open to you"),
        ("form", 403, "This form cannot be used any more"),
        ("gone", 404, "There is no page here"),
        ("raced", 409, "Somebody was faster"),
        ("large", 413, "That is too large"),
        ("wrong", 422, "This could not be read"),
        ("often", 429, "One moment"),
        ("bug", 500, "Something went wrong on our side"),
        ("busy", 503, "Retour is busy"),
    ],
)
def test_a_refusal_is_a_page_for_a_browser(client: TestClient[Litestar], kind: str, status: int, heading: str) -> None:
    answer = client.get(f"/dashboard/{kind}", headers=BROWSER)

    assert answer.status_code == status
    assert f"<h1>{heading}</h1>" in answer.text
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "secret detail" not in answer.text


def test_a_refusal_for_now_says_when_to_come_back(client: TestClient[Litestar]) -> None:
    assert client.get("/dashboard/often", headers=BROWSER).headers["retry-after"] == "60"
    assert client.get("/dashboard/busy", headers=BROWSER).headers["retry-after"] == "2"


def test_an_error_of_ours_can_be_found_in_the_log(client: TestClient[Litestar]) -> None:
    answer = client.get("/dashboard/bug", headers=BROWSER)

    assert "Reference for the log: " in answer.text


def test_a_refusal_speaks_the_readers_language(client: TestClient[Litestar]) -> None:
    answer = client.get("/nowhere", headers={**BROWSER, "accept-language": "de"})

    assert answer.status_code == 404
    assert "<h1>Hier gibt es keine Seite</h1>" in answer.text


def test_a_shopper_is_told_in_the_portals_frame_and_led_back_to_the_shop(client: TestClient[Litestar]) -> None:
    answer = client.get("/returns/fjellhus/nowhere", headers=BROWSER)

    assert '<body class="portal">' in answer.text
    assert '<a class="button button-primary" href="/returns/fjellhus">' in answer.text


def test_a_program_is_answered_with_a_problem(client: TestClient[Litestar]) -> None:
    for path, headers in (("/dashboard/gone", {}), ("/api/v1/nothing", BROWSER)):
        answer = client.get(path, headers=headers)

        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("application/problem+json")


def test_a_door_of_pages_answers_with_pages_alone() -> None:
    app = Litestar(
        [refuse], exception_handlers=page_exception_handlers(the_pages(), lambda: NOW), openapi_config=None,
        logging_config=None,
    )  # fmt: skip
    with TestClient(app) as client:
        answer = client.get("/dashboard/gone")

    assert "<h1>There is no page here</h1>" in answer.text
    assert '<a class="button button-primary" href="/dashboard">' in answer.text
