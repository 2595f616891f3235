"""What is read in loose text, with the words it was read from; nothing is guessed."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retour.core.errors import Refused
from retour.core.intake import Item, Message, TextRead, read_letter, read_text

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def read(text: str, **more: str) -> TextRead:
    return read_text(text, reference="T-1", at=AT, **more)


def found(text: str) -> dict[str, str]:
    return {one.field: one.value for one in read(text).read}


def test_a_letter_gives_its_order_its_sender_and_its_articles_with_the_words() -> None:
    said = read(
        "Hello,\nmy order #1001 was wrong. Please take back 2 x TJ-MOS-M, it is too small.\nCara <cara@example.com>"
    )

    assert said.document.order_number == "1001"
    assert said.document.customer.email == "cara@example.com"
    assert said.document.items == (Item(2, sku="TJ-MOS-M", reason="too_small"),)
    assert {one.field: one.words for one in said.read} == {
        "order_number": "my order #1001 was wrong. Please take back 2 x TJ-MOS-M, it is too small.",
        "email": "Cara <cara@example.com>",
        "sku": "my order #1001 was wrong. Please take back 2 x TJ-MOS-M, it is too small.",
        "quantity": "2 x TJ-MOS-M",
        "reason": "my order #1001 was wrong. Please take back 2 x TJ-MOS-M, it is too small.",
    }


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("Bestellnummer: DE-10045", "order_number", "DE-10045"),
        ("order no. 4711", "order_number", "4711"),
        ("Auftrag 4711", "order_number", "4711"),
        ("call +49 170 5550123 please", "phone", "+49 170 5550123"),
        ("call 0170/5550123 please", "phone", "0170/5550123"),
        ("call 555-010-1234 please", "phone", "555-010-1234"),
        ("call 1 (555) 010-1234 please", "phone", "1 (555) 010-1234"),
        ("SKU: AB-12", "sku", "AB-12"),
        ("Artikelnr. AB-12", "sku", "AB-12"),
        ("Artikel AB-12 (3 Stück)", "quantity", "3"),
        ("es ist beschädigt", "reason", "damaged"),
        ("Die Hose ist zu groß", "reason", "too_large"),
    ],
)
def test_each_rule_reads_what_it_is_for(text: str, field: str, value: str) -> None:
    assert found(text)[field] == value


@pytest.mark.parametrize(
    "text",
    [
        "order #1001 or order #1002",
        "in order to return",
        "",
        "call 123 456",
        "12345678901",
        "id 5550101234",
        "555-010-12345",
    ],
)
def test_what_is_not_certain_is_not_read(text: str) -> None:
    assert found(text) == {}


def test_the_sender_of_a_mail_is_not_read_from_its_words_and_a_scanned_code_stands_for_the_order() -> None:
    said = read("write to other@example.com", sender="cara@example.com", code="#1001")

    assert said.document.customer.email == "cara@example.com"
    assert said.document.order_number == "#1001"
    assert said.read == ()


def test_an_article_counts_once_and_none_of_it_is_none() -> None:
    said = read("2 x AB-1, SKU AB-1, 0 x AB-2, " + ", ".join(f"1 x ZZ-{n}" for n in range(30)))

    assert said.document.items[0] == Item(2, sku="AB-1")
    assert len(said.document.items) == 20
    assert "AB-2" not in {item.sku for item in said.document.items}


def test_long_words_are_told_around_what_was_read() -> None:
    (one,) = read("x" * 300 + " order #1001 " + "y" * 300).read

    assert "order #1001" in one.words
    assert len(one.words) <= 120


@given(st.text(max_size=400))
def test_any_text_is_read_without_a_fault_and_says_only_what_stands_there(text: str) -> None:
    said = read(text)

    for one in said.read:
        if one.field not in ("reason", "quantity"):
            assert one.value.casefold() in text.casefold()


def test_a_message_is_read_with_its_subject_or_refused_with_its_fields() -> None:
    plain = {"schema": "retour.message/1", "id": "T-1", "sent_at": "2026-03-01T12:00:00Z", "text": "Hello"}

    assert read_letter(plain) == Message("T-1", "Hello", AT)
    assert read_letter(plain | {"subject": "Return", "from": "c@example.com"}).text == "Return\n\nHello"
    with pytest.raises(Refused) as caught:
        read_letter(plain | {"text": ""})
    assert caught.value.field == "text"
