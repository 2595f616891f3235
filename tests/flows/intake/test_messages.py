"""Documents of a source: one return for ever, replays change nothing, what is not clear waits, nothing is lost."""

import asyncio
import json
from pathlib import Path

import pytest

from retour.store import intake as intakes
from retour.store import webhook
from retour.store.db import Database
from tests.core.intake.papers import a_return, an_order
from tests.flows.intake.source import Sender, a_sender

pytestmark = pytest.mark.anyio


@pytest.fixture
async def sender(database: Database, tmp_path: Path) -> Sender:
    return await a_sender(database, tmp_path)


async def test_an_order_and_its_return_arrive_by_message_and_become_what_any_other_would(sender: Sender) -> None:
    told = await sender.send(an_order())
    asked = await sender.send(a_return())

    assert told["outcome"] == "mirrored"
    assert told["problem"] is None
    assert asked["outcome"] == "opened"
    (intake,), (record,) = await sender.intakes(), await sender.returns()
    assert (intake.state, intake.rma_id, intake.channel) == ("opened", record.rma.id, "event")
    assert [(line.line_ref, line.quantity, line.reason) for line in record.rma.lines] == [("line-1", 1, "too_small")]
    assert await sender.events("intake") == ["intake.opened"]
    assert asked["intake_id"] == intake.id
    assert asked["person_id"] is not None


async def test_the_same_return_sent_again_changes_nothing(sender: Sender) -> None:
    await sender.send(an_order())
    await sender.send(a_return(), event_id="one")
    before = await sender.events("return")

    assert await sender.send(a_return(), event_id="one") == {}
    again = await sender.send(a_return(), event_id="two")
    older = await sender.send(a_return(updated_at="2026-02-27T10:00:00Z", status="cancelled"))

    assert again["outcome"] == "unchanged"
    assert older["outcome"] == "stale"
    assert await sender.events("return") == before
    assert len(await sender.returns()) == 1


async def test_a_known_return_moves_on_as_its_source_tells(sender: Sender) -> None:
    await sender.send(an_order())
    await sender.send(a_return())
    parcel = {"carrier": "dhl", "tracking_number": "T-1", "shipped_at": "2026-02-28T12:00:00Z"}

    moved = await sender.send(a_return(updated_at="2026-02-28T13:00:00Z", status="in_transit", shipping=parcel))
    (record,) = await sender.returns()
    assert moved["outcome"] == "followed"
    assert record.rma.status == "approved"
    assert [(s.carrier, s.tracking_number, s.status) for s in record.rma.shipments] == [("dhl", "T-1", "in_transit")]

    await sender.send(a_return(updated_at="2026-03-01T09:00:00Z", status="received", shipping=parcel))
    (record,) = await sender.returns()
    assert record.rma.received_at == sender.now
    assert record.rma.lines[0].received == ((1, 1),)


async def test_a_move_that_the_return_does_not_allow_is_told_and_not_made(sender: Sender) -> None:
    await sender.send(an_order())
    await sender.send(a_return(status="received"))

    refused = await sender.send(a_return(updated_at="2026-03-01T09:00:00Z", status="rejected"))

    (record,) = await sender.returns()
    assert refused["outcome"] == "not_moved: reject: already_decided"
    assert record.rma.status == "approved"
    assert (await sender.events("return"))[-1] == "return.told_elsewhere"


async def test_what_was_refunded_elsewhere_stops_the_return_before_it_is_paid_again(sender: Sender) -> None:
    await sender.send(an_order())
    await sender.send(a_return())
    money = {"amount": "19.99", "currency": "EUR", "reference": "RF-1"}

    await sender.send(a_return(updated_at="2026-03-01T09:00:00Z", status="refunded", refund=money))
    await sender.send(a_return(updated_at="2026-03-01T10:00:00Z", status="refunded", refund=money))

    (record,) = await sender.returns()
    async with sender.database.tx(sender.tenant_id) as db:
        data = await db.fetchval("SELECT data FROM event WHERE type = 'return.told_elsewhere' LIMIT 1")
        open_ = [tuple(r.values()) for r in await db.fetch("SELECT kind, owner FROM discrepancy WHERE state = 'open'")]
        assert await db.fetchval("SELECT count(*) FROM settlement") == 0
    assert (data["status"], data["amount_minor"], data["reference"]) == ("refunded", 1999, "RF-1")
    assert record.rma.held
    assert open_ == [("refunded_elsewhere", "finance")]


async def test_a_source_that_does_not_decide_leaves_the_decision_to_people(database: Database, tmp_path: Path) -> None:
    sender = await a_sender(database, tmp_path, decides=False)
    await sender.send(an_order())

    await sender.send(a_return(status="approved"))

    assert [record.rma.status for record in await sender.returns()] == ["requested"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"order": {"number": "#9"}, "customer": {}}, "order_not_found"),
        ({"order": {}}, "order_not_clear"),
        ({"items": [{"title": "Scarf", "quantity": 1}], "order": {"id": "O-1"}}, "items_not_clear"),
        ({"items": [{"sku": "SKU-line-1", "quantity": 3}], "order": {"id": "O-1"}}, "refused"),
    ],
)
async def test_what_is_not_clear_waits_with_its_reason_and_its_candidates(
    sender: Sender, change: dict[str, object], why: str
) -> None:
    await sender.send(an_order())

    row = await sender.send(a_return(**change))

    (waiting,) = await sender.intakes()
    assert row["outcome"] == f"parked: {why}"
    assert (waiting.state, waiting.why) == ("waiting", why)
    assert await sender.returns() == []
    assert await sender.events("intake") == ["intake.waiting"]
    assert bool(waiting.candidates) == (why != "order_not_found")


async def test_what_waits_is_opened_as_soon_as_its_order_is_known(sender: Sender) -> None:
    await sender.send(a_return())
    await sender.send(an_order())

    told = await sender.send(a_return(updated_at="2026-03-01T09:00:00Z"))

    assert told["outcome"] == "opened"
    assert await sender.events("intake") == ["intake.waiting", "intake.opened"]


async def test_a_message_that_is_no_document_is_kept_with_its_fault(sender: Sender) -> None:
    bad = a_return(items=[])

    row = await sender.send(bad)

    assert (row["outcome"], row["problem"]) == ("refused", "invalid_document items")
    assert row["done_at"] == sender.now
    async with sender.database.tx(sender.tenant_id) as db:
        kept = await webhook.body(db, sender.vault, row["id"])
        kinds = [r["kind"] for r in await db.fetch("SELECT kind FROM discrepancy")]
    assert kept is not None
    assert b'"EXT-1"' in kept
    assert kinds == ["webhook_unreadable"]
    assert await sender.intakes() == []


async def test_a_return_that_is_over_elsewhere_is_never_opened_by_itself(sender: Sender) -> None:
    await sender.send(an_order())

    told = await sender.send(a_return(status="refunded"))

    assert told["outcome"] == "parked: over_elsewhere"
    assert await sender.returns() == []


async def test_two_messages_of_one_return_at_once_are_one_return(sender: Sender) -> None:
    await sender.send(an_order())
    kept = []
    for event_id in ("a", "b", "c"):
        async with sender.database.tx(sender.tenant_id) as db:
            inbox_id = await webhook.receive(
                db, sender.vault, tenant_id=sender.tenant_id, connection_id=sender.source_id,
                source=f"feed:{sender.source_id}", event_id=event_id, topic="retour.return/1",
                raw=json.dumps(a_return()).encode(), at=sender.now,
            )  # fmt: skip
        kept.append(inbox_id)

    await asyncio.gather(*(sender.read(inbox_id) for inbox_id in kept if inbox_id))

    outcomes = sorted([(await sender.row(inbox_id))["outcome"] for inbox_id in kept])
    assert outcomes == ["opened", "unchanged", "unchanged"]
    assert len(await sender.returns()) == len(await sender.intakes()) == 1


async def test_what_came_about_an_erased_person_is_readable_no_more(sender: Sender) -> None:
    await sender.send(an_order())
    row = await sender.send(a_return())
    async with sender.database.tx(sender.tenant_id) as db:
        assert await intakes.document(db, sender.vault, row["intake_id"]) is not None
        await db.execute("UPDATE person SET sealed_key = ''::bytea, erased_at = $1", sender.now)

    later = await sender.send(a_return(updated_at="2026-03-01T09:00:00Z", notes="my name is Cara"))

    async with sender.database.tx(sender.tenant_id) as db:
        assert await intakes.document(db, sender.vault, row["intake_id"]) is None
        assert await webhook.body(db, sender.vault, later["id"]) is None
    assert later["outcome"] == "followed"
