"""What a source says otherwise than it stands here: money that left there, items that changed, a decision that is not its own."""

from pathlib import Path
from typing import Any

import pytest

from retour.core.intake import read_return
from retour.flows import intake
from retour.flows import rma as rma_flow
from retour.store import discrepancy
from retour.store.db import Database
from tests.core.intake.papers import a_return, an_order
from tests.flows.intake.source import Sender, a_sender
from tests.flows.order.shop import NOON

pytestmark = pytest.mark.anyio
MONEY = {"amount": "19.99", "currency": "EUR", "reference": "RF-1"}
LATER = "2026-03-01T09:00:00Z"
LAST = "2026-03-01T10:00:00Z"


@pytest.fixture
async def sender(database: Database, tmp_path: Path) -> Sender:
    return await a_sender(database, tmp_path)


async def open_kinds(sender: Sender) -> list[str]:
    async with sender.database.tx(sender.tenant_id) as db:
        return [row.kind for row in await discrepancy.list_open(db)]


async def the_return(sender: Sender) -> Any:
    (record,) = await sender.returns()
    return record.rma


@pytest.mark.parametrize("status", ["requested", "approved", "in_transit", "delivered", "received"])
async def test_money_that_left_elsewhere_stops_the_return_wherever_the_goods_are(sender: Sender, status: str) -> None:
    await sender.send(an_order())
    await sender.send(a_return())

    told = await sender.send(a_return(updated_at=LATER, status=status, refund=MONEY))

    assert told["outcome"] == "followed"
    assert (await the_return(sender)).held
    assert await open_kinds(sender) == ["refunded_elsewhere"]


async def test_a_return_that_is_first_heard_of_with_its_refund_is_held_from_the_beginning(sender: Sender) -> None:
    await sender.send(an_order())

    told = await sender.send(a_return(status="approved", refund=MONEY))

    assert told["outcome"] == "opened"
    rma = await the_return(sender)
    assert (rma.status, rma.held) == ("approved", True)
    assert await open_kinds(sender) == ["refunded_elsewhere"]


async def test_a_refund_that_a_person_has_looked_at_does_not_stop_the_return_again(sender: Sender) -> None:
    await sender.send(an_order())
    await sender.send(a_return(refund=MONEY))
    rma_id = (await the_return(sender)).id
    async with sender.database.tx(sender.tenant_id) as db:
        await rma_flow.release(db, rma_id=rma_id, actor="agent", now=NOON)
        (row,) = await discrepancy.list_open(db)
        await discrepancy.resolve_one(db, row.id, by="agent", at=NOON)

    await sender.send(a_return(updated_at=LATER, status="approved", refund=MONEY))
    assert not (await the_return(sender)).held
    assert await open_kinds(sender) == []

    await sender.send(a_return(updated_at=LAST, status="approved", refund=MONEY | {"reference": "RF-2"}))
    assert (await the_return(sender)).held
    assert await open_kinds(sender) == ["refunded_elsewhere"]


async def test_items_that_changed_elsewhere_are_shown_and_change_nothing_here(sender: Sender) -> None:
    await sender.send(an_order())
    await sender.send(a_return())
    more = [{"sku": "SKU-line-1", "quantity": 2}, {"sku": "SKU-line-2", "quantity": 1}]

    told = await sender.send(a_return(updated_at=LATER, items=more))

    assert told["outcome"] == "not_moved: items: changed_there"
    assert [(line.line_ref, line.quantity) for line in (await the_return(sender)).lines] == [("line-1", 1)]
    async with sender.database.tx(sender.tenant_id) as db:
        (row,) = await discrepancy.list_open(db)
    assert (row.kind, row.owner) == ("items_changed_elsewhere", "agent")
    assert row.details == {"there": ["2 × sku-line-1", "1 × sku-line-2"], "here": ["1 × line-1"]}
    assert (await sender.events("return"))[-1] == "return.told_elsewhere"

    back = await sender.send(a_return(updated_at=LAST))
    assert back["outcome"] == "followed"
    assert await open_kinds(sender) == []


async def test_the_same_items_in_other_words_are_no_difference(sender: Sender) -> None:
    await sender.send(an_order())
    await sender.send(a_return())

    told = await sender.send(a_return(updated_at=LATER, items=[{"line": "line-1", "quantity": 1}]))

    assert told["outcome"] == "followed"
    assert await open_kinds(sender) == []


async def test_units_of_one_line_that_ask_for_different_money_wait_for_a_person(sender: Sender) -> None:
    await sender.send(an_order())
    cash, credit = (
        {"sku": "SKU-line-1", "quantity": 1},
        {"sku": "SKU-line-1", "quantity": 1, "resolution": "store_credit"},
    )

    told = await sender.send(a_return(items=[cash, credit]))

    assert told["outcome"] == "parked: items_not_clear"
    assert await sender.returns() == []
    (waiting,) = await sender.intakes()
    assert waiting.facts == {"items": [{"index": 1, "code": "asked_in_two_ways"}]}


async def test_a_rejection_that_is_not_the_sources_to_make_is_told_and_shown(
    database: Database, tmp_path: Path
) -> None:
    sender = await a_sender(database, tmp_path, decides=False)
    await sender.send(an_order())
    await sender.send(a_return())

    told = await sender.send(a_return(updated_at=LATER, status="rejected"))

    assert told["outcome"] == "not_moved: reject: decided_here"
    assert (await the_return(sender)).status == "requested"
    assert await open_kinds(sender) == ["ended_elsewhere"]
    assert (await sender.events("return"))[-1] == "return.told_elsewhere"

    await sender.send(a_return(updated_at=LAST, status="requested"))
    assert await open_kinds(sender) == []


async def test_what_is_said_of_a_return_that_was_merged_is_done_to_the_one_that_goes_on_as_far_as_it_is_its(
    sender: Sender,
) -> None:
    await sender.send(an_order())
    await sender.send(a_return())
    await sender.send(a_return(id="EXT-2", items=[{"sku": "SKU-line-2", "quantity": 1}]))
    part, whole = (record.rma.id for record in await sender.returns())
    async with sender.database.tx(sender.tenant_id) as db:
        await rma_flow.merge(db, rma_id=part, into=whole, actor="agent", now=NOON)
        await rma_flow.approve(db, rma_id=whole, actor="agent", now=NOON)

    parcel = {"carrier": "dhl", "tracking_number": "T-1"}
    sent = await sender.send(a_return(updated_at=LATER, status="received", shipping=parcel, refund=MONEY))
    gone = await sender.send(a_return(updated_at=LAST, status="cancelled"))

    assert sent["outcome"] == "not_moved: receive: merged"
    assert gone["outcome"] == "not_moved: cancel: merged"
    first, second = (record.rma for record in await sender.returns())
    assert (first.status, first.held, first.shipments) == ("cancelled", False, ())
    assert (second.status, second.held, second.received_at) == ("approved", True, None)
    assert [one.tracking_number for one in second.shipments] == ["T-1"]
    assert await open_kinds(sender) == ["refunded_elsewhere"]


async def test_a_change_that_lies_far_ahead_is_refused_and_leaves_later_ones_their_turn(sender: Sender) -> None:
    await sender.send(an_order())
    far = await sender.send(a_return(updated_at="2199-01-01T00:00:00Z"))
    order = await sender.send(an_order(updated_at="2199-01-01T00:00:00Z"))

    assert (far["outcome"], far["problem"]) == ("refused", "invalid_document updated_at")
    assert (order["outcome"], order["problem"]) == ("refused", "invalid_document updated_at")
    assert await sender.intakes() == []
    assert (await sender.send(a_return(updated_at="2026-03-02T11:00:00Z")))["outcome"] == "opened"


async def test_a_return_that_another_source_has_sent_waits_with_the_number_it_has_here(sender: Sender) -> None:
    await sender.send(an_order())
    await sender.send(a_return())
    source = intake.source_of_files(tenant_id=sender.tenant_id, store_id=sender.shop.store_id, actor="agent")

    async with sender.database.tx(sender.tenant_id) as db:
        again = await intake.take_in(
            db, sender.vault, source, read_return(a_return()), hands=sender.hands, now=sender.now
        )
        other = await intake.take_in(
            db, sender.vault, source, read_return(a_return(id="EXT-2")), hands=sender.hands, now=sender.now
        )

    assert (again.outcome, again.why) == ("parked", "known_from_another")
    assert other.outcome == "opened"
    first = (await sender.returns())[0]
    (waiting,) = [one for one in await sender.intakes() if one.state == "waiting"]
    assert waiting.facts == {"return": f"R-{first.rma.number}"}
    assert (waiting.order_id, waiting.rma_id) == (first.order_id, None)
