"""Which returns of the past are a sign of abuse, and which are not: what never left, what was the shop's fault, a first loss."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from retour.core.rma import Grade, Moment
from retour.flows import rma
from retour.store.db import Database
from retour.store.ids import new_id
from retour.store.order import OrderRecord
from tests.flows.guard.test_fraud import limits, ordered_by, risk
from tests.flows.stage import Stage, now, staged

pytestmark = pytest.mark.anyio
EVE = "eve@example.org"


@pytest.fixture
async def stage(database: Database, executor_database: Database, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(database, executor_database, tmp_path) as stage:
        yield stage


async def asked(stage: Stage, of: OrderRecord, reason: str, units: int = 1, **more: Any) -> UUID:
    rma_id = new_id()
    async with stage.database.tx(stage.tenant_id) as db:
        wish = rma.Wish(of.order.lines[0].ref, units, reason)
        await rma.request_return(
            db, rma.Asking(stage.store_id, of.id, (wish,), "api", **more), id=rma_id, actor="shopper", now=now(),
            policies=stage.policies,
        )  # fmt: skip
    return rma_id


async def settled_long_ago(stage: Stage, rma_id: UUID) -> None:
    """Let a return be approved and paid, three weeks and a day ago."""
    await stage.approve(rma_id)
    await stage.drive(rma_id)
    paid = await stage.fetch(
        "UPDATE settlement SET settled_at = settled_at - interval '22 days' WHERE rma_id = $1 AND state = 'settled'"
        " RETURNING total_minor",
        rma_id,
    )
    assert paid


async def signs_of_the_next(stage: Stage) -> list[str]:
    return [s.sign.value for s in (await risk(stage, await stage.request(await ordered_by(stage, EVE)))).signals]


async def unsent(stage: Stage, units: int) -> OrderRecord:
    """Return an order of which so many units were not sent, and one was."""
    lines = [{"sku": f"S-{new_id().hex[-6:]}", "price": "10.00", "quantity": units + 1, "fulfilled": 1}]
    made = await stage.mirror((await stage.shop.post("orders", lines=lines))["id"])
    await stage.fetch("UPDATE person SET email = $2, email_folded = $2 WHERE id = $1 RETURNING id", made.person_id, EVE)
    return made


async def test_what_was_cancelled_before_it_was_sent_is_no_sign(stage: Stage) -> None:
    await limits(stage, returns=1, share_bp=1, others=100)
    rma_id = await asked(stage, await unsent(stage, 6), "changed_mind", 6, kind="cancellation")
    await settled_long_ago(stage, rma_id)

    assert await signs_of_the_next(stage) == []


async def test_a_first_claim_of_goods_that_never_arrived_is_no_sign_and_the_second_is_one(stage: Stage) -> None:
    await limits(stage, others=100)
    for _ in range(2):
        before = await signs_of_the_next(stage)
        claim = await asked(stage, await ordered_by(stage, EVE), "never_arrived", kind="claim")
        await settled_long_ago(stage, claim)
        assert before == []

    assert await signs_of_the_next(stage) == ["paid_without_goods"]


async def test_money_paid_ahead_of_goods_that_never_came_is_a_sign_after_three_weeks(stage: Stage) -> None:
    await limits(stage, others=100)
    rma_id = await stage.request(await ordered_by(stage, EVE))
    await stage.fetch(
        "UPDATE return_line SET settle_on = $2 WHERE rma_id = $1 RETURNING id", rma_id, Moment.APPROVED.value
    )
    await stage.approve(rma_id)
    await stage.drive(rma_id)
    assert await signs_of_the_next(stage) == []
    await stage.fetch(
        "UPDATE settlement SET settled_at = settled_at - interval '22 days' WHERE rma_id = $1 RETURNING id", rma_id
    )

    assert await signs_of_the_next(stage) == ["paid_without_goods"]
    await stage.receive(rma_id)
    assert await signs_of_the_next(stage) == []


async def test_goods_that_broke_are_not_worn_whatever_the_shop_calls_the_reason(stage: Stage) -> None:
    await limits(stage, worn=1, others=100)
    await stage.fetch(
        "INSERT INTO reason (tenant_id, id, store_id, code, standard_group, texts, position, created_at, changed_at)"
        " VALUES ($1, gen_random_uuid(), $2, 'zip_broke', 'quality', '{\"en\": \"The zip broke\"}', 99, now(), now())"
        " RETURNING id",
        stage.tenant_id, stage.store_id,
    )  # fmt: skip
    for reason, expected in (("zip_broke", []), ("too_small", ["wardrobing"])):
        rma_id = await asked(stage, await ordered_by(stage, EVE), reason)
        await stage.approve(rma_id)
        await stage.drive(rma_id)
        await stage.receive(rma_id)
        await stage.inspect(rma_id, 1, Grade.DAMAGED)
        await stage.drive(rma_id)
        assert await signs_of_the_next(stage) == expected


async def test_a_guest_of_several_orders_is_one_shopper_and_other_spellings_are_others(stage: Stage) -> None:
    await limits(stage, returns=100)
    for _ in range(3):
        await stage.request(await ordered_by(stage, EVE))
    assert await signs_of_the_next(stage) == []

    for spelling in ("eve+1@example.org", "eve+2@example.org"):
        await stage.request(await ordered_by(stage, spelling))

    assert await signs_of_the_next(stage) == ["shared_identity"]
