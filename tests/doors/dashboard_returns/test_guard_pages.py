"""The second person's page and the queues, as staff use them."""

from typing import Any

import httpx2
import pytest

from retour.core.account import Role
from retour.core.breaker import Limits
from retour.core.second import SecondRule
from retour.flows import guard
from tests.doors.dashboard_returns.clerk import Clerk, sign_in
from tests.doors.dashboard_returns.scene import Scene
from tests.stories.house import Units, now

pytestmark = pytest.mark.anyio


async def waiting(scene: Scene) -> str:
    """Let the return to inspect be approved by Ben, inspected, and wait for a second person; return its address."""
    house, rma_id = scene.house, scene.returns["inspect"]
    await house.do(
        lambda db: guard.change_guard(
            db, store_id=house.store, second=SecondRule(above_minor=5_000), limits=Limits(), actor="test", now=now()
        )
    )
    await house.inspect(rma_id, Units(0, 1), Units(1, 1))
    assert await house.waits(rma_id) == ("finance", "second_approval")
    return f"/dashboard/returns/{await scene.number('inspect')}"


async def money(scene: Scene) -> list[Any]:
    return await scene.house.rows(
        "SELECT (SELECT count(*) FROM effect WHERE kind = 'refund_tender'), (SELECT count(*) FROM second_approval)"
    )


async def test_an_owner_who_had_no_hand_in_it_approves_what_the_page_shows(scene: Scene, ana: Clerk) -> None:
    at = await waiting(scene)
    page = await ana.get(at)
    assert "Approve a payment" in page.words
    shown = await ana.get(f"{at}/second")
    assert "Approve €128.70" in shown.words
    assert "Had a hand in it:" in shown.words
    assert "Ben Okafor" in shown.words

    done = await ana.send(f"{at}/second", note="Looked at the photos")

    assert (done.status, done.headers["location"]) == (303, at)
    await scene.house.settle_down()
    assert await scene.house.status(scene.returns["inspect"]) == "resolved"
    said = await scene.house.rows("SELECT verdict, actor, note FROM second_approval")
    assert [tuple(row) for row in said] == [("approved", scene.actor(Role.OWNER), "Looked at the photos")]


async def test_whoever_may_not_is_told_so_and_nothing_moves(scene: Scene, ben: Clerk) -> None:
    at = await waiting(scene)
    before = await money(scene)

    refused = await ben.send(f"{at}/second")

    assert refused.status == 422
    assert "Your role cannot be the second person in this shop." in refused.words
    assert await money(scene) == before


async def test_a_forged_hash_approves_nothing(scene: Scene, ana: Clerk) -> None:
    at = await waiting(scene)
    page, before = await ana.get(f"{at}/second"), await money(scene)

    answer = await ana.post(
        f"{at}/second", {"_csrf": page.value("_csrf"), "version": page.value("version"), "hash": "0" * 64}
    )

    assert answer.status == 409
    assert await money(scene) == before


async def test_a_refusal_needs_a_reason_which_the_next_one_reads(scene: Scene, ana: Clerk) -> None:
    at = await waiting(scene)

    without = await ana.send(f"{at}/second-refuse", reason=" ")
    done = await ana.send(f"{at}/second-refuse", reason="The photos show another jacket")

    assert (without.status, done.status) == (422, 303)
    assert "The photos show another jacket" in (await ana.get(f"{at}/second")).words
    assert "Payment not approved by a second person" in (await ana.get(at)).words
    assert await scene.house.waits(scene.returns["inspect"]) == ("finance", "second_approval")


async def test_the_queues_tell_what_waits_by_reason_and_age(scene: Scene, ana: Clerk) -> None:
    number, other = await scene.number("decide"), await scene.number("inspect")
    await scene.house.rows(
        "UPDATE rma SET blocked_since = now() - interval '30 hours' WHERE id = $1 RETURNING id", scene.returns["decide"]
    )

    page = await ana.get("/dashboard/queues")
    late = await ana.get("/dashboard/queues?late=1")
    warehouse = await ana.get("/dashboard/queues?actor=warehouse")
    nothing = await ana.get("/dashboard/queues?code=held")

    assert "1 return waits longer than it may." in page.words
    assert number in page.words
    assert other in page.words
    assert number in late.words
    assert other not in late.words
    assert other in warehouse.words
    assert "2 of 2 received, none inspected" in warehouse.words
    assert number not in warehouse.words
    assert "Nothing waits for this." in nothing.words
    assert "1 waits longer than it may." in (await ana.get("/dashboard")).words


async def test_the_queues_tell_what_is_known_of_the_oldest_as_people_say_it(scene: Scene, ana: Clerk) -> None:
    await waiting(scene)

    page = await ana.get("/dashboard/queues?actor=finance")

    assert "€128.70, above the amount" in page.words


async def test_odd_filters_of_the_queues_are_left_out(scene: Scene, http: httpx2.AsyncClient) -> None:
    ana = await sign_in(http, scene, Role.OWNER)

    page = await ana.get("/dashboard/queues?actor=%00x&code='--&late=7")

    assert page.status == 200
    assert await scene.number("decide") in page.words
