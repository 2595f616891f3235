"""What the database lets an erasure change in rows that are kept: words that become the word that says so."""

from typing import Any

import asyncpg
import pytest

from retour.store.privacy.forgetting import ERASING
from retour.store.privacy.retention import FORGETTING
from tests.flows.privacy.canary import Canary

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "statement",
    [
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
    ],
)
async def test_even_an_erasure_changes_nothing_but_words(canary: Canary, statement: str) -> None:
    await canary.known_everywhere()

    async def tried() -> None:
        async with canary.house.web.tx(canary.house.tenant) as db:
            await db.execute(ERASING)
            await db.execute(statement)

    with pytest.raises((asyncpg.IntegrityConstraintViolationError, asyncpg.InsufficientPrivilegeError)):
        await tried()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET data = jsonb_set(data, '{reason}', '\"[erased]\"') WHERE data ? 'reason'",
        "UPDATE rma_note SET body = '[erased]'",
        "UPDATE inspection SET note = '[erased]'",
        "UPDATE effect SET target = jsonb_set(target, '{note}', '\"[erased]\"')",
        "UPDATE mail SET last_problem = NULL, sealed_data = NULL, sealed_address = NULL",
    ],
)
async def test_what_only_forgets_by_time_changes_nothing_that_is_kept(canary: Canary, statement: str) -> None:
    await canary.known_everywhere()
    before = await canary.found()

    async def tried(word: str) -> None:
        async with canary.house.web.tx(canary.house.tenant) as db:
            await db.execute(word)
            await db.execute(statement)

    with pytest.raises((asyncpg.IntegrityConstraintViolationError, asyncpg.InsufficientPrivilegeError)):
        await tried(FORGETTING)
    assert await canary.found() == before


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
