"""Differences between two systems for people: each with the return or order it concerns."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from retour.store.db import Db, Record
from retour.store.desk.listing import PAGE

LIST: Final = """
SELECT count(*) OVER () AS total, d.id, d.store_id, d.kind, d.resource_kind, d.resource_id, d.owner, d.next_step,
       d.details, d.state, d.opened_at, d.resolved_at, d.resolved_by, r.id AS rma_id, r.number, r.version AS rma_version,
       o.id AS order_id, o.name AS order_name, o.currency, s.id AS settlement_id, s.total_minor, s.state AS settlement_state,
       e.id AS effect_id, e.kind AS effect_kind, e.state AS effect_state, e.message AS effect_message,
       e.amount_minor AS effect_minor, e.parked_at IS NOT NULL AS parked, e.moves_money
  FROM discrepancy d
  LEFT JOIN effect e ON d.resource_kind = 'effect' AND e.tenant_id = d.tenant_id AND e.id = d.resource_id
  LEFT JOIN settlement s ON s.tenant_id = d.tenant_id
    AND (d.resource_kind = 'settlement' AND s.id = d.resource_id OR s.effect_id = e.id)
  LEFT JOIN rma r ON r.tenant_id = d.tenant_id
    AND r.id = CASE d.resource_kind WHEN 'return' THEN d.resource_id WHEN 'settlement' THEN s.rma_id ELSE e.rma_id END
  LEFT JOIN sales_order o ON o.tenant_id = d.tenant_id
    AND o.id = CASE d.resource_kind WHEN 'order' THEN d.resource_id ELSE coalesce(r.order_id, e.order_id) END
 WHERE d.tenant_id = current_tenant() AND ($1::uuid IS NULL OR d.store_id = $1 OR d.store_id IS NULL)
   AND d.state = $2 AND ($3::text IS NULL OR d.owner = $3) AND ($4::uuid IS NULL OR d.id = $4)
 ORDER BY CASE WHEN d.state = 'open' THEN d.opened_at END, d.resolved_at DESC, d.id
 LIMIT $5 OFFSET $6
"""
STATE_OF: Final = "SELECT state FROM discrepancy WHERE tenant_id = current_tenant() AND id = $1"


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A difference with all that a person needs to decide it; what does not concern it is nothing."""

    id: UUID
    store_id: UUID | None
    kind: str
    resource_kind: str
    resource_id: UUID
    owner: str
    next_step: str
    details: Mapping[str, Any]
    state: str
    opened_at: datetime
    resolved_at: datetime | None
    resolved_by: str | None
    rma_id: UUID | None
    number: int | None
    rma_version: int | None
    order_id: UUID | None
    order_name: str | None
    currency: str | None
    settlement_id: UUID | None
    total_minor: int | None
    settlement_state: str | None
    effect_id: UUID | None
    effect_kind: str | None
    effect_state: str | None
    effect_message: str | None
    effect_minor: int | None
    parked: bool | None
    moves_money: bool | None


@dataclass(frozen=True, slots=True)
class Exceptions:
    """A page of differences and how many there are in all."""

    rows: tuple[Mismatch, ...]
    total: int


async def exceptions(
    db: Db, *, store_id: UUID | None, state: str = "open", owner: str | None = None, page: int = 1
) -> Exceptions:
    """Return one page of the differences: open ones oldest first, resolved ones newest first."""
    rows = await db.fetch(LIST, store_id, state, owner, None, PAGE, (page - 1) * PAGE)
    return Exceptions(tuple(_exception(row) for row in rows), rows[0]["total"] if rows else 0)


async def exception(db: Db, id_: UUID) -> Mismatch | None:
    """Return one difference, or nothing."""
    state = await db.fetchval(STATE_OF, id_)
    row = None if state is None else await db.fetchrow(LIST, None, state, None, id_, 1, 0)
    return _exception(row) if row else None


def _exception(row: Record) -> Mismatch:
    return Mismatch(**{name: value for name, value in row.items() if name != "total"})
