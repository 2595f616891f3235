"""The velocity breaker at the real executor: exactly what is allowed leaves, and a person lets the rest go on."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import asyncpg
import pytest

from retour.core.breaker import Limits
from retour.core.errors import Refused
from retour.core.ports import CommerceConnector, Credential, WireAnswer, WireRequest
from retour.flows import guard
from retour.store import effect as effects
from retour.store.db import Database
from tests.flows.guard.scene import a_person, guarded
from tests.flows.stage import Stage, now, staged
from tests.waiting import until

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stage(database: Database, executor_database: Database, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(database, executor_database, tmp_path) as stage:
        yield stage


async def due_refunds(stage: Stage, n: int, price: str = "10.00") -> list[UUID]:
    """Bring returns so far that the refund of each is about to be sent."""
    due = []
    for _ in range(n):
        rma_id = await stage.inspected(await stage.an_order(1, price))
        due.append((await stage.to_the_refund(rma_id)).id)
    return due


async def left(stage: Stage) -> int:
    """Return how many refunds the sandbox shop has made of this account's orders."""
    ((count,),) = await stage.fetch("SELECT count(*) FROM effect WHERE moves_money AND state = 'confirmed'")
    return int(count)


async def standing(stage: Stage) -> tuple[Any, ...]:
    rows = await stage.fetch(
        "SELECT payments_paused, paused_by, paused_because FROM store WHERE id = $1", stage.store_id
    )
    return tuple(rows[0])


@pytest.mark.parametrize(
    ("limits", "because"),
    [(Limits(60, window_refunds=3), "window_refunds"), (Limits(60, window_minor=3_999), "window_amount"),
     (Limits(day_minor=3_000), "day_amount")],
)  # fmt: skip
async def test_of_many_refunds_in_flight_exactly_the_allowed_number_leaves(
    stage: Stage, limits: Limits, because: str
) -> None:
    due = await due_refunds(stage, 8)
    await guarded(stage, limits=limits)

    await asyncio.gather(*(stage.carry(effect_id) for effect_id in due))
    for effect_id in due:
        await stage.carry(effect_id)

    assert await left(stage) == 3
    assert await standing(stage) == (True, "breaker", because)
    states = [row[0] for row in await stage.fetch("SELECT state FROM effect WHERE moves_money ORDER BY state")]
    assert states == ["confirmed"] * 3 + ["intent"] * 5
    tried = await stage.fetch(
        "SELECT count(*) FROM effect_attempt a JOIN effect e ON e.id = a.effect_id WHERE moves_money"
    )
    assert tried == [(3,)]
    events = await stage.fetch("SELECT type, actor FROM event WHERE resource_kind = 'store' ORDER BY seq")
    assert events == [("payments.guard_changed", "test"), ("payments.paused", "breaker")]
    assert await stage.fetch("SELECT kind FROM alarm") == [("payments_stopped",)]
    assert await stage.fetch("SELECT kind, owner FROM discrepancy WHERE state = 'open'") == [
        ("breaker_tripped", "finance")
    ]


async def test_a_tripped_breaker_is_resumed_by_a_person_with_a_reason_and_counts_anew(stage: Stage) -> None:
    due, owner = await due_refunds(stage, 4), await a_person(stage)
    await guarded(stage, limits=Limits(60, window_refunds=2))
    for effect_id in due:
        await stage.carry(effect_id)
    assert await left(stage) == 2

    async def resume(actor: str, reason: str | None) -> str:
        try:
            async with stage.database.tx(stage.tenant_id) as db:
                await guard.resume_payments(
                    db, tenant_id=stage.tenant_id, store_id=stage.store_id, actor=actor, now=now(), reason=reason
                )
        except Refused as no:
            return no.code
        return "done"

    refused = [await resume("key:1", "because"), await resume(owner, None), await resume(owner, "  ")]
    assert refused == ["person_needed", "reason_missing", "reason_missing"]
    assert (await standing(stage))[0] is True
    assert await resume(owner, "A sale ended; all were checked") == "done"
    await until(lambda: all_left(stage, due, 4))

    assert await standing(stage) == (False, None, None)
    told = await stage.fetch("SELECT actor, data->>'reason' FROM event WHERE type = 'payments.resumed'")
    assert told == [(owner, "A sale ended; all were checked")]
    assert await stage.fetch("SELECT kind FROM alarm ORDER BY at") == [("payments_stopped",), ("payments_resumed",)]
    assert await stage.fetch("SELECT state, resolved_by FROM discrepancy") == [("resolved", owner)]


async def all_left(stage: Stage, due: list[UUID], n: int) -> bool:
    for effect_id in due:
        await stage.carry(effect_id)
    return await left(stage) == n


async def test_a_day_far_above_the_usual_stops_the_money(stage: Stage) -> None:
    due = await due_refunds(stage, 3)
    order_id, rma_id = (await stage.fetch("SELECT order_id, rma_id FROM effect LIMIT 1"))[0]
    await stage.fetch(
        "INSERT INTO effect (tenant_id, id, connection_id, order_id, rma_id, kind, business_ref, reference, target,"
        " amount_minor, currency, request_hash, idem_key, moves_money, quiet_period, trusted_window, due_at, created_at,"
        " state, first_sent_at)"
        " SELECT $1, gen_random_uuid(), $2, $3, $4, 'refund_tender', 'past:' || n, 'x', '{}', 1000, 'EUR', '\\x00',"
        " 'past ' || n, true, '1 s', '1 s', now(), now() - interval '9 days', 'confirmed', now() - interval '9 days'"
        " FROM generate_series(1, 28) n",
        stage.tenant_id, stage.connection_id, order_id, rma_id,
    )  # fmt: skip
    await guarded(stage, limits=Limits(norm_times=2))

    for effect_id in due:
        await stage.carry(effect_id)

    assert await left(stage) == 28 + 2
    assert await standing(stage) == (True, "breaker", "norm")


async def test_without_limits_nothing_stops(stage: Stage) -> None:
    due = await due_refunds(stage, 3)

    for effect_id in due:
        await stage.carry(effect_id)

    assert await left(stage) == 3
    assert await standing(stage) == (False, None, None)


class PausedMeanwhile:
    """The real connector, whose look before the send takes so long that somebody pauses the payments meanwhile."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self._real = stage, stage.shop.connector
        self.sent = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def build_guard(self, effect: Any) -> WireRequest:
        return self._real.build_readback(effect)

    def read_guard(self, _effect: Any, _answer: WireAnswer) -> dict[str, object]:
        return {"seen": True}

    async def send(self, credential: Credential, request: WireRequest) -> WireAnswer:
        self.sent += 1
        async with self._stage.database.tx(self._stage.tenant_id) as db:
            await guard.pause_payments(
                db, tenant_id=self._stage.tenant_id, store_id=self._stage.store_id, actor="staff:1", now=now(),
                reason="a leaked key",
            )  # fmt: skip
        return await self._real.send(credential, request)


async def test_a_pause_between_the_claim_and_the_send_still_stops_the_send(stage: Stage) -> None:
    (effect_id,) = await due_refunds(stage, 1)
    slow = PausedMeanwhile(stage)
    await stage.carry(effect_id, cast("CommerceConnector", slow))  # it hands all else to the real one

    assert slow.sent == 1
    assert await stage.fetch("SELECT state, tries, parked_at FROM effect WHERE moves_money") == [("intent", 0, None)]
    assert await left(stage) == 0


async def test_the_database_refuses_to_send_money_of_a_paused_store(stage: Stage) -> None:
    (effect_id,) = await due_refunds(stage, 1)
    async with stage.executor.tx(stage.tenant_id) as db:
        claim = await effects.claim(db, effect_id, lease=timedelta(seconds=5))
    assert claim is not None
    await stage.fetch("UPDATE store SET payments_paused = true WHERE id = $1 RETURNING id", stage.store_id)

    with pytest.raises(effects.SendRefused) as refused:
        async with stage.executor.tx(stage.tenant_id) as db:
            await effects.mark_sending(db, claim.effect, guard=None)

    assert refused.value.stopped
    assert isinstance(refused.value.__cause__, asyncpg.IntegrityConstraintViolationError)
    assert await left(stage) == 0
