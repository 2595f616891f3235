"""Idempotency keys: the first answer to a key is kept, in the transaction of the change that it answers."""

from dataclasses import dataclass
from typing import Final

from retour.store.db import Db

KEPT_HOURS: Final = 24
WAIT_S: Final = 3.0  # how long a second request waits for the first one of the same key

# A key of another open transaction makes this statement wait until that one ends.
CLAIM: Final = """
INSERT INTO idempotency AS kept (tenant_id, key, request_hash) VALUES (current_tenant(), $1, $2)
ON CONFLICT (tenant_id, key) DO UPDATE
   SET request_hash = EXCLUDED.request_hash, status = NULL, body = NULL, created_at = now()
 WHERE kept.created_at < now() - interval '24 hours'
RETURNING true
"""
READ: Final = "SELECT request_hash, status, body FROM idempotency WHERE tenant_id = current_tenant() AND key = $1"
KEEP: Final = "UPDATE idempotency SET status = $2, body = $3 WHERE tenant_id = current_tenant() AND key = $1"
FORGET: Final = """
DELETE FROM idempotency WHERE tenant_id = current_tenant() AND created_at < now() - interval '24 hours'
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """The answer that was given to a key before; `body` is locked."""

    request_hash: bytes
    status: int
    body: bytes


class StillRunning(RuntimeError):  # noqa: N818 - an answer of the house, not an error
    """Another request with the same key has not finished yet; the transaction cannot go on."""


async def claim(db: Db, key: str, request_hash: bytes) -> Kept | None:
    """Take a key for this transaction and return nothing, or return what it was answered before.

    Waits up to 3 seconds for a transaction that holds the key, then raises StillRunning.
    """
    try:
        taken = await db.fetchval(CLAIM, key, request_hash, timeout=WAIT_S)
    except TimeoutError:
        raise StillRunning from None
    if taken:
        return None
    row = await db.fetchrow(READ, key)
    assert row is not None, "a key that could not be claimed is there"
    assert row["status"] is not None, "a claim is committed together with its answer"
    return Kept(**row)


async def keep(db: Db, key: str, *, status: int, body: bytes) -> None:
    """Keep the answer of the key claimed in this transaction; `body` is locked by the caller."""
    await db.execute(KEEP, key, status, body)


async def forget_expired(db: Db) -> None:
    """Delete the account's keys that are older than 24 hours."""
    await db.execute(FORGET)
