"""Photos and videos over the API: made harmless, named by a request, refused where they are missing or somebody else's."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from PIL import Image

from retour.core.account import Role
from retour.core.policy.document import Rule
from retour.core.policy.outcome import Outcomes, Requirements
from retour.core.policy.template import template
from retour.flows import policy
from retour.flows import visit as visits
from retour.flows.photo import evidence
from retour.store import due
from retour.store.db import Database
from retour.store.vault import Vault
from tests.core.test_attachment import a_video
from tests.doors.api.a_return import Shop, open_shop, read, send, wish
from tests.doors.api.conftest import code_of
from tests.flows.photo.test_encoding import SECRET, a_picture, turned

pytestmark = pytest.mark.anyio
_keys = count()


async def upload(
    http: httpx2.AsyncClient, shop: Shop, raw: bytes, *, order_id: Any = None, role: Role = Role.AGENT, **more: str
) -> httpx2.Response:
    headers = shop.merchant.headers(
        role, **{"idempotency_key": f"up-{next(_keys)}", "content_type": "application/octet-stream", **more}
    )
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await http.post(f"/orders/{order_id or shop.order_id}/uploads", content=raw, headers=named)


async def wanting(database: Database, shop: Shop, photos: int) -> None:
    """Publish a policy that approves by itself and wants so many photos."""
    document = template(automatic=True)
    wants = Rule("photos", "Photos", Outcomes(requirements=Requirements(photos=photos)))
    async with database.tx(shop.merchant.tenant_id) as db:
        await policy.publish(
            db, store_id=shop.merchant.stores["main"], document=replace(document, rules=(wants, *document.rules)),
            actor="cli", now=datetime.now(UTC),
        )  # fmt: skip


def asking(shop: Shop, *photos: str) -> dict[str, Any]:
    body = wish(shop)
    body["lines"][0]["photos"] = list(photos)
    return body


@pytest.fixture
async def shop(database: Database, vault: Vault) -> Shop:
    return await open_shop(database, vault, automatic=True, orders_made=2)


async def test_a_request_with_the_photos_that_are_wanted_is_approved_by_itself(
    http: httpx2.AsyncClient, database: Database, shop: Shop
) -> None:
    await wanting(database, shop, 2)
    ids = [(await upload(http, shop, a_picture(size=(60 + n, 40)))).json()["id"] for n in range(2)]

    made = (await send(http, shop, "/returns", asking(shop, *ids))).json()

    assert made["status"] == "approved"
    whole = await read(http, shop, f"/returns/{made['id']}")
    assert [(one["id"], one["kind"], one["media"], one["line_id"]) for one in whole["photos"]] == [
        (photo_id, "shopper", "image/webp", made["lines"][0]["id"]) for photo_id in ids
    ]
    told = await read(http, shop, f"/returns/{made['id']}/events")
    assert told["items"][0]["data"]["photos"] == 2


async def test_fewer_photos_than_wanted_are_refused_and_nothing_is_opened(
    http: httpx2.AsyncClient, database: Database, shop: Shop
) -> None:
    await wanting(database, shop, 2)
    photo_id = (await upload(http, shop, a_picture())).json()["id"]

    refused = await send(http, shop, "/returns", asking(shop, photo_id))

    assert code_of(refused) == (422, "photos_required")
    assert refused.json()["field"] == "lines[0].photos"
    assert (await read(http, shop, "/returns"))["items"] == []
    quote = (await send(http, shop, "/quotes", asking(shop, photo_id))).json()
    assert (quote["review"], quote["lines"][0]["wanted"]["photos"]) == (["photos_wanted"], 2)


async def test_a_photo_is_named_once_and_only_for_its_own_order(
    http: httpx2.AsyncClient, database: Database, vault: Vault, shop: Shop
) -> None:
    mine = (await upload(http, shop, a_picture())).json()["id"]
    stranger = await open_shop(database, vault, automatic=True)
    theirs = (await upload(http, stranger, a_picture())).json()["id"]

    other = (await upload(http, shop, a_picture(), order_id=shop.orders[1])).json()["id"]

    twice = await send(http, shop, "/returns", asking(shop, mine, mine))
    foreign = await send(http, shop, "/returns", asking(shop, theirs))
    unknown = await send(http, shop, "/returns", asking(shop, str(uuid4())))
    elsewhere = await send(http, shop, "/returns", asking(shop, other))
    made = await send(http, shop, "/returns", asking(shop, mine))
    again = await send(http, shop, "/returns", asking(shop, mine))

    assert code_of(twice) == (422, "photo_named_twice")
    assert [code_of(answer) for answer in (foreign, unknown, elsewhere, again)] == [(404, "photo_not_found")] * 4
    assert made.status_code == 201
    assert len((await read(http, shop, "/returns"))["items"]) == 1


async def test_where_it_was_taken_is_gone_and_a_video_stays_what_it_was(
    http: httpx2.AsyncClient, database: Database, shop: Shop
) -> None:
    photo = (await upload(http, shop, turned(6))).json()
    video = (await upload(http, shop, a_video())).json()

    assert (photo["media"], photo["width"], photo["height"]) == ("image/webp", 40, 80)
    assert (video["media"], video["width"], video["bytes"]) == ("video/mp4", None, len(a_video()))
    async with database.tx(shop.merchant.tenant_id) as db:
        rows = [bytes(row["sealed"]) for row in await db.fetch("SELECT sealed FROM photo")]
    assert not [sealed for sealed in rows if SECRET in sealed or a_video()[8:] in sealed]


def bomb() -> bytes:
    into = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(into, "PNG")
    return into.getvalue()


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "photo_wrong_type"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "photo_wrong_type"),
        (b"GIF89a<script>alert(1)</script>", "photo_wrong_type"),
        (b"%PDF-1.7", "photo_wrong_type"),
        (a_video() + b"<html><script>alert(1)</script>", "photo_wrong_type"),
        (b"\xff\xd8\xff\xe0<script>alert(1)</script>", "photo_unreadable"),
        (bomb(), "photo_too_large"),
        (b"\xff\xd8\xff" + bytes(10 * 1024 * 1024), "photo_too_large"),
    ],
    ids=["empty", "svg", "gif", "pdf", "video with a page behind it", "no jpeg", "bomb", "heavy"],
)
async def test_what_is_no_photo_is_refused_and_not_kept(
    http: httpx2.AsyncClient, database: Database, shop: Shop, raw: bytes, code: str
) -> None:
    assert code_of(await upload(http, shop, raw)) == (422, code)
    async with database.tx(shop.merchant.tenant_id) as db:
        assert await db.fetchval("SELECT count(*) FROM photo") == 0


async def test_who_may_not_and_what_is_sent_otherwise_is_refused(http: httpx2.AsyncClient, shop: Shop) -> None:
    warehouse = await upload(http, shop, a_picture(), role=Role.WAREHOUSE)
    named = await upload(http, shop, a_picture(), content_type="image/jpeg")
    nowhere = await upload(http, shop, a_picture(), order_id=uuid4())

    assert code_of(warehouse) == (403, "forbidden")
    assert code_of(named) == (415, "unsupported_media_type")
    assert code_of(nowhere) == (404, "order_not_found")


async def test_a_repeated_key_keeps_one_photo(http: httpx2.AsyncClient, database: Database, shop: Shop) -> None:
    raw = a_picture()
    first = await upload(http, shop, raw, idempotency_key="one")
    again = await upload(http, shop, raw, idempotency_key="one")

    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"


async def test_what_nothing_names_is_forgotten_after_a_day(
    http: httpx2.AsyncClient, database: Database, shop: Shop
) -> None:
    tenant_id = shop.merchant.tenant_id
    await upload(http, shop, a_picture())
    async with database.tx(tenant_id) as db:
        await visits.forget_expired(db, now=datetime.now(UTC))
        assert await db.fetchval("SELECT count(*) FROM photo") == 1
        await db.execute("UPDATE photo SET at = now() - interval '26 hours'")
    async with database.tx(None) as db:
        routed = await db.fetch(due.EXPIRED_VISITS, 1000, timedelta())

    async with database.tx(tenant_id) as db:
        await visits.forget_expired(db, now=datetime.now(UTC))
        assert await db.fetchval("SELECT count(*) FROM photo") == 0
    assert tenant_id in {row["tenant_id"] for row in routed}


async def test_the_shopper_sees_an_upload_only_once_a_request_has_it(
    http: httpx2.AsyncClient, database: Database, vault: Vault, shop: Shop
) -> None:
    photo_id = UUID((await upload(http, shop, a_picture())).json()["id"])

    async def seen() -> bool:
        async with database.tx(shop.merchant.tenant_id) as db:
            opened = await evidence.read_as_shopper(db, vault, photo_id=photo_id, order_id=shop.order_id)
        return opened is not None

    assert not await seen()
    assert (await send(http, shop, "/returns", asking(shop, str(photo_id)))).status_code == 201
    assert await seen()
