"""A known return moves on as its source tells, in moves that are allowed here; what is not allowed is told, not done."""

from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.intake import ReturnDocument
from retour.core.intake.following import OVER, Step, parcel_status, steps_for, unheeded
from retour.core.push import agrees
from retour.core.rma.moves import OPEN, UNDECIDED
from retour.core.rma.state import Return, SettlementState, count
from retour.flows.intake.hands import Hands
from retour.flows.intake.rewritten import items_differ
from retour.store import discrepancy
from retour.store import intake as intakes
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.rma import ReturnRecord

_NO_MESSAGE: Final = "Rejected where the return was requested."
ELSEWHERE: Final = "refunded_elsewhere"
_REFUNDED: Final = "The system that the return comes from says that it was refunded there."


async def follow(
    db: Db, *, rma_id: UUID, document: ReturnDocument, decides: bool, actor: str, hands: Hands, now: datetime,
    pushed: bool = False, chosen: bool = False, before: ReturnDocument | None = None,
) -> tuple[str, ...]:  # fmt: skip
    """Take the steps that a document asks for and return the codes of those that are not allowed.

    What is done already is not done again. Each step stands alone: one that is refused leaves the others. Where a
    return that was `pushed` stands there is always told; that it ended there otherwise than here is a discrepancy, if it
    was pushed or its source does not decide, and so are other items than those it had `before`. Whoever has `chosen` to
    open a return that ended there knows it.
    """
    steps, refused = steps_for(document, decides=decides), [] if chosen else [*unheeded(document, decides=decides)]
    goes_on = (await returns.goes_on(db, rma_id)).id
    is_part = goes_on != rma_id
    if is_part:
        rma_id = goes_on
        steps, refused = _of_a_part(steps, document.status)
    elif before is not None:
        refused += await items_differ(db, rma_id, before=before, document=document, actor=actor, now=now)
    for step in steps:
        try:
            async with intakes.apart(db):
                await _take(db, step, rma_id, document, actor, hands, now)
        except Refused as no:
            refused.append(f"{step.value}: {no.code}")
        except asyncpg.IntegrityConstraintViolationError:
            refused.append(f"{step.value}: state_changed")
    if refused or (pushed and Step.OBSERVE not in steps):
        await _observe(db, rma_id, document, actor, now, refused)
    if not is_part and (pushed or not (decides or chosen)):
        await _compare(db, rma_id, document, actor, now)
    return tuple(refused)


def _of_a_part(steps: tuple[Step, ...], status: str) -> tuple[tuple[Step, ...], list[str]]:
    """Return what is done for a return that was merged into another, of which it is a part, and what is only told.

    Its parcel and its money are that one's; what would move the other part of that one as well is for people.
    """
    kept = tuple(step for step in steps if step in (Step.PARCEL, Step.OBSERVE))
    left = [f"{step.value}: merged" for step in steps if step in (Step.CANCEL, Step.REJECT, Step.RECEIVE)]
    return kept, left or ([f"{status}: merged"] if status in OVER else [])


async def _compare(db: Db, rma_id: UUID, document: ReturnDocument, actor: str, now: datetime) -> None:
    """Show that a return ended there otherwise than it stands here, until both stand alike."""
    record = await returns.lock(db, rma_id)
    assert record is not None, "a return is never deleted"
    if agrees(document.status, record.rma.status):
        await intakes.set_alike(db, rma_id, actor=actor, at=now)
        return
    here = record.rma.status.value
    await intakes.set_apart(db, rma_id, store_id=record.store_id, there=document.status, here=here, actor=actor, at=now)


async def _take(
    db: Db, step: Step, rma_id: UUID, document: ReturnDocument, actor: str, hands: Hands, now: datetime
) -> None:
    record = await returns.lock(db, rma_id)
    assert record is not None, "a return is never deleted"
    rma = record.rma
    undecided = any(line.decision in UNDECIDED for line in rma.lines)
    match step:
        case Step.APPROVE if undecided:
            await hands.approve(db, rma_id=rma_id, actor=actor, now=now)
        case Step.REJECT if rma.status.value != "rejected":
            await hands.reject(db, rma_id=rma_id, message=document.notes or _NO_MESSAGE, actor=actor, now=now)
        case Step.CANCEL if rma.status.value != "cancelled":
            await hands.cancel(db, rma_id=rma_id, actor=actor, now=now)
        case Step.PARCEL:
            await _parcel(db, rma, document, actor, hands, now)
        case Step.RECEIVE if _outstanding(rma):
            await hands.receive(db, rma_id=rma_id, location_ref=document.shipping.location, actor=actor, now=now)
        case Step.OBSERVE:
            await _observe(db, rma_id, document, actor, now, [])
            if document.refund is not None or document.status == "refunded":
                await _refunded(db, record, document, actor, hands, now)
        case _:
            pass  # it stands there already


async def _parcel(db: Db, rma: Return, document: ReturnDocument, actor: str, hands: Hands, now: datetime) -> None:
    shipping = document.shipping
    assert shipping.number is not None, "a parcel has a number"
    carrier = shipping.carrier or actor
    if all((s.carrier, s.tracking_number) != (carrier, shipping.number) for s in rma.shipments):
        await hands.announce(
            db, rma_id=rma.id, carrier=carrier, tracking_number=shipping.number, actor=actor, now=now
        )  # fmt: skip
    status = parcel_status(document)
    if status is not None:
        at = shipping.delivered_at if status == "delivered" else shipping.shipped_at
        await hands.track(
            db, carrier=carrier, tracking_number=shipping.number, status=status,
            occurred_at=at or document.updated_at, now=now,
        )  # fmt: skip


async def _refunded(
    db: Db, record: ReturnRecord, document: ReturnDocument, actor: str, hands: Hands, now: datetime
) -> None:
    """Take what was refunded elsewhere as the report of what was handed over, or stop before it is paid again.

    Nothing is booked by a message: where the figures are not those that were handed over, a person compares, once for
    each refund that is told. What is the very sum that was paid here is the echo of it.
    """
    rma, refund = record.rma, document.refund
    waiting = [s for s in rma.settlements if s.awaits_report]
    if refund is not None and [(s.total_minor, rma.currency) for s in waiting] == [
        (refund.amount_minor, refund.currency)
    ]:
        await hands.report_paid(db, settlement_id=waiting[0].id, reference=refund.reference, actor=actor, now=now)
        return
    if rma.status not in OPEN or _is_echo(rma, document):
        return
    money = _told_money(document)
    if await discrepancy.was_told(db, ELSEWHERE, money, resource_id=rma.id):
        return  # a person was shown it; whoever released the return knows of it
    if not rma.held:
        await hands.hold(db, rma_id=rma.id, reason=_REFUNDED, actor=actor, now=now)
    await discrepancy.open_(
        db, ELSEWHERE, resource_kind="return", resource_id=rma.id, store_id=record.store_id, actor=actor,
        owner=discrepancy.Owner.FINANCE, at=now, details=money,
        next_step="find out what was refunded there, then release the return or cancel it",
    )  # fmt: skip


def _told_money(document: ReturnDocument) -> dict[str, object]:
    refund = document.refund
    if refund is None:
        return {}
    return {"amount_minor": refund.amount_minor, "currency": refund.currency, "reference": refund.reference}


def _is_echo(rma: Return, document: ReturnDocument) -> bool:
    """Return whether what was refunded there is what was paid here, to the smallest unit."""
    paid = [s.total_minor for s in rma.settlements if s.state is SettlementState.SETTLED and s.total_minor > 0]
    refund = document.refund
    return refund is not None and bool(paid) and (sum(paid), rma.currency) == (refund.amount_minor, refund.currency)


def _outstanding(rma: Return) -> bool:
    return any(line.decision in OPEN and count(line.received) < line.quantity for line in rma.lines)


async def _observe(
    db: Db, rma_id: UUID, document: ReturnDocument, actor: str, now: datetime, refused: list[str]
) -> None:
    """Tell on the return what its source says: where it stands there, what was refunded, what could not be done."""
    record = await returns.lock(db, rma_id)
    assert record is not None, "a return is never deleted"
    said: dict[str, object] = {"status": document.status, "refused": refused}
    said |= _told_money(document)
    await returns.changed(db, record, EventType.RETURN_TOLD, actor=actor, at=now, data=said)
