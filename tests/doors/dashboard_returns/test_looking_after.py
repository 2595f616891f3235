"""Looking after returns on the desk's pages: marks, the list that is narrowed by them, duplicates, many at once."""

from typing import Any
from uuid import UUID

import pytest

from retour.core.account import Role
from retour.flows import rma
from retour.store.desk.narrowed import Place
from tests.doors.dashboard_returns.clerk import Clerk
from tests.doors.dashboard_returns.scene import MUGS, Scene, listed
from tests.doors.dashboard_returns.test_acts import traces
from tests.stories.house import now

pytestmark = pytest.mark.anyio
LIST = "/dashboard/returns"


async def numbers(scene: Scene, **filters: Any) -> list[str]:
    return [f"R-{row.number}" for row in (await listed(scene, **filters)).rows]


async def test_marks_are_set_on_one_page_and_narrow_the_list(scene: Scene, ben: Clerk, ana: Clerk) -> None:
    number, rma_id = await scene.number("decide"), scene.returns["decide"]
    at = f"{LIST}/{number}/attend"
    chosen = {"assignee": str(scene.staff[Role.AGENT]), "priority": "urgent", "tags": " VIP, <b>bold</b>", "watch": "1"}

    done = await ben.send(at, **chosen)

    assert done.status == 303
    page = await ben.get(f"{LIST}/{number}")
    assert "Looked after by Ben Okafor Priority Urgent Tags <b>bold</b>, vip Watched by Ben Okafor" in page.words
    assert "<b>bold" not in page.text
    assert "Assigned to Ben Okafor" in page.words
    assert "Tagged: <b>bold</b>, vip" in page.words
    for query in ("view=mine", "view=watched", "view=all&tag=VIP", "view=all&priority=urgent",
                  f"view=all&assignee={scene.staff[Role.AGENT]}"):  # fmt: skip
        shown = await ben.get(f"{LIST}?{query}")
        assert (number in shown.words, await scene.number("inspect") in shown.words) == (True, False), query
    assert "Mine 1" in (await ben.get(LIST)).words
    assert "with Ben Okafor" in (await ana.get(f"{LIST}?view=all")).words
    assert number not in (await ana.get(f"{LIST}?view=all&assignee=nobody")).words
    assert number not in (await ana.get(f"{LIST}?view=mine")).words
    events = [e.type for e in await scene.house.events(rma_id)]
    await ben.send(at, **chosen)
    assert [e.type for e in await scene.house.events(rma_id)] == events


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"assignee": "somebody"}, "Choose one of the staff"),
        ({"priority": "now"}, "Choose a priority"),
        ({"tags": "x" * 41}, "A tag has 1 to 40 characters"),
        ({"tags": ",".join(f"t{n}" for n in range(21))}, "At most 20 tags"),
    ],
)
async def test_marks_that_do_not_exist_are_refused_and_nothing_is_told(
    scene: Scene, ben: Clerk, wrong: dict[str, str], said: str
) -> None:
    before = await traces(scene)

    refused = await ben.send(f"{LIST}/{await scene.number('decide')}/attend", **{"priority": "normal", **wrong})

    assert (refused.status, said in refused.words) == (422, True)
    assert await traces(scene) == before


async def test_the_warehouse_marks_nothing(scene: Scene, jonas: Clerk) -> None:
    number = await scene.number("decide")

    assert (await jonas.get(f"{LIST}/{number}/attend")).status == 403
    assert "Looked after" not in (await jonas.get(f"{LIST}/{number}")).words


async def test_a_page_begins_and_ends_at_a_place_in_every_order(scene: Scene) -> None:
    for name in ("Ida Sand", "Per Dahl", "Eva Lund"):
        await scene.ask(name, await scene.order(name=name), {0: (1, "other", None)})
    rows = {row.number: row for row in (await listed(scene)).rows}
    newest = sorted(rows, reverse=True)

    async def page(sort: str, at: int, *, back: bool = False) -> list[int]:
        since = rows[at].blocked_since if sort == "waiting" else None
        place = Place(at, since, back)
        return [row.number for row in (await listed(scene, sort=sort, place=place, page=2)).rows]

    assert await page("newest", newest[1]) == newest[2:]
    assert await page("newest", newest[2], back=True) == newest[:2]
    assert await page("oldest", newest[2]) == [newest[1], newest[0]]
    assert await page("oldest", newest[2], back=True) == [newest[4], newest[3]]
    waiting = [row.number for row in (await listed(scene, sort="waiting")).rows]
    assert await page("waiting", waiting[1]) == waiting[2:]
    assert await page("waiting", waiting[3], back=True) == waiting[:3]


@pytest.mark.parametrize("sort", ["newest", "oldest", "waiting"])
async def test_pages_counted_off_from_the_end_are_the_same_pages(scene: Scene, sort: str) -> None:
    for name in ("Ida Sand", "Per Dahl", "Eva Lund"):
        await scene.ask(name, await scene.order(name=name), {0: (1, "other", None)})
    whole = [row.number for row in (await listed(scene, sort=sort)).rows]

    for page in range(1, 5):
        found = await listed(scene, sort=sort, page=page, size=2, known=len(whole))
        assert [row.number for row in found.rows] == whole[2 * page - 2 : 2 * page], page
    assert len(whole) == 5


async def test_a_search_finds_words_of_goods_notes_and_shoppers_and_forgets_the_erased(scene: Scene) -> None:
    decide, inspect = await scene.number("decide"), await scene.number("inspect")
    note, rma_id = "Asked for a photograph of the Zürich label", scene.returns["decide"]
    await scene.house.do(
        lambda db: rma.add_note(db, rma_id=rma_id, body=note, shown_to_shopper=False, actor="x", now=now())
    )

    for text, found in {
        "tj-mos-m": [inspect], "TJ MOS": [inspect], "trail mara": [inspect], "wrist": [inspect], "zurich": [decide],
        "stoneware": [decide], "mug berg": [decide], "Ola": [decide], "trail berg": [], "acket": [], "%": [], "'": [],
    }.items():  # fmt: skip
        assert await numbers(scene, text=text) == found, text

    await scene.house.do(
        lambda db: db.execute(
            "UPDATE person SET erased_at = now(), name = NULL, email = NULL, email_folded = NULL WHERE name = 'Ola Berg'"
        )
    )
    for text in ("zurich", "stoneware", "Ola", "berg"):
        assert await numbers(scene, text=text) == [], text
    assert await numbers(scene, text=decide) == [decide]


async def test_two_returns_of_one_order_become_one_on_their_page(scene: Scene, ben: Clerk) -> None:
    order = await scene.order(MUGS, name="Lena Fuchs")
    await scene.ask("first", order, {0: (1, "too_large", None)})
    await scene.ask("second", order, {0: (1, "too_large", None)})
    first, second = await scene.number("first"), await scene.number("second")
    at = f"{LIST}/{second}/merge"
    assert (await ben.get(f"{LIST}/{await scene.number('decide')}/merge")).status == 409
    before = await traces(scene)
    foreign = await ben.send(at, into=str(scene.returns["inspect"]))
    assert (foreign.status, "Choose the return that goes on" in foreign.words) == (422, True)
    assert await traces(scene) == before

    done = await ben.send(at, into=str(scene.returns["first"]))

    assert done.status == 303
    gone, kept = await ben.get(f"{LIST}/{second}"), await ben.get(f"{LIST}/{first}")
    assert f"Merged into {first}" in gone.words
    assert f"Took over {second}" in kept.words
    assert (await scene.house.status(scene.returns["second"]), len((await scene.house.see(scene.returns["first"])).rma.lines)) == (
        "cancelled", 2,
    )  # fmt: skip


async def bulk(scene: Scene, clerk: Clerk, act: str, said: str, *names: str) -> Any:
    """Choose returns, look at the review, and carry it out with what it is told."""
    csrf = (await clerk.get(LIST)).value("_csrf")
    ids = [str(scene.returns[name]) for name in names]
    review = await clerk.post(f"{LIST}/review", {"_csrf": csrf, "act": "other", "other": act, "id": ids})
    assert review.status == 200, review.words
    form = {"_csrf": csrf, "act": act, "confirmed": review.values("confirmed"), "message": said, "back": LIST}
    return review, form, await clerk.post(f"{LIST}/carry-out", form)


@pytest.mark.parametrize(
    ("act", "said", "result"),
    [
        ("assign", "", "Assigned: 2 returns"),
        ("tag", "wholesale", "Tagged: 2 returns"),
        ("untag", "wholesale", "Tag taken off: 2 returns"),
        ("priority", "high", "Priority set: 2 returns"),
        ("note", "Ask the depot.", "Note added: 2 returns"),
        ("hold", "Waiting for photos.", "Put on hold: 2 returns"),
    ],
)
async def test_many_are_marked_at_once(scene: Scene, ben: Clerk, act: str, said: str, result: str) -> None:
    _, form, done = await bulk(scene, ben, act, said, "decide", "inspect")
    assert result in done.words
    counted = "SELECT (SELECT count(*) FROM rma_note), (SELECT count(*) FROM rma_tag), (SELECT count(*) FROM event)"
    before = await scene.house.rows(counted)

    await ben.post(f"{LIST}/carry-out", form)  # sent again

    assert await scene.house.rows(counted) == before


async def test_what_a_bulk_act_cannot_do_is_said_before_and_left_alone(scene: Scene, ben: Clerk) -> None:
    review, _, done = await bulk(scene, ben, "cancel", "", "decide", "inspect")
    assert "For 1 of 2 this can be done." in review.words
    assert "already received" in review.words
    assert "Cancelled: 1 return" in done.words
    states = [await scene.house.status(scene.returns[name]) for name in ("decide", "inspect")]
    assert states == ["cancelled", "approved"]

    none, _, _ = await bulk(scene, ben, "release", "", "inspect")
    assert "not on hold" in none.words


@pytest.mark.parametrize(
    ("act", "said"), [("hold", ""), ("note", " "), ("tag", "x" * 41), ("priority", "now"), ("assign", str(UUID(int=9)))]
)
async def test_a_bulk_act_that_lacks_what_it_needs_changes_nothing(
    scene: Scene, ben: Clerk, act: str, said: str
) -> None:
    before = await traces(scene)

    _, _, refused = await bulk(scene, ben, act, said, "decide")

    assert refused.status == 422
    assert await traces(scene) == before


async def test_a_view_is_kept_alone_or_shared_and_removed_by_its_keeper_or_an_owner(
    scene: Scene, ben: Clerk, ana: Clerk
) -> None:
    csrf = (await ben.get(LIST)).value("_csrf")
    for name, shared in (("Mine alone", {}), ("Ours", {"shared": "1"})):
        await ben.post(f"{LIST}/views", {"_csrf": csrf, "name": name, "query": f"{LIST}?tag=vip", **shared})

    theirs = await ana.get(LIST)
    assert ("Ours (shared)" in theirs.words, "Mine alone" in theirs.words) == (True, False)
    ((alone,), (ours,)) = await scene.house.rows("SELECT id FROM saved_view ORDER BY name")
    for view_id in (alone, ours):
        await ana.post(f"{LIST}/views/{view_id}/remove", {"_csrf": theirs.value("_csrf")})
    assert await scene.house.rows("SELECT name FROM saved_view") == [("Mine alone",)]
    await ben.post(f"{LIST}/views/{alone}/remove", {"_csrf": csrf})
    assert await scene.house.rows("SELECT count(*) FROM saved_view") == [(0,)]


async def test_a_view_of_a_tag_that_nothing_has_any_more_is_an_empty_list(scene: Scene, ben: Clerk) -> None:
    csrf = (await ben.get(LIST)).value("_csrf")
    await ben.post(f"{LIST}/views", {"_csrf": csrf, "name": "Gone", "query": f"{LIST}?tag=gone"})

    page = await ben.get(f"{LIST}?tag=gone")

    assert page.status == 200
    assert "Gone" in page.words
    assert "R-10" not in page.words
