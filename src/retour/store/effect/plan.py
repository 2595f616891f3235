"""Planning effects: one row per outside call under a reference that cannot be planned twice, and reading them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from retour.core.effect import MONEY_KINDS, EffectKind, EffectState, Target, effect_key, request_hash
from retour.core.platforms import Platforms, serial_key
from retour.core.ports import CapabilityRecord
from retour.core.rma.state import EffectView
from retour.store import jobs
from retour.store.db import Db, Record
from retour.store.ids import new_id

INSERT: Final = """
INSERT INTO effect (tenant_id, id, connection_id, order_id, rma_id, kind, business_ref, seq, reference, target,
                    amount_minor, currency, request_hash, idem_key, moves_money, serial_key, repeat_harmless,
                    quiet_period, trusted_window, due_at, created_at, shop_minor)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $19, $20)
ON CONFLICT (tenant_id, kind, business_ref, seq) DO NOTHING
RETURNING id
"""
INSERT_LEGS: Final = """
INSERT INTO effect_leg (tenant_id, effect_id, n, order_id, capture_ref, amount_minor)
SELECT current_tenant(), $1, n, $2, ref, minor
  FROM unnest($3::text[], $4::bigint[]) WITH ORDINALITY AS legs (ref, minor, n)
"""
# Only the newest of its reference, only once it failed, and never money: what a refund is worth is quoted anew.
AGAIN: Final = """
INSERT INTO effect (tenant_id, id, connection_id, order_id, rma_id, kind, business_ref, seq, reference, target,
                    request_hash, idem_key, moves_money, serial_key, repeat_harmless, quiet_period, trusted_window,
                    due_at, created_at)
SELECT tenant_id, $2, connection_id, order_id, rma_id, kind, business_ref, seq + 1, $3, target, request_hash, $4,
       false, serial_key, repeat_harmless, quiet_period, trusted_window, $5, $5
  FROM effect WHERE tenant_id = current_tenant() AND id = $1 AND state = 'failed' AND NOT moves_money
ON CONFLICT (tenant_id, kind, business_ref, seq) DO NOTHING
RETURNING id
"""
WITHDRAW: Final = """
UPDATE effect SET state = 'cancelled', settled_at = $2
 WHERE tenant_id = current_tenant() AND id = ANY ($1::uuid[]) AND state = 'intent' AND first_sent_at IS NULL
   AND (lease_until IS NULL OR lease_until < clock_timestamp())
RETURNING id
"""
HAND_BACK: Final = """
UPDATE effect SET parked_at = NULL, due_at = $2
 WHERE tenant_id = current_tenant() AND id = $1 AND parked_at IS NOT NULL
   AND state IN ('intent', 'sending', 'pending', 'unknown')
RETURNING id
"""
TENANT: Final = "SELECT current_tenant()"
NEXT_SEQ: Final = """
SELECT coalesce(max(seq), 0) + 1 FROM effect WHERE tenant_id = current_tenant() AND kind = $1 AND business_ref = $2
"""
GET: Final = """
SELECT id, connection_id, order_id, rma_id, kind, business_ref, seq, reference, target, amount_minor, currency,
       idem_key, key_generation, state, tries, first_sent_at, last_sent_at,
       readback_negative_at, no_effect_proven_at, parked_at, due_at,
       far_id, far_code, message, result, created_at, settled_at
  FROM effect WHERE tenant_id = current_tenant() AND id = $1
"""
OF_RMA: Final = """
SELECT id, connection_id, order_id, rma_id, kind, business_ref, seq, reference, target, amount_minor, currency,
       idem_key, key_generation, state, tries, first_sent_at, last_sent_at,
       readback_negative_at, no_effect_proven_at, parked_at, due_at,
       far_id, far_code, message, result, created_at, settled_at
  FROM effect WHERE tenant_id = current_tenant() AND rma_id = $1 ORDER BY created_at, id
"""
NEWEST: Final = """
SELECT id, connection_id, order_id, rma_id, kind, business_ref, seq, reference, target, amount_minor, currency,
       idem_key, key_generation, state, tries, first_sent_at, last_sent_at,
       readback_negative_at, no_effect_proven_at, parked_at, due_at,
       far_id, far_code, message, result, created_at, settled_at
  FROM effect
 WHERE tenant_id = current_tenant() AND ($1::text IS NULL OR state = $1) AND (NOT $2::boolean OR parked_at IS NOT NULL)
 ORDER BY created_at DESC, id DESC LIMIT $3
"""
ATTEMPTS: Final = """
SELECT n, lease_epoch, sent_at FROM effect_attempt WHERE tenant_id = current_tenant() AND effect_id = $1 ORDER BY n
"""
OBSERVATIONS: Final = """
SELECT attempt, what, verdict, far_code, message, at
  FROM effect_observation WHERE tenant_id = current_tenant() AND effect_id = $1 ORDER BY at, id
"""


@dataclass(frozen=True, slots=True)
class Leg:
    """The part of an effect that moves money back to one capture, in presentment minor units."""

    capture_ref: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Planned:
    """An effect to be: what it does, for which order and return, and how patient its far side wants us to be."""

    kind: EffectKind
    business_ref: str
    reference: str
    target: Target
    connection_id: UUID
    order_id: UUID
    rma_id: UUID | None
    platforms: Platforms
    capability: CapabilityRecord
    seq: int = 1
    amount_minor: int | None = None
    currency: str | None = None
    legs: tuple[Leg, ...] = ()
    shop_minor: int | None = None  # the amount in the currency of the books


@dataclass(frozen=True, slots=True)
class EffectRow:
    """An effect as people and doors see it."""

    id: UUID
    connection_id: UUID
    order_id: UUID
    rma_id: UUID | None
    kind: EffectKind
    business_ref: str
    seq: int
    reference: str
    target: Mapping[str, object]
    amount_minor: int | None
    currency: str | None
    idem_key: str
    key_generation: int
    state: EffectState
    tries: int
    first_sent_at: datetime | None
    last_sent_at: datetime | None
    readback_negative_at: datetime | None
    no_effect_proven_at: datetime | None
    parked_at: datetime | None
    due_at: datetime
    far_id: str | None
    far_code: str | None
    message: str | None
    result: Mapping[str, object]
    created_at: datetime
    settled_at: datetime | None


def as_planned(effect_id: UUID, kind: EffectKind, business_ref: str, *, at: datetime) -> EffectView:
    """Return an effect that was just planned as a reading of its return would show it."""
    moves_money = kind in MONEY_KINDS
    return EffectView(effect_id, kind, business_ref, EffectState.INTENT, settlement=moves_money, created_at=at)


async def plan(db: Db, planned: Planned, *, tenant_id: UUID, at: datetime) -> UUID | None:
    """Store an effect as an intent and return its id; nothing if it was planned before.

    The caller has reserved the money of the legs. The key is made here, before any byte goes out.
    """
    effect_id = new_id()
    canonical = msgspec.json.encode([planned.kind, planned.target, planned.amount_minor, planned.currency])
    inserted = await db.fetchval(
        INSERT,
        effect_id,
        planned.connection_id,
        planned.order_id,
        planned.rma_id,
        planned.kind.value,
        planned.business_ref,
        planned.seq,
        f"{planned.reference} / {effect_id.hex[-8:]}",
        planned.target,
        planned.amount_minor,
        planned.currency,
        request_hash(canonical),
        effect_key(tenant_id, planned.kind.value, planned.business_ref, planned.seq, 0),
        planned.kind in MONEY_KINDS,
        serial_key(planned.capability, planned.order_id),
        planned.capability.repeat_harmless,
        planned.platforms.quiet(planned.capability),
        planned.platforms.window(planned.capability),
        at,
        planned.shop_minor,
    )
    if inserted is None:
        return None
    if planned.legs:
        refs, minors = [leg.capture_ref for leg in planned.legs], [leg.amount_minor for leg in planned.legs]
        await db.execute(INSERT_LEGS, effect_id, planned.order_id, refs, minors)
    return effect_id


async def plan_next(db: Db, planned: Planned, *, tenant_id: UUID, at: datetime) -> UUID:
    """Plan the next call under a reference, with its job, and return the effect; the caller holds the return's lock."""
    seq = await next_seq(db, kind=planned.kind, business_ref=planned.business_ref)
    effect_id = await plan(db, replace(planned, seq=seq), tenant_id=tenant_id, at=at)
    assert effect_id is not None, "a new number cannot be planned already"
    priority = 10 if planned.kind in MONEY_KINDS else 0
    await jobs.defer(db, [jobs.Job(jobs.Task.CARRY_OUT, effect_id, jobs.Queue.MONEY, priority=priority)])
    return effect_id


async def plan_again(db: Db, failed: EffectRow, *, at: datetime) -> UUID | None:
    """Store the next effect of a failed one's reference and return its id; nothing if that one cannot be repeated."""
    effect_id, seq = new_id(), failed.seq + 1
    reference = f"{failed.reference.partition(' / ')[0]} / {effect_id.hex[-8:]}"
    tenant_id = await db.fetchval(TENANT)
    key = effect_key(tenant_id, failed.kind.value, failed.business_ref, seq, 0)
    again: UUID | None = await db.fetchval(AGAIN, failed.id, effect_id, reference, key, at)
    return again


async def withdraw(db: Db, effect_ids: Sequence[UUID], *, at: datetime) -> list[UUID]:
    """Cancel effects that were never sent and return those that could still be withdrawn."""
    return [row["id"] for row in await db.fetch(WITHDRAW, list(effect_ids), at)]


async def hand_back(db: Db, effect_id: UUID, *, at: datetime) -> bool:
    """Give a parked effect back to the executor; return whether there was one."""
    return await db.fetchval(HAND_BACK, effect_id, at) is not None


async def next_seq(db: Db, *, kind: EffectKind, business_ref: str) -> int:
    """Return the number of a deliberate new effect of the same reference: a person's or a policy's, never a retry's."""
    seq: int = await db.fetchval(NEXT_SEQ, kind.value, business_ref)
    return seq


async def get(db: Db, effect_id: UUID) -> EffectRow | None:
    """Return one effect, or nothing."""
    row = await db.fetchrow(GET, effect_id)
    return _row(row) if row else None


async def list_of_rma(db: Db, rma_id: UUID) -> list[EffectRow]:
    """Return the effects of a return in the order they were planned."""
    return [_row(row) for row in await db.fetch(OF_RMA, rma_id)]


async def newest(db: Db, *, state: str | None, parked: bool, limit: int) -> list[EffectRow]:
    """Return the account's effects, newest first: of one state, or those a person must look at, if asked for."""
    return [_row(row) for row in await db.fetch(NEWEST, state, parked, limit)]


async def list_attempts(db: Db, effect_id: UUID) -> list[Record]:
    """Return the tries of an effect: n, lease_epoch, sent_at."""
    return await db.fetch(ATTEMPTS, effect_id)


async def list_observations(db: Db, effect_id: UUID) -> list[Record]:
    """Return what was seen about an effect: attempt, what, verdict, far_code, message, at."""
    return await db.fetch(OBSERVATIONS, effect_id)


def _row(row: Record) -> EffectRow:
    fields = dict(row)
    fields["kind"], fields["state"] = EffectKind(fields["kind"]), EffectState(fields["state"])
    return EffectRow(**fields)
