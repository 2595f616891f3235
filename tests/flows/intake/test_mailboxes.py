"""A mailbox that is looked through: every message kept once, nothing lost, and what each of them becomes."""

import io
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from PIL import Image

from retour.core.intake import Wanted
from retour.core.mail import MailKind
from retour.flows import intake as flow
from retour.flows import rma
from retour.flows.intake.mailboxes import change_password
from retour.store import intake as intakes
from retour.store import mail as mails
from retour.store import photo as photos
from retour.store.db import Database
from retour.store.intake import Intake
from retour.store.intake import photos as waiting_photos
from retour.store.policy import PolicyCache
from retour.store.rma import questions
from tests.core.intake.papers import a_return
from tests.flows.intake.post import SHOP, Post, a_post
from tests.flows.order.shop import CANARY

pytestmark = pytest.mark.anyio
OURS = "<018f0000-0000-7000-8000-000000000001@acme.example>"


@pytest.fixture
async def post(database: Database, tmp_path: Path) -> AsyncIterator[Post]:
    async with a_post(database, tmp_path) as opened:
        yield opened


def a_png(colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 6), colour).save(out, "PNG")
    return out.getvalue()


async def drafts(post: Post) -> list[Intake]:
    return [one for one in await post.sender.intakes() if one.channel == "mail"]


async def text_of(post: Post, intake_id: UUID) -> str:
    async with post.database.tx(post.tenant_id) as db:
        kept = await intakes.document(db, post.sender.vault, intake_id)
    assert kept is not None
    assert kept.text is not None
    return kept.text


@dataclass(frozen=True)
class Known:
    """A return that one of our mails told of."""

    id: UUID
    number: int
    person_id: UUID


async def a_known_return(post: Post) -> Known:
    """Open a return of the shopper that one of our mails told of."""
    await post.sender.send(a_return())
    async with post.database.tx(post.tenant_id) as db:
        row = await db.fetchrow("SELECT id, number, person_id FROM rma")
        assert row is not None
        record = Known(*row.values())
        mail_id = await mails.plan(
            db, post.sender.vault, tenant_id=post.tenant_id, kind=MailKind.RETURN_REQUESTED, to=record.person_id,
            resource_kind="return", resource_id=record.id, store_id=post.sender.shop.store_id, at=post.now,
        )  # fmt: skip
        await db.execute("UPDATE mail SET message_id = $2 WHERE id = $1", mail_id, OURS)
    return record


async def notes(post: Post, rma_id: UUID) -> list[tuple[str, bool, str]]:
    async with post.database.tx(post.tenant_id) as db:
        rows = await db.fetch(
            "SELECT body, shown_to_shopper, actor FROM rma_note WHERE rma_id = $1 ORDER BY at", rma_id
        )
    return [tuple(row.values()) for row in rows]


async def test_what_a_shopper_writes_becomes_a_draft_with_what_could_be_read(post: Post) -> None:
    post.write("Hello, SKU-line-1 is too small.\n\n> old words", subject="Order #1001")

    became = await post.read()

    [draft] = await drafts(post)
    assert became == ["parked: draft"]
    assert (draft.state, draft.why, draft.channel) == ("waiting", "draft", "mail")
    assert await text_of(post, draft.id) == "Order #1001\n\nHello, SKU-line-1 is too small."
    assert draft.candidates[0]["name"] == "#1001"
    assert await post.sender.returns() == []


async def test_a_message_is_marked_as_seen_only_after_it_is_kept_and_read_once(post: Post) -> None:
    post.write()

    assert [await post.look(), await post.look()] == ["done", "done"]

    assert await post.kept() == 1
    assert [one.flags for one in post.box.letters] == [{"\\Seen"}]


async def test_the_same_mail_delivered_twice_is_one_draft(post: Post) -> None:
    post.write()
    post.write()

    assert await post.read() == ["parked: draft"]
    assert (len(await drafts(post)), await post.kept()) == (1, 1)


async def test_mails_without_an_id_are_known_by_their_bytes(post: Post) -> None:
    post.write("One", message_id=None)
    post.write("One", message_id=None)
    post.write("Two", message_id=None)

    assert await post.read() == ["parked: order_not_clear", "parked: order_not_clear"]
    assert len(await drafts(post)) == 2


async def test_a_folder_that_was_numbered_anew_brings_nothing_twice(post: Post) -> None:
    post.write()
    first = await post.read()
    post.box.renumber(7)
    post.write(message_id="<m2@example.com>")

    assert (first, await post.read()) == (["parked: draft"], ["parked: draft"])
    assert (await post.kept(), (await post.cursor())[0]) == (2, "7:2")


async def test_what_was_there_before_the_mailbox_was_added_is_left_alone(post: Post) -> None:
    post.write(arrived_at=post.now - timedelta(hours=1))

    assert await post.read() == []
    assert [one.flags for one in post.box.letters] == [set()]


async def test_a_connection_that_is_cut_loses_nothing(post: Post) -> None:
    post.write()
    post.write(message_id="<m2@example.com>")
    post.box.cut_after = 20

    cut = await post.look()
    then = await post.read()

    assert (cut, then) == ("unreachable 1", ["parked: draft", "parked: draft"])
    assert (await post.cursor())[:2] == ("1:2", None)


async def test_a_server_that_is_away_is_asked_later_and_later(post: Post) -> None:
    post.at = replace(post.at, folder="Gone")

    said = [await post.look() for _ in range(3)]

    assert said == ["no_folder 1", "no_folder 2", "no_folder 3"]
    assert (await post.cursor())[1:] == ("no_folder 3", post.now + timedelta(seconds=120))


async def test_a_refused_password_stops_the_reading_until_somebody_gives_another(post: Post) -> None:
    post.write()
    post.box.is_refusing = True

    first, second = await post.look(), await post.look()
    talks = post.box.connections
    post.box.is_refusing = False
    async with post.database.tx(post.tenant_id) as db:
        opened = await db.fetchval("SELECT count(*) FROM discrepancy WHERE kind = 'needs_reconnect' AND state = 'open'")
        await change_password(
            db, post.sender.vault, mailbox_id=post.mailbox_id, password="s3cret", actor="test", now=post.now
        )
        left = await db.fetchval("SELECT count(*) FROM discrepancy WHERE kind = 'needs_reconnect' AND state = 'open'")

    assert (first, second, talks, opened, left) == ("needs_reconnect", "not_due", 1, 1, 0)
    assert await post.read() == ["parked: draft"]


@pytest.mark.parametrize(
    ("headers", "became"),
    [
        ({"Auto_Submitted": "auto-replied"}, "ignored: auto_reply"),
        ({"Return_Path": "<>"}, "ignored: bounce"),
    ],
)
async def test_what_a_program_wrote_is_ignored_and_says_so(post: Post, headers: dict[str, Any], became: str) -> None:
    post.write(**headers)

    assert (await post.read(), await drafts(post)) == ([became], [])


@pytest.mark.parametrize("sender", [SHOP, "house@retour.example"])
async def test_our_own_mails_are_ignored(post: Post, sender: str) -> None:
    post.write(sender=sender)

    assert (await post.read(), await drafts(post)) == (["ignored: own_mail"], [])


async def test_an_answer_to_one_of_our_mails_is_a_message_on_its_return(post: Post) -> None:
    record = await a_known_return(post)
    post.write("When do I get my money?\n> old", answers=OURS, subject="Re: Your return")

    became = await post.read()

    assert became == [f"message: R-{record.number}"]
    assert await notes(post, record.id) == [("When do I get my money?", True, f"shopper:{record.person_id}")]
    assert (await post.sender.events("return"))[-1] == "return.message_received"
    assert await drafts(post) == []


@pytest.mark.parametrize("by_number", [False, True])
async def test_an_answer_to_a_return_that_was_merged_is_a_message_on_the_one_that_goes_on(
    post: Post, by_number: bool
) -> None:
    first = await a_known_return(post)
    ids = [first.id]
    async with post.database.tx(post.tenant_id) as db:
        order_id = await db.fetchval("SELECT order_id FROM rma")
        for line in ("line-1", "line-2"):
            wishes = (rma.Wish(line, 1, "too_small"),)
            asking = rma.Asking(post.sender.shop.store_id, order_id, wishes, "staff")
            ids.append(uuid4())
            await rma.open_return(db, asking, id=ids[-1], actor="staff:1", now=post.now, policies=PolicyCache())
            await rma.merge(db, rma_id=ids[-2], into=ids[-1], actor="staff:1", now=post.now)
        number = await db.fetchval("SELECT number FROM rma WHERE id = $1", ids[-1])
    subject, answers = (f"R-{first.number}", "") if by_number else ("Hello", OURS)
    post.write("Hello", subject=subject, answers=answers)

    assert await post.read() == [f"message: R-{number}"]
    assert [await notes(post, one) for one in ids] == [[], [], [("Hello", True, f"shopper:{first.person_id}")]]


async def test_an_answer_to_a_question_lets_the_return_go_on(post: Post) -> None:
    record = await a_known_return(post)
    async with post.database.tx(post.tenant_id) as db:
        await rma.ask(db, rma_id=record.id, question="Which size?", actor="staff:1", now=post.now)
    post.write("42", answers=OURS)

    assert await post.read() == [f"message: R-{record.number}"]

    async with post.database.tx(post.tenant_id) as db:
        [asked] = await questions.of_return(db, record.id)
    assert (asked.answer, asked.outcome) == ("42", "answered")
    assert await notes(post, record.id) == []


async def test_a_number_in_the_subject_counts_from_the_shoppers_own_address_alone(post: Post) -> None:
    record = await a_known_return(post)
    post.write("Mine", subject=f"R-{record.number}", sender=CANARY.upper())
    post.write("Not mine", subject=f"R-{record.number}", sender="other@example.com", message_id="<m2@example.com>")

    became = await post.read()

    assert became == [f"message: R-{record.number}", "parked: order_not_found"]
    assert [body for body, *_ in await notes(post, record.id)] == ["Mine"]


async def test_later_mails_of_a_conversation_join_its_draft(post: Post) -> None:
    post.write("Too small.", subject="Hello")
    await post.read()
    post.write("Order #1001, sorry.", answers="<m1@example.com>", message_id="<m2@example.com>")

    became = await post.read()

    [draft] = await drafts(post)
    assert became == ["parked: draft"]
    assert await text_of(post, draft.id) == "Hello\n\nToo small.\n\n—\n\nOrder #1001, sorry."


async def test_of_two_mails_that_are_read_at_once_neither_is_lost_whichever_clock_is_ahead(post: Post) -> None:
    post.write("Too small.", subject="Hello")
    await post.read()
    post.write("Where do I send it?", answers="<m1@example.com>", message_id="<m2@example.com>")
    post.write("And when?", answers="<m1@example.com>", message_id="<m3@example.com>")
    post.behind = timedelta(hours=5)  # work that began before that of the first, and waited for it
    became = await post.read()

    [draft] = await drafts(post)
    assert became == ["parked: order_not_clear"] * 2
    assert await text_of(post, draft.id) == "Hello\n\nToo small.\n\n—\n\nWhere do I send it?\n\n—\n\nAnd when?"


async def test_of_a_very_long_conversation_the_first_and_the_last_mails_stay(post: Post) -> None:
    post.write("Order #1001\n" + "first " * 1_800, subject="Hello")
    for n in range(2, 8):
        post.write(f"Mail {n}\n" + "word " * 1_990, answers="<m1@example.com>", message_id=f"<m{n}@example.com>")

    await post.read()

    [draft] = await drafts(post)
    said = await text_of(post, draft.id)
    assert len(said) == 50_000
    assert said.startswith("Hello\n\nOrder #1001\nfirst")
    assert [n for n in range(2, 8) if f"Mail {n}\n" in said] == [4, 5, 6, 7]
    assert said.count("[…]") == 1


async def test_a_conversation_that_became_a_return_goes_on_there_and_one_that_was_dismissed_begins_anew(
    post: Post,
) -> None:
    post.write("SKU-line-1 too small. Order #1001")
    post.write("Other thing", message_id="<m2@example.com>")
    await post.read()
    other, draft = await drafts(post)
    assert draft.order_id is not None
    async with post.database.tx(post.tenant_id) as db:
        choice = flow.Choice(draft.order_id, (Wanted("line-1", 1, "too_small"),))
        taken = await flow.choose(
            db,
            post.sender.vault,
            intake_id=draft.id,
            choice=choice,
            hands=post.sender.hands,
            actor="staff:1",
            now=post.now,
        )
        await flow.dismiss(db, intake_id=other.id, reason="spam", actor="staff:1", now=post.now)
    post.write("And now?", answers="<m1@example.com>", message_id="<m3@example.com>")
    post.write("Again", answers="<m2@example.com>", message_id="<m4@example.com>")

    became = await post.read()

    assert became == [f"message: R-{taken.number}", "parked: order_not_clear"]
    assert [one.state for one in await drafts(post)] == ["waiting", "dismissed", "opened"]


async def test_pictures_wait_with_the_draft_and_go_to_its_return_and_other_files_are_named(post: Post) -> None:
    post.write(
        "SKU-line-1 broken. Order #1001",
        files=(("a.png", a_png()), ("b.png", b"no picture"), ("bill.pdf", b"%PDF")),
    )
    await post.read()
    [draft] = await drafts(post)
    async with post.database.tx(post.tenant_id) as db:
        kept = await waiting_photos.of_intake(db, draft.id)
        shown = await waiting_photos.read(db, post.sender.vault, kept[0].id, store_id=post.sender.shop.store_id)
        elsewhere = await waiting_photos.read(db, post.sender.vault, kept[0].id, store_id=uuid4())
        assert draft.order_id is not None
        taken = await flow.choose(
            db, post.sender.vault, intake_id=draft.id, hands=post.sender.hands, actor="staff:1", now=post.now,
            choice=flow.Choice(draft.order_id, (Wanted("line-1", 1, "damaged"),)),
        )  # fmt: skip
        assert taken.rma_id is not None
        given = await photos.list_of_return(db, taken.rma_id)
        left = await waiting_photos.of_intake(db, draft.id)

    assert [(one.width, one.height) for one in kept] == [(8, 6)]
    assert (shown or b"")[8:12] == b"WEBP"
    assert elsewhere is None
    assert [(one.kind, one.width) for one in given] == [("shopper", 8)]
    assert left == []
    assert (await text_of(post, draft.id)).endswith("\n[+ bill.pdf]\n[+ b.png]")


async def test_pictures_of_an_answer_go_with_its_message(post: Post) -> None:
    record = await a_known_return(post)
    post.write("Look", answers=OURS, files=(("a.png", a_png()),))

    await post.read()

    async with post.database.tx(post.tenant_id) as db:
        [photo] = await photos.list_of_return(db, record.id)
        note_id = await db.fetchval("SELECT id FROM rma_note WHERE rma_id = $1", record.id)
    assert (photo.kind, photo.note_id) == ("note", note_id)


async def test_pictures_of_a_dismissed_draft_are_forgotten(post: Post) -> None:
    post.write(files=(("a.png", a_png()),))
    await post.read()
    [draft] = await drafts(post)
    async with post.database.tx(post.tenant_id) as db:
        await flow.dismiss(db, intake_id=draft.id, reason="spam", actor="staff:1", now=post.now)
        left = await waiting_photos.of_intake(db, draft.id)

    assert left == []


async def test_a_mail_that_cannot_be_read_is_kept_and_shown(post: Post) -> None:
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(1_500))
    post.box.put(b"Message-ID: <deep@example.com>\n" + deep, post.now)

    await post.read()

    async with post.database.tx(post.tenant_id) as db:
        row = await db.fetchrow(
            "SELECT problem, outcome, body_sealed IS NOT NULL AS kept FROM inbox WHERE topic LIKE 'mail%'"
        )
        shown = await db.fetchval("SELECT count(*) FROM discrepancy WHERE kind = 'webhook_unreadable'")
    assert row is not None
    assert (tuple(row.values()), shown) == (("unreadable_mail", "refused", True), 1)
