"""Signs of abuse as rows: recognised shoppers, the lists, what the past shows, and the score that a return keeps."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from retour.core.event import EventType
from retour.core.fraud import (
    DAYS,
    GOODS_DAYS,
    KeyKind,
    Score,
    Seen,
    Signal,
    Thresholds,
    identity_keys,
    score,
    wants_review,
)
from retour.core.order import Person
from retour.store import event
from retour.store.db import Db
from retour.store.ids import new_id

PERSON: Final = """
SELECT name, email, phone, postcode_folded AS postcode, current_tenant() AS tenant_id
  FROM person WHERE tenant_id = current_tenant() AND id = $1
"""
# What the last year shows of everybody of one identity, fifty at most; `$5` is a return that is left out, `$7` the store.
# What was cancelled never left; a first claim of goods that stayed or never came is anybody's bad luck.
SEEN: Final = """
WITH hit AS (SELECT * FROM unnest($1::text[], $2::bytea[]) AS k (kind, key)),
same AS (
  SELECT $3::uuid AS id
  UNION (SELECT k.person_id FROM hit CROSS JOIN LATERAL (
           SELECT k.person_id FROM person_key k
            WHERE k.tenant_id = current_tenant() AND k.kind = hit.kind AND k.key = hit.key LIMIT 50) AS k LIMIT 50)),
past AS (
  SELECT r.id FROM same JOIN rma r ON r.tenant_id = current_tenant() AND r.person_id = same.id
   WHERE r.requested_at > $4 AND r.id IS DISTINCT FROM $5 AND r.status NOT IN ('cancelled', 'expired', 'rejected')
     AND r.kind <> 'cancellation'),
kept AS (
  SELECT DISTINCT s.rma_id, r.kind = 'claim' AS is_claim
    FROM same
    JOIN rma r ON r.tenant_id = current_tenant() AND r.person_id = same.id AND r.requested_at > $4
     AND r.kind <> 'cancellation'
    JOIN settlement s ON s.tenant_id = r.tenant_id AND s.rma_id = r.id AND s.state = 'settled'
     AND s.moment <> 'inspected' AND s.resolution <> 'keep_item' AND s.total_minor > 0 AND s.settled_at < $6
   WHERE NOT EXISTS (SELECT FROM receipt t WHERE t.tenant_id = r.tenant_id AND t.rma_id = r.id))
SELECT (SELECT count(*) FROM past) AS returns,
       (SELECT coalesce(sum(c.ordered - c.cancelled), 0) FROM same
          JOIN sales_order o ON o.tenant_id = current_tenant() AND o.person_id = same.id AND o.placed_at > $4
          JOIN order_line_counter c ON c.tenant_id = o.tenant_id AND c.order_id = o.id)::int AS units_bought,
       (SELECT coalesce(sum(l.quantity), 0) FROM past
          JOIN return_line l ON l.tenant_id = current_tenant() AND l.rma_id = past.id
           AND l.decision NOT IN ('rejected', 'cancelled', 'expired'))::int AS units_returned,
       (SELECT count(DISTINCT i.rma_id) FROM same JOIN rma r ON r.tenant_id = current_tenant() AND r.person_id = same.id
          JOIN inspection i ON i.tenant_id = r.tenant_id AND i.rma_id = r.id AND i.at > $4
          JOIN return_line l ON l.tenant_id = i.tenant_id AND l.id = i.return_line_id
         WHERE i.grade IN ('opened', 'damaged') AND r.kind <> 'claim'
           AND l.reason NOT IN ('damaged', 'defective', 'wrong_item', 'not_as_described')
           AND NOT EXISTS (SELECT FROM reason y
                            WHERE y.tenant_id = r.tenant_id AND y.store_id = r.store_id AND y.code = l.reason
                              AND y.standard_group IN ('quality', 'mistake'))) AS worn,
       (SELECT count(DISTINCT r.id) FROM same JOIN rma r ON r.tenant_id = current_tenant() AND r.person_id = same.id
         WHERE r.requested_at > $4 AND (
           EXISTS (SELECT FROM inspection i WHERE i.tenant_id = r.tenant_id AND i.rma_id = r.id AND NOT i.accepted)
           OR EXISTS (SELECT FROM goods_observation g
                       WHERE g.tenant_id = r.tenant_id AND g.rma_id = r.id AND g.kind IN ('not_on_it', 'miscounted')
                         AND g.withdrawn_at IS NULL))) AS swapped,
       (SELECT count(*) FILTER (WHERE NOT is_claim) + greatest(count(*) FILTER (WHERE is_claim) - 1, 0) FROM kept)
         AS without_goods,
       (SELECT count(DISTINCT coalesce(p.email_folded, p.id::text))
          FROM same JOIN person p ON p.tenant_id = current_tenant() AND p.id = same.id
         WHERE p.id <> $3 AND p.email_folded IS DISTINCT FROM
               (SELECT m.email_folded FROM person m WHERE m.tenant_id = current_tenant() AND m.id = $3)) AS others,
       EXISTS (SELECT FROM shopper_list b JOIN hit ON hit.kind = b.kind AND hit.key = b.key
                WHERE b.tenant_id = current_tenant() AND b.list = 'block' AND b.removed_at IS NULL) AS blocked,
       EXISTS (SELECT FROM shopper_list a JOIN hit ON hit.kind = a.kind AND hit.key = a.key
                WHERE a.tenant_id = current_tenant() AND a.list = 'allow' AND a.removed_at IS NULL) AS allowed,
       (SELECT jsonb_build_object('returns', f.returns, 'share_bp', f.share_bp, 'worn', f.worn, 'swapped', f.swapped,
                                  'without_goods', f.without_goods, 'others', f.others, 'review_from', f.review_from)
          FROM fraud_limit f WHERE f.tenant_id = current_tenant() AND f.store_id = $7) AS limits
"""
KEEP: Final = """
UPDATE rma SET risk_score = $2, risk_signals = $3, risk_at = $4 WHERE tenant_id = current_tenant() AND id = $1
"""
# Whether something was found in the parcel of a return since it was scored, as load.LOAD tells as well: units in a state
# that may be a sign, not accepted ones, anything observed.
STALE: Final = """
SELECT r.person_id, r.store_id, r.number, r.risk_score FROM rma r
 WHERE r.tenant_id = current_tenant() AND r.id = $1 AND r.risk_at IS NOT NULL
   AND (EXISTS (SELECT FROM inspection i WHERE i.tenant_id = r.tenant_id AND i.rma_id = r.id AND i.at > r.risk_at
                   AND (NOT i.accepted OR i.grade IN ('opened', 'damaged')))
        OR EXISTS (SELECT FROM goods_observation g
                    WHERE g.tenant_id = r.tenant_id AND g.rma_id = r.id AND greatest(g.at, g.withdrawn_at) > r.risk_at))
"""
READ: Final = """
SELECT risk_score, risk_signals, risk_at, fraud_review FROM rma WHERE tenant_id = current_tenant() AND id = $1
"""


Keys = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Weighed:
    """A score as it is now, by what it was computed, and whether a person looks at the request for it."""

    score: Score
    wants_review: bool
    person_id: UUID
    keys: Keys


@dataclass(frozen=True, slots=True)
class Risk:
    """What a return keeps of its score."""

    score: int
    signals: tuple[Signal, ...]
    at: datetime
    in_review: bool


def keys_of(tenant_id: UUID, person_id: UUID, person: Person) -> Keys:
    """Return by what a shopper is recognised, as salted hashes by their kind."""
    return tuple((kind.value, hashed(tenant_id, kind, text)) for kind, text in identity_keys(person, str(person_id)))


def stranger(keys: Keys, person_id: UUID, limits: Thresholds) -> Weighed:
    """Return the score of a shopper of whom nothing is known."""
    scored = score(Seen(), limits)
    return Weighed(scored, wants_review(scored, limits), person_id, keys)


def limits_of(told: Mapping[str, object] | None) -> Thresholds:
    """Return from which figures on a store sees a sign, as the statements here read them."""
    return msgspec.convert(told or {}, Thresholds)


async def weigh(
    db: Db,
    *,
    keys: Keys,
    person_id: UUID,
    store_id: UUID,
    now: datetime,
    but: UUID | None = None,
) -> Weighed:
    """Return the score of a shopper as the past shows them; `but` is a return that does not count as one of it."""
    past = await db.fetchrow(
        SEEN, [kind for kind, _ in keys], [key for _, key in keys], person_id, now - timedelta(days=DAYS), but,
        now - timedelta(days=GOODS_DAYS), store_id,
    )  # fmt: skip
    assert past is not None, "a sum has a row"
    told = dict(past)
    limits = limits_of(told.pop("limits"))
    scored = score(Seen(**told), limits)
    return Weighed(scored, wants_review(scored, limits), person_id, keys)


async def renew(db: Db, rma_id: UUID, *, at: datetime) -> bool:
    """Score a return anew if its parcel told something since; the caller holds its lock. Return whether that changed it."""
    row = await db.fetchrow(STALE, rma_id)
    if row is None:
        return False
    told = await db.fetchrow(PERSON, row["person_id"])
    assert told is not None, "a return has its person"
    person = Person(name=told["name"], email=told["email"], phone=told["phone"], postcode=told["postcode"])
    keys = keys_of(told["tenant_id"], row["person_id"], person)
    weighed = await weigh(db, keys=keys, person_id=row["person_id"], store_id=row["store_id"], now=at, but=rma_id)
    await db.execute(KEEP, rma_id, weighed.score.total, signals_of(weighed), at)
    if weighed.score.total == row["risk_score"]:
        return False
    await event.tell(
        db, [(EventType.RETURN_SCORED, "retour")], resource_kind="return", resource_id=rma_id, store_id=row["store_id"],
        at=at, data={"number": row["number"], "score": weighed.score.total, "flags": list(weighed.score.flags)},
    )  # fmt: skip
    return True


async def read(db: Db, rma_id: UUID) -> Risk | None:
    """Return what a return keeps of its score, or nothing for one that was never scored."""
    row = await db.fetchrow(READ, rma_id)
    if row is None or row["risk_score"] is None:
        return None
    signals = msgspec.convert(row["risk_signals"], tuple[Signal, ...])
    return Risk(row["risk_score"], signals, row["risk_at"], row["fraud_review"])


def hashed(tenant_id: UUID, kind: KeyKind, text: str) -> bytes:
    """Return the salted hash by which a value of a shopper is found again."""
    return hashlib.sha256(tenant_id.bytes + kind.value.encode() + b"\x00" + text.encode()).digest()


def signals_of(weighed: Weighed) -> Sequence[object]:
    """Return the signs of a score as the JSON data that a return keeps."""
    return [asdict(signal) for signal in weighed.score.signals]


# --- the lists and the settings --------------------------------------------------------------------------------------

LIST: Final = """
SELECT id, list, kind, hint, reason, actor, at FROM shopper_list
 WHERE tenant_id = current_tenant() AND removed_at IS NULL ORDER BY at DESC, id LIMIT 1000
"""
ADD: Final = """
INSERT INTO shopper_list (tenant_id, id, list, kind, key, hint, reason, actor, at)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (tenant_id, list, kind, key) WHERE removed_at IS NULL DO NOTHING RETURNING id
"""
REMOVE: Final = """
UPDATE shopper_list SET removed_by = $2, removed_at = $3
 WHERE tenant_id = current_tenant() AND id = $1 AND removed_at IS NULL RETURNING list, kind
"""
LIMITS: Final = """
SELECT returns, share_bp, worn, swapped, without_goods, others, review_from, appeal
  FROM fraud_limit WHERE tenant_id = current_tenant() AND store_id = $1
"""
SAVE_LIMITS: Final = """
INSERT INTO fraud_limit (tenant_id, store_id, returns, share_bp, worn, swapped, without_goods, others, review_from, appeal)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (tenant_id, store_id) DO UPDATE SET
  returns = excluded.returns, share_bp = excluded.share_bp, worn = excluded.worn, swapped = excluded.swapped,
  without_goods = excluded.without_goods, others = excluded.others, review_from = excluded.review_from,
  appeal = excluded.appeal
"""
TENANT: Final = "SELECT current_tenant()"


@dataclass(frozen=True, slots=True)
class Entry:
    """A shopper on a list, by what is recognised; `hint` tells entries apart and not whom."""

    id: UUID
    list: str
    kind: str
    hint: str
    reason: str
    actor: str
    at: datetime


async def entries(db: Db) -> list[Entry]:
    """Return who is on a list, the last first."""
    return [Entry(**row) for row in await db.fetch(LIST)]


async def add_entry(
    db: Db, *, list_: str, kind: KeyKind, folded: str, hint: str, reason: str, actor: str, at: datetime
) -> UUID | None:
    """Put a shopper on a list and return the entry; nothing if they are on it already."""
    key = hashed(await db.fetchval(TENANT), kind, folded)
    made: UUID | None = await db.fetchval(ADD, new_id(), list_, kind.value, key, hint, reason, actor, at)
    return made


async def remove_entry(db: Db, entry_id: UUID, *, actor: str, at: datetime) -> tuple[str, str] | None:
    """Take a shopper off a list and return (list, kind); nothing if the entry is not on one."""
    row = await db.fetchrow(REMOVE, entry_id, actor, at)
    return (row["list"], row["kind"]) if row else None


async def limits(db: Db, store_id: UUID) -> tuple[Thresholds, str | None]:
    """Return from which figures on a store sees a sign, and what it says to a shopper who is looked at."""
    row = await db.fetchrow(LIMITS, store_id)
    if row is None:
        return Thresholds(), None
    told = dict(row)
    appeal = told.pop("appeal")
    return Thresholds(**told), appeal


async def save_limits(db: Db, store_id: UUID, limits: Thresholds, *, appeal: str | None) -> None:
    """Write from which figures on a store sees a sign, and what it says to a shopper who is looked at."""
    t = limits
    await db.execute(
        SAVE_LIMITS,
        store_id,
        t.returns,
        t.share_bp,
        t.worn,
        t.swapped,
        t.without_goods,
        t.others,
        t.review_from,
        appeal,
    )
