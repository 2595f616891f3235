"""The words that returns and shoppers are found by, written with what they were taken from and read by their beginnings."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from retour.core.search import asked_of, words_of
from retour.store.db import Db

MOST: Final = 1_000

OF_PERSON: Final = """
INSERT INTO person_word (tenant_id, word, person_id)
SELECT current_tenant(), word, $1 FROM unnest($2::text[]) AS word ON CONFLICT DO NOTHING
"""
NO_LONGER: Final = """
DELETE FROM person_word WHERE tenant_id = current_tenant() AND person_id = $1 AND word <> ALL ($2::text[])
"""
# Each word is one bit; whoever has them all is found. Newest first: where a word stands in more returns than anybody looks
# through, the latest ones are meant.
RETURNS: Final = """
WITH asked AS (
  SELECT lowest, beyond, 1 << (n - 1)::int AS bit
    FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS a (lowest, beyond, n)),
hit AS (
  SELECT a.bit, w.number FROM asked a
    JOIN rma_word w ON w.tenant_id = current_tenant() AND w.word >= a.lowest AND w.word < a.beyond
  UNION ALL
  SELECT a.bit, r.number FROM asked a
    JOIN person_word w ON w.tenant_id = current_tenant() AND w.word >= a.lowest AND w.word < a.beyond
    JOIN rma r ON r.tenant_id = current_tenant() AND r.person_id = w.person_id)
SELECT number FROM hit GROUP BY number HAVING bit_or(bit) = (1 << $3::int) - 1 ORDER BY number DESC LIMIT $4
"""
PEOPLE: Final = """
WITH asked AS (
  SELECT lowest, beyond, 1 << (n - 1)::int AS bit
    FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS a (lowest, beyond, n))
SELECT w.person_id AS id
  FROM asked a JOIN person_word w ON w.tenant_id = current_tenant() AND w.word >= a.lowest AND w.word < a.beyond
 GROUP BY w.person_id HAVING bit_or(a.bit) = (1 << $3::int) - 1 LIMIT $4
"""


async def of_person(db: Db, person_id: UUID, *, name: str | None, email: str | None) -> None:
    """Keep the words of a shopper's name and address in place of those kept before."""
    words = list(words_of(name, email))
    await db.execute(NO_LONGER, person_id, words)
    await db.execute(OF_PERSON, person_id, words)


async def returns(db: Db, text: str) -> list[int]:
    """Return the numbers of returns with all words of a search in their goods, notes and shopper: the newest 1,000."""
    asked = asked_of(text)
    if not asked:
        return []
    return [row["number"] for row in await db.fetch(RETURNS, *_bounds(asked), len(asked), MOST)]


async def people(db: Db, text: str) -> list[UUID]:
    """Return shoppers whose name or address has all words of a search, 1,000 at most."""
    asked = asked_of(text)
    if not asked:
        return []
    return [row["id"] for row in await db.fetch(PEOPLE, *_bounds(asked), len(asked), MOST)]


def _bounds(asked: Sequence[tuple[str, str]]) -> tuple[list[str], list[str]]:
    return [lowest for lowest, _ in asked], [beyond for _, beyond in asked]
