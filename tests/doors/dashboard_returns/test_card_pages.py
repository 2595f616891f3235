"""The held card on the desk's page of a return: how it stands, and charging or releasing it with a reason."""

from datetime import timedelta

import pytest

from retour.core.policy.outcome import InstantTerms, ResolutionKind, ResolutionOffer, Resolutions
from retour.flows import rma
from retour.store import connection as connections
from retour.store.connection import Connection
from retour.store.ids import new_id
from tests.doors.dashboard_returns.clerk import Clerk
from tests.doors.dashboard_returns.scene import MUGS, Scene
from tests.stories.house import now, under
from tests.stories.test_exchange_orders import shelved, terms, want
from tests.stories.test_instant_exchange import ask, cards, confirm, desk, hold

pytestmark = pytest.mark.anyio
OFFERS = Resolutions((ResolutionOffer(ResolutionKind.EXCHANGE, exchange=terms(instant=InstantTerms())),))


@pytest.fixture
async def at(scene: Scene) -> str:
    """The address of a return whose new article is out against a held card."""
    house = scene.house
    async with house.web.tx(house.tenant) as db:
        await house.publish(under(resolutions=OFFERS), db=db)
        await connections.add(db, Connection(new_id(), house.store, "stripe", "acct", f"{house.address}/stripe", now()))
    await shelved(house, "RT-SAME", "19.99")
    order = await scene.order(MUGS, name="Mara Lindqvist")
    wish = rma.Wish(order.order.lines[0].ref, 1, "defective", resolution="exchange")
    rma_id = scene.returns["card"] = await house.ask(order, [wish])
    await want(house, rma_id, "RT-SAME")
    await scene.approve("card")
    await ask(house, rma_id)
    await confirm(house)
    return f"/dashboard/returns/{await scene.number('card')}"


async def test_an_agent_charges_a_part_with_a_reason(scene: Scene, at: str, jonas: Clerk, ben: Clerk) -> None:
    page = await ben.get(at)
    assert "Held on the card" in page.words
    assert "Card held" in page.words
    assert (await jonas.get(f"{at}/card")).status == 403
    form = {"hold": str((await hold(scene.house, scene.returns["card"])).id), "do": "capture"}

    mute = await ben.send(f"{at}/card", **form, amount="5.00", reason=" ")
    much = await ben.send(f"{at}/card", **form, amount="5000.00", reason="x")
    odd = await ben.send(f"{at}/card", **form, amount="five", reason="x")
    assert "Say why, in some words" in mute.words
    assert "Enter an amount up to what is held" in much.words
    assert odd.status != 303
    assert (await cards(scene.house))[1] == 0
    done = await ben.send(f"{at}/card", **form, amount="5.00", reason="agreed by phone")
    assert done.status == 303, done.words
    await scene.house.later()
    await scene.house.later()

    page = await ben.get(at)
    assert "Charged" in page.words
    assert (await cards(scene.house))[:2] == (0, 500)
    assert "nothing to decide" in (await ben.get(f"{at}/card")).words or (await ben.get(f"{at}/card")).status != 200


async def test_the_timeline_tells_what_somebody_did_at_the_provider_and_finance_sees_it(
    scene: Scene, at: str, ben: Clerk
) -> None:
    house = scene.house
    await desk(house, let_go="last")
    house.ahead += timedelta(hours=2)
    await house.later()
    await house.later()
    assert "Card no longer held: let go at the provider" in (await ben.get(at)).words

    await desk(house, capture="last")
    await house.later()

    page = await ben.get(at)
    assert "Card charged at the provider" in page.words
    assert "Another amount was charged at the provider" in page.words
    assert "charged_elsewhere" in await house.discrepancies()
