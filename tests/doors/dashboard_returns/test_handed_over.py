"""What is handed over, as staff see it: named as the merchant names it, reported once, owed again when it failed."""

from dataclasses import replace
from uuid import UUID

import pytest

from retour.core.account import Role
from retour.core.policy import template
from retour.core.policy.outcome import Bonus, ResolutionKind, ResolutionOffer, Resolutions
from retour.core.resolution import Wording
from retour.flows import resolution as flow
from retour.flows import rma
from tests.doors.dashboard_returns.clerk import Clerk
from tests.doors.dashboard_returns.scene import MUGS, Scene
from tests.stories.house import Units, now

pytestmark = pytest.mark.anyio
CREDIT = {"en": Wording("Shop credit", "Worth 10 % more"), "de": Wording("Guthaben")}


@pytest.fixture
async def handed(scene: Scene) -> Scene:
    """The shop in which one more return is inspected and its credit with a bonus of 10 % waits to be issued."""
    house = scene.house
    kind = ResolutionKind.STORE_CREDIT
    async with house.web.tx(house.tenant) as db:
        record = await flow.create(
            db, store_id=house.store, kind=kind, texts=CREDIT, integration=None, actor="o", now=now()
        )  # fmt: skip
        offer = ResolutionOffer(kind, str(record.id), bonus=Bonus(bp=1_000))
        document = template()
        await house.publish(
            replace(document, defaults=replace(document.defaults, resolutions=Resolutions((offer,)))), db=db
        )
    order = await scene.order(MUGS, name="Mara Lindqvist")
    wish = rma.Wish(order.order.lines[0].ref, 1, "changed_mind", resolution=kind.value)
    scene.returns["credit"] = rma_id = await house.ask(order, [wish])
    await scene.approve("credit")
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))
    return scene


async def at(scene: Scene) -> str:
    return f"/dashboard/returns/{await scene.number('credit')}"


async def state(scene: Scene) -> tuple[str, str | None]:
    found = await scene.house.settlement(scene.returns["credit"])
    return found.state.value, found.report_ref


async def test_the_page_says_what_to_issue_in_the_merchants_words(handed: Scene, ben: Clerk) -> None:
    page = await ben.get(await at(handed))

    assert "Issue the store credit" in page.words
    assert "Shop credit, worth €41.80 ." in page.words
    assert "Wants: Shop credit" in page.words
    assert "Shop credit: Handed over, not reported yet" in page.words
    assert "Bonus of the shop" in page.words
    assert "Handed over: Shop credit, €41.80" in page.words
    home = (await ben.get("/dashboard")).words
    assert home.count("Report what was paid outside") == 1
    assert "Shop credit 1" in home


async def test_an_agent_reports_it_and_the_return_is_done(handed: Scene, ben: Clerk) -> None:
    here = await at(handed)
    shown = await ben.get(f"{here}/report")
    assert "Report Shop credit, €41.80 as done" in shown.words

    done = await ben.send(f"{here}/report", reference="LOT-7")
    await handed.house.settle_down()

    assert (done.status, done.headers["location"]) == (303, here)
    assert await state(handed) == ("settled", "LOT-7")
    assert await handed.house.status(handed.returns["credit"]) == "resolved"
    page = await ben.get(here)
    assert "Shop credit: Reported as done ( LOT-7 )" in page.words
    assert "Reported as done: Shop credit, €41.80" in page.words
    assert (await ben.get(f"{here}/report")).status == 409


async def test_what_failed_is_owed_again_with_its_reason(handed: Scene, ben: Clerk) -> None:
    here = await at(handed)
    silent = await ben.send(f"{here}/report-failed", reason=" ")
    assert (silent.status, "Say why, so that whoever pays next knows" in silent.words) == (422, True)
    assert await state(handed) == ("handed_over", None)

    await ben.send(f"{here}/report-failed", reason="The service is down")

    assert await state(handed) == ("due", None)
    page = await ben.get(here)
    assert "It failed before: “The service is down”." in page.words
    assert "Pay outside failed" in (await ben.get("/dashboard")).words


async def test_the_warehouse_reports_nothing(handed: Scene, jonas: Clerk) -> None:
    page = await jonas.get(f"{await at(handed)}/report")

    assert page.status == 403
    assert await state(handed) == ("handed_over", None)


async def test_the_list_is_narrowed_to_what_waits_for_a_report(handed: Scene, ana: Clerk) -> None:
    found = await ana.get("/dashboard/returns?view=all&blocker=awaiting_payout")
    other = await ana.get("/dashboard/returns?view=all&resolution=gift_card")

    number = await handed.number("credit")
    assert number in found.words
    assert number not in other.words
    assert isinstance(handed.staff[Role.OWNER], UUID)


async def test_staff_start_a_return_for_credit_and_see_what_it_is_worth(handed: Scene, ben: Clerk) -> None:
    order = await handed.order(MUGS, name="Ola Berg")
    at_order = f"/dashboard/orders/{order.id}/return"
    chosen = {"line": "0", "quantity-0": "1", "reason-0": "changed_mind"}

    refused = await ben.send(at_order, **chosen, resolution="gift_card")
    shown = await ben.send(at_order, **chosen, resolution="store_credit")
    done = await ben.send(at_order, **chosen, resolution="store_credit", hash=shown.value("hash"))

    assert (refused.status, "The policy does not offer that for it" in refused.words) == (422, True)
    assert "€41.80" in shown.words
    assert "Store credit €41.80" in shown.words
    assert done.status == 303
    kinds = await handed.house.rows("SELECT resolution FROM return_line l JOIN rma r ON r.id = l.rma_id"
                                    " WHERE r.channel = 'dashboard'")  # fmt: skip
    assert [tuple(row) for row in kinds] == [("store_credit",)]
