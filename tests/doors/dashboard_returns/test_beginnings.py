"""What a return began as stands on its page, with the way there."""

import pytest

from retour.flows import rma
from retour.store.vault import Vault
from tests.doors.dashboard_returns.clerk import Clerk
from tests.doors.dashboard_returns.scene import Scene
from tests.doors.dashboard_returns.test_withdrawals import a_statement, standing
from tests.stories.house import now

pytestmark = pytest.mark.anyio


async def test_a_withdrawal_is_named_with_the_way_to_its_statement(scene: Scene, ben: Clerk, vault: Vault) -> None:
    order = await scene.order(name="Ida Sand")
    id_ = await a_statement(scene, vault, order, contact="ida@example.com")
    assert (await standing(scene, vault, id_)).state.value == "matched"
    async with scene.house.web.tx(scene.house.tenant) as db:
        number = await db.fetchval("SELECT number FROM rma WHERE order_id = $1", order.id)

    page = await ben.get(f"/dashboard/returns/R-{number}")

    assert "Began as a withdrawal, stated" in page.words
    assert f'href="/dashboard/withdrawals/{id_}"' in page.text


async def test_a_return_that_went_on_in_another_is_named_there(scene: Scene, ben: Clerk) -> None:
    order = await scene.order(name="Ida Sand")
    first = await scene.ask("first", order, {0: (1, "changed_mind", None)})
    second = await scene.ask("second", order, {0: (1, "too_small", None)})
    await scene.house.do(lambda db: rma.merge(db, rma_id=second, into=first, actor="staff:1", now=now()))

    page = await ben.get(f"/dashboard/returns/{await scene.number('first')}")

    assert f"{await scene.number('second')} went on in it" in page.words
    assert "Began as" not in page.words
