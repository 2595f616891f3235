"""What a state elsewhere asks for here."""

import pytest

from retour.core.channel import Channel
from retour.core.intake import read_return
from retour.core.intake.following import parcel_status, steps_for, unheeded
from retour.core.intake.schema import STATUSES
from tests.core.intake.papers import a_return

PARCEL = {"tracking_number": "T-1"}


@pytest.mark.parametrize(
    ("status", "shipping", "steps"),
    [
        ("requested", {}, ()),
        ("requested", PARCEL, ("parcel",)),
        ("approved", PARCEL, ("approve", "parcel")),
        ("rejected", PARCEL, ("reject",)),
        ("cancelled", PARCEL, ("cancel",)),
        ("in_transit", {}, ("approve",)),
        ("received", PARCEL, ("approve", "parcel", "receive")),
        ("inspected", {}, ("approve", "receive", "observe")),
        ("refunded", {}, ("approve", "observe")),
        ("closed", {}, ("observe",)),
    ],
)
def test_a_status_asks_for_its_steps_in_their_order(
    status: str, shipping: dict[str, str], steps: tuple[str, ...]
) -> None:
    document = read_return(a_return(status=status, shipping=shipping))

    assert steps_for(document, decides=True) == steps
    decided = tuple(step for step in steps if step not in ("approve", "reject"))
    assert steps_for(document, decides=False) == decided


def test_every_status_has_its_steps() -> None:
    assert all(isinstance(steps_for(read_return(a_return(status=s)), decides=True), tuple) for s in STATUSES)


def test_what_the_parcel_itself_says_goes_before_what_the_return_says() -> None:
    said = read_return(a_return(status="delivered", shipping=PARCEL | {"status": "in_transit"}))

    assert parcel_status(said) == "in_transit"
    assert parcel_status(read_return(a_return(status="received"))) == "delivered"
    assert parcel_status(read_return(a_return())) is None


def test_a_channel_is_its_own_word() -> None:
    assert [*Channel][:3] == ["portal", "staff", "api"]


@pytest.mark.parametrize("status", STATUSES)
def test_what_was_refunded_there_is_looked_at_whatever_the_status_says(status: str) -> None:
    said = read_return(a_return(status=status, refund={"amount": "19.99", "currency": "EUR"}))

    assert steps_for(said, decides=True)[-1] == "observe"
    assert "observe" in steps_for(said, decides=False)


def test_a_rejection_of_a_source_that_does_not_decide_is_told_as_not_made() -> None:
    rejected = read_return(a_return(status="rejected"))

    assert unheeded(rejected, decides=False) == ("reject: decided_here",)
    assert unheeded(rejected, decides=True) == unheeded(read_return(a_return()), decides=False) == ()
