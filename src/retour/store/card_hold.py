"""Authorisations of cards as rows; who may move one holds the lock of its return."""

from dataclasses import fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from retour.core.hold import Decided, Hold
from retour.core.platforms import CARD_PROVIDERS
from retour.core.rma.hold import HoldState, Owes
from retour.store import jobs
from retour.store.db import Db, Record

ADD: Final = """
INSERT INTO card_hold (tenant_id, id, rma_id, connection_id, state, currency, line_ids, units, days, arrive_days, since,
                       back_url, due_at)
VALUES (current_tenant(), $1, $2, $3, 'asked', $4, $5, $6, $7, $8, $9, $10, $9)
ON CONFLICT DO NOTHING
RETURNING id
"""
GET: Final = """
SELECT id, rma_id, connection_id, state, currency, line_ids, units, days, arrive_days, since, amount_minor, captured_minor,
       owed_minor, owes, problem, effect_id, page_ref, page_url, page_until, intent_ref, customer_ref, method_ref,
       authorised_at, lapses_at, send_by, arrive_by, reminded, dunning_since, dunned, back_url, wants_page, decided,
       decided_minor, due_at
  FROM card_hold WHERE tenant_id = current_tenant() AND id = $1
"""
OF_RMA: Final = """
SELECT id, rma_id, connection_id, state, currency, line_ids, units, days, arrive_days, since, amount_minor, captured_minor,
       owed_minor, owes, problem, effect_id, page_ref, page_url, page_until, intent_ref, customer_ref, method_ref,
       authorised_at, lapses_at, send_by, arrive_by, reminded, dunning_since, dunned, back_url, wants_page, decided,
       decided_minor, due_at
  FROM card_hold WHERE tenant_id = current_tenant() AND rma_id = $1 ORDER BY id DESC
"""
SAVE: Final = """
UPDATE card_hold
   SET state = $2, since = $3, amount_minor = $4, captured_minor = $5, owed_minor = $6, owes = $7, problem = $8, effect_id = $9,
       page_ref = $10, page_url = $11, page_until = $12, intent_ref = $13, customer_ref = $14, method_ref = $15,
       authorised_at = $16, lapses_at = $17, send_by = $18, arrive_by = $19, reminded = $20, dunning_since = $21,
       dunned = $22, wants_page = $23, decided = $24, decided_minor = $25, due_at = $26
 WHERE tenant_id = current_tenant() AND id = $1
"""
DUE: Final = "UPDATE card_hold SET due_at = $2 WHERE tenant_id = current_tenant() AND id = $1 AND due_at IS NOT NULL"
NUDGE: Final = """
UPDATE card_hold SET due_at = $2 WHERE tenant_id = current_tenant() AND effect_id = $1 AND due_at IS NOT NULL RETURNING id
"""
# What waits for an effect is woken by that.
WAKE: Final = """
UPDATE card_hold SET due_at = $2
 WHERE tenant_id = current_tenant() AND rma_id = $1 AND due_at > $2 AND effect_id IS NULL RETURNING id
"""
WAKE_ONE: Final = """
UPDATE card_hold SET due_at = $2 WHERE tenant_id = current_tenant() AND id = $1 AND due_at > $2 RETURNING id
"""
PROVIDER: Final = """
SELECT id FROM connection
 WHERE tenant_id = current_tenant() AND store_id = $1 AND platform = ANY ($2::text[]) AND state = 'connected'
 ORDER BY created_at, id LIMIT 1
"""
AT_ONCE: Final = """
UPDATE return_line SET settle_on = 'approved', settle_after_hours = 0
 WHERE tenant_id = current_tenant() AND id = ANY ($1::uuid[])
"""
_COLUMNS: Final = tuple(field.name for field in fields(Hold))


async def add(db: Db, hold: Hold) -> bool:
    """Write a hold that was asked for, with its job; return False and write nothing if the return has an open one."""
    added = await db.fetchval(
        ADD, hold.id, hold.rma_id, hold.connection_id, hold.currency, list(hold.line_ids),
        [list(span) for span in hold.units], hold.days, hold.arrive_days, hold.since, hold.back_url,
    )  # fmt: skip
    if added is not None:
        await start(db, hold.id)
    return added is not None


async def get(db: Db, hold_id: UUID) -> Hold | None:
    """Return one hold, or nothing."""
    row = await db.fetchrow(GET, hold_id)
    return _row(row) if row else None


async def list_of_rma(db: Db, rma_id: UUID) -> list[Hold]:
    """Return the holds of a return, newest first."""
    return [_row(row) for row in await db.fetch(OF_RMA, rma_id)]


async def save(db: Db, hold: Hold) -> None:
    """Write how a hold stands now, by whoever holds its return's lock."""
    await db.execute(
        SAVE, hold.id, hold.state.value, hold.since, hold.amount_minor, hold.captured_minor, hold.owed_minor,
        hold.owes and hold.owes.value, hold.problem, hold.effect_id, hold.page_ref, hold.page_url, hold.page_until,
        hold.intent_ref, hold.customer_ref, hold.method_ref, hold.authorised_at, hold.lapses_at, hold.send_by,
        hold.arrive_by, hold.reminded, hold.dunning_since, hold.dunned, hold.wants_page,
        hold.decided and hold.decided.value, hold.decided_minor, hold.due_at,
    )  # fmt: skip


async def postpone(db: Db, hold_id: UUID, *, due: datetime) -> None:
    """Write when an open hold is looked at again."""
    await db.execute(DUE, hold_id, due)


async def nudge(db: Db, effect_id: UUID, *, at: datetime) -> None:
    """Let the hold that awaits an effect be looked at now that its outcome is known."""
    waiting = await db.fetchval(NUDGE, effect_id, at)
    if waiting is not None:
        await start(db, waiting)


async def wake(db: Db, rma_id: UUID, *, at: datetime) -> None:
    """Let the open hold of a return be looked at now: something about its goods has changed."""
    waiting = await db.fetchval(WAKE, rma_id, at)
    if waiting is not None:
        await start(db, waiting)


async def wake_one(db: Db, hold_id: UUID, *, at: datetime) -> bool:
    """Let one open hold be looked at now; return whether there is one that was not due already."""
    waiting = await db.fetchval(WAKE_ONE, hold_id, at)
    if waiting is not None:
        await start(db, waiting)
    return waiting is not None


async def provider(db: Db, store_id: UUID) -> UUID | None:
    """Return the connection of a store to a provider of card payments, if it has one."""
    found: UUID | None = await db.fetchval(PROVIDER, store_id, sorted(CARD_PROVIDERS))
    return found


async def settle_at_once(db: Db, line_ids: tuple[UUID, ...]) -> None:
    """Let lines be settled from their approval on, whatever the policy's moment was."""
    await db.execute(AT_ONCE, list(line_ids))


async def start(db: Db, hold_id: UUID) -> None:
    """Enqueue a look at a hold that is due now."""
    await jobs.defer(db, [jobs.Job(jobs.Task.CARD_HOLD, hold_id, jobs.Queue.MONEY)])


def _row(row: Record) -> Hold:
    known: dict[str, Any] = {name: row[name] for name in _COLUMNS}
    known["state"], known["line_ids"] = HoldState(known["state"]), tuple(known["line_ids"])
    known["units"] = tuple((str(ref), int(lo), int(hi)) for ref, lo, hi in known["units"])
    known["owes"] = Owes(known["owes"]) if known["owes"] else None
    known["decided"] = Decided(known["decided"]) if known["decided"] else None
    return Hold(**known)
