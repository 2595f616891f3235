"""A mailbox of a store: shoppers write there, the worker looks through it over a real connection and reads what came."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID

from retour.connectors.mailbox.client import ImapClient, Patience
from retour.core.mail_server import Encryption
from retour.core.mailbox import Box
from retour.flows import order as order_flow
from retour.flows.intake.fetching import TOPIC, Looking, fetch_mail
from retour.flows.intake.mailboxes import add_mailbox
from retour.flows.webhook import Documents, read_inbox
from retour.sandbox.mail.imap import Mailbox, serve_mailbox
from retour.store import connection as connections
from retour.store.db import Database
from retour.store.policy import PolicyCache
from retour.web.mail_in import MailIn
from tests.core.intake.papers import an_order
from tests.flows.intake.source import Sender, a_sender
from tests.flows.order.shop import CANARY

SHOP = "returns@acme.example"


@dataclass
class Post:
    """The mailbox over there, and the account that reads it."""

    sender: Sender
    box: Mailbox
    at: Box
    mailbox_id: UUID
    reader: ImapClient = field(
        default_factory=lambda: ImapClient(internal=True, patience=Patience(silent_s=5.0, whole_s=10.0))
    )
    looked: int = 0
    behind: timedelta = timedelta()  # how much earlier it is for who works on a mail

    @property
    def database(self) -> Database:
        return self.sender.database

    @property
    def tenant_id(self) -> UUID:
        return self.sender.tenant_id

    @property
    def now(self) -> datetime:
        return self.sender.now

    def write(
        self, text: str = "Too small. Order #1001", *, sender: str = CANARY, subject: str = "Return",
        message_id: str | None = "<m1@example.com>", answers: str = "", files: tuple[tuple[str, bytes], ...] = (),
        arrived_at: datetime | None = None, **headers: str,
    ) -> EmailMessage:  # fmt: skip
        """Let a mail arrive."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = f"Cara <{sender}>", SHOP, subject
        if message_id is not None:
            mail["Message-ID"] = message_id
        if answers:
            mail["In-Reply-To"] = answers.rsplit(" ", maxsplit=1)[-1]
            mail["References"] = answers
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(text)
        for name, content in files:
            kind = ("image", "png") if name.endswith("png") else ("application", "pdf")
            mail.add_attachment(content, maintype=kind[0], subtype=kind[1], filename=name)
        self.box.put(mail.as_bytes(), arrived_at or self.now)
        return mail

    async def look(self) -> str:
        """Look through the mailbox once and return how that went; the next look is due."""
        async with self.database.tx(self.tenant_id) as db:
            found = await connections.get(db, self.mailbox_id)
        assert found is not None
        begin = datetime.fromisoformat(str(found.settings["since"]))
        looking = Looking(self.tenant_id, self.mailbox_id, self.at, "s3cret", begin)
        self.looked += 1
        self.sender.now += timedelta(hours=2)
        return await fetch_mail(self.database, self.sender.vault, looking, reader=self.reader, clock=lambda: self.now)

    async def read(self) -> list[str]:
        """Look through the mailbox, have the worker read every new message, and return what became of each."""
        await self.look()
        async with self.database.tx(self.tenant_id) as db:
            rows = await db.fetch("SELECT id FROM inbox WHERE done_at IS NULL AND topic = $1 ORDER BY id", TOPIC)
        return [await self._one(row["id"]) for row in rows]

    async def _one(self, inbox_id: UUID) -> str:
        async def nothing(*_: object, **__: object) -> None:
            raise AssertionError("nothing of a mail is asked for or tracked")

        mail = MailIn(
            self.database,
            self.sender.vault,
            PolicyCache(),
            self.tenant_id,
            "house@retour.example",
            lambda: self.now - self.behind,
        )
        await read_inbox(
            self.database, self.sender.vault, tenant_id=self.tenant_id, inbox_id=inbox_id, read=nothing,
            mirror=order_flow.mirror, on_tracking=nothing, clock=lambda: self.now,
            documents=Documents(frozenset({TOPIC}), mail.read, mail.prepare, frozenset({TOPIC})),
        )  # fmt: skip
        row = await self.sender.row(inbox_id)
        return str(row["outcome"])

    async def cursor(self) -> tuple[Any, ...]:
        async with self.database.tx(self.tenant_id) as db:
            row = await db.fetchrow(
                "SELECT cursor, problem, due_at FROM sync_cursor WHERE connection_id = $1", self.mailbox_id
            )
        assert row is not None
        return tuple(row.values())

    async def kept(self) -> int:
        async with self.database.tx(self.tenant_id) as db:
            found: int = await db.fetchval("SELECT count(*) FROM inbox WHERE topic = $1", TOPIC)
        return found


@asynccontextmanager
async def a_post(database: Database, folder: Path) -> AsyncIterator[Post]:
    """Open a store with an order and a mailbox that is read from now on."""
    sender = await a_sender(database, folder)
    await sender.send(an_order())
    box = Mailbox()
    async with serve_mailbox(box) as port:
        at = Box("127.0.0.1", port, Encryption.NEVER, SHOP)
        async with database.tx(sender.tenant_id) as db:
            added = await add_mailbox(
                db, sender.vault, store_id=sender.shop.store_id, name="Returns", box=at, password="s3cret", actor="test",
                now=sender.now, allow_private=True,
            )  # fmt: skip
        yield Post(sender, box, at, added.id)
