"""The settings: what is typed is saved with its event, what is wrong is said at its field, secrets are shown once."""

import io
from uuid import uuid4

import pytest
from PIL import Image

from retour.core.account import Role
from retour.store import account, event, look, policy, webhook_endpoint
from retour.store.account import Store
from retour.store.db import Database
from tests.doors.dashboard.conftest import add_member
from tests.doors.house import Browser, shown_once
from tests.flows.session.people import House, open_house

pytestmark = pytest.mark.anyio
ROOT = "/dashboard/settings"
AREAS = ("", "/store", "/look", "/policy", "/connections", "/team", "/keys", "/webhooks", "/you")


async def store_of(database: Database, house: House) -> Store:
    async with database.tx(house.tenant_id) as db:
        found = await account.get_store(db, house.stores[0])
    assert found is not None
    return found


@pytest.mark.parametrize("area", AREAS)
async def test_every_area_opens_for_an_owner_and_an_agent(
    owner: Browser, address: str, database: Database, house: House, area: str
) -> None:
    assert (await owner.get(ROOT + area)).status == 200
    async with Browser.open(address) as agent:
        await agent.sign_in(await add_member(database, house, Role.AGENT))
        page = await agent.get(ROOT + area)

    assert page.status == 200
    if area in ("/store", "/look", "/connections", "/team", "/keys", "/webhooks"):
        assert "Only an owner of the account can change this." in page.text


async def test_a_store_is_changed_with_its_event(owner: Browser, database: Database, house: House) -> None:
    page = await owner.get(f"{ROOT}/store")
    saved = await owner.send(
        page, "", shop_name="Fjellhus", timezone="Europe/Oslo", refund_master="platform", location_ref="loc-1"
    )

    assert (saved.path, "Saved." in saved.text) == (f"{ROOT}/store", True)
    store = await store_of(database, house)
    assert (store.shop_name, store.timezone, store.refund_master, store.location_ref) == (
        "Fjellhus", "Europe/Oslo", "platform", "loc-1",
    )  # fmt: skip
    async with database.tx(house.tenant_id) as db:
        told = await event.of_resource(db, resource_kind="store", resource_id=store.id)
    assert (told[-1].type, told[-1].actor) == ("store.changed", f"staff:{house.staff_id}")


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("shop_name", "outlet", "This is taken already. Choose another"),
        ("shop_name", "", "Enter a name of 1 to 200 characters"),
        ("timezone", "Mars/Olympus", "Choose a time zone from the list"),
        ("restock_master", "nobody", "Choose one of the answers"),
    ],
)
async def test_a_wrong_store_changes_nothing_and_keeps_what_was_typed(
    owner: Browser, database: Database, house: House, field: str, value: str, said: str
) -> None:
    before = await store_of(database, house)

    page = await owner.send(await owner.get(f"{ROOT}/store"), "", location_ref="typed", **{field: value})

    assert page.status in (409, 422)
    assert said in page.text
    assert page.form("").fields["location_ref"] == ["typed"]
    assert await store_of(database, house) == before


async def test_payments_are_paused_by_an_agent_and_resumed_by_an_owner(
    owner: Browser, address: str, database: Database, house: House
) -> None:
    async with Browser.open(address) as agent:
        await agent.sign_in(await add_member(database, house, Role.AGENT))
        paused = await agent.send(await agent.get(f"{ROOT}/payments"), f"{ROOT}/payments/pause")
    assert "Payments are paused" in paused.text
    assert (await store_of(database, house)).payments_paused

    await owner.send(await owner.get(f"{ROOT}/payments"), f"{ROOT}/payments/resume")

    assert not (await store_of(database, house)).payments_paused


async def test_a_store_is_added_and_looked_at(owner: Browser, database: Database, house: House) -> None:
    page = await owner.send(
        await owner.get(f"{ROOT}/store/new"), shop_name="Fjellhus NO", timezone="Europe/Oslo", currency="NOK"
    )

    assert page.form("").fields["shop_name"] == ["Fjellhus NO"]
    async with database.tx(house.tenant_id) as db:
        assert {store.shop_name for store in await account.stores(db)} == {"main", "outlet", "Fjellhus NO"}


async def test_the_look_is_saved_and_its_logo_made_anew(owner: Browser, database: Database, house: House) -> None:
    picture, page = io.BytesIO(), await owner.get(f"{ROOT}/look")
    Image.new("RGB", (900, 300), "#2454b3").save(picture, "PNG", pnginfo=None)
    fields = page.form("").fields | {
        "name": "Fjellhus", "brand_hex": "#2454B3", "greeting-de": "Schön, dass Sie da sind.",
        "contact_email": "help@fjellhus.example", "return_address": "Weg 1\n20095 Hamburg",
    }  # fmt: skip
    answer = await owner.client.post(
        f"{ROOT}/look", data=fields, files={"logo": ("<b>.png", picture.getvalue(), "text/html")}
    )

    assert answer.status_code == 200
    async with database.tx(house.tenant_id) as db:
        found = await look.get(db, house.stores[0])
    assert found is not None
    assert found.logo is not None
    assert (found.name, found.brand_hex, found.texts["de"].greeting) == (
        "Fjellhus", "#2454b3", "Schön, dass Sie da sind.",
    )  # fmt: skip
    assert (found.logo.type, Image.open(io.BytesIO(found.logo.content)).size) == ("image/webp", (480, 160))
    shown = await owner.client.get(f"{ROOT}/look/logo")
    assert (shown.headers["content-type"], shown.content) == ("image/webp", found.logo.content)
    assert shown.headers["content-security-policy"] == "sandbox"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"brand_hex": "green"}, "Enter a colour such as #1f4d3a"),
        ({"handle": "Über uns"}, "Use small letters, digits and hyphens, 60 at most"),
        ({"contact_url": "javascript:alert(1)"}, "Enter an address that begins with https://"),
        ({"greeting-ar": "x" * 700}, "This text is too long, or has invisible characters"),
        ({"default_language": "xx"}, "Choose a language from the list"),
    ],
)
async def test_a_wrong_look_is_said_at_its_field(owner: Browser, change: dict[str, str], said: str) -> None:
    page = await owner.send(await owner.get(f"{ROOT}/look"), "", sender_name="typed", **change)

    assert page.status == 422
    assert said in page.text
    assert page.form("").fields["sender_name"] == ["typed"]


async def test_a_file_that_is_no_picture_is_no_logo(owner: Browser, database: Database, house: House) -> None:
    page = await owner.get(f"{ROOT}/look")
    answer = await owner.client.post(
        f"{ROOT}/look", data=page.form("").fields, files={"logo": ("a.png", b"<svg onload=alert(1)>", "image/png")}
    )

    assert answer.status_code == 422
    assert "Choose a PNG, JPEG or WebP picture of at most 10 MB" in answer.text
    async with database.tx(house.tenant_id) as db:
        found = await look.get(db, house.stores[0])
    assert found is not None
    assert found.logo is None


async def test_a_policy_is_changed_after_a_look_at_what_it_means(
    owner: Browser, database: Database, house: House
) -> None:
    assert "No policy is published" in (await owner.get(f"{ROOT}/policy")).text
    edit = await owner.get(f"{ROOT}/policy/edit")

    seen = await owner.send(edit, window_days="45", damaged_percent="12.5", over_units="3", approval="automatic")
    assert "Publish version 1?" in seen.text
    assert "New: Articles can come back within 45 days of delivery." in seen.text
    async with database.tx(house.tenant_id) as db:
        assert await policy.list_versions(db, house.stores[0]) == []
    done = await owner.send(seen, confirm="1")

    assert done.path == "/dashboard/policies"
    assert "Of a damaged item, 12.5% is deducted." in done.text
    assert "When the number of units in the request is more than 3" in done.text
    again = await owner.send(await owner.get(f"{ROOT}/policy/edit"), window_days="30")
    assert "No longer: Articles can come back within 45 days of delivery." in again.text
    await owner.send(again, confirm="1")
    compared = await owner.get("/dashboard/policies/2/compare?with=1")
    assert "No longer: It can come back within 45 days of delivery." in compared.text
    assert "New: It can come back within 30 days of delivery." in compared.text
    async with database.tx(house.tenant_id) as db:
        states = [(row["version"], row["state"]) for row in await policy.list_versions(db, house.stores[0])]
    assert states == [(2, "published"), (1, "retired")]


async def test_a_policy_that_was_overtaken_is_shown_again_and_not_published(
    owner: Browser, database: Database, house: House
) -> None:
    mine = await owner.send(await owner.get(f"{ROOT}/policy/edit"), window_days="14")
    other = await owner.send(await owner.get(f"{ROOT}/policy/edit"), window_days="60")
    await owner.send(other, confirm="1")

    late = await owner.send(mine, confirm="1")

    assert late.status == 409
    assert "Somebody published another version meanwhile." in late.text
    async with database.tx(house.tenant_id) as db:
        assert len(await policy.list_versions(db, house.stores[0])) == 1
    back = await owner.send(late, again="1")
    assert back.form("").fields["window_days"] == ["14"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"window_days": "-1"}, "Enter a number of days from 0 to 3,650"),
        ({"window_days": "9" * 400}, "Enter a number of days from 0 to 3,650"),
        ({"damaged_percent": "101"}, "Enter a percentage from 0 to 100"),
        ({"fee_percent": "12.345"}, "Enter a percentage from 0 to 100"),
        ({"over_amount": "1.2.3"}, "Enter an amount such as"),
        ({"over_units": "many"}, "Enter a whole number"),
        ({"mode": "sometimes"}, "Choose one of the answers"),
    ],
)
async def test_a_wrong_policy_is_said_at_its_field(owner: Browser, change: dict[str, str], said: str) -> None:
    page = await owner.send(await owner.get(f"{ROOT}/policy/edit"), tags="typed", **change)

    assert page.status == 422
    assert said in page.text
    assert page.form("").fields["tags"] == ["typed"]


async def test_percentages_and_amounts_are_written_as_the_reader_writes_them(
    owner: Browser, database: Database, house: House
) -> None:
    await owner.get(f"{ROOT}/policy/edit?lang=de")
    seen = await owner.send(
        await owner.get(f"{ROOT}/policy/edit"), damaged_percent="12,5", over_amount="1.200,00", approval="automatic"
    )
    await owner.send(seen, confirm="1")

    again = (await owner.get(f"{ROOT}/policy/edit")).form("").fields
    assert (again["damaged_percent"], again["over_amount"]) == (["12,5"], ["1200,00"])
    assert "Von einem beschädigten Artikel wird 12,5\xa0% abgezogen." in (await owner.get(f"{ROOT}/policy")).answer.text


async def test_a_shop_is_connected_asked_sealed_anew_and_disconnected(
    owner: Browser, database: Database, house: House
) -> None:
    domain = f"s{house.tenant_id.hex}.myshopify.com"
    page = await owner.send(
        await owner.get(f"{ROOT}/connections/new"), kind="shopify", domain=f"https://{domain}/admin", write="shpat_1"
    )
    assert (page.status, "shpat_1" in page.answer.text) == (200, False)
    assert f"/hooks/shopify/{page.path.rpartition('/')[2]}" in page.text

    assert "The shop is being asked now." in (await owner.send(page, f"{page.path}/check")).text
    empty = await owner.send(await owner.get(page.path), f"{page.path}/reconnect")
    assert (empty.status, "Enter what is to be replaced" in empty.text) == (422, True)
    assert "Connected again." in (await owner.send(empty, f"{page.path}/reconnect", write="shpat_2")).text
    gone = await owner.send(await owner.get(f"{page.path}/disconnect"))
    assert "disconnected" in gone.text
    async with database.tx(house.tenant_id) as db:
        states = [row["state"] for row in await db.fetch("SELECT state FROM connection")]
    assert states == ["disconnected"]


async def test_a_receiver_is_added_rotated_switched_and_deleted(
    owner: Browser, database: Database, house: House
) -> None:
    wrong = await owner.send(await owner.get(f"{ROOT}/webhooks"), "", url="http://plain.example")
    assert (wrong.status, "Enter an address that begins with https://" in wrong.text) == (422, True)
    page = await owner.send(wrong, "", url="https://hooks.example/retour", topics=["return.approved", "nonsense"])
    first = shown_once(page)
    assert first.startswith("whsec_")
    assert first not in (await owner.get(page.path)).answer.text

    assert shown_once(await owner.send(await owner.get(page.path), f"{page.path}/rotate")) != first
    off = await owner.send(await owner.get(page.path), f"{page.path}/disable")
    assert "Switched off." in off.text
    await owner.send(off, f"{page.path}/enable")
    async with database.tx(house.tenant_id) as db:
        (found,) = await webhook_endpoint.endpoints(db, after_id=uuid4(), limit=0) or await webhook_endpoint.endpoints(
            db, after_id=house.tenant_id.__class__(int=0), limit=5
        )
    assert (found.active, list(found.topics)) == (True, ["return.approved"])
    assert "Nobody is told" in (await owner.send(await owner.get(page.path), f"{page.path}/delete")).text


async def test_another_accounts_things_are_not_found(owner: Browser, address: str, database: Database) -> None:
    other = await open_house(database)
    async with Browser.open(address) as theirs:
        await theirs.sign_in(other.email)
        hook = await theirs.send(await theirs.get(f"{ROOT}/webhooks"), "", url="https://hooks.example/theirs")
        shop = await theirs.send(
            await theirs.get(f"{ROOT}/connections/new"), kind="shopify",
            domain=f"t{other.tenant_id.hex}.myshopify.com", write="t",
        )  # fmt: skip
    token = (await owner.get(f"{ROOT}/you")).form("/sign-out").fields["_csrf"]
    for path in (hook.path, shop.path, f"{ROOT}/team/{other.staff_id}"):
        assert (await owner.get(path)).status == 404, path
    for path in (
        f"{hook.path}/rotate", f"{hook.path}/delete", f"{hook.path}/disable", f"{shop.path}/check",
        f"{shop.path}/disconnect", f"{ROOT}/team/{other.staff_id}/disable", f"{ROOT}/team/{other.staff_id}/link",
        f"{ROOT}/team/{other.staff_id}", f"{ROOT}/keys/{uuid4()}/revoke", f"{ROOT}/keys/not-an-id/revoke",
    ):  # fmt: skip
        assert (await owner.post(path, {"_csrf": token, "name": "x", "role": "owner"})).status == 404, path
    refused = await owner.post("/dashboard/store", {"_csrf": token, "store": str(other.stores[0])})
    assert refused.status == 404


async def test_what_people_typed_stays_text(owner: Browser, database: Database, house: House) -> None:
    hostile = "<script>alert(1)</script>\u202e\"'><img src=x onerror=alert(1)>"
    await owner.send(await owner.get(f"{ROOT}/you"), f"{ROOT}/you", name=hostile)
    await owner.send(await owner.get(f"{ROOT}/store"), "", shop_name=hostile)

    for area in AREAS:
        text = (await owner.get(ROOT + area)).answer.text
        assert "<script>alert" not in text, area
        assert "<img src=x" not in text, area
