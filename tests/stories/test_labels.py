"""The label and the packing slip of each parcel: made after approval, mailed with it, and what happens when one fails."""

from collections.abc import AsyncIterator
from dataclasses import replace
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import pypdfium2
import pytest
import zxingcpp

from retour.core.errors import Refused
from retour.core.policy import PolicyDocument
from retour.core.policy.document import Compare, Op, Rule
from retour.core.policy.outcome import MethodKind, MethodOffer, Methods, Outcomes
from retour.core.postal import PostalAddress
from retour.flows import label as label_flow
from retour.flows import return_address, rma
from retour.flows.return_address import Place
from retour.main.mailing import papers_of
from retour.store import label as labels
from tests.stories.house import TEE, House, now, under
from tests.stories.test_mails import Mailing, mailing

pytestmark = pytest.mark.anyio
MUG = {"sku": "RT-MUG-SET", "price": "8.50", "quantity": 1}
HAMBURG = PostalAddress(
    "Fjellhus Returns", ("Dock 7", "Hafenstraße 12"), "Hamburg", "DE", "20457", company="Fjellhus GmbH"
)
POZNAN = PostalAddress("Fjellhus Mugs", ("ul. Nowa 3",), "Poznań", "PL", "61-001")


def by_label(*, mugs_to: str | None = None) -> PolicyDocument:
    document = replace(under(methods=Methods((MethodOffer(MethodKind.LABEL),))), currency="EUR")
    if mugs_to is None:
        return document
    offer = Methods((MethodOffer(MethodKind.LABEL, mugs_to),))
    return replace(
        document, rules=(Rule("mugs", "Mugs", Outcomes(methods=offer), Compare("line.sku", Op.EQ, "RT-MUG-SET")),)
    )


@pytest.fixture
async def store(house: House) -> AsyncIterator[Mailing]:
    async with mailing(house) as opened:
        opened.postman = replace(opened.postman, attach=papers_of(house.web))
        await opened.change()
        yield opened


async def place(house: House, code: str = "Hamburg", address: PostalAddress = HAMBURG, **more: Any) -> None:
    await house.do(
        lambda db: return_address.add(
            db, store_id=house.store, place=Place(code, address, **more), actor="owner", now=now()
        )
    )


async def publish(house: House, document: PolicyDocument) -> None:
    async with house.web.tx(house.tenant) as db:
        await house.publish(document, db=db)


async def blocker(house: House, rma_id: UUID) -> tuple[str | None, str | None]:
    async with house.web.tx(house.tenant) as db:
        row = await db.fetchrow(
            "SELECT blocked_actor, blocked_code FROM rma WHERE tenant_id = current_tenant() AND id = $1", rma_id
        )
    assert row is not None
    return row["blocked_actor"], row["blocked_code"]


def files(mail: EmailMessage) -> dict[str, bytes]:
    return {str(part.get_filename()): part.get_payload(decode=True) for part in mail.iter_attachments()}  # type: ignore[misc]


def decoded(pdf: bytes) -> list[tuple[str, str]]:
    page = pypdfium2.PdfDocument(pdf)[0].render(scale=203 / 72).to_pil()
    return sorted((found.format.name, found.text) for found in zxingcpp.read_barcodes(page))


def words(pdf: bytes) -> str:
    return " ".join(pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range().split())


async def test_the_label_and_the_packing_slip_come_with_the_mail_of_the_approval(store: Mailing) -> None:
    house = store.house
    await publish(house, by_label())
    await place(house, instructions={"en": "Any counter of Example Post takes it."})
    order = await house.an_order(TEE)
    rma_id = await house.ask(order, {0: 2})
    await store.send()

    await house.approve(rma_id)
    (mail,) = await store.send()

    number = await store.number(rma_id)
    told = files(mail.parsed)
    assert list(told) == [f"{number}-a6.pdf", f"{number}-packing-slip.pdf"]
    label, slip = told.values()
    assert decoded(label) == [("Code128", number), ("QRCode", number)]
    assert decoded(slip) == [("Code128", number)]
    for expected in ("Fjellhus GmbH", "Hafenstraße 12", "20457 Hamburg", "Lindenweg 4", "10969 Berlin", "Example Post"):
        assert expected in words(label)
    assert "RT-TEE-BLK-M" in words(slip)
    assert "too small" not in words(slip)
    assert "Put the packing slip into the parcel." in mail.text
    assert await blocker(house, rma_id) == ("shopper", "awaiting_shipment")
    assert [e.type for e in await house.events(rma_id)].count("return.label_made") == 1


async def test_the_mail_waits_for_the_label_whatever_comes_first(store: Mailing) -> None:
    house = store.house
    await publish(house, by_label())
    await place(house)
    rma_id = await house.ask(await house.an_order(TEE), {0: 2})
    await store.send()

    # The approval alone, before any job has run.
    await house.do(lambda db: rma.approve(db, rma_id=rma_id, actor="agent", now=now()))
    early = await store.send()
    await house.settle_down()
    late = await store.send()

    assert early == []
    assert [len(files(mail.parsed)) for mail in late] == [2]


async def test_a_label_without_a_return_address_fails_and_is_made_once_there_is_one(store: Mailing) -> None:
    house = store.house
    await publish(house, by_label())
    rma_id = await house.approved(await house.an_order(TEE), {0: 2})
    await store.send()
    assert await blocker(house, rma_id) == ("agent", "label_failed")
    assert await house.status(rma_id) == "approved"
    (event,) = [e for e in await house.events(rma_id) if e.type == "return.label_failed"]
    assert event.data["problem"] == "return_address_missing"

    await place(house)
    await house.do(lambda db: label_flow.try_again(db, rma_id=rma_id, actor="agent", now=now()))
    await house.settle_down()
    (mail,) = await store.send()

    assert "Return requested" not in mail.header("Subject")
    assert len(files(mail.parsed)) == 2
    assert await blocker(house, rma_id) == ("shopper", "awaiting_shipment")
    with pytest.raises(Refused) as refused:
        await house.do(lambda db: label_flow.try_again(db, rma_id=rma_id, actor="agent", now=now()))
    assert refused.value.code == "no_failed_label"


async def test_a_person_goes_on_without_the_label_and_the_mail_says_so(store: Mailing) -> None:
    house = store.house
    await publish(house, by_label())
    rma_id = await house.approved(await house.an_order(TEE), {0: 2})
    await store.send()

    await house.do(lambda db: label_flow.go_on_without(db, rma_id=rma_id, actor="agent", now=now()))
    await house.settle_down()
    (mail,) = await store.send()

    assert files(mail.parsed) == {}
    assert "Send the items back with a carrier of your choice." in mail.text
    assert await blocker(house, rma_id) == ("shopper", "awaiting_shipment")


async def test_a_failed_label_of_a_way_that_was_changed_does_not_take_the_label_of_the_new_way_along(
    store: Mailing,
) -> None:
    house = store.house
    ways = Methods((MethodOffer(MethodKind.LABEL), MethodOffer(MethodKind.DROP_OFF)))
    await publish(house, replace(under(methods=ways), currency="EUR"))
    order = await house.an_order(TEE)
    rma_id = await house.approved(order, {0: 2})
    content = rma.Content((rma.Wish(order.order.lines[0].ref, 2, "too_small"),), "drop_off")
    await house.do(
        lambda db: rma.edit_return(
            db, rma_id=rma_id, content=content, actor="agent", now=now(), policies=house.policies
        )
    )
    await house.approve(rma_id)
    await store.send()
    failed = {b.method: b.state.value for b in (await house.see(rma_id)).rma.labels}

    await place(house)
    await house.do(lambda db: label_flow.try_again(db, rma_id=rma_id, actor="agent", now=now()))
    await house.settle_down()
    sent = await store.send()

    assert failed == {"label": "failed", "drop_off": "failed"}
    assert {b.method: b.state.value for b in (await house.see(rma_id)).rma.labels} == {
        "label": "waived", "drop_off": "made",
    }  # fmt: skip
    assert len(files(sent[-1].parsed)) == 2
    assert await blocker(house, rma_id) == ("shopper", "awaiting_shipment")


async def test_lines_that_go_to_different_places_have_a_label_each(store: Mailing) -> None:
    house = store.house
    await publish(house, by_label(mugs_to="mugs"))
    await place(house)
    await place(house, "mugs", POZNAN)
    rma_id = await house.approved(await house.an_order(TEE, MUG), {0: 2, 1: 1})
    mail = (await store.send())[-1]

    told, number = files(mail.parsed), await store.number(rma_id)
    assert list(told) == [
        f"{number}-1-a6.pdf", f"{number}-1-packing-slip.pdf", f"{number}-2-a6.pdf", f"{number}-2-packing-slip.pdf",
    ]  # fmt: skip
    first, first_slip, second, second_slip = map(words, told.values())
    assert "Hamburg" in first
    assert "Parcel 1 of 2" in first
    assert "61-001 Poznań Poland" in second
    assert "Parcel 2 of 2" in second
    assert ("RT-TEE-BLK-M" in first_slip, "RT-MUG-SET" in first_slip) == (True, False)
    assert ("RT-TEE-BLK-M" in second_slip, "RT-MUG-SET" in second_slip) == (False, True)
    assert "Send 2 parcels" in mail.text


async def test_an_order_that_nobody_said_where_it_went_has_no_label(store: Mailing) -> None:
    house = store.house
    await publish(house, by_label())
    await place(house)
    order = await house.an_order(
        TEE, bend=lambda fetched: replace(fetched, person=replace(fetched.person, ship_to=None))
    )

    rma_id = await house.approved(order, {0: 2})

    (event,) = [e for e in await house.events(rma_id) if e.type == "return.label_failed"]
    assert event.data["problem"] == "sender_missing"
    assert await blocker(house, rma_id) == ("agent", "label_failed")


async def test_what_is_printed_is_kept_under_the_key_of_the_person_and_made_once(store: Mailing) -> None:
    house = store.house
    await publish(house, by_label())
    await place(house)
    rma_id = await house.approved(await house.an_order(TEE), {0: 2})
    label = (await house.see(rma_id)).rma.labels[0]

    await house.make_label(label.id)
    await house.advance(rma_id)
    await house.settle_down()

    ret = (await house.see(rma_id)).rma
    assert [b.id for b in ret.labels] == [label.id]
    assert [e.type for e in await house.events(rma_id)].count("return.label_made") == 1
    async with house.web.tx(house.tenant) as db:
        sealed = await db.fetchval("SELECT content_sealed FROM label WHERE tenant_id = current_tenant()")
        (content,) = await labels.contents(db, house.vault, rma_id, only=[label.id])
    assert b"Lindenweg" not in sealed
    assert content.sender.street == ("Lindenweg 4",)
