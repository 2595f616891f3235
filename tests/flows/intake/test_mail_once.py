"""Every mail is kept once: the same one again is known, another under the same id is not taken for it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from retour.store import intake as intakes
from retour.store.db import Database
from tests.flows.intake.post import Post, a_post

pytestmark = pytest.mark.anyio


@pytest.fixture
async def post(database: Database, tmp_path: Path) -> AsyncIterator[Post]:
    async with a_post(database, tmp_path) as opened:
        yield opened


async def test_two_mails_to_which_a_program_gave_the_same_id_are_both_read(post: Post) -> None:
    post.write("Too small.", subject="Form", message_id="<form@shop.example>")
    post.write("Where is my money?", subject="Form", message_id="<form@shop.example>")

    became = await post.read()

    async with post.database.tx(post.tenant_id) as db:
        [draft] = await intakes.list_page(db, store_id=None, state="waiting", before=None, limit=50)
        kept = await intakes.document(db, post.sender.vault, draft.id)
    assert became == ["parked: order_not_clear"] * 2
    assert kept is not None
    assert kept.text == "Form\n\nToo small.\n\n—\n\nWhere is my money?"


@pytest.mark.parametrize("more", [b"X-Spam: no\r\n", b"X-Filler: " + b"x" * 900 + b"\r\n"])
async def test_a_mail_whose_headers_grew_is_the_same_mail(post: Post, more: bytes) -> None:
    post.write()
    await post.read()
    [letter] = post.box.letters
    letter.raw = more + letter.raw
    post.box.renumber(7)

    assert await post.read() == []
    assert await post.kept() == 1


async def test_two_mails_of_one_very_long_id_are_known_by_their_bytes(post: Post) -> None:
    for text in ("One", "Two", "Two"):
        post.write(text, message_id=f"<{'x' * 180}@example.com>")

    await post.look()

    assert await post.kept() == 2
