"""A fee that was paid: booked as revenue, kept or given back when its return comes to nothing."""

from dataclasses import replace
from typing import Final
from uuid import UUID

from retour.core.effect import EffectKind, RefundTender
from retour.core.effect import Leg as TargetLeg
from retour.core.event import EventType
from retour.core.fee import business_ref, given_back, paid_of, total
from retour.core.refund.tenders import legs, tender_rests
from retour.core.refund.terms import DEFAULT_TENDER_ORDER, CaptureOrder
from retour.core.rma.fee import FeeBack, FeeState
from retour.flows.fee.far import Look
from retour.store import effect as effects
from retour.store import ledger
from retour.store import order as orders
from retour.store import refund as refunds
from retour.store.effect import EffectRow

REVENUE: Final = "merchant:fees"
OUTSIDE: Final = "outside:fee"


async def paid(look: Look, *, order_id: UUID, order_ref: str) -> None:
    """Write that a fee was paid with an order, and book what was collected; it counts from now on.

    What was waived in the same moment goes back at once; a return that came to nothing asks for it by itself.
    """
    db, fee = look.db, look.fee
    found = await orders.lock(db, order_id)
    assert found is not None, "it was just read"
    at = await refunds.position(db, order_id, past=False)
    taken = [(f"gateway:{tender.gateway}", tender.captured) for tender in at.tenders if tender.captured > 0]
    collected = sum(minor for _, minor in taken) or found.order.total.presentment
    parts = paid_of(fee.parts, collected)
    waived = {waiver.kind for waiver in await refunds.waivers(db, fee.rma_id)}
    whole = fee.back is FeeBack.FREE or any(None in waived or part.kind in waived for part in fee.parts)
    after = replace(
        fee, parts=parts, collected_minor=collected, order_id=order_id, order_ref=order_ref, effect_id=None, back=None,
        pay_url=None, expires_at=None,
    ).at(FeeState.PAID, look.now, due=None)  # fmt: skip
    await look.save(after)
    await look.tell(EventType.FEE_PAID, {"amount_minor": collected, "order_id": order_id})
    if whole:
        await keep_or_give_back(replace(look, fee=after), whole=True)
    postings = [ledger.Posting(source, REVENUE, minor) for source, minor in taken or [(OUTSIDE, collected)] if minor]
    if postings:
        await ledger.enter(
            db, postings, reference=f"{business_ref(fee.rma_id, fee.tries)}:paid", currency=look.record.rma.currency,
            effect_id=None, at=look.now,
        )  # fmt: skip


async def keep_or_give_back(look: Look, *, whole: bool) -> None:
    """Keep what the policy keeps of a paid fee, and plan the refund of the rest on the order it was paid with."""
    db, fee = look.db, replace(look.fee, back=FeeBack.FREE if whole else None)
    back, kept = given_back(fee.parts, whole=whole)
    if not back:
        await look.save(fee.at(FeeState.KEPT, look.now, due=None))
        await look.tell(EventType.FEE_KEPT, {"amount_minor": fee.collected_minor})
        return
    assert fee.order_id is not None, "what was paid has its order"
    assert fee.collected_minor is not None, "what was paid was collected"
    found = await orders.load(db, fee.order_id)
    assert found is not None, "an order is never deleted"
    await refunds.lock_captures(db, fee.order_id)
    at = await refunds.position(db, fee.order_id, past=False)
    owed = fee.collected_minor if not kept else min(total(back).presentment, fee.collected_minor)
    taken, left = legs(owed, tender_rests(at.tenders, DEFAULT_TENDER_ORDER, CaptureOrder.NEWEST))
    own = look.record.own
    if left or own.refunds != "retour" or not own.pays("refund_original"):
        problem = "nothing_to_refund_to" if left else "refunds_elsewhere"
        await look.save(fee.at(FeeState.UNREFUNDED, look.now, due=None, problem=problem))
        await look.tell(EventType.FEE_STUCK, {"problem": problem, "amount_minor": owed})
        return
    await refunds.reserve(db, fee.order_id, [(leg.capture_ref, leg.amount_minor) for leg in taken])
    target = RefundTender(
        found.order.ref, (), tuple(TargetLeg(leg.capture_ref, leg.gateway, leg.amount_minor) for leg in taken)
    )
    effect_id = await look.plan(
        EffectKind.REFUND_TENDER, target, order_id=fee.order_id, amount=(owed, total(back).shop),
        legs=tuple(effects.Leg(leg.capture_ref, leg.amount_minor) for leg in taken),
    )  # fmt: skip
    after = replace(fee, effect_id=effect_id, back=FeeBack.FREE if whole else None)
    await look.save(after.at(FeeState.REFUNDING, look.now, due=look.now + look.far.awaited))


async def given_back_done(look: Look, effect: EffectRow, *, ok: bool) -> None:
    """Write what became of the refund of a fee; its revenue is booked back."""
    fee, whole = replace(look.fee, effect_id=None), look.fee.back is FeeBack.FREE
    if not ok:
        problem = f"refused_there: {effect.message or ''}"[:200]
        await look.save(fee.at(FeeState.UNREFUNDED, look.now, due=None, problem=problem))
        await look.tell(EventType.FEE_STUCK, {"problem": problem, "amount_minor": effect.amount_minor})
        return
    _, kept = given_back(fee.parts, whole=whole)
    amount = effect.amount_minor or 0
    left = max(0, (fee.collected_minor or 0) - amount)
    state = FeeState.FREE if whole else FeeState.KEPT if kept else FeeState.REFUNDED
    await look.save(replace(fee, parts=kept, collected_minor=left, back=None).at(state, look.now, due=None))
    await look.tell(EventType.FEE_REFUNDED, {"amount_minor": amount, "kept_minor": left})
    if amount:
        await ledger.enter(
            look.db, [ledger.Posting(REVENUE, "merchant:refunds", amount)], currency=look.record.rma.currency,
            reference=f"{business_ref(fee.rma_id, fee.tries)}:back:{effect.seq}", effect_id=None, at=look.now,
        )  # fmt: skip
