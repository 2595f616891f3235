"""Where the shopper is, changed at the desk: prefilled, checked field by field, over once the goods are sent."""

import re
from dataclasses import replace

import pytest

from retour.core.policy.outcome import MethodKind, MethodOffer, Methods
from retour.core.postal import PostalAddress
from retour.flows import return_address
from retour.flows.return_address import Place
from retour.store.rma import address
from tests.doors.dashboard_returns.clerk import Clerk
from tests.doors.dashboard_returns.scene import MUGS, Scene
from tests.stories.house import now, under
from tests.stories.test_labels import HAMBURG, publish

pytestmark = pytest.mark.anyio
TYPED = {
    "name": "Ann Neu", "company": "", "street-0": "Karl-Heine-Straße 9", "street-1": "", "street-2": "", "town": "Leipzig",
    "postcode": "04229", "region": "", "country": "DE",
}  # fmt: skip


async def own(scene: Scene, name: str) -> PostalAddress | None:
    async with scene.house.web.tx(scene.house.tenant) as db:
        return await address.of_return(db, scene.house.vault, scene.returns[name])


async def test_an_agent_changes_the_address_of_a_return(scene: Scene, ben: Clerk, jonas: Clerk) -> None:
    at = f"/dashboard/returns/{await scene.number('decide')}"
    assert "Change address" in (await ben.get(at)).words
    assert (await jonas.get(f"{at}/address")).status == 403

    form = await ben.get(f"{at}/address")
    assert 'value="Lindenweg 4"' in form.text
    assert re.search(r'<option value="DE" selected>Germany</option>', form.text)
    wrong = await ben.send(f"{at}/address", **TYPED | {"name": "", "street-0": "x" * 101})
    assert (wrong.status, "Enter a name" in wrong.words) == (422, True)
    long = await ben.send(f"{at}/address", **TYPED | {"street-0": "x" * 101})
    assert (long.status, "At most 100 characters, none of them invisible" in long.words) == (422, True)
    assert await own(scene, "decide") is None

    done = await ben.send(f"{at}/address", **TYPED)

    assert (done.status, done.headers["location"]) == (303, at)
    assert await own(scene, "decide") == PostalAddress("Ann Neu", ("Karl-Heine-Straße 9",), "Leipzig", "DE", "04229")
    assert "Address changed" in (await ben.get(at)).words
    assert 'value="Karl-Heine-Straße 9"' in (await ben.get(f"{at}/address")).text


async def test_once_the_goods_are_sent_the_address_is_not_offered(scene: Scene, ben: Clerk) -> None:
    at = f"/dashboard/returns/{await scene.number('decide')}"
    await scene.house.approve(scene.returns["decide"])
    form = await ben.get(f"{at}/address")
    await scene.house.scan(scene.returns["decide"])

    late = await ben.post(f"{at}/address", TYPED | {"_csrf": form.value("_csrf"), "version": form.value("version")})

    assert late.status == 409
    assert "Change address" not in (await ben.get(at)).words
    assert (await ben.get(f"{at}/address")).status == 409
    assert await own(scene, "decide") is None


async def test_a_label_that_lacks_the_sender_asks_for_the_address_first(scene: Scene, ben: Clerk) -> None:
    offered = Methods((MethodOffer(MethodKind.LABEL),))
    await publish(scene.house, replace(under(methods=offered), currency="EUR"))
    place = Place("main", HAMBURG)
    await scene.house.do(
        lambda db: return_address.add(db, store_id=scene.house.store, place=place, actor="owner", now=now())
    )
    order = await scene.order(
        MUGS, name="Nora Vik", bend=lambda got: replace(got, person=replace(got.person, ship_to=None))
    )
    await scene.ask("label", order, {0: (1, "other", None)})
    await scene.approve("label")
    at = f"/dashboard/returns/{await scene.number('label')}"

    (first,) = re.findall(r'<a class="button button-primary[^"]*" href="([^"]+)"', (await ben.get(at)).text)
    (town,) = re.findall(r'<input[^>]*name="town"[^>]*>', (await ben.get(f"{at}/address")).text)
    await ben.send(f"{at}/address", **TYPED)
    await scene.house.settle_down()

    assert (first, 'value=""' in town or "value=" not in town) == (f"{at}/address", True)
    assert await scene.house.waits(scene.returns["label"]) == ("shopper", "awaiting_shipment")
