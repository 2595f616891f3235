"""A return that is brought to a counter: no label and no parcel, taken in by one step, settled as from the warehouse."""

from uuid import UUID

import pytest

from retour.core.errors import Refused
from retour.core.policy.outcome import MethodKind, MethodOffer, Methods
from retour.core.postal import PostalAddress
from retour.core.rma import Decision, Grade
from retour.flows import receiving, return_address, rma
from retour.flows.receiving import counter
from tests.stories.house import House, now, under

pytestmark = pytest.mark.anyio

IN_STORE = Methods((MethodOffer(MethodKind.IN_STORE, destination="Mitte"), MethodOffer(MethodKind.OWN_CARRIER)))
MITTE = PostalAddress("Shop Mitte", ("Torstrasse 1",), "Berlin", "DE", "10119")
RESTOCKED_AT = "SELECT location_ref FROM inspection WHERE rma_id = $1"
BLOCKED = "SELECT blocked_actor, blocked_code FROM rma WHERE id = $1"


async def brought(house: House, *, location: str | None = None) -> UUID:
    """Open a shop with a counter and return an approved return of two units that is brought there."""
    await house.open(document=under(methods=IN_STORE))
    place = return_address.Place("Mitte", MITTE, location_ref=location)
    await house.do(lambda db: return_address.add(db, store_id=house.store, place=place, actor="owner", now=now()))
    order = await house.an_order()
    rma_id = await house.ask(order, {0: 2})
    await house.approve(rma_id)
    return rma_id


async def test_what_is_brought_waits_for_the_visit_and_settles_by_one_step(house: House) -> None:
    rma_id = await brought(house)
    assert tuple(await house.row(BLOCKED, rma_id)) == ("shopper", "awaiting_visit")
    record = await house.see(rma_id)
    assert (record.rma.labels, record.rma.shipments) == ((), ())

    verdicts = [receiving.Verdict(record.rma.lines[0].id, 2, Grade.SEALED)]
    await house.do(
        lambda db: receiving.take_in(
            db, rma_id=rma_id, verdicts=verdicts, location_ref=None, actor="counter", now=now(), policies=house.policies
        )
    )
    await house.later()

    after = await house.see(rma_id)
    assert after.rma.status is Decision.RESOLVED
    assert [s.total_minor > 0 for s in after.rma.settlements] == [True]
    assert sum(n for _, n in await house.restocks()) == 2


async def test_units_come_one_visit_after_another(house: House) -> None:
    rma_id = await brought(house)
    line_id = (await house.see(rma_id)).rma.lines[0].id

    async def take_in(units: int, version: int | None = None) -> None:
        await house.do(
            lambda db: receiving.take_in(
                db, rma_id=rma_id, verdicts=[receiving.Verdict(line_id, units, Grade.OPENED)], location_ref=None,
                actor="counter", now=now(), policies=house.policies, expect_version=version,
            )
        )  # fmt: skip

    await take_in(1)
    with pytest.raises(Refused) as many:
        await take_in(2)
    with pytest.raises(Refused) as stale:
        await take_in(1, version=1)
    assert (many.value.code, stale.value.code) == ("more_than_returnable", "state_changed")
    await take_in(1)
    with pytest.raises(Refused) as over:
        await take_in(1)

    assert over.value.code in ("already_inspected", "not_approved")
    assert [i.span for i in (await house.see(rma_id)).rma.lines[0].inspections] == [(1, 1), (2, 2)]


async def test_goods_go_back_into_stock_where_the_counter_is(house: House) -> None:
    rma_id = await brought(house, location="gid://shopify/Location/77")
    record = await house.see(rma_id)
    verdicts = [receiving.Verdict(record.rma.lines[0].id, 1, Grade.SEALED)]

    async def take_in(at: str | None) -> None:
        await house.do(
            lambda db: receiving.take_in(
                db, rma_id=rma_id, verdicts=verdicts, location_ref=at, actor="counter", now=now(),
                policies=house.policies,
            )
        )  # fmt: skip

    assert await house.do(lambda db: counter.place_of(db, record)) == "gid://shopify/Location/77"
    await take_in(None)
    await take_in("gid://shopify/Location/1")

    assert [row[0] for row in await house.rows(RESTOCKED_AT, rma_id)] == [
        "gid://shopify/Location/77", "gid://shopify/Location/1",
    ]  # fmt: skip


async def test_a_return_that_was_to_be_sent_can_be_brought_as_well(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 1})
    record = await house.see(rma_id)

    await house.do(
        lambda db: receiving.take_in(
            db, rma_id=rma_id, verdicts=[receiving.Verdict(record.rma.lines[0].id, 1, Grade.SEALED)], location_ref=None,
            actor="counter", now=now(), policies=house.policies,
        )
    )  # fmt: skip
    await house.later()

    assert (await house.see(rma_id)).rma.status is Decision.RESOLVED


async def test_a_policy_that_approves_by_itself_waits_for_the_visit_at_once(house: House) -> None:
    await house.open(document=under(methods=IN_STORE))
    order = await house.an_order()
    rma_id = await house.ask(order, [rma.Wish(order.order.lines[0].ref, 1, "too_small")], kind="withdrawal")

    assert tuple(await house.row(BLOCKED, rma_id)) == ("shopper", "awaiting_visit")
