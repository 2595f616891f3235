"""Mails as they come over the wire: character sets, encodings, files, automatic mail, and what is broken."""

import base64
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest

from retour.core.mailbox import Enclosed, message_id_of, read_mail
from retour.core.mailbox.mime import MOST_PICTURES, Received, decoded

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 30_000


def mail(body: bytes = b"Hello", **headers: str) -> Received:
    lines = [f"{name.replace('_', '-')}: {text}".encode() for name, text in headers.items()]
    found = read_mail(b"\r\n".join([*lines, b"", body]))
    assert found is not None
    return found


def test_a_plain_mail_says_who_wrote_what_when() -> None:
    found = mail(
        From="Mara Lind <Mara@Example.com>", Subject="=?utf-8?q?Zu_gro=C3=9F?=", Date="Tue, 19 May 2026 10:30:00 +0200",
        Message_ID="<1@example.com>", In_Reply_To="<b@acme.example>", References="<a@acme.example> <b@acme.example>",
    )  # fmt: skip

    assert found == Received(
        message_id="<1@example.com>", subject="Zu groß", sender="mara@example.com",
        sent_at=datetime(2026, 5, 19, 8, 30, tzinfo=UTC), text="Hello", answers=("<b@acme.example>", "<a@acme.example>"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "charset", "text"),
    [
        ("größer".encode(), "utf-8", "größer"),
        ("größer".encode("latin-1"), "iso-8859-1", "größer"),
        ("“größer”".encode("cp1252"), "iso-8859-1", "“größer”"),
        ("größer".encode("latin-1"), "us-ascii", "größer"),
        ("größer".encode("latin-1"), "utf-8", "größer"),
        ("größer".encode(), "no-such-charset", "größer"),
        ("größer".encode(), None, "größer"),
        (b"\\u0041", "unicode_escape", "\\u0041"),
        (b"abc", "rot13", "abc"),
        (b"\xef\xbb\xbfabc", "utf-8", "abc"),
        ("привет".encode("koi8-r"), "koi8-r", "привет"),
        (b"\x81", "utf-8", "\ufffd"),
        (b"plain", "us-ascii", "plain"),
    ],
)
def test_a_character_set_is_read_as_mail_programs_mean_it(raw: bytes, charset: str | None, text: str) -> None:
    assert decoded(raw, charset) == text


def test_html_is_read_where_there_is_no_text() -> None:
    found = mail(b"<p>Zu gro&szlig;</p>", Content_Type="text/html; charset=utf-8")

    assert found.text == "Zu groß"


def test_of_two_readings_the_plain_one_counts_and_files_are_kept_apart() -> None:
    letter = EmailMessage()
    letter.set_content("plain")
    letter.add_alternative("<p>html</p>", subtype="html")
    letter.add_attachment(PNG, maintype="image", subtype="png", filename="damage ü.png")
    letter.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="bill.pdf")
    letter.add_attachment("a note", filename="note.txt")

    found = read_mail(letter.as_bytes())

    assert found is not None
    assert (found.text, found.pictures, found.others) == (
        "plain",
        (Enclosed("damage ü.png", PNG),),
        ("bill.pdf", "note.txt"),
    )


def test_a_small_picture_within_the_text_is_somebodys_logo() -> None:
    def part(content: bytes, extra: bytes) -> bytes:
        head = b"--b\r\nContent-Type: image/png\r\n" + extra + b"Content-Transfer-Encoding: base64\r\n\r\n"
        return head + base64.b64encode(content) + b"\r\n"

    body = b"".join(
        [part(b"logo", b"Content-ID: <1>\r\n"), part(PNG, b"Content-ID: <2>\r\n"), part(b"tiny", b""), b"--b--"]
    )

    found = mail(body, Content_Type="multipart/related; boundary=b")

    assert [one.content for one in found.pictures] == [PNG, b"tiny"]
    assert found.others == ()


def test_more_pictures_than_are_kept_are_named() -> None:
    letter = EmailMessage()
    for n in range(MOST_PICTURES + 1):
        letter.add_attachment(PNG, maintype="image", subtype="png", filename=f"{n}.png")

    found = read_mail(letter.as_bytes())

    assert found is not None
    assert (len(found.pictures), found.others) == (MOST_PICTURES, ("10.png",))


@pytest.mark.parametrize(
    ("headers", "what"),
    [
        ({"Auto_Submitted": "auto-replied"}, "auto_reply"),
        ({"Auto_Submitted": "no"}, None),
        ({"Precedence": "auto_reply"}, "auto_reply"),
        ({"Precedence": "list"}, None),
        ({"X_Autoreply": "yes"}, "auto_reply"),
        ({"Return_Path": "<>"}, "bounce"),
        ({"From": "MAILER-DAEMON@mx.example"}, "bounce"),
        ({"Content_Type": "multipart/report; boundary=b"}, "bounce"),
        ({}, None),
    ],
)
def test_what_a_program_wrote_by_itself_is_told(headers: dict[str, Any], what: str | None) -> None:
    assert mail(**headers).automatic == what


@pytest.mark.parametrize(
    ("sender", "read"),
    [
        ("mara@example.com", "mara@example.com"),
        ("a@example.com, b@example.com", None),
        ("undisclosed", None),
        ("", None),
        ("=?utf-8?q?M=C3=A4ra?= <m@example.com>", "m@example.com"),
        ("=?bad?x?zz?= <m@example.com>", "m@example.com"),
        ("=?utf-8?b?A?= <m@example.com>", "m@example.com"),
    ],
)
def test_a_sender_is_one_address_or_none(sender: str, read: str | None) -> None:
    assert mail(From=sender).sender == read


@pytest.mark.parametrize("date", ["", "yesterday", "Tue, 99 May 2026 10:30:00 +0200"])
def test_a_date_that_is_none_is_none(date: str) -> None:
    assert mail(Date=date).sent_at is None


def test_a_date_without_a_zone_is_utc() -> None:
    assert mail(Date="Tue, 19 May 2026 10:30:00 -0000").sent_at == datetime(2026, 5, 19, 10, 30, tzinfo=UTC)


def test_controls_and_turned_writing_are_left_out() -> None:
    assert mail(b"a\x00b\xe2\x80\xaec", Content_Type="text/plain; charset=utf-8").text == "abc"


def test_what_is_forwarded_keeps_the_words_of_others() -> None:
    assert mail(b"> Too small", Subject="Fwd: Return").text == "> Too small"


@pytest.mark.parametrize(
    "headers",
    [
        {"Content_Type": "text/plain; name*=bad''%", "Content_Disposition": "attachment"},
        {"Content_Type": "application/octet-stream; name*=utf-8'en'%C3%BC", "Content_Disposition": "attachment"},
        {"Content_Type": "image/png; name*=rot13''a", "Content_Transfer_Encoding": "base64"},
        {"Content_Type": "image/png; name*=undefined''%ff"},
        {"Content_Type": "text/plain", "Content_Transfer_Encoding": "no-such-thing"},
        {"Content_Type": "multipart/mixed"},
    ],
)
def test_what_is_broken_is_read_as_far_as_it_goes(headers: dict[str, str]) -> None:
    assert mail(b"\xff broken", **headers).automatic is None


def test_parts_nested_beyond_sense_are_not_read() -> None:
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(1_500))

    assert read_mail(deep) is None


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b"Message-ID: <a@b>\r\n\r\nMessage-ID: <c@d>", "<a@b>"),
        (b"Subject: none\n\nbody", None),
        (b"Message-ID: <a b>\r\n\r\n", None),
        (b"Message-ID: <\x00@b>\r\n\r\n", None),
    ],
)
def test_an_id_is_read_from_the_head_alone(raw: bytes, found: str | None) -> None:
    assert message_id_of(raw) == found
