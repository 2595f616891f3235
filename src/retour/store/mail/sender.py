"""Where a store's mail comes from, and what the store keeps to itself."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.mail import MailKind
from retour.store.db import Db

GET: Final = """
SELECT address, reply_to, silent, active, staff_address
  FROM mail_sender WHERE tenant_id = current_tenant() AND store_id = $1
"""
SAVE: Final = """
INSERT INTO mail_sender (tenant_id, store_id, address, reply_to, silent, active, changed_at, staff_address)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (tenant_id, store_id) DO UPDATE SET
  address = excluded.address, reply_to = excluded.reply_to, silent = excluded.silent, active = excluded.active,
  changed_at = excluded.changed_at, staff_address = excluded.staff_address
"""


@dataclass(frozen=True, slots=True)
class Sender:
    """A store's sender; without an `address` the installation's own is used; `silent` kinds are not sent.

    Answers go to `reply_to`, else to the contact of the store's look; its name and language are the look's, too.
    `staff_address` is mailed about what shoppers do with returns that nobody looks after.
    """

    address: str | None = None
    reply_to: str | None = None
    silent: frozenset[MailKind] = frozenset()
    active: bool = True
    staff_address: str | None = None


async def sender_of(db: Db, store_id: UUID) -> Sender | None:
    """Return the sender of a store, or nothing: then the store mails nothing about its returns."""
    row = await db.fetchrow(GET, store_id)
    if row is None:
        return None
    return Sender(**{**row, "silent": frozenset(MailKind(kind) for kind in row["silent"])})


async def save_sender(db: Db, store_id: UUID, sender: Sender, *, at: datetime) -> None:
    """Keep the sender of a store; mail that is planned already goes out under the new one."""
    silent = sorted(kind.value for kind in sender.silent)
    await db.execute(SAVE, store_id, sender.address, sender.reply_to, silent, sender.active, at, sender.staff_address)
