"""Two open returns of one order become one: every unit stays claimed, both promises add up, and it is paid once."""

from uuid import UUID

import pytest

from retour.core import scan
from retour.core.errors import Refused
from retour.core.rma import Grade
from retour.core.shipping import TrackingEvent
from retour.flows import rma, shipping
from retour.store import dock
from tests.stories.house import TEE, House, Units, now

pytestmark = pytest.mark.anyio
SENT = {**TEE, "quantity": 3, "fulfilled": 3}


async def merged(house: House, source: UUID, target: UUID) -> None:
    await house.do(lambda db: rma.merge(db, rma_id=source, into=target, actor="staff:ana", now=now()))


async def total(house: House, rma_id: UUID) -> int:
    ((found,),) = await house.rows("SELECT (promised ->> 'total_minor')::int FROM rma WHERE id = $1", rma_id)
    return int(found)


async def claims(house: House) -> list[tuple[object, ...]]:
    return await house.rows(
        "SELECT l.rma_id, c.line_ref, lower(c.ordinals), upper(c.ordinals) FROM unit_claim c"
        " JOIN return_line l ON l.id = c.return_line_id ORDER BY 3"
    )


async def test_a_duplicate_goes_on_in_the_other_with_its_units_and_its_promise(house: House) -> None:
    await house.open()
    order = await house.an_order(SENT)
    first, second = await house.ask(order, {0: 1}), await house.ask(order, {0: 2})
    promised = await total(house, first) + await total(house, second)
    before = [row[1:] for row in await claims(house)]

    await merged(house, second, first)

    assert [row[1:] for row in await claims(house)] == before
    assert {row[0] for row in await claims(house)} == {first}
    kept, gone = await house.see(first), await house.see(second)
    assert [(line.quantity, line.decision.value) for line in kept.rma.lines] == [(1, "requested"), (2, "requested")]
    assert [(line.requested_quantity, line.quantity, line.decision.value) for line in gone.rma.lines] == [
        (2, 0, "cancelled")
    ]
    assert (gone.rma.status.value, await total(house, first)) == ("cancelled", promised)
    assert await house.rows("SELECT merged_into FROM rma WHERE id = $1", second) == [(first,)]
    told = [(e.resource_id, e.data["other"], e.data["units"]) for r in (first, second) for e in await house.events(r)
            if e.type == "return.merged"]  # fmt: skip
    assert told == [(first, gone.rma.number, 2), (second, kept.rma.number, 2)]


async def test_the_one_that_stays_is_received_inspected_and_paid_as_ever(house: House) -> None:
    await house.open()
    order = await house.an_order(SENT)
    first, second = await house.ask(order, {0: 1}), await house.ask(order, {0: 2})
    await merged(house, second, first)
    await house.approve(first)

    await house.receive(first, {0: 1, 1: 2})
    await house.inspect(first, Units(0, 1), Units(1, 2, Grade.SEALED))

    assert await house.status(first) == "resolved"
    assert (await house.refunded(order))[0] == "59.97"
    assert await house.status(second) == "cancelled"
    await house.nothing_broken()


async def test_units_that_were_merged_are_free_again_once_the_return_is_cancelled(house: House) -> None:
    await house.open()
    order = await house.an_order(SENT)
    first, second = await house.ask(order, {0: 1}), await house.ask(order, {0: 2})
    await merged(house, second, first)

    await house.do(lambda db: rma.cancel(db, rma_id=first, actor="agent", now=now()))

    assert await claims(house) == []
    assert await house.status(await house.ask(order, {0: 3})) == "requested"


async def refused(house: House, source: UUID, target: UUID) -> str:
    """Return the code of a refused merger that moved nothing."""
    looked = "SELECT id, rma_id, position, quantity, decision FROM return_line ORDER BY id"
    before, events = await house.rows(looked), await house.rows("SELECT count(*) FROM event")
    with pytest.raises(Refused) as no:
        await merged(house, source, target)
    assert await house.rows(looked) == before
    assert await house.rows("SELECT count(*) FROM event") == events
    return no.value.code


async def test_what_is_not_a_duplicate_stays_what_it_is(house: House) -> None:
    await house.open()
    order, other = await house.an_order(SENT), await house.an_order(SENT)
    first, second, elsewhere = (
        await house.ask(order, {0: 1}),
        await house.ask(order, {0: 1}),
        await house.ask(other, {0: 1}),
    )

    assert await refused(house, first, first) == "merge_same_return"
    assert await refused(house, first, elsewhere) == "merge_other_order"
    assert await refused(house, first, UUID(int=7)) == "return_not_found"
    await house.approve(second)
    await house.scan(second, "in_transit")
    assert await refused(house, second, first) == "merge_has_goods"
    await house.do(lambda db: rma.reject(db, rma_id=first, message="no", actor="agent", now=now()))
    assert await refused(house, first, second) == "merge_not_open"
    assert await refused(house, second, first) in ("merge_not_open", "merge_has_goods")


async def test_a_merger_that_was_decided_on_an_older_state_is_refused(house: House) -> None:
    await house.open()
    order = await house.an_order(SENT)
    first, second = await house.ask(order, {0: 1}), await house.ask(order, {0: 2})
    version = (await house.see(second)).version
    await house.approve(second)

    with pytest.raises(Refused) as no:
        await house.do(
            lambda db: rma.merge(db, rma_id=second, into=first, actor="staff:ana", now=now(), expect_version=version)
        )

    assert no.value.code == "state_changed"


async def test_tags_watchers_and_words_go_over(house: House) -> None:
    await house.open()
    order = await house.an_order(SENT)
    wish = rma.Wish(order.order.lines[0].ref, 1, "too_small", "the zipper is stuck")
    first, second = await house.ask(order, {0: 1}), await house.ask(order, [wish])
    await house.do(lambda db: rma.retag(db, rma_id=second, add=["vip"], remove=(), actor="staff:ana", now=now()))

    await merged(house, second, first)

    assert await house.rows("SELECT rma_id, tag FROM rma_tag ORDER BY rma_id") == sorted(
        [(first, "vip"), (second, "vip")]
    )
    number = (await house.see(first)).rma.number
    assert await house.rows("SELECT word FROM rma_word WHERE number = $1 AND word = 'zipper'", number) == [("zipper",)]


async def test_a_hold_goes_over_with_its_reason(house: House) -> None:
    await house.open()
    order = await house.an_order(SENT)
    first, second = await house.ask(order, {0: 1}), await house.ask(order, {0: 2})
    await house.do(lambda db: rma.hold(db, rma_id=second, reason="a stolen card", actor="staff:bo", now=now()))

    await merged(house, second, first)
    await house.later()

    assert await house.waits(first) == ("agent", "held")
    assert [e.actor for e in await house.events(first) if e.type == "return.held"] == ["staff:ana"]
    assert await house.rows("SELECT body, shown_to_shopper FROM rma_note WHERE rma_id = $1", first) == [
        ("a stolen card", False)
    ]


async def test_what_a_person_has_to_decide_is_not_approved_by_the_clock_of_the_other(house: House) -> None:
    await house.open()
    order = await house.an_order(SENT)
    first, second = await house.ask(order, {0: 1}), await house.ask(order, {0: 2})
    await house.change("UPDATE rma SET approve_at = now() + interval '1 hour' WHERE id = $1", first)
    await merged(house, second, first)

    assert await house.rows("SELECT approve_at FROM rma WHERE id = $1", first) == [(None,)]
    assert await house.waits(first) == ("agent", "decision_needed")


async def test_what_both_wait_for_by_the_clock_waits_for_the_later_one(house: House) -> None:
    await house.open()
    order = await house.an_order(SENT)
    first, second = await house.ask(order, {0: 1}), await house.ask(order, {0: 2})
    for rma_id, hours in ((first, 1), (second, 2)):
        await house.change(
            "UPDATE rma SET approve_at = now() + make_interval(hours => $2) WHERE id = $1", rma_id, hours
        )
    ((later,),) = await house.rows("SELECT approve_at FROM rma WHERE id = $1", second)

    await merged(house, second, first)

    assert await house.rows("SELECT approve_at FROM rma WHERE id = $1", first) == [(later,)]


async def test_an_open_question_goes_over_and_its_answer_leads_on(house: House) -> None:
    await house.open()
    order = await house.an_order(SENT)
    first, second = await house.ask(order, {0: 1}), await house.ask(order, {0: 2})
    await house.do(lambda db: rma.ask(db, rma_id=second, question="Which one?", actor="staff:bo", now=now()))

    await merged(house, second, first)

    assert await house.waits(first) == ("shopper", "info_needed")
    assert await house.waits(second) is None
    assert await house.rows("SELECT rma_id, outcome FROM info_request") == [(first, None)]


async def test_of_two_open_questions_the_one_that_stays_is_asked(house: House) -> None:
    await house.open()
    order = await house.an_order(SENT)
    both = await house.ask(order, {0: 1}), await house.ask(order, {0: 2})
    for rma_id in both:
        await house.do(lambda db, it=rma_id: rma.ask(db, rma_id=it, question="Which?", actor="staff:bo", now=now()))

    await merged(house, both[1], both[0])

    found = await house.rows("SELECT rma_id, outcome FROM info_request ORDER BY asked_at")
    assert found == [(both[0], None), (both[1], "overtaken")]


async def test_a_parcel_with_the_number_of_what_was_merged_is_a_parcel_of_the_one_that_goes_on(house: House) -> None:
    await house.open()
    order = await house.an_order(SENT)
    first, second = await house.ask(order, {0: 1}), await house.ask(order, {0: 2})
    number = (await house.see(second)).rma.number
    await merged(house, second, first)
    await house.approve(first)

    said = TrackingEvent("dhl", "JD0146", "in_transit", now(), f"R-{number}")
    assert await house.do(lambda db: shipping.track(db, said=said, now=now()))
    async with house.web.tx(house.tenant) as db:
        found = await dock.look_up(db, scan.read(f"R-{number}"))

    assert [s.tracking_number for s in (await house.see(first)).rma.shipments] == ["JD0146"]
    assert [match.rma_id for match in found] == [first]
