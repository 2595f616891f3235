"""Labels and parcels on the desk's pages: why one is missing, what may be done, and a number that staff type in."""

from dataclasses import replace

import pytest

from retour.core.account import Role
from retour.core.policy.outcome import MethodKind, MethodOffer, Methods
from retour.flows import return_address
from retour.flows.return_address import Place
from tests.doors.dashboard_returns.clerk import Clerk
from tests.doors.dashboard_returns.scene import MUGS, Scene
from tests.stories.house import now, under
from tests.stories.test_labels import HAMBURG, publish

pytestmark = pytest.mark.anyio


async def unlabelled(scene: Scene) -> str:
    """Return the page of an approved return whose label could not be made."""
    offered = Methods((MethodOffer(MethodKind.LABEL),))
    await publish(scene.house, replace(under(methods=offered), currency="EUR"))
    await scene.ask("label", await scene.order(MUGS, name="Nora Vik"), {0: (1, "other", None)})
    await scene.approve("label")
    return f"/dashboard/returns/{await scene.number('label')}"


async def test_a_missing_label_says_why_and_is_made_again(scene: Scene, ben: Clerk) -> None:
    at = await unlabelled(scene)
    page = await ben.get(at)
    assert "Label missing" in page.words
    assert "The shop has no return address for this destination." in page.words
    await scene.house.do(
        lambda db: return_address.add(
            db, store_id=scene.house.store, place=Place("main", HAMBURG), actor="owner", now=now()
        )
    )

    done = await ben.send(f"{at}/label-again")
    await scene.house.settle_down()

    assert (done.status, done.headers["location"]) == (303, at)
    page = await ben.get(at)
    assert "Label missing" not in page.words
    assert "Label made" in page.words
    assert f'href="{at}/papers/1-a6.pdf"' in page.text
    assert (await ben.get(f"{at}/label-again")).status == 409
    (retried,) = [e for e in await scene.house.events(scene.returns["label"]) if e.type == "return.label_retried"]
    assert retried.actor == scene.actor(Role.AGENT)


async def test_an_agent_goes_on_without_a_label_and_a_clerk_cannot(scene: Scene, ben: Clerk, jonas: Clerk) -> None:
    at = await unlabelled(scene)
    assert (await jonas.get(f"{at}/label-without")).status == 403

    done = await ben.send(f"{at}/label-without")

    assert done.status == 303
    assert "Goes without a label" in (await ben.get(at)).words
    assert [b.state.value for b in (await scene.house.see(scene.returns["label"])).rma.labels] == ["waived"]


async def test_staff_add_a_parcel_by_its_number_once(scene: Scene, ben: Clerk) -> None:
    await scene.ask("own", await scene.order(MUGS, name="Nora Vik"), {0: (1, "other", None)})
    await scene.approve("own")
    at = f"/dashboard/returns/{await scene.number('own')}"

    wrong = await ben.send(f"{at}/parcel", carrier="other", other="Royal Mail", tracking_number="soon")
    done = await ben.send(f"{at}/parcel", carrier="other", other="Royal Mail", tracking_number="ab 123 456 789 gb")
    twice = await ben.send(f"{at}/parcel", carrier="other", other="royal mail", tracking_number="AB123456789GB")

    assert (wrong.status, "Enter a number with letters and digits" in wrong.words) == (422, True)
    assert done.status == 303
    assert (twice.status, "This number is known already" in twice.words) == (422, True)
    shipments = (await scene.house.see(scene.returns["own"])).rma.shipments
    assert [(s.carrier, s.tracking_number) for s in shipments] == [("royal mail", "AB123456789GB")]
    assert "royal mail AB123456789GB" in (await ben.get(at)).words
