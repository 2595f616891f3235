"""Forms over real HTTP messages, and amounts as people type them."""

from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar, Request, Response, post
from litestar.testing import TestClient

from retour.core.errors import Refused
from retour.core.money import Money
from retour.web import csrf
from retour.web.forms import Form, FormErrors, read_form, read_money, typed_money
from retour.web.problem import exception_handlers
from tests.web.readers import a_reader

TOKEN = csrf.token_of("secret of the session")


@post("/form", status_code=200)
async def take(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    form = await read_form(request, 2_000, token=TOKEN)
    names = [file.filename for file in form.uploads("photo")]
    return Response({"name": form.text("name"), "tags": form.texts("tag"), "photos": names})


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient[Litestar]]:
    app = Litestar([take], exception_handlers=exception_handlers(), openapi_config=None, logging_config=None)
    with TestClient(app) as opened:
        yield opened


def test_a_form_of_ours_is_read_and_trimmed(client: TestClient[Litestar]) -> None:
    sent = {"_csrf": TOKEN, "name": "  Mara\x00 ", "tag": ["a", "b"]}

    answer = client.post("/form", data=sent, headers={"origin": "http://testserver.local"})

    assert answer.json() == {"name": "Mara", "tags": ["a", "b"], "photos": []}


def test_photos_come_with_the_form_and_an_empty_choice_is_none(client: TestClient[Litestar]) -> None:
    answer = client.post("/form", data={"_csrf": TOKEN}, files={"photo": ("sleeve.jpg", b"\xff\xd8", "image/jpeg")})

    assert answer.json()["photos"] == ["sleeve.jpg"]


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://testserver.local:81"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_form_sent_by_another_sites_page_is_refused(client: TestClient[Litestar], headers: dict[str, str]) -> None:
    answer = client.post("/form", data={"_csrf": TOKEN}, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_form")


@pytest.mark.parametrize("token", ["", "x", csrf.token_of("another session"), "ä"])
def test_a_form_without_the_token_of_its_session_is_refused(client: TestClient[Litestar], token: str) -> None:
    answer = client.post("/form", data={"_csrf": token}, headers={"sec-fetch-site": "same-origin"})

    assert (answer.status_code, answer.json()["code"]) == (403, "form_expired")


def test_no_token_fits_a_session_that_has_none() -> None:
    with pytest.raises(Exception, match="earlier sign-in"):
        csrf.check_token("", "")


def test_a_form_above_its_limit_is_refused_unread(client: TestClient[Litestar]) -> None:
    answer = client.post("/form", data={"_csrf": TOKEN, "name": "x" * 2_000})

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_a_form_of_unknown_length_is_refused_unread(client: TestClient[Litestar]) -> None:
    answer = client.post("/form", content=(part for part in [b"_csrf=", TOKEN.encode()]))

    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")


def test_a_token_does_not_tell_its_secret() -> None:
    assert csrf.token_of("a") == csrf.token_of(b"a") != csrf.token_of("b")
    assert len(TOKEN) == 64


def test_fields_are_read_with_defaults() -> None:
    form = Form({"n": ["12"], "bad": ["1e3"], "on": ["1"], "many": ["a", "b"]})

    assert (form.text("n"), form.text("none"), form.text("none", "x")) == ("12", "", "x")
    assert (form.whole("n"), form.whole("bad"), form.whole("none")) == (12, None, None)
    assert (form.checked("on"), form.checked("none")) == (True, False)
    assert form.texts("many") == ["a", "b"]
    assert form.uploads("photo") == []


def test_the_first_message_of_a_field_stays_and_the_order_is_kept() -> None:
    errors = FormErrors()
    assert not errors

    errors.add("email", "Enter an e-mail address")
    errors.add("amount", "Enter an amount")
    errors.add("email", "Too long")

    assert list(errors) == [("email", "Enter an e-mail address"), ("amount", "Enter an amount")]
    assert (errors.of("email"), errors.of("name"), len(errors)) == ("Enter an e-mail address", None, 2)


@pytest.mark.parametrize(
    ("language", "typed", "currency", "minor"),
    [
        ("en", "12.5", "EUR", 1250),
        ("en", "12,5", "EUR", 1250),
        ("en", "1,200.00", "EUR", 120000),
        ("en", "1,200", "EUR", 120000),
        ("en", " 12 ", "EUR", 1200),
        ("en", "12.", "EUR", 1200),
        ("en", "0", "EUR", 0),
        ("en", "12.500", "KWD", 12500),
        ("en", "1200", "JPY", 1200),
        ("de", "12,5", "EUR", 1250),
        ("de", "12.50", "EUR", 1250),
        ("de", "1.200,00", "EUR", 120000),
        ("de", "1.200", "EUR", 120000),
        ("de", "1 200,00", "EUR", 120000),
        ("ar", "12.50", "EUR", 1250),
    ],
)
def test_an_amount_is_read_as_the_language_writes_it(language: str, typed: str, currency: str, minor: int) -> None:
    assert read_money(typed, currency, a_reader(language)) == Money(minor, currency)


@pytest.mark.parametrize(
    ("typed", "currency"),
    [
        ("", "EUR"),
        ("-1", "EUR"),
        ("12.345", "EUR"),
        ("1.2.3", "EUR"),
        ("1,20,000", "EUR"),
        ("twelve", "EUR"),
        (".5", "EUR"),
        ("1e3", "EUR"),
        ("12.5", "JPY"),
        ("12.", "JPY"),
        ("1234567890123", "EUR"),
        ("٣", "EUR"),
    ],
)
def test_what_is_no_exact_amount_is_refused_in_words(typed: str, currency: str) -> None:
    with pytest.raises(Refused) as refused:
        read_money(typed, currency, a_reader())

    assert refused.value.code == "malformed_amount"


def test_a_refused_amount_shows_how_one_looks() -> None:
    with pytest.raises(Refused, match=r"^Geben Sie einen Betrag wie 12,50 ein$"):
        read_money("x", "EUR", a_reader("de"))


def test_an_amount_in_a_field_has_no_groups_and_no_currency() -> None:
    assert typed_money(Money(120050, "EUR"), a_reader("de")) == "1200,50"
    assert typed_money(Money(5, "EUR"), a_reader()) == "0.05"
    assert typed_money(Money(1200, "JPY"), a_reader()) == "1200"
