"""What is not over with a person: what an erasure has to wait for."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from retour.core.privacy import Standing
from retour.store.db import Db

# Orders first, as everywhere: whoever opens a return holds its order.
LOCK_ORDERS: Final = """
SELECT id FROM sales_order WHERE tenant_id = current_tenant() AND person_id = $1 ORDER BY id FOR UPDATE
"""
# A withdrawal is acknowledged and answered to the address that was typed: the law owes that mail, and it holds the
# statement until it is sent (three days at most).
STANDING: Final = """
WITH own AS (
  SELECT r.id, r.status FROM rma r WHERE r.tenant_id = current_tenant() AND r.person_id = $1
  UNION
  SELECT r.id, r.status FROM rma r JOIN sales_order o ON o.tenant_id = r.tenant_id AND o.id = r.order_id
   WHERE r.tenant_id = current_tenant() AND o.person_id = $1)
SELECT (SELECT count(*) FROM own WHERE status IN ('requested', 'in_review', 'approved', 'reopened'))::int AS returns,
       (SELECT count(*) FROM settlement s JOIN own ON own.id = s.rma_id
         WHERE s.tenant_id = current_tenant()
           AND (s.state IN ('quoted', 'due', 'sending', 'pending', 'unknown')
                OR s.state = 'handed_over' AND s.handed_to = 'merchant' AND s.reported_at IS NULL))::int
       + (SELECT count(*) FROM exchange_order x JOIN own ON own.id = x.rma_id
           WHERE x.tenant_id = current_tenant() AND x.state NOT IN ('made', 'cancelled', 'by_hand'))::int
       + (SELECT count(*) FROM card_hold h JOIN own ON own.id = h.rma_id
           WHERE h.tenant_id = current_tenant() AND h.state NOT IN ('captured', 'released', 'lapsed'))::int
       + (SELECT count(*) FROM fee_invoice f JOIN own ON own.id = f.rma_id
           WHERE f.tenant_id = current_tenant()
             AND f.state IN ('drafting', 'invoicing', 'unpaid', 'stuck', 'dropping', 'refunding'))::int AS settlements,
       (SELECT count(*) FROM effect e
         WHERE e.tenant_id = current_tenant() AND e.state IN ('intent', 'sending', 'pending', 'unknown')
           AND (e.rma_id IN (SELECT id FROM own)
                OR e.order_id IN (SELECT o.id FROM sales_order o
                                   WHERE o.tenant_id = current_tenant() AND o.person_id = $1)))::int
       + (SELECT count(*) FROM mail m
           WHERE m.tenant_id = current_tenant() AND m.person_id = $1 AND m.state = 'sending')::int
       + (SELECT count(*) FROM mail m
           WHERE m.tenant_id = current_tenant() AND m.resource_kind = 'withdrawal' AND m.state IN ('due', 'sending')
             AND (m.resource_id = ANY ($2::uuid[])
                  OR m.resource_id IN (SELECT w.id FROM withdrawal w
                                        WHERE w.tenant_id = current_tenant() AND w.person_id = $1)))::int AS calls,
       (SELECT count(*) FROM withdrawal w
         WHERE w.tenant_id = current_tenant() AND w.person_id = $1 AND w.state IN ('received', 'waiting'))::int AS withdrawals
"""


async def lock(db: Db, person_id: UUID) -> None:
    """Lock the orders of a person, so that no return of theirs is opened meanwhile."""
    await db.fetch(LOCK_ORDERS, person_id)


async def standing(db: Db, person_id: UUID, *, stated: Sequence[UUID] = ()) -> Standing:
    """Return what is not over with a person: returns, money, calls, withdrawals.

    `stated` are withdrawals that are theirs by what stands in them.
    """
    row = await db.fetchrow(STANDING, person_id, list(stated))
    assert row is not None, "a sum has a row"
    return Standing(**row)
