"""An account that mails, a clock that is wound by hand, and a mail server of the sandbox on the loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from retour.connectors.mail.client import MailClient
from retour.core.letter import Front, Letter, Written
from retour.core.mail import MailKind
from retour.core.mail_server import MailServer
from retour.core.ports import MailSender
from retour.flows.mail import Delivered, Postman, deliver, send_again
from retour.sandbox.mail.server import Mailroom
from retour.store import mail as mails
from retour.store.db import Database, Db
from retour.store.discrepancy import Discrepancy, list_open
from retour.store.ids import new_id
from retour.store.mail import MailView
from retour.store.vault import Vault
from tests.connectors.mail.post_box import QUICK
from tests.flows.delivery.post import Clock

TO = "ann@example.com"
FROM = "returns@retour.example"


def write(letter: Letter) -> Written:
    said = " ".join(f"{name}={value}" for name, value in sorted(letter.secret.items()))
    return Written(f"{letter.kind} for {letter.front.name}", f"{letter.language}: {said}", f"<p>{said}</p>")


async def no_front(
    db: Db, *, tenant_id: UUID, store_id: UUID, order_id: UUID | None, receiver: UUID | None, language: str
) -> Front | None:
    return None


@dataclass
class Bag:
    """One account's mail: its rows, its keys, its clock and the server that takes it."""

    database: Database
    vault: Vault
    room: Mailroom
    port: int
    tenant_id: UUID = field(default_factory=new_id)
    clock: Clock = field(default_factory=Clock)
    own_address: str | None = FROM

    @property
    def client(self) -> MailSender:
        return MailClient(MailServer.of(f"smtp://127.0.0.1:{self.port}?starttls=0"), patience=QUICK)

    def postman(self, sender: MailSender | None = None, **other: Any) -> Postman:
        values: dict[str, Any] = {
            "database": self.database, "vault": self.vault, "sender": sender or self.client, "write": write,
            "front": no_front, "own_address": self.own_address, "clock": self.clock, "jitter": lambda: 0,
        }  # fmt: skip
        return Postman(**(values | other))

    async def open(self) -> None:
        async with self.database.tx(self.tenant_id) as db:
            await db.execute("INSERT INTO account (tenant_id, name) VALUES ($1, 'Acme')", self.tenant_id)

    async def plan(
        self,
        kind: MailKind = MailKind.STAFF_INVITED,
        *,
        to: UUID | str = TO,
        resource_id: UUID | None = None,
        **more: Any,
    ) -> UUID:
        """Plan an invitation (or another mail) and return its id."""
        values = {"secret": {"link": "https://x.example/i/1"}, "language": "de"} | more
        async with self.database.tx(self.tenant_id) as db:
            return await mails.plan(
                db, self.vault, tenant_id=self.tenant_id, kind=kind, to=to, resource_kind="staff",
                resource_id=resource_id or new_id(), at=self.clock.now, **values,
            )  # fmt: skip

    async def a_person(self, email: str | None = TO) -> UUID:
        """Add a store with one shopper and return the shopper's id."""
        store_id, person_id = new_id(), new_id()
        key = self.vault.new_person_key(tenant_id=self.tenant_id, person_id=person_id)
        async with self.database.tx(self.tenant_id) as db:
            await db.execute(
                "INSERT INTO store (tenant_id, id, shop_name, currency) VALUES ($1, $2, $3, 'EUR')",
                self.tenant_id, store_id, f"shop-{store_id.hex[-6:]}",
            )  # fmt: skip
            await db.execute(
                "INSERT INTO person (tenant_id, id, store_id, email, sealed_key) VALUES ($1, $2, $3, $4, $5)",
                self.tenant_id, person_id, store_id, email, key,
            )  # fmt: skip
        return person_id

    async def carry(self, mail_id: UUID, *, sender: MailSender | None = None, **other: Any) -> Delivered | None:
        return await deliver(self.postman(sender, **other), tenant_id=self.tenant_id, mail_id=mail_id)

    async def carry_to_the_end(self, mail_id: UUID) -> list[timedelta]:
        """Try until nothing more is due, winding the clock to each try; return the pauses before each try."""
        pauses, before = [], self.clock.now
        while (came := await self.carry(mail_id)) is not None:
            pauses.append(self.clock.now - before)
            before = self.clock.now
            if came.due_at is None:
                break
            self.clock.wind(to=came.due_at)
        return pauses

    async def again(self, mail_id: UUID) -> None:
        async with self.database.tx(self.tenant_id) as db:
            await send_again(db, mail_id=mail_id, now=self.clock.now)

    async def look(self, mail_id: UUID) -> MailView:
        async with self.database.tx(self.tenant_id) as db:
            found = await mails.get(db, mail_id)
        assert found is not None
        return found

    async def secrets(self, mail_id: UUID) -> tuple[bytes | None, bytes | None]:
        """Return what is still sealed in the row: data and address."""
        async with self.database.tx(self.tenant_id) as db:
            row = await db.fetchrow("SELECT sealed_data, sealed_address FROM mail WHERE id = $1", mail_id)
        assert row is not None
        return row["sealed_data"], row["sealed_address"]

    async def jobs(self, owner: Any) -> list[tuple[str, int]]:
        """Return the mail jobs of this account: id and priority."""
        rows = await owner.fetch(
            "SELECT args, priority FROM jobs.procrastinate_jobs WHERE task_name = 'mail.deliver' ORDER BY id"
        )
        return [(r["args"]["id"], r["priority"]) for r in rows if r["args"]["tenant_id"] == str(self.tenant_id)]

    async def complaints(self) -> list[Discrepancy]:
        async with self.database.tx(self.tenant_id) as db:
            return await list_open(db)

    def subjects(self) -> list[str]:
        return [kept.header("Subject") for kept in self.room.box.newest_first()]


@asynccontextmanager
async def a_bag(database: Database, vault: Vault) -> AsyncIterator[Bag]:
    room = Mailroom()
    async with room.listening("127.0.0.1", 0) as port:
        bag = Bag(database, vault, room, port)
        await bag.open()
        yield bag
