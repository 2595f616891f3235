"""A return that holds one article twice, because two requests became one, is changed without losing either."""

import json
import re
from typing import Any

import pytest

from retour.flows import rma
from tests.doors.portal.conftest import Counter
from tests.doors.portal.test_drafting import all_returns, reviewed

pytestmark = pytest.mark.anyio


async def open_lines(counter: Counter) -> list[Any]:
    found = [line for row in await all_returns(counter) for line in json.loads(row["lines"])]
    return [(one["quantity"], one["reason"]) for one in found if one["decision"] == "requested"]


async def test_a_return_that_was_merged_keeps_the_units_of_both(counter: Counter) -> None:
    shopper = await counter.let_in()
    for _ in range(2):
        await reviewed(shopper)
        status = await shopper.send("/review")
    stays, gone = sorted(await all_returns(counter), key=lambda row: -row["number"])
    async with counter.database.tx(counter.tenant_id) as db:
        await rma.merge(db, rma_id=gone["id"], into=stays["id"], actor="agent", now=counter.clock.now())
    before = await open_lines(counter)

    page = await shopper.open(f"/{status.path}/edit")
    (key,) = re.findall(r'name="quantity-([0-9a-f]{10})"', page.source)
    same = await shopper.send(f"/{status.path}/edit", {f"quantity-{key}": "3"})
    seen = await shopper.send(f"/{status.path}/edit", {f"quantity-{key}": "2", f"reason-{key}": "damaged"})
    changed = await shopper.send(f"/{status.path}/edit")

    assert before == [(1, "changed_mind"), (1, "changed_mind")]
    assert (same.status, "Choose how many" in same.text) == (422, True)
    assert ("€20.00" in seen.text, "€10.00" in seen.text) == (True, False)
    assert changed.heading == "The shop is checking your request"
    assert await open_lines(counter) == [(2, "damaged")]
