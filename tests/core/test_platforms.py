"""What platforms are capable of."""

import uuid
from dataclasses import replace
from datetime import timedelta

from retour.core.effect import EffectKind
from retour.core.event import EventType
from retour.core.platforms import Platforms, serial_key
from retour.core.ports import CapabilityRecord, Unreachable
from retour.core.shipping import TrackingEvent
from tests.core.builders import PLACED

KEYED = CapabilityRecord(
    key="directive",
    key_window_s=86_400,
    over_refund_guard="amount",
    searchable_reference="note",
    natural_guard="refunds",
    list_lag_s=5,
    far_timeout_s=30,
)
ORDER = uuid.UUID(int=7)


def a_house(**overrides: timedelta) -> Platforms:
    return Platforms({"shop": {EffectKind.REFUND_TENDER: KEYED}}, timedelta(seconds=20), **overrides)


def test_silence_lasts_as_long_as_both_sides_may_still_be_at_it() -> None:
    assert a_house().quiet(KEYED) == timedelta(seconds=55)
    assert a_house(quiet_period=timedelta(milliseconds=80)).quiet(KEYED) == timedelta(milliseconds=80)


def test_a_key_is_trusted_for_half_of_its_window_and_no_key_not_at_all() -> None:
    assert a_house().window(KEYED) == timedelta(hours=12)
    assert a_house(trusted_window=timedelta(0)).window(KEYED) == timedelta(0)
    assert a_house().window(replace(KEYED, key="none")) == timedelta(0)


def test_effects_of_an_order_wait_for_each_other_unless_a_repeat_does_no_harm() -> None:
    assert serial_key(KEYED, ORDER) == f"order:{ORDER}"
    assert serial_key(replace(KEYED, repeat_harmless=True), ORDER) is None
    assert serial_key(replace(KEYED, serialise_by="none"), ORDER) is None


def test_an_unreachable_far_side_says_when_to_ask_again() -> None:
    gone = Unreachable("throttled", retry_after_s=2.5, needs_reconnect=True)

    assert (str(gone), gone.retry_after_s, gone.needs_reconnect) == ("throttled", 2.5, True)


def test_events_are_named_by_their_subject() -> None:
    assert {what.value.split(".")[0] for what in EventType} >= {"return", "settlement", "effect", "order"}


def test_a_carrier_tells_of_one_parcel_at_one_moment() -> None:
    said = TrackingEvent("dhl", "JD0001", "in_transit", PLACED)

    assert (said.carrier, said.tracking_number, said.status, said.occurred_at) == (
        "dhl",
        "JD0001",
        "in_transit",
        PLACED,
    )
