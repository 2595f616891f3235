"""What somebody sends of an order before its return exists: each file for itself, within what one sender may send."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.attachment import MOST_BYTES_OF_A_VIDEO, TRIES
from retour.core.errors import Refused
from retour.flows.photo import evidence
from retour.flows.photo.encoding import Photo, Video, take
from retour.store import order as orders
from retour.store import visit as visits
from retour.store.db import Database, Db
from retour.store.vault import Vault

# One video or five photos and the form around them; what is larger, up to this, is refused in words instead of cut off.
LIMIT_BYTES: Final = MOST_BYTES_OF_A_VIDEO + 8 * 1024 * 1024
MOST_AT_ONCE: Final = 5


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends files of an order: a shopper in a visit, or without one a member of the staff by their id."""

    tenant_id: UUID
    order_id: UUID
    actor: str
    visit_id: UUID | None = None
    staff_id: UUID | None = None

    @property
    def bucket(self) -> bytes:
        """Return whose tries are counted together."""
        whose = self.visit_id or self.staff_id
        assert whose is not None, "somebody sends it"
        return hashlib.sha256(whose.bytes).digest()


async def send(
    database: Database, vault: Vault, sender: Sender, *, line_ref: str, raw: bytes, clock: Callable[[], datetime]
) -> UUID:
    """Keep one file about a line until a return takes it, in a transaction of its own, and return its id.

    Raises Refused, always with the field `photos`: `too_many_tries` above 30 files at once, what `take` refuses, and
    `too_many_photos` or `photos_too_large` where as much is kept as may be.
    """
    try:
        await _spend(database, sender, clock())
        sent = await take(raw, longest_px=evidence.LONGEST_PX)
        return await _keep(database, vault, sender, line_ref, sent, clock())
    except Refused as no:
        raise Refused(no.code, no.message, field="photos", facts=no.facts) from no


async def _spend(database: Database, sender: Sender, now: datetime) -> None:
    async def work(db: Db) -> bool:
        return await visits.spend(db, "upload", sender.bucket, TRIES, now=now) is None

    if not await database.run(sender.tenant_id, work):
        raise Refused("too_many_tries", "too many files in a short time")


async def _keep(
    database: Database, vault: Vault, sender: Sender, line_ref: str, sent: Photo | Video, now: datetime
) -> UUID:
    async def work(db: Db) -> UUID:
        # Locked, so that two at once do not pass the limit together.
        if sender.visit_id is not None:
            await visits.lock(db, sender.visit_id)
        else:
            await orders.lock(db, sender.order_id)
        return await evidence.keep_draft(
            db, vault, tenant_id=sender.tenant_id, visit_id=sender.visit_id, order_id=sender.order_id,
            line_ref=line_ref, sent=sent, actor=sender.actor, now=now,
        )  # fmt: skip

    return await database.run(sender.tenant_id, work)
