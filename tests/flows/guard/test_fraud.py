"""Signs of abuse on the real database: seen, told, never a refusal; a list sends to a person, a rule may use the rest."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from retour.core.errors import Refused
from retour.core.fraud import KeyKind, Thresholds
from retour.core.rma import Grade
from retour.flows import fraud as flow
from retour.store import fraud
from retour.store.db import Database
from retour.store.order import OrderRecord
from tests.flows.stage import Stage, now, staged

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stage(database: Database, executor_database: Database, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(database, executor_database, tmp_path) as stage:
        yield stage


async def ordered_by(stage: Stage, email: str, quantity: int = 1) -> OrderRecord:
    """Return an order of somebody with that address."""
    made = await stage.an_order(quantity)
    await stage.fetch(
        "UPDATE person SET email = $2, email_folded = lower($2) WHERE id = $1 RETURNING id", made.person_id, email
    )
    return made


async def limits(stage: Stage, **changed: Any) -> None:
    async with stage.database.tx(stage.tenant_id) as db:
        await flow.change_limits(
            db, store_id=stage.store_id, limits=Thresholds(**changed), appeal=" Write to us. ", actor="test", now=now()
        )


async def listed(stage: Stage, list_: Any, kind: KeyKind, value: str) -> UUID:
    async with stage.database.tx(stage.tenant_id) as db:
        return await flow.list_shopper(
            db, list_=list_, kind=kind, value=value, reason="empty box twice", actor="staff:1", now=now()
        )


async def risk(stage: Stage, rma_id: UUID) -> fraud.Risk:
    async with stage.database.tx(stage.tenant_id) as db:
        found = await fraud.read(db, rma_id)
    assert found is not None
    return found


async def blocked(stage: Stage, rma_id: UUID) -> tuple[str, str, str]:
    ((actor, code, status),) = await stage.fetch(
        "SELECT blocked_actor, blocked_code, status FROM rma WHERE id = $1", rma_id
    )
    return actor, code, status


async def test_a_first_return_shows_no_sign(stage: Stage) -> None:
    rma_id = await stage.request(await ordered_by(stage, "ann@x.example"))

    found = await risk(stage, rma_id)

    assert (found.score, found.signals, found.in_review) == (0, (), False)


async def test_a_blocked_shopper_is_asked_for_by_another_spelling_and_waits_for_a_person(stage: Stage) -> None:
    entry = await listed(stage, "block", KeyKind.EMAIL, "Mallory+new@Example.org")
    rma_id = await stage.request(await ordered_by(stage, "mallory+2@example.org"))

    assert await blocked(stage, rma_id) == ("agent", "fraud_review", "requested")
    await stage.advance(rma_id)
    assert await blocked(stage, rma_id) == ("agent", "fraud_review", "requested")
    found = await risk(stage, rma_id)
    assert (found.score, [s.sign.value for s in found.signals], found.in_review) == (100, ["on_block_list"], True)
    await stage.approve(rma_id)
    assert (await blocked(stage, rma_id))[2] == "approved"
    async with stage.database.tx(stage.tenant_id) as db:
        (kept,) = await fraud.entries(db)
        await flow.unlist_shopper(db, entry_id=entry, actor="staff:2", now=now())
    assert (kept.hint, kept.reason, kept.actor) == ("m…@example.org", "empty box twice", "staff:1")
    again = await stage.request(await ordered_by(stage, "mallory@example.org"))
    assert (await blocked(stage, again))[1] == "decision_needed"
    assert await stage.fetch("SELECT type, actor FROM event WHERE resource_kind = 'shopper_list' ORDER BY seq") == [
        ("shopper.listed", "staff:1"), ("shopper.unlisted", "staff:2"),
    ]  # fmt: skip


async def test_who_is_on_the_allow_list_has_no_score_whatever_was_seen(stage: Stage) -> None:
    await listed(stage, "block", KeyKind.EMAIL, "vip@example.org")
    await listed(stage, "allow", KeyKind.EMAIL, "vip@example.org")

    rma_id = await stage.request(await ordered_by(stage, "vip@example.org"))

    found = await risk(stage, rma_id)
    assert (found.score, found.in_review) == (0, False)
    assert [s.sign.value for s in found.signals] == ["on_block_list"]


async def test_worn_and_swapped_goods_count_against_the_next_request(stage: Stage) -> None:
    await limits(stage, worn=1, review_from=60)
    first = await ordered_by(stage, "eve@example.org", 2)
    rma_id = await stage.request(first)
    await stage.approve(rma_id)
    await stage.drive(rma_id)
    await stage.receive(rma_id)
    await stage.inspect(rma_id, 1, Grade.DAMAGED)
    await stage.fetch(
        "INSERT INTO goods_observation (tenant_id, id, store_id, rma_id, kind, units, note, actor, at)"
        " VALUES ($1, gen_random_uuid(), $2, $3, 'not_on_it', 1, 'another shirt', 'clerk', clock_timestamp()) RETURNING id",
        stage.tenant_id, stage.store_id, rma_id,
    )  # fmt: skip

    await stage.advance(rma_id)
    renewed = await risk(stage, rma_id)
    next_one = await stage.request(await ordered_by(stage, "eve+1@example.org"))

    assert [s.sign.value for s in renewed.signals] == ["wardrobing", "swapped_parcel"]
    assert await stage.fetch("SELECT data->>'score' FROM event WHERE type = 'return.scored'") == [("70",)]
    found = await risk(stage, next_one)
    assert (found.score, found.in_review) == (70, True)
    assert [(s.sign.value, s.facts, s.threshold) for s in found.signals] == [
        ("wardrobing", {"worn": 1}, {"worn": 1}), ("swapped_parcel", {"swapped": 1}, {"swapped": 1}),
    ]  # fmt: skip
    assert (await blocked(stage, next_one))[1] == "fraud_review"


async def test_several_persons_of_one_identity_are_told(stage: Stage) -> None:
    for number in range(3):
        rma_id = await stage.request(await ordered_by(stage, f"one.box+{number}@gmail.com"))

    found = await risk(stage, rma_id)

    assert [(s.sign.value, s.facts) for s in found.signals] == [("shared_identity", {"others": 2})]
    assert found.score == 20
    assert (await blocked(stage, rma_id))[1] == "decision_needed"


async def test_who_returns_nearly_everything_is_a_serial_returner(stage: Stage) -> None:
    await limits(stage, returns=2, share_bp=5_000)
    await stage.request(await ordered_by(stage, "sam@example.org", 3), 3)
    await stage.request(await ordered_by(stage, "sam@example.org", 3), 2)
    last = await stage.request(await ordered_by(stage, "sam@example.org"))

    (signal,) = [s for s in (await risk(stage, last)).signals if s.sign.value == "serial_returner"]

    assert signal.facts == {"returns": 2, "units_bought": 7, "units_returned": 5, "share_bp": 7_142}


async def test_the_score_is_a_fact_of_the_decision(stage: Stage) -> None:
    await listed(stage, "block", KeyKind.EMAIL, "mallory@example.org")
    rma_id = await stage.request(await ordered_by(stage, "mallory@example.org"))

    ((decision,),) = await stage.fetch("SELECT decision FROM rma WHERE id = $1", rma_id)

    values = decision[0]["facts"]["values"]
    told = {name: values[name] for name in ("return.risk", "return.risk_score", "customer.risk_score")}
    assert told == {"return.risk": "high", "return.risk_score": 100, "customer.risk_score": 0}


@pytest.mark.parametrize(
    ("kind", "value", "reason", "code"),
    [
        (KeyKind.EMAIL, "nobody", "x", "invalid_value"),
        (KeyKind.PHONE, "110", "x", "invalid_value"),
        (KeyKind.EMAIL, "a@x.example", "  ", "reason_missing"),
        (KeyKind.EMAIL, "a@x.example", "x" * 1_001, "reason_too_long"),
    ],
)
async def test_an_entry_without_value_or_reason_is_refused(
    stage: Stage, kind: KeyKind, value: str, reason: str, code: str
) -> None:
    with pytest.raises(Refused) as no:
        async with stage.database.tx(stage.tenant_id) as db:
            await flow.list_shopper(db, list_="block", kind=kind, value=value, reason=reason, actor="x", now=now())

    assert no.value.code == code
    assert await stage.fetch("SELECT count(*) FROM shopper_list") == [(0,)]


async def test_nobody_is_listed_twice(stage: Stage) -> None:
    await listed(stage, "block", KeyKind.PHONE, "+49 170 1234567")

    with pytest.raises(Refused) as no:
        await listed(stage, "block", KeyKind.PHONE, "0170 1234567")

    assert no.value.code == "already_exists"
