"""Reads one mail that came in: it is taken apart and its pictures made anew before the transaction that works on it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from retour.core.errors import Refused
from retour.core.mailbox import Received, read_mail
from retour.flows.intake.mail import Reading, read_mail_in
from retour.flows.intake.mailboxes import box_of
from retour.flows.intake.message import Told
from retour.flows.photo.encoding import Photo, reencode
from retour.flows.photo.evidence import LONGEST_PX
from retour.store import connection as connections
from retour.store import webhook
from retour.store.db import Database, Db
from retour.store.policy import PolicyCache
from retour.store.vault import Vault
from retour.store.webhook import Entry
from retour.web.intake import MailHands


@dataclass(slots=True)
class MailIn:
    """One mail of an account; `own_address` is what the installation itself writes from."""

    database: Database
    vault: Vault
    policies: PolicyCache
    tenant_id: UUID
    own_address: str | None
    clock: Callable[[], datetime]
    mail: Received | None = None
    pictures: list[Photo] = field(default_factory=list)
    not_kept: list[str] = field(default_factory=list)

    async def prepare(self, entry: Entry) -> None:
        """Read a mail, in a thread, and make its pictures anew; what is none is named and not kept."""
        self.mail, self.pictures, self.not_kept = None, [], []
        async with self.database.tx(self.tenant_id) as db:
            raw = await webhook.body(db, self.vault, entry.id)
        self.mail = mail = await asyncio.to_thread(read_mail, raw or b"")
        if mail is None or mail.automatic is not None:
            return
        for enclosed in mail.pictures:
            try:
                self.pictures.append(await reencode(enclosed.content, longest_px=LONGEST_PX))
            except Refused:
                self.not_kept.append(enclosed.name)

    async def read(self, db: Db, entry: Entry, raw: bytes) -> Told:
        """Work inside the open transaction on the mail that was prepared, unless its bytes were erased meanwhile."""
        mailbox = await connections.get(db, entry.connection_id)
        own = {self.own_address or "", box_of(mailbox).own_address if mailbox else ""} - {""}
        reading = Reading(self.tenant_id, frozenset(address.lower() for address in own), tuple(self.not_kept))
        hands = MailHands(self.policies, self.vault, self.tenant_id, tuple(self.pictures))
        return await read_mail_in(
            db, self.vault, entry, raw, self.mail if raw else None, reading, hands=hands, now=self.clock()
        )
