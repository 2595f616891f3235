"""Working on a simulation: the lease, the progress, the list as it grows, and the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from retour.core.simulation import Affected, Against, Mode, Result
from retour.store.db import Db

# Whoever takes it begins anew: what a dead worker left of the list goes first.
TAKE: Final = """
WITH taken AS (
  UPDATE simulation SET state = 'running', lease_epoch = lease_epoch + 1, lease_until = $3, due_at = $3, done = 0, total = NULL,
         started_at = coalesce(started_at, $2)
   WHERE tenant_id = current_tenant() AND id = $1 AND state IN ('queued', 'running')
     AND (lease_until IS NULL OR lease_until <= $2)
  RETURNING id, store_id, mode, against, candidate, baseline, from_on, until_on, judged_on, imported, lease_epoch),
emptied AS (
  DELETE FROM simulation_affected WHERE tenant_id = current_tenant() AND simulation_id IN (SELECT id FROM taken))
SELECT id, store_id, mode, against, candidate::text AS candidate, baseline::text AS baseline, from_on, until_on, judged_on,
       imported, lease_epoch FROM taken
"""
PROGRESS: Final = """
UPDATE simulation SET done = $3, total = $4, lease_until = $5, due_at = $5
 WHERE tenant_id = current_tenant() AND id = $1 AND lease_epoch = $2 AND state = 'running' RETURNING id
"""
ADD_AFFECTED: Final = """
INSERT INTO simulation_affected (tenant_id, simulation_id, n, reference, rma_id, changes, given_before_minor, given_after_minor,
                                 document)
SELECT current_tenant(), $1, a.n, a.reference, a.rma_id, string_to_array(a.changes, ' '), a.before, a.after,
       a.document::jsonb || CASE WHEN o.name IS NULL THEN '{}' ELSE jsonb_build_object('order_name', o.name) END
  FROM unnest($3::int[], $4::text[], $5::uuid[], $6::text[], $7::bigint[], $8::bigint[], $9::text[])
       AS a (n, reference, rma_id, changes, before, after, document)
  LEFT JOIN rma r ON r.tenant_id = current_tenant() AND r.id = a.rma_id
  LEFT JOIN sales_order o ON o.tenant_id = r.tenant_id AND o.id = r.order_id
 WHERE EXISTS (SELECT FROM simulation
                WHERE tenant_id = current_tenant() AND id = $1 AND lease_epoch = $2 AND state = 'running')
"""
FINISH: Final = """
UPDATE simulation SET state = 'done', result = $3, finished_at = $4, done = $5, total = $5, due_at = NULL, lease_until = NULL,
       imported = NULL
 WHERE tenant_id = current_tenant() AND id = $1 AND lease_epoch = $2 AND state = 'running' RETURNING id
"""
FAIL: Final = """
UPDATE simulation SET state = 'failed', failure = $3, finished_at = $4, due_at = NULL, lease_until = NULL, imported = NULL
 WHERE tenant_id = current_tenant() AND id = $1 AND lease_epoch = $2 AND state = 'running' RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """A simulation under our lease; `candidate`, `baseline` and `imported` are JSON as it is kept."""

    id: UUID
    store_id: UUID
    mode: Mode
    against: Against
    candidate: str
    baseline: str | None
    from_on: date
    until_on: date
    judged_on: date | None
    imported: bytes | None
    lease_epoch: int


class Entry(msgspec.Struct, array_like=True):
    """One entry of the list as its columns hold it; `n` is its place, `changes` are parted by blanks."""

    n: int
    reference: str
    rma_id: UUID | None
    changes: str
    before_minor: int
    after_minor: int
    document: str


def entry(n: int, of: Affected) -> Entry:
    """Return an entry of the list under its place; the name of a return's order is added as it is written."""
    rma_id = UUID(of.rma_id) if of.rma_id else None
    document = msgspec.json.encode(of).decode()
    return Entry(n, of.reference, rma_id, " ".join(of.changes), of.before.given_minor, of.after.given_minor, document)


async def take(db: Db, simulation_id: UUID, *, now: datetime, lease_until: datetime) -> Taken | None:
    """Take a simulation that waits, or whose worker is gone, and begin it anew; nothing if there is nothing to do."""
    row = await db.fetchrow(TAKE, simulation_id, now, lease_until)
    if row is None:
        return None
    return Taken(**{**row, "mode": Mode(row["mode"]), "against": Against(row["against"])})


async def progress(db: Db, taken: Taken, *, done: int, total: int, lease_until: datetime) -> bool:
    """Write how far it is and hold the lease; return whether it is still ours and still wanted."""
    return await db.fetchval(PROGRESS, taken.id, taken.lease_epoch, done, total, lease_until) is not None


async def add_affected(db: Db, taken: Taken, entries: Sequence[Entry]) -> None:
    """Add entries to the list; nothing is added once the lease is lost."""
    columns = [list(column) for column in zip(*map(msgspec.structs.astuple, entries), strict=True)]
    await db.execute(ADD_AFFECTED, taken.id, taken.lease_epoch, *columns)


async def finish(db: Db, taken: Taken, result: Result, *, read: int, at: datetime) -> bool:
    """Keep the result; return whether the simulation was still ours and wanted."""
    return await db.fetchval(FINISH, taken.id, taken.lease_epoch, result, at, read) is not None


async def fail(db: Db, taken: Taken, failure: str, *, at: datetime) -> bool:
    """End a simulation that cannot be run, with a stable code."""
    return await db.fetchval(FAIL, taken.id, taken.lease_epoch, failure, at) is not None
