"""From the order number to the status page, as a browser without script walks it."""

import json
import re
from uuid import UUID

import pytest

from retour.store import views
from tests.doors.portal.conftest import Counter

pytestmark = pytest.mark.anyio


async def test_a_shopper_finds_the_order_sends_a_return_follows_and_cancels_it(counter: Counter) -> None:
    shopper = await counter.browser()
    start = await shopper.open()
    assert (start.status, start.heading) == (200, "Start a return")

    asked = await counter.ask(shopper)
    assert asked.heading == "Check your e-mail"
    assert "If the details match, a code is on its way. It works for 10 minutes." in asked.text

    items = await shopper.send("/code", code=await counter.code())
    assert (items.path, items.heading) == ("items", "What is going back?")
    assert "Article line-1" in items.text
    assert "€20.00 paid for 2" in items.text
    key = next(iter(re.findall(r'id="item-([0-9a-f]{10})"', items.source)))

    reasons = await shopper.send("/items", {"item": key, f"quantity-{key}": "1"})
    assert reasons.path == "reasons"
    offers = await shopper.send("/reasons", {f"reason-{key}": "too_small", f"note-{key}": "A size up fits"})
    assert (offers.path, offers.heading) == ("offers", "How should we make it right?")
    assert "Refund€10.00All of it to your card. Paid once the shop has checked your parcel." in offers.text
    review = await shopper.send("/offers", resolution="refund_original")
    assert (review.path, review.heading) == ("review", "Check and send")
    assert "Article line-1, 1 of 2" in review.text
    assert "Confirmation to" in review.text
    assert "c…@example.com" in review.text

    status = await shopper.send("/review")

    assert status.path.startswith("R-")
    assert status.heading == "The shop is checking your request"
    assert "Return requested" in status.text
    async with counter.database.tx(counter.tenant_id) as db:
        (row,) = await views.returns(db, after_id=UUID(int=0), limit=9)
    (line,) = json.loads(row["lines"])
    assert (row["channel"], line["reason"], line["note"], line["requested_quantity"]) == (
        "portal", "too_small", "A size up fits", 1,
    )  # fmt: skip

    confirm = await shopper.open(f"/{status.path}/cancel")
    assert confirm.heading == f"Cancel return {status.path}?"
    cancelled = await shopper.send("/cancel")
    assert cancelled.heading == "This return was cancelled"
    again = await shopper.open(f"/{status.path}/cancel")
    assert again.heading == "This return cannot be cancelled any more"
