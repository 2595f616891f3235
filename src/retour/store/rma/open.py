"""Writing a new return with all that belongs to it, in one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from retour.core import mail
from retour.core.event import EventType
from retour.core.rma import Blocked, Decision, Moment, Span
from retour.store.db import Db
from retour.store.fraud import Weighed, signals_of
from retour.store.idempotency import WAIT_S, Answer, KeyTaken, StillRunning
from retour.store.ids import new_id
from retour.store.jobs import Job, columns
from retour.store.rma.save import evidence

# The return with its score, what its shopper is recognised by, its lines, the units they claim and the counters that limit
# them; its first events with their deliveries, mail and jobs (as event.TELL); the answer under an Idempotency-Key (as
# idempotency.KEEP): all of it or nothing.
OPEN: Final = """
WITH added AS (
  INSERT INTO rma (tenant_id, id, store_id, order_id, person_id, kind, channel, status, method, location_ref,
                   policy_version_id, decision, promised, requested_at, decided_at, blocked_actor, blocked_code,
                   blocked_since, blocked_evidence, due_at, number, approve_at, gift, risk_score, risk_signals,
                   risk_at, fraud_review)
  VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $13, $30, $46, $54,
          $55, $56, $13, $57)),
recognised AS (
  INSERT INTO person_key (tenant_id, kind, key, person_id)
  SELECT current_tenant(), kind, key, $58 FROM unnest($59::text[], $60::bytea[]) AS k (kind, key) ON CONFLICT DO NOTHING),
lines AS (
  INSERT INTO return_line (tenant_id, id, rma_id, order_id, line_ref, position, quantity, requested_quantity,
                           reason, note, resolution, decision, decided_at, decided_by, settle_on, settle_after_hours,
                           method, destination, answers, resolution_ref)
  SELECT current_tenant(), id, $1, $3, line_ref, position, quantity, quantity, reason, note, resolution, $7, $14, $19,
         settle_on, after, method, destination, answers::jsonb, resolution_ref
    FROM unnest($20::uuid[], $21::text[], $22::int[], $23::text[], $24::text[], $25::text[], $47::text[], $48::int[],
                $49::text[], $50::text[], $51::text[], $52::uuid[])
         WITH ORDINALITY AS l (id, line_ref, quantity, reason, note, resolution, settle_on, after, method, destination,
                               answers, resolution_ref, position)),
claims AS (
  INSERT INTO unit_claim (tenant_id, order_id, line_ref, ordinals, return_line_id)
  SELECT current_tenant(), $3, line_ref, int4range(lo, hi, '[]'), line_id
    FROM unnest($26::text[], $27::int[], $28::int[], $29::uuid[]) AS c (line_ref, lo, hi, line_id)),
counted AS (
  UPDATE order_line_counter n SET in_return = n.in_return + l.quantity
    FROM (SELECT line_ref, sum(quantity)::int AS quantity FROM unnest($21::text[], $22::int[]) AS u (line_ref, quantity)
           GROUP BY line_ref) AS l
   WHERE n.tenant_id = current_tenant() AND n.order_id = $3 AND n.line_ref = l.line_ref AND $5 <> 'cancellation'),
worded AS (
  INSERT INTO rma_word (tenant_id, word, number) SELECT current_tenant(), word, $30 FROM unnest($53::text[]) AS word),
told AS (
  INSERT INTO event (tenant_id, resource_kind, resource_id, seq, id, store_id, type, actor, cause, data, at)
  SELECT current_tenant(), 'return', $1, n, id, $2, type, actor, $31, $32, $13
    FROM unnest($33::uuid[], $34::text[], $35::text[]) WITH ORDINALITY AS said (id, type, actor, n)
  RETURNING id, type),
listened AS (
  INSERT INTO delivery (tenant_id, id, endpoint_id, event_id, due_at)
  SELECT current_tenant(), gen_random_uuid(), w.id, told.id, $13
    FROM told, webhook_endpoint w
   WHERE w.tenant_id = current_tenant() AND w.active AND (w.topics = '{}' OR told.type = ANY (w.topics))
  RETURNING id),
mailed AS (
  INSERT INTO mail (tenant_id, id, store_id, kind, resource_kind, resource_id, subject_id, event_id, person_id, due_at,
                    expires_at)
  SELECT current_tenant(), gen_random_uuid(), $2, said.kind, 'return', $1, $1, said.id, p.id, $13, $13 + $45::interval
    FROM unnest($33::uuid[], $44::text[]) AS said (id, kind)
    JOIN mail_sender s ON s.tenant_id = current_tenant() AND s.store_id = $2 AND s.active AND said.kind <> ALL (s.silent)
    JOIN person p ON p.tenant_id = current_tenant() AND p.id = $4 AND p.email IS NOT NULL
   WHERE said.kind IS NOT NULL
  RETURNING id),
kept AS (
  INSERT INTO idempotency AS known (tenant_id, key, request_hash, status, body)
  SELECT current_tenant(), $40, $41, $42, $43 WHERE $40::text IS NOT NULL
  ON CONFLICT (tenant_id, key) DO UPDATE
     SET request_hash = excluded.request_hash, status = excluded.status, body = excluded.body, created_at = now()
   WHERE known.created_at < now() - interval '24 hours'
  RETURNING true),
wanted AS (
  SELECT 'work' AS queue, 'delivery.deliver' AS task, 0 AS priority, id FROM listened
  UNION ALL SELECT 'work', 'mail.deliver', 0, id FROM mailed
  UNION ALL SELECT * FROM unnest($36::text[], $37::text[], $38::int[], $39::uuid[])),
deferred AS MATERIALIZED (
  SELECT jobs.procrastinate_defer_jobs_v1(array_agg(
           ROW(queue, task, priority, NULL, NULL, jsonb_build_object('tenant_id', current_tenant(), 'id', id), NULL)
           ::jobs.procrastinate_job_to_defer_v1)) AS ids FROM wanted HAVING count(*) > 0)
SELECT $40::text IS NULL OR EXISTS (SELECT FROM kept), (SELECT ids FROM deferred)
"""


@dataclass(frozen=True, slots=True)
class NewLine:
    """A return line to be written, with the ordinals it claims; `answers` are by the id of the question.

    `method` and `destination` are the line's own where they are not the return's.
    """

    id: UUID
    line_ref: str
    quantity: int
    reason: str
    note: str | None
    resolution: str
    claimed: tuple[Span, ...]
    settle_on: Moment = Moment.INSPECTED
    settle_after_hours: int = 0
    method: str | None = None
    destination: str | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    resolution_ref: str | None = None


@dataclass(frozen=True, slots=True)
class NewReturn:
    """A return to be written; `decision` and `promised` are frozen with it."""

    id: UUID
    number: int
    store_id: UUID
    order_id: UUID
    person_id: UUID
    kind: str
    channel: str
    status: Decision
    method: str
    location_ref: str | None
    policy_version_id: UUID
    decision: object
    promised: object
    requested_at: datetime
    decided_by: str | None
    blocked: Blocked
    weighed: Weighed
    lines: tuple[NewLine, ...]
    approve_at: datetime | None = None
    gift: bool = False
    words: tuple[str, ...] = ()  # it is found by


async def open_(
    db: Db,
    new: NewReturn,
    *,
    said: Sequence[tuple[EventType, str]],
    cause: str,
    data: Mapping[str, object],
    nudges: Sequence[Job],
    answer: Answer | None = None,
) -> None:
    """Write a return with its first events (what, who), the nudges and, if given, the answer under a key.

    Raises the database's error for `one_return_per_unit` or `not_more_than_fulfilled` if a unit is already taken;
    KeyTaken and StillRunning as `idempotency.keep` does. The transaction is lost with any of them.
    """
    kept = (answer.key, answer.request_hash, answer.status, answer.body) if answer else (None,) * 4
    try:
        done: bool = await db.fetchval(
            OPEN,
            *_return(new),
            *_lines(new),
            new.number,
            cause,
            data,
            [new_id() for _ in said],
            [what.value for what, _ in said],
            [who for _, who in said],
            *columns(nudges),
            *kept,
            mail.kinds_of([what for what, _ in said], data),
            mail.LIFE,
            new.approve_at,
            [line.settle_on.value for line in new.lines],
            [line.settle_after_hours for line in new.lines],
            [line.method for line in new.lines],
            [line.destination for line in new.lines],
            [msgspec.json.encode(line.answers).decode() for line in new.lines],
            [line.resolution_ref for line in new.lines],
            list(new.words),
            new.gift,
            *_weighed(new),
            timeout=WAIT_S if answer else None,
        )
    except TimeoutError:
        raise StillRunning from None
    if not done:
        raise KeyTaken


def _return(new: NewReturn) -> tuple[object, ...]:
    return (
        new.id, new.store_id, new.order_id, new.person_id, new.kind, new.channel, new.status.value, new.method,
        new.location_ref, new.policy_version_id, new.decision, new.promised, new.requested_at,
        new.requested_at if new.status is not Decision.REQUESTED else None,
        new.blocked.actor, new.blocked.code, new.blocked.since, evidence(new.blocked), new.decided_by,
    )  # fmt: skip


def _weighed(new: NewReturn) -> tuple[object, ...]:
    found = new.weighed
    return (
        found.score.total, signals_of(found), found.wants_review, found.person_id, [kind for kind, _ in found.keys],
        [key for _, key in found.keys],
    )  # fmt: skip


def _lines(new: NewReturn) -> tuple[object, ...]:
    lines = new.lines
    claims = [(line.line_ref, lo, hi, line.id) for line in lines for lo, hi in line.claimed]
    return (
        [line.id for line in lines],
        [line.line_ref for line in lines],
        [line.quantity for line in lines],
        [line.reason for line in lines],
        [line.note for line in lines],
        [line.resolution for line in lines],
        *([claim[i] for claim in claims] for i in range(4)),
    )
