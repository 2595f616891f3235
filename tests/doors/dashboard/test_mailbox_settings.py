"""Settings of mailboxes and of mail to the staff: added and removed, switched off by each, sent to an address."""

from typing import Any

import pytest

from retour.core.account import Role
from retour.store import mail as mails
from retour.store.db import Database
from tests.doors.dashboard.conftest import add_member
from tests.doors.house import Browser
from tests.flows.session.people import House

pytestmark = pytest.mark.anyio
AT = "/dashboard/settings/mailboxes"
YOU = "/dashboard/settings/you"
MAIL = "/dashboard/settings/mail"
BOX: dict[str, Any] = {
    "name": "Returns", "host": "imap.acme.example", "user": "returns@acme.example", "password": "s3cret",
    "encryption": "at_once",
}  # fmt: skip


async def test_a_mailbox_is_added_gets_another_password_and_is_removed(owner: Browser) -> None:
    bare = await owner.send(await owner.get(AT), "", name="Returns", host="", user="x", password="y")
    odd = await owner.send(await owner.get(AT), "", **BOX | {"port": "many"})
    kept = await owner.send(await owner.get(AT), "", **BOX)
    twice = await owner.send(await owner.get(AT), "", **BOX)
    change = next(form.action for form in kept.forms if form.action.endswith("/password"))
    field = f"password-{change.split('/')[-2]}"
    none = await owner.send(await owner.get(AT), change, **{field: ""})
    changed = await owner.send(await owner.get(AT), change, **{field: "0ther"})
    gone = await owner.send(await owner.get(AT), change.removesuffix("password") + "remove")

    assert (bare.status, "Enter the name of the mail server" in bare.text) == (422, True)
    assert (odd.status, "A port is a number from 1 to 65535" in odd.text) == (422, True)
    assert "imaps://imap.acme.example:993" in kept.text
    assert "s3cret" not in kept.answer.text
    assert (twice.status, "This is taken already" in twice.text) == (422, True)
    assert (none.status, "Enter the password" in none.text) == (422, True)
    assert "Kept. The mailbox is looked through now." in changed.text
    assert "No mailbox is read" in gone.text


async def test_an_agent_reads_the_mailboxes_and_adds_none(browser: Browser, database: Database, house: House) -> None:
    await browser.sign_in(await add_member(database, house, Role.AGENT))
    page = await browser.get(AT)

    assert "Only an owner of the account can change this." in page.text
    assert not [form for form in page.forms if form.action in ("", AT)]


async def wants(database: Database, house: House) -> list[bool]:
    async with database.tx(house.tenant_id) as db:
        return [row["notices"] for row in await db.fetch("SELECT notices FROM staff WHERE email = $1", house.email)]


async def test_everybody_switches_mail_about_returns_off_and_on(
    owner: Browser, database: Database, house: House
) -> None:
    before = await wants(database, house)
    off = await owner.send(await owner.get(YOU), YOU, notices=None)
    between = await wants(database, house)
    await owner.send(off, YOU, notices="1")

    assert (before, between, await wants(database, house)) == ([True], [False], [True])


async def test_the_address_for_returns_that_nobody_looks_after_is_checked_and_kept(
    owner: Browser, database: Database, house: House
) -> None:
    wrong = await owner.send(await owner.get(MAIL), "", active="1", kinds=[], staff_address="desk")
    kept = await owner.send(await owner.get(MAIL), "", active="1", kinds=[], staff_address="desk@acme.example")
    async with database.tx(house.tenant_id) as db:
        sender = await mails.sender_of(db, house.stores[0])

    assert (wrong.status, "Enter an e-mail address" in wrong.text) == (422, True)
    assert kept.path == MAIL
    assert sender is not None
    assert sender.staff_address == "desk@acme.example"
