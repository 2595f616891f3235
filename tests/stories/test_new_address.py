"""A return has an address of its own: its labels name it, its goods are sent there, and nobody else reads it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import pytest

from retour.core.errors import Refused
from retour.core.policy.outcome import ResolutionKind, ResolutionOffer, SettleOn
from retour.core.ports import Credential
from retour.core.postal import PostalAddress
from retour.core.rma import Moment
from retour.core.rma.label import LabelState
from retour.flows import label, rma
from retour.main.mailing import papers_of
from retour.store import label as labels
from retour.store.ids import new_id
from retour.store.rma import address
from tests.stories import test_exchange_orders as swaps
from tests.stories.house import TEE, House, Units, now
from tests.stories.test_given_up_units import SHOE
from tests.stories.test_handed_over import offering
from tests.stories.test_labels import by_label, files, place, publish, words
from tests.stories.test_mails import Mailing, mailing

pytestmark = pytest.mark.anyio
LEIPZIG = PostalAddress("Ann Neu", ("Karl-Heine-Straße 9", "Hinterhaus"), "Leipzig", "DE", "04229")


@pytest.fixture
async def store(house: House) -> AsyncIterator[Mailing]:
    async with mailing(house) as opened:
        opened.postman = replace(opened.postman, attach=papers_of(house.web))
        await opened.change()
        await publish(house, by_label())
        await place(house)
        yield opened


async def moved(house: House, rma_id: UUID, to: PostalAddress = LEIPZIG, *, order_id: UUID | None = None) -> rma.Moved:
    done = await house.do(
        lambda db: rma.change_address(
            db, house.vault, rma_id=rma_id, address=to, actor="shopper", now=now(), order_id=order_id
        )
    )
    await house.settle_down()
    return done


async def own(house: House, rma_id: UUID) -> PostalAddress | None:
    async with house.web.tx(house.tenant) as db:
        return await address.of_return(db, house.vault, rma_id)


async def told(house: House, rma_id: UUID, what: str) -> list[dict[str, object]]:
    return [dict(e.data) for e in await house.events(rma_id) if e.type == what]


async def test_who_moved_gets_a_new_label_from_the_new_address_and_the_old_one_is_gone(store: Mailing) -> None:
    house = store.house
    rma_id = await house.approved(await house.an_order(TEE), {0: 2})
    await store.send()
    (before,) = (await house.see(rma_id)).rma.labels

    done = await moved(house, rma_id)
    (mail,) = await store.send()

    number, (again,) = await store.number(rma_id), (await house.see(rma_id)).rma.labels
    assert (done.address, done.labels, done.order_keeps) == (LEIPZIG, 1, False)
    assert (again.id, again.state) == (before.id, LabelState.MADE)
    assert mail.header("Subject") == f"Your new label for the return {number}"
    assert "Your new label" in mail.text
    printed = files(mail.parsed)
    assert list(printed) == [f"{number}-a6.pdf", f"{number}-packing-slip.pdf"]
    on_label = words(printed[f"{number}-a6.pdf"])
    assert ("Karl-Heine-Straße 9" in on_label, "04229 Leipzig" in on_label, "Lindenweg" in on_label) == (
        True,
        True,
        False,
    )
    async with house.web.tx(house.tenant) as db:
        (content,) = await labels.contents(db, house.vault, rma_id, only=[again.id])
    assert content.sender == LEIPZIG
    (event,) = await told(house, rma_id, "return.address_changed")
    assert event == {
        "number": (await house.see(rma_id)).rma.number, "labels": [str(again.id)], "label_mailed": True,
        "order_keeps": False,
    }  # fmt: skip
    assert await house.waits(rma_id) == ("shopper", "awaiting_shipment")


async def test_an_address_is_kept_under_the_key_of_the_person(store: Mailing) -> None:
    house = store.house
    rma_id = await house.approved(await house.an_order(TEE), {0: 2})

    await moved(house, rma_id)

    ((sealed,),) = await house.rows("SELECT address_sealed FROM rma WHERE id = $1", rma_id)
    assert b"Leipzig" not in sealed
    assert await own(house, rma_id) == LEIPZIG


async def test_a_mail_without_the_new_label_does_not_promise_one(store: Mailing) -> None:
    house = store.house
    rma_id = await house.approved(await house.an_order(TEE), {0: 2})
    await store.send()
    await house.change("DELETE FROM return_address WHERE store_id = $1", house.store)

    await moved(house, rma_id)
    waited, early = await house.waits(rma_id), await store.send()
    await house.do(lambda db: label.go_on_without(db, rma_id=rma_id, actor="agent", now=now()))
    await house.settle_down()
    (mail,) = await store.send()

    assert (waited, early) == (("agent", "label_failed"), [])
    assert mail.header("Subject") == f"Your return {await store.number(rma_id)} is approved"
    assert files(mail.parsed) == {}
    assert "Send the items back with a carrier of your choice." in mail.text


async def test_a_return_without_a_sender_goes_on_once_the_shopper_says_where_they_are(store: Mailing) -> None:
    house = store.house
    order = await house.an_order(TEE, bend=lambda got: replace(got, person=replace(got.person, ship_to=None)))
    rma_id = await house.approved(order, {0: 2})
    waited, early = await house.waits(rma_id), await store.send()

    done = await moved(house, rma_id)
    sent = await store.send()

    assert (waited, [mail.header("Subject") for mail in early]) == (
        ("agent", "label_failed"), [f"We have your return request {await store.number(rma_id)}"],
    )  # fmt: skip
    assert done.labels == 1
    assert [mail.header("Subject") for mail in sent] == [f"Your return {await store.number(rma_id)} is approved"]
    assert len(files(sent[0].parsed)) == 2
    assert await house.waits(rma_id) == ("shopper", "awaiting_shipment")


async def test_the_same_address_again_changes_nothing_and_tells_nobody(store: Mailing) -> None:
    house = store.house
    rma_id = await house.approved(await house.an_order(TEE), {0: 2})
    await moved(house, rma_id)
    await store.send()
    version = (await house.see(rma_id)).version

    again = await moved(house, rma_id, replace(LEIPZIG, town=" Leipzig ", country="de"))

    assert (again.address, again.labels) == (LEIPZIG, 0)
    assert len(await told(house, rma_id, "return.address_changed")) == 1
    assert ((await house.see(rma_id)).version, await store.send()) == (version, [])


async def test_before_the_approval_nothing_is_made_anew_and_the_first_label_names_the_new_address(
    store: Mailing,
) -> None:
    house = store.house
    rma_id = await house.ask(await house.an_order(TEE), {0: 2})
    await store.send()

    done = await moved(house, rma_id)
    silent = await store.send()
    await house.approve(rma_id)
    (mail,) = await store.send()

    assert (done.labels, silent) == (0, [])
    assert "04229 Leipzig" in words(next(iter(files(mail.parsed).values())))


async def test_a_label_that_was_waived_stays_waived(store: Mailing) -> None:
    house = store.house
    order = await house.an_order(TEE, bend=lambda got: replace(got, person=replace(got.person, ship_to=None)))
    rma_id = await house.approved(order, {0: 2})
    await house.change("UPDATE label SET state = 'waived', problem = NULL WHERE rma_id = $1", rma_id)

    done = await moved(house, rma_id)

    assert (done.labels, (await house.see(rma_id)).rma.labels[0].state) == (0, LabelState.WAIVED)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (replace(LEIPZIG, name=" "), "name"),
        (replace(LEIPZIG, street=()), "street"),
        (replace(LEIPZIG, town=""), "town"),
        (replace(LEIPZIG, country="Germany"), "country"),
        (replace(LEIPZIG, postcode="1" * 101), "postcode"),
    ],
)
async def test_an_address_that_nobody_can_send_to_is_refused_and_nothing_moves(
    house: House, wrong: PostalAddress, field: str
) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    before = await house.traces(order)

    with pytest.raises(Refused) as no:
        await moved(house, rma_id, wrong)

    assert (no.value.code, no.value.field) == ("invalid_address", field)
    assert (await own(house, rma_id), await house.traces(order)) == (None, before)


async def test_once_a_carrier_has_the_goods_the_address_stays(store: Mailing) -> None:
    house, order = store.house, await store.house.an_order(TEE)
    rma_id = await house.approved(order, {0: 2})
    await house.scan(rma_id)
    await store.send()
    before = await house.traces(order)

    with pytest.raises(Refused) as no:
        await moved(house, rma_id)

    assert no.value.code == "handed_over"
    assert (await own(house, rma_id), await house.traces(order), await store.send()) == (None, before, [])
    made = [b.id for b in (await house.see(rma_id)).rma.labels]
    async with house.web.tx(house.tenant) as db:
        (content,) = await labels.contents(db, house.vault, rma_id, only=made)
    assert content.sender.town == "Berlin"


async def test_a_parcel_that_left_before_it_was_decided_keeps_its_address(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.ask(order, {0: 2})
    await house.change("UPDATE rma SET in_transit_at = now() WHERE id = $1", rma_id)

    with pytest.raises(Refused) as no:
        await moved(house, rma_id)

    assert (no.value.code, await own(house, rma_id)) == ("handed_over", None)


async def test_nobody_else_changes_or_reads_an_address(house: House) -> None:
    await house.open()
    mine, other = await house.an_order(), await house.an_order(email="bo@example.com")
    rma_id = await house.approved(mine, {0: 2})

    with pytest.raises(Refused) as no:
        await moved(house, rma_id, order_id=other.id)
    async with house.web.tx(new_id()) as db:
        with pytest.raises(Refused) as elsewhere:
            await rma.change_address(db, house.vault, rma_id=rma_id, address=LEIPZIG, actor="shopper", now=now())
    await moved(house, rma_id, order_id=mine.id)
    async with house.web.tx(new_id()) as db:
        read = await address.of_return(db, house.vault, rma_id)

    assert (no.value.code, elsewhere.value.code) == ("return_not_found", "return_not_found")
    assert (await own(house, rma_id), read) == (LEIPZIG, None)


async def test_of_an_erased_person_no_address_is_kept(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    await house.change("UPDATE person SET erased_at = now(), sealed_key = '' WHERE id = $1", order.person_id)

    with pytest.raises(Refused) as no:
        await moved(house, rma_id)

    assert (no.value.code, await told(house, rma_id, "return.address_changed")) == ("person_erased", [])


@pytest.mark.parametrize("both", [False, True])
async def test_a_return_that_is_merged_takes_its_address_along_unless_the_other_has_one(
    house: House, *, both: bool
) -> None:
    await house.open()
    order, munich = await house.an_order(), replace(LEIPZIG, town="München", postcode="80331")
    gone, stays = await house.ask(order, {0: 1}), await house.ask(order, {0: 1})
    await moved(house, gone)
    if both:
        await moved(house, stays, munich)

    await house.do(lambda db: rma.merge(db, rma_id=gone, into=stays, actor="agent", now=now()))

    assert await own(house, stays) == (munich if both else LEIPZIG)


async def test_an_address_that_comes_with_a_merge_is_printed_on_the_label_that_was_made(store: Mailing) -> None:
    house = store.house
    order = await house.an_order(TEE, SHOE)
    stays, gone = await house.approved(order, {0: 1}), await house.ask(order, {1: 1})
    await moved(house, gone)
    await store.send()

    await house.do(lambda db: rma.merge(db, rma_id=gone, into=stays, actor="agent", now=now()))
    await house.settle_down()
    (mail,) = await store.send()

    (made,) = (await house.see(stays)).rma.labels
    assert made.state is LabelState.MADE
    async with house.web.tx(house.tenant) as db:
        (content,) = await labels.contents(db, house.vault, stays, only=[made.id])
    assert content.sender == LEIPZIG
    assert mail.header("Subject") == f"Your new label for the return {await store.number(stays)}"
    (event,) = await told(house, stays, "return.address_changed")
    assert (event["labels"], event["label_mailed"]) == ([str(made.id)], True)


async def test_a_parcel_that_left_before_a_merge_keeps_the_address_it_was_sent_from(store: Mailing) -> None:
    house = store.house
    order = await house.an_order(TEE, SHOE)
    stays, gone = await house.approved(order, {0: 1}), await house.ask(order, {1: 1})
    await moved(house, gone)
    await house.scan(stays, "in_transit")

    await house.do(lambda db: rma.merge(db, rma_id=gone, into=stays, actor="agent", now=now()))

    assert (await own(house, stays), await told(house, stays, "return.address_changed")) == (None, [])


async def test_the_new_order_of_an_exchange_is_drafted_for_the_new_address(house: House) -> None:
    await swaps.opened(house)
    await swaps.shelved(house, "RT-SAME", "19.99")
    order = await house.an_order()
    wish = rma.Wish(order.order.lines[0].ref, 1, "too_small", resolution="exchange")
    rma_id = await house.ask(order, [wish])
    await swaps.want(house, rma_id, "RT-SAME")
    await moved(house, rma_id)

    await house.approve(rma_id)
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))

    new = await swaps.new_order(house, rma_id)
    assert new.state.value == "made"
    assert await sent_to(house, new.order_ref) == LEIPZIG
    assert (await sent_to(house, order.order.ref)).town == "Berlin"
    kept = await house.rows("SELECT guard_before FROM effect WHERE kind = 'draft_exchange'")
    assert kept == [({},)], "the address is kept no longer than the call is under way"


async def test_an_order_that_is_drafted_already_keeps_its_address_and_it_is_said(house: House) -> None:
    offer = ResolutionOffer(ResolutionKind.EXCHANGE, exchange=swaps.terms())
    document = offering(offer)
    at_once = replace(document.defaults, settle_on=SettleOn(Moment.APPROVED))
    await house.open(document=replace(document, defaults=at_once))
    await swaps.shelved(house, "RT-VASE", "71.40")
    order = await house.an_order()
    wish = rma.Wish(order.order.lines[0].ref, 1, "too_small", resolution="exchange")
    rma_id = await house.ask(order, [wish])
    await swaps.want(house, rma_id, "RT-VASE")
    await house.approve(rma_id)
    assert (await swaps.new_order(house, rma_id)).state.value == "unpaid"

    done = await moved(house, rma_id)

    assert (done.order_keeps, await own(house, rma_id)) == (True, LEIPZIG)
    assert [event["order_keeps"] for event in await told(house, rma_id, "return.address_changed")] == [True]
    (draft,) = house.sandbox.shop.drafts.values()
    assert draft.shipping_address["city"] == "Berlin"


async def sent_to(house: House, order_ref: str | None) -> PostalAddress:
    fetched = await house.connector.get_order(Credential(house.address, house.secret), ref=str(order_ref))
    assert fetched is not None
    assert fetched.person.ship_to is not None
    return fetched.person.ship_to
