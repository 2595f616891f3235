"""What a shopper prints, shows and types in: papers of the own return alone, and the number of a parcel."""

import io
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import zxingcpp
from PIL import Image

from retour.core.event import EventType
from retour.core.platforms import Platforms
from retour.core.policy.outcome import MethodKind, MethodOffer, Methods
from retour.core.policy.template import template
from retour.core.postal import PostalAddress
from retour.flows import label as label_flow
from retour.flows import return_address, rma
from retour.flows.return_address import Place
from retour.store import event
from retour.store import rma as returns
from retour.store.policy import PolicyCache
from tests.doors.portal.conftest import Counter
from tests.doors.portal.shopper import Shopper
from tests.stories.test_labels import decoded

pytestmark = pytest.mark.anyio
DOCK = PostalAddress("Returns", ("Dock 7",), "Hamburg", "DE", "20457")


async def open_(counter: Counter, kind: MethodKind, *, has_address: bool = True) -> tuple[Shopper, str, UUID]:
    """Return a shopper with an approved return that comes back so, after the worker has done its part."""
    document = template(automatic=True)
    offered = Methods((MethodOffer(kind),))
    await counter.publish(
        document=replace(document, currency="EUR", defaults=replace(document.defaults, methods=offered))
    )
    if has_address:
        await counter.do(
            lambda db: return_address.add(
                db, store_id=counter.store_id, place=Place("main", DOCK), actor="owner", now=counter.clock.now()
            )
        )
    rma_id, order = uuid4(), await counter.order(0)
    asking = rma.Asking(counter.store_id, counter.shop.orders[0], (rma.Wish(order.lines[0].ref, 1, "other"),), "portal")
    await counter.do(
        lambda db: rma.request_return(
            db, asking, id=rma_id, actor="shopper", now=counter.clock.now(), policies=PolicyCache()
        )
    )
    await counter.do(
        lambda db: rma.advance(
            db, tenant_id=counter.tenant_id, rma_id=rma_id, policies=PolicyCache(), now=counter.clock.now(),
            platforms=Platforms({"shopify": {}}, timedelta(seconds=1)),
        )
    )  # fmt: skip
    record = await counter.do(lambda db: returns.load(db, rma_id))
    for label in record.rma.labels:
        await counter.do(
            lambda db, id_=label.id: label_flow.make(db, counter.vault, label_id=id_, now=counter.clock.now())
        )
    return await counter.let_in(), f"R-{record.rma.number}", rma_id


@pytest.fixture
async def by_label(counter: Counter) -> tuple[Shopper, str, UUID]:
    return await open_(counter, MethodKind.LABEL)


async def test_the_shopper_prints_the_label_and_the_packing_slip(by_label: tuple[Shopper, str, UUID]) -> None:
    shopper, number, _ = by_label
    page = await shopper.open(f"/{number}")
    assert "Put the label on the parcel." in page.text
    papers = [link for link in page.links if "/papers/" in link]
    assert papers == [f"{shopper.base}/{number}/papers/1-{kind}" for kind in ("a6.pdf", "packing-slip.pdf")]

    label = await shopper.http.get(papers[0])

    assert (label.status_code, label.headers["content-type"], label.headers["cache-control"]) == (
        200, "application/pdf", "no-store",
    )  # fmt: skip
    assert decoded(label.content) == [("Code128", number), ("QRCode", number)]


async def test_nobody_else_reads_a_label(counter: Counter, by_label: tuple[Shopper, str, UUID]) -> None:
    shopper, number, _ = by_label
    other = await counter.let_in(number="#1002")

    for at in (f"/{number}/papers/1-a6.pdf", f"/{number}/parcel"):
        assert (await other.open(at)).status == 404
    for odd in ("2-a6.pdf", "0-a6.pdf", "1-exe", "a6.pdf", "99999-a6.pdf"):
        assert (await shopper.open(f"/{number}/papers/{odd}")).status == 404


async def test_a_code_is_shown_where_the_parcel_is_dropped_off(counter: Counter) -> None:
    shopper, number, _ = await open_(counter, MethodKind.DROP_OFF)
    page = await shopper.open(f"/{number}")

    assert "Show this code where you hand the parcel over." in page.text
    at = f"{shopper.base}/{number}/papers/1-qr.png"
    assert f'src="{at}"' in page.source
    code = Image.open(io.BytesIO((await shopper.http.get(at)).content))
    assert [found.text for found in zxingcpp.read_barcodes(code)] == [number]


async def test_while_a_label_is_missing_the_shopper_keeps_the_items(counter: Counter) -> None:
    shopper, number, _ = await open_(counter, MethodKind.LABEL, has_address=False)

    page = await shopper.open(f"/{number}")

    assert page.heading == "Your return is approved"
    assert "The shop is preparing your label." in page.text
    assert [link for link in page.links if "/papers/" in link or link.endswith("/parcel")] == []


async def test_a_shopper_types_in_the_number_of_the_parcel_once(counter: Counter) -> None:
    shopper, number, rma_id = await open_(counter, MethodKind.OWN_CARRIER)
    page = await shopper.open(f"/{number}")
    assert f"{shopper.base}/{number}/parcel" in page.links

    await shopper.open(f"/{number}/parcel")
    done = await shopper.send("/parcel", carrier="ups", tracking_number="1z 999 aa1 01 2345 6784")
    assert done.path == number
    assert "UPS 1Z999AA10123456784" in done.text

    await shopper.open(f"/{number}/parcel")
    again = await shopper.send("/parcel", carrier="ups", tracking_number="1Z999AA10123456784")
    assert (again.status, "This number is known already." in again.text) == (409, True)
    record = await counter.do(lambda db: returns.load(db, rma_id))
    assert [(s.carrier, s.tracking_number) for s in record.rma.shipments] == [("ups", "1Z999AA10123456784")]
    told = await counter.do(lambda db: event.of_resource(db, resource_kind="return", resource_id=rma_id))
    assert [e.actor.partition(":")[0] for e in told if e.type == EventType.RETURN_PARCEL_UPDATED] == ["shopper"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"carrier": "ups", "tracking_number": "not yet"}, "Enter the number from your receipt"),
        ({"carrier": "other", "other": " ", "tracking_number": "12345"}, "Name the carrier"),
        ({"carrier": "", "tracking_number": "12345"}, "Name the carrier"),
    ],
)
async def test_what_is_no_parcel_is_said_at_its_field_and_kept(counter: Counter, typed: Any, said: str) -> None:
    shopper, number, rma_id = await open_(counter, MethodKind.OWN_CARRIER)
    await shopper.open(f"/{number}/parcel")

    page = await shopper.send("/parcel", typed)

    assert page.status == 422
    assert said in page.text
    assert page.form("/parcel").fields["tracking_number"] == [typed["tracking_number"]]
    assert (await counter.do(lambda db: returns.load(db, rma_id))).rma.shipments == ()
