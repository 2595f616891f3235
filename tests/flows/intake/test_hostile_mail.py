"""Mail that is made to stop whoever reads it: it is kept, becomes a draft or a refusal, and the next one is read."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from retour.flows.intake.fetching import TOPIC
from retour.store import intake as intakes
from retour.store import webhook
from retour.store.db import Database
from retour.store.policy import PolicyCache
from retour.store.webhook import Entry
from retour.web.mail_in import MailIn
from tests.flows.intake.post import Post, a_post

pytestmark = pytest.mark.anyio


@pytest.fixture
async def post(database: Database, tmp_path: Path) -> AsyncIterator[Post]:
    async with a_post(database, tmp_path) as opened:
        yield opened


def deep() -> bytes:
    return b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(1_500))


@pytest.mark.parametrize(
    ("raw", "outcome", "said"),
    [
        (
            b"From: " + b"(" * 20_000 + b"\r\nSubject: Hello\r\n\r\nToo small.",
            "parked: order_not_found",
            "Hello\n\nToo small.",
        ),
        (
            b"Subject: Hello\r\nContent-Type: text/html\r\n\r\n&#" + b"9" * 5_000 + b";",
            "parked: order_not_found",
            "Hello",
        ),
        (
            b"Subject: Hello\r\nContent-Type: text/html\r\n\r\nHi" + b"<!--" * 20_000,
            "parked: order_not_found",
            "Hello\n\nHi",
        ),
        (deep(), "refused", None),
    ],
    ids=["brackets", "a number", "comments", "nested"],
)
async def test_a_hostile_mail_is_worked_off_and_the_next_one_is_read(
    post: Post, raw: bytes, outcome: str, said: str | None
) -> None:
    post.box.put(raw, post.now)
    post.write("Order #1001", subject="Another")

    became = await post.read()

    async with post.database.tx(post.tenant_id) as db:
        rows = await db.fetch("SELECT id FROM intake WHERE channel = 'mail' ORDER BY id")
        texts = [kept.text for row in rows if (kept := await intakes.document(db, post.sender.vault, row["id"]))]
    assert became == [outcome, "parked: draft"]
    assert texts == [text for text in (said, "Another\n\nOrder #1001") if text is not None]


async def prepared(post: Post) -> tuple[MailIn, Entry]:
    """Let a mail arrive and return who has prepared it."""
    post.write("Too small.", subject="Hello")
    await post.look()
    mail = MailIn(post.database, post.sender.vault, PolicyCache(), post.tenant_id, None, lambda: post.now)
    async with post.database.tx(post.tenant_id) as db:
        inbox_id = await db.fetchval("SELECT id FROM inbox WHERE topic = $1", TOPIC)
        entry = await webhook.take(db, inbox_id, now=post.now, patience=8)
    assert entry is not None
    await mail.prepare(entry)
    return mail, entry


async def test_a_mail_is_taken_apart_before_the_transaction_and_not_again_in_it(post: Post) -> None:
    mail, entry = await prepared(post)

    async with post.database.tx(post.tenant_id) as db:
        told = await mail.read(db, entry, b"Subject: whatever\r\n\r\nThis is read by nobody.")
        [draft] = await intakes.list_page(db, store_id=None, state=None, before=None, limit=50)
        kept = await intakes.document(db, post.sender.vault, draft.id)

    assert told.outcome == "parked: order_not_clear"
    assert kept is not None
    assert kept.text == "Hello\n\nToo small."


async def test_a_mail_whose_bytes_were_erased_after_it_was_prepared_is_not_worked_on(post: Post) -> None:
    mail, entry = await prepared(post)

    async with post.database.tx(post.tenant_id) as db:
        told = await mail.read(db, entry, b"")
        drafts = await intakes.list_page(db, store_id=None, state=None, before=None, limit=50)

    assert (told.outcome, told.problem, drafts) == ("refused", "unreadable_mail", [])
