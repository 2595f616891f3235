"""What a mailbox may be called, and how its folder is written on the wire."""

from dataclasses import replace
from typing import Any

import pytest

from retour.core.errors import Refused
from retour.core.mail_server import Encryption
from retour.core.mailbox import Box, Place, check_box, on_the_wire, place_of

A_BOX = Box("imap.acme.example", 993, Encryption.AT_ONCE, "returns@acme.example")


def test_a_mailbox_is_kept_without_its_password_and_read_back() -> None:
    box = replace(A_BOX, folder="Rückgaben", address="hello@acme.example")

    assert Box.of(box.kept) == box
    assert Box.of({name: text for name, text in A_BOX.kept.items() if name != "address"}) == A_BOX


@pytest.mark.parametrize(
    ("box", "url"),
    [(A_BOX, "imaps://imap.acme.example:993"), (replace(A_BOX, encryption=Encryption.ALWAYS, port=143), "imap://imap.acme.example:143")],
)  # fmt: skip
def test_where_it_is_reads_as_an_address(box: Box, url: str) -> None:
    assert box.url == url


@pytest.mark.parametrize(
    ("user", "address", "own"),
    [
        ("returns@acme.example", "", "returns@acme.example"),
        ("u1234", "", ""),
        ("u1234", "a@acme.example", "a@acme.example"),
    ],
)
def test_its_own_address_is_the_one_given_or_the_user_if_that_is_one(user: str, address: str, own: str) -> None:
    assert replace(A_BOX, user=user, address=address).own_address == own


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"host": "imap acme"}, "invalid_host", "host"),
        ({"host": "-"}, "invalid_host", "host"),
        ({"port": 0}, "invalid_port", "port"),
        ({"port": 65_536}, "invalid_port", "port"),
        ({"encryption": Encryption.OFFERED}, "invalid_encryption", "encryption"),
        ({"encryption": Encryption.NEVER}, "invalid_encryption", "encryption"),
        ({"user": ""}, "invalid_user", "user"),
        ({"user": "a\r\nb"}, "invalid_user", "user"),
        ({"folder": "IN\x7fBOX"}, "invalid_folder", "folder"),
        ({"folder": "x" * 201}, "invalid_folder", "folder"),
        ({"address": "nobody"}, "invalid_email", "address"),
    ],
)
def test_what_is_no_mailbox_is_refused_with_its_field(change: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(Refused) as no:
        check_box(replace(A_BOX, **change), "s3cret", allow_plain=False)

    assert (no.value.code, no.value.field) == (code, field)


@pytest.mark.parametrize("password", ["", "a\nb", "x" * 201])
def test_a_password_is_one_line(password: str) -> None:
    with pytest.raises(Refused) as no:
        check_box(A_BOX, password, allow_plain=False)

    assert (no.value.code, no.value.field) == ("invalid_mailbox_password", "password")


def test_a_mailbox_without_encryption_is_for_development() -> None:
    check_box(
        replace(A_BOX, host="::1", encryption=Encryption.NEVER, address="a@b.example"), "s3cret", allow_plain=True
    )


@pytest.mark.parametrize(
    ("folder", "wire"),
    [
        ("INBOX", "INBOX"),
        ("R & D", "R &- D"),
        ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
        ("Rückgaben", "R&APw-ckgaben"),
    ],
)
def test_a_folder_is_written_in_the_utf_7_of_imap(folder: str, wire: str) -> None:
    assert on_the_wire(folder) == wire


def test_a_place_is_written_down_and_found_again() -> None:
    assert place_of(str(Place(17, 42))) == Place(17, 42)
    assert (place_of(None), place_of("")) == (None, None)
