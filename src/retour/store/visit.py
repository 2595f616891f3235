"""Visits of shoppers and their codes; the statements of asking and of trying are the same whether an order exists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from retour.core.visit import TRIES, Limit, VisitState
from retour.store.db import Db, Record

OPEN: Final = """
INSERT INTO visit (tenant_id, id, store_id, token_sha256, state, language, asked_sealed, asked_at, created_at, seen_at,
                   expires_at, due_at, gift)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $7, $7, $7, $8, $7, $9)
"""
# What a browser holds finds its visit; a visit of another store or one that is over is none. Each time a gift link is
# used makes a person of what is typed: whoever has proven the address is all of those who typed it.
FIND: Final = """
SELECT v.id, v.store_id, v.state, v.language, v.asked_sealed, v.asked_at, v.order_id, v.person_id, v.proven_at,
       v.proven_by, v.answers, v.created_at, v.seen_at, v.expires_at, v.gift,
       CASE WHEN v.gift AND v.proven_by = 'code' THEN (
         SELECT array_agg(DISTINCT r.person_id)
           FROM rma r JOIN person p ON p.tenant_id = r.tenant_id AND p.id = r.person_id
           JOIN person me ON me.tenant_id = v.tenant_id AND me.id = v.person_id
          WHERE r.tenant_id = v.tenant_id AND r.order_id = v.order_id AND r.gift AND p.email_folded = me.email_folded)
       END AS also
  FROM visit v
 WHERE v.tenant_id = current_tenant() AND v.token_sha256 = $1 AND v.store_id = $2 AND v.state <> 'closed'
   AND v.expires_at > $3
"""
LOCK: Final = """
SELECT id, store_id, state, language, asked_sealed, asked_at, order_id, person_id, proven_at, proven_by, answers,
       created_at, seen_at, expires_at, gift
  FROM visit WHERE tenant_id = current_tenant() AND id = $1 FOR NO KEY UPDATE
"""
ASK_AGAIN: Final = """
UPDATE visit SET state = $2, language = $3, asked_sealed = coalesce($4, asked_sealed), asked_at = $5, seen_at = $5,
       due_at = $5, expires_at = $6, gift = $7, answers = CASE WHEN gift = $7 THEN answers ELSE '{}' END
 WHERE tenant_id = current_tenant() AND id = $1
"""
NEW_CODE: Final = """
INSERT INTO visit_code (tenant_id, visit_id, n, created_at, expires_at)
SELECT current_tenant(), $1, 1 + coalesce(max(n), 0), $2, $3
  FROM visit_code WHERE tenant_id = current_tenant() AND visit_id = $1
"""
# A try is counted before it is compared, so that a hundred at once are a hundred tries.
TRY: Final = """
UPDATE visit_code SET tries = tries + 1
 WHERE tenant_id = current_tenant() AND visit_id = $1 AND tries <= $2
   AND n = (SELECT max(n) FROM visit_code WHERE tenant_id = current_tenant() AND visit_id = $1)
RETURNING n, code_hmac, order_id, person_id, tries, expires_at, used_at IS NOT NULL AS used
"""
USE: Final = """
UPDATE visit_code SET used_at = $3
 WHERE tenant_id = current_tenant() AND visit_id = $1 AND n = $2 AND used_at IS NULL RETURNING n
"""
PREPARE_CODE: Final = """
UPDATE visit_code SET channel = $2, code_hmac = $3, order_id = $4, person_id = $5, sent_at = $6,
       expires_at = greatest(expires_at, $7)
 WHERE tenant_id = current_tenant() AND visit_id = $1
   AND n = (SELECT max(n) FROM visit_code WHERE tenant_id = current_tenant() AND visit_id = $1)
RETURNING n
"""
# The proof gives the browser a new token, so that a token somebody planted before is worth nothing.
PROVE: Final = """
UPDATE visit SET state = 'proven', order_id = $2, person_id = $3, proven_at = $4, proven_by = $5, token_sha256 = $6,
       answers = CASE WHEN answers ->> 'order_id' = $2::uuid::text AND gift = $8 THEN answers ELSE '{}' END, gift = $8,
       asked_sealed = NULL, due_at = NULL, seen_at = $4, expires_at = $7
 WHERE tenant_id = current_tenant() AND id = $1
"""
FETCH: Final = """
UPDATE visit SET state = 'fetching', asked_sealed = $2, token_sha256 = $3, asked_at = $4, seen_at = $4, due_at = $4,
       expires_at = $5, gift = $6, answers = CASE WHEN gift = $6 THEN answers ELSE '{}' END
 WHERE tenant_id = current_tenant() AND id = $1
"""
FETCHED: Final = """
UPDATE visit SET state = 'proven', order_id = $2, person_id = $3, proven_at = $4, proven_by = 'link', due_at = NULL,
       answers = CASE WHEN answers ->> 'order_id' = $2::uuid::text THEN answers ELSE '{}' END, asked_sealed = NULL
 WHERE tenant_id = current_tenant() AND id = $1
"""
TAKE: Final = """
UPDATE visit SET due_at = $3
 WHERE tenant_id = current_tenant() AND id = $1 AND state IN ('asked', 'fetching') AND due_at <= $2
RETURNING id, store_id, state, language, asked_sealed, asked_at, order_id, person_id, proven_at, proven_by, answers,
          created_at, seen_at, expires_at, gift
"""
SETTLE: Final = """
UPDATE visit SET state = $3, due_at = NULL
 WHERE tenant_id = current_tenant() AND id = $1 AND asked_at = $2 AND state IN ('asked', 'fetching') RETURNING id
"""
PUT_OFF: Final = """
UPDATE visit SET due_at = $3
 WHERE tenant_id = current_tenant() AND id = $1 AND asked_at = $2 AND state IN ('asked', 'fetching')
"""
DUE_NOW: Final = """
UPDATE visit SET due_at = $2 WHERE tenant_id = current_tenant() AND id = $1 AND state IN ('asked', 'fetching')
"""
SEEN: Final = """
UPDATE visit SET seen_at = $2
 WHERE tenant_id = current_tenant() AND id = $1 AND seen_at < $2::timestamptz - interval '1 minute'
"""
CLOSE: Final = """
UPDATE visit SET state = 'closed', asked_sealed = NULL, answers = '{}', due_at = NULL, expires_at = $2
 WHERE tenant_id = current_tenant() AND id = $1
"""
ANSWER: Final = "UPDATE visit SET answers = $2, seen_at = $3 WHERE tenant_id = current_tenant() AND id = $1"
FORGET: Final = "DELETE FROM visit WHERE tenant_id = current_tenant() AND expires_at <= $1"
FORGET_LIMITS: Final = "DELETE FROM visit_limit WHERE tenant_id = current_tenant() AND full_at <= $1"
# A bucket with room moves its instant on and says so; a full one stays as it is and says nothing.
SPEND: Final = """
INSERT INTO visit_limit AS l (tenant_id, kind, key, full_at) VALUES (current_tenant(), $1, $2, $3::timestamptz + $4)
ON CONFLICT (tenant_id, kind, key) DO UPDATE SET full_at = greatest(l.full_at, $3) + $4
 WHERE greatest(l.full_at, $3) + $4 <= $3 + $5::interval
RETURNING full_at
"""
FULL_AT: Final = "SELECT full_at FROM visit_limit WHERE tenant_id = current_tenant() AND kind = $1 AND key = $2"


@dataclass(frozen=True, slots=True)
class Visit:
    """A shopper's visit; `asked_sealed` is what was typed, `answers` the draft of a return."""

    id: UUID
    store_id: UUID
    state: VisitState
    language: str
    asked_at: datetime
    order_id: UUID | None
    person_id: UUID | None
    proven_at: datetime | None
    proven_by: str | None
    answers: Mapping[str, Any]
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    asked_sealed: bytes | None
    gift: bool  # of whoever got the goods: no price and nobody else's return is shown
    also: Sequence[UUID] | None = None  # of a gift: every person who returned it under the address that was proven


@dataclass(frozen=True, slots=True, repr=False)
class CodeRow:
    """The newest code of a visit after a try was counted; without `code_hmac` there is none that could fit."""

    n: int
    code_hmac: bytes | None
    order_id: UUID | None
    person_id: UUID | None
    tries: int
    expires_at: datetime
    used: bool


async def open_visit(
    db: Db, visit_id: UUID, *, store_id: UUID, token_sha256: bytes, state: VisitState, language: str, asked_sealed: bytes,
    at: datetime, expires_at: datetime, gift: bool = False,
) -> None:  # fmt: skip
    """Write a new visit whose look-up is due."""
    await db.execute(OPEN, visit_id, store_id, token_sha256, state.value, language, asked_sealed, at, expires_at, gift)


async def find(db: Db, token_sha256: bytes, *, store_id: UUID, at: datetime) -> Visit | None:
    """Return the visit that a browser's token belongs to, or nothing."""
    row = await db.fetchrow(FIND, token_sha256, store_id, at)
    return _visit(row) if row else None


async def lock(db: Db, visit_id: UUID) -> Visit | None:
    """Return a visit with its row locked, or nothing."""
    row = await db.fetchrow(LOCK, visit_id)
    return _visit(row) if row else None


async def ask_again(
    db: Db, visit_id: UUID, *, state: VisitState, language: str, asked_sealed: bytes | None, at: datetime,
    expires_at: datetime, gift: bool,
) -> None:  # fmt: skip
    """Let a visit's look-up be worked on anew, with what was typed now or, without it, before.

    Answers that were given as another person are dropped.
    """
    await db.execute(ASK_AGAIN, visit_id, state.value, language, asked_sealed, at, expires_at, gift)


async def new_code(db: Db, visit_id: UUID, *, at: datetime, expires_at: datetime) -> None:
    """Begin a code of the visit, whether one will be sent or not; the ones before it are over."""
    await db.execute(NEW_CODE, visit_id, at, expires_at)


async def count_try(db: Db, visit_id: UUID) -> CodeRow | None:
    """Count a try of the visit's newest code and return it; nothing if there is none with a try left."""
    row = await db.fetchrow(TRY, visit_id, TRIES)
    return CodeRow(**row) if row else None


async def use_code(db: Db, visit_id: UUID, n: int, *, at: datetime) -> bool:
    """Mark a code as used; False if it was."""
    return await db.fetchval(USE, visit_id, n, at) is not None


async def prepare_code(
    db: Db, visit_id: UUID, *, channel: str, code_hmac: bytes, order_id: UUID, person_id: UUID, at: datetime,
    expires_at: datetime,
) -> int | None:  # fmt: skip
    """Let the newest code of the visit be one that fits, good until `expires_at` at least; return its number."""
    n: int | None = await db.fetchval(PREPARE_CODE, visit_id, channel, code_hmac, order_id, person_id, at, expires_at)
    return n


async def prove(
    db: Db, visit_id: UUID, *, order_id: UUID, person_id: UUID, by: str, token_sha256: bytes, at: datetime,
    expires_at: datetime, gift: bool = False,
) -> None:  # fmt: skip
    """Write down whose order this is now known to be; answers about another order, or as another person, are dropped."""
    await db.execute(PROVE, visit_id, order_id, person_id, at, by, token_sha256, expires_at, gift)


async def fetch(
    db: Db, visit_id: UUID, *, asked_sealed: bytes, token_sha256: bytes, at: datetime, expires_at: datetime,
    gift: bool = False,
) -> None:  # fmt: skip
    """Let a visit wait for the order of a signed link, under a new token."""
    await db.execute(FETCH, visit_id, asked_sealed, token_sha256, at, expires_at, gift)


async def fetched(db: Db, visit_id: UUID, *, order_id: UUID, person_id: UUID, at: datetime) -> None:
    """Write down the order of a signed link that was fetched only now."""
    await db.execute(FETCHED, visit_id, order_id, person_id, at)


async def take(db: Db, visit_id: UUID, *, now: datetime, lease_until: datetime) -> Visit | None:
    """Take a visit whose look-up is due; it is due again when the lease ends."""
    row = await db.fetchrow(TAKE, visit_id, now, lease_until)
    return _visit(row) if row else None


async def settle(db: Db, visit: Visit, state: VisitState) -> bool:
    """End the look-up of a visit; False if the shopper asked again meanwhile."""
    return await db.fetchval(SETTLE, visit.id, visit.asked_at, state.value) is not None


async def put_off(db: Db, visit: Visit, *, due_at: datetime) -> None:
    """Let a look-up come back later."""
    await db.execute(PUT_OFF, visit.id, visit.asked_at, due_at)


async def due_now(db: Db, visit_id: UUID, *, at: datetime) -> None:
    """Let a look-up that another process took be worked on at once."""
    await db.execute(DUE_NOW, visit_id, at)


async def seen(db: Db, visit_id: UUID, *, at: datetime) -> None:
    """Write down that the shopper is here, once a minute at most."""
    await db.execute(SEEN, visit_id, at)


async def close(db: Db, visit_id: UUID, *, at: datetime) -> None:
    """End a visit and forget what was typed and drafted in it."""
    await db.execute(CLOSE, visit_id, at)


async def answer(db: Db, visit_id: UUID, answers: Mapping[str, Any], *, at: datetime) -> None:
    """Keep the draft of a return."""
    await db.execute(ANSWER, visit_id, answers, at)


async def forget(db: Db, *, at: datetime) -> None:
    """Delete visits that are over, with their codes, and buckets that are full again."""
    await db.execute(FORGET, at)
    await db.execute(FORGET_LIMITS, at)


async def spend(db: Db, kind: str, key: bytes, limit: Limit, *, now: datetime) -> datetime | None:
    """Take one from a bucket; return nothing if there was one, else the instant at which there will be."""
    taken = await db.fetchval(SPEND, kind, key, now, limit.every, limit.reach)
    if taken is not None:
        return None
    full_at: datetime = await db.fetchval(FULL_AT, kind, key)
    return full_at + limit.every - limit.reach


def _visit(row: Record) -> Visit:
    return Visit(**{**row, "state": VisitState(row["state"])})
