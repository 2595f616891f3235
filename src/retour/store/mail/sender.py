"""Who a store's mail comes from, in which language it speaks by default, and what it keeps to itself."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.mail import MailKind
from retour.store.db import Db

GET: Final = """
SELECT name, address, reply_to, language, silent, active
  FROM mail_sender WHERE tenant_id = current_tenant() AND store_id = $1
"""
SAVE: Final = """
INSERT INTO mail_sender (tenant_id, store_id, name, address, reply_to, language, silent, active, changed_at)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (tenant_id, store_id) DO UPDATE SET
  name = excluded.name, address = excluded.address, reply_to = excluded.reply_to, language = excluded.language,
  silent = excluded.silent, active = excluded.active, changed_at = excluded.changed_at
"""


@dataclass(frozen=True, slots=True)
class Sender:
    """A store's sender; without an `address` the installation's own is used; `silent` kinds are not sent."""

    name: str
    address: str | None = None
    reply_to: str | None = None
    language: str = "en"
    silent: frozenset[MailKind] = frozenset()
    active: bool = True


async def sender_of(db: Db, store_id: UUID) -> Sender | None:
    """Return the sender of a store, or nothing: then the store mails nothing about its returns."""
    row = await db.fetchrow(GET, store_id)
    if row is None:
        return None
    return Sender(**{**row, "silent": frozenset(MailKind(kind) for kind in row["silent"])})


async def save_sender(db: Db, store_id: UUID, sender: Sender, *, at: datetime) -> None:
    """Keep the sender of a store; mail that is planned already goes out under the new one."""
    silent = sorted(kind.value for kind in sender.silent)
    await db.execute(
        SAVE, store_id, sender.name, sender.address, sender.reply_to, sender.language, silent, sender.active, at
    )
