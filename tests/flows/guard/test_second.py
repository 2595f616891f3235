"""Four eyes on the real database: nothing above the amount leaves before another person has approved these figures."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from retour.core.account import Role
from retour.core.errors import Refused
from retour.core.second import HANDS, Second, SecondRule
from retour.flows import account, guard
from retour.flows.rma.waive import waive_fees
from retour.store import rma as returns
from retour.store import second as seconds
from retour.store.db import Database
from tests.flows.guard.scene import a_person, guarded, handled_by, inspected_by
from tests.flows.stage import Stage, now, staged

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stage(database: Database, executor_database: Database, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(database, executor_database, tmp_path) as stage:
        yield stage


async def waits(stage: Stage, rma_id: UUID) -> tuple[str, str] | None:
    rows = await stage.fetch("SELECT blocked_actor, blocked_code FROM rma WHERE id = $1", rma_id)
    return rows[0] if rows[0][0] else None


async def moved(stage: Stage, rma_id: UUID) -> list[int]:
    """Return what has left the house for a return, in minor units."""
    return [e.amount_minor or 0 for e in await stage.effects(rma_id, "refund_tender") if e.state.value == "confirmed"]


async def say(stage: Stage, rma_id: UUID, who: str, plan_hash: str | None = None) -> str:
    """Let somebody approve what waits and return `done`, or the code of the refusal."""
    row = next(s for s in await stage.settlements(rma_id) if s.state.value == "quoted")
    try:
        async with stage.database.tx(stage.tenant_id) as db:
            await guard.approve_second(
                db, settlement_id=row.id, plan_hash=plan_hash or row.plan_hash, note="seen", actor=who, now=now()
            )
    except Refused as no:
        return no.code
    return "done"


async def test_a_payment_above_the_amount_waits_and_moves_once_another_person_approves(stage: Stage) -> None:
    first, other = await a_person(stage), await a_person(stage)
    await guarded(stage, second=SecondRule(above_minor=4_999))

    rma_id = await handled_by(stage, await stage.an_order(1, "50.00"), first)

    assert await waits(stage, rma_id) == ("finance", "second_approval")
    assert await stage.effects(rma_id, "refund_tender") == []
    row = (await stage.settlements(rma_id))[0]
    assert (row.state.value, row.total_minor, row.second_because) == ("quoted", 5_000, "amount")
    await stage.settle(row.id)
    assert await stage.effects(rma_id, "refund_tender") == []
    assert await say(stage, rma_id, first) == "same_person"
    assert await say(stage, rma_id, other, plan_hash="0" * 64) == "plan_changed"
    await stage.drive(rma_id)
    assert await moved(stage, rma_id) == []
    assert await say(stage, rma_id, other) == "done"
    await stage.drive(rma_id)
    assert await moved(stage, rma_id) == [5_000]
    assert await waits(stage, rma_id) is None


async def test_a_payment_of_exactly_the_amount_needs_nobody_else(stage: Stage) -> None:
    first = await a_person(stage)
    await guarded(stage, second=SecondRule(above_minor=5_000))

    rma_id = await handled_by(stage, await stage.an_order(1, "50.00"), first)

    assert await moved(stage, rma_id) == [5_000]


async def test_a_payment_cannot_be_split_to_stay_below_the_amount(stage: Stage) -> None:
    first, other = await a_person(stage), await a_person(stage)
    await guarded(stage, second=SecondRule(above_minor=5_000))
    rma_id = await stage.request(await stage.an_order(2, "30.00"), 2)
    await stage.approve(rma_id)
    await stage.drive(rma_id)
    await stage.receive(rma_id)

    for _ in range(2):
        await inspected_by(stage, rma_id, 1, first)
        await stage.drive(rma_id)

    assert await moved(stage, rma_id) == [3_000]
    assert await waits(stage, rma_id) == ("finance", "second_approval")
    assert await say(stage, rma_id, other) == "done"
    await stage.drive(rma_id)
    assert sorted(await moved(stage, rma_id)) == [3_000, 3_000]


async def test_programs_the_disabled_and_the_wrong_role_cannot_be_the_second_person(stage: Stage) -> None:
    first, agent, gone = await a_person(stage), await a_person(stage, Role.AGENT), await a_person(stage)
    await guarded(stage, second=SecondRule(above_minor=100))
    rma_id = await handled_by(stage, await stage.an_order(1), first)
    async with stage.database.tx(stage.tenant_id) as db:
        await account.disable_staff(db, staff_id=UUID(gone.removeprefix("staff:")), actor="test", now=now())

    refused = [await say(stage, rma_id, who) for who in ("key:1", "cli", gone, agent, f"staff:{UUID(int=7)}")]

    assert refused == ["person_needed", "person_needed", "person_needed", "forbidden", "person_needed"]
    assert await moved(stage, rma_id) == []
    await guarded(stage, second=SecondRule(above_minor=100, by=Second.DESK))
    assert await waits(stage, rma_id) == ("finance", "second_approval")
    await stage.drive(rma_id)
    assert await say(stage, rma_id, agent) == "done"
    await stage.drive(rma_id)
    assert await moved(stage, rma_id) == [1_000]


async def test_of_many_approvals_at_once_one_counts_and_the_money_moves_once(stage: Stage) -> None:
    first, others = await a_person(stage), [await a_person(stage) for _ in range(5)]
    await guarded(stage, second=SecondRule(above_minor=100))
    rma_id = await handled_by(stage, await stage.an_order(1), first)
    settlement_id = (await stage.settlements(rma_id))[0].id

    came = await asyncio.gather(
        *(say(stage, rma_id, who) for who in others), *(stage.settle(settlement_id) for _ in others)
    )

    assert sorted(map(str, came[:5])) == ["done", *["move_not_allowed"] * 4]
    await stage.drive(rma_id)
    assert await moved(stage, rma_id) == [1_000]


async def test_the_database_refuses_a_refund_that_no_second_person_approved(stage: Stage) -> None:
    first = await a_person(stage)
    await guarded(stage, second=SecondRule(above_minor=100))
    rma_id = await handled_by(stage, await stage.an_order(1), first)
    row = (await stage.settlements(rma_id))[0]

    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="second person has to approve"):
        await stage.fetch(
            "INSERT INTO effect (tenant_id, id, connection_id, order_id, rma_id, kind, business_ref, reference, target,"
            " amount_minor, currency, request_hash, idem_key, moves_money, quiet_period, trusted_window, due_at, created_at)"
            " VALUES ($1, gen_random_uuid(), $2, $3, $4, 'refund_tender', $5, 'x', '{}', 1000, 'EUR', '\\x00', 'forged',"
            " true, '1 s', '1 s', now(), now()) RETURNING id",
            stage.tenant_id, stage.connection_id, row.order_id, rma_id, f"refund:{row.id}",
        )  # fmt: skip
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="same person"):
        async with stage.database.tx(stage.tenant_id) as db:
            await seconds.say(db, row.id, verdict="approved", actor=first, note=None, at=now())
    assert await stage.effects(rma_id, "refund_tender") == []


async def test_whoever_had_a_hand_in_a_return_does_not_free_its_payment_by_raising_the_amount(stage: Stage) -> None:
    first, other = await a_person(stage), await a_person(stage)
    await guarded(stage, second=SecondRule(above_minor=100))
    rma_id = await handled_by(stage, await stage.an_order(1), first)

    await guarded(stage, second=SecondRule(), by=first)
    await stage.drive(rma_id)
    assert await moved(stage, rma_id) == []
    assert await waits(stage, rma_id) == ("finance", "second_approval")
    await guarded(stage, second=SecondRule(above_minor=10_000), by=other)
    await stage.drive(rma_id)

    assert await moved(stage, rma_id) == [1_000]
    told = await stage.fetch("SELECT kind, facts->>'by' FROM alarm ORDER BY at")
    assert told == [("guard_loosened", first)]


async def test_what_a_person_decides_beyond_the_rules_waits_whatever_it_is_worth(stage: Stage) -> None:
    first, other = await a_person(stage), await a_person(stage)
    await guarded(stage, second=SecondRule(above_minor=100_000, overrides=True))
    rma_id = await stage.request(await stage.an_order(1))
    await stage.approve(rma_id)
    async with stage.database.tx(stage.tenant_id) as db:
        record = await returns.load(db, rma_id)
        assert record is not None
        await waive_fees(
            db, rma_id=rma_id, kind=None, reason="kind", actor=first, now=now(), expect_version=record.version
        )
    await stage.drive(rma_id)
    await stage.receive(rma_id)
    await stage.inspect(rma_id, 1)
    await stage.drive(rma_id)

    assert (await stage.settlements(rma_id))[0].second_because == "override"
    assert await say(stage, rma_id, first) == "same_person"
    assert await say(stage, rma_id, other) == "done"
    await stage.drive(rma_id)
    assert await moved(stage, rma_id) == [1_000]


async def test_a_refused_payment_goes_on_waiting_with_the_reason_kept(stage: Stage) -> None:
    first, other = await a_person(stage), await a_person(stage)
    await guarded(stage, second=SecondRule(above_minor=100))
    rma_id = await handled_by(stage, await stage.an_order(1), first)
    row = (await stage.settlements(rma_id))[0]

    async with stage.database.tx(stage.tenant_id) as db:
        await guard.refuse_second(
            db, settlement_id=row.id, plan_hash=row.plan_hash, reason=" twice asked ", actor=other, now=now()
        )
    await stage.drive(rma_id)

    assert await moved(stage, rma_id) == []
    assert await waits(stage, rma_id) == ("finance", "second_approval")
    async with stage.database.tx(stage.tenant_id) as db:
        (word,) = await seconds.said(db, row.id)
    assert (word.verdict, word.note, word.actor, word.total_minor) == ("refused", "twice asked", other, 1_000)


async def test_the_database_and_the_code_name_the_same_hands(stage: Stage) -> None:
    ((source,),) = await stage.fetch("SELECT prosrc FROM pg_proc WHERE proname = 'second_person_guard'")

    assert {text for text in source.split("'") if "." in text and " " not in text} == HANDS
