"""The orders that something may belong to: found by any one clue, a few of each."""

from datetime import UTC, datetime, time, timedelta
from typing import Final
from uuid import UUID

from retour.core.intake import Candidate, Clues
from retour.core.order import Person
from retour.core.phone import ending, spellings
from retour.store.db import Db
from retour.store.order import decode, fold_name
from retour.store.order.people import fold_email

# An id that is a number alone is looked for as the other orders of a connection are named: their path, then the number.
# Each clue by its own index; a day alone finds only what also has the name or one of the articles.
FIND: Final = """
WITH found AS (
  (SELECT o.id FROM sales_order o JOIN connection k ON k.tenant_id = o.tenant_id AND k.id = o.connection_id
    WHERE o.tenant_id = current_tenant() AND k.store_id = $1 AND o.far_ref = $2)
  UNION (SELECT o.id FROM connection k
         CROSS JOIN LATERAL (SELECT regexp_replace(s.far_ref, '[^/]*$', '') AS path FROM sales_order s
                              WHERE s.tenant_id = k.tenant_id AND s.connection_id = k.id LIMIT 1) AS usual
          JOIN sales_order o ON o.tenant_id = k.tenant_id AND o.connection_id = k.id AND o.far_ref = usual.path || $2
          WHERE k.tenant_id = current_tenant() AND k.store_id = $1 AND $2 ~ '^[0-9]{1,30}$' AND usual.path <> '')
  UNION (SELECT o.id FROM sales_order o WHERE o.tenant_id = current_tenant() AND o.store_id = $1 AND o.id = $3)
  UNION (SELECT o.id FROM sales_order o
          WHERE o.tenant_id = current_tenant() AND o.store_id = $1 AND o.name_folded = $4
          ORDER BY o.placed_at DESC, o.id LIMIT 20)
  UNION (SELECT o.id FROM person p JOIN sales_order o ON o.tenant_id = p.tenant_id AND o.person_id = p.id
          WHERE p.tenant_id = current_tenant() AND p.store_id = $1 AND p.email_folded = $5
          ORDER BY o.placed_at DESC, o.id LIMIT 20)
  UNION (SELECT o.id FROM person p JOIN sales_order o ON o.tenant_id = p.tenant_id AND o.person_id = p.id
          WHERE p.tenant_id = current_tenant() AND p.store_id = $1
            AND (p.phone_digits = ANY ($6::text[]) OR right(p.phone_digits, 9) = $12)
          ORDER BY o.placed_at DESC, o.id LIMIT 20)
  UNION (SELECT o.id FROM person p JOIN sales_order o ON o.tenant_id = p.tenant_id AND o.person_id = p.id
          WHERE p.tenant_id = current_tenant() AND p.store_id = $1 AND p.far_ref = $7
          ORDER BY o.placed_at DESC, o.id LIMIT 20)
  UNION (SELECT o.id FROM sales_order o JOIN person p ON p.tenant_id = o.tenant_id AND p.id = o.person_id
          WHERE o.tenant_id = current_tenant() AND o.store_id = $1 AND o.placed_at >= $8 AND o.placed_at < $9
            AND (lower(p.name) = lower($10) OR EXISTS (
              SELECT FROM unnest($11::text[]) AS asked (sku)
               WHERE o.document->'lines' @> jsonb_build_array(jsonb_build_object('sku', asked.sku))))
          ORDER BY o.placed_at DESC, o.id LIMIT 20))
SELECT o.id, o.document::text AS document, p.far_ref, p.name, p.email, p.phone, p.postcode_folded, p.home_country
  FROM found JOIN sales_order o ON o.tenant_id = current_tenant() AND o.id = found.id
  JOIN person p ON p.tenant_id = o.tenant_id AND p.id = o.person_id
"""
_AROUND: Final = timedelta(days=3)


async def candidates(db: Db, *, store_id: UUID, clues: Clues) -> list[Candidate]:
    """Return the store's orders that agree with at least one of the clues, at most twenty for each kind of clue."""
    asked, day = clues.customer, clues.placed_on
    phone, countries = asked.phone or "", (asked.home_country,)
    since = None if day is None else datetime.combine(day, time(), UTC) - _AROUND
    rows = await db.fetch(
        FIND, store_id, clues.order_id, _uuid(clues.order_id),
        None if clues.number is None else fold_name(clues.number), fold_email(asked.email), list(spellings(phone, countries)),
        asked.ref, since, None if since is None else since + 2 * _AROUND + timedelta(days=1), asked.name,
        [sku for sku, _ in clues.skus], ending(phone, countries),
    )  # fmt: skip
    return [
        Candidate(
            row["id"], decode(row["document"]),
            Person(
                row["far_ref"], row["name"], row["email"], row["phone"], row["postcode_folded"],
                home_country=row["home_country"],
            ),
        )
        for row in rows
    ]  # fmt: skip


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
