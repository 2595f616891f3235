"""A database may move money only on machines that know it, and only while it is the one they know."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from retour.store import instance
from retour.store.db import Database
from retour.store.instance import Standing

pytestmark = pytest.mark.anyio


async def standing(database: Database, data_dir: Path, **known: Any) -> Standing:
    async with database.tx(None) as db:
        return (await instance.check_instance(db, data_dir, **known)).standing


async def test_a_machine_that_never_joined_may_not(executor_database: Database, tmp_path: Path) -> None:
    assert await standing(executor_database, tmp_path) == Standing.UNKNOWN


async def test_a_machine_joins_by_command_or_by_variable(executor_database: Database, tmp_path: Path) -> None:
    async with executor_database.tx(None) as db:
        id_ = await instance.join(db, tmp_path / "a")

    assert await standing(executor_database, tmp_path / "a") == Standing.CURRENT
    assert await standing(executor_database, tmp_path / "b", joined=id_) == Standing.CURRENT
    assert await standing(executor_database, tmp_path / "a", joined=uuid4()) == Standing.FOREIGN


async def test_a_database_that_went_back_in_time_may_not(
    executor_database: Database, owner: Any, tmp_path: Path
) -> None:
    async with executor_database.tx(None) as db:
        await instance.join(db, tmp_path)
    for _ in range(3):
        async with executor_database.tx(None) as db:
            seen = await instance.raise_beat(db)
        instance.saw(tmp_path, *seen)
    assert await standing(executor_database, tmp_path) == Standing.CURRENT

    await owner.execute("UPDATE instance SET beat = beat - 1")
    assert await standing(executor_database, tmp_path) == Standing.BEHIND

    await instance.resume(owner, tmp_path)
    assert await standing(executor_database, tmp_path) == Standing.CURRENT


async def test_quarantine_lasts_until_somebody_resumes(executor_database: Database, owner: Any, tmp_path: Path) -> None:
    async with executor_database.tx(None) as db:
        before = await instance.join(db, tmp_path)
        await instance.join(db, tmp_path / "other")
    await instance.quarantine(owner, "a copy of production")

    async with executor_database.tx(None) as db:
        state = await instance.check_instance(db, tmp_path)
    assert (state.standing, state.reason, state.may_move_money) == (Standing.QUARANTINED, "a copy of production", False)

    assert before != await instance.resume(owner, tmp_path)
    assert await standing(executor_database, tmp_path) == Standing.CURRENT
    assert await standing(executor_database, tmp_path / "other") == Standing.FOREIGN


async def test_the_kill_switch_is_read_with_the_rest(
    database: Database, executor_database: Database, tmp_path: Path
) -> None:
    for on, allowed in ((True, False), (False, True)):
        async with database.tx(None) as db:
            await instance.set_kill_switch(db, on=on)
        async with executor_database.tx(None) as db:
            await instance.join(db, tmp_path)
            state = await instance.check_instance(db, tmp_path)
        assert (on, allowed) == (state.kill_switch, state.may_move_money)
