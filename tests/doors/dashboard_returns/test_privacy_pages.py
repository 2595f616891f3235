"""A customer's export and erasure on their page: for owners, with a page that asks once more."""

from uuid import UUID

import pytest

from retour.flows import privacy
from tests.doors.dashboard_returns.clerk import Clerk
from tests.doors.dashboard_returns.scene import Scene
from tests.stories.house import now

pytestmark = pytest.mark.anyio


async def person_of(scene: Scene, name: str) -> UUID:
    async with scene.house.web.tx(scene.house.tenant) as db:
        found: UUID = await db.fetchval("SELECT person_id FROM rma WHERE id = $1", scene.returns[name])
    return found


async def work(scene: Scene) -> None:
    """Do the job of every request that waits."""
    by = privacy.Answerer(scene.house.web, scene.house.vault, now, lambda _tenant, _person: None)
    async with scene.house.web.tx(scene.house.tenant) as db:
        rows = await db.fetch("SELECT id FROM privacy_request WHERE state = 'waiting'")
    for row in rows:
        await privacy.answer(by, tenant_id=scene.house.tenant, request_id=row["id"])


async def events(scene: Scene) -> list[str]:
    async with scene.house.web.tx(scene.house.tenant) as db:
        rows = await db.fetch("SELECT type FROM event WHERE type LIKE 'privacy.%' ORDER BY id")
    return [row["type"] for row in rows]


async def test_an_owner_asks_for_an_export_and_an_erasure_that_waits_for_the_open_return(
    scene: Scene, ana: Clerk
) -> None:
    at = f"/dashboard/customers/{await person_of(scene, 'decide')}"

    assert (await ana.send(at, to=f"{at}/export")).status == 303
    waiting = await ana.get(at)
    await work(scene)
    ready = await ana.get(at)
    unsure = await ana.send(f"{at}/erase")
    before = await events(scene)
    sure = await ana.send(f"{at}/erase", sure="1")
    await work(scene)
    postponed = await ana.get(at)
    listed = await ana.get("/dashboard/customers")

    assert "Export · In progress" in waiting.words
    assert "Export · Done" in ready.words
    assert "Can be downloaded until" in ready.words
    assert (unsure.status, "Say that you are sure" in unsure.words) == (422, True)
    assert "Something is still open with this customer." in unsure.words
    assert before == ["privacy.asked", "privacy.exported"]
    assert (sure.status, sure.headers["location"]) == (303, f"{at}#privacy")
    assert "Erasure · In progress · Waits for the end of an open return" in postponed.words
    assert "The law wants an answer by" in postponed.words
    assert "Ola Berg" in listed.words


async def test_only_an_owner_sees_asks_and_downloads(scene: Scene, ana: Clerk, ben: Clerk, jonas: Clerk) -> None:
    person_id = await person_of(scene, "decide")
    at = f"/dashboard/customers/{person_id}"

    agents = await ben.get(at)
    assert (agents.status, "Export everything" in agents.words) == (200, False)
    for clerk in (ben, jonas):
        assert (await clerk.get(f"{at}/erase")).status == 403
        assert (await clerk.post(f"{at}/erase", {"sure": "1"})).status == 403
        assert (await clerk.post(f"{at}/export", {})).status == 403
        assert (await clerk.get(f"/dashboard/privacy/{person_id}/files/1")).status == 403
    assert (await ana.get(f"/dashboard/privacy/{person_id}/files/1")).status == 404
    assert (await ana.post(f"{at}/erase", {"sure": "1"})).status == 403, "a form without its token"
    assert await events(scene) == []
