"""What the dock scans and sees: look-ups by any code, the last scans of a person, goods that fit no open line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.scan import Scan
from retour.store.db import Db, Record
from retour.store.ids import new_id

MOST_MATCHES: Final = 20

# One statement for every meaning of a code. The number of a return that was merged leads to the one that goes on; an
# order without a return is a hit without one. Quantities in units.
LOOK_UP: Final = """
WITH RECURSIVE named (order_id, id, merged_into) AS (
  SELECT r.order_id, r.id, r.merged_into FROM rma r WHERE r.tenant_id = current_tenant() AND r.number = $1
  UNION
  SELECT r.order_id, r.id, r.merged_into
    FROM named n JOIN rma r ON r.tenant_id = current_tenant() AND r.id = n.merged_into),
hit AS (
  SELECT order_id, id AS rma_id, 1 AS rank, 'return' AS how FROM named WHERE merged_into IS NULL
  UNION ALL
  SELECT r.order_id, r.id, 2, 'parcel' FROM shipment s JOIN rma r ON r.tenant_id = s.tenant_id AND r.id = s.rma_id
   WHERE s.tenant_id = current_tenant() AND s.tracking_number = ANY ($2::text[])
  UNION ALL
  SELECT o.id, r.id, 3, 'order' FROM store t
    JOIN sales_order o ON o.tenant_id = t.tenant_id AND o.store_id = t.id AND o.name_folded = ANY ($3::text[])
    LEFT JOIN rma r ON r.tenant_id = o.tenant_id AND r.order_id = o.id
   WHERE t.tenant_id = current_tenant()),
best AS (
  SELECT DISTINCT ON (order_id, rma_id) order_id, rma_id, rank, how FROM hit ORDER BY order_id, rma_id, rank)
SELECT b.how, b.order_id, o.name AS order_name, o.store_id, t.shop_name, r.id AS rma_id, r.number, r.status, r.requested_at,
       coalesce((SELECT sum(l.quantity) FROM return_line l
                  WHERE l.tenant_id = r.tenant_id AND l.rma_id = r.id
                    AND l.decision IN ('approved', 'resolved')), 0)::int AS expected,
       coalesce((SELECT sum(upper(c.ordinals) - lower(c.ordinals)) FROM receipt c
                  WHERE c.tenant_id = r.tenant_id AND c.rma_id = r.id), 0)::int AS here
  FROM best b
  JOIN sales_order o ON o.tenant_id = current_tenant() AND o.id = b.order_id
  JOIN store t ON t.tenant_id = o.tenant_id AND t.id = o.store_id
  LEFT JOIN rma r ON r.tenant_id = o.tenant_id AND r.id = b.rma_id
 ORDER BY b.rank, r.id DESC LIMIT 21
"""
ADD_SCAN: Final = """
INSERT INTO dock_scan (tenant_id, id, staff_id, nonce, code, did, rma_id, return_line_id, observation_id, at, units)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (tenant_id, staff_id, nonce) DO NOTHING RETURNING id
"""
BY_NONCE: Final = """
SELECT id, code, did, rma_id, return_line_id, observation_id, at, units
  FROM dock_scan WHERE tenant_id = current_tenant() AND staff_id = $1 AND nonce = $2
"""
# The last thing that somebody scanned; what follows it within two seconds is the same scan.
LAST_SAME: Final = """
SELECT id, code, did, rma_id, return_line_id, observation_id, at, units
  FROM dock_scan
 WHERE tenant_id = current_tenant() AND staff_id = $1 AND did = $2 AND code = $3 AND rma_id IS NOT DISTINCT FROM $4
   AND return_line_id IS NOT DISTINCT FROM $5
 ORDER BY at DESC LIMIT 1
"""
LAST: Final = """
SELECT s.id, s.code, s.did, s.rma_id, r.number, s.return_line_id, s.observation_id, s.at, s.units, g.withdrawn_at
  FROM dock_scan s
  LEFT JOIN rma r ON r.tenant_id = s.tenant_id AND r.id = s.rma_id
  LEFT JOIN goods_observation g ON g.tenant_id = s.tenant_id AND g.id = s.observation_id
 WHERE s.tenant_id = current_tenant() AND s.staff_id = $1 ORDER BY s.at DESC, s.id DESC LIMIT $2
"""
ONE_SCAN: Final = """
SELECT id, code, did, rma_id, return_line_id, observation_id, at, units
  FROM dock_scan WHERE tenant_id = current_tenant() AND staff_id = $1 AND id = $2
"""
OBSERVE: Final = """
INSERT INTO goods_observation (tenant_id, id, store_id, rma_id, return_line_id, kind, units, code, note, location_ref, actor, at)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
WITHDRAW: Final = """
UPDATE goods_observation SET withdrawn_at = $2, withdrawn_by = $3
 WHERE tenant_id = current_tenant() AND id = $1 AND withdrawn_at IS NULL
RETURNING id, store_id, rma_id, return_line_id, kind, units
"""
WITHDRAW_OF_LINES: Final = """
UPDATE goods_observation SET withdrawn_at = $3, withdrawn_by = $4
 WHERE tenant_id = current_tenant() AND rma_id = $1 AND return_line_id = ANY ($2::uuid[]) AND kind = 'not_expected'
   AND withdrawn_at IS NULL RETURNING id
"""
STANDING: Final = """
SELECT coalesce(sum(units), 0)::int FROM goods_observation
 WHERE tenant_id = current_tenant() AND rma_id = $1 AND kind = $2 AND withdrawn_at IS NULL
"""
# Parcels that nobody announced and that a person has not decided yet; only a code can say whose they are.
PARKED: Final = """
SELECT i.id AS intake_id, g.code, g.at FROM goods_observation g
  JOIN intake i ON i.tenant_id = g.tenant_id AND i.source = 'dock' AND i.external_id = g.id::text AND i.state = 'waiting'
 WHERE g.tenant_id = current_tenant() AND g.store_id = $1 AND g.rma_id IS NULL AND g.withdrawn_at IS NULL
   AND g.code IS NOT NULL
 ORDER BY g.at, g.id LIMIT 500
"""
LIST_OBSERVED: Final = """
SELECT id, return_line_id, kind, units, code, note, location_ref, actor, at
  FROM goods_observation WHERE tenant_id = current_tenant() AND rma_id = $1 AND withdrawn_at IS NULL ORDER BY at, id
"""

# What the dock has to act on, longest first; `units` are here and have no verdict.
WAITING: Final = """
SELECT r.number, r.blocked_code = 'awaiting_inspection' AS is_here, r.blocked_since AS since,
       (coalesce((SELECT sum(upper(c.ordinals) - lower(c.ordinals)) FROM receipt c
                   WHERE c.tenant_id = r.tenant_id AND c.rma_id = r.id), 0)
        - coalesce((SELECT sum(upper(i.ordinals) - lower(i.ordinals)) FROM inspection i
                     WHERE i.tenant_id = r.tenant_id AND i.rma_id = r.id), 0))::int AS units
  FROM rma r
 WHERE r.tenant_id = current_tenant() AND r.blocked_code = ANY ('{awaiting_inspection,awaiting_receipt}')
   AND ($1::uuid IS NULL OR r.store_id = $1)
 ORDER BY r.blocked_since, r.id LIMIT $2
"""
TIMEZONE: Final = """
SELECT timezone FROM store WHERE tenant_id = current_tenant() ORDER BY id IS NOT DISTINCT FROM $1 DESC, id LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Match:
    """A return that a code leads to, or an order without one (`rma_id` is nothing); quantities in units."""

    how: str
    order_id: UUID
    order_name: str
    store_id: UUID
    shop_name: str
    rma_id: UUID | None
    number: int | None
    status: str | None
    requested_at: datetime | None
    expected: int
    here: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A return that waits for the dock: units that are here and not inspected, or a parcel that was delivered."""

    number: int
    is_here: bool
    since: datetime
    units: int


@dataclass(frozen=True, slots=True)
class NewScan:
    """A scan or tap to be written; the nonce makes it count once."""

    staff_id: UUID
    nonce: str
    code: str
    did: str
    at: datetime
    rma_id: UUID | None = None
    line_id: UUID | None = None
    observation_id: UUID | None = None
    units: int = 1


@dataclass(frozen=True, slots=True)
class ScanRow:
    """A scan as it was written."""

    id: UUID
    code: str
    did: str
    rma_id: UUID | None
    return_line_id: UUID | None
    observation_id: UUID | None
    at: datetime
    units: int


@dataclass(frozen=True, slots=True)
class ScanView:
    """One of the last scans; `withdrawn_at` is set once its observation was taken back."""

    id: UUID
    code: str
    did: str
    rma_id: UUID | None
    number: int | None
    return_line_id: UUID | None
    observation_id: UUID | None
    at: datetime
    units: int
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class Parked:
    """A parcel that nobody announced, with the code that was scanned on it; it waits as an intake."""

    intake_id: UUID
    code: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Observed:
    """Goods that were seen and fit no open return line; units were neither received nor paid for by it."""

    id: UUID
    return_line_id: UUID | None
    kind: str
    units: int
    code: str | None
    note: str | None
    location_ref: str | None
    actor: str
    at: datetime


async def look_up(db: Db, scan: Scan) -> list[Match]:
    """Return what a code leads to, best meaning first, 21 at most; a return named outright is the only answer."""
    rows = await db.fetch(LOOK_UP, scan.number, list(scan.parcels), list(scan.names))
    found = [Match(**row) for row in rows]
    outright = [match for match in found if match.how == "return"] if scan.is_return else []
    return outright or found


async def waiting(db: Db, *, store_id: UUID | None, most: int = 8) -> Sequence[Waiting]:
    """Return what waits for the dock, longest first, of one store or of all."""
    return [Waiting(**row) for row in await db.fetch(WAITING, store_id, most)]


async def add_scan(db: Db, new: NewScan) -> UUID | None:
    """Write a scan and return its id; nothing if that nonce was written before."""
    added: UUID | None = await db.fetchval(
        ADD_SCAN, new_id(), new.staff_id, new.nonce, new.code, new.did, new.rma_id, new.line_id, new.observation_id,
        new.at, new.units,
    )  # fmt: skip
    return added


async def by_nonce(db: Db, *, staff_id: UUID, nonce: str) -> ScanRow | None:
    """Return the scan that was written under a nonce, or nothing."""
    return _scan(await db.fetchrow(BY_NONCE, staff_id, nonce))


async def last_same(
    db: Db, *, staff_id: UUID, did: str, code: str, rma_id: UUID | None, line_id: UUID | None
) -> ScanRow | None:
    """Return the person's last scan of the same code with the same outcome, or nothing."""
    return _scan(await db.fetchrow(LAST_SAME, staff_id, did, code, rma_id, line_id))


async def one_scan(db: Db, scan_id: UUID, *, staff_id: UUID) -> ScanRow | None:
    """Return a scan of that person, or nothing."""
    return _scan(await db.fetchrow(ONE_SCAN, staff_id, scan_id))


async def last_scans(db: Db, *, staff_id: UUID, most: int = 10) -> Sequence[ScanView]:
    """Return the last scans of a person, newest first."""
    return [ScanView(**row) for row in await db.fetch(LAST, staff_id, most)]


async def observe(
    db: Db,
    *,
    store_id: UUID,
    rma_id: UUID | None,
    line_id: UUID | None,
    kind: str,
    units: int,
    code: str | None,
    note: str | None,
    location_ref: str | None,
    actor: str,
    at: datetime,
) -> UUID:
    """Write goods that were seen and return the observation's id; nothing is counted by it."""
    observation_id = new_id()
    await db.execute(
        OBSERVE, observation_id, store_id, rma_id, line_id, kind, units, code, note, location_ref, actor, at
    )
    return observation_id


async def withdraw(db: Db, observation_id: UUID, *, by: str, at: datetime) -> Record | None:
    """Take an observation back and return it (id, store_id, rma_id, return_line_id, kind, units); nothing if it is not open."""
    return await db.fetchrow(WITHDRAW, observation_id, at, by)


async def withdraw_of_lines(db: Db, *, rma_id: UUID, line_ids: Sequence[UUID], by: str, at: datetime) -> bool:
    """Take back what was seen before these lines were approved, now that it is received; return whether there was any."""
    return bool(await db.fetch(WITHDRAW_OF_LINES, rma_id, list(line_ids), at, by))


async def standing(db: Db, *, rma_id: UUID, kind: str) -> int:
    """Return how many units of a kind were seen on a return and not taken back."""
    units: int = await db.fetchval(STANDING, rma_id, kind)
    return units


async def parked(db: Db, *, store_id: UUID) -> Sequence[Parked]:
    """Return the parcels of a store that nobody announced and that wait, oldest first."""
    return [Parked(**row) for row in await db.fetch(PARKED, store_id)]


async def observed(db: Db, rma_id: UUID) -> Sequence[Observed]:
    """Return what was seen on a return and stands, oldest first."""
    return [Observed(**row) for row in await db.fetch(LIST_OBSERVED, rma_id)]


def _scan(row: Record | None) -> ScanRow | None:
    return ScanRow(**row) if row else None


async def timezone(db: Db, *, store_id: UUID | None) -> str:
    """Return the time zone of a store, or of the account's first store if none is named."""
    found: str | None = await db.fetchval(TIMEZONE, store_id)
    return found or "UTC"
