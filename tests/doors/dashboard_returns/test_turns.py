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
