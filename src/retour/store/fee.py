"""Fees that are paid beforehand, as rows: where the invoice of each return stands, and when it is looked at next."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from retour.core.rma.fee import FeeBack, FeePart, FeeState
from retour.store import jobs
from retour.store.db import Db, Record

# What comes to nothing and is asked for again begins anew; what stands or was paid stays as it is.
EXPECT: Final = """
INSERT INTO fee_invoice (tenant_id, rma_id, state, since) VALUES (current_tenant(), $1, 'due', $2)
ON CONFLICT (tenant_id, rma_id) DO UPDATE SET state = 'due', since = excluded.since, problem = NULL
 WHERE fee_invoice.state = 'free'
"""
BEGIN: Final = """
UPDATE fee_invoice SET state = 'due', due_at = $2, since = $2, problem = NULL, back = NULL, effect_id = NULL, draft_ref = NULL,
       order_ref = NULL, order_id = NULL, pay_url = NULL, collected_minor = NULL, expires_at = NULL, reminded_at = NULL,
       tries = tries + CASE WHEN draft_ref IS NULL AND parts = '[]' THEN 0 ELSE 1 END, parts = '[]'
 WHERE tenant_id = current_tenant() AND rma_id = $1 AND state = ANY ($3::text[])
RETURNING rma_id
"""
GET: Final = """
SELECT rma_id, state, problem, tries, parts, back, effect_id, draft_ref, order_ref, order_id, pay_url, collected_minor,
       expires_at, reminded_at, since, due_at
  FROM fee_invoice WHERE tenant_id = current_tenant() AND rma_id = $1
"""
SAVE: Final = """
UPDATE fee_invoice SET state = $2, problem = $3, parts = $4, back = $5, effect_id = $6, draft_ref = $7, order_ref = $8,
       order_id = $9, pay_url = $10, collected_minor = $11, expires_at = $12, reminded_at = $13, since = $14, due_at = $15
 WHERE tenant_id = current_tenant() AND rma_id = $1 AND state = $16
RETURNING rma_id
"""
POSTPONE: Final = """
UPDATE fee_invoice SET due_at = $2
 WHERE tenant_id = current_tenant() AND rma_id = $1 AND state = $3 AND back IS NOT DISTINCT FROM $4
"""
NUDGE: Final = """
UPDATE fee_invoice SET due_at = $2 WHERE tenant_id = current_tenant() AND effect_id = $1 RETURNING rma_id
"""
ASK_BACK: Final = """
UPDATE fee_invoice SET back = $2, due_at = $3
 WHERE tenant_id = current_tenant() AND rma_id = $1
   AND state IN ('drafting', 'invoicing', 'unpaid', 'stuck', 'dropping')
RETURNING rma_id
"""
GIVE_BACK: Final = """
UPDATE fee_invoice SET back = $2, due_at = $3
 WHERE tenant_id = current_tenant() AND rma_id = $1 AND state = 'paid' AND due_at IS NULL
RETURNING rma_id
"""
TURN: Final = """
UPDATE fee_invoice SET state = $2, since = $3, due_at = $4, problem = NULL
 WHERE tenant_id = current_tenant() AND rma_id = $1 AND state = ANY ($5::text[])
RETURNING rma_id
"""


@dataclass(frozen=True, slots=True)
class FeeInvoice:
    """The invoice for the fee of one return; `back` says why it is to be withdrawn."""

    rma_id: UUID
    state: FeeState
    tries: int
    since: datetime
    parts: tuple[FeePart, ...] = ()
    problem: str | None = None
    back: FeeBack | None = None
    effect_id: UUID | None = None
    draft_ref: str | None = None
    order_ref: str | None = None
    order_id: UUID | None = None
    pay_url: str | None = None
    collected_minor: int | None = None
    expires_at: datetime | None = None
    reminded_at: datetime | None = None
    due_at: datetime | None = None

    def at(self, state: FeeState, now: datetime, *, due: datetime | None, problem: str | None = None) -> "FeeInvoice":
        """Return it in another state, to be looked at again when it is `due`."""
        return replace(self, state=state, since=now, due_at=due, problem=problem)


async def expect(db: Db, rma_id: UUID, *, at: datetime) -> None:
    """Write that a return has a fee to be paid beforehand, once it is approved."""
    await db.execute(EXPECT, rma_id, at)


async def begin(db: Db, rma_id: UUID, *, at: datetime, came_from: Sequence[FeeState]) -> bool:
    """Let the fee of a return be charged now; return whether it stood in one of these states."""
    begun = await db.fetchval(BEGIN, rma_id, at, [state.value for state in came_from])
    if begun is not None:
        await _defer(db, rma_id)
    return begun is not None


async def get(db: Db, rma_id: UUID) -> FeeInvoice | None:
    """Return the fee of a return, or nothing."""
    row = await db.fetchrow(GET, rma_id)
    return _row(row) if row else None


async def save(db: Db, fee: FeeInvoice, *, was: FeeState) -> bool:
    """Write how a fee stands now; return False and write nothing if it has moved on from `was` by now."""
    saved = await db.fetchval(
        SAVE, fee.rma_id, fee.state.value, fee.problem, list(fee.parts), fee.back and fee.back.value, fee.effect_id,
        fee.draft_ref, fee.order_ref, fee.order_id, fee.pay_url, fee.collected_minor, fee.expires_at, fee.reminded_at,
        fee.since, fee.due_at, was.value,
    )  # fmt: skip
    return saved is not None


async def postpone(db: Db, fee: FeeInvoice, *, due: datetime) -> None:
    """Write when a fee is looked at again, unless it has moved or somebody has decided about it since it was read."""
    await db.execute(POSTPONE, fee.rma_id, due, fee.state.value, fee.back and fee.back.value)


async def nudge(db: Db, effect_id: UUID, *, at: datetime) -> None:
    """Let the fee that awaits an effect be looked at now that its outcome is known."""
    waiting = await db.fetchval(NUDGE, effect_id, at)
    if waiting is not None:
        await _defer(db, waiting)


async def ask_back(db: Db, rma_id: UUID, *, back: FeeBack, at: datetime) -> bool:
    """Ask for an invoice to be withdrawn; return whether there was one that stands or is being made."""
    asked = await db.fetchval(ASK_BACK, rma_id, back.value, at)
    if asked is not None:
        await _defer(db, rma_id)
    return asked is not None


async def give_back(db: Db, rma_id: UUID, *, whole: bool, at: datetime) -> bool:
    """Let a fee that was paid be given back as its terms say, or as a `whole`; return whether there was one."""
    asked = await db.fetchval(GIVE_BACK, rma_id, FeeBack.FREE.value if whole else None, at)
    if asked is not None:
        await _defer(db, rma_id)
    return asked is not None


async def turn(
    db: Db, rma_id: UUID, *, to: FeeState, came_from: Sequence[FeeState], at: datetime, due: datetime | None = None
) -> bool:
    """Write another state of a fee that needs no call outside; return whether it stood in one of those before."""
    done = await db.fetchval(TURN, rma_id, to.value, at, due, [state.value for state in came_from])
    if done is not None and due is not None:
        await _defer(db, rma_id)
    return done is not None


async def _defer(db: Db, rma_id: UUID) -> None:
    await jobs.defer(db, [jobs.Job(jobs.Task.FEE, rma_id, jobs.Queue.MONEY)])


def _row(row: Record) -> FeeInvoice:
    return FeeInvoice(
        **{
            **row,
            "state": FeeState(row["state"]),
            "parts": msgspec.convert(row["parts"], tuple[FeePart, ...]),
            "back": FeeBack(row["back"]) if row["back"] else None,
        }
    )
