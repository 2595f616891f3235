"""Carrying effects out: claim with a fencing epoch, mark before sending, settle only under the same epoch."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from retour.core.effect import STOPPED_KINDS, TARGETS, Effect, EffectKind, EffectState, effect_key
from retour.core.ports import Outcome
from retour.store.connection import Connection
from retour.store.db import Db, Record, constraint_name
from retour.store.ids import new_id

# One statement takes the lease and tells everything that decides whether the effect may go out now. A stale `sending`
# row belongs to an executor that is gone: what it sent is unknown.
CLAIM: Final = """
WITH claimed AS (
  UPDATE effect SET lease_epoch = lease_epoch + 1, lease_until = clock_timestamp() + $2,
         state = CASE WHEN state = 'sending' THEN 'unknown' ELSE state END
   WHERE tenant_id = current_tenant() AND id = $1 AND state IN ('intent', 'sending', 'pending', 'unknown')
     AND parked_at IS NULL AND due_at <= clock_timestamp() AND (lease_until IS NULL OR lease_until < clock_timestamp())
  RETURNING id, tenant_id, connection_id, order_id, rma_id, kind, business_ref, seq, reference, target, amount_minor,
            currency, shop_minor, idem_key, key_generation, state, moves_money, repeat_harmless, quiet_period, trusted_window,
            first_sent_at, last_sent_at, readback_negative_at, no_effect_proven_at, guard_before, lease_epoch, tries, far_id)
SELECT c.*, k.store_id, k.platform, k.far_name, k.base_url, k.created_at AS connected_at, k.settings, k.sealed_write,
       k.state AS connection_state,
       i.quarantined, i.kill_switch, a.payments_paused OR s.payments_paused AS paused, clock_timestamp() AS now,
       c.moves_money AND coalesce(g.window_refunds, g.window_minor, g.day_minor, g.norm_times) IS NOT NULL AS watched
  FROM claimed c
  JOIN connection k ON k.tenant_id = c.tenant_id AND k.id = c.connection_id
  JOIN store s ON s.tenant_id = k.tenant_id AND s.id = k.store_id
  JOIN account a ON a.tenant_id = c.tenant_id
  LEFT JOIN money_guard g ON g.tenant_id = s.tenant_id AND g.store_id = s.id
 CROSS JOIN instance i
"""
POSTPONE: Final = """
UPDATE effect SET lease_until = NULL, due_at = clock_timestamp() + $3, message = coalesce($4, message)
 WHERE tenant_id = current_tenant() AND id = $1 AND lease_epoch = $2 RETURNING id
"""
# The attempt is checked by a trigger, which already sees the effect as marked.
MARK_SENDING: Final = """
WITH marked AS (
  UPDATE effect SET state = 'sending', tries = tries + 1, first_sent_at = coalesce(first_sent_at, clock_timestamp()),
         last_sent_at = clock_timestamp(), guard_before = coalesce($3, guard_before)
   WHERE tenant_id = current_tenant() AND id = $1 AND lease_epoch = $2 AND state IN ('intent', 'unknown')
  RETURNING tenant_id, id, lease_epoch, last_sent_at)
INSERT INTO effect_attempt (tenant_id, effect_id, n, lease_epoch, sent_at)
SELECT m.tenant_id, m.id, 1 + coalesce((SELECT max(a.n) FROM effect_attempt a
                                         WHERE a.tenant_id = m.tenant_id AND a.effect_id = m.id), 0), m.lease_epoch, m.last_sent_at
  FROM marked m
RETURNING n
"""
SETTLE: Final = """
WITH seen AS (
  INSERT INTO effect_observation (tenant_id, effect_id, id, attempt, lease_epoch, what, verdict, far_code, message)
  VALUES (current_tenant(), $1, $9, $10, $2, $11, $12, $6, $7))
UPDATE effect SET state = $3, lease_until = NULL, due_at = clock_timestamp() + $4, far_id = coalesce($5, far_id),
       far_code = $6, message = $7, result = CASE WHEN $8::jsonb = '{}' THEN result ELSE $8 END,
       no_effect_proven_at = CASE WHEN $3 = 'intent' THEN clock_timestamp() ELSE no_effect_proven_at END,
       settled_at = CASE WHEN $3 IN ('confirmed', 'failed') THEN clock_timestamp() END,
       guard_before = CASE WHEN $3 IN ('confirmed', 'failed') THEN guard_before - 'person' ELSE guard_before END
 WHERE tenant_id = current_tenant() AND id = $1 AND lease_epoch = $2
RETURNING state
"""
NEW_KEY: Final = """
UPDATE effect SET state = 'intent', lease_until = NULL, due_at = clock_timestamp(),
       no_effect_proven_at = clock_timestamp(),
       key_generation = key_generation + 1, idem_key = $3, first_sent_at = NULL, far_code = $4
 WHERE tenant_id = current_tenant() AND id = $1 AND lease_epoch = $2 AND key_generation = $5 RETURNING id
"""
NEGATIVE: Final = """
UPDATE effect SET readback_negative_at = $3, lease_until = NULL, due_at = clock_timestamp()
 WHERE tenant_id = current_tenant() AND id = $1 AND lease_epoch = $2 RETURNING id
"""
PARK: Final = """
UPDATE effect SET parked_at = clock_timestamp(), lease_until = NULL, message = $3
 WHERE tenant_id = current_tenant() AND id = $1 AND lease_epoch = $2 RETURNING id
"""
OBSERVE: Final = """
INSERT INTO effect_observation (tenant_id, effect_id, id, attempt, lease_epoch, what, verdict, far_code, message)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $7, $8)
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A leased effect and all that decides about it; `now` is the database's clock at the claim."""

    effect: Effect
    order_id: UUID
    rma_id: UUID | None
    moves_money: bool
    repeat_harmless: bool
    quiet_period: timedelta
    trusted_window: timedelta
    connection: Connection
    stopped: str | None
    now: datetime
    watched: bool = False  # the store has a limit of what may leave in which time
    shop_minor: int | None = None  # in the currency of the books


class SendRefused(Exception):  # noqa: N818 - the database's refusal
    """The database refused a send: `busy` while another effect of the order is on its way, `stopped`, else it would be blind."""

    def __init__(self, constraint: str):
        super().__init__(constraint)
        self.busy = constraint == "effect_serial"
        self.stopped = constraint == "effects_stopped"


@dataclass(frozen=True, slots=True)
class Settled:
    """What an outcome made of an effect; `is_ours` is false if another executor holds the effect by now."""

    state: EffectState
    is_ours: bool


async def claim(db: Db, effect_id: UUID, *, lease: timedelta) -> Claim | None:
    """Lease an effect that is due; nothing if it is not, or if somebody else carries it out."""
    row = await db.fetchrow(CLAIM, effect_id, lease)
    return _claim(row) if row else None


async def postpone(db: Db, effect: Effect, *, wait: timedelta, message: str | None = None) -> None:
    """Give the lease back and look at the effect again after `wait`."""
    await db.fetchval(POSTPONE, effect.id, effect.lease_epoch, wait, message)


async def mark_sending(db: Db, effect: Effect, *, guard: Mapping[str, object] | None) -> int | None:
    """Record that the effect is about to be sent and return the number of the attempt; nothing if the lease is lost.

    Raises SendRefused when the database refuses the send; the transaction is then lost.
    """
    try:
        n: int | None = await db.fetchval(MARK_SENDING, effect.id, effect.lease_epoch, guard)
    except asyncpg.IntegrityConstraintViolationError as refused:
        raise SendRefused(constraint_name(refused) or "unknown") from refused
    return n


def as_sent(effect: Effect, *, attempt: int, guard: Mapping[str, object] | None) -> Effect:
    """Return the effect as it stands while its attempt is on its way."""
    return replace(effect, state=EffectState.SENDING, attempts=attempt, guard_before=guard or effect.guard_before)


async def settle(
    db: Db, effect: Effect, *, to: EffectState, outcome: Outcome, again_in: timedelta, what: str
) -> Settled:
    """Keep what was seen (`what`: an `answer` or a `readback`) and write what it made of the effect.

    That only under the lease that asked; otherwise the caller keeps it as a late answer, too.
    """
    row = await db.fetchval(
        SETTLE,
        effect.id,
        effect.lease_epoch,
        to.value,
        again_in,
        outcome.far_id,
        outcome.far_code,
        outcome.message,
        outcome.result,
        new_id(),
        effect.attempts,
        what,
        outcome.verdict.value,
    )
    return Settled(to, row is not None)


async def to_new_key(db: Db, effect: Effect, *, outcome: Outcome) -> bool:
    """Give an effect its next key after the far side proved that the old one did nothing."""
    generation = effect.key_generation + 1
    key = effect_key(effect.tenant_id, effect.kind.value, effect.business_ref, effect.seq, generation)
    changed = await db.fetchval(NEW_KEY, effect.id, effect.lease_epoch, key, outcome.far_code, effect.key_generation)
    return changed is not None


async def record_negative_readback(db: Db, effect: Effect, *, looked_at: datetime) -> bool:
    """Record that the far side does not show the effect; `looked_at` is when we began to look (database clock)."""
    return await db.fetchval(NEGATIVE, effect.id, effect.lease_epoch, looked_at) is not None


async def park(db: Db, effect: Effect, *, message: str) -> bool:
    """Leave the effect to a person; nothing is sent until one hands it back."""
    return await db.fetchval(PARK, effect.id, effect.lease_epoch, message) is not None


async def note_answer(db: Db, effect: Effect, *, attempt: int, what: str, outcome: Outcome) -> None:
    """Keep what was seen: an `answer`, a `readback`, a `late_answer` or a `person`'s word."""
    await db.execute(
        OBSERVE,
        effect.id,
        new_id(),
        attempt,
        effect.lease_epoch,
        what,
        outcome.verdict.value,
        outcome.far_code,
        outcome.message,
    )


def _claim(row: Record) -> Claim:
    return Claim(
        effect=_effect(row),
        order_id=row["order_id"],
        rma_id=row["rma_id"],
        moves_money=row["moves_money"],
        repeat_harmless=row["repeat_harmless"],
        quiet_period=row["quiet_period"],
        trusted_window=row["trusted_window"],
        connection=Connection(
            id=row["connection_id"],
            store_id=row["store_id"],
            platform=row["platform"],
            far_name=row["far_name"],
            base_url=row["base_url"],
            created_at=row["connected_at"],
            settings=row["settings"],
            sealed_write=row["sealed_write"],
            state=row["connection_state"],
        ),
        stopped=_stopped(row),
        now=row["now"],
        watched=row["watched"],
        shop_minor=row["shop_minor"],
    )


def _stopped(row: Record) -> str | None:
    if row["quarantined"]:
        return "quarantined"
    if row["kill_switch"]:
        return "kill_switch"
    return "payments_paused" if row["paused"] and row["kind"] in STOPPED_KINDS else None


def _effect(row: Record) -> Effect:
    kind = EffectKind(row["kind"])
    return Effect(
        id=row["id"],
        tenant_id=row["tenant_id"],
        connection_id=row["connection_id"],
        kind=kind,
        business_ref=row["business_ref"],
        seq=row["seq"],
        key=row["idem_key"],
        key_generation=row["key_generation"],
        reference=row["reference"],
        target=msgspec.convert(row["target"], TARGETS[kind]),
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        state=EffectState(row["state"]),
        lease_epoch=row["lease_epoch"],
        attempts=row["tries"],
        first_sent_at=row["first_sent_at"],
        last_sent_at=row["last_sent_at"],
        readback_negative_at=row["readback_negative_at"],
        no_effect_proven_at=row["no_effect_proven_at"],
        far_id=row["far_id"],
        guard_before=row["guard_before"],
    )
