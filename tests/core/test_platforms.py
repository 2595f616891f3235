"""What platforms are capable of, and the terms that follow from a ruling."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest

from retour.core.effect import EffectKind
from retour.core.event import EventType
from retour.core.platforms import Platforms, serial_key
from retour.core.policy import compile_policy, decide, template
from retour.core.policy.outcome import Fee, ResolutionKind, ResolutionOffer, Resolutions
from retour.core.policy.outcome import FeePer as PolicyFeePer
from retour.core.ports import CapabilityRecord, Unreachable
from retour.core.refund import (
    ChargeMode,
    FeePer,
    RefundRequest,
    RefundTerms,
    RequestedLine,
    RestockingFee,
    UnitRange,
    quote,
)
from retour.core.shipping import TrackingEvent
from retour.core.terms import after_the_first, charges_fee, terms_of
from tests.core.builders import PLACED, a_ledger, a_line, an_order
from tests.core.policy.builders import bare_facts

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


@pytest.mark.parametrize(
    ("fee", "expected"),
    [
        (None, None),
        (Fee(bp=1_000, per=PolicyFeePer.UNIT), RestockingFee(bp=1_000, per=FeePer.UNIT)),
        (
            Fee(fixed_minor=500, per=PolicyFeePer.PARCEL),
            RestockingFee(fixed_minor=500, currency="EUR", per=FeePer.RETURN),
        ),
    ],
)
def test_the_terms_of_a_refund_follow_the_ruling(fee: Fee | None, expected: RestockingFee | None) -> None:
    document = template()
    offered = Resolutions((ResolutionOffer(ResolutionKind.REFUND_ORIGINAL, restocking_fee=fee),))
    document = replace(document, currency="EUR", defaults=replace(document.defaults, resolutions=offered))
    line = decide(compile_policy(document, version="1"), [bare_facts()]).lines[0]

    terms = terms_of(line, "refund_original")

    assert terms.restocking == expected
    assert terms.shipping is ChargeMode.NONE
    assert terms.tender_order == line.refund_terms.outcome.tender_order


def test_a_fixed_fee_per_return_is_charged_with_its_first_refund_alone() -> None:
    once = RefundTerms(restocking=RestockingFee(fixed_minor=500, currency="EUR", per=FeePer.RETURN))
    each = RefundTerms(restocking=RestockingFee(fixed_minor=500, currency="EUR", per=FeePer.LINE))

    assert after_the_first(once) == RefundTerms()
    assert after_the_first(each) == each
    assert after_the_first(RefundTerms()) == RefundTerms()


def test_a_plan_says_whether_it_charges_a_fee() -> None:
    order = an_order(a_line("L1", gross=2_000))
    asked = RefundRequest((RequestedLine("L1", (UnitRange(1, 1),)),))

    assert charges_fee(quote(order, a_ledger(order), asked, RefundTerms(restocking=RestockingFee(bp=1_000))))
    assert not charges_fee(quote(order, a_ledger(order), asked, RefundTerms()))


def test_a_carrier_tells_of_one_parcel_at_one_moment() -> None:
    said = TrackingEvent("dhl", "JD0001", "in_transit", PLACED)

    assert (said.carrier, said.tracking_number, said.status, said.occurred_at) == (
        "dhl",
        "JD0001",
        "in_transit",
        PLACED,
    )
