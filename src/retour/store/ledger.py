"""The double-entry ledger: a posting moves an amount between two accounts; corrections are reversals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.store.db import Db
from retour.store.ids import new_id

ENSURE_ACCOUNTS: Final = """
INSERT INTO ledger_account (tenant_id, id, path, currency, may_be_negative)
SELECT current_tenant(), id, path, $3, true FROM unnest($1::uuid[], $2::text[]) AS a (id, path)
ON CONFLICT (tenant_id, path, currency) DO NOTHING
"""
LOCK_ACCOUNTS: Final = """
SELECT id, path FROM ledger_account
 WHERE tenant_id = current_tenant() AND path = ANY ($1::text[]) AND currency = $2 ORDER BY id FOR UPDATE
"""
ENTER: Final = """
INSERT INTO ledger_entry (tenant_id, id, reference, effect_id, at) VALUES (current_tenant(), $1, $2, $3, $4)
ON CONFLICT (tenant_id, reference) DO NOTHING RETURNING id
"""
POST: Final = """
WITH posted AS (
  INSERT INTO posting (tenant_id, entry_id, n, currency, source, destination, amount_minor)
  SELECT current_tenant(), $1, n, $2, source, destination, minor
    FROM unnest($3::uuid[], $4::uuid[], $5::bigint[]) WITH ORDINALITY AS p (source, destination, minor, n)
  RETURNING source, destination, amount_minor),
moved AS (
  SELECT account, sum(minor) AS minor
    FROM (SELECT source AS account, -amount_minor AS minor FROM posted
          UNION ALL SELECT destination, amount_minor FROM posted) AS both_sides GROUP BY account)
UPDATE ledger_account a SET posted_minor = a.posted_minor + m.minor
  FROM moved m WHERE a.tenant_id = current_tenant() AND a.id = m.account
"""
BALANCES: Final = """
SELECT path, currency, posted_minor FROM ledger_account WHERE tenant_id = current_tenant() ORDER BY path, currency
"""


@dataclass(frozen=True, slots=True)
class Posting:
    """An amount (minor units, positive) that moves from one account path to another."""

    source: str
    destination: str
    amount_minor: int


async def enter(
    db: Db, postings: Sequence[Posting], *, reference: str, currency: str, effect_id: UUID | None, at: datetime
) -> UUID | None:
    """Write one entry and return its id; nothing if the reference was entered before."""
    paths = sorted({p.source for p in postings} | {p.destination for p in postings})
    accounts = {row["path"]: row["id"] for row in await db.fetch(LOCK_ACCOUNTS, paths, currency)}
    if len(accounts) < len(paths):
        await db.execute(ENSURE_ACCOUNTS, [new_id() for _ in paths], paths, currency)
        accounts = {row["path"]: row["id"] for row in await db.fetch(LOCK_ACCOUNTS, paths, currency)}
    entry_id: UUID | None = await db.fetchval(ENTER, new_id(), reference, effect_id, at)
    if entry_id is None:
        return None
    await db.execute(
        POST,
        entry_id,
        currency,
        [accounts[p.source] for p in postings],
        [accounts[p.destination] for p in postings],
        [p.amount_minor for p in postings],
    )
    return entry_id


async def list_balances(db: Db) -> list[tuple[str, str, int]]:
    """Return (path, currency, balance in minor units) of every account; per currency they sum up to zero."""
    return [(row["path"], row["currency"], row["posted_minor"]) for row in await db.fetch(BALANCES)]
