"""The new order is there: its lines carry what was paid for them, and what is over goes back."""

from dataclasses import replace
from uuid import UUID

from retour.core.effect import EffectKind, Leg, RefundTender
from retour.core.event import EventType
from retour.core.exchange_order import replaced_by
from retour.core.policy.outcome import DownCharge, ResolutionKind
from retour.core.refund.tenders import legs, tender_rests
from retour.core.rma.exchange import ExchangeState
from retour.core.settling import terms_for
from retour.flows.exchange.ending import settle
from retour.flows.exchange.far import Look
from retour.flows.exchange.naming import frozen_terms
from retour.store import effect as effects
from retour.store import event, jobs
from retour.store import exchange as exchanges
from retour.store import order as orders
from retour.store import refund as refunds
from retour.store import rma as returns
from retour.store.refund import SettlementRow

_REFUND = ResolutionKind.REFUND_ORIGINAL.value


async def link(look: Look, row: SettlementRow, order_id: UUID) -> bool:
    """Write what the lines of the new order carry, and settle or pay back the rest; False if its lines are others."""
    db, order, done = look.db, look.order, look.order.figures
    new = await orders.lock(db, order_id)
    assert new is not None, "it was just read"
    assert done is not None, "what was drafted was priced"
    worths = replaced_by(new.order, done.carried, {str(one.ref): one.quantity for one in order.articles})
    if worths is None or set(worths) & set(await exchanges.carried(db, order_id)):
        return False
    if await exchanges.of_settlement(db, row.id) is None:
        await exchanges.put(
            db, settlement_id=row.id, order_id=order_id, done=done, carried=worths, actor="retour", at=look.now
        )
        facts: dict[str, object] = {
            "settlement_id": row.id, "order_id": order_id, "lines": sorted(worths),
            "carried_minor": sum(one.worth.gross.presentment for one in done.carried),
            "collected_minor": done.collect.presentment, "paid_back_minor": done.pay_back.presentment,
            "currency": row.currency,
        }  # fmt: skip
        await event.tell(
            db, [(EventType.SETTLEMENT_EXCHANGED, "retour")], resource_kind="return", resource_id=row.rma_id,
            store_id=look.record.store_id, at=look.now, data={"number": look.record.rma.number, **facts},
        )  # fmt: skip
    after = replace(look, order=replace(order, order_id=order_id))
    terms = await frozen_terms(db, look.record, row, look.far.policies)
    if done.pay_back.presentment and terms.down is DownCharge.REFUND:
        await _pay_rest(after, row)
    else:  # credit is issued by the merchant, who reports it as usual
        await settle(after, row, paid=not done.pay_back.presentment or terms.down is not DownCharge.CREDIT)
    return True


async def _pay_rest(look: Look, row: SettlementRow) -> None:
    """Plan the refund of what is over; where Retour does not pay refunds, or no payment can take it, somebody else does."""
    db, done = look.db, look.order.figures
    assert done is not None, "what was drafted was priced"
    amount = done.pay_back.presentment
    found = await orders.load(db, row.order_id)
    assert found is not None, "an order is never deleted"
    await refunds.lock_captures(db, row.order_id)
    compiled = await look.far.policies.get(db, look.record.policy_version_id)
    rulings = await returns.rulings(db, row.rma_id, compiled)
    ruling = next(r for ref, r in rulings.items() if any(x.ref == ref for x in row.plan.rows))
    terms = terms_for(ruling, compiled, resolution=_REFUND, ref=None, method=None)
    at = await refunds.position(db, row.order_id, past=False)
    taken, left = legs(amount, tender_rests(at.tenders, terms.tender_order, terms.capture_order))
    own = look.record.own
    if left or own.refunds != "retour" or not own.pays(_REFUND):
        await settle(look, row, paid=False)
        return
    await refunds.reserve(db, row.order_id, [(leg.capture_ref, leg.amount_minor) for leg in taken])
    capability = look.far.platforms.records[look.connection.platform][EffectKind.REFUND_TENDER]
    business_ref = f"exchange:{row.id}:rest"
    effect_id = await effects.plan(
        db,
        effects.Planned(
            kind=EffectKind.REFUND_TENDER,
            business_ref=business_ref,
            reference=f"R-{look.record.rma.number}",
            target=RefundTender(
                found.order.ref, (), tuple(Leg(leg.capture_ref, leg.gateway, leg.amount_minor) for leg in taken)
            ),
            connection_id=look.connection.id,
            order_id=row.order_id,
            rma_id=row.rma_id,
            platforms=look.far.platforms,
            capability=capability,
            amount_minor=amount,
            shop_minor=max(done.pay_back.shop, 0),
            currency=row.currency,
            legs=tuple(effects.Leg(leg.capture_ref, leg.amount_minor) for leg in taken),
        ),
        tenant_id=look.tenant_id,
        at=look.now,
    )
    assert effect_id is not None, "a rest is paid back once"
    await jobs.defer(db, [jobs.Job(jobs.Task.CARRY_OUT, effect_id, jobs.Queue.MONEY, priority=10)])
    after = replace(look.order, effect_id=effect_id)
    await look.save(after.at(ExchangeState.PAYING_REST, look.now, due=look.now + look.far.awaited))
    await returns.refresh(db, row.rma_id, at=look.now)
