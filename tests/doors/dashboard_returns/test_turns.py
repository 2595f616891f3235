"""Turns of a return on the desk's pages: a question asked, an answer written down."""

import pytest

from tests.doors.dashboard_returns.clerk import Clerk
from tests.doors.dashboard_returns.scene import Scene

pytestmark = pytest.mark.anyio


async def test_an_agent_asks_and_writes_down_what_the_shopper_said_on_the_phone(scene: Scene, ben: Clerk) -> None:
    at = f"/dashboard/returns/{await scene.number('decide')}"
    assert "Ask the shopper" in (await ben.get(at)).words

    none = await ben.send(f"{at}/ask", question="", days="x")
    assert none.status == 422
    assert "Write your question: the shopper reads it" in none.words
    assert "Enter 1 to 365 days, or nothing" in none.words
    asked = await ben.send(f"{at}/ask", question="Which <b>size</b>?", days="5")

    assert (asked.status, asked.headers["location"]) == (303, at)
    page = await ben.get(at)
    assert "Waits for an answer" in page.words
    assert "“Which &lt;b&gt;size&lt;/b&gt;?”" in page.text.replace("&#34;", '"')
    assert await scene.house.waits(scene.returns["decide"]) == ("shopper", "info_needed")
    twice = await ben.get(f"{at}/ask")
    assert twice.status == 409

    done = await ben.send(f"{at}/answer", answer="M")

    assert done.status == 303
    assert "Answered: “M”" in (await ben.get(at)).words
    assert await scene.house.waits(scene.returns["decide"]) == ("agent", "decision_needed")


async def test_the_warehouse_asks_nobody(scene: Scene, jonas: Clerk) -> None:
    at = f"/dashboard/returns/{await scene.number('decide')}"
    assert (await jonas.get(f"{at}/ask")).status == 403


async def test_an_agent_changes_a_return_after_seeing_both_amounts(scene: Scene, ben: Clerk) -> None:
    number, rma_id = await scene.number("decide"), scene.returns["decide"]
    at = f"/dashboard/returns/{number}"
    form = await ben.get(f"{at}/edit")
    assert form.status == 200
    assert "Stoneware mugs, set of 4" in form.words

    too_many = await ben.send(f"{at}/edit", **{"quantity-0": "9", "reason-0": "", "resolution-0": "", "method": ""})
    assert (too_many.status, "Enter 0 to 2" in too_many.words) == (422, True)
    nothing = await ben.send(f"{at}/edit", **{"quantity-0": "0", "reason-0": "", "resolution-0": "", "method": ""})
    assert "Something has to come back." in nothing.words
    same = await ben.send(f"{at}/edit", **{"quantity-0": "1", "reason-0": "", "resolution-0": "", "method": ""})
    assert (same.status, "Nothing differs from what the return holds already." in same.words) == (422, True)
    wanted = {"quantity-0": "2", "reason-0": "damaged", "resolution-0": "", "method": ""}
    seen = await ben.send(f"{at}/edit", **wanted)
    assert (seen.status, "€38.00" in seen.words, "€76.00" in seen.words) == (200, True, True)
    assert [line.quantity for line in (await scene.house.see(rma_id)).rma.lines] == [1]

    done = await ben.post(f"{at}/edit", {"_csrf": seen.value("_csrf"), "hash": seen.value("hash"), **wanted})

    assert (done.status, done.headers["location"]) == (303, at)
    assert [(line.quantity, line.reason) for line in (await scene.house.see(rma_id)).rma.lines] == [(2, "damaged")]
    assert "Changed, €76.00 expected now" in (await ben.get(at)).words


async def test_a_rejected_return_is_opened_again_with_its_reason(scene: Scene, ben: Clerk) -> None:
    number, rma_id = await scene.number("decide"), scene.returns["decide"]
    at = f"/dashboard/returns/{number}"
    line = str((await scene.house.see(rma_id)).rma.lines[0].id)
    await ben.send(f"{at}/reject", line=line, message="no")
    assert "Open it again" in (await ben.get(at)).words

    none = await ben.send(f"{at}/reopen", reason="")
    assert (none.status, "Say why: whoever decides reads it" in none.words) == (422, True)
    done = await ben.send(f"{at}/reopen", reason="The photo came late")

    assert (done.status, await scene.house.status(rma_id)) == (303, "reopened")
    assert "Opened again: “The photo came late”" in (await ben.get(at)).words


async def test_a_parcel_that_the_carrier_lost_is_treated_as_lost_with_its_reason(
    scene: Scene, ben: Clerk, jonas: Clerk
) -> None:
    rma_id = scene.returns["decide"]
    at = f"/dashboard/returns/{await scene.number('decide')}"
    await scene.house.approve(rma_id)
    await scene.house.scan(rma_id, "lost")
    page = await ben.get(at)
    assert ("Parcel problem" in page.words, "Lost on its way" in page.words) == (True, True)
    assert (await jonas.get(f"{at}/lost")).status == 403

    form = await ben.get(f"{at}/lost")
    assert "nobody waits for" in form.words
    none = await ben.send(f"{at}/lost", reason="")
    assert (none.status, "Say why: whoever decides reads it" in none.words) == (422, True)
    done = await ben.send(f"{at}/lost", reason="The carrier pays for it")
    await scene.house.settle_down()

    assert (done.status, await scene.house.status(rma_id)) == (303, "resolved")
    assert "Treated as lost: “The carrier pays for it”" in (await ben.get(at)).words
    assert (await ben.get(f"{at}/lost")).status == 409
