"""What was sent in, at the desk: why it waits, which orders may fit and why, and the return it becomes."""

import re
from dataclasses import replace

import pytest

from retour.core.channel import Channel
from retour.core.intake import ReturnDocument, read_return
from retour.flows.intake import Source, park_parcel, take_in
from retour.flows.receiving.observing import Seen, Sight, observe_unannounced
from retour.store.vault import Vault
from retour.web.intake import ReturnHands
from tests.core.intake.papers import a_return
from tests.doors.dashboard_returns.clerk import Clerk
from tests.doors.dashboard_returns.scene import Scene
from tests.stories.house import now

pytestmark = pytest.mark.anyio
PATH = "/dashboard/intakes"


async def send(scene: Scene, vault: Vault, document: ReturnDocument) -> str:
    """Send a document in and return the address of its page."""
    house = scene.house
    source = Source(house.tenant, house.store, "test", Channel.EVENT, "source:test")
    async with house.web.tx(house.tenant) as db:
        taken = await take_in(db, vault, source, document, hands=ReturnHands(house.policies), now=now())
    return f"{PATH}/{taken.intake_id}"


def parked(number: str, *items: dict[str, object]) -> ReturnDocument:
    return read_return(a_return(order={"number": number}, customer={}, items=list(items)))


async def an_order(ana: Clerk) -> tuple[str, str]:
    """Return the id and the name of an order of the shop that has units left."""
    listed = await ana.get("/dashboard/orders")
    for order_id in dict.fromkeys(re.findall(r"/dashboard/orders/([0-9a-f-]{36})", listed.text)):
        page = await ana.get(f"/dashboard/orders/{order_id}")
        if f"/dashboard/orders/{order_id}/return" in page.text:
            name = re.search(r"<h1><bdi>([^<]+)</bdi>", page.text)
            assert name is not None
            return order_id, name[1]
    raise AssertionError("no order has units left")


async def test_what_waits_is_listed_explained_and_becomes_a_return(scene: Scene, ana: Clerk, vault: Vault) -> None:
    order_id, name = await an_order(ana)
    at = await send(scene, vault, parked(name, {"title": "Something", "quantity": 1}))

    listed = await ana.get(PATH)
    queues = await ana.get("/dashboard/queues")
    page = await ana.get(at)
    found = await ana.send(at, to=f"{at}/order", order=order_id)
    units = await ana.get(f"{at}/open/{order_id}")
    first = re.findall(r'name="(quantity-\d+)"', units.text)[0]
    nothing = await ana.send(f"{at}/open/{order_id}", **{first: "0"})
    opened = await ana.send(f"{at}/open/{order_id}", **{first: "1"})

    assert "EXT-1" in listed.words
    assert at in queues.text
    assert "The order is not clear" in listed.words
    assert f"{name} · 50 points" in page.words
    assert "order number +50" in page.words
    assert (found.status, found.headers["location"]) == (303, f"{at}/open/{order_id}")
    assert nothing.status == 422
    assert "Choose at least one item" in nothing.words
    assert opened.status == 303
    assert opened.headers["location"].startswith("/dashboard/returns/R-")
    assert "Became R-" in (await ana.get(at)).words
    assert "EXT-1" in (await ana.get(f"{PATH}?state=opened")).words
    assert (await ana.get(opened.headers["location"])).status == 200


async def test_an_order_is_found_by_its_number_or_the_page_says_that_there_is_none(
    scene: Scene, ana: Clerk, vault: Vault
) -> None:
    order_id, name = await an_order(ana)
    at = await send(scene, vault, parked("#nothing", {"title": "Something", "quantity": 1}))

    missing = await ana.send(at, to=f"{at}/order", number="#0")
    found = await ana.send(at, to=f"{at}/order", number=name)

    assert missing.status == 422
    assert "There is no such order in this store" in missing.words
    assert found.headers["location"] == f"{at}/open/{order_id}"


async def test_what_is_dismissed_needs_a_reason_and_cannot_be_opened_any_more(
    scene: Scene, ana: Clerk, vault: Vault
) -> None:
    order_id, name = await an_order(ana)
    at = await send(scene, vault, parked(name, {"title": "Something", "quantity": 1}))

    bare = await ana.send(at, to=f"{at}/dismiss", reason=" ")
    gone = await ana.send(at, to=f"{at}/dismiss", reason="Sent twice")
    units = await ana.get(f"{at}/open/{order_id}")
    first = re.findall(r'name="(quantity-\d+)"', units.text)[0]
    late = await ana.send(f"{at}/open/{order_id}", **{first: "1"})

    assert bare.status == 422
    assert "Say why nothing comes of it" in bare.words
    assert gone.status == 303
    assert "Sent twice" in (await ana.get(at)).words
    assert late.status == 422
    assert "Somebody has decided that already" in late.words


async def a_parcel(scene: Scene, vault: Vault, code: str) -> str:
    """Keep a parcel that nobody announced and return the address of its page."""
    house = scene.house
    async with house.web.tx(house.tenant) as db:
        seen = await observe_unannounced(
            db, store_id=house.store, sight=Sight(Seen.UNANNOUNCED, 1, code=code), actor="staff:jonas", now=now()
        )
        taken = await park_parcel(
            db, vault, tenant_id=house.tenant, store_id=house.store, observation_id=seen, code=code, note=None,
            hands=ReturnHands(house.policies), actor="staff:jonas", now=now(),
        )  # fmt: skip
    return f"{PATH}/{taken.intake_id}"


async def test_a_parcel_that_nobody_announced_finds_its_return_from_either_page(
    scene: Scene, ana: Clerk, vault: Vault
) -> None:
    scene.returns["sent"] = await scene.house.approved(await scene.order(name="Lena Fuchs"), {0: 1})
    number, undecided = await scene.number("sent"), await scene.number("decide")
    at, other = await a_parcel(scene, vault, number), await a_parcel(scene, vault, "1Z999AA10123456784")
    ours = f"/dashboard/returns/{number}"

    before, theirs = await ana.get(ours), await ana.get(f"/dashboard/returns/{undecided}")
    page, unknown = await ana.get(at), await ana.get(other)
    nothing = await ana.send(other, to=f"{other}/join", **{"return": "R-999999"})
    early = await ana.send(other, to=f"{other}/join", **{"return": undecided})
    joined = await ana.send(at, to=f"{at}/join", **{"return": number})
    after = await ana.get(ours)

    assert "A parcel that came on" in before.words
    assert at in before.text
    assert "A parcel that came on" not in theirs.words
    assert f'value="{number}"' in page.text
    assert "Is it the parcel of a return?" in unknown.words
    assert 'value="R-' not in unknown.text
    assert (nothing.status, "There is no such return in this store" in nothing.words) == (422, True)
    assert (early.status, "That return is not approved, or closed already" in early.words) == (422, True)
    assert (joined.status, joined.headers["location"]) == (303, ours)
    assert "Its parcel came unannounced" in after.words
    assert "A parcel that came on" not in after.words
    assert (await scene.house.see(scene.returns["sent"])).rma.delivered_at is not None
    assert f"Became {number}" in (await ana.get(at)).words


async def test_the_warehouse_reads_nothing_of_it(scene: Scene, jonas: Clerk, vault: Vault) -> None:
    at = await send(scene, vault, replace(parked("#x", {"title": "a", "quantity": 1}), notes="private"))

    assert (await jonas.get(at)).status == 403
    assert (await jonas.get(PATH)).status == 403


async def test_a_file_is_looked_at_before_it_is_imported_and_again_it_changes_nothing(scene: Scene, ana: Clerk) -> None:
    _order_id, name = await an_order(ana)
    file = f"id,created_at,order_number,title,quantity\nF-1,2026-02-28,{name},Something,1\nF-2,never,{name},a,1\n"

    seen = await ana.send(f"{PATH}/import", csv=file)
    nothing = await ana.get(PATH)
    done = await ana.post(f"{PATH}/import/apply", {"_csrf": seen.value("_csrf"), "csv": file})
    again = await ana.send(f"{PATH}/import", csv=file)
    bad = await ana.send(f"{PATH}/import", csv="colour")

    assert "Import 1 return" in seen.words
    assert "line 3.created_at: " in seen.words
    assert "F-1" not in nothing.words
    assert "waits for a person" in done.words
    assert "F-1" in (await ana.get(PATH)).words
    assert "known already" in again.words
    assert bad.status == 422


async def test_a_message_that_is_pasted_becomes_a_draft_with_what_was_read(scene: Scene, ana: Clerk) -> None:
    _order_id, name = await an_order(ana)

    sent = await ana.send(
        f"{PATH}/import", to=f"{PATH}/import/text", text=f"order {name}: it is too small", reference="T-9"
    )
    empty = await ana.send(f"{PATH}/import", to=f"{PATH}/import/text", text=" ")
    page = await ana.get(sent.headers["location"])

    assert sent.status == 303
    assert "it is too small" in page.words
    assert "Too small" in page.words
    assert empty.status == 422


async def test_all_that_a_document_says_is_read_where_it_waits(scene: Scene, ana: Clerk, vault: Vault) -> None:
    item = {"sku": "NOWHERE", "quantity": 1, "condition": {"grade": "opened", "notes": "Box torn"}}
    refund = {"amount": "19.99", "currency": "EUR"}
    said = read_return(
        a_return(
            id="EXT-all", order={"number": "#none"}, customer={}, items=[item], refund=refund, metadata={"shelf": "B-7"}
        )
    )

    page = await ana.get(await send(scene, vault, said))

    assert "Condition Opened: Box torn" in page.words
    assert "19.99" in page.words
    assert "shelf B-7" in page.words
