"""Wires mail that comes in: looking through a mailbox, and reading what it brought."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from retour.core.errors import Refused
from retour.core.letter import mail_address
from retour.core.mailbox import read_mail
from retour.flows.intake.fetching import Looking, fetch_mail
from retour.flows.intake.mail import Reading, read_mail_in
from retour.flows.intake.mailboxes import box_of
from retour.flows.intake.message import Told
from retour.flows.photo.encoding import Photo, reencode
from retour.flows.photo.evidence import LONGEST_PX
from retour.main.house import House, utc_now
from retour.store import connection as connections
from retour.store import webhook
from retour.store.connection import Connection
from retour.store.db import Db
from retour.store.webhook import Entry
from retour.web.intake import MailHands


async def look_through(here: House, tenant_id: UUID, found: Connection) -> None:
    """Keep what is new in a mailbox, if it is one that is read."""
    if found.state != "connected":
        return
    assert here.mailboxes is not None, "a process that asks has the way out"
    looking = Looking(
        tenant_id, found.id, box_of(found), here.credential(found).secret,
        datetime.fromisoformat(str(found.settings["since"])),
    )  # fmt: skip
    await fetch_mail(here.database, here.vault, looking, reader=here.mailboxes, clock=utc_now)


@dataclass(slots=True)
class MailIn:
    """Reads one mail: its pictures are made anew before the transaction that works on it."""

    here: House
    tenant_id: UUID
    pictures: list[Photo] = field(default_factory=list)
    not_kept: list[str] = field(default_factory=list)

    async def prepare(self, entry: Entry) -> None:
        """Make the pictures of a mail anew; what is none is named and not kept. Other messages have none."""
        self.pictures, self.not_kept = [], []
        async with self.here.database.tx(self.tenant_id) as db:
            raw = await webhook.body(db, self.here.vault, entry.id)
        mail = read_mail(raw or b"")
        if mail is None or mail.automatic is not None:
            return
        for enclosed in mail.pictures:
            try:
                self.pictures.append(await reencode(enclosed.content, longest_px=LONGEST_PX))
            except Refused:
                self.not_kept.append(enclosed.name)

    async def read(self, db: Db, entry: Entry, raw: bytes) -> Told:
        """Work on a mail inside the open transaction."""
        connection = await connections.get(db, entry.connection_id)
        own = {box_of(connection).own_address} if connection else set()
        if self.here.settings.mail_from:
            own.add(mail_address(self.here.settings.mail_from))
        reading = Reading(self.tenant_id, frozenset(one.lower() for one in own if one), not_kept=tuple(self.not_kept))
        hands = MailHands(self.here.policies, self.here.vault, self.tenant_id, tuple(self.pictures))
        return await read_mail_in(db, self.here.vault, entry, raw, reading, hands=hands, now=utc_now())
