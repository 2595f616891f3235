"""What somebody else carries out: handed over once, reported once, paid never twice; the goods go their usual way."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.policy import PolicyDocument, template
from retour.core.policy.outcome import ResolutionKind, ResolutionOffer, Resolutions
from retour.core.resolution import Wording
from retour.flows import hand_over, rma
from retour.flows import resolution as flow
from retour.store import ledger
from tests.stories.house import House, Units, now

pytestmark = pytest.mark.anyio
K = ResolutionKind
TEE_GROSS = 1999


def offering(*offers: ResolutionOffer) -> PolicyDocument:
    document = template()
    return replace(document, defaults=replace(document.defaults, resolutions=Resolutions(offers)))


async def a_record(house: House, kind: K, name: str, integration: str | None = None) -> str:
    """Return the id of a record that the store of the house now offers."""
    async with house.web.tx(house.tenant) as db:
        made = await flow.create(
            db, store_id=house.store, kind=kind, texts={"en": Wording(name)}, integration=integration, actor="owner",
            now=now(),
        )  # fmt: skip
    return str(made.id)


async def offered(house: House, *kinds: K) -> dict[K, str]:
    """Open the house's store with a policy that offers a record of each kind; return the records."""
    await house.open()
    refs = {
        kind: await a_record(house, kind, kind.value, "Rise" if kind is K.REFUND_SERVICE else None) for kind in kinds
    }
    async with house.web.tx(house.tenant) as db:
        offers = (ResolutionOffer(K.REFUND_ORIGINAL), *(ResolutionOffer(kind, refs[kind]) for kind in kinds))
        await house.publish(offering(*offers), db=db)
    return refs


async def returned_for(house: House, order: Any, kind: K, units: int = 1, ref: str | None = None) -> UUID:
    """Take units of the order's first line from the request for a resolution to a sound inspection."""
    wish = rma.Wish(order.order.lines[0].ref, units, "too_small", resolution=kind.value, ref=ref)
    rma_id = await house.ask(order, [wish])
    await house.approve(rma_id)
    await house.receive(rma_id, {0: units})
    await house.inspect(rma_id, Units(0, units))
    return rma_id


async def paid(house: House, settlement_id: UUID, reference: str | None = "GC-1") -> Any:
    done = await house.do(
        lambda db: hand_over.report_paid(
            db, settlement_id=settlement_id, reference=reference, actor="staff:1", now=now()
        )
    )
    await house.settle_down()
    return done


async def failed(house: House, settlement_id: UUID) -> Any:
    return await house.do(
        lambda db: hand_over.report_failed(
            db, settlement_id=settlement_id, reason="the service is down", actor="key:1", now=now()
        )
    )


async def told_of(house: House, rma_id: UUID, what: EventType) -> list[dict[str, Any]]:
    return [dict(e.data) for e in await house.events(rma_id) if e.type == what.value]


async def test_a_refund_service_is_told_once_and_its_report_resolves_the_return(house: House) -> None:
    refs = await offered(house, K.REFUND_SERVICE)
    order = await house.an_order()

    rma_id = await returned_for(house, order, K.REFUND_SERVICE)

    settlement = await house.settlement(rma_id)
    assert (settlement.state.value, settlement.handed_to, settlement.total_minor) == (
        "handed_over", "merchant", TEE_GROSS,
    )  # fmt: skip
    assert settlement.resolution_ref == refs[K.REFUND_SERVICE]
    assert await house.waits(rma_id) == ("finance", "awaiting_payout")
    (told,) = await told_of(house, rma_id, EventType.SETTLEMENT_HANDED_OVER)
    wanted = {
        "settlement_id": str(settlement.id), "resolution": "refund_service", "resolution_ref": settlement.resolution_ref,
        "amount_minor": TEE_GROSS, "bonus_minor": 0, "currency": "EUR", "to": "merchant",
    }  # fmt: skip
    assert wanted.items() <= told.items()
    assert await house.refunded(order) == ("0.00", 0)
    assert await house.captures(order) == [(3998, 0, 0, 0)]
    assert await house.restocks() == [("RT-TEE-BLK-M", 1)]

    done = await paid(house, settlement.id, "LOT-7")

    assert (done.state.value, done.report_ref, done.reported_by) == ("settled", "LOT-7", "staff:1")
    assert await house.status(rma_id) == "resolved"
    assert await house.waits(rma_id) is None
    assert await house.captures(order) == [(3998, 0, 0, 0)]
    async with house.web.tx(house.tenant) as db:
        assert [b for b in await ledger.list_balances(db) if b[2]] == [
            ("merchant:refunds", "EUR", -TEE_GROSS), ("outside:refund_service", "EUR", TEE_GROSS),
        ]  # fmt: skip


async def test_repeating_the_report_adds_nothing(house: House) -> None:
    await offered(house, K.STORE_CREDIT)
    order = await house.an_order()
    rma_id = await returned_for(house, order, K.STORE_CREDIT)
    settlement = await house.settlement(rma_id)
    first = await paid(house, settlement.id, "LOT-7")
    events, traces = await house.told(rma_id), await house.traces(order)

    again = await paid(house, settlement.id, "LOT-8")

    assert again == first
    assert await house.told(rma_id) == events
    assert await house.traces(order) == traces
    with pytest.raises(Refused) as no:
        await failed(house, settlement.id)
    assert (no.value.code, no.value.status) == ("already_reported", 409)
    assert (await house.settlement(rma_id)).state.value == "settled"


async def test_what_failed_outside_is_owed_again_and_may_still_be_paid(house: House) -> None:
    await offered(house, K.GIFT_CARD)
    order = await house.an_order()
    rma_id = await returned_for(house, order, K.GIFT_CARD)
    settlement = await house.settlement(rma_id)

    once, twice = await failed(house, settlement.id), await failed(house, settlement.id)

    assert (once.state.value, once.report_note) == ("due", "the service is down")
    assert twice == once
    assert await house.waits(rma_id) == ("finance", "payout_failed")
    assert len(await told_of(house, rma_id, EventType.SETTLEMENT_FAILED)) == 1
    assert (await paid(house, settlement.id)).state.value == "settled"
    assert await house.status(rma_id) == "resolved"


async def test_units_that_were_handed_over_are_not_paid_again(house: House) -> None:
    await offered(house, K.STORE_CREDIT)
    order = await house.an_order()
    credit = await returned_for(house, order, K.STORE_CREDIT)
    await paid(house, (await house.settlement(credit)).id)

    with pytest.raises(Refused) as no:
        await house.ask(order, {0: 2})
    refund = await returned_for(house, order, K.REFUND_ORIGINAL)

    assert no.value.code == "more_than_returnable"
    assert (await house.settlement(refund)).total_minor == TEE_GROSS
    assert await house.refunded(order) == ("19.99", 1)
    assert await house.captures(order) == [(3998, 0, TEE_GROSS, 0)]


async def test_only_what_was_handed_over_to_the_merchant_is_reported(house: House) -> None:
    await offered(house, K.STORE_CREDIT)
    order = await house.an_order()
    rma_id = await returned_for(house, order, K.REFUND_ORIGINAL)
    settlement = await house.settlement(rma_id)
    assert settlement.state.value == "settled"

    for report in (failed, paid):
        with pytest.raises(Refused) as no:
            await report(house, settlement.id)
        assert no.value.code == "move_not_allowed"
    with pytest.raises(Refused) as missing:
        await paid(house, house.store)

    assert missing.value.code == "settlement_not_found"
    assert (await house.settlement(rma_id)).report_ref is None


async def test_a_store_that_is_only_told_makes_no_call_to_the_gateway(house: House) -> None:
    await offered(house)
    order = await house.an_order()
    await house.do(
        lambda db: flow.set_notify_only(db, store_id=house.store, kinds=["refund_original"], actor="owner", now=now())
    )
    before = await house.calls()

    rma_id = await returned_for(house, order, K.REFUND_ORIGINAL)

    after = await house.calls()
    assert {name: n for name, n in after.items() if "refund" in name.casefold() and n != before.get(name)} == {}
    assert await house.waits(rma_id) == ("finance", "awaiting_payout")
    assert [e.kind.value for e in await house.effects(rma_id) if e.kind.value == "refund_tender"] == []
    settlement = await house.settlement(rma_id)
    assert [leg.amount_minor for leg in settlement.plan.legs] == [TEE_GROSS]
    assert await house.captures(order) == [(3998, 0, 0, 0)]
    await paid(house, settlement.id)
    assert await house.status(rma_id) == "resolved"
    assert await house.refunded(order) == ("0.00", 0)


async def test_a_refund_that_the_merchant_made_as_told_counts_once(house: House) -> None:
    await offered(house)
    order = await house.an_order()
    await house.do(
        lambda db: flow.set_notify_only(db, store_id=house.store, kinds=["refund_original"], actor="owner", now=now())
    )
    rma_id = await returned_for(house, order, K.REFUND_ORIGINAL)
    number = (await house.see(rma_id)).rma.number

    await house.refund_elsewhere(order, lines=[{"index": 0, "quantity": 1}], note=f"as told in R-{number}")
    await paid(house, (await house.settlement(rma_id)).id, None)

    assert await house.captures(order) == [(3998, 0, 0, TEE_GROSS)]
    other = await returned_for(house, order, K.REFUND_ORIGINAL)
    assert (await house.settlement(other)).total_minor == TEE_GROSS
    assert await house.discrepancies() == {}


async def test_nobody_reports_for_three_days_and_it_shows(house: House) -> None:
    await offered(house, K.GIFT_CARD)
    order = await house.an_order()
    rma_id = await returned_for(house, order, K.GIFT_CARD)
    settlement = await house.settlement(rma_id)

    async def remind(days: int) -> None:
        await house.do(lambda db: hand_over.remind(db, settlement_id=settlement.id, now=now() + timedelta(days=days)))

    await remind(2)
    assert await house.discrepancies() == {}
    await remind(4)
    await remind(4)

    assert list(await house.discrepancies()) == ["payout_overdue"]
    await paid(house, settlement.id)
    assert await house.discrepancies() == {}


async def test_what_the_shopper_keeps_is_settled_at_approval_without_a_parcel(house: House) -> None:
    await offered(house, K.KEEP_ITEM)
    order = await house.an_order()
    wish = rma.Wish(order.order.lines[0].ref, 1, "damaged", resolution=K.KEEP_ITEM.value)

    rma_id = await house.ask(order, [wish])
    await house.approve(rma_id)

    settlement = await house.settlement(rma_id)
    assert (settlement.state.value, settlement.resolution) == ("handed_over", "keep_item")
    assert await house.waits(rma_id) == ("finance", "awaiting_payout")
    assert (await house.row("SELECT method FROM rma WHERE id = $1", rma_id)) == ("keep_item",)
    await paid(house, settlement.id)
    assert await house.status(rma_id) == "resolved"
    assert await house.restocks() == []


async def test_two_records_of_one_kind_are_two_settlements(house: House) -> None:
    await house.open()
    refs = [await a_record(house, K.STORE_CREDIT, name) for name in ("Points", "Credit")]
    async with house.web.tx(house.tenant) as db:
        await house.publish(offering(*(ResolutionOffer(K.STORE_CREDIT, ref) for ref in refs)), db=db)
    line = {"sku": "RT-TEE-BLK-M", "price": "19.99", "quantity": 1, "taxes": [["VAT", "0.19"]]}
    order = await house.an_order(line, line)
    wishes = [
        rma.Wish(sold.ref, 1, "too_small", resolution=K.STORE_CREDIT.value, ref=ref)
        for sold, ref in zip(order.order.lines, refs, strict=True)
    ]

    rma_id = await house.ask(order, wishes)
    await house.approve(rma_id)
    await house.receive(rma_id, {0: 1, 1: 1})
    await house.inspect(rma_id, Units(0, 1), Units(1, 1))

    assert sorted(refs) == sorted(str(s.resolution_ref) for s in await house.settlements(rma_id))


async def test_a_record_that_the_policy_does_not_offer_cannot_be_chosen(house: House) -> None:
    await offered(house, K.STORE_CREDIT)
    other = await a_record(house, K.STORE_CREDIT, "Not offered")
    order = await house.an_order()
    wish = rma.Wish(order.order.lines[0].ref, 1, "too_small", resolution=K.STORE_CREDIT.value, ref=other)
    before = await house.traces(order)

    with pytest.raises(Refused) as no:
        await house.ask(order, [wish])

    assert (no.value.code, no.value.field) == ("resolution_not_offered", "lines[0].resolution")
    assert await house.traces(order) == before
