"""Statements of withdrawal: received whole and sealed, matched with an order afterwards, and never deleted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from retour.core.withdrawal import Candidate, Period, Statement, Why, WithdrawalState
from retour.store.db import Db, Record
from retour.store.order.people import fold_email
from retour.store.order.record import fold_name
from retour.store.vault import Vault

ADD: Final = """
INSERT INTO withdrawal (tenant_id, id, store_id, channel, actor, token_sha256, language, sealed, content_sha256, received_at,
                        stated_on, since, due_at)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $9, $9)
ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""
GET: Final = """
SELECT w.id, w.store_id, w.channel, w.actor, w.token_sha256, w.language, w.content_sha256, w.received_at, w.stated_on,
       w.state, w.why, w.refusal, w.since, w.order_id, w.last_day, w.late, w.rma_id, r.number, w.decided_by, w.reason,
       w.due_at, w.person_id, w.sealed, p.sealed_key, p.erased_at
  FROM withdrawal w
  LEFT JOIN person p ON p.tenant_id = w.tenant_id AND p.id = w.person_id
  LEFT JOIN rma r ON r.tenant_id = w.tenant_id AND r.id = w.rma_id
 WHERE w.tenant_id = current_tenant() AND w.id = $1
"""
LOCK: Final = "SELECT id FROM withdrawal WHERE tenant_id = current_tenant() AND id = $1 FOR NO KEY UPDATE"
TAKE: Final = """
UPDATE withdrawal SET due_at = $3
 WHERE tenant_id = current_tenant() AND id = $1 AND state = 'received' AND due_at <= $2 RETURNING id
"""
PUT_OFF: Final = """
UPDATE withdrawal SET due_at = $2 WHERE tenant_id = current_tenant() AND id = $1 AND state = 'received'
"""
WAIT: Final = """
UPDATE withdrawal SET state = 'waiting', why = $2, refusal = $3, order_id = $4, last_day = $5, late = $6, since = $7,
       due_at = NULL
 WHERE tenant_id = current_tenant() AND id = $1
"""
MATCH: Final = """
UPDATE withdrawal SET state = 'matched', why = NULL, refusal = NULL, order_id = $2, last_day = $3, late = $4, rma_id = $5,
       decided_by = $6, reason = $7, since = $8, due_at = NULL
 WHERE tenant_id = current_tenant() AND id = $1
"""
CLOSE: Final = """
UPDATE withdrawal SET state = 'closed', why = NULL, refusal = NULL, decided_by = $2, reason = $3, since = $4, due_at = NULL
 WHERE tenant_id = current_tenant() AND id = $1
"""
PERSON: Final = """
SELECT p.id, p.sealed_key FROM sales_order o JOIN person p ON p.tenant_id = o.tenant_id AND p.id = o.person_id
 WHERE o.tenant_id = current_tenant() AND o.id = $1 AND p.erased_at IS NULL
"""
SEAL_AGAIN: Final = "UPDATE withdrawal SET sealed = $2, person_id = $3 WHERE tenant_id = current_tenant() AND id = $1"
# Orders that a statement may be about: those of its number, and the newest of its contact.
CANDIDATES: Final = """
SELECT o.id AS order_id, o.name, o.placed_at, o.name_folded = $2 AS by_number,
       coalesce(p.email_folded = $3, false) AS by_contact, coalesce(lower(p.name) = lower($4), false) AS by_name
  FROM sales_order o JOIN person p ON p.tenant_id = o.tenant_id AND p.id = o.person_id
 WHERE o.tenant_id = current_tenant() AND o.store_id = $1 AND o.id IN (
   (SELECT n.id FROM sales_order n WHERE n.tenant_id = current_tenant() AND n.store_id = $1 AND n.name_folded = $2
     ORDER BY n.placed_at DESC LIMIT 10)
   UNION
   (SELECT c.id FROM sales_order c JOIN person q ON q.tenant_id = c.tenant_id AND q.id = c.person_id
     WHERE c.tenant_id = current_tenant() AND c.store_id = $1 AND q.email_folded = $3
     ORDER BY c.placed_at DESC LIMIT 10))
"""
LIST: Final = """
SELECT w.id, w.store_id, w.channel, w.received_at, w.stated_on, w.state, w.why, w.refusal, w.since, w.order_id,
       o.name AS order_name, w.last_day, w.late, w.rma_id, r.number
  FROM withdrawal w
  LEFT JOIN sales_order o ON o.tenant_id = w.tenant_id AND o.id = w.order_id
  LEFT JOIN rma r ON r.tenant_id = w.tenant_id AND r.id = w.rma_id
 WHERE w.tenant_id = current_tenant() AND ($1::uuid IS NULL OR w.store_id = $1) AND ($2::text[] IS NULL OR w.state = ANY ($2))
   AND ($3::timestamptz IS NULL OR (w.received_at, w.id) < ($3, $4::uuid))
 ORDER BY w.received_at DESC, w.id DESC LIMIT $5
"""
WAITING: Final = """
SELECT id, store_id, since, why, refusal FROM withdrawal
 WHERE tenant_id = current_tenant() AND state = 'waiting' AND ($1::uuid IS NULL OR store_id = $1) ORDER BY since, id
"""
COUNT: Final = """
SELECT count(*) FROM withdrawal
 WHERE tenant_id = current_tenant() AND state = 'waiting' AND ($1::uuid IS NULL OR store_id = $1)
"""

_PADDED: Final = 1_024  # bytes: a shorter statement is as long as any other


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A statement with where it stands; `said` is nothing once the person's key is gone."""

    id: UUID
    store_id: UUID
    channel: str
    actor: str
    language: str
    content_sha256: str
    received_at: datetime
    stated_on: date
    state: WithdrawalState
    why: Why | None
    refusal: str | None
    since: datetime
    order_id: UUID | None
    last_day: date | None
    late: bool
    rma_id: UUID | None
    number: int | None
    decided_by: str | None
    reason: str | None
    due_at: datetime | None
    token_sha256: bytes | None = field(repr=False)
    said: Statement | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class WithdrawalRow:
    """A statement as a list shows it: nothing of what was stated."""

    id: UUID
    store_id: UUID
    channel: str
    received_at: datetime
    stated_on: date
    state: WithdrawalState
    why: Why | None
    refusal: str | None
    since: datetime
    order_id: UUID | None
    order_name: str | None
    last_day: date | None
    late: bool
    rma_id: UUID | None
    number: int | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A statement that waits for a person: since when, and why."""

    id: UUID
    store_id: UUID
    since: datetime
    why: Why
    refusal: str | None


async def add(
    db: Db, vault: Vault, *, tenant_id: UUID, id: UUID, store_id: UUID, channel: str, actor: str,  # noqa: A002
    token_sha256: bytes | None, language: str, said: Statement, content_sha256: str, at: datetime, stated_on: date,
) -> bool:  # fmt: skip
    """Keep a statement under the house key; False if there is one of that id."""
    sealed = vault.lock(_packed(said), tenant_id=tenant_id, purpose=_purpose(id))
    return await db.fetchval(
        ADD, id, store_id, channel, actor, token_sha256, language, sealed, content_sha256, at, stated_on
    ) is not None  # fmt: skip


async def get(db: Db, vault: Vault, withdrawal_id: UUID, *, tenant_id: UUID, lock: bool = False) -> Withdrawal | None:
    """Return a statement whole, with its row locked if wished; nothing if there is none."""
    if lock and await db.fetchval(LOCK, withdrawal_id) is None:
        return None
    row = await db.fetchrow(GET, withdrawal_id)
    return _withdrawal(row, vault, tenant_id) if row else None


async def take(db: Db, withdrawal_id: UUID, *, now: datetime, lease_until: datetime) -> bool:
    """Take a statement whose order is to be looked for; it is due again when the lease ends."""
    return await db.fetchval(TAKE, withdrawal_id, now, lease_until) is not None


async def put_off(db: Db, withdrawal_id: UUID, *, due_at: datetime) -> None:
    """Let its order be looked for later."""
    await db.execute(PUT_OFF, withdrawal_id, due_at)


async def wait(
    db: Db, withdrawal_id: UUID, why: Why, *, order_id: UUID | None, period: Period | None, late: bool, at: datetime,
    refusal: str | None = None,
) -> None:  # fmt: skip
    """Let a statement wait for a person."""
    last_day = period.last_day if period else None
    await db.execute(WAIT, withdrawal_id, why.value, refusal, order_id, last_day, late, at)


async def match(
    db: Db, withdrawal_id: UUID, *, order_id: UUID, period: Period | None, late: bool, rma_id: UUID, decided_by: str,
    reason: str | None, at: datetime,
) -> None:  # fmt: skip
    """Write down the return that was opened for a statement, and who matched it."""
    last_day = period.last_day if period else None
    await db.execute(MATCH, withdrawal_id, order_id, last_day, late, rma_id, decided_by, reason, at)


async def close(db: Db, withdrawal_id: UUID, *, decided_by: str, reason: str, at: datetime) -> None:
    """End a statement of which nothing follows."""
    await db.execute(CLOSE, withdrawal_id, decided_by, reason, at)


async def give_to_person(
    db: Db, vault: Vault, withdrawal_id: UUID, said: Statement, *, tenant_id: UUID, order_id: UUID
) -> None:
    """Seal a statement under the key of the order's person, so that erasing the person makes it unreadable."""
    row = await db.fetchrow(PERSON, order_id)
    if row is not None:
        sealed = vault.lock_for_person(
            _packed(said), person_key=row["sealed_key"], tenant_id=tenant_id, person_id=row["id"]
        )
        await db.execute(SEAL_AGAIN, withdrawal_id, sealed, row["id"])


async def candidates(db: Db, *, store_id: UUID, said: Statement) -> tuple[Candidate, ...]:
    """Return the orders of the mirror that a statement may be about, at most twenty."""
    rows = await db.fetch(CANDIDATES, store_id, fold_name(said.number), fold_email(said.contact), said.name)
    return tuple(Candidate(**row) for row in rows)


async def list_of(
    db: Db, *, store_id: UUID | None, states: Sequence[WithdrawalState] | None, limit: int,
    before: tuple[datetime, UUID] | None = None,
) -> list[WithdrawalRow]:  # fmt: skip
    """Return statements, newest first, from a position on."""
    at, last_id = before or (None, None)
    wanted = [state.value for state in states] if states is not None else None
    return [
        WithdrawalRow(**{**row, "state": WithdrawalState(row["state"]), "why": Why(row["why"]) if row["why"] else None})
        for row in await db.fetch(LIST, store_id, wanted, at, last_id, limit)
    ]


async def waiting(db: Db, store_id: UUID | None = None) -> list[Waiting]:
    """Return the statements that wait for a person, the longest waiting first."""
    return [Waiting(**{**row, "why": Why(row["why"])}) for row in await db.fetch(WAITING, store_id)]


async def count_waiting(db: Db, store_id: UUID | None = None) -> int:
    """Return how many statements wait for a person."""
    found: int = await db.fetchval(COUNT, store_id)
    return found


def _withdrawal(row: Record, vault: Vault, tenant_id: UUID) -> Withdrawal:
    values = dict(row)
    person_id, sealed = values.pop("person_id"), values.pop("sealed")
    key, erased_at = values.pop("sealed_key"), values.pop("erased_at")
    if not sealed:
        plain = b""  # who stated it was erased before anybody knew which order was meant
    elif person_id is None:
        plain = vault.unlock(sealed, tenant_id=tenant_id, purpose=_purpose(values["id"]))
    elif erased_at is not None:
        plain = b""
    else:
        plain = vault.unlock_for_person(sealed, person_key=key, tenant_id=tenant_id, person_id=person_id)
    values["state"] = WithdrawalState(values["state"])
    values["why"] = Why(values["why"]) if values["why"] else None
    return Withdrawal(**values, said=msgspec.json.decode(plain, type=Statement) if plain else None)


def _packed(said: Statement) -> bytes:
    return msgspec.json.encode(said).ljust(_PADDED)


def _purpose(withdrawal_id: UUID) -> str:
    return f"withdrawal:{withdrawal_id}"
