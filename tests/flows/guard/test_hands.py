"""Whose hand is in a payment: also through a key they made, and in a return that was merged into the one that is paid."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from retour.core.account import Role
from retour.core.policy import template
from retour.core.policy.outcome import SettleOn
from retour.core.rma import Grade, Moment
from retour.core.second import SecondRule
from retour.flows import account, intake, policy, receiving, rma
from retour.flows.receiving.observing import Seen, Sight, observe_unannounced
from retour.store import rma as returns
from retour.store import second as seconds
from retour.store.db import Database
from retour.store.ids import new_id
from retour.web.intake import ReturnHands
from tests.flows.guard.scene import a_person, guarded, handled_by
from tests.flows.guard.test_second import moved, say, waits
from tests.flows.stage import Stage, now, staged

pytestmark = pytest.mark.anyio
WAITS = ("finance", "second_approval")


@pytest.fixture
async def stage(database: Database, executor_database: Database, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(database, executor_database, tmp_path) as stage:
        yield stage


async def a_key_of(stage: Stage, who: str) -> str:
    """Let somebody make a key, and return how events name the program that has it."""
    async with stage.database.tx(stage.tenant_id) as db:
        key = await account.create_key(db, name="A program", role=Role.OWNER, actor=who, now=now())
    return f"key:{key.id}"


async def approved_by(stage: Stage, rma_id: UUID, who: str) -> None:
    async with stage.database.tx(stage.tenant_id) as db:
        await rma.approve(db, rma_id=rma_id, actor=who, now=now())


async def merged(stage: Stage, rma_id: UUID, into: UUID, who: str) -> None:
    async with stage.database.tx(stage.tenant_id) as db:
        await rma.merge(db, rma_id=rma_id, into=into, actor=who, now=now())


async def taken_in(stage: Stage, rma_id: UUID) -> None:
    """Receive and judge all units of a return, whatever its lines are."""
    await stage.drive(rma_id)
    await stage.receive(rma_id)
    async with stage.database.tx(stage.tenant_id) as db:
        record = await returns.load(db, rma_id)
        assert record is not None
        verdicts = [receiving.Verdict(line.id, line.quantity, Grade.SEALED) for line in record.rma.lines]
        await receiving.inspect(db, rma_id=rma_id, verdicts=verdicts, actor="clerk", now=now(), policies=stage.policies)
    await stage.drive(rma_id)


async def test_who_acts_through_a_key_of_their_own_is_not_the_second_person(stage: Stage) -> None:
    first, other = await a_person(stage), await a_person(stage)
    program = await a_key_of(stage, first)
    await guarded(stage, second=SecondRule(above_minor=100))

    rma_id = await handled_by(stage, await stage.an_order(1), program)

    assert await waits(stage, rma_id) == WAITS
    assert await say(stage, rma_id, first) == "same_person"
    row = (await stage.settlements(rma_id))[0]
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="same person"):
        async with stage.database.tx(stage.tenant_id) as db:
            await seconds.say(db, row.id, verdict="approved", actor=first, note=None, at=now())
    assert await moved(stage, rma_id) == []
    assert await say(stage, rma_id, other) == "done"
    await stage.drive(rma_id)
    assert await moved(stage, rma_id) == [1_000]


async def test_whose_key_did_nothing_to_the_return_may_be_the_second_person(stage: Stage) -> None:
    first, other = await a_person(stage), await a_person(stage)
    await a_key_of(stage, other)
    await guarded(stage, second=SecondRule(above_minor=100))

    rma_id = await handled_by(stage, await stage.an_order(1), first)

    assert await say(stage, rma_id, other) == "done"


async def test_hands_go_over_with_a_return_that_is_merged_and_merging_is_one(stage: Stage) -> None:
    first, second, merging, other = [await a_person(stage) for _ in range(4)]
    await guarded(stage, second=SecondRule(above_minor=100))
    order = await stage.an_order(3)
    rma_ids = [await stage.request(order) for _ in range(3)]
    await approved_by(stage, rma_ids[0], first)
    await approved_by(stage, rma_ids[1], second)
    await merged(stage, rma_ids[0], rma_ids[1], "agent")
    await merged(stage, rma_ids[1], rma_ids[2], merging)
    await stage.approve(rma_ids[2])

    await taken_in(stage, rma_ids[2])

    assert await waits(stage, rma_ids[2]) == WAITS
    refused = [await say(stage, rma_ids[2], who) for who in (first, second, merging)]
    assert refused == ["same_person"] * 3
    assert await moved(stage, rma_ids[2]) == []
    assert await say(stage, rma_ids[2], other) == "done"
    await stage.drive(rma_ids[2])
    assert await moved(stage, rma_ids[2]) == [3_000]


async def test_whoever_approved_what_was_merged_does_not_free_its_payment_by_raising_the_amount(stage: Stage) -> None:
    first = await a_person(stage)
    await guarded(stage, second=SecondRule(above_minor=100))
    order = await stage.an_order(2)
    source, target = await stage.request(order), await stage.request(order)
    await approved_by(stage, source, first)
    await merged(stage, source, target, "agent")
    await stage.approve(target)
    await taken_in(stage, target)

    await guarded(stage, second=SecondRule(), by=first)
    await stage.drive(target)

    assert await moved(stage, target) == []
    assert await waits(stage, target) == WAITS


async def test_what_was_opened_beyond_the_rules_stays_so_once_it_is_merged(stage: Stage) -> None:
    first, other = await a_person(stage), await a_person(stage)
    await guarded(stage, second=SecondRule(overrides=True))
    order = await stage.an_order(2)
    source, target = new_id(), await stage.request(order)
    wish = rma.Wish(order.order.lines[0].ref, 1, "other", resolution="gift_card")
    async with stage.database.tx(stage.tenant_id) as db:
        asking = rma.Asking(stage.store_id, order.id, (wish,), "staff", unlimited="a friend of the house")
        await rma.request_return(db, asking, id=source, actor="agent", now=now(), policies=stage.policies)
    await merged(stage, source, target, "agent")
    await approved_by(stage, target, first)

    await taken_in(stage, target)

    assert await waits(stage, target) == WAITS
    assert {s.second_because for s in await stage.settlements(target)} == {"override"}
    assert await moved(stage, target) == []
    for _ in range(2):
        assert await say(stage, target, other) == "done"
        await stage.drive(target)
    assert await moved(stage, target) == [1_000]


async def joined_by(stage: Stage, rma_id: UUID, who: str) -> None:
    """Let somebody say that a parcel which nobody announced is that of a return."""
    hands = ReturnHands(stage.policies)
    async with stage.database.tx(stage.tenant_id) as db:
        seen = await observe_unannounced(
            db, store_id=stage.store_id, sight=Sight(Seen.UNANNOUNCED, 1, code="1Z"), actor="clerk", now=now()
        )
        parked = await intake.park_parcel(
            db, stage.vault, tenant_id=stage.tenant_id, store_id=stage.store_id, observation_id=seen, code="1Z", note=None,
            hands=hands, actor="clerk", now=now(),
        )  # fmt: skip
        await intake.join(db, stage.vault, intake_id=parked.intake_id, rma_id=rma_id, actor=who, now=now())


async def test_whoever_says_whose_a_parcel_is_has_a_hand_in_what_its_arrival_pays(stage: Stage) -> None:
    first, other = await a_person(stage), await a_person(stage)
    document = template()
    delivered = replace(document, defaults=replace(document.defaults, settle_on=SettleOn(Moment.DELIVERED)))
    async with stage.database.tx(stage.tenant_id) as db:
        await policy.publish(db, store_id=stage.store_id, document=delivered, actor="test", now=now())
    await guarded(stage, second=SecondRule(above_minor=100))
    rma_id = await stage.request(await stage.an_order(1))
    await stage.approve(rma_id)
    await stage.drive(rma_id)

    await joined_by(stage, rma_id, first)
    await stage.drive(rma_id)

    assert await waits(stage, rma_id) == WAITS
    assert await say(stage, rma_id, first) == "same_person"
    assert await moved(stage, rma_id) == []
    assert await say(stage, rma_id, other) == "done"
    await stage.drive(rma_id)
    assert await moved(stage, rma_id) == [1_000]
