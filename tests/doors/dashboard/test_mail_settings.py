"""Settings of mail: switched on per kind, checked field by field, and what was not told is sent again from there."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from retour.core.account import Role
from retour.core.mail import OPTIONAL, Judgement, MailKind, MailState, Move
from retour.store import mail as mails
from retour.store.db import Database
from retour.store.ids import new_id
from retour.store.mail import MailView, Sender
from retour.store.vault import Vault
from tests.doors.dashboard.conftest import add_member
from tests.doors.house import Browser
from tests.flows.session.people import House, open_house

pytestmark = pytest.mark.anyio
PAGE = "/dashboard/settings/mail"


async def sender_of(database: Database, house: House) -> Sender | None:
    async with database.tx(house.tenant_id) as db:
        return await mails.sender_of(db, house.stores[0])


async def a_refused_mail(database: Database, house: House, vault: Vault) -> MailView:
    """Plan a mail about a store's return to a shopper, and let it be refused."""
    at, person_id, return_id = datetime.now(UTC), new_id(), new_id()
    async with database.tx(house.tenant_id) as db:
        await db.execute(
            "INSERT INTO person (tenant_id, id, store_id, email, sealed_key) VALUES ($1, $2, $3, 'ann@example.com', $4)",
            house.tenant_id, person_id, house.stores[0], b"",
        )  # fmt: skip
        mail_id = await mails.plan(
            db, vault, tenant_id=house.tenant_id, kind=MailKind.RETURN_APPROVED, to=person_id, store_id=house.stores[0],
            resource_kind="return", resource_id=return_id, at=at,
        )  # fmt: skip
        held = await mails.claim(db, mail_id, now=at, lease=timedelta(minutes=1))
        assert held is not None
        judgement = Judgement(Move.GIVE_UP, 550, "the mail server answered 550: no such user")
        assert await mails.settle(db, held, judgement, at=at)
        found = await mails.get(db, mail_id)
    assert found is not None
    return found


async def test_a_store_mails_nothing_until_somebody_switches_it_on(
    owner: Browser, database: Database, house: House
) -> None:
    page = await owner.get(PAGE)
    before = await sender_of(database, house)

    saved = await owner.send(
        page, "", active="1", kinds=["return_approved", "return_refunded"], address="returns@shop.example", reply_to=""
    )

    assert (before, saved.path, "Saved." in saved.text) == (None, PAGE, True)
    assert await sender_of(database, house) == Sender(
        "returns@shop.example",
        None,
        OPTIONAL - {MailKind.RETURN_APPROVED, MailKind.RETURN_REFUNDED},
        active=True,
    )
    again = await owner.get(PAGE)
    assert again.form("").fields["kinds"] == ["return_approved", "return_refunded"]


async def test_a_wrong_address_changes_nothing_and_keeps_what_was_typed(
    owner: Browser, database: Database, house: House
) -> None:
    page = await owner.send(
        await owner.get(PAGE), "", active="1", kinds=[], address="shop", reply_to="help@shop.example"
    )

    assert page.status == 422
    assert "Enter an e-mail address such as name@example.com" in page.text
    assert page.form("").fields["reply_to"] == ["help@shop.example"]
    assert await sender_of(database, house) is None


async def test_an_agent_reads_and_may_not_change(address: str, database: Database, house: House) -> None:
    async with Browser.open(address) as agent:
        await agent.sign_in(await add_member(database, house, Role.AGENT))
        page = await agent.get(PAGE)
        tried = await agent.post(PAGE, page.form("").fields | {"active": "1"})

    assert (page.status, tried.status) == (200, 403)
    assert "Only an owner of the account can change this." in page.text
    assert await sender_of(database, house) is None


async def test_what_was_refused_is_shown_without_an_address_and_sent_again(
    owner: Browser, database: Database, house: House, tmp_path: Path
) -> None:
    refused = await a_refused_mail(database, house, Vault.open(tmp_path))

    page = await owner.get(PAGE)
    after = await owner.send(page, f"{PAGE}/{refused.id}/send-again")

    assert "Their return is approved" in page.text
    assert "the mail server answered 550: no such user" in page.text
    assert "ann@example.com" not in page.text
    assert "Sent again." in after.text
    async with database.tx(house.tenant_id) as db:
        now_due = await mails.get(db, refused.id)
    assert now_due is not None
    assert (now_due.state, now_due.tries) == (MailState.DUE, 0)


async def test_nobody_sends_the_mail_of_another_account(
    owner: Browser, database: Database, house: House, tmp_path: Path
) -> None:
    other = await open_house(database)
    foreign = await a_refused_mail(database, other, Vault.open(tmp_path))
    own = await a_refused_mail(database, house, Vault.open(tmp_path))

    page = await owner.get(PAGE)
    form = page.form(f"{PAGE}/{own.id}/send-again")
    answer = await owner.post(f"{PAGE}/{foreign.id}/send-again", form.fields)

    assert answer.status == 404 or "There is no such mail any more" in answer.text
    async with database.tx(other.tenant_id) as db:
        still = await mails.get(db, foreign.id)
    assert still == foreign
