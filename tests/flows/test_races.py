"""Races on the real database: who is first wins, everybody else is told, and no sum is ever exceeded.

ROUNDS of the long ones are 20 in a test run and 200 under `make prove`.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from retour.connectors.http import Http
from retour.connectors.shopify import ShopifyConnector
from retour.core.errors import Refused
from retour.core.ports import Credential, WireAnswer, WireRequest
from retour.core.rma import Grade
from retour.flows import rma
from retour.store import effect as effects
from retour.store.db import Database
from retour.store.order import OrderRecord
from tests.flows.stage import Stage, now, staged
from tests.waiting import until

pytestmark = pytest.mark.anyio
ROUNDS = [20, pytest.param(200, marks=pytest.mark.prove)]


@pytest.fixture
async def stage(database: Database, executor_database: Database, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(database, executor_database, tmp_path) as stage:
        yield stage


async def at_once(*rivals: Awaitable[Any]) -> Counter[str]:
    """Run rivals together and count what came of them: `done`, or the code of the refusal; errors are raised."""
    results = await asyncio.gather(*rivals, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, Refused):
            raise result
    return Counter(result.code if isinstance(result, Refused) else "done" for result in results)


@pytest.mark.parametrize("rounds", ROUNDS)
async def test_of_eight_who_return_the_same_unit_exactly_one_succeeds(stage: Stage, rounds: int) -> None:
    for _ in range(rounds):
        order = await stage.an_order(1)

        came = await at_once(*(stage.request(order) for _ in range(8)))

        assert came["done"] == 1
        assert came.total() == 8
        assert set(came) <= {"done", "nothing_left", "more_than_returnable"}, came
        assert await _claimed(stage, order) == (1, 1)


@pytest.mark.parametrize("rounds", [2, pytest.param(20, marks=pytest.mark.prove)])
async def test_twelve_partial_refunds_of_one_capture_never_exceed_it(stage: Stage, rounds: int) -> None:
    for _ in range(rounds):
        order = await stage.an_order(12)
        await stage.shop.post("admin-refund", order=order.order.name, amount="30.00")
        order = await stage.mirror(order.order.ref)
        returns = [await stage.inspected(order) for _ in range(12)]
        await asyncio.gather(*(stage.advance(rma_id) for rma_id in returns))
        settlements = [row.id for rma_id in returns for row in await stage.settlements(rma_id)]

        await at_once(*(stage.settle(id_) for id_ in (*settlements, *settlements)))
        await _finish(stage, returns)

        captured, reserved, refunded, outside = (
            await stage.fetch(
                "SELECT captured_minor, reserved_minor, refunded_minor, external_refunded_minor FROM payment_capture"
                " WHERE order_id = $1", order.id,
            )
        )[0]  # fmt: skip
        assert (captured, reserved, outside) == (12_000, 0, 3_000)
        assert refunded == 9_000
        books = (await stage.shop.get("books", order=order.order.name))["orders"][order.order.name]
        assert books["refunded"] == "120.00"
        await stage.shop.effects()


async def _finish(stage: Stage, returns: list[UUID]) -> None:
    """Carry out every refund there is; one order's go one after the other."""

    async def done() -> bool:
        rows = [row for rma_id in returns for row in await stage.effects(rma_id, "refund_tender")]
        todo = [row for row in rows if row.state in ("intent", "sending", "pending", "unknown")]
        await asyncio.gather(*(stage.carry(row.id) for row in todo[:4]))
        return not todo

    await until(done, within_seconds=60)


@pytest.mark.parametrize("rounds", ROUNDS)
async def test_of_two_agents_who_decide_at_once_one_wins_and_the_other_is_told(stage: Stage, rounds: int) -> None:
    order = await stage.an_order(rounds)
    for _ in range(rounds):
        rma_id = await stage.request(order)

        results = await asyncio.gather(stage.approve(rma_id), _reject(stage, rma_id), return_exceptions=True)

        refusals = [result for result in results if isinstance(result, Refused)]
        assert len(refusals) == 1
        assert [result for result in results if result is not None and not isinstance(result, Refused)] == []
        status = (await stage.fetch("SELECT status FROM rma WHERE id = $1", rma_id))[0][0]
        assert status == ("rejected" if isinstance(results[0], Refused) else "approved")
        assert refusals[0].code == "already_decided"
        assert refusals[0].facts["status"] == status
        decided = await stage.fetch(
            "SELECT type FROM event WHERE resource_id = $1 AND type IN ('return.approved', 'return.rejected')", rma_id
        )
        assert decided == [(f"return.{status}",)]


async def _reject(stage: Stage, rma_id: UUID) -> None:
    async with stage.database.tx(stage.tenant_id) as db:
        await rma.reject(db, rma_id=rma_id, message="no", actor="other agent", now=now())


@pytest.mark.parametrize("rounds", [10, pytest.param(100, marks=pytest.mark.prove)])
async def test_two_clerks_who_judge_the_same_unit_judge_and_restock_it_once(stage: Stage, rounds: int) -> None:
    for _ in range(rounds):
        order = await stage.an_order(2)
        rma_id = await stage.request(order)
        await stage.approve(rma_id)
        await stage.receive(rma_id)

        came = await at_once(stage.inspect(rma_id, 1), stage.inspect(rma_id, 1, Grade.DAMAGED))

        assert came == {"done": 1, "more_than_received": 1}
        judged = await stage.fetch("SELECT count(*) FROM inspection WHERE rma_id = $1", rma_id)
        assert judged == [(1,)]
        assert len(await stage.settlements(rma_id)) == 1


class Slow(ShopifyConnector):
    """A connector whose refund stays out until it is told to come back; the far side has acted long before."""

    def __init__(self, wire: Http):
        super().__init__(wire)
        self.is_out = asyncio.Event()
        self.may_return = asyncio.Event()

    async def send(self, at: Credential, request: WireRequest) -> WireAnswer:
        answer = await super().send(at, request)
        if request.operation == "CreateRefund":
            self.is_out.set()
            await self.may_return.wait()
        return answer


@pytest.mark.parametrize("window", [timedelta(hours=1), timedelta(0)], ids=["with keys", "without keys"])
async def test_an_executor_that_comes_back_too_late_changes_nothing(stage: Stage, window: timedelta) -> None:
    stage.window, stage.lease = window, timedelta(milliseconds=300)
    rma_id = await stage.inspected(await stage.an_order(4))
    refund = await stage.to_the_refund(rma_id)
    async with Http(internal=True) as wire:
        zombie = Slow(wire)
        stalled = asyncio.create_task(stage.carry(refund.id, zombie))
        await zombie.is_out.wait()
        await stage.drive(rma_id)
        before = await _whole(stage, rma_id, refund.id)

        zombie.may_return.set()
        await stalled

    assert await _whole(stage, rma_id, refund.id) == before
    assert before["effect"][0][:2] == ("confirmed", 1 if not window else 2)
    seen = await stage.fetch("SELECT what, verdict FROM effect_observation WHERE effect_id = $1 ORDER BY at", refund.id)
    assert seen[-1] == ("late_answer", "ok")
    assert (await stage.shop.effects())["refund"] == 1


async def _whole(stage: Stage, rma_id: UUID, effect_id: UUID) -> dict[str, Any]:
    return {
        "effect": await stage.fetch("SELECT state, tries, far_id, lease_epoch FROM effect WHERE id = $1", effect_id),
        "money": await stage.fetch("SELECT reserved_minor, refunded_minor FROM payment_capture"),
        "ledger": await stage.fetch("SELECT path, posted_minor FROM ledger_account ORDER BY path"),
        "events": await stage.fetch("SELECT count(*) FROM event WHERE resource_id = $1", rma_id),
        "version": await stage.fetch("SELECT version, status FROM rma WHERE id = $1", rma_id),
    }


async def test_a_refund_that_was_not_sent_yet_gives_way_to_the_merchants_own(stage: Stage) -> None:
    order = await stage.an_order(2)
    rma_id = await stage.inspected(order, 2)
    refund = await stage.to_the_refund(rma_id)

    await stage.shop.post("admin-refund", order=order.order.name, amount="15.00")
    await stage.mirror(order.order.ref)
    await stage.drive(rma_id)

    assert await _books(stage, order) == ("15.00", (2_000, 0, 0, 1_500))
    assert "refund_gave_way" in await _findings(stage)
    assert (await stage.fetch("SELECT state FROM effect WHERE id = $1", refund.id)) == [("cancelled",)]


async def test_a_refund_that_crosses_the_merchants_own_on_its_way_fails_visibly(stage: Stage) -> None:
    order = await stage.an_order(2)
    rma_id = await stage.inspected(order, 2)
    await stage.to_the_refund(rma_id)

    await stage.shop.post("admin-refund", order=order.order.name, amount="15.00")
    await stage.drive(rma_id)
    await stage.mirror(order.order.ref)
    await stage.drive(rma_id)

    assert await _books(stage, order) == ("15.00", (2_000, 0, 0, 1_500))
    assert "effect_failed" in await _findings(stage)


async def test_a_merchant_who_refunds_after_ours_acted_unseen_is_counted_beside_it(stage: Stage) -> None:
    order = await stage.an_order(2)
    rma_id = await stage.inspected(order, 1)
    refund = await stage.to_the_refund(rma_id)
    await stage.shop.post("misbehave", where="refundCreate", how="timeout_after")

    await stage.carry(refund.id)
    await stage.shop.post("admin-refund", order=order.order.name, amount="10.00")
    await stage.mirror(order.order.ref)
    await stage.drive(rma_id)
    await stage.mirror(order.order.ref)

    assert await _books(stage, order) == ("20.00", (2_000, 0, 1_000, 1_000))


async def test_an_executor_whose_refund_gave_way_under_its_hands_sends_nothing_and_alarms_nobody(stage: Stage) -> None:
    order = await stage.an_order(2)
    rma_id = await stage.inspected(order, 2)
    refund = await stage.to_the_refund(rma_id)
    async with stage.executor.tx(stage.tenant_id) as db:
        claim = await effects.claim(db, refund.id, lease=timedelta(seconds=5))
    assert claim is not None
    await stage.shop.post("admin-refund", order=order.order.name, amount="15.00")
    await stage.mirror(order.order.ref)

    async with stage.executor.tx(stage.tenant_id) as db:
        sent = await effects.mark_sending(db, claim.effect, guard=None)

    assert sent is None
    assert await stage.fetch("SELECT state, tries FROM effect WHERE id = $1", refund.id) == [("cancelled", 0)]


async def _books(stage: Stage, order: OrderRecord) -> tuple[str, tuple[int, int, int, int]]:
    """Return what the shop gave back, and captured, reserved, refunded by us and outside; no law may be broken."""
    await stage.shop.effects()
    books = (await stage.shop.get("books", order=order.order.name))["orders"][order.order.name]
    rows = await stage.fetch(
        "SELECT captured_minor, reserved_minor, refunded_minor, external_refunded_minor FROM payment_capture"
        " WHERE order_id = $1", order.id,
    )  # fmt: skip
    return books["refunded"], rows[0]


async def _findings(stage: Stage) -> set[str]:
    return {kind for (kind,) in await stage.fetch("SELECT kind FROM discrepancy WHERE state = 'open'")}


async def _claimed(stage: Stage, order: OrderRecord) -> tuple[int, int]:
    rows = await stage.fetch(
        "SELECT (SELECT count(*) FROM unit_claim WHERE order_id = $1), (SELECT sum(in_return) FROM order_line_counter"
        " WHERE order_id = $1)", order.id,
    )  # fmt: skip
    return rows[0][0], rows[0][1]
