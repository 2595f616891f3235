"""Handing a mail over: what each answer and each silence means, and what the message looks like."""

import asyncio
from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from typing import Any

import pytest

from retour.connectors.mail.client import MailClient
from retour.core.mail_server import MailServer
from retour.core.ports import MailAnswer, MailVerdict
from tests.connectors.mail.post_box import A_MAIL, QUICK, PostBox, post_box

pytestmark = pytest.mark.anyio

SAID = "the sandbox was asked to say so"


@pytest.fixture
async def box() -> AsyncIterator[PostBox]:
    async with post_box() as opened:
        yield opened


async def test_an_accepted_mail_arrives_as_it_was_written(box: PostBox) -> None:
    answer = await box.send()

    assert answer == MailAnswer(MailVerdict.ACCEPTED, 250)
    [kept] = box.room.box.newest_first()
    assert (kept.envelope_from, kept.envelope_to) == ("returns@acme.example", ["ann@example.com"])
    assert kept.text == A_MAIL.text
    assert kept.html.rstrip("\n") == A_MAIL.html
    assert {name: str(value) for name, value in kept.parsed.items() if not name.startswith(("Content", "MIME"))} == {
        "From": "Acme <returns@acme.example>",
        "To": "ann@example.com",
        "Subject": "Your return R-10001",
        "Date": "Tue, 19 May 2026 08:30:00 +0000",
        "Message-ID": A_MAIL.message_id,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
    }
    assert kept.header("Content-Language") == "en"
    assert box.left == [A_MAIL.message_id]


@pytest.mark.parametrize("where", ["ehlo", "mail", "rcpt", "data", "message"])
async def test_a_4yz_anywhere_is_not_yet(box: PostBox, where: str) -> None:
    box.room.misbehave({"where": where, "how": "451", "times": 9})

    answer = await box.send()

    assert (answer.verdict, answer.code) == (MailVerdict.NOT_YET, 451)
    assert SAID in (answer.message or "")
    assert (box.room.box.newest_first(), box.left) == ([], [A_MAIL.message_id] if where == "message" else [])


@pytest.mark.parametrize("where", ["mail", "rcpt", "data", "message"])
async def test_a_421_ends_the_connection_and_is_not_yet(box: PostBox, where: str) -> None:
    box.room.misbehave({"where": where, "how": "421"})

    answer = await box.send()

    assert (answer.verdict, answer.code) == (MailVerdict.NOT_YET, 421)
    assert box.room.box.newest_first() == []


@pytest.mark.parametrize("where", ["rcpt", "data", "message"])
async def test_a_5yz_once_the_recipient_is_named_is_for_good(box: PostBox, where: str) -> None:
    box.room.misbehave({"where": where, "how": "550"})

    answer = await box.send()

    assert (answer.verdict, answer.code) == (MailVerdict.REFUSED, 550)
    assert box.room.box.newest_first() == []


@pytest.mark.parametrize("where", ["ehlo", "mail"])
async def test_a_5yz_before_the_recipient_is_about_us_and_may_change(box: PostBox, where: str) -> None:
    box.room.misbehave({"where": where, "how": "554", "times": 9})

    answer = await box.send()

    assert (answer.verdict, answer.code) == (MailVerdict.NOT_YET, 554)


@pytest.mark.parametrize("where", ["ehlo", "mail", "rcpt", "data"])
@pytest.mark.parametrize("how", ["hang_before", "drop_before"])
async def test_a_silence_before_the_message_is_not_yet_and_nothing_left(box: PostBox, where: str, how: str) -> None:
    box.room.misbehave({"where": where, "how": how, "seconds": 1, "times": 9})

    answer = await box.send()

    assert answer.verdict is MailVerdict.NOT_YET
    assert answer.message in {"the mail server did not answer in time", "the mail server hung up"}
    assert (box.left, box.room.box.newest_first()) == ([], [])


@pytest.mark.parametrize("how", ["hang_after", "drop_after", "hang_before", "drop_before"])
async def test_a_silence_after_the_message_is_unknown_whether_it_was_kept_or_not(box: PostBox, how: str) -> None:
    box.room.misbehave({"where": "message", "how": how, "seconds": 1})

    answer = await box.send()

    assert answer.verdict is MailVerdict.UNKNOWN
    assert box.left == [A_MAIL.message_id]
    assert len(box.room.box.newest_first()) == (1 if how.endswith("_after") else 0)


async def test_nothing_leaves_when_it_may_not(box: PostBox) -> None:
    async def not_ours() -> bool:
        return False

    answer = await box.client.send(A_MAIL, leaving=not_ours)

    assert answer == MailAnswer(MailVerdict.NOT_YET, None, "it was held back at the last moment")
    assert box.room.box.newest_first() == []


async def test_a_server_that_is_not_there_is_not_yet() -> None:
    async def never() -> bool:
        raise AssertionError

    client = MailClient(MailServer.of("smtp://127.0.0.1:1"), patience=QUICK)

    answer = await client.send(A_MAIL, leaving=never)

    assert answer == MailAnswer(MailVerdict.NOT_YET, None, "the mail server could not be reached")


async def test_what_the_server_says_is_kept_without_addresses(box: PostBox) -> None:
    box.room.misbehave({"where": "rcpt", "how": "550"})

    answer = await box.send()

    assert answer.message == f"the mail server answered 550: {SAID} <…>"


@pytest.mark.parametrize(
    "name",
    [
        "Acme\r\nBcc: all@example.com",
        "Ac\nme\n\n<script>",
        'Acme" <evil@example.com>, "',
        "Müller & Söhne",
        "متجر",
        "A" * 400,
    ],
)
async def test_no_name_adds_a_header_or_a_recipient(box: PostBox, name: str) -> None:
    answer = await box.send(sender_name=name, subject=name)

    if "\n" in name:  # such a name never reaches the wire; the flow makes it one line before
        assert answer == MailAnswer(MailVerdict.REFUSED, None, "the mail cannot be written for the wire")
        assert box.room.box.newest_first() == []
        return
    assert answer.verdict is MailVerdict.ACCEPTED
    [kept] = box.room.box.newest_first()
    raw: Any = message_from_bytes(kept.raw, policy=policy.default)
    assert (raw["Bcc"], raw["Subject"]) == (None, name)
    [sender] = raw["From"].addresses
    assert (sender.display_name, sender.addr_spec) == (name, "returns@acme.example")
    assert kept.envelope_to == ["ann@example.com"]


async def test_every_line_of_the_message_is_seven_bits_and_short(box: PostBox) -> None:
    await box.send(
        subject="Ihre Erstattung über 12,50 €", text="Grüße 🙂\n" * 200, html="<p>" + "مرحبا " * 500 + "</p>"
    )

    [kept] = box.room.box.newest_first()
    assert max(kept.raw) < 128
    assert max(map(len, kept.raw.split(b"\r\n"))) <= 998
    assert kept.header("Subject") == "Ihre Erstattung über 12,50 €"
    assert kept.text == "Grüße 🙂\n" * 200


async def test_a_domain_in_another_script_travels_in_ascii(box: PostBox) -> None:
    answer = await box.send(to="ann@bücher.example")

    assert answer.verdict is MailVerdict.ACCEPTED
    [kept] = box.room.box.newest_first()
    assert kept.envelope_to == ["ann@xn--bcher-kva.example"]


async def test_a_name_in_another_script_travels_where_the_server_can(box: PostBox) -> None:
    answer = await box.send(to="jürgen@example.com")

    assert answer.verdict is MailVerdict.ACCEPTED
    [kept] = box.room.box.newest_first()
    assert kept.envelope_to == ["jürgen@example.com"]


async def test_two_mails_at_once_do_not_mix(box: PostBox) -> None:
    answers = await asyncio.gather(*(box.send(to=f"{n}@example.com", message_id=f"<{n}@x.example>") for n in range(8)))

    assert {answer.verdict for answer in answers} == {MailVerdict.ACCEPTED}
    assert sorted((k.envelope_to[0], k.header("Message-ID")) for k in box.room.box.newest_first()) == [
        (f"{n}@example.com", f"<{n}@x.example>") for n in range(8)
    ]
