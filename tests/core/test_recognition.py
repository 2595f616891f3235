"""Whom a received text is about: never somebody whose name is only like it."""

import base64
import json

import pytest

from retour.core.order import Person
from retour.core.phone import Known
from retour.core.postal import PostalAddress
from retour.core.recognition import Signs, is_about, mentions, said_in, signs_of

ANNA = Person(name="Anna Kern", email="Anna@kern.example", phone="+49 151 7773331")
HOME = PostalAddress("A. Kern", ("Elm Road 5", "Top"), "Leeds", "GB", "LS1 1AA", company="Roe & Daughters")
SIGNS = signs_of(ANNA, [HOME], postcode="ls11aa")
NUMBER = Known.of("+49 151 7773331", ["DE"])


def test_a_person_is_recognised_by_what_is_theirs_alone_or_by_their_name_beside_a_place() -> None:
    assert (
        Signs(
            emails=("anna@kern.example",),
            number=Known.of("+49 151 7773331", ["GB"]),
            names=("anna kern", "a. kern"),
            places=("ls11aa", "ls1 1aa", "elm road 5"),
        )
        == SIGNS
    )
    assert signs_of(Person()) == signs_of(Person(name="B", phone="2026"), [], postcode="101") == Signs()


@pytest.mark.parametrize(
    "said",
    [
        "mail me at <ANNA@kern.example>.", "mailto:anna@kern.example, please", "call +49-151-777 33 31!", "00491517773331",
        "(49) 151/7773331", "Anna\r\n  Kern, Elm Road 5", "LS1 1AA: ANNA KERN'S parcel", "Anna Kerns parcel to ls11aa",
    ],
)  # fmt: skip
def test_what_says_it_is_about_somebody_is(said: str) -> None:
    assert is_about(said, SIGNS)


@pytest.mark.parametrize(
    "said",
    [
        "Anna Kern", "Elm Road 5, LS1 1AA", "Hannah Kern, Elm Road 5", "Anna Kerner, Elm Road 5", "Anna Kern, Elm Road 55",
        "susanna@kern.example", "x.anna@kern.example", "anna@kern.example.org", "anna@kern.example-two.org",
        "1491517773331", "4915177733312", "",
    ],
)  # fmt: skip
def test_what_only_looks_like_it_is_not(said: str) -> None:
    assert not is_about(said, SIGNS)
    assert not is_about(said, Signs())


def test_a_text_mentions_whole_words_in_any_case() -> None:
    assert mentions("ANNA  kern's", ["anna kern"])
    assert mentions("vip 0151 7773331", ["bo", *([NUMBER] if NUMBER else [])])
    assert not mentions("vip 0151 7773332", ["bo", *([NUMBER] if NUMBER else [])])
    assert not mentions("remarks of Susanna", ["anna", "mark"])


def test_json_is_read_without_its_escapes_and_mail_without_its_encodings() -> None:
    told = json.dumps({"Jörg": [{"to": "Müller\nElm Road 5"}, 4711, None, True]}).encode()
    mail = (
        b"Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.b64encode("Jörg Müller".encode())
    )  # fmt: skip

    assert b"\\u00f6" in told
    assert set(said_in(told).split("\n")) == {"Jörg", "to", "Müller", "Elm Road 5", "4711", "None", "True"}
    assert "Jörg Müller" in said_in(mail)
    assert "plain JANE" in said_in(b"\xff plain JANE")
    assert said_in(b"[" * 200_000).startswith("[[[")
