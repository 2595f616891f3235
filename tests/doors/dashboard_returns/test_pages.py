"""The desk's pages: who may open them, what they say, and that words of strangers stay words."""

import re

import httpx2
import pytest

from retour.core.account import Role
from retour.doors.dashboard.asked import Asked
from retour.flows import rma
from tests.doors.dashboard_returns.clerk import Clerk, sign_in
from tests.doors.dashboard_returns.scene import MUGS, Scene, listed
from tests.stories.house import now

pytestmark = pytest.mark.anyio

DESK_PAGES = ("/dashboard/orders", "/dashboard/customers", "/dashboard/exceptions", "/dashboard/find?q=mara")
ALL_PAGES = (*DESK_PAGES, "/dashboard", "/dashboard/returns", "/dashboard/returns?view=all&q=mara&sort=oldest&page=9")
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\u202egnp.exe"


@pytest.fixture
def scene(lasting_scene: Scene) -> Scene:
    """The tests of this module share a shop, in the order in which they stand."""
    return lasting_scene


async def test_the_list_is_narrowed_searched_and_counted(scene: Scene) -> None:
    decide, inspect = await scene.number("decide"), await scene.number("inspect")

    async def numbers(**filters: object) -> list[str]:
        found = await listed(scene, **filters)
        assert found.total == len(found.rows)
        return [f"R-{row.number}" for row in found.rows]

    assert await numbers() == [inspect, decide]
    assert await numbers(actors=("warehouse",)) == [inspect]
    assert await numbers(statuses=("requested",)) == [decide]
    assert await numbers(blockers=("awaiting_inspection", "held")) == [inspect]
    assert await numbers(channels=("api",)) == []
    assert await numbers(resolutions=("refund_original",)) == [inspect, decide]
    assert await numbers(resolutions=("exchange",)) == []
    assert await numbers(closed=True) == []
    assert await numbers(since=now()) == []
    assert await numbers(text=decide.lower()) == [decide]
    assert await numbers(text="#1002") == [inspect]
    assert await numbers(text="MARA@example.com ") == [inspect]
    assert await numbers(text="lindq") == [inspect]
    assert await numbers(text=f"{scene.returns['inspect']}-1") == [inspect]
    assert await numbers(text="nobody at all") == []
    assert await numbers(ids=(scene.returns["decide"],)) == [decide]


async def test_every_page_opens_without_foreign_code_and_is_never_kept(scene: Scene, ana: Clerk) -> None:
    number = await scene.number("inspect")
    order = (await scene.house.see(scene.returns["inspect"])).order_id

    for path in (*ALL_PAGES, f"/dashboard/returns/{number}", f"/dashboard/returns/{number}/policy",
                 f"/dashboard/orders/{order}", f"/dashboard/orders/{order}/return"):  # fmt: skip
        page = await ana.get(path)
        assert page.status == 200, path
        assert page.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", page.text), path
        assert page.text.count("<h1") == 1, path
        assert "<title>" in page.text


async def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(scene: Scene, http: httpx2.AsyncClient) -> None:
    answer = await http.get("/dashboard/returns?view=all", headers={"accept": "text/html"}, follow_redirects=False)

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/dashboard/returns%3Fview%3Dall")


async def test_the_warehouse_opens_returns_and_nothing_else_of_the_desk(scene: Scene, jonas: Clerk) -> None:
    assert [(await jonas.get(path)).status for path in DESK_PAGES] == [403] * len(DESK_PAGES)
    assert (await jonas.get(f"/dashboard/returns/{await scene.number('inspect')}")).status == 200


async def test_home_says_what_needs_the_reader_and_what_moves_by_itself(scene: Scene, ana: Clerk) -> None:
    await scene.ask("shopper", await scene.order(name="Lena Fuchs"), {0: (1, "too_large", None)})
    await scene.approve("shopper")

    page = await ana.get("/dashboard")

    assert "2 returns need you" in page.words
    assert "1 other moves by itself." in page.words
    assert "Decide No rule approves these by itself." in page.words
    assert "Inspect what arrived" in page.words
    assert "Returns per week" in page.words


async def test_the_return_page_tells_where_it_stands_and_the_next_step_of_each_role(
    scene: Scene, ana: Clerk, jonas: Clerk
) -> None:
    at = f"/dashboard/returns/{await scene.number('inspect')}"
    page = await ana.get(at)

    assert "Goods: Received, not inspected" in page.words
    assert "Inspect 2 units Waits for you since" in page.words
    assert "Too small: “sleeves end above the wrist”" in page.words
    assert "To pay out includes €20.55 tax €128.70" in page.words
    assert f'href="{at}/inspect"' in page.text
    decide = await jonas.get(f"/dashboard/returns/{await scene.number('decide')}")
    assert "Waits for an agent since" in decide.words
    assert "An agent can act here." in decide.words
    assert "/approve" not in decide.text


async def test_words_of_strangers_stay_words_on_every_page(scene: Scene, ana: Clerk) -> None:
    order = await scene.order({**MUGS, "name": HOSTILE}, name=f"Eve {HOSTILE}", bend=None)
    await scene.ask("hostile", order, {0: (1, "other", HOSTILE)})
    rma_id = scene.returns["hostile"]
    await scene.house.do(
        lambda db: rma.add_note(db, rma_id=rma_id, body=HOSTILE * 20, shown_to_shopper=True, actor="shopper", now=now())
    )
    number = await scene.number("hostile")

    for path in (f"/dashboard/returns/{number}", f"/dashboard/returns/{number}/reject", "/dashboard/returns",
                 f"/dashboard/orders/{order.id}", f"/dashboard/orders/{order.id}/return", "/dashboard/customers",
                 f"/dashboard/customers/{order.person_id}", f"/dashboard/find?q={HOSTILE}",
                 f"/dashboard/returns?q={HOSTILE}&status={HOSTILE}&since={HOSTILE}&saved={HOSTILE}"):  # fmt: skip
        page = await ana.get(path)
        assert page.status == 200, path
        assert "<script>alert" not in page.text, path
        assert "<img src=x" not in page.text, path


async def test_a_view_is_kept_for_whoever_named_it(scene: Scene, http: httpx2.AsyncClient, ben: Clerk) -> None:
    page = await ben.get("/dashboard/returns?view=all&status=requested")
    form = {"_csrf": page.value("_csrf"), "name": "To decide", "query": page.value("query")}
    await ben.post("/dashboard/returns/views", form)

    mine, ana = await ben.get("/dashboard/returns"), await sign_in(http, scene, Role.OWNER)
    assert "To decide" in mine.words
    assert "To decide" not in (await ana.get("/dashboard/returns")).words
    elsewhere = await ben.post("/dashboard/returns/views", form | {"query": "//evil.example/x"})
    assert elsewhere.headers["location"] == "/dashboard/returns"


def test_an_address_keeps_its_filters_and_starts_at_page_one_when_they_change() -> None:
    asked = Asked(view="all", chosen={"status": ("approved",)}, page=3)

    assert asked.query(page=4) == "/dashboard/returns?view=all&status=approved&page=4"
    assert asked.without("status", "approved") == "/dashboard/returns?view=all"
