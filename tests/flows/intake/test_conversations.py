"""Messages of a support desk: one conversation is one draft, and nothing that was written in it is lost."""

from pathlib import Path
from typing import Any

import pytest

from retour.flows import intake
from retour.flows import rma as rma_flow
from retour.store import intake as intakes
from retour.store.db import Database
from tests.core.intake.papers import an_order
from tests.flows.intake.source import Sender, a_sender
from tests.flows.order.shop import NOON

pytestmark = pytest.mark.anyio
FIRST = "Order #1001: the article SKU-line-1 is too small"
LATER, LAST = "2026-03-01T09:00:00Z", "2026-03-01T10:00:00Z"
SHOPPER = "canary.shopper@example.com"


def a_letter(**changes: Any) -> dict[str, Any]:
    return {
        "schema": "retour.message/1", "id": "T-1", "sent_at": "2026-02-28T10:00:00Z", "from": SHOPPER, "text": FIRST,
    } | changes  # fmt: skip


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> Sender:
    sender = await a_sender(database, tmp_path, channel="desk")
    await sender.send(an_order())
    await sender.send(a_letter())
    return sender


async def texts(desk: Sender) -> list[tuple[str, str | None]]:
    """Return each draft with its state and text, the oldest first."""
    async with desk.database.tx(desk.tenant_id) as db:
        rows = await intakes.list_page(db, store_id=None, state=None, before=None, limit=50)
        kept = [(row.state, await intakes.document(db, desk.vault, row.id)) for row in reversed(rows)]
    return [(state, one.text if one else None) for state, one in kept]


async def opened(desk: Sender) -> None:
    (waiting,) = await desk.intakes()
    async with desk.database.tx(desk.tenant_id) as db:
        choice = intake.Choice(waiting.order_id or waiting.id)
        await intake.choose(
            db, desk.vault, intake_id=waiting.id, choice=choice, hands=desk.hands, actor="agent", now=NOON
        )


async def notes(desk: Sender) -> list[tuple[str, bool]]:
    async with desk.database.tx(desk.tenant_id) as db:
        rows = await db.fetch("SELECT body, shown_to_shopper FROM rma_note ORDER BY at, id")
    return [(row["body"], row["shown_to_shopper"]) for row in rows]


async def test_a_later_message_joins_its_draft_and_leaves_what_was_read_in_it(desk: Sender) -> None:
    told = await desk.send(
        a_letter(sent_at=LATER, text="Thanks, a photo is attached", **{"from": "agent@desk.example"})
    )

    assert told["outcome"] == "parked: draft"
    assert await texts(desk) == [("waiting", f"{FIRST}\n\n—\n\nThanks, a photo is attached")]
    (waiting,) = await desk.intakes()
    assert [one["name"] for one in waiting.candidates] == ["#1001"]


async def test_a_message_that_is_late_is_read_all_the_same_and_one_that_is_known_changes_nothing(desk: Sender) -> None:
    late = a_letter(sent_at="2026-02-27T10:00:00Z", text="Hello, I want to return something")

    assert (await desk.send(late))["outcome"] == "parked: draft"
    assert (await desk.send(late))["outcome"] == "unchanged"
    assert (await desk.send(a_letter()))["outcome"] == "unchanged"

    assert await texts(desk) == [("waiting", f"{FIRST}\n\n—\n\nHello, I want to return something")]


async def test_a_desk_that_sends_the_whole_conversation_each_time_has_it_once(desk: Sender) -> None:
    await desk.send(a_letter(sent_at=LATER, text=f"{FIRST}\nAny news?"))

    assert await texts(desk) == [("waiting", f"{FIRST}\nAny news?")]


async def test_what_the_shopper_writes_later_is_heard_on_the_return_and_what_others_write_is_noted(
    desk: Sender,
) -> None:
    await opened(desk)

    heard = await desk.send(a_letter(sent_at=LATER, text="I have sent the parcel"))
    again = await desk.send(a_letter(sent_at=LATER, text="I have sent the parcel"))
    noted = await desk.send(a_letter(sent_at=LAST, text="Called her", **{"from": "agent@desk.example"}))

    assert [one["outcome"] for one in (heard, again, noted)] == ["followed: message", "unchanged", "followed: message"]
    assert await notes(desk) == [("I have sent the parcel", True), ("Called her", False)]
    assert (await desk.events("return"))[-2:] == ["return.message_received", "return.noted"]


async def test_what_the_shopper_writes_answers_a_question_of_the_return(desk: Sender) -> None:
    await opened(desk)
    (record,) = await desk.returns()
    async with desk.database.tx(desk.tenant_id) as db:
        await rma_flow.ask(db, rma_id=record.rma.id, question="Which size?", actor="agent", now=NOON)

    await desk.send(a_letter(sent_at=LATER, text="Size M"))

    assert "return.info_given" in await desk.events("return")


async def test_a_conversation_that_was_dismissed_begins_anew_with_a_later_message_alone(desk: Sender) -> None:
    (waiting,) = await desk.intakes()
    async with desk.database.tx(desk.tenant_id) as db:
        await intake.dismiss(db, intake_id=waiting.id, reason="Solved", actor="agent", now=NOON)

    replayed = await desk.send(a_letter())
    anew = await desk.send(a_letter(sent_at=LATER, text="Order #1001 broke after all"))
    then = await desk.send(a_letter(sent_at=LAST, text="Please help"))

    assert [one["outcome"] for one in (replayed, anew, then)] == ["dismissed", "parked: draft", "parked: draft"]
    assert await texts(desk) == [
        ("dismissed", FIRST), ("waiting", "Order #1001 broke after all\n\n—\n\nPlease help"),
    ]  # fmt: skip
