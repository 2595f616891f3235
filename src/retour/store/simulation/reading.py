"""The past in pages, as a simulation reads it: one statement a page, one JSON text, under one snapshot."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.store.db import Db, Record

# Everything is read as of one moment; nothing can be written by who reads.
SNAPSHOT: Final = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
VERSIONS: Final = """
SELECT id::text AS id, document::text AS document FROM policy_version
 WHERE tenant_id = current_tenant() AND store_id = $1 AND state NOT IN ('draft', 'discarded')
"""
COUNT_RETURNS: Final = """
SELECT count(*) FROM rma WHERE tenant_id = current_tenant() AND store_id = $1 AND requested_at >= $2 AND requested_at < $3
"""
# The newest first. Decisions are written out whole, as they are kept: to take the facts out of them costs the server more
# than to write the rest. In parts, because texts of a whole page no longer fit the processor's caches while they grow.
# The shape of a return is that of decoding.PastRow, here and in ORDERS.
RETURNS: Final = """
WITH page AS MATERIALIZED (
  SELECT tenant_id, id, requested_at, number, order_id, method, policy_version_id, inspected_at, promised,
         coalesce(decision, decision_before::json) AS decision,
         (row_number() OVER (ORDER BY requested_at DESC, id DESC) - 1) / 32 AS part FROM rma
   WHERE tenant_id = current_tenant() AND store_id = $1 AND requested_at >= $2 AND requested_at <= $3
     AND (requested_at, id) < ($3, $4::uuid)
   ORDER BY requested_at DESC, id DESC LIMIT $5),
last AS (SELECT requested_at, id FROM page ORDER BY requested_at, id LIMIT 1),
written AS (
  SELECT part, count(*)::int AS read, string_agg(r.decision::text, ',') AS decisions, string_agg(json_build_array(
      r.id, r.number, r.order_id, r.method, r.policy_version_id, (
        SELECT json_agg(json_build_array(p -> 'total' -> 'shop', p -> 'adjustments', p -> 'bonus_shop'))
          FROM jsonb_array_elements(r.promised -> 'plans') p),
      CASE WHEN r.inspected_at IS NOT NULL THEN (
        SELECT json_agg(json_build_array(s.plan -> 'total' -> 'shop', s.plan -> 'adjustments', s.plan -> 'bonus_shop'))
          FROM settlement s WHERE s.tenant_id = r.tenant_id AND s.rma_id = r.id) END, (
        SELECT json_agg(json_build_array(l.line_ref, l.requested_quantity, l.resolution, l.resolution_ref, l.decision))
          FROM return_line l WHERE l.tenant_id = r.tenant_id AND l.rma_id = r.id),
      CASE WHEN r.inspected_at IS NOT NULL THEN (
        SELECT json_agg(json_build_array(i.line_ref, upper(i.ordinals) - lower(i.ordinals), i.grade, i.accepted,
                 i.deduction_basis_points) ORDER BY i.ordinals)
          FROM inspection i WHERE i.tenant_id = r.tenant_id AND i.rma_id = r.id) END)::text, ',') AS heads
    FROM page r GROUP BY part)
SELECT read, last.requested_at AS last_at, last.id AS last_id, convert_to('[' || heads || ']', 'UTF8') AS document,
       convert_to('[' || decisions || ']', 'UTF8') AS decisions
  FROM last, written ORDER BY part
"""
# Orders with the returns they have, oldest first; those are left out where there is only one.
ORDERS: Final = """
SELECT convert_to(json_agg(json_build_object('id', o.id, 'document', o.document, 'returns', CASE WHEN n.times > 1 THEN (
    SELECT json_agg(json_build_array(
      r.id, r.number, r.order_id, r.method, r.policy_version_id, (
        SELECT json_agg(json_build_array(p -> 'total' -> 'shop', p -> 'adjustments', p -> 'bonus_shop'))
          FROM jsonb_array_elements(r.promised -> 'plans') p),
      CASE WHEN r.inspected_at IS NOT NULL THEN (
        SELECT json_agg(json_build_array(s.plan -> 'total' -> 'shop', s.plan -> 'adjustments', s.plan -> 'bonus_shop'))
          FROM settlement s WHERE s.tenant_id = r.tenant_id AND s.rma_id = r.id) END, (
        SELECT json_agg(json_build_array(l.line_ref, l.requested_quantity, l.resolution, l.resolution_ref, l.decision))
          FROM return_line l WHERE l.tenant_id = r.tenant_id AND l.rma_id = r.id),
      CASE WHEN r.inspected_at IS NOT NULL THEN (
        SELECT json_agg(json_build_array(i.line_ref, upper(i.ordinals) - lower(i.ordinals), i.grade, i.accepted,
                 i.deduction_basis_points) ORDER BY i.ordinals)
          FROM inspection i WHERE i.tenant_id = r.tenant_id AND i.rma_id = r.id) END,
      coalesce(r.decision, r.decision_before::json)
      ) ORDER BY r.requested_at, r.id)
      FROM rma r WHERE r.tenant_id = o.tenant_id AND r.order_id = o.id) END))::text, 'UTF8')
  FROM sales_order o
 CROSS JOIN LATERAL (SELECT count(*) AS times FROM rma WHERE tenant_id = o.tenant_id AND order_id = o.id) n
 WHERE o.tenant_id = current_tenant() AND o.id = ANY ($1::uuid[])
"""
COUNT_ORDERS: Final = """
SELECT count(*) FROM sales_order o
 WHERE o.tenant_id = current_tenant() AND o.store_id = $1 AND o.placed_at >= $2 AND o.placed_at < $3
   AND NOT EXISTS (SELECT FROM rma r WHERE r.tenant_id = o.tenant_id AND r.order_id = o.id)
"""
UNRETURNED: Final = """
WITH page AS MATERIALIZED (
  SELECT o.id, o.placed_at, o.name, o.document, p.tags FROM sales_order o
    JOIN person p ON p.tenant_id = o.tenant_id AND p.id = o.person_id
   WHERE o.tenant_id = current_tenant() AND o.store_id = $1 AND o.placed_at >= $2 AND o.placed_at <= $3
     AND (o.placed_at, o.id) < ($3, $4::uuid)
     AND NOT EXISTS (SELECT FROM rma r WHERE r.tenant_id = o.tenant_id AND r.order_id = o.id)
   ORDER BY o.placed_at DESC, o.id DESC LIMIT $5)
SELECT (SELECT count(*)::int FROM page) AS read, last.placed_at AS last_at, last.id AS last_id, convert_to((
    SELECT json_agg(json_build_object('id', id, 'name', name, 'document', document, 'tags', tags)
                    ORDER BY placed_at DESC, id DESC)::text FROM page), 'UTF8') AS document
  FROM (SELECT placed_at, id FROM page ORDER BY placed_at, id LIMIT 1) last
"""
STORE: Final = "SELECT timezone, currency FROM store WHERE tenant_id = current_tenant() AND id = $1"

_NOBODY: Final = UUID(int=0)  # comes before every id, so that the first page begins before the end of the span


@dataclass(frozen=True, slots=True)
class Span:
    """A store and two aware instants: what was asked for at the first or later, and before the second."""

    store_id: UUID
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the past; `after` is the position of the next one.

    `parts` are JSON, each beside the decisions of its returns (nothing for orders without).
    """

    read: int
    after: tuple[datetime, UUID]
    parts: list[tuple[bytes, bytes]]


async def freeze(db: Db) -> None:
    """Make the open transaction see one moment only, and write nothing; must be its first statement."""
    await db.execute(SNAPSHOT)


async def calendar_of(db: Db, store_id: UUID) -> tuple[str, str] | None:
    """Return the store's time zone and the currency of its books, or nothing without the store."""
    row = await db.fetchrow(STORE, store_id)
    return (row["timezone"], row["currency"]) if row else None


async def versions(db: Db, store_id: UUID) -> dict[str, str]:
    """Return every published or retired policy of a store as JSON, by the id of its version."""
    return {row["id"]: row["document"] for row in await db.fetch(VERSIONS, store_id)}


async def count_returns(db: Db, span: Span) -> int:
    """Return how many returns were requested in the span."""
    found: int = await db.fetchval(COUNT_RETURNS, span.store_id, span.begins_at, span.ends_at)
    return found


async def count_unreturned(db: Db, span: Span) -> int:
    """Return how many orders placed in the span have no return."""
    found: int = await db.fetchval(COUNT_ORDERS, span.store_id, span.begins_at, span.ends_at)
    return found


async def page_of_returns(db: Db, span: Span, *, after: tuple[datetime, UUID] | None, limit: int) -> Page | None:
    """Return the next returns of the span, the newest first; nothing after the last."""
    rows = await db.fetch(RETURNS, span.store_id, span.begins_at, *(after or (span.ends_at, _NOBODY)), limit)
    return _page(rows, [(row["document"], row["decisions"]) for row in rows])


async def page_of_unreturned(db: Db, span: Span, *, after: tuple[datetime, UUID] | None, limit: int) -> Page | None:
    """Return the next orders of the span that nobody has returned anything of; nothing after the last."""
    rows = await db.fetch(UNRETURNED, span.store_id, span.begins_at, *(after or (span.ends_at, _NOBODY)), limit)
    return _page(rows, [(row["document"], b"") for row in rows])


async def orders(db: Db, order_ids: Sequence[UUID]) -> bytes:
    """Return orders with their documents and, where there are several, their returns, as JSON."""
    found: bytes | None = await db.fetchval(ORDERS, list(order_ids))
    return found or b"[]"


def _page(rows: Sequence[Record], parts: list[tuple[bytes, bytes]]) -> Page | None:
    if not rows:
        return None
    return Page(sum(row["read"] for row in rows), (rows[0]["last_at"], rows[0]["last_id"]), parts)
