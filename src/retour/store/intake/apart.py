"""A part of a transaction that may be refused by itself, without the rest being lost."""

import contextlib
from collections.abc import AsyncIterator
from typing import Final

import asyncpg

from retour.core.errors import Refused
from retour.store.db import Db

BEGIN: Final = "SAVEPOINT apart"
KEEP: Final = "RELEASE SAVEPOINT apart"
UNDO: Final = "ROLLBACK TO SAVEPOINT apart"
TRY: Final = "SAVEPOINT tried"
TAKE_BACK: Final = "ROLLBACK TO SAVEPOINT tried"


@contextlib.asynccontextmanager
async def apart(db: Db) -> AsyncIterator[None]:
    """Undo what the block did if it is refused, and nothing else; any other error loses the whole transaction."""
    await db.execute(BEGIN)
    try:
        yield
    except (Refused, asyncpg.IntegrityConstraintViolationError):
        await db.execute(UNDO)
        raise
    await db.execute(KEEP)


@contextlib.asynccontextmanager
async def undone(db: Db) -> AsyncIterator[None]:
    """Undo whatever the block does, however it ends; an error of the database loses the whole transaction."""
    await db.execute(TRY)
    yield
    await db.execute(TAKE_BACK)
