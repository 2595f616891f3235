"""A shopper claims what is wrong and cancels what was not sent, as a browser without script walks it."""

import json
import re
from dataclasses import replace
from uuid import UUID

import pytest

from retour.store import views
from tests.doors.portal.conftest import Counter
from tests.flows.order.shop import fetched, later

pytestmark = pytest.mark.anyio


async def the_return(counter: Counter) -> tuple[str, str, str, int]:
    """Return kind, method, reason and units of the one return there is."""
    async with counter.database.tx(counter.tenant_id) as db:
        (row,) = await views.returns(db, after_id=UUID(int=0), limit=9)
    (line,) = json.loads(row["lines"])
    return row["kind"], row["method"], line["reason"], line["quantity"]


async def test_a_claim_about_a_parcel_that_never_arrived_asks_for_nothing_to_be_sent(counter: Counter) -> None:
    shopper = await counter.let_in()
    assert "Damaged, wrong or missing?" in shopper.page.text
    assert "Cancel what was not sent yet" not in shopper.page.text

    items = await shopper.send("/kind")
    assert items.heading == "Which items have a problem?"
    key = re.findall(r'id="item-([0-9a-f]{10})"', items.source)[0]
    reasons = await shopper.send("/items", {"item": key, f"quantity-{key}": "1"})
    assert "The parcel never arrived" in reasons.text
    assert "Changed my mind" not in reasons.text
    offers = await shopper.send("/reasons", {f"reason-{key}": "never_arrived"})
    assert offers.path == "offers", offers.text
    review = await shopper.send("/offers", resolution="refund_original")
    assert "Nothing to send" in review.text
    status = await shopper.send("/review")

    assert status.path.startswith("R-"), status.text
    assert await the_return(counter) == ("claim", "nothing", "never_arrived", 1)


async def test_what_was_not_sent_yet_is_cancelled(counter: Counter) -> None:
    order = await counter.order(0)
    parcel = order.fulfilments[0]
    half = replace(parcel, units=(replace(parcel.units[0], quantity=1),))
    await counter.mirror(fetched(later(order, fulfilments=(half,))))
    shopper = await counter.let_in()

    page = shopper.page
    (form,) = [one for one in page.forms if one.fields.get("kind") == ["cancellation"]]
    await shopper.post(form.action, form.fields)
    items = await shopper.open("/items")
    assert items.heading == "What shall not be sent?"
    key = re.findall(r'id="item-([0-9a-f]{10})"', items.source)[0]
    too_many = await shopper.send("/items", {"item": key, f"quantity-{key}": "2"})
    assert too_many.status == 422
    await shopper.send("/items", {"item": key, f"quantity-{key}": "1"})
    await shopper.send("/reasons", {f"reason-{key}": "changed_mind"})
    await shopper.send("/offers", resolution="refund_original")
    status = await shopper.send("/review")

    assert status.path.startswith("R-"), status.text
    assert await the_return(counter) == ("cancellation", "nothing", "changed_mind", 1)


async def test_another_kind_begins_a_draft_anew_and_a_made_up_one_changes_nothing(counter: Counter) -> None:
    shopper = await counter.let_in()
    key = re.findall(r'id="item-([0-9a-f]{10})"', shopper.page.source)[0]
    await shopper.send("/items", {"item": key, f"quantity-{key}": "1"})
    items = await shopper.open("/items")
    form = items.form("/kind")

    await shopper.post(form.action, {**form.fields, "kind": "withdrawal"})
    assert "checked" in (await shopper.open("/items")).source
    await shopper.post(form.action, form.fields)

    after = await shopper.open("/items")
    assert after.heading == "Which items have a problem?"
    assert f'value="{key}" id="item-{key}" checked' not in after.source
