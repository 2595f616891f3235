"""Notes with attachments over the API: seen by those who read the note, told to the shopper by mail where it is for them."""

import httpx2
import pytest

from retour.core.attachment import MOST_OF_A_NOTE
from retour.flows.photo import evidence
from retour.store import mail as mails
from retour.store.db import Database
from retour.store.vault import Vault
from tests.core.test_attachment import a_video
from tests.doors.api.a_return import Shop, open_shop, read, send, wish
from tests.doors.api.conftest import code_of
from tests.doors.api.test_uploads import upload
from tests.flows.photo.test_encoding import a_picture

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop(database: Database, vault: Vault) -> Shop:
    return await open_shop(database, vault, automatic=True)


async def a_return(http: httpx2.AsyncClient, shop: Shop) -> str:
    return str((await send(http, shop, "/returns", wish(shop))).json()["id"])


async def note(http: httpx2.AsyncClient, shop: Shop, rma_id: str, *photos: str, shown: bool = False) -> httpx2.Response:
    body = {"body": "Look at the seam", "shown_to_shopper": shown, "photos": list(photos)}
    return await send(http, shop, f"/returns/{rma_id}/notes", body)


async def test_what_goes_with_a_note_is_seen_by_those_who_read_it(
    http: httpx2.AsyncClient, database: Database, vault: Vault, shop: Shop
) -> None:
    rma_id = await a_return(http, shop)
    inside = (await upload(http, shop, a_picture())).json()["id"]
    outside = (await upload(http, shop, a_video())).json()["id"]

    first, second = await note(http, shop, rma_id, inside), await note(http, shop, rma_id, outside, shown=True)

    assert (first.status_code, second.status_code) == (201, 201)
    whole = await read(http, shop, f"/returns/{rma_id}")
    notes = [one["id"] for one in whole["notes"]]
    assert [(one["id"], one["kind"], one["note_id"]) for one in whole["photos"]] == [
        (inside, "note", notes[0]), (outside, "note", notes[1]),
    ]  # fmt: skip
    async with database.tx(shop.merchant.tenant_id) as db:
        seen = [
            await evidence.read_as_shopper(db, vault, photo_id=photo_id, order_id=shop.order_id)
            for photo_id in (inside, outside)
        ]
        assert await evidence.read_as_staff(db, vault, photo_id=inside) is not None
    assert [one.media.value if one else None for one in seen] == [None, "video/mp4"]


async def test_the_shopper_is_told_of_a_note_for_them_alone(
    http: httpx2.AsyncClient, database: Database, shop: Shop
) -> None:
    tenant_id = shop.merchant.tenant_id
    async with database.tx(tenant_id) as db:
        await db.execute("UPDATE person SET email = 'mara@example.com'")
        await db.execute(
            "INSERT INTO mail_sender (tenant_id, store_id, active, changed_at) VALUES (current_tenant(), $1, true, now()) "
            "ON CONFLICT (tenant_id, store_id) DO UPDATE SET active = true",
            shop.merchant.stores["main"],
        )
    rma_id = await a_return(http, shop)
    photo_id = (await upload(http, shop, a_picture())).json()["id"]

    await note(http, shop, rma_id)
    await note(http, shop, rma_id, photo_id, shown=True)

    async with database.tx(tenant_id) as db:
        (mail,) = await db.fetch("SELECT id FROM mail WHERE kind = 'return_message'")
        assert await mails.message_of(db, mail["id"]) == ("Look at the seam", 1)


async def test_too_many_and_unknown_photos_keep_no_note(http: httpx2.AsyncClient, shop: Shop) -> None:
    rma_id = await a_return(http, shop)
    ids = [(await upload(http, shop, a_picture(size=(60 + n, 40)))).json()["id"] for n in range(2)]
    assert (await note(http, shop, rma_id, ids[0])).status_code == 201

    used = await note(http, shop, rma_id, *ids)
    many = await send(http, shop, f"/returns/{rma_id}/notes", {"body": "x", "photos": ids * MOST_OF_A_NOTE})

    assert code_of(used) == (404, "photo_not_found")
    assert code_of(many) == (422, "invalid_request")
    whole = await read(http, shop, f"/returns/{rma_id}")
    assert (len(whole["notes"]), len(whole["photos"])) == (1, 1)
