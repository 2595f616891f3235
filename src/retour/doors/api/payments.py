"""Money's guards over the API: the kill switch, the limits of a store, and what waits for a second person."""

from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Meta

from retour.core.breaker import MINUTES_MOST, Limits
from retour.core.second import Second, SecondRule
from retour.doors.api.operation import Call, Operation
from retour.doors.api.shapes import NO_NUL, Asked, Told
from retour.flows import guard as flow
from retour.store import guard
from retour.store.guard import Guard

Reason = Annotated[str, Meta(min_length=1, max_length=flow.REASON_MOST, pattern=NO_NUL)]
Minor = Annotated[int, Meta(ge=1, le=flow.AMOUNT_MOST)]


class SwitchWish(Asked):
    """Why, for whoever reads it later."""

    reason: Reason | None = None


class PaymentsOut(Told):
    """Whether payments are paused now, and where."""

    paused: bool
    store_id: UUID | None
    changed: bool


class GuardWish(Asked):
    """What guards the money of a store from now on; what is left out has no limit. Amounts: the books' minor units."""

    second_above_minor: Annotated[int, Meta(ge=0, le=flow.AMOUNT_MOST)] | None = None
    second_overrides: bool = False
    second_by: Literal["owner", "desk"] = "owner"
    window_minutes: Annotated[int, Meta(ge=1, le=MINUTES_MOST)] = 1
    window_refunds: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    window_minor: Minor | None = None
    day_minor: Minor | None = None
    norm_times: Annotated[int, Meta(ge=2, le=100)] | None = None


class GuardOut(Told):
    """What guards the money of a store; `tripped_at` while the breaker has stopped it."""

    second_above_minor: int | None
    second_overrides: bool
    second_by: str
    window_minutes: int
    window_refunds: int | None
    window_minor: int | None
    day_minor: int | None
    norm_times: int | None
    tripped_at: datetime | None
    counted_since: datetime | None
    changed_at: datetime | None


async def pause_payments(call: Call, wish: SwitchWish) -> PaymentsOut:
    """Stop payments that have not been sent."""
    changed = await flow.pause_payments(
        call.db, tenant_id=call.tenant_id, store_id=call.store, actor=call.actor, now=call.now, reason=wish.reason
    )
    return PaymentsOut(paused=True, store_id=call.store, changed=changed)


async def resume_payments(call: Call, wish: SwitchWish) -> PaymentsOut:
    """Let payments go again."""
    changed = await flow.resume_payments(
        call.db, tenant_id=call.tenant_id, store_id=call.store, actor=call.actor, now=call.now, reason=wish.reason
    )
    return PaymentsOut(paused=False, store_id=call.store, changed=changed)


async def get_guard(call: Call, _: None) -> GuardOut:
    """Return what guards the money of the store."""
    return _out(await guard.get(call.db, call.store_id))


async def set_guard(call: Call, wish: GuardWish) -> GuardOut:
    """Keep what guards the money of the store."""
    second = SecondRule(wish.second_above_minor, wish.second_overrides, Second(wish.second_by))
    limits = Limits(wish.window_minutes, wish.window_refunds, wish.window_minor, wish.day_minor, wish.norm_times)
    kept = await flow.change_guard(
        call.db, store_id=call.store_id, second=second, limits=limits, actor=call.actor, now=call.now
    )
    return _out(kept)


def _out(known: Guard) -> GuardOut:
    return GuardOut(
        second_above_minor=known.second.above_minor, second_overrides=known.second.overrides,
        second_by=known.second.by.value, window_minutes=known.limits.window_minutes,
        window_refunds=known.limits.window_refunds, window_minor=known.limits.window_minor,
        day_minor=known.limits.day_minor, norm_times=known.limits.norm_times, tripped_at=known.tripped_at,
        counted_since=known.counted_since, changed_at=known.changed_at,
    )  # fmt: skip


OPERATIONS: Final = (
    Operation(
        id="pause_payments", method="POST", path="/payments/pause", tag="Payments", body=SwitchWish,
        answer=PaymentsOut, summary="Stop payments of the store, or of the account", do=pause_payments,
        description="With X-Shop-Name: that store alone. What is on its way to the gateway is not called back. Nothing is "
        "handed over to be paid elsewhere either.",
    ),
    Operation(
        id="resume_payments", method="POST", path="/payments/resume", tag="Payments", body=SwitchWish,
        answer=PaymentsOut, summary="Let payments go again", do=resume_payments,
        description="What the velocity breaker or a person has stopped, a person lets go on in the dashboard: "
        "`person_needed`.",
    ),
    Operation(
        id="get_guard", method="GET", path="/payments/guard", tag="Payments", needs_store=True,
        answer=GuardOut, summary="Read the limits of a store's payments", do=get_guard,
    ),
    Operation(
        id="set_guard", method="POST", path="/payments/guard", tag="Payments", needs_store=True, body=GuardWish,
        answer=GuardOut, summary="Set the limits of a store's payments", do=set_guard,
        description="A program may tighten the limits; to loosen one, or to take it away, is refused as "
        "`person_needed`: an owner does it in the dashboard.",
    ),
)  # fmt: skip
