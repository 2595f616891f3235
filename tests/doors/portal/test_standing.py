"""Where a return stands, in the words of the one who sent it."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from retour.core.event import EventType
from retour.core.rma import Moment, SettlementState
from retour.doors.portal.standing import pays, standing, timeline
from retour.store.event import Event
from retour.web.reader import Readers
from retour.web.texts import Texts

NOW = datetime(2026, 5, 20, 12, 0, tzinfo=UTC)
ENGLISH = Readers(Texts.load()).make("en", timezone="UTC", now=NOW)


def a_row(status: str = "approved", *, blocked: str | None = "awaiting_shipment", **more: Any) -> dict[str, Any]:
    times = dict.fromkeys(("in_transit_at", "delivered_at", "received_at"))
    return {"status": status, "blocked_code": blocked, "method": "own_carrier", "evidence": None, **times, **more}


@pytest.mark.parametrize(
    ("row", "heading", "waits"),
    [
        (a_row("requested"), "The shop is checking your request", "Waits for Fjellhus"),
        (a_row("requested", blocked="info_needed"), "The shop has a question", "Waits for your answer"),
        (a_row("in_review"), "The shop is checking your request", "Waits for Fjellhus"),
        (a_row("reopened"), "The shop is checking your request", "Waits for Fjellhus"),
        (a_row(), "Send your parcel", "Waits for you: send the parcel"),
        (a_row(method="keep_item"), "You keep the items", "Waits for Fjellhus"),
        (a_row(in_transit_at=NOW, blocked="in_transit"), "Your parcel is on its way", "Waits for the carrier"),
        (a_row(in_transit_at=NOW, blocked="parcel_exception"), "Your parcel is held up", "Waits for Fjellhus"),
        (a_row(in_transit_at=NOW, delivered_at=NOW), "Your parcel has arrived", "Waits for Fjellhus"),
        (
            a_row(received_at=NOW, blocked="awaiting_inspection"),
            "The shop is checking your items",
            "Waits for Fjellhus",
        ),
        (a_row(received_at=NOW, blocked="awaiting_rest"), "Send the rest of your items", "Waits for you"),
        (a_row("rejected"), "The shop did not accept this return", None),
        (a_row("cancelled"), "This return was cancelled", None),
        (a_row("expired"), "This return has expired", None),
    ],
)
def test_the_first_line_is_the_next_thing_in_the_shoppers_life(row: Any, heading: str, waits: str | None) -> None:
    stands = standing(row, [], ENGLISH, shop="Fjellhus")

    assert (stands.heading, stands.waits) == (heading, waits)
    assert stands.for_you is (waits is not None and waits.startswith("Waits for you"))


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (
            a_row("requested", blocked="info_needed", evidence='{"answer_by": "2026-06-02T10:00:00+00:00"}'),
            "Your return goes on as soon as you have answered. Please answer by 2 Jun; after that it expires.",
        ),
        (a_row("requested", blocked="info_needed"), "Your return goes on as soon as you have answered."),
        (
            a_row(evidence='{"send_by": "2026-06-02T10:00:00+00:00"}'),
            (
                "Your return is approved. Pack the items and send them back."
                " Hand the parcel over by 2 Jun; after that it expires."
            ),
        ),
    ],
)
def test_a_deadline_is_told_with_its_day(row: Any, text: str) -> None:
    stands = standing(row, [], ENGLISH, shop="Fjellhus")

    assert (stands.text, stands.for_you) == (text, True)


@pytest.mark.parametrize("status", ["requested", "approved", "resolved", "rejected", "cancelled", "expired"])
def test_an_amount_is_shown_while_one_is_owed_or_was(status: str) -> None:
    assert pays(a_row(status)) is (status in ("requested", "approved", "resolved"))


def an_event(what: EventType, *, actor: str = "retour", **data: Any) -> Event:
    return Event(uuid4(), "return", uuid4(), 1, None, what.value, actor, None, data, NOW, "1")


def test_the_timeline_leaves_the_machines_out_and_names_who_decided() -> None:
    events = [
        an_event(EventType.RETURN_REQUESTED, actor="shopper:1"),
        an_event(EventType.EFFECT_CONFIRMED),
        an_event(EventType.RETURN_APPROVED, actor="staff:1"),
        an_event(EventType.RETURN_RECEIVED, actor="staff:2"),
        an_event(EventType.SETTLEMENT_SETTLED, amount_minor=0),
        an_event(EventType.SETTLEMENT_SETTLED, amount_minor=5),
    ]

    assert [(entry.text, entry.who) for entry in timeline(events, ENGLISH, shop="Fjellhus")] == [
        ("Your money was sent", None),
        ("The shop received your parcel", None),
        ("Return approved", "Fjellhus"),
        ("Return requested", "You"),
    ]


def a_settlement(moment: Moment, state: SettlementState = SettlementState.SETTLED) -> Any:
    return SimpleNamespace(moment=moment, state=state, resolution="refund_original")


@pytest.mark.parametrize(
    ("row", "heading"),
    [
        (a_row(), "Send your parcel"),
        (a_row(in_transit_at=NOW, blocked="in_transit"), "Your parcel is on its way"),
        (a_row(received_at=NOW, blocked="awaiting_inspection"), "The shop is checking your items"),
    ],
)
def test_money_that_was_sent_before_the_goods_were_seen_does_not_say_that_they_were(row: Any, heading: str) -> None:
    stands = standing(row, [a_settlement(Moment.FIRST_SCAN)], ENGLISH, shop="Fjellhus")
    waiting = standing(row, [a_settlement(Moment.FIRST_SCAN, SettlementState.QUOTED)], ENGLISH, shop="Fjellhus")

    assert stands.heading == waiting.heading == heading
    assert stands.text.endswith("Your money was sent already.")
    assert "money" not in waiting.text
    judged = standing(row, [a_settlement(Moment.INSPECTED)], ENGLISH, shop="Fjellhus")
    assert judged.heading == "Your money is on its way"
