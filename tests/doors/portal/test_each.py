"""Several items of one return go different ways: chosen for each, checked to the cent, and shown so afterwards."""

import json
from dataclasses import replace
from uuid import UUID

import pytest

from retour.core.order import FulfilledUnits
from retour.core.policy import Rule
from retour.core.policy.document import Compare, Op
from retour.core.policy.outcome import Outcomes, ResolutionKind, ResolutionOffer, Resolutions
from retour.doors.portal.draft import key_of
from retour.store import views
from tests.doors.portal.conftest import Counter
from tests.doors.portal.shopper import Page, Shopper
from tests.flows.order.shop import fetched, later
from tests.stories.test_handed_over import offering

pytestmark = pytest.mark.anyio
REFUND, CREDIT, EXCHANGE = ResolutionKind.REFUND_ORIGINAL, ResolutionKind.STORE_CREDIT, ResolutionKind.EXCHANGE


async def at_the_offers(
    counter: Counter, first: list[ResolutionKind], second: list[ResolutionKind]
) -> tuple[Shopper, str, str]:
    """Return a browser before the offers, and the names of two tees at 10.00 and two mugs at 10.00 in forms."""
    rule = Rule(
        id="mugs",
        name="Mugs",
        when=Compare("line.sku", Op.EQ, "MUG"),
        then=Outcomes(resolutions=Resolutions(tuple(ResolutionOffer(kind) for kind in second))),
    )
    document = offering(*(ResolutionOffer(kind) for kind in first))
    await counter.publish(document=replace(document, currency="EUR", rules=(rule, *document.rules)))
    order = await counter.order(0)
    tee = order.lines[0]
    mug = replace(tee, ref="line/mug", title="Mug", sku="MUG")
    parcel = order.fulfilments[0]
    units = (*parcel.units, FulfilledUnits("units/mug", mug.ref, mug.quantity))
    await counter.mirror(fetched(later(order, lines=(tee, mug), fulfilments=(replace(parcel, units=units),))))
    shopper = await counter.let_in()
    keys = key_of(tee.ref), key_of(mug.ref)
    await shopper.send("/items", {"item": list(keys), **{f"quantity-{key}": "1" for key in keys}})
    await shopper.send("/reasons", {f"reason-{key}": "changed_mind" for key in keys})
    return shopper, *keys


async def ways(counter: Counter) -> list[tuple[str, str | None]]:
    """Return what is chosen for each line of the one return there is."""
    async with counter.database.tx(counter.tenant_id) as db:
        (row,) = await views.returns(db, after_id=UUID(int=0), limit=9)
    return [(line["resolution"], line["resolution_ref"]) for line in json.loads(row["lines"])]


async def test_items_that_share_no_way_are_asked_about_one_by_one(counter: Counter) -> None:
    shopper, tee, mug = await at_the_offers(counter, [REFUND], [CREDIT])

    asked: Page = await shopper.open("/offers")
    review = await shopper.send("/offers/each", {f"way-{tee}": "refund_original", f"way-{mug}": "store_credit"})
    status = await shopper.send("/review")

    assert asked.path == "each"
    assert asked.source.count(" checked") == 2, "each has one way, which is chosen"
    assert review.path == "review"
    assert "Mug · Store credit" in review.text
    assert "€20.00 to your card€10.00 Store credit€10.00 Nothing is binding" in review.text
    assert status.status == 200
    assert "to your card€10.00 Store credit€10.00" in status.text
    assert await ways(counter) == [("refund_original", None), ("store_credit", None)]


async def test_one_way_for_all_is_offered_first_and_one_for_each_can_be_chosen_and_taken_back(counter: Counter) -> None:
    shopper, tee, mug = await at_the_offers(counter, [REFUND, CREDIT], [REFUND, CREDIT])

    offers = await shopper.open("/offers")
    each = await shopper.open("/offers/each")
    mixed = await shopper.send("/offers/each", {f"way-{tee}": "store_credit", f"way-{mug}": "refund_original"})
    await shopper.open("/offers")
    alike = await shopper.send("/offers", resolution="refund_original")

    assert "Choose for each item" in offers.text
    assert each.heading == "How should we make each item right?"
    assert "Mug · Refund" in mixed.text
    assert "Mug · Refund" not in alike.text
    assert "€20.00 to your card€20.00 Nothing is binding" in alike.text


async def test_an_item_without_a_way_or_with_another_ones_is_said_at_the_item(counter: Counter) -> None:
    shopper, tee, mug = await at_the_offers(counter, [REFUND, CREDIT], [REFUND])
    await shopper.open("/offers/each")

    page = await shopper.send("/offers/each", {f"way-{tee}": "store_credit", f"way-{mug}": "store_credit"})

    assert page.status == 422
    assert page.source.count("Choose one of the ways") == 2, "in the summary and at the mug"
    assert f'id="way-{mug}-error"' in page.source
    assert (await shopper.open("/review")).path == "offers"


async def test_the_new_article_of_one_item_is_chosen_once_the_return_is_sent(counter: Counter) -> None:
    shopper, tee, mug = await at_the_offers(counter, [REFUND, EXCHANGE], [REFUND])
    await shopper.open("/offers/each")

    review = await shopper.send("/offers/each", {f"way-{tee}": "exchange", f"way-{mug}": "refund_original"})
    status = await shopper.send("/review")

    assert review.path == "review"
    assert "You choose it later" in review.text
    assert "Value of what you send back€20.00" in review.text
    assert "to your card€10.00" in status.text
    assert "Counts towards your exchange" not in status.text
    for page in (review, status):
        assert "You get back" not in page.text, "a part of it is not paid back"
    assert await ways(counter) == [("exchange", None), ("refund_original", None)]


async def test_one_item_has_no_page_of_its_own_for_each(counter: Counter) -> None:
    shopper, tee, _ = await at_the_offers(counter, [REFUND, CREDIT], [REFUND])
    await shopper.open("/items")
    await shopper.send("/items", {"item": tee, f"quantity-{tee}": "1"})
    await shopper.send("/reasons", {f"reason-{tee}": "changed_mind"})

    offers = await shopper.open("/offers/each")

    assert offers.path == "offers"
    assert "Choose for each item" not in offers.text
