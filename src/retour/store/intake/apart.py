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
