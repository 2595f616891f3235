"""Which database this is, and whether it may move money: a restored or cloned one may not until a person says so.

The first `migrate` of a machine writes the database's random id into its data directory; every other machine gets
it by RETOUR_INSTANCE_ID or by `retour join`. The executor runs only where the id known here is the database's,
the database is not quarantined, and its beat is not lower than the highest one seen here (a lower one means that
the database went back in time, for example to a snapshot). `resume` gives the database a new id, so the original
and its copy are never mistaken for each other again; the other machines of the resumed one must join again.
Not recognised: a copy of the whole machine, data directory and database together.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from retour.store.db import Db

READ: Final = "SELECT id, beat, quarantined, quarantine_reason, kill_switch FROM instance"
BEAT: Final = "UPDATE instance SET beat = beat + 1 RETURNING id, beat"
QUARANTINE: Final = "UPDATE instance SET quarantined = true, quarantine_reason = $1"
RESUME: Final = """
UPDATE instance SET quarantined = false, quarantine_reason = NULL, id = gen_random_uuid(), beat = greatest(beat, $1) + 1
RETURNING id, beat
"""
SET_KILL_SWITCH: Final = "UPDATE instance SET kill_switch = $1 WHERE kill_switch <> $1"


class Standing(StrEnum):
    """Whether an executor may run here; only `current` says yes."""

    CURRENT = "current"
    QUARANTINED = "quarantined"  # after a restore
    UNKNOWN = "unknown"  # this machine never joined
    FOREIGN = "foreign"  # this machine knows another database
    BEHIND = "behind"  # the database is older than what was seen here


@dataclass(frozen=True, slots=True)
class InstanceState:
    """The identity of a database as this machine sees it; `reason` is for people."""

    id: UUID
    standing: Standing
    reason: str
    kill_switch: bool

    @property
    def may_move_money(self) -> bool:
        """Return whether effects may be sent."""
        return self.standing is Standing.CURRENT and not self.kill_switch


async def check_instance(db: Db, data_dir: Path, *, joined: UUID | None = None) -> InstanceState:
    """Compare the database with what this machine knows; `joined` is RETOUR_INSTANCE_ID."""
    row = await db.fetchrow(READ)
    assert row is not None, "the instance row is written by the first migration"
    known, beat = _remembered(data_dir)
    known = joined or known
    if row["quarantined"]:
        standing, reason = Standing.QUARANTINED, str(row["quarantine_reason"])
    elif known is None:
        standing, reason = Standing.UNKNOWN, "this machine has not joined: run `retour join` or set RETOUR_INSTANCE_ID"
    elif known != row["id"]:
        standing, reason = Standing.FOREIGN, f"this machine belongs to {known}, the database is {row['id']}"
    elif beat > row["beat"]:
        standing, reason = Standing.BEHIND, f"the database went back in time: beat {row['beat']}, seen here {beat}"
    else:
        standing, reason = Standing.CURRENT, ""
    return InstanceState(id=row["id"], standing=standing, reason=reason, kill_switch=row["kill_switch"])


async def join(db: Db, data_dir: Path) -> UUID:
    """Remember the database's id on this machine and return it."""
    row = await db.fetchrow(READ)
    assert row is not None
    _remember(data_dir, row["id"], row["beat"])
    return UUID(str(row["id"]))


async def raise_beat(db: Db) -> tuple[UUID, int]:
    """Raise the database's beat by one and return id and beat; after the commit give them to `saw`."""
    row = await db.fetchrow(BEAT)
    assert row is not None
    return row["id"], row["beat"]


def saw(data_dir: Path, id_: UUID, beat: int) -> None:
    """Remember a committed beat of the database this machine belongs to."""
    known, seen = _remembered(data_dir)
    if known in {None, id_} and beat > seen:
        _remember(data_dir, id_, beat)


async def quarantine(db: Db, reason: str) -> None:
    """Stop all executors until a person resumes (owner role)."""
    await db.execute(QUARANTINE, reason)


async def resume(db: Db, data_dir: Path) -> UUID:
    """End the quarantine, make the database a new one of this machine and return its new id (owner role)."""
    _, seen = _remembered(data_dir)
    row = await db.fetchrow(RESUME, seen)
    assert row is not None
    _remember(data_dir, row["id"], row["beat"])
    return UUID(str(row["id"]))


async def set_kill_switch(db: Db, *, on: bool) -> None:
    """Stop or allow all effects; running calls end by themselves."""
    await db.execute(SET_KILL_SWITCH, on)


def _path(data_dir: Path) -> Path:
    return data_dir / "instance.json"


def _remembered(data_dir: Path) -> tuple[UUID | None, int]:
    try:
        told: dict[str, Any] = json.loads(_path(data_dir).read_text())
    except FileNotFoundError:
        return None, 0
    return UUID(told["id"]), int(told["beat"])


def _remember(data_dir: Path, id_: UUID, beat: int) -> None:
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = _path(data_dir).with_suffix(".unfinished")
    unfinished.write_text(json.dumps({"id": str(id_), "beat": beat}))
    unfinished.replace(_path(data_dir))
