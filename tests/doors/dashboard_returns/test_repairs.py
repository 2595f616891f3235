"""A repair as staff carry it: begun, sent back under a number, or refunded because it cannot be done."""

from uuid import UUID

import pytest

from retour.core.policy.outcome import ResolutionKind, ResolutionOffer, Resolutions
from retour.flows import rma
from tests.doors.dashboard_returns.clerk import Clerk
from tests.doors.dashboard_returns.scene import MUGS, Scene
from tests.stories.house import Units, under

pytestmark = pytest.mark.anyio
OFFERS = Resolutions((ResolutionOffer(ResolutionKind.REPAIR), ResolutionOffer(ResolutionKind.REFUND_ORIGINAL)))


@pytest.fixture
async def at(scene: Scene) -> str:
    """The address of a return whose goods are here to be repaired."""
    house = scene.house
    async with house.web.tx(house.tenant) as db:
        await house.publish(under(resolutions=OFFERS), db=db)
    order = await scene.order(MUGS, name="Mara Lindqvist")
    wish = rma.Wish(order.order.lines[0].ref, 1, "defective", resolution="repair")
    scene.returns["repair"] = await house.ask(order, [wish], kind="claim")
    await scene.approve("repair")
    await house.receive(scene.returns["repair"], {0: 1})
    await house.inspect(scene.returns["repair"], Units(0, 1))
    return f"/dashboard/returns/{await scene.number('repair')}"


def of(scene: Scene) -> UUID:
    return scene.returns["repair"]


async def test_a_repair_is_begun_and_sent_back_from_the_page(scene: Scene, at: str, jonas: Clerk, ben: Clerk) -> None:
    assert "Begin the repair" in (await jonas.get(at)).words
    assert (await jonas.send(f"{at}/begin-repair")).status == 303
    page = await ben.get(at)
    assert "Finish the repair" in page.words
    assert "Repair begun" in page.words

    wrong = await ben.send(f"{at}/send-back", carrier="dhl", tracking_number="??")
    assert "Enter a number with letters and digits" in wrong.words
    done = await ben.send(f"{at}/send-back", carrier="other", other="Bike courier", tracking_number="BC-77")
    assert done.status == 303, done.words
    await scene.house.later()

    page = await ben.get(at)
    assert "Sent to the shopper" in page.words
    assert (await scene.house.settlement(of(scene))).sent_number == "BC-77"
    assert (await scene.house.see(of(scene))).rma.status.value == "resolved"


async def test_what_cannot_be_repaired_is_refunded_by_an_agent_with_a_reason(
    scene: Scene, at: str, jonas: Clerk, ben: Clerk
) -> None:
    assert (await jonas.get(f"{at}/refund-instead")).status == 403
    silent = await ben.send(f"{at}/refund-instead", reason=" ")
    assert "Say why: it stands in the timeline" in silent.words

    assert (await ben.send(f"{at}/refund-instead", reason="No spare part.")).status == 303
    await scene.house.later()

    ret = (await scene.house.see(of(scene))).rma
    assert [(s.resolution, s.state.value) for s in ret.settlements] == [
        ("repair", "reversed"), ("refund_original", "settled"),
    ]  # fmt: skip
    assert (await ben.get(at)).status == 200


async def test_another_one_is_handed_over_in_person(scene: Scene, at: str, ben: Clerk) -> None:
    assert (await ben.send(f"{at}/send-back", carrier="", replaced="1")).status == 303

    row = await scene.house.settlement(of(scene))
    assert (row.outcome, row.sent_number) == ("replaced", None)
