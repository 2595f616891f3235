"""The statements that find returns: the same conditions in each, and every word a range of an index, under row security."""

import re

import pytest

from retour.core.search import asked_of
from retour.store import words
from retour.store.db import Database
from retour.store.desk import narrowed
from retour.store.ids import new_id

STATEMENTS = ("NEWEST", "OLDEST", "WAITING", "WAITING_BACK", "OPENED", "HOW_MANY")


def conditions(text: str) -> list[str]:
    """Return what narrows a statement, without its place in the order and its bounds."""
    where = " ".join(text.split()).partition(" WHERE ")[2]
    where = re.split(r" ORDER BY | LIMIT \$19", where)[0]
    parts = re.split(r" AND (?=\(|r\.id >)", where)
    return [part for part in parts if not re.search(r"\$2[01]\b", part)]


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_order_of_the_list_is_narrowed_by_the_same_conditions(name: str) -> None:
    expected = conditions(narrowed.NEWEST)

    assert len(expected) == 19
    assert conditions(getattr(narrowed, name)) == expected


@pytest.mark.anyio
@pytest.mark.parametrize(("statement", "table"), [(words.RETURNS, "rma_word"), (words.PEOPLE, "person_word")])
async def test_a_search_reads_a_range_of_an_index_as_the_application_may(
    database: Database, statement: str, table: str
) -> None:
    asked = asked_of("trail jack")
    bounds = [lowest for lowest, _ in asked], [beyond for _, beyond in asked]
    async with database.tx(new_id()) as db:
        await db.execute("SET LOCAL enable_seqscan = off")
        plan = await db.fetch("EXPLAIN " + statement, *bounds, len(asked), words.MOST)

    said = "\n".join(str(row["QUERY PLAN"]) for row in plan)
    assert re.search(rf"{table}_pkey on {table} .*\n\s+Index Cond: \(.*word >= .*word <", said), said
