"""Mails that are made to cost more than they are: only so much of each is handed on, and nothing of it raises."""

import pytest

from retour.core.mailbox import message_id_of, read_mail
from retour.core.mailbox.mime import MOST_TEXT, TEXT_MOST
from retour.core.mailbox.parts import (
    DEEPEST,
    MOST_HEADERS,
    MOST_LINES,
    MOST_OF_A_HEADER,
    MOST_OF_A_TYPE,
    MOST_PARTS,
    TooDeep,
    taken_apart,
)

MULTIPART = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"


def nested(deep: int) -> bytes:
    """Return a mail whose innermost part lies so deep."""
    return b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(deep)) + b"\ndeep"


def test_of_very_many_parts_the_first_hundred_are_read() -> None:
    parts = taken_apart(MULTIPART + b"".join(b"--b\r\n\r\n%d\r\n" % n for n in range(1, 1_000)))

    assert len(parts) == MOST_PARTS == 100
    assert [part.get_payload() for part in parts[1:]] == [str(n) for n in range(1, 100)]


def test_the_words_of_a_mail_of_very_many_parts_are_those_of_the_first_hundred() -> None:
    found = read_mail(MULTIPART + b"".join(b"--b\r\n\r\n%d\r\n" % n for n in range(1, 1_000)))

    assert found is not None
    assert found.text.split() == [str(n) for n in range(1, 100)]


def test_parts_are_read_as_deep_as_makes_sense() -> None:
    assert len(taken_apart(nested(DEEPEST))) == DEEPEST + 1
    with pytest.raises(TooDeep):
        taken_apart(nested(DEEPEST + 1))
    assert read_mail(nested(DEEPEST + 1)) is None


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_of_very_many_lines_the_first_are_read(end: bytes) -> None:
    [whole] = taken_apart(end + (b"x" + end) * (MOST_LINES + 5))
    [few] = taken_apart(end + (b"x" + end) * 3)

    assert whole.get_payload() == ("x" + end.decode()) * (MOST_LINES - 1)
    assert few.get_payload() == ("x" + end.decode()) * 3


def test_a_file_of_two_hundred_thousand_lines_is_whole() -> None:
    encoded = (b"QUFB" * 15 + b"\r\n") * 200_000
    [part] = taken_apart(b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n" + encoded)

    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    assert len(content) == 45 * 200_000


def test_of_a_header_the_beginning_is_read_and_of_earlier_mails_the_last() -> None:
    long = b"x" * 20_000
    [part] = taken_apart(b"Subject: a%s\nReferences: %sz\nContent-Type: t%s\n\n" % (long, long, long))

    assert part["Subject"] == "a" + "x" * (MOST_OF_A_HEADER - 1)
    assert part["References"] == "x" * (MOST_OF_A_HEADER - 1) + "z"
    assert part["Content-Type"] == "t" + "x" * (MOST_OF_A_TYPE - 1)


def test_of_very_many_headers_the_first_are_read() -> None:
    [part] = taken_apart(b"Subject: first\n" + b"X-A: b\n" * 1_000 + b"Subject: last\n\nHello")

    assert (len(part), part.get_all("Subject"), part.get_payload()) == (MOST_HEADERS, ["first"], "Hello")


def test_of_a_very_long_text_the_beginning_is_looked_at() -> None:
    filler = b"> quoted\r\n" * (MOST_TEXT // 9)
    found = read_mail(b"\r\nToo small.\r\n" + filler + b"Not read.\r\n")
    short = read_mail(b"\r\nToo small.\r\n> quoted\r\nRead.\r\n")

    assert found is not None
    assert short is not None
    assert (found.text, short.text) == ("Too small.", "Too small.\nRead.")


def test_what_is_looked_at_is_shared_among_the_parts() -> None:
    part = b"--b\r\n\r\n" + b"> quoted\r\n" * (MOST_TEXT // 18) + b"Own %d.\r\n"
    found = read_mail(MULTIPART + b"".join(part % n for n in (1, 2, 3)))

    assert found is not None
    assert found.text == "Own 1."


def test_no_more_than_a_text_is_kept() -> None:
    found = read_mail(b"\r\n" + b"word " * 10_000)

    assert found is not None
    assert len(found.text) == TEXT_MOST


@pytest.mark.parametrize(
    "header", [b"From: " + b"(" * 20_000, b"From: " + b"<" * 20_000, b"From: " + b"=?utf-8?q?" * 20_000]
)
def test_a_sender_of_nothing_but_brackets_is_none_and_the_mail_is_read(header: bytes) -> None:
    found = read_mail(header + b"\r\nMessage-ID: <a@b>\r\n\r\nToo small.")

    assert found is not None
    assert (found.sender, found.message_id, found.text) == (None, "<a@b>", "Too small.")


def test_a_number_of_a_character_beyond_all_sense_leaves_what_stands_before_it() -> None:
    found = read_mail(b"Content-Type: text/html\r\n\r\n<p>Too small.</p>&#" + b"9" * 5_000 + b";")

    assert found is not None
    assert found.text == "Too small."


def test_the_id_of_a_mail_that_is_nested_beyond_sense_is_read() -> None:
    deep = nested(2_000).replace(b"\n", b"\r")

    assert message_id_of(b"Message-ID: <a@b>\r" + deep) == "<a@b>"
