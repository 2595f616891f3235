"""What the database lets an erasure change in rows that are kept: words that become the word that says so."""

from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest

from retour.store.privacy.forgetting import ERASING
from retour.store.privacy.retention import FORGETTING
from tests.flows.privacy.canary import Canary

pytestmark = pytest.mark.anyio


# No erasure does any of it.
NEVER = (
    "UPDATE event SET data = jsonb_set(data, '{units}', '5') WHERE data ? 'units'",
    "UPDATE event SET actor = '[erased]'",
    "UPDATE rma_note SET body = 'something nicer'",
    "UPDATE rma_note SET shown_to_shopper = true",
    "UPDATE inspection SET note = 'as new'",
    "UPDATE event SET data = jsonb_set(data, '{units}', '\"[erased]\"') WHERE data ? 'units'",
    'UPDATE event SET data = data || \'{"more": "[erased]"}\'',
    "UPDATE event SET data = '\"[erased]\"'",
    "UPDATE event SET data = '{}' WHERE data <> '{}'",
    "UPDATE event SET data = jsonb_set(data, '{reason}', '\"nobody asked\"') WHERE data ? 'reason'",
    "UPDATE rma_note SET body = 'we promised 5 to [erased]'",
    "UPDATE inspection SET note = note || ' [erased]'",
    "UPDATE effect SET target = '{}'",
    'UPDATE effect SET result = \'{"note": "by hand"}\'',
    "UPDATE effect SET result = NULL",
    "UPDATE effect SET message = 'all is well'",
    "UPDATE effect SET message = NULL",
    "UPDATE effect SET amount_minor = 1 WHERE amount_minor > 1",
    "UPDATE mail SET last_problem = NULL, sealed_data = 'x', sealed_address = NULL",
    "UPDATE mail SET last_problem = NULL, sealed_address = 'x', sealed_data = NULL",
    "UPDATE mail SET last_problem = NULL, lease_until = now() + interval '1 day'",
    "UPDATE mail SET last_problem = '[erased]'",
    "UPDATE mail SET kind = 'return_approved', last_problem = NULL",
    "DELETE FROM event",
    "DELETE FROM mail",
)
# An erasure may, and nothing else.
ONLY_ERASING = (
    "UPDATE event SET data = jsonb_set(data, '{reason}', '\"[erased]\"') WHERE data ? 'reason'",
    "UPDATE rma_note SET body = '[erased]'",
    "UPDATE inspection SET note = '[erased]'",
    """UPDATE effect SET target = (
         SELECT jsonb_object_agg(key, CASE jsonb_typeof(value) WHEN 'string' THEN '"[erased]"' ELSE value END)
           FROM jsonb_each(target))""",
    "UPDATE mail SET last_problem = NULL, sealed_data = NULL, sealed_address = NULL",
)


class RolledBack(Exception):  # noqa: N818 - nothing went wrong
    """What was tried is taken back."""


async def done(canary: Canary, word: str, statements: Sequence[str]) -> list[str]:
    """Return which of the statements the database lets happen in a transaction that says the word, each rolled back."""
    let = list[str]()

    async def tried(statement: str) -> None:
        async with canary.house.web.tx(canary.house.tenant) as db:
            await db.execute(word)
            changed = await db.execute(statement)
            let.append(f"{statement}: {changed}")
            raise RolledBack

    for statement in statements:
        with pytest.raises((RolledBack, asyncpg.IntegrityConstraintViolationError, asyncpg.InsufficientPrivilegeError)):
            await tried(statement)
    return let


async def test_even_an_erasure_changes_nothing_but_words(canary: Canary) -> None:
    await canary.known_everywhere()

    assert await done(canary, ERASING, NEVER) == []


async def test_what_only_forgets_by_time_changes_nothing_that_is_kept(canary: Canary) -> None:
    await canary.known_everywhere()

    assert await done(canary, FORGETTING, ONLY_ERASING) == []
    let = await done(canary, ERASING, ONLY_ERASING)
    assert [one.partition(": UPDATE ")[0] for one in let] == list(ONLY_ERASING)
    assert not any(one.endswith(" 0") for one in let), "each of them has a row to change"


@pytest.mark.parametrize(
    ("was", "said", "may"),
    [
        ('"a Jane b"', '"a [erased] b"', True), ('"Jane"', '"[erased]"', True), ('"Jane Jane"', '"[erased] [erased]"', True),
        ('"100% Jane_"', '"100% [erased]_"', True), ('"100 Jane"', '"1%0 [erased]"', False), ('"a Jane"', '"b [erased]"', False),
        ('{"a": ["Jane", 1]}', '{"a": ["[erased]", 1]}', True), ('{"a": ["Jane", 1]}', '{"a": ["[erased]", 2]}', False),
        ('["Jane", "b"]', '["b", "[erased]"]', False), ('["Jane", "b"]', '["[erased]"]', False),
        ('{"a": "Jane"}', '{"b": "[erased]"}', False), ('{"a": 1}', '{"a": "[erased]"}', False), ('{"a": 1}', '"[erased]"', False),
        ('{"a": "Jane"}', '{"a": null}', False), ("null", '"[erased]"', False), ("true", "false", False), ('"Jane"', "null", False),
        (r'"Jane\\x"', r'"[erased]\\x"', True), ("{}", "{}", True), ("7", "7", True),
    ],
)  # fmt: skip
async def test_the_database_judges_an_erasure_leaf_by_leaf(owner: Any, was: str, said: str, may: bool) -> None:
    assert await owner.fetchval("SELECT only_erased($1::text::jsonb, $2::text::jsonb)", said, was) is may
