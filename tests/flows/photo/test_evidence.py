"""A photo is kept sealed, once, and read by the account's staff and the proven shopper alone."""

import io
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from PIL import Image

from retour.core.attachment import MOST_OF_A_LINE, Media
from retour.core.errors import Refused
from retour.flows import rma
from retour.flows.photo import evidence
from retour.flows.photo.encoding import Photo
from retour.store import photo as photos
from retour.store import rma as returns
from retour.store.db import Database
from retour.store.ids import new_id
from retour.store.photo import PhotoKind
from retour.store.policy import PolicyCache
from retour.store.vault import Vault
from tests.doors.api.a_return import Shop, open_shop

pytestmark = pytest.mark.anyio
NOW = datetime.now(UTC)


def a_photo(colour: str = "red") -> Photo:
    into = io.BytesIO()
    Image.new("RGB", (8, 4), colour).save(into, "WEBP")
    return Photo(into.getvalue(), 8, 4)


def seen(photo: Photo) -> evidence.Opened:
    return evidence.Opened(photo.webp, Media.PICTURE)


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    return Vault.open(tmp_path_factory.mktemp("keys"), role="all")


@pytest.fixture
async def shop(database: Database, vault: Vault) -> Shop:
    return await open_shop(database, vault, automatic=True)


async def a_return(database: Database, shop: Shop) -> tuple[UUID, UUID]:
    """Return the id of a return of one unit and of its line."""
    rma_id = new_id()
    async with database.tx(shop.merchant.tenant_id) as db:
        await rma.request_return(
            db,
            rma.Asking(shop.merchant.stores["main"], shop.order_id, (rma.Wish("line-1", 1, "too_small"),), "api"),
            id=rma_id, actor="shopper", now=NOW, policies=PolicyCache(),
        )  # fmt: skip
        record = await returns.load(db, rma_id)
    assert record is not None
    return rma_id, record.rma.lines[0].id


async def kept(
    database: Database,
    vault: Vault,
    shop: Shop,
    rma_id: UUID,
    line_id: UUID | None = None,
    photo: Photo | None = None,
    kind: PhotoKind = PhotoKind.INSPECTION,
) -> UUID:
    async with database.tx(shop.merchant.tenant_id) as db:
        return await evidence.keep(
            db, vault, tenant_id=shop.merchant.tenant_id, rma_id=rma_id, line_id=line_id, kind=kind,
            photo=photo or a_photo(), actor="staff:1", now=NOW,
        )  # fmt: skip


async def test_a_photo_is_kept_sealed_and_read_by_staff(database: Database, vault: Vault, shop: Shop) -> None:
    rma_id, line_id = await a_return(database, shop)

    photo_id = await kept(database, vault, shop, rma_id, line_id)

    async with database.tx(shop.merchant.tenant_id) as db:
        sealed = await db.fetchval("SELECT sealed FROM photo WHERE id = $1", photo_id)
        assert a_photo().webp not in sealed
        assert await evidence.read_as_staff(db, vault, photo_id=photo_id) == seen(a_photo())
        (view,) = await photos.list_of_return(db, rma_id)
        told = await db.fetch("SELECT data FROM event WHERE type = 'return.photo_added'")
    assert (view.id, view.kind, view.return_line_id, view.width, view.height) == (photo_id, "inspection", line_id, 8, 4)
    assert [row["data"]["photo"] for row in told] == [str(photo_id)]


async def test_the_same_picture_again_is_kept_once(database: Database, vault: Vault, shop: Shop) -> None:
    rma_id, line_id = await a_return(database, shop)
    first = await kept(database, vault, shop, rma_id, line_id)

    again = await kept(database, vault, shop, rma_id, line_id)
    other = await kept(database, vault, shop, rma_id, line_id, a_photo("blue"))

    assert again == first
    assert other != first
    async with database.tx(shop.merchant.tenant_id) as db:
        assert len(await photos.list_of_return(db, rma_id)) == 2
        assert await db.fetchval("SELECT count(*) FROM event WHERE type = 'return.photo_added'") == 2


async def test_another_account_another_store_and_another_order_see_nothing(
    database: Database, vault: Vault, shop: Shop
) -> None:
    rma_id, _ = await a_return(database, shop)
    photo_id = await kept(database, vault, shop, rma_id, kind=PhotoKind.SHOPPER)
    stranger = await open_shop(database, vault)

    async with database.tx(stranger.merchant.tenant_id) as db:
        assert await evidence.read_as_staff(db, vault, photo_id=photo_id) is None
    async with database.tx(shop.merchant.tenant_id) as db:
        stores = shop.merchant.stores
        assert await evidence.read_as_staff(db, vault, photo_id=photo_id, store_ids=[stores["outlet"]]) is None
        assert await evidence.read_as_staff(db, vault, photo_id=photo_id, store_ids=[stores["main"]])
        assert await evidence.read_as_shopper(db, vault, photo_id=photo_id, order_id=uuid4()) is None
        assert await evidence.read_as_shopper(db, vault, photo_id=photo_id, order_id=shop.order_id)


async def test_what_the_warehouse_photographed_is_not_for_the_shopper(
    database: Database, vault: Vault, shop: Shop
) -> None:
    rma_id, _ = await a_return(database, shop)
    photo_id = await kept(database, vault, shop, rma_id)

    async with database.tx(shop.merchant.tenant_id) as db:
        assert await evidence.read_as_shopper(db, vault, photo_id=photo_id, order_id=shop.order_id) is None


async def test_photos_of_a_visit_follow_into_the_return_and_then_stay(
    database: Database, vault: Vault, shop: Shop
) -> None:
    visit_id, tenant_id = new_id(), shop.merchant.tenant_id
    async with database.tx(tenant_id) as db:
        ids = [
            await evidence.keep_draft(
                db, vault, tenant_id=tenant_id, visit_id=visit_id, order_id=shop.order_id, line_ref="line-1",
                sent=a_photo(colour), actor="shopper", now=NOW,
            )
            for colour in ("red", "green", "blue")
        ]  # fmt: skip
        assert await photos.forget(db, ids[0], visit_id=uuid4()) is False
        assert await photos.forget(db, ids[0], visit_id=visit_id) is True
    rma_id, line_id = await a_return(database, shop)

    async with database.tx(tenant_id) as db:
        given = [(photo_id, line_id) for photo_id in ids]
        adopted = await photos.adopt(db, rma_id=rma_id, order_id=shop.order_id, given=given)
        assert sorted(adopted) == sorted(ids[1:])

    async with database.tx(tenant_id) as db:
        assert await photos.list_of_visit(db, visit_id) == []
        assert {view.return_line_id for view in await photos.list_of_return(db, rma_id)} == {line_id}
        assert await photos.forget(db, ids[1], visit_id=visit_id) is False
        await photos.forget_old(db, before=NOW + timedelta(days=400))
        await db.execute("DELETE FROM photo")
        assert len(await photos.list_of_return(db, rma_id)) == 2
        assert await evidence.read_as_shopper(db, vault, photo_id=ids[2], order_id=shop.order_id) == seen(
            a_photo("blue")
        )


async def test_an_old_visit_loses_its_photos(database: Database, vault: Vault, shop: Shop) -> None:
    visit_id, tenant_id = new_id(), shop.merchant.tenant_id
    async with database.tx(tenant_id) as db:
        await evidence.keep_draft(
            db, vault, tenant_id=tenant_id, visit_id=visit_id, order_id=shop.order_id, line_ref="line-1",
            sent=a_photo(), actor="shopper", now=NOW,
        )  # fmt: skip
        await photos.forget_old(db, before=NOW)
        assert len(await photos.list_of_visit(db, visit_id)) == 1
        await photos.forget_old(db, before=NOW + timedelta(seconds=1))
        assert await photos.list_of_visit(db, visit_id) == []


async def test_a_visit_may_not_fill_the_house(database: Database, vault: Vault, shop: Shop) -> None:
    visit_id, tenant_id = new_id(), shop.merchant.tenant_id

    async def add(n: int) -> UUID:
        async with database.tx(tenant_id) as db:
            return await evidence.keep_draft(
                db, vault, tenant_id=tenant_id, visit_id=visit_id, order_id=shop.order_id, line_ref="line-1",
                sent=a_photo(f"#{n:06x}"), actor="shopper", now=NOW,
            )  # fmt: skip

    for n in range(MOST_OF_A_LINE):
        await add(n * 4000)
    with pytest.raises(Refused) as refused:
        await add(99)

    assert refused.value.code == "too_many_photos"


async def test_an_erased_person_takes_the_pictures_along(database: Database, vault: Vault, shop: Shop) -> None:
    rma_id, _ = await a_return(database, shop)
    before = await kept(database, vault, shop, rma_id)
    async with database.tx(shop.merchant.tenant_id) as db:
        await db.execute("UPDATE person SET erased_at = now(), sealed_key = ''")

    after = await kept(database, vault, shop, rma_id, photo=a_photo("green"))

    async with database.tx(shop.merchant.tenant_id) as db:
        assert await evidence.read_as_staff(db, vault, photo_id=before) is None
        assert await evidence.read_as_staff(db, vault, photo_id=after) == seen(a_photo("green"))


@pytest.mark.parametrize("line", [False, True])
async def test_a_photo_of_nothing_is_refused(database: Database, vault: Vault, shop: Shop, line: bool) -> None:
    rma_id, _ = await a_return(database, shop)

    with pytest.raises(Refused) as refused:
        await (
            kept(database, vault, shop, rma_id, uuid4())
            if line
            else kept(database, vault, shop, uuid4())
        )  # fmt: skip

    assert refused.value.code == ("return_line_not_found" if line else "return_not_found")
