"""What an erasure waits for, what identifies a person in a text, and how long what is kept."""

import json
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from retour.core.order import Order, Person, PlatformRefund
from retour.core.phone import Known
from retour.core.postal import PostalAddress
from retour.core.privacy import (
    TERMS,
    Keep,
    Standing,
    Waits,
    blanked,
    days_of,
    fits,
    identifying,
    scrubbed,
    waits_for,
)
from retour.store.order.record import decode, encode
from tests.core.refund.generating import an_order_of, orders

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


def test_a_number_of_a_few_digits_identifies_nobody() -> None:
    assert identifying(Person(phone="2026"), []) == ()


def test_only_whole_words_are_taken_out_of_what_was_written() -> None:
    said = "JANE ROE and jane roe, Jane Roes parcel (Jane Roe), not Jane Roebuck, mary-jane roe_2"

    assert scrubbed(said, ["Jane Roe"]) == (
        "[erased] and [erased], [erased] parcel ([erased]), not Jane Roebuck, mary-jane roe_2"
    )
    assert scrubbed("nobody", []) == "nobody"
    assert scrubbed("Card", ["Card"]) == "[erased]", "a text that people wrote is no code"


def test_a_known_number_is_taken_out_of_what_was_written_in_every_usual_spelling() -> None:
    known = Known.of("+49 151 7773331", ["DE"])
    assert known is not None
    said = {"note": "0151/777 33 31 or 0049 151 7773331, not 0151 7773332", "id": "01517773331", "n": 1517773331}

    assert scrubbed(said, ["Jane", known]) == {
        "note": "[erased] or [erased], not 0151 7773332", "id": "01517773331", "n": 1517773331,
    }  # fmt: skip
    assert blanked({"note": "ring (0151) 7773331", "sku": "0151 7773331"}, [known]) == {
        "note": "ring [erased]", "sku": "0151 7773331",
    }  # fmt: skip


def test_codes_ids_and_times_within_json_stay_whatever_a_person_is_called() -> None:
    said = {
        "kind": "card", "at": "2026-05-03T10:00:00Z", "Card": 3, "because": "paid by Card", "to": "card@x.example",
        "phone": "+4912345678", "lines": [{"n": 2, "note": "CARD", "by": "Card!"}, None, True], "added": ["card", "vip"],
        "gid": "gid://shop/Card/1",
    }  # fmt: skip

    assert scrubbed(said, ["card@x.example", "+4912345678", "Card", "2026"]) == said | {
        "because": "paid by [erased]", "to": "[erased]", "phone": "[erased]",
        "lines": [{"n": 2, "note": "[erased]", "by": "Card!"}, None, True], "added": ["[erased]", "vip"],
    }  # fmt: skip


def test_of_a_document_only_its_free_texts_lose_words_and_facts_about_the_person_go_whole() -> None:
    said = {
        "title": "Gift Card", "captures": [{"kind": "gift card"}], "refunds": [{"note": "for Card"}], "tags": ["Card"],
        "lines": [{"product": {"tags": ["card"]}}], "customer.tags": ["vip"],
        "customer.email_domain": "roe.example", "order.postcode_prefix": None,
    }  # fmt: skip

    assert blanked(said, ["Card"]) == said | {
        "refunds": [{"note": "for [erased]"}], "tags": ["[erased]"], "customer.tags": [],
        "customer.email_domain": "[erased]",
    }  # fmt: skip


@given(order=orders(), texts=st.lists(st.text("ACEGORTYacdefgiklnoprstuy_-:.0123456 ", min_size=4), max_size=3))
@example(order=an_order_of(1, 3), texts=["Card", "Gift_Card", "EUR", "gift_card", "2026", "true", "line-1", "SPRING"])
def test_an_order_can_be_read_and_has_every_figure_and_code_whatever_its_person_is_called(
    order: Order, texts: list[str]
) -> None:
    order = replace(order, refunds=(PlatformRefund("r1", order.placed_at, order.total, " ".join(texts)),))
    document = json.loads(encode(order))

    left = decode(json.dumps(blanked(document, texts)))

    assert replace(left, refunds=(), tags=()) == replace(order, refunds=(), tags=())
    assert [replace(one, note=None) for one in left.refunds] == [replace(one, note=None) for one in order.refunds]


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
