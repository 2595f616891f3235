"""Sending a mail again because a person asks for it."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from retour.core.mail import MailKind, MailState
from retour.store import jobs
from retour.store.db import Db

LOCK: Final = """
SELECT state, kind, person_id FROM mail WHERE tenant_id = current_tenant() AND id = $1 FOR NO KEY UPDATE
"""
AGAIN: Final = """
UPDATE mail SET state = 'due', tries = 0, due_at = $2, expires_at = $2::timestamptz + $3, lease_until = NULL, handed_at = NULL
 WHERE tenant_id = current_tenant() AND id = $1
"""


async def lock_for_again(db: Db, mail_id: UUID) -> tuple[MailState, MailKind, UUID | None] | None:
    """Lock a mail and return its state, its kind and its person; nothing if there is none."""
    row = await db.fetchrow(LOCK, mail_id)
    return (MailState(row["state"]), MailKind(row["kind"]), row["person_id"]) if row else None


async def send_again(db: Db, mail_id: UUID, *, at: datetime, life: timedelta) -> None:
    """Make a locked mail due again, with all its tries, and nudge a worker; it keeps its Message-ID."""
    await db.execute(AGAIN, mail_id, at, life)
    await jobs.defer(db, [jobs.Job(jobs.Task.MAIL, mail_id)])
