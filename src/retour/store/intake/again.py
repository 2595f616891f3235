"""What waits for an order that nobody knew: woken, through the inbox, once that order is here."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.store.db import Db
from retour.store.jobs import Queue, Task

WAITS_FOR_ORDER: Final = frozenset({"order_not_found", "order_not_clear"})
TOPIC: Final = "intake.order_arrived"
# Whoever waits for an order and whoever writes it take turns, so that neither misses the other: a lock each, in one order.
ALONE: Final = """
SELECT pg_advisory_xact_lock(hashtextextended('awaited:' || current_tenant() || ':' || $1::uuid || ':' || asked.name, 0))
  FROM (SELECT name FROM unnest($2::text[]) AS named (name) GROUP BY name ORDER BY name) AS asked
"""
# A row of the inbox has its due time and its tries, so that a lost job loses nothing; an order wakes an intake once.
WAKE: Final = """
WITH woken AS (
  SELECT id FROM intake
   WHERE tenant_id = current_tenant() AND state = 'waiting' AND store_id = $1 AND why = ANY ($2::text[])
     AND (facts->>'order_number' = $3 OR facts->>'order_ref' = ANY ($4::text[]))
   ORDER BY received_at, id LIMIT 50),
kept AS (
  INSERT INTO inbox (tenant_id, source, event_id, id, connection_id, topic, facts, received_at, due_at)
  SELECT current_tenant(), 'intake:' || id, $5::uuid::text, gen_random_uuid(), $6, $7,
         jsonb_build_object('intake', id::text), $8, $8 FROM woken
  ON CONFLICT (tenant_id, source, event_id) DO NOTHING RETURNING id)
SELECT jobs.procrastinate_defer_jobs_v1(array_agg(
         ROW($9::text, $10::text, 0, NULL, NULL, jsonb_build_object('tenant_id', current_tenant(), 'id', id), NULL)
         ::jobs.procrastinate_job_to_defer_v1)) FROM kept HAVING count(*) > 0
"""


async def in_turn(db: Db, *, store_id: UUID, names: Collection[str]) -> None:
    """Wait until nobody else looks for, or writes, an order that goes by one of these names."""
    if names:
        await db.fetch(ALONE, store_id, list(names))


async def wake(
    db: Db, *, store_id: UUID, order_id: UUID, number_folded: str, ref: str, connection_id: UUID, at: datetime
) -> None:
    """Have everything read again that waits for an order of that number or id at its store."""
    refs = sorted({ref, ref.rpartition("/")[2], str(order_id)})
    await in_turn(db, store_id=store_id, names=[number_folded, *refs])
    await db.fetchval(
        WAKE, store_id, sorted(WAITS_FOR_ORDER), number_folded, refs, order_id, connection_id, TOPIC, at,
        Queue.WORK.value, Task.READ_INBOX.value,
    )  # fmt: skip
