"""Idempotency keys: the first answer to a key is kept, in the transaction of the change that it answers.

The answer is written with the last statement of that transaction. A second request with the same key finds the key
taken there, is rolled back whole, and gets the first answer; so a key costs one statement, not two.
"""

from dataclasses import dataclass
from typing import Final

from retour.store.db import Db

KEPT_HOURS: Final = 24
WAIT_S: Final = 3.0  # how long a second request waits for the first one of the same key

# A key of another open transaction makes this statement wait until that one ends. A key older than a day is free.
KEEP: Final = """
INSERT INTO idempotency AS kept (tenant_id, key, request_hash, status, body) VALUES (current_tenant(), $1, $2, $3, $4)
ON CONFLICT (tenant_id, key) DO UPDATE
   SET request_hash = excluded.request_hash, status = excluded.status, body = excluded.body, created_at = now()
 WHERE kept.created_at < now() - interval '24 hours'
RETURNING true
"""
FIND: Final = """
SELECT request_hash, status, body FROM idempotency
 WHERE tenant_id = current_tenant() AND key = $1 AND created_at >= now() - interval '24 hours'
"""
FORGET: Final = """
DELETE FROM idempotency WHERE tenant_id = current_tenant() AND created_at < now() - interval '24 hours'
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """The answer that was given to a key before; `body` is locked."""

    request_hash: bytes
    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to be kept under a key; `body` is locked."""

    key: str
    request_hash: bytes
    status: int
    body: bytes


class KeyTaken(RuntimeError):  # noqa: N818 - a signal to roll back, not an error
    """The key was answered before: the transaction must be rolled back and the first answer given."""


class StillRunning(RuntimeError):  # noqa: N818 - an answer of the house, not an error
    """Another request with the same key has not finished yet; the transaction cannot go on."""


async def keep(db: Db, answer: Answer) -> None:
    """Keep the answer of a key. The last statement of its transaction.

    Raises KeyTaken if the key has an answer, StillRunning after 3 seconds behind a transaction that is writing one.
    """
    try:
        kept = await db.fetchval(KEEP, answer.key, answer.request_hash, answer.status, answer.body, timeout=WAIT_S)
    except TimeoutError:
        raise StillRunning from None
    if not kept:
        raise KeyTaken


async def find(db: Db, key: str) -> Kept | None:
    """Return what a key was answered in the last 24 hours, or nothing."""
    row = await db.fetchrow(FIND, key)
    return Kept(**row) if row else None


async def forget_expired(db: Db) -> None:
    """Delete the account's keys that are older than 24 hours."""
    await db.execute(FORGET)
