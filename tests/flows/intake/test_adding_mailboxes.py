"""A mailbox is added with a password that is sealed, refused with the field that is wrong, and removed for good."""

import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from PIL import Image

from retour.core.errors import Refused
from retour.core.mail_server import Encryption
from retour.flows.intake.mailboxes import add_mailbox, mailboxes, remove_mailbox
from retour.store import connection as connections
from retour.store.db import Database
from retour.store.intake import photos
from retour.store.privacy import bodies
from retour.store.privacy.bodies import Ref
from tests.flows.intake.post import Post, a_post

pytestmark = pytest.mark.anyio


@pytest.fixture
async def post(database: Database, tmp_path: Path) -> AsyncIterator[Post]:
    async with a_post(database, tmp_path) as opened:
        yield opened


async def test_a_mailbox_is_kept_with_a_sealed_password_and_forgets_it_when_it_is_removed(post: Post) -> None:
    async with post.database.tx(post.tenant_id) as db:
        [found] = await mailboxes(db)
        await remove_mailbox(db, mailbox_id=post.mailbox_id, actor="test", now=post.now)
        gone = await connections.get(db, post.mailbox_id)
        listed = await mailboxes(db)
        with pytest.raises(Refused) as no:
            await remove_mailbox(db, mailbox_id=post.mailbox_id, actor="test", now=post.now)

    assert b"s3cret" not in (found.sealed_read or b"")
    assert "s3cret" not in str(found.settings)
    assert gone is not None
    assert (gone.sealed_read, listed, no.value.code) == (None, [], "mailbox_not_found")
    assert await post.look() == "not_due"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": "Returns"}, "already_exists"),
        ({"name": "Another"}, "already_exists"),
        ({"name": ""}, "invalid_name"),
        ({"days": 91}, "invalid_days"),
        ({"store_id": UUID(int=1)}, "store_not_found"),
        ({"password": ""}, "invalid_mailbox_password"),
        ({"allow_private": False, "name": "Plain"}, "invalid_encryption"),
    ],
)
async def test_what_is_no_new_mailbox_is_refused_and_nothing_is_kept(
    post: Post, change: dict[str, object], code: str
) -> None:
    given: dict[str, object] = {
        "store_id": post.sender.shop.store_id, "name": "Other", "box": post.at, "password": "s3cret",
        "allow_private": True,
    }  # fmt: skip
    async with post.database.tx(post.tenant_id) as db:
        with pytest.raises(Refused) as no:
            await add_mailbox(db, post.sender.vault, actor="test", now=post.now, **(given | change))  # type: ignore[arg-type]
        known = await mailboxes(db)

    assert (no.value.code, [one.far_name for one in known]) == (code, ["Returns"])


async def test_another_folder_of_the_same_mailbox_is_another_mailbox(post: Post) -> None:
    box = replace(post.at, folder="Returns", encryption=Encryption.ALWAYS)
    async with post.database.tx(post.tenant_id) as db:
        await add_mailbox(
            db, post.sender.vault, store_id=post.sender.shop.store_id, name="Folder", box=box, password="p", actor="test",
            now=post.now,
        )  # fmt: skip
        assert [one.far_name for one in await mailboxes(db)] == ["Folder", "Returns"]


async def test_who_is_erased_leaves_no_picture_in_a_draft(post: Post) -> None:
    out = io.BytesIO()
    Image.new("RGB", (8, 6), "red").save(out, "PNG")
    post.write(files=(("a.png", out.getvalue()),))
    await post.read()
    [draft] = [one for one in await post.sender.intakes() if one.channel == "mail"]
    async with post.database.tx(post.tenant_id) as db:
        kept = await photos.of_intake(db, draft.id)
        await bodies.drop(db, [Ref("intake_open", draft.id)], actor="test", at=post.now)
        left = await photos.of_intake(db, draft.id)

    assert (len(kept), left) == (1, [])
