"""What must agree in the database at any moment: projections with the rows they sum up, events without gaps."""

from retour.store.db import Db

COUNTERS = """
SELECT 'counter', c.line_ref, c.in_return, claimed.n AS claimed, c.received, arrived.n AS arrived, c.inspected, judged.n AS judged
  FROM order_line_counter c
 CROSS JOIN LATERAL (SELECT coalesce(sum(upper(ordinals) - lower(ordinals)), 0) AS n FROM unit_claim u
                       JOIN return_line l ON (l.tenant_id, l.id) = (u.tenant_id, u.return_line_id)
                       JOIN rma r ON (r.tenant_id, r.id) = (l.tenant_id, l.rma_id) AND r.kind <> 'cancellation'
                      WHERE (u.tenant_id, u.order_id, u.line_ref) = (c.tenant_id, c.order_id, c.line_ref)) claimed
 CROSS JOIN LATERAL (SELECT coalesce(sum(upper(ordinals) - lower(ordinals)), 0) AS n FROM receipt u
                      WHERE (u.tenant_id, u.order_id, u.line_ref) = (c.tenant_id, c.order_id, c.line_ref)) arrived
 CROSS JOIN LATERAL (SELECT coalesce(sum(upper(ordinals) - lower(ordinals)), 0) AS n FROM inspection u
                      WHERE (u.tenant_id, u.order_id, u.line_ref) = (c.tenant_id, c.order_id, c.line_ref)) judged
 WHERE (c.in_return, c.received, c.inspected) IS DISTINCT FROM (claimed.n, arrived.n, judged.n)
"""
LINES = """
SELECT 'return line', l.id::text, l.quantity, sum(upper(c.ordinals) - lower(c.ordinals))
  FROM return_line l LEFT JOIN unit_claim c ON (c.tenant_id, c.return_line_id) = (l.tenant_id, l.id)
 GROUP BY l.tenant_id, l.id HAVING l.quantity <> coalesce(sum(upper(c.ordinals) - lower(c.ordinals)), 0)
"""
# Reserved is what effects in flight hold, refunded what confirmed ones paid.
CAPTURES = """
SELECT 'capture', c.ref, c.reserved_minor, legs.open, c.refunded_minor, legs.paid
  FROM payment_capture c
 CROSS JOIN LATERAL (
   SELECT coalesce(sum(l.amount_minor) FILTER (WHERE e.state IN ('intent', 'sending', 'pending', 'unknown')), 0) AS open,
          coalesce(sum(l.amount_minor) FILTER (WHERE e.state = 'confirmed'), 0) AS paid
     FROM effect_leg l JOIN effect e ON (e.tenant_id, e.id) = (l.tenant_id, l.effect_id)
    WHERE (l.tenant_id, l.order_id, l.capture_ref) = (c.tenant_id, c.order_id, c.ref)) legs
 WHERE (c.reserved_minor, c.refunded_minor) IS DISTINCT FROM (legs.open, legs.paid)
"""
EFFECTS = """
SELECT 'effect', e.id::text, e.amount_minor, sum(l.amount_minor)
  FROM effect e LEFT JOIN effect_leg l ON (l.tenant_id, l.effect_id) = (e.tenant_id, e.id)
 WHERE e.moves_money GROUP BY e.tenant_id, e.id HAVING e.amount_minor IS DISTINCT FROM sum(l.amount_minor)
"""
LEDGER = """
SELECT 'ledger', currency, sum(posted_minor) FROM ledger_account GROUP BY currency HAVING sum(posted_minor) <> 0
"""
ACCOUNTS = """
SELECT 'account', a.path, a.posted_minor, moved.n
  FROM ledger_account a
 CROSS JOIN LATERAL (
   SELECT coalesce(sum(CASE WHEN p.destination = a.id THEN p.amount_minor ELSE -p.amount_minor END), 0) AS n
     FROM posting p WHERE p.tenant_id = a.tenant_id AND a.id IN (p.source, p.destination)) moved
 WHERE a.posted_minor <> moved.n
"""
ENTRIES = """
SELECT 'entry', e.id::text, e.amount_minor, sum(p.amount_minor)
  FROM effect e
  LEFT JOIN ledger_entry n ON (n.tenant_id, n.effect_id) = (e.tenant_id, e.id)
  LEFT JOIN posting p ON (p.tenant_id, p.entry_id) = (n.tenant_id, n.id)
 WHERE e.moves_money GROUP BY e.tenant_id, e.id
HAVING coalesce(sum(p.amount_minor), 0) <> CASE WHEN e.state = 'confirmed' THEN e.amount_minor ELSE 0 END
"""
# What was taken from cards is booked once, under the provider's own id.
CARDS = """
SELECT 'card', coalesce(sum(h.captured_minor), 0), (
         SELECT coalesce(-sum(a.posted_minor), 0) FROM ledger_account a WHERE a.path = 'gateway:stripe')
  FROM card_hold h
HAVING coalesce(sum(h.captured_minor), 0) <> (
         SELECT coalesce(-sum(a.posted_minor), 0) FROM ledger_account a WHERE a.path = 'gateway:stripe')
"""
# What is booked as paid back is what settlements on their way or done pay, with what no payment was left to take.
BOOKED = """
SELECT 'settlement', s.id::text, s.state, s.total_minor, sum(l.paid_minor)
  FROM settlement s LEFT JOIN settlement_line l ON (l.tenant_id, l.settlement_id) = (s.tenant_id, s.id)
 GROUP BY s.tenant_id, s.id
HAVING coalesce(sum(l.paid_minor), 0)
       <> CASE WHEN s.handed_to = 'merchant' THEN s.total_minor
               WHEN s.state IN ('quoted', 'failed', 'handed_over') THEN 0
               ELSE s.total_minor + (s.plan ->> 'unallocated')::bigint END
"""
MONEY_STATES = """
SELECT 'money axis', s.id::text, s.state, e.state
  FROM settlement s JOIN effect e ON (e.tenant_id, e.id) = (s.tenant_id, s.effect_id)
 WHERE s.state <> 'quoted'
   AND s.state <> CASE e.state WHEN 'confirmed' THEN 'settled' WHEN 'intent' THEN 'due' WHEN 'sending' THEN s.state
                               ELSE e.state END
"""
RESTOCKED = """
SELECT 'restock', s.inspection_id::text, i.disposition
  FROM restock s JOIN inspection i ON (i.tenant_id, i.id) = (s.tenant_id, s.inspection_id) WHERE i.disposition <> 'restock'
"""
EVENTS = """
SELECT 'events', resource_kind, resource_id::text, count(*), max(seq)
  FROM event GROUP BY resource_kind, resource_id HAVING count(*) <> max(seq)
"""
EXPLAINED = """
SELECT 'not explained', id::text, status FROM rma
 WHERE status IN ('requested', 'in_review', 'approved', 'reopened')
   AND (blocked_actor IS NULL OR blocked_since IS NULL OR blocked_code IS NULL OR blocked_evidence->>'unblocks' IS NULL)
"""
ALL = (
    COUNTERS, LINES, CAPTURES, EFFECTS, LEDGER, ACCOUNTS, ENTRIES, CARDS, BOOKED, MONEY_STATES, RESTOCKED, EVENTS, EXPLAINED
)  # fmt: skip
WRONG = " UNION ALL ".join(f"SELECT to_jsonb(found) AS found FROM ({query}) found" for query in ALL)

SOON = """
SELECT EXISTS (SELECT FROM rma WHERE due_at <= clock_timestamp() + interval '1 s')
    OR EXISTS (SELECT FROM exchange_order WHERE due_at <= clock_timestamp() + interval '1 s')
    OR EXISTS (SELECT FROM card_hold WHERE due_at <= clock_timestamp() + interval '1 s')
    OR EXISTS (SELECT FROM settlement WHERE due_at <= clock_timestamp() + interval '1 s')
    OR EXISTS (SELECT FROM effect WHERE state IN ('intent', 'sending', 'pending', 'unknown') AND parked_at IS NULL
                                    AND due_at <= clock_timestamp() + interval '1 s')
"""
TRACES = """
SELECT (SELECT count(*) FROM rma WHERE order_id = $1), (SELECT count(*) FROM unit_claim WHERE order_id = $1),
       (SELECT count(*) FROM receipt WHERE order_id = $1), (SELECT count(*) FROM inspection WHERE order_id = $1),
       (SELECT count(*) FROM settlement WHERE order_id = $1), (SELECT count(*) FROM effect WHERE order_id = $1),
       (SELECT count(*) FROM event)
"""


async def wrong(db: Db) -> list[object]:
    """Return every row of the open transaction's tenant that contradicts what it sums up; nothing when all agrees."""
    return [row["found"] for row in await db.fetch(WRONG)]
