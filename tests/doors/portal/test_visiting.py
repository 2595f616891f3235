"""Bringing goods to a counter: offered as a way back, with a code to show and no parcel."""

import re
from dataclasses import replace

import pytest

from retour.core.policy.outcome import MethodKind, MethodOffer, Methods
from retour.core.policy.template import template
from retour.core.postal import PostalAddress
from retour.flows import return_address
from tests.doors.portal.conftest import Counter

pytestmark = pytest.mark.anyio

WAYS = Methods((MethodOffer(MethodKind.OWN_CARRIER), MethodOffer(MethodKind.IN_STORE, destination="Mitte")))
MITTE = PostalAddress("Shop Mitte", ("Torstrasse 1",), "Berlin", "DE", "10119")


async def test_the_way_to_the_counter_is_chosen_and_its_code_is_shown(counter: Counter) -> None:
    document = template(automatic=True)
    await counter.publish(document=replace(document, defaults=replace(document.defaults, methods=WAYS)))
    place = return_address.Place("Mitte", MITTE)
    await counter.do(
        lambda db: return_address.add(
            db, store_id=counter.store_id, place=place, actor="owner", now=counter.clock.now()
        )
    )
    shopper = await counter.let_in()
    key = re.findall(r'id="item-([0-9a-f]{10})"', shopper.page.source)[0]
    await shopper.send("/items", {"item": key, f"quantity-{key}": "1"})
    await shopper.send("/reasons", {f"reason-{key}": "changed_mind"})
    await shopper.send("/offers", resolution="refund_original")
    way = await shopper.open("/way")
    assert "Bring it to the shop" in way.text
    review = await shopper.send("/way", method="in_store")
    assert "You show a code at the counter. No parcel, no label." in review.text
    status = await shopper.send("/review")

    assert status.heading == "Bring the items to the shop"
    assert "Torstrasse 1" in status.text
    assert "Enter the parcel's number" not in status.text
    code = await shopper.http.get(f"{counter.base}/{status.path}/code.svg")
    assert (code.status_code, code.headers["content-type"]) == (200, "image/svg+xml")
    assert code.text.startswith("<svg")


async def test_a_return_that_travels_has_no_code_to_show(counter: Counter) -> None:
    await counter.publish(automatic=True)
    shopper = await counter.let_in()
    key = re.findall(r'id="item-([0-9a-f]{10})"', shopper.page.source)[0]
    await shopper.send("/items", {"item": key, f"quantity-{key}": "1"})
    await shopper.send("/reasons", {f"reason-{key}": "changed_mind"})
    await shopper.send("/offers", resolution="refund_original")
    status = await shopper.send("/review")

    assert (await shopper.open(f"/{status.path}/code.svg")).status == 404
