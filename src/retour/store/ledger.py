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
# One statement: the accounts are locked in their order before anything is written; nothing happens while one is missing
# (`known`) or once the reference was entered before.
ENTER: Final = """
WITH locked AS MATERIALIZED (
  SELECT id, path FROM ledger_account
   WHERE tenant_id = current_tenant() AND path = ANY ($5::text[] || $6::text[]) AND currency = $4 ORDER BY id FOR UPDATE),
legs AS MATERIALIZED (
  SELECT n, s.id AS source, d.id AS destination, minor
    FROM unnest($5::text[], $6::text[], $7::bigint[]) WITH ORDINALITY AS p (source, destination, minor, n)
    JOIN locked s ON s.path = p.source JOIN locked d ON d.path = p.destination),
known AS (SELECT count(*) = cardinality($7::bigint[]) AS all_are FROM legs),
entered AS (
  INSERT INTO ledger_entry (tenant_id, id, reference, effect_id, at)
  SELECT current_tenant(), $1, $2, $3, $8 FROM known WHERE all_are
  ON CONFLICT (tenant_id, reference) DO NOTHING RETURNING id),
posted AS (
  INSERT INTO posting (tenant_id, entry_id, n, currency, source, destination, amount_minor)
  SELECT current_tenant(), e.id, n, $4, source, destination, minor FROM entered e, legs),
moved AS (
  SELECT account, sum(minor) AS minor
    FROM (SELECT source AS account, -minor AS minor FROM legs UNION ALL SELECT destination, minor FROM legs) AS both_sides
   GROUP BY account),
summed AS (
  UPDATE ledger_account a SET posted_minor = a.posted_minor + m.minor
    FROM moved m, entered WHERE a.tenant_id = current_tenant() AND a.id = m.account)
SELECT all_are, (SELECT id FROM entered) AS id FROM known
"""
OF_REFERENCE: Final = """
SELECT s.path AS source, d.path AS destination, p.amount_minor, p.currency
  FROM ledger_entry e JOIN posting p ON p.tenant_id = e.tenant_id AND p.entry_id = e.id
  JOIN ledger_account s ON s.tenant_id = p.tenant_id AND s.id = p.source
  JOIN ledger_account d ON d.tenant_id = p.tenant_id AND d.id = p.destination
 WHERE e.tenant_id = current_tenant() AND e.reference = $1 ORDER BY p.n
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
    sources, destinations = [p.source for p in postings], [p.destination for p in postings]
    minors = [p.amount_minor for p in postings]
    facts = (new_id(), reference, effect_id, currency, sources, destinations, minors, at)
    row = await db.fetchrow(ENTER, *facts)
    if row is not None and not row["all_are"]:
        paths = sorted({*sources, *destinations})
        await db.execute(ENSURE_ACCOUNTS, [new_id() for _ in paths], paths, currency)
        row = await db.fetchrow(ENTER, *facts)
    assert row is not None
    assert row["all_are"], "the accounts of an entry exist"
    entered: UUID | None = row["id"]
    return entered


async def mirror(db: Db, of: str, *, reference: str, stands: int, at: datetime) -> None:
    """Take an entry back by its mirror image, but for `stands` minor units that are out for good; once for a reference."""
    found, postings = await db.fetch(OF_REFERENCE, of), []
    for row in found:
        kept = min(stands, row["amount_minor"])
        stands -= kept
        if row["amount_minor"] > kept:
            postings.append(Posting(row["destination"], row["source"], row["amount_minor"] - kept))
    if postings:
        await enter(db, postings, reference=reference, currency=found[0]["currency"], effect_id=None, at=at)


async def list_balances(db: Db) -> list[tuple[str, str, int]]:
    """Return (path, currency, balance in minor units) of every account; per currency they sum up to zero."""
    return [(row["path"], row["currency"], row["posted_minor"]) for row in await db.fetch(BALANCES)]
