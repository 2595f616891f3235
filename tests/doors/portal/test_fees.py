"""A fee that is paid beforehand, in the words of the one who pays it."""

import json
from uuid import uuid4

import pytest

from retour.core.event import EventType
from retour.doors.portal.standing import standing, timeline
from retour.store.event import Event
from tests.doors.portal.test_standing import ENGLISH, NOW, a_row


@pytest.mark.parametrize(
    ("told", "until"),
    [({}, ""), ({"pay_by": "2026-06-02T10:00:00+00:00"}, " Pay by 2 Jun; after that your return expires.")],
)
def test_it_says_what_to_pay_and_until_when(told: dict[str, str], until: str) -> None:
    row = a_row(blocked="fee_unpaid", evidence=json.dumps({"amount_minor": "690"} | told), currency="EUR")

    stands = standing(row, [], ENGLISH, shop="Fjellhus")

    assert (stands.heading, stands.waits, stands.for_you) == ("Pay the fee", "Waits for you: pay the fee", True)
    assert stands.text == (
        "Your return is approved. It goes on as soon as you have paid the fee of €6.90."
        f" Keep the items until then. The fee is not taken off your refund again.{until}"
    )


def test_what_happened_to_it_is_told() -> None:
    kinds = (EventType.FEE_UNPAID, EventType.FEE_STUCK, EventType.FEE_PAID, EventType.FEE_REFUNDED)
    events = [Event(uuid4(), "return", uuid4(), 1, None, kind.value, "retour", None, {}, NOW, "1") for kind in kinds]

    assert [entry.text for entry in timeline(events, ENGLISH, shop="Fjellhus")] == [
        "The fee was paid back", "You paid the fee", "You got an invoice for the fee",
    ]  # fmt: skip


def test_while_the_shop_looks_into_it_nothing_is_to_be_sent() -> None:
    stands = standing(a_row(blocked="fee_stuck"), [], ENGLISH, shop="Fjellhus")

    assert (stands.heading, stands.waits, stands.for_you) == ("Your return is approved", "Waits for Fjellhus", False)
    assert "Keep the items until you have paid it." in stands.text
