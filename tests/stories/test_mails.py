"""What a shopper is mailed while a return goes from request to refund: once each, in their language, to the cent."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from retour.connectors.mail.client import MailClient
from retour.core.errors import Refused
from retour.core.mail import MailKind, MailState
from retour.core.mail_server import MailServer
from retour.core.policy.outcome import ResolutionKind, ResolutionOffer, Resolutions
from retour.core.rma import Grade
from retour.flows import look as look_flow
from retour.flows import mail as mail_flow
from retour.flows import rma
from retour.main.mailing import front_of
from retour.sandbox.mail.box import Kept
from retour.store import due
from retour.store import mail as mails
from retour.store import order as orders
from retour.store.discrepancy import list_open
from retour.store.mail import MailView, Sender
from retour.web.mail import Letters
from tests.stories.house import House, Units, now, under

pytestmark = pytest.mark.anyio

JACKET = {"sku": "JACKET-M", "name": "Trail jacket", "price": "129.00", "quantity": 1, "taxes": [["VAT", "0.19"]]}
SOCKS = {"sku": "SOCKS-M", "name": "Merino <socks>", "price": "14.00", "quantity": 2, "taxes": [["VAT", "0.19"]]}


@dataclass
class Mailing:
    """A house whose store mails, and the mail server that takes it."""

    house: House
    postman: mail_flow.Postman

    async def send(self) -> list[Kept]:
        """Send all mail that is due and return what arrived by it, oldest first."""
        room, before = self.house.sandbox.mail.box, len(self.house.sandbox.mail.box.newest_first())
        async with self.house.web.tx(None) as db:
            found = await due.mail(db, most=1000, overdue=timedelta(0))
        for tenant_id, mail_id in found:
            if tenant_id == self.house.tenant:
                await mail_flow.deliver(self.postman, tenant_id=tenant_id, mail_id=mail_id)
        arrived = room.newest_first()
        return arrived[: len(arrived) - before][::-1]

    async def change(self, **values: Any) -> Sender:
        async with self.house.web.tx(self.house.tenant) as db:
            return await mail_flow.change_sender(
                db, store_id=self.house.store, sender=Sender(**values), actor="owner", now=now()
            )

    async def of(self, rma_id: UUID) -> list[MailView]:
        async with self.house.web.tx(self.house.tenant) as db:
            return await mails.list_of_resource(db, resource_kind="return", resource_id=rma_id)

    async def speak(self, rma_id: UUID, language: str) -> None:
        async with self.house.web.tx(self.house.tenant) as db:
            await mails.speak(db, rma_id=rma_id, language=language)

    async def number(self, rma_id: UUID) -> str:
        return f"R-{(await self.house.see(rma_id)).rma.number}"


@asynccontextmanager
async def mailing(house: House) -> AsyncIterator[Mailing]:
    await house.open()
    async with house.web.tx(house.tenant) as db:
        look = await look_flow.look_of(db, store_id=house.store, now=now())
        await look_flow.change_look(
            db,
            look=replace(look, name="Fjellhus", brand_hex="#1f4d3a", contact_email="help@fjellhus.example"),
            actor="owner",
            now=now(),
        )
    async with house.sandbox.mail.listening("127.0.0.1", 0) as port:
        postman = mail_flow.Postman(
            database=house.web, vault=house.vault, sender=MailClient(MailServer.of(f"smtp://127.0.0.1:{port}?starttls=0")),
            write=Letters.load().write, front=front_of(house.vault, public_url="https://returns.example"),
            own_address="returns@retour.example", clock=now, jitter=lambda: 0,
        )  # fmt: skip
        yield Mailing(house, postman)


@pytest.fixture
async def store(house: House) -> AsyncIterator[Mailing]:
    async with mailing(house) as opened:
        yield opened


async def test_a_return_is_mailed_from_request_to_refund_once_each(store: Mailing) -> None:
    await store.change()
    house = store.house
    order = await house.an_order(JACKET, SOCKS)
    arrived: list[Kept] = []

    rma_id = await house.ask(order, {0: 1, 1: 1})
    arrived += await store.send()
    await house.approve(rma_id)
    arrived += await store.send()
    await house.receive(rma_id, {0: 1, 1: 1})
    arrived += await store.send()
    await house.inspect(rma_id, Units(0, 1), Units(1, 1))
    arrived += await store.send()

    number = await store.number(rma_id)
    assert [kept.header("Subject") for kept in arrived] == [
        f"We have your return request {number}",
        f"Your return {number} is approved",
        f"Your return {number} has arrived",
        f"€143.00 for your return {number} is on its way",
    ]
    assert {(kept.header("From"), *kept.envelope_to) for kept in arrived} == {
        ("Fjellhus <returns@retour.example>", "ann@example.com")
    }
    assert {kept.header("Reply-To") for kept in arrived} == {"help@fjellhus.example"}
    assert [(m.kind, m.state) for m in await store.of(rma_id)] == [
        (MailKind.RETURN_REQUESTED, MailState.DELIVERED),
        (MailKind.RETURN_APPROVED, MailState.DELIVERED),
        (MailKind.RETURN_RECEIVED, MailState.DELIVERED),
        (MailKind.RETURN_REFUNDED, MailState.DELIVERED),
    ]
    assert await store.send() == []
    refund = arrived[-1]
    assert "€143.00 is on its way to your card\n\nBanks take 3 to 5 days." in refund.text
    assert f"/returns/{(await _look(store)).handle}/link?order={order.id}&until=" in refund.text
    assert "Merino <socks>, 1 of 2" in refund.text
    assert "Merino &lt;socks&gt;, 1 of 2" in refund.html
    assert "<socks>" not in refund.html


async def test_what_a_shopper_reads_is_in_the_language_of_the_return_else_the_stores(store: Mailing) -> None:
    await store.change()
    house = store.house
    await _set_language(store, "de")
    first, second = await house.an_order(JACKET), await house.an_order(JACKET)

    german = await house.ask(first, {0: 1})
    arabic = await house.ask(second, {0: 1})
    await store.speak(arabic, "ar")
    [one, two] = await store.send()

    assert one.header("Subject") == f"Ihre Rücksendung {await store.number(german)} ist angemeldet"
    assert '<html lang="de" dir="ltr"' in one.html
    assert two.header("Subject") == f"وصلنا طلب الإرجاع {await store.number(arabic)}"
    assert '<html lang="ar" dir="rtl"' in two.html


async def test_what_was_not_approved_says_why_line_by_line(store: Mailing) -> None:
    await store.change(silent=frozenset({MailKind.RETURN_REQUESTED, MailKind.RETURN_APPROVED}))
    house = store.house
    rma_id = await house.ask(await house.an_order(JACKET, SOCKS), {0: 1, 1: 2})
    jacket, socks = (await house.see(rma_id)).rma.lines
    await house.do(
        lambda db: rma.reject(
            db, rma_id=rma_id, message="Final sale.\nThe page said so.", actor="agent", now=now(), line_ids=[jacket.id]
        )
    )
    await house.do(lambda db: rma.approve(db, rma_id=rma_id, actor="agent", now=now(), line_ids=[socks.id]))

    [kept] = await store.send()

    assert kept.header("Subject") == f"Part of your return {await store.number(rma_id)} was not approved"
    assert "* Trail jacket\n  1 piece\n  Final sale.\n  The page said so.\n" in kept.text
    assert "Merino" not in kept.text


async def test_each_refund_of_a_return_is_mailed_and_a_deduction_is_explained(store: Mailing) -> None:
    await store.change(
        silent=frozenset({MailKind.RETURN_REQUESTED, MailKind.RETURN_APPROVED, MailKind.RETURN_RECEIVED})
    )
    house = store.house
    rma_id = await house.approved(await house.an_order(JACKET, SOCKS), {0: 1, 1: 2})
    await house.receive(rma_id, {0: 1, 1: 2})
    await house.inspect(rma_id, Units(0, 1, Grade.OPENED, {"deduction_basis_points": 1000}))
    [first] = await store.send()
    await house.inspect(rma_id, Units(1, 2))
    [second] = await store.send()

    number = await store.number(rma_id)
    assert first.header("Subject") == f"€116.10 for your return {number} is on its way"
    assert second.header("Subject") == f"€28.00 for your return {number} is on its way"
    assert "−€12.90" in first.text


async def test_a_request_that_is_approved_at_once_is_one_mail(store: Mailing) -> None:
    await store.change()
    house = store.house
    async with house.web.tx(house.tenant) as db:
        from retour.core.policy import template

        await house.publish(template(automatic=True), db=db)
    rma_id = await house.ask(await house.an_order(JACKET), {0: 1})

    [kept] = await store.send()

    assert kept.header("Subject") == f"Your return {await store.number(rma_id)} is approved"


@pytest.mark.parametrize("how", ["never", "switched off", "this kind", "no address"])
async def test_nobody_is_mailed_where_nobody_should_be(store: Mailing, how: str, owner: Any) -> None:
    if how == "switched off":
        await store.change(active=False)
    elif how == "this kind":
        await store.change(silent=frozenset({MailKind.RETURN_REQUESTED}))
    elif how == "no address":
        await store.change()
    spec = {"email": None, "phone": "+49 30 1234567"} if how == "no address" else {}
    rma_id = await store.house.ask(await store.house.an_order(JACKET, **spec), {0: 1})

    assert (await store.of(rma_id), await store.send()) == ([], [])
    jobs = await owner.fetch("SELECT args FROM jobs.procrastinate_jobs WHERE task_name = 'mail.deliver'")
    assert [job for job in jobs if job["args"]["tenant_id"] == str(store.house.tenant)] == []


async def test_a_refused_address_is_shown_with_the_return_until_a_mail_arrives(store: Mailing) -> None:
    await store.change()
    house = store.house
    house.sandbox.mail.misbehave({"where": "rcpt", "how": "550"})
    rma_id = await house.ask(await house.an_order(JACKET), {0: 1})

    assert await store.send() == []
    async with house.web.tx(house.tenant) as db:
        [shown] = await list_open(db, resource_kind="return")
    [refused] = await store.of(rma_id)
    async with house.web.tx(house.tenant) as db:
        await mail_flow.send_again(db, mail_id=refused.id, now=now())
    [kept] = await store.send()

    assert (shown.kind, shown.resource_id, shown.details["mail"]) == ("mail_refused", rma_id, "return_requested")
    assert kept.header("Subject") == f"We have your return request {await store.number(rma_id)}"
    assert await house.discrepancies() == {}


async def test_settings_of_a_sender_are_checked_field_by_field(store: Mailing) -> None:
    kept = await store.change(address=" returns@fjellhus.example ", reply_to="", active=False)
    assert kept == Sender("returns@fjellhus.example", None, frozenset(), active=False)
    async with store.house.web.tx(store.house.tenant) as db:
        assert await mails.sender_of(db, store.house.store) == kept

    codes = []
    for wrong in (
        {"address": "nowhere"},
        {"reply_to": "a@b\r\nBcc: x@y.example"},
        {"silent": frozenset({MailKind.ONE_TIME_CODE})},
    ):
        with pytest.raises(Refused) as no:
            await store.change(**wrong)
        codes.append((no.value.code, no.value.field))

    assert codes == [("invalid_email", "address"), ("invalid_email", "reply_to"), ("kind_not_optional", "silent")]
    async with store.house.web.tx(store.house.tenant) as db:
        assert await mails.sender_of(db, store.house.store) == kept


async def _look(store: Mailing) -> Any:
    async with store.house.web.tx(store.house.tenant) as db:
        return await look_flow.look_of(db, store_id=store.house.store, now=now())


async def _set_language(store: Mailing, language: str) -> None:
    look = await _look(store)
    async with store.house.web.tx(store.house.tenant) as db:
        await look_flow.change_look(db, look=replace(look, default_language=language), actor="owner", now=now())


async def test_the_receiver_of_a_gift_is_mailed_a_link_of_their_own(store: Mailing) -> None:
    await store.change()
    house = store.house
    order = await house.an_order(JACKET)
    offers = Resolutions((ResolutionOffer(ResolutionKind.STORE_CREDIT),))
    await house.do(lambda db: house.publish(under(resolutions=offers), db=db))
    mila = await house.do(
        lambda db: orders.add_receiver(
            db, house.vault, tenant_id=house.tenant, store_id=house.store, name="Mila", email="mila@example.com"
        )
    )
    wish = rma.Wish(order.order.lines[0].ref, 1, "too_small", resolution="store_credit")
    await house.ask(order, [wish], gift=True, receiver_id=mila)

    (mail,) = await store.send()

    assert mail.envelope_to == ["mila@example.com"]
    (link,) = set(re.findall(r"https://returns\.example/returns/\S+", mail.text))
    assert "/gift/back?" in link
    assert link.endswith(f"&receiver={mila}")
