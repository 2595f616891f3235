"""The switch of payments: a program may turn it off, and on again only what no person has turned off."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from retour.core.errors import Refused
from retour.flows import guard
from retour.store.db import Database
from tests.flows.stage import Stage, now, staged

pytestmark = pytest.mark.anyio
KEY, OTHER_KEY, PERSON = "key:1", "isv:2", "staff:3"


@pytest.fixture
async def stage(database: Database, executor_database: Database, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(database, executor_database, tmp_path) as stage:
        yield stage


async def turn(stage: Stage, where: str, to: str, actor: str) -> bool | str:
    """Pause or resume, and return whether that changed anything, or the code of the refusal."""
    change = guard.pause_payments if to == "pause" else guard.resume_payments
    store = stage.store_id if where == "store" else None
    try:
        async with stage.database.tx(stage.tenant_id) as db:
            return await change(db, tenant_id=stage.tenant_id, store_id=store, actor=actor, now=now(), reason="said")
    except Refused as no:
        return no.code


async def is_paused(stage: Stage) -> bool:
    ((found,),) = await stage.fetch(
        "SELECT a.payments_paused OR s.payments_paused FROM account a JOIN store s ON s.tenant_id = a.tenant_id"
    )
    return bool(found)


@pytest.mark.parametrize("where", ["store", "account"])
async def test_a_program_does_not_let_go_on_what_a_person_has_paused(stage: Stage, where: str) -> None:
    assert await turn(stage, where, "pause", PERSON) is True

    assert await turn(stage, where, "resume", KEY) == "person_needed"
    assert await turn(stage, where, "resume", OTHER_KEY) == "person_needed"
    assert await is_paused(stage)
    assert await turn(stage, where, "resume", PERSON) is True
    assert not await is_paused(stage)


@pytest.mark.parametrize("where", ["store", "account"])
async def test_a_program_lets_go_on_what_a_program_has_paused(stage: Stage, where: str) -> None:
    assert await turn(stage, where, "pause", PERSON) is True
    assert await turn(stage, where, "resume", PERSON) is True
    assert await turn(stage, where, "pause", KEY) is True

    assert await turn(stage, where, "resume", OTHER_KEY) is True
    assert not await is_paused(stage)


@pytest.mark.parametrize("where", ["store", "account"])
async def test_a_person_takes_a_pause_of_a_program_over(stage: Stage, where: str) -> None:
    await turn(stage, where, "pause", KEY)

    assert await turn(stage, where, "pause", PERSON) is True
    assert await turn(stage, where, "pause", PERSON) is False
    assert await turn(stage, where, "pause", KEY) is False
    assert await turn(stage, where, "resume", KEY) == "person_needed"
    assert await is_paused(stage)
    told = await stage.fetch("SELECT type, actor FROM event WHERE type LIKE 'payments.%' ORDER BY seq")
    assert told == [("payments.paused", KEY), ("payments.paused", PERSON)]
