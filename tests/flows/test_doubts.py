"""Effects in doubt: what a refused repeat, an unusable look and a failed refund mean for what was sent before."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from retour.store.db import Database
from tests.flows.stage import Stage, staged
from tests.waiting import until

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stage(database: Database, executor_database: Database, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(database, executor_database, tmp_path) as stage:
        yield stage


async def test_a_throttled_repeat_does_not_clear_the_first_attempt_of_its_doubt(stage: Stage) -> None:
    stage.window = timedelta(seconds=1)
    rma_id = await stage.inspected(await stage.an_order(4))
    refund = await stage.to_the_refund(rma_id)
    await stage.shop.post("misbehave", where="refundCreate", how="timeout_after")
    await stage.shop.post("misbehave", where="refundCreate", how="throttled", times=1000)

    async def throttled() -> bool:
        await stage.carry(refund.id)
        return (await stage.shop.get("counts"))["effects"].get("refund") == 1 and await has_tried(2)

    async def has_tried(times: int) -> bool:
        return (await stage.effects(rma_id, "refund_tender"))[0].tries >= times

    await until(throttled)
    assert (await stage.effects(rma_id, "refund_tender"))[0].state == "unknown"

    async def is_the_window_over() -> bool:
        rows = await stage.fetch(
            "SELECT clock_timestamp() > first_sent_at + trusted_window FROM effect WHERE id = $1", refund.id
        )
        return bool(rows[0][0])

    await until(is_the_window_over)
    await stage.shop.post("forget-keys")
    await stage.shop.post("behave")
    await stage.drive(rma_id)

    assert (await stage.effects(rma_id, "refund_tender"))[0].state == "confirmed"
    assert (await stage.shop.effects())["refund"] == 1


@pytest.mark.parametrize("how", ["html", "throttled", "429", "500", "truncated"])
async def test_a_look_that_was_not_answered_is_taken_again_and_parks_nothing(stage: Stage, how: str) -> None:
    stage.window = timedelta(0)
    rma_id = await stage.inspected(await stage.an_order(4))
    refund = await stage.to_the_refund(rma_id)
    await stage.shop.post("misbehave", where="refundCreate", how="timeout_after")
    await stage.carry(refund.id)
    await stage.shop.post("misbehave", where="order", how=how, times=2)

    await stage.drive(rma_id)

    after = (await stage.effects(rma_id, "refund_tender"))[0]
    assert (after.state, after.parked_at) == ("confirmed", None)
    assert (await stage.shop.effects())["refund"] == 1


async def test_a_refund_found_as_failed_fails_and_frees_its_money(stage: Stage) -> None:
    stage.window = timedelta(0)
    await stage.shop.post("settings", refund_pending="FAILURE", refund_pending_s=0.05)
    order = await stage.an_order(4)
    rma_id = await stage.inspected(order)
    refund = await stage.to_the_refund(rma_id)
    await stage.shop.post("misbehave", where="refundCreate", how="timeout_after")

    await stage.drive(rma_id)

    assert (await stage.effects(rma_id, "refund_tender"))[0].state == "failed"
    assert [s.state for s in await stage.settlements(rma_id)] == ["failed"]
    assert await stage.fetch("SELECT sum(reserved_minor), sum(refunded_minor) FROM payment_capture") == [(0, 0)]
    assert await stage.fetch("SELECT kind FROM discrepancy WHERE resource_id = $1", refund.id) == [("effect_failed",)]
