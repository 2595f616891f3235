"""Mail to the staff about a return: who gets one, what is bundled, and that nobody is mailed twice in ten minutes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from retour.core.account import Role
from retour.flows import account as accounts
from retour.flows import notice as flow
from retour.flows import rma
from retour.store import due
from retour.store import mail as mails
from retour.store.db import Database
from retour.store.mail import Sender as MailSender
from tests.core.intake.papers import a_return, an_order
from tests.flows.intake.source import Sender, a_sender
from tests.flows.order.shop import NOON

pytestmark = pytest.mark.anyio
LATER = NOON + timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@dataclass
class Desk:
    """A return, and two people of the desk."""

    sender: Sender
    rma_id: UUID
    number: int
    shopper: str
    ana: UUID
    ben: UUID

    @property
    def database(self) -> Database:
        return self.sender.database

    @property
    def tenant_id(self) -> UUID:
        return self.sender.tenant_id

    async def write(self, text: str, at: datetime, *, actor: str | None = None) -> None:
        async with self.database.tx(self.tenant_id) as db:
            await rma.hear(db, rma_id=self.rma_id, text=text, actor=actor or self.shopper, facts={}, now=at)

    async def note(self, at: datetime, *, by: UUID, shown: bool = False) -> None:
        async with self.database.tx(self.tenant_id) as db:
            await rma.add_note(db, rma_id=self.rma_id, body="Look", shown_to_shopper=shown, actor=f"staff:{by}", now=at)

    async def tell(self, at: datetime) -> None:
        async with self.database.tx(self.tenant_id) as db:
            await flow.tell(
                db, self.sender.vault, tenant_id=self.tenant_id, rma_id=self.rma_id, public_url="https://r.example/",
                now=at,
            )  # fmt: skip

    async def mailed(self) -> list[tuple[str, str, str]]:
        """Return (address, what happened, whose return it is) of every mail to the staff."""
        async with self.database.tx(self.tenant_id) as db:
            rows = await db.fetch(
                "SELECT id, sealed_address, sealed_data FROM mail WHERE kind = 'staff_notice' ORDER BY created_at, id"
            )
        vault, found = self.sender.vault, []
        for row in rows:
            purpose = mails.purpose(row["id"])
            to = vault.unlock(row["sealed_address"], tenant_id=self.tenant_id, purpose=purpose).decode()
            said = vault.unlock(row["sealed_data"], tenant_id=self.tenant_id, purpose=purpose)
            secret = msgspec.json.decode(said, type=dict[str, str])
            assert secret["link"] == f"https://r.example/dashboard/returns/R-{self.number}"
            found.append((to, secret["news"], secret["whose"]))
        return sorted(found)

    async def due_at(self) -> datetime | None:
        async with self.database.tx(self.tenant_id) as db:
            found: datetime | None = await db.fetchval("SELECT due_at FROM staff_notice")
        return found

    async def jobs(self) -> int:
        async with self.database.tx(self.tenant_id) as db:
            found: int = await db.fetchval(
                "SELECT count(*) FROM jobs.procrastinate_jobs WHERE task_name = 'notice.tell' AND args->>'tenant_id' = $1",
                str(self.tenant_id),
            )
        return found


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> Desk:
    sender = await a_sender(database, tmp_path)
    await sender.send(an_order())
    await sender.send(a_return())
    async with database.tx(sender.tenant_id) as db:
        people = [
            await accounts.add_staff(
                db, email=f"{name}-{sender.tenant_id}@acme.example", name=name, role=Role.AGENT, password_hash="x",
                actor="test", now=NOON,
            )
            for name in ("ana", "ben")
        ]  # fmt: skip
        row = await db.fetchrow("SELECT id, number, person_id FROM rma")
        assert row is not None
        ana, ben = (person.id for person in people)
        await rma.assign(db, rma_id=row["id"], staff_id=ana, actor=f"staff:{ben}", now=NOON)
        await rma.watch(db, rma_id=row["id"], staff_id=ben, watching=True, actor=f"staff:{ben}", now=NOON)
    return Desk(sender, row["id"], row["number"], f"shopper:{row['person_id']}", ana, ben)


def address(desk: Desk, name: str) -> str:
    return f"{name}-{desk.tenant_id}@acme.example"


async def test_who_looks_after_a_return_and_who_watches_it_are_mailed(desk: Desk) -> None:
    await desk.write("Hello?", LATER)
    assert (await desk.due_at(), await desk.jobs()) == (LATER, 1)

    await desk.tell(LATER)
    await desk.tell(LATER)

    assert await desk.mailed() == [(address(desk, "ana"), "wrote", "yours"), (address(desk, "ben"), "wrote", "yours")]
    assert await desk.due_at() is None


async def test_what_follows_within_ten_minutes_is_told_in_one_mail_when_they_are_over(desk: Desk) -> None:
    await desk.write("One", LATER)
    await desk.tell(LATER)
    await desk.write("Two", LATER + MINUTE)
    await desk.note(LATER + 2 * MINUTE, by=desk.ana)
    due_at, jobs = await desk.due_at(), await desk.jobs()
    await desk.tell(LATER + 9 * MINUTE)
    before = len(await desk.mailed())
    await desk.tell(LATER + 10 * MINUTE)

    assert (due_at, jobs, before) == (LATER + 10 * MINUTE, 1, 2)
    assert await desk.mailed() == [
        (address(desk, "ana"), "wrote", "yours"), (address(desk, "ana"), "wrote", "yours"),
        (address(desk, "ben"), "wrote", "yours"), (address(desk, "ben"), "wrote,noted", "yours"),
    ]  # fmt: skip


async def test_what_began_earlier_and_was_written_later_is_told(desk: Desk) -> None:
    await desk.write("One", LATER + MINUTE)
    await desk.note(LATER, by=desk.ben)
    await desk.tell(LATER + MINUTE)

    assert await desk.mailed() == [
        (address(desk, "ana"), "wrote,noted", "yours"), (address(desk, "ben"), "wrote", "yours"),
    ]  # fmt: skip


async def test_what_was_told_is_not_told_again_with_what_began_before_it(desk: Desk) -> None:
    await desk.note(LATER + MINUTE, by=desk.ben)
    await desk.tell(LATER + MINUTE)
    await desk.write("One", LATER)
    await desk.tell(LATER + 11 * MINUTE)

    assert await desk.mailed() == [
        (address(desk, "ana"), "noted", "yours"), (address(desk, "ana"), "wrote", "yours"),
        (address(desk, "ben"), "wrote", "yours"),
    ]  # fmt: skip


async def test_what_nobody_was_mailed_about_delays_nothing(desk: Desk) -> None:
    async with desk.database.tx(desk.tenant_id) as db:
        await rma.watch(db, rma_id=desk.rma_id, staff_id=desk.ben, watching=False, actor="staff:1", now=NOON)
    await desk.note(LATER, by=desk.ana)
    await desk.tell(LATER)
    await desk.write("One", LATER + MINUTE)
    await desk.tell(LATER + MINUTE)

    assert await desk.mailed() == [(address(desk, "ana"), "wrote", "yours")]


async def test_the_sweep_finds_what_is_due(desk: Desk) -> None:
    await desk.write("One", LATER)

    async with desk.database.tx(None) as db:
        found = await due.notices(db, most=1_000, overdue=timedelta(0))

    assert (desk.tenant_id, desk.rma_id) in found


async def test_nobody_hears_of_what_they_did_themselves(desk: Desk) -> None:
    await desk.note(LATER, by=desk.ana)
    await desk.tell(LATER)

    assert await desk.mailed() == [(address(desk, "ben"), "noted", "yours")]


async def test_a_note_for_the_shopper_and_an_act_of_staff_are_no_news(desk: Desk) -> None:
    await desk.note(LATER, by=desk.ana, shown=True)
    async with desk.database.tx(desk.tenant_id) as db:
        await rma.ask(db, rma_id=desk.rma_id, question="Which?", actor=f"staff:{desk.ana}", now=LATER)
        await rma.cancel(db, rma_id=desk.rma_id, actor=f"staff:{desk.ana}", now=LATER)

    assert (await desk.due_at(), await desk.jobs()) == (None, 0)


async def test_an_answer_and_a_cancellation_of_the_shopper_are_told_together(desk: Desk) -> None:
    async with desk.database.tx(desk.tenant_id) as db:
        await rma.ask(db, rma_id=desk.rma_id, question="Which?", actor=f"staff:{desk.ana}", now=LATER)
        await rma.answer(db, rma_id=desk.rma_id, text="That", actor=desk.shopper, now=LATER + MINUTE)
        await rma.cancel(db, rma_id=desk.rma_id, actor=desk.shopper, now=LATER + MINUTE)
    await desk.tell(LATER + MINUTE)

    assert [said for _, said, _ in await desk.mailed()] == ["answered,cancelled"] * 2


async def test_who_switched_it_off_and_who_was_disabled_are_not_mailed(desk: Desk) -> None:
    async with desk.database.tx(desk.tenant_id) as db:
        await flow.choose(db, staff_id=desk.ana, wanted=False, actor="staff:1", now=LATER)
        await flow.choose(db, staff_id=desk.ana, wanted=False, actor="staff:1", now=LATER)
        told = await db.fetchval("SELECT count(*) FROM event WHERE type = 'staff.changed'")
        await accounts.disable_staff(db, staff_id=desk.ben, actor="test", now=LATER)
    await desk.write("Hello?", LATER)
    await desk.tell(LATER)

    assert (await desk.mailed(), told) == ([], 1)


async def test_the_stores_address_hears_of_returns_that_nobody_looks_after(desk: Desk) -> None:
    async with desk.database.tx(desk.tenant_id) as db:
        await mails.save_sender(db, desk.sender.shop.store_id, MailSender(staff_address="desk@acme.example"), at=NOON)
        await rma.watch(db, rma_id=desk.rma_id, staff_id=desk.ben, watching=False, actor="staff:1", now=NOON)
    await desk.write("One", LATER)
    await desk.tell(LATER)
    looked_after = await desk.mailed()
    async with desk.database.tx(desk.tenant_id) as db:
        await accounts.disable_staff(db, staff_id=desk.ana, actor="test", now=LATER)
    await desk.write("Two", LATER + 20 * MINUTE)
    await desk.note(LATER + 20 * MINUTE, by=desk.ben)
    await desk.tell(LATER + 20 * MINUTE)

    assert looked_after == [(address(desk, "ana"), "wrote", "yours")]
    assert await desk.mailed() == [*looked_after, ("desk@acme.example", "wrote", "nobodys")]


async def test_every_message_to_the_shopper_is_mailed_also_the_second(desk: Desk) -> None:
    async with desk.database.tx(desk.tenant_id) as db:
        await mails.save_sender(db, desk.sender.shop.store_id, MailSender(), at=NOON)
    await desk.note(LATER, by=desk.ana, shown=True)
    await desk.note(LATER, by=desk.ana, shown=True)

    async with desk.database.tx(desk.tenant_id) as db:
        assert await db.fetchval("SELECT count(*) FROM mail WHERE kind = 'return_message'") == 2
