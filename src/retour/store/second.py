"""The second person's approval of a payment, as rows: who waits since when, and what was said about which figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.event import EventType
from retour.core.refund import Plan
from retour.core.second import HANDS, Because, second_needed
from retour.store import guard
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.ids import new_id
from retour.store.refund import SettlementRow
from retour.store.rma import ReturnRecord

# What the order was paid before counts in; an override is what a person decided beyond the rules about this return.
GROUND: Final = """
SELECT coalesce((SELECT sum((o.plan->'total'->>'shop')::bigint + coalesce((o.plan->>'bonus_shop')::bigint, 0))
                   FROM settlement o
                  WHERE o.tenant_id = current_tenant() AND o.order_id = $3 AND o.id <> $1
                    AND o.state NOT IN ('quoted', 'failed', 'reversed')), 0)::bigint AS before,
       EXISTS (SELECT FROM fee_waiver w WHERE w.tenant_id = current_tenant() AND w.rma_id = $2)
       OR EXISTS (SELECT FROM event v
                   WHERE v.tenant_id = current_tenant() AND v.resource_kind = 'return'
                     AND v.resource_id IN (SELECT r.id FROM rma r
                                            WHERE r.tenant_id = current_tenant() AND r.order_id = $3
                                              AND (r.id = $2 OR r.merged_into IS NOT NULL))
                     AND v.type = 'return.requested' AND v.data->'objections' <> '[]') AS beyond,
       EXISTS (SELECT FROM second_approval a
                WHERE a.tenant_id = current_tenant() AND a.settlement_id = $1 AND a.verdict = 'approved'
                  AND a.plan_hash = $4 AND a.total_minor = $5) AS approved
"""
WAIT: Final = """
UPDATE settlement SET second_at = $2, second_because = $3, plan = $4, plan_hash = $5, total_minor = $6, due_at = NULL
 WHERE tenant_id = current_tenant() AND id = $1 AND state = 'quoted' AND second_at IS NULL RETURNING id
"""
CLEAR: Final = """
UPDATE settlement SET second_at = NULL, second_because = NULL, due_at = $2
 WHERE tenant_id = current_tenant() AND id = $1 AND second_at IS NOT NULL RETURNING id
"""
SAY: Final = """
INSERT INTO second_approval (tenant_id, id, settlement_id, rma_id, verdict, plan_hash, total_minor, actor, note, at)
SELECT current_tenant(), $2, id, rma_id, $3, plan_hash, total_minor, $4, $5, $6
  FROM settlement WHERE tenant_id = current_tenant() AND id = $1
"""
WAITS: Final = """
SELECT second_at, second_because FROM settlement WHERE tenant_id = current_tenant() AND id = $1 AND second_at IS NOT NULL
"""
SAID: Final = """
SELECT verdict, plan_hash, total_minor, actor, note, at
  FROM second_approval WHERE tenant_id = current_tenant() AND settlement_id = $1 ORDER BY at, id
"""
ACTORS: Final = """
SELECT actor FROM hands_of($1, $2) AS h (actor)
"""
WAITING_OF_STORE: Final = """
SELECT s.id, s.rma_id FROM settlement s JOIN rma r ON r.tenant_id = s.tenant_id AND r.id = s.rma_id
 WHERE s.tenant_id = current_tenant() AND s.second_at IS NOT NULL AND s.state = 'quoted' AND r.store_id = $1
   AND NOT EXISTS (SELECT FROM hands_of(s.rma_id, $3) AS h (actor) WHERE h.actor = $2)
 ORDER BY s.id
"""
_HANDS: Final = sorted(HANDS)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Since when a payment waits for a second person, and why."""

    since: datetime
    because: Because


@dataclass(frozen=True, slots=True)
class Word:
    """What a second person said about a payment of exactly these figures; `total_minor` is presentment."""

    verdict: str
    plan_hash: str
    total_minor: int
    actor: str
    note: str | None
    at: datetime


async def wait_for_second(
    db: Db,
    record: ReturnRecord,
    row: SettlementRow,
    plan: Plan,
    *,
    at: datetime,
    is_override: bool = False,
    is_outside: bool = False,
) -> bool:
    """Let a payment wait if a second person must approve it and has not; return whether it waits.

    The caller holds the locks of order and return, and `plan` is what would be paid by its legs, or all of it outside
    (`is_outside`); nothing needs nobody. `is_override`: a person decided against the platform's figure.
    """
    total_minor = plan.total.presentment if is_outside else sum(leg.amount_minor for leg in plan.legs)
    rule = (await guard.get(db, record.store_id)).second
    if total_minor == 0 or (rule.above_minor is None and not rule.overrides):
        return False
    seen = await db.fetchrow(GROUND, row.id, row.rma_id, row.order_id, plan.hash, total_minor)
    assert seen is not None, "a sum has a row"
    worth = seen["before"] + plan.total.shop + plan.bonus_shop
    because = second_needed(rule, worth_minor=worth, is_override=is_override or seen["beyond"])
    if because is None or seen["approved"]:
        return False
    if await db.fetchval(WAIT, row.id, at, because.value, plan, plan.hash, total_minor) is not None:
        facts: dict[str, object] = {
            "settlement_id": row.id, "because": because.value, "amount_minor": total_minor, "currency": row.currency,
        }  # fmt: skip
        await returns.changed(db, record, EventType.SECOND_NEEDED, actor="retour", at=at, data=facts)
    return True


async def waiting(db: Db, settlement_id: UUID) -> Waiting | None:
    """Return since when and why a payment waits for a second person, or nothing."""
    row = await db.fetchrow(WAITS, settlement_id)
    return Waiting(row["second_at"], Because(row["second_because"])) if row else None


async def clear(db: Db, settlement_id: UUID, *, due_at: datetime) -> bool:
    """End the wait of a payment, which is then due; return whether it waited."""
    return await db.fetchval(CLEAR, settlement_id, due_at) is not None


async def say(db: Db, settlement_id: UUID, *, verdict: str, actor: str, note: str | None, at: datetime) -> None:
    """Keep a second person's word about the payment as it stands; the database refuses whoever had a hand in it."""
    await db.execute(SAY, settlement_id, new_id(), verdict, actor, note, at)


async def said(db: Db, settlement_id: UUID) -> Sequence[Word]:
    """Return what second persons have said about a payment, oldest first."""
    return [Word(**row) for row in await db.fetch(SAID, settlement_id)]


async def hands(db: Db, rma_id: UUID) -> frozenset[str]:
    """Return who had a hand in a return, or made the key of a program that had one."""
    return frozenset(row["actor"] for row in await db.fetch(ACTORS, rma_id, _HANDS))


async def waiting_of_store(db: Db, store_id: UUID, *, but_hands_of: str) -> list[tuple[UUID, UUID]]:
    """Return (settlement, return) of a store's payments that wait, except those in which an actor had a hand."""
    return [(row["id"], row["rma_id"]) for row in await db.fetch(WAITING_OF_STORE, store_id, but_hands_of, _HANDS)]
