"""Staff start an exchange and name the new article with it."""

from typing import Any

import pytest

from retour.store.order import OrderRecord
from tests.doors.dashboard_returns.clerk import Clerk
from tests.doors.dashboard_returns.scene import Scene
from tests.doors.dashboard_returns.test_start_kinds import row, start

pytestmark = pytest.mark.anyio

ASKED = {"quantity-0": "1", "reason-0": "too_small"}


async def named(scene: Scene, order: OrderRecord) -> list[tuple[str, Any]]:
    async with scene.house.web.tx(scene.house.tenant) as db:
        found = await db.fetch(
            """SELECT w.article, w.actor FROM wanted_article w JOIN rma r ON r.tenant_id = w.tenant_id AND r.id = w.rma_id
                WHERE r.order_id = $1""",
            order.id,
        )
    return [(one["article"], one["actor"].partition(":")[0]) for one in found]


async def test_the_article_is_kept_with_the_return(scene: Scene, ben: Clerk) -> None:
    order = await scene.order(name="Ida Sand")

    done = await start(
        ben, order, "return", resolution="exchange", beyond="1", reason="a friend of the house",
        **{**ASKED, "article-0": "RT-TEE-L"},
    )  # fmt: skip

    assert done.status == 303, done.words
    assert await named(scene, order) == [("RT-TEE-L", "staff")]


async def test_it_can_be_named_later_and_only_what_is_exchanged_has_one(scene: Scene, ben: Clerk) -> None:
    order = await scene.order(name="Ida Sand")

    refused = await start(ben, order, "return", **{**ASKED, "article-0": "RT-TEE-L"})
    assert (refused.status, "Only what is exchanged has a new article" in refused.words) == (422, True)
    assert await row(scene, order) is None

    done = await start(ben, order, "return", resolution="exchange", beyond="1", reason="later", **ASKED)
    assert done.status == 303, done.words
    assert await named(scene, order) == []
