"""What an erasure waits for, what identifies a person in a text, and how long what is kept."""

import json

import pytest

from retour.core.order import Person
from retour.core.postal import PostalAddress
from retour.core.privacy import TERMS, Keep, Standing, Waits, days_of, fits, identifying, names, scrubbed, waits_for

ADDRESS = PostalAddress("Jane Roe", ("Elm Road 5", "Top"), "Leeds", "GB", "LS1 1AA", company="Roe & Daughters")


@pytest.mark.parametrize(
    ("standing", "why"),
    [
        (Standing(), None),
        (Standing(returns=1, settlements=1, calls=1, withdrawals=1), Waits.RETURN_OPEN),
        (Standing(settlements=1, calls=1, withdrawals=1), Waits.MONEY_DUE),
        (Standing(calls=2, withdrawals=1), Waits.CALL_RUNNING),
        (Standing(withdrawals=1), Waits.WITHDRAWAL_OPEN),
    ],
)
def test_an_erasure_waits_for_what_is_open(standing: Standing, why: Waits | None) -> None:
    assert waits_for(standing) is why


def test_a_person_is_known_by_every_text_of_four_letters_or_more_longest_first() -> None:
    person = Person(name=" Jane Roe ", email="jane@roe.example", phone="+44 113 496")

    assert identifying(person, [ADDRESS]) == (
        "jane@roe.example", "Roe & Daughters", "+44 113 496", "Elm Road 5", "44113496", "Jane Roe",
    )  # fmt: skip
    assert identifying(Person(name="Bo"), []) == ()


def test_only_words_are_taken_out_of_what_was_written() -> None:
    said = {
        "note": "JANE ROE and jane roe", "lines": [{"n": 2, "by": "Jane Roe!"}, None, True], "Jane Roe": 3,
        "customer.tags": ["vip"], "customer.email_domain": "roe.example", "order.postcode_prefix": None,
    }  # fmt: skip

    assert scrubbed(said, ["Jane Roe"]) == {
        "note": "[erased] and [erased]", "lines": [{"n": 2, "by": "[erased]!"}, None, True], "Jane Roe": 3,
        "customer.tags": [], "customer.email_domain": "[erased]", "order.postcode_prefix": None,
    }  # fmt: skip
    assert scrubbed("nobody", []) == "nobody"


def test_a_body_names_a_person_however_its_letters_are_written() -> None:
    escaped = json.dumps({"to": "Jörg Müller"}).encode()
    assert b"\\u00f6" in escaped

    assert names(escaped, ["jörg müller"])
    assert names(b"\xff plain JANE", ["Jane"])
    assert not names(b"[" * 200_000, ["Jane"])
    assert not names(escaped, [])


@pytest.mark.parametrize(
    ("keep", "days", "good"),
    [
        (Keep.INBOX, 7, True), (Keep.INBOX, 6, False), (Keep.INBOX, 3650, True), (Keep.INBOX, 3651, False),
        (Keep.INBOX, None, True), (Keep.EXPORTS, None, False), (Keep.STORE_GRACE, 0, True), (Keep.STORE_GRACE, 26, False),
    ],
)  # fmt: skip
def test_days_are_within_the_bounds_of_their_class(keep: Keep, days: int | None, good: bool) -> None:
    assert fits(keep, days) is good


def test_every_class_has_days_unless_chosen_otherwise() -> None:
    assert days_of({}) == {keep: term.days for keep, term in TERMS.items()}
    assert days_of({Keep.LABELS: None, Keep.PEOPLE: 700})[Keep.LABELS] is None
    assert set(TERMS) == set(Keep)
    assert all(fits(keep, term.days) for keep, term in TERMS.items())
