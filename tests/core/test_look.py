"""What a merchant may say about a store, and what it may not."""

from dataclasses import replace
from uuid import UUID

import pytest

from retour.core.errors import Refused
from retour.core.look import Look, Texts, check, handle_of, handles, logo_of

STORE = UUID("00000000-0000-7000-8000-0000000000ab")
GOOD = Look(
    STORE, "fjellhus", "Fjellhus", brand_hex="#1f4d3a", texts={"en": Texts("Hello", "Use any carrier")},
    contact_email="help@fjellhus.example", contact_url="https://fjellhus.example/help", return_address="Bergvei 1",
    sender_name="Fjellhus", default_language="de",
)  # fmt: skip


def test_a_good_look_is_accepted() -> None:
    check(GOOD)
    check(Look(STORE, "a", "A"))


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"handle": "Fjellhus"}, "invalid_handle", "handle"),
        ({"handle": "-a"}, "invalid_handle", "handle"),
        ({"handle": "a" * 61}, "invalid_handle", "handle"),
        ({"handle": "a/b"}, "invalid_handle", "handle"),
        ({"brand_hex": "#1F4D3A"}, "invalid_brand", "brand_hex"),
        ({"brand_hex": "red"}, "invalid_brand", "brand_hex"),
        ({"name": " "}, "invalid_name", "name"),
        ({"name": "a" * 81}, "invalid_name", "name"),
        ({"name": "a\u202eb"}, "invalid_name", "name"),
        ({"texts": {"en": Texts("x" * 601)}}, "invalid_text", "texts.en.greeting"),
        ({"texts": {"de": Texts("", "a\x00b")}}, "invalid_text", "texts.de.sending"),
        ({"texts": {"fr": Texts("Salut")}}, "unknown_language", "texts"),
        ({"return_address": "a\u2066b"}, "invalid_text", "return_address"),
        ({"sender_name": "\ud800"}, "invalid_text", "sender_name"),
        ({"contact_email": "nobody"}, "invalid_email", "contact_email"),
        ({"contact_url": "javascript:alert(1)"}, "invalid_url", "contact_url"),
        ({"contact_url": "http://plain.example"}, "invalid_url", "contact_url"),
        ({"default_language": "fr"}, "unknown_language", "default_language"),
    ],
)
def test_what_may_not_be_shown_is_refused_by_name(change: dict[str, object], code: str, field: str) -> None:
    with pytest.raises(Refused) as refused:
        check(replace(GOOD, **change))  # type: ignore[arg-type]

    assert (refused.value.code, refused.value.field) == (code, field)


@pytest.mark.parametrize(
    ("name", "handle"),
    [
        ("Fjellhus", "fjellhus"),
        ("  Fjell & Hus GmbH ", "fjell-hus-gmbh"),
        ("Käse", "kase"),
        ("店", "shop"),
        ("-", "shop"),
    ],
)
def test_a_handle_is_made_of_the_letters_of_a_name(name: str, handle: str) -> None:
    assert handle_of(name) == handle


def test_a_long_name_makes_handles_that_fit() -> None:
    for handle in handles("An extraordinarily long name of a shop that never ends", STORE):
        check(replace(GOOD, handle=handle))
    assert len(set(handles("Fjellhus", STORE))) == 3


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0....", "image/jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
    ],
)
def test_a_logo_is_known_by_its_first_bytes(content: bytes, kind: str) -> None:
    assert logo_of(content).type == kind


@pytest.mark.parametrize(
    "content", [b"<svg onload=alert(1)>", b"RIFF\x00\x00\x00\x00WAVEfmt ", b"", b"\x89PNG\r\n\x1a\n" * 20_000]
)
def test_what_is_no_small_picture_is_no_logo(content: bytes) -> None:
    with pytest.raises(Refused, match="logo"):
        logo_of(content)


def test_texts_fall_back_to_the_stores_own_language() -> None:
    look = replace(GOOD, texts={"de": Texts("Hallo")})

    assert look.text("ar") == Texts("Hallo")
    assert look.text("de") == Texts("Hallo")
    assert replace(look, default_language="en").text("ar") == Texts()
