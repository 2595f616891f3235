"""A fee that is paid beforehand, as staff see it: what it comes to, whom it waits for, and what they decide."""

from uuid import UUID

import pytest

from tests.doors.dashboard_returns.clerk import Clerk
from tests.doors.dashboard_returns.scene import MUGS, Scene
from tests.stories.house import now
from tests.stories.test_fees_beforehand import charging, the_fee

pytestmark = pytest.mark.anyio


@pytest.fixture
async def unpaid(scene: Scene) -> UUID:
    """A return whose fee of 6.90 is to be paid beforehand."""
    house = scene.house
    async with house.web.tx(house.tenant) as db:
        await house.publish(charging(), db=db)
    order = await scene.order(MUGS, name="Mara Lindqvist")
    rma_id = await scene.ask("fee", order, {0: (1, "changed_mind", None)})
    await scene.approve("fee")
    return rma_id


async def test_the_page_says_what_is_to_be_paid_and_staff_let_the_refund_bear_it(
    scene: Scene, ben: Clerk, unpaid: UUID
) -> None:
    here = f"/dashboard/returns/{await scene.number('fee')}"

    page = await ben.get(here)
    assert "Fee that is paid beforehand" in page.words
    assert "€6.90 Waits until the shopper pays it" in page.words
    assert "Invoice for the fee sent: €6.90" in page.words
    assert "The shopper has the invoice of the platform." in page.words
    assert "paid beforehand" in page.words
    shown = await ben.get(f"{here}/fee-decide")
    assert "Let the refund bear it" in shown.words
    wrong = await ben.send(f"{here}/fee-decide", do="again")
    assert "Choose one of them" in wrong.words

    done = await ben.send(f"{here}/fee-decide", do="withhold")
    await scene.house.settle_down()

    assert (done.status, done.headers["location"]) == (303, here)
    assert (await the_fee(scene.house, unpaid)).state.value == "withheld"
    page = await ben.get(here)
    assert "Withheld from the refund" in page.words
    assert "Fee no longer asked for beforehand" in page.words


async def test_what_stands_still_says_why(scene: Scene, ben: Clerk, unpaid: UUID) -> None:
    scene.house.sandbox.shop.drafts.clear()
    await scene.house.later()

    page = await ben.get(f"/dashboard/returns/{await scene.number('fee')}")

    assert "Somebody deleted the draft on the platform." in page.words
    assert "Fee waits for a person: Somebody deleted the draft on the platform" in page.words
    assert now() > (await the_fee(scene.house, unpaid)).since
