"""The preferred returns system on the page of a return: its number there, how it stands, and what to do about trouble."""

from uuid import UUID

import pytest

from tests.doors.dashboard_returns.clerk import Clerk
from tests.doors.dashboard_returns.scene import MUGS, Scene
from tests.stories.another_system import AnotherSystem, another_system

pytestmark = pytest.mark.anyio


async def told(scene: Scene, **settings: object) -> tuple[AnotherSystem, UUID, str]:
    """Tell a return to another system that behaves as wished, and return its page's address."""
    system = await another_system(scene.house, "return")
    await system.settings(**settings)
    rma_id = await scene.ask("elsewhere", await scene.order(MUGS, name="Nora Vik"), {0: (1, "other", None)})
    await scene.house.settle_down()
    return system, rma_id, f"/dashboard/returns/{await scene.number('elsewhere')}"


async def test_its_number_there_and_its_state_stand_on_the_page(scene: Scene, ben: Clerk) -> None:
    system, rma_id, at = await told(scene)
    (there,) = (await system.returns())["returns"]
    before = await ben.get(at)
    await system.say(await system.advance(rma_id, "approved"))
    after = await ben.get(at)

    for page in (before, after):
        assert f"Its number there {there['id']}" in page.words
        assert "Preferred" in page.words
    assert "Stands there as requested" in before.words
    assert "Stands there as approved" in after.words
    assert "Tell the preferred returns system" in after.words


async def test_a_refusal_says_why_and_what_to_do(scene: Scene, ben: Clerk) -> None:
    _, _, at = await told(scene, faults=[{"status": 422}])
    page = await ben.get(at)

    assert "It was refused there (422 as you wished). Correct the cause, then try again under Exceptions." in page.words
    assert "Its number there" not in page.words


async def test_that_it_ended_there_otherwise_stands_on_the_page(scene: Scene, ben: Clerk) -> None:
    system, rma_id, at = await told(scene)
    await scene.house.do(lambda db: db.execute("UPDATE connection SET settings = settings - 'decides'"))
    await system.say(await system.advance(rma_id, "rejected"))
    page = await ben.get(at)

    assert "Ended otherwise in another system" in page.words


async def test_a_return_that_is_told_to_nobody_says_nothing_of_it(scene: Scene, ben: Clerk) -> None:
    page = await ben.get(f"/dashboard/returns/{await scene.number('decide')}")

    assert "Stands there as" not in page.words
