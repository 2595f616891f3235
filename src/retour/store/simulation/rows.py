"""A simulation as its two tables keep it: asked for, shown, taken back; its list in pages."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from retour.core.simulation import Affected, Against, Change, Mode, Result, State
from retour.store.db import Db, Record

OPEN: Final = """
INSERT INTO simulation (tenant_id, id, store_id, mode, against, name, candidate, candidate_version_id, baseline,
                        baseline_version_id, from_on, until_on, judged_on, imported, actor, created_at, expires_at, due_at)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $15)
"""
GET: Final = """
SELECT id, store_id, mode, against, name, candidate_version_id, baseline_version_id, from_on, until_on, judged_on, state,
       done, total, result::text AS result, failure, actor, created_at, started_at, finished_at, expires_at
  FROM simulation WHERE tenant_id = current_tenant() AND id = $1 AND expires_at > $2
"""
LIST: Final = """
SELECT id, store_id, mode, against, name, candidate_version_id, baseline_version_id, from_on, until_on, judged_on, state,
       done, total, NULL AS result, failure, actor, created_at, started_at, finished_at, expires_at
  FROM simulation WHERE tenant_id = current_tenant() AND store_id = $1 AND expires_at > $2 AND ($3::uuid IS NULL OR id < $3)
 ORDER BY id DESC LIMIT $4
"""
# What is asked for by a filter: any change, or one; in the order of the list.
AFFECTED: Final = """
SELECT n, document::text AS document FROM simulation_affected
 WHERE tenant_id = current_tenant() AND simulation_id = $1 AND n > $2 AND ($3::text IS NULL OR $3 = ANY (changes))
 ORDER BY n LIMIT $4
"""
CANCEL: Final = """
UPDATE simulation SET state = 'cancelled', finished_at = $2, due_at = NULL, lease_until = NULL, imported = NULL
 WHERE tenant_id = current_tenant() AND id = $1 AND state IN ('queued', 'running') RETURNING id
"""
REMOVE: Final = "DELETE FROM simulation WHERE tenant_id = current_tenant() AND id = $1 RETURNING id"
FORGET_EXPIRED: Final = "DELETE FROM simulation WHERE tenant_id = current_tenant() AND expires_at <= $1"


@dataclass(frozen=True, slots=True)
class NewSimulation:
    """A simulation to be asked for; `candidate` and `baseline` are documents as plain JSON, days merchant-local."""

    id: UUID
    store_id: UUID
    mode: Mode
    against: Against
    name: str
    candidate: object
    candidate_version_id: UUID | None
    baseline: object | None
    baseline_version_id: UUID | None
    from_on: date
    until_on: date
    judged_on: date | None
    imported: bytes | None
    actor: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SimulationRow:
    """A simulation as it stands; its `result` is there once it is done.

    `done` of `total` returns were read; `failure` is a stable code. Lists carry no result.
    """

    id: UUID
    store_id: UUID
    mode: Mode
    against: Against
    name: str
    candidate_version_id: UUID | None
    baseline_version_id: UUID | None
    from_on: date
    until_on: date
    judged_on: date | None
    state: State
    done: int
    total: int | None
    result: Result | None
    failure: str | None
    actor: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime

    @property
    def is_over(self) -> bool:
        """Return whether nothing more will happen to it."""
        return self.state in (State.DONE, State.FAILED, State.CANCELLED)


@dataclass(frozen=True, slots=True)
class AffectedRow:
    """One entry of the list; `n` counts from one and is the cursor."""

    n: int
    affected: Affected


_RESULT: Final = msgspec.json.Decoder(Result)
_AFFECTED: Final = msgspec.json.Decoder(Affected)


async def open_(db: Db, new: NewSimulation) -> None:
    """Keep a simulation that is to be run; the caller enqueues its job."""
    await db.execute(
        OPEN, new.id, new.store_id, new.mode.value, new.against.value, new.name, new.candidate, new.candidate_version_id,
        new.baseline, new.baseline_version_id, new.from_on, new.until_on, new.judged_on, new.imported, new.actor,
        new.created_at, new.expires_at,
    )  # fmt: skip


async def get(db: Db, simulation_id: UUID, *, now: datetime) -> SimulationRow | None:
    """Return a simulation with its result, or nothing for an unknown or expired one."""
    row = await db.fetchrow(GET, simulation_id, now)
    return _row(row) if row else None


async def list_of_store(
    db: Db, store_id: UUID, *, now: datetime, limit: int, before_id: UUID | None = None
) -> list[SimulationRow]:
    """Return the simulations of a store without their results, newest first, before a position."""
    return [_row(row) for row in await db.fetch(LIST, store_id, now, before_id, limit)]


async def affected(
    db: Db, simulation_id: UUID, *, limit: int, after: int = 0, change: Change | None = None
) -> list[AffectedRow]:
    """Return entries of the list after a position, all of them or those of one kind of change."""
    rows = await db.fetch(AFFECTED, simulation_id, after, change.value if change else None, limit)
    return [AffectedRow(row["n"], _AFFECTED.decode(row["document"])) for row in rows]


async def cancel(db: Db, simulation_id: UUID, *, now: datetime) -> bool:
    """Stop a simulation that is not over; who works on it notices within a moment. Return whether there was one."""
    return await db.fetchval(CANCEL, simulation_id, now) is not None


async def remove(db: Db, simulation_id: UUID) -> bool:
    """Delete a simulation with its list; return whether there was one."""
    return await db.fetchval(REMOVE, simulation_id) is not None


async def forget_expired(db: Db, *, now: datetime) -> None:
    """Delete the account's simulations whose time is over."""
    await db.execute(FORGET_EXPIRED, now)


def _row(row: Record) -> SimulationRow:
    fields = dict(row)
    fields["mode"], fields["against"] = Mode(fields["mode"]), Against(fields["against"])
    fields["state"] = State(fields["state"])
    fields["result"] = _RESULT.decode(fields["result"]) if fields["result"] else None
    return SimulationRow(**fields)
