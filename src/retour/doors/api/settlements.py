"""Settlements over the API: the money side of an inspected batch, explained to the cent."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import Meta

from retour.core.errors import Refused
from retour.core.promise import kept
from retour.doors.api.money import PlanOut, plan_out
from retour.doors.api.operation import Call, Operation
from retour.doors.api.shapes import NO_NUL, Asked, Nothing, Told
from retour.flows import hand_over
from retour.flows import refund as flow
from retour.store import refund as refunds
from retour.store import rma as returns
from retour.store import second, views
from retour.store.refund import SettlementRow

_MISSING: Final = "settlement_not_found"


class SettlementOut(Told):
    """One settlement: our plan, what the platform computed, how they compare, and the effect that pays."""

    id: UUID
    return_id: UUID
    order_id: UUID
    seq: int
    resolution: str
    state: str
    currency: str
    total_minor: int
    comparison: str | None
    platform_quote: Any
    reasons: Any
    plan: PlanOut
    effect_id: UUID | None
    moment: str
    not_before: datetime | None
    created_at: datetime
    settled_at: datetime | None
    resolution_ref: str | None
    bonus_minor: int
    handed_to: str | None
    handed_at: datetime | None
    report_reference: str | None
    report_note: str | None
    reported_by: str | None
    reported_at: datetime | None
    second_at: datetime | None
    second_because: str | None
    begun_at: datetime | None
    outcome: str | None
    sent_carrier: str | None
    sent_number: str | None


class Outcome(StrEnum):
    """How it went outside."""

    PAID = "paid"
    FAILED = "failed"


class ReportWish(Asked):
    """How it went: done, under the reference it has there; or failed, and then why (for the staff)."""

    outcome: Outcome
    reference: Annotated[str, Meta(min_length=1, max_length=200, pattern=NO_NUL)] | None = None
    reason: Annotated[str, Meta(min_length=1, max_length=1000, pattern=NO_NUL)] | None = None


class DifferenceOut(Told):
    """A part of paid less promised and its reason; of units that came otherwise `units` says how many.

    `code` is stable: unit_rejected, unit_missing, unit_outstanding (still on its way), unit_added, grade_deduction,
    fee, clawback, share, charge, cap, rounding, already_paid, amount_by_hand, goodwill, value_changed, bonus. Of a fee `ref`
    is its kind, else a line, charge or promotion.
    """

    code: str
    ref: str | None
    amount_minor: int
    shop_amount_minor: int
    units: int | None


class SettlementsOut(Told):
    """The money of one return: what was promised at request, what is paid, and the reason of each difference.

    Once `is_over` nothing more is expected. The parts of `difference` sum up to paid less promised, exactly.
    """

    return_id: UUID
    currency: str
    promised_minor: int
    paid_minor: int
    is_over: bool
    difference: list[DifferenceOut]
    promised: list[PlanOut]
    settlements: list[SettlementOut]


async def list_settlements(call: Call, _: None) -> SettlementsOut:
    """Return the money of one return."""
    record = await returns.load(call.db, call.resource_id)
    if record is None or call.store not in (None, record.store_id):
        raise Refused("return_not_found", "there is no such return")
    promised = await returns.promised(call.db, record.rma.id)
    rows = await refunds.list_of_rma(call.db, record.rma.id)
    told = kept(record.rma, promised, refunds.plans_of(rows))
    return SettlementsOut(
        return_id=record.rma.id, currency=record.rma.currency, promised_minor=told.promised.presentment,
        paid_minor=told.paid.presentment, is_over=told.is_over,
        difference=[
            DifferenceOut(
                code=part.code, ref=part.ref, amount_minor=part.amount.presentment, shop_amount_minor=part.amount.shop,
                units=part.units,
            )
            for part in told.parts
        ],
        promised=[plan_out(plan) for plan in promised], settlements=[settlement_out(row) for row in rows],
    )  # fmt: skip


async def get_settlement(call: Call, _: None) -> SettlementOut:
    """Return one settlement."""
    return settlement_out(await own_settlement(call))


async def retry_settlement(call: Call, _: Nothing) -> SettlementOut:
    """Let a failed settlement be paid by a new effect."""
    await own_settlement(call)
    return settlement_out(await flow.retry(call.db, settlement_id=call.resource_id, actor=call.actor, now=call.now))


async def accept_difference(call: Call, _: Nothing) -> SettlementOut:
    """Decide that our figure is paid."""
    await own_settlement(call)
    done = await flow.accept_difference(call.db, settlement_id=call.resource_id, actor=call.actor, now=call.now)
    return settlement_out(done)


class ByHandWish(Asked):
    """Why our figure is paid by another way than the order's payments."""

    reason: Annotated[str, Meta(min_length=1, max_length=1000, pattern=NO_NUL)]


async def pay_by_hand(call: Call, wish: ByHandWish) -> SettlementOut:
    """Decide that somebody pays our figure outside and reports it."""
    await own_settlement(call)
    row = await hand_over.pay_outside(
        call.db, settlement_id=call.resource_id, reason=wish.reason, actor=call.actor, now=call.now,
        policies=call.policies,
    )  # fmt: skip
    return settlement_out(row)


class WordOut(Told):
    """What a second person said about a payment of exactly these figures."""

    verdict: str
    plan_hash: str
    total_minor: int
    actor: str
    note: str | None
    at: datetime


class SecondOut(Told):
    """Since when and why a payment waits for a second person, whom it cannot be, and what was said so far."""

    settlement_id: UUID
    waits_since: datetime | None
    because: str | None
    hands: list[str]
    said: list[WordOut]


async def get_second_approval(call: Call, _: None) -> SecondOut:
    """Return how the second approval of a settlement stands."""
    row = await own_settlement(call)
    said = [
        WordOut(
            verdict=w.verdict, plan_hash=w.plan_hash, total_minor=w.total_minor, actor=w.actor, note=w.note, at=w.at
        )
        for w in await second.said(call.db, row.id)
    ]
    hands = sorted(await second.hands(call.db, row.rma_id))
    return SecondOut(
        settlement_id=row.id, waits_since=row.second_at, because=row.second_because, hands=hands, said=said
    )


async def report_settlement(call: Call, wish: ReportWish) -> SettlementOut:
    """Record how a settlement went that was handed over."""
    await own_settlement(call)
    if wish.outcome is Outcome.PAID:
        row = await hand_over.report_paid(
            call.db, settlement_id=call.resource_id, reference=wish.reference, note=wish.reason, actor=call.actor,
            now=call.now,
        )  # fmt: skip
        return settlement_out(row)
    if wish.reason is None:
        raise Refused("reason_missing", "say why it failed", field="reason")
    row = await hand_over.report_failed(
        call.db, settlement_id=call.resource_id, reason=wish.reason, actor=call.actor, now=call.now
    )
    return settlement_out(row)


async def own_settlement(call: Call) -> SettlementRow:
    """Return the settlement in the path; refuse one of another store than the named one as if it did not exist."""
    row = await refunds.get(call.db, call.resource_id)
    if row is None or (call.store is not None and await views.store_of_return(call.db, row.rma_id) != call.store):
        raise Refused(_MISSING, "there is no such settlement")
    return row


def settlement_out(row: SettlementRow) -> SettlementOut:
    """Return a settlement as the API tells it."""
    return SettlementOut(
        id=row.id, return_id=row.rma_id, order_id=row.order_id, seq=row.seq, resolution=row.resolution,
        state=row.state.value, currency=row.currency, total_minor=row.total_minor, comparison=row.comparison,
        platform_quote=row.platform_quote, reasons=row.reasons, plan=plan_out(row.plan), effect_id=row.effect_id,
        moment=row.moment.value, not_before=row.not_before,
        created_at=row.created_at, settled_at=row.settled_at, resolution_ref=row.resolution_ref,
        bonus_minor=row.plan.bonus, handed_to=row.handed_to, handed_at=row.handed_at, report_reference=row.report_ref,
        report_note=row.report_note, reported_by=row.reported_by, reported_at=row.reported_at,
        second_at=row.second_at, second_because=row.second_because, begun_at=row.begun_at, outcome=row.outcome,
        sent_carrier=row.sent_carrier, sent_number=row.sent_number,
    )  # fmt: skip


OPERATIONS: Final = (
    Operation(
        id="list_settlements", method="GET", path="/returns/{id}/settlements", tag="Money", answer=SettlementsOut,
        missing="return_not_found", summary="Read what was promised and what is paid, to the cent", do=list_settlements,
    ),
    Operation(
        id="get_settlement", method="GET", path="/settlements/{id}", tag="Money", answer=SettlementOut,
        missing=_MISSING, summary="Read a settlement with the money explained", do=get_settlement,
    ),
    Operation(
        id="get_second_approval", method="GET", path="/settlements/{id}/second-approval", tag="Money",
        answer=SecondOut, missing=_MISSING, summary="Read how the second approval of a settlement stands",
        do=get_second_approval,
        description="A second person gives it in the dashboard; no key can.",
    ),
    Operation(
        id="retry_settlement", method="POST", path="/settlements/{id}/retry", tag="Money", body=Nothing,
        answer=SettlementOut, missing=_MISSING, summary="Pay a failed settlement again", do=retry_settlement,
        description="Only one that provably did not happen; it is quoted anew.",
    ),
    Operation(
        id="accept_difference", method="POST", path="/settlements/{id}/accept-difference", tag="Money", body=Nothing,
        answer=SettlementOut, missing=_MISSING, summary="Pay our figure although the platform computes another",
        do=accept_difference,
    ),
    Operation(
        id="pay_by_hand", method="POST", path="/settlements/{id}/by-hand", tag="Money", body=ByHandWish,
        answer=SettlementOut, missing=_MISSING, summary="Pay our figure by another way, and report it",
        do=pay_by_hand,
        description="For a difference that waits for a person, above all where no payment of the order stands behind "
        "the amount: nothing is sent to the platform, and whoever pays reports it.",
    ),
    Operation(
        id="report_settlement", method="POST", path="/settlements/{id}/report", tag="Money", body=ReportWish,
        answer=SettlementOut, missing=_MISSING, summary="Report how a settlement went that was handed over",
        do=report_settlement,
        description="Reported as paid it is settled, a second report changes nothing. Reported as failed it is owed "
        "again (`due`) and may still be reported as paid.",
    ),
)  # fmt: skip
