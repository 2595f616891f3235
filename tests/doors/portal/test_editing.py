"""A shopper changes a return while nothing is sent: the amount is seen before and after, then it is changed."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from retour.core.order import FulfilledUnits
from retour.core.policy import Rule
from retour.core.policy.document import Compare, Op
from retour.core.policy.outcome import Eligibility, Mode, NeverBecause, Outcomes
from retour.core.policy.template import template
from retour.flows import rma
from tests.doors.portal.conftest import Counter
from tests.doors.portal.test_drafting import all_returns, reviewed
from tests.flows.order.shop import fetched, later

pytestmark = pytest.mark.anyio


async def lines(counter: Counter) -> list[Any]:
    (row,) = await all_returns(counter)
    return [(line["quantity"], line["decision"]) for line in json.loads(row["lines"])]


async def test_a_shopper_adds_a_forgotten_unit_after_seeing_the_amount(counter: Counter) -> None:
    shopper = await counter.let_in()
    await reviewed(shopper)
    status = await shopper.send("/review")
    assert "Change this return" in status.text
    page = await shopper.open(f"/{status.path}/edit")
    (key,) = re.findall(r'name="quantity-([0-9a-f]{10})"', page.source)[:1]

    same = await shopper.send(f"/{status.path}/edit", **{f"quantity-{key}": "1"})
    assert (same.status, "That is what you are returning already." in same.text) == (422, True)
    none = await shopper.send(f"/{status.path}/edit", **{f"quantity-{key}": "0"})
    assert "Nothing would be left. Cancel the return instead." in none.text
    much = await shopper.send(f"/{status.path}/edit", **{f"quantity-{key}": "3"})
    assert (much.status, "Choose how many" in much.text) == (422, True)
    seen = await shopper.send(f"/{status.path}/edit", **{f"quantity-{key}": "2"})
    assert ("€10.00" in seen.text, "€20.00" in seen.text) == (True, True)
    assert await lines(counter) == [(1, "requested")]

    done = await shopper.send(f"/{status.path}/edit")

    assert done.heading == "The shop is checking your request"
    assert await lines(counter) == [(2, "requested")]


async def test_what_the_shop_does_not_take_back_is_not_there_to_be_added(counter: Counter) -> None:
    final = Rule(
        "final", "Mugs are final sale", Outcomes(eligibility=Eligibility(Mode.NEVER, because=NeverBecause.FINAL_SALE)),
        when=Compare("line.sku", Op.EQ, "MUG"),
    )  # fmt: skip
    document = template()
    await counter.publish(document=replace(document, currency="EUR", rules=(final, *document.rules)))
    order = await counter.order(0)
    tee, parcel = order.lines[0], order.fulfilments[0]
    more = [replace(tee, ref=f"line/{sku}", title=sku, sku=sku) for sku in ("MUG", "CUP")]
    units = (*parcel.units, *(FulfilledUnits(f"units/{one.sku}", one.ref, one.quantity) for one in more))
    await counter.mirror(fetched(later(order, lines=(tee, *more), fulfilments=(replace(parcel, units=units),))))
    shopper = await counter.let_in()
    await reviewed(shopper)
    status = await shopper.send("/review")

    page = await shopper.open(f"/{status.path}/edit")

    assert page.source.count('name="quantity-') == 2
    assert "CUP" in page.text
    assert "MUG" not in page.text


async def test_what_is_on_its_way_is_not_changed_any_more(counter: Counter) -> None:
    shopper = await counter.let_in()
    await reviewed(shopper)
    status = await shopper.send("/review")
    (row,) = await all_returns(counter)
    await counter.do(lambda db: rma.reject(db, rma_id=row["id"], message="no", actor="agent", now=counter.clock.now()))

    page = await shopper.open(f"/{status.path}/edit")

    assert page.heading == "The shop did not accept this return"
    assert "Change this return" not in page.text
