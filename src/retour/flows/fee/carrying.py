"""Carrying a fee through: invoiced, waited for, paid or withdrawn; step by step, each once.

The platform is read outside any transaction; each step is one short transaction under the return's lock that writes
what was decided together with the one effect that follows. A job that runs twice, or two at once, take a step once.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from retour.core.draft import DraftFee
from retour.core.effect import EffectKind, EffectState, OnDraft, OnOrder
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.exchange_order import captured
from retour.core.fee import due_beforehand, is_agreed, lines_of, next_look, reminders, total
from retour.core.ports import Unreachable
from retour.core.rma.deadline import unsent
from retour.core.rma.fee import FeeBack, FeeState
from retour.flows.fee.far import Far, Look, Seen
from retour.flows.fee.paid import given_back_done, keep_or_give_back, paid
from retour.store import connection as connections
from retour.store import discrepancy
from retour.store import effect as effects
from retour.store import fee as rows
from retour.store import order as orders
from retour.store import rma as returns
from retour.store.connection import Connection
from retour.store.db import Db
from retour.store.effect import EffectRow
from retour.store.fee import FeeInvoice

S = FeeState
ROUNDS: Final = 6
_AWAITING: Final = frozenset({S.DRAFTING, S.INVOICING, S.DROPPING, S.REFUNDING})
_ENDS: Final = frozenset({EffectState.CONFIRMED, EffectState.FAILED, EffectState.CANCELLED})
# Where a fee goes once its invoice is gone.
_GONE: Final = {
    FeeBack.AGAIN: S.DUE, FeeBack.FREE: S.FREE, FeeBack.WITHHELD: S.WITHHELD, FeeBack.LAPSED: S.LAPSED,
    FeeBack.ENDED: S.ENDED,
}  # fmt: skip


async def carry_on(far: Far, *, tenant_id: UUID, rma_id: UUID) -> None:
    """Take the fee of a return as far as it goes now; harmless for one that is not due or is done."""
    for _ in range(ROUNDS):
        if not await _round(far, tenant_id, rma_id):
            break


async def _round(far: Far, tenant_id: UUID, rma_id: UUID) -> bool:
    """Look once, and return whether the next look may follow at once."""
    async with far.database.tx(tenant_id) as db:
        found = await rows.get(db, rma_id)
        if found is None or found.due_at is None or found.due_at > far.clock():
            return False
        record = await returns.load(db, rma_id)
        assert record is not None, "a fee has its return"
        connection = await connections.get(db, record.connection_id)
        assert connection is not None, "a return has its connection"
    try:
        seen = await _see(far, tenant_id, found, connection)
    except Unreachable as gone:
        wait = max(timedelta(seconds=gone.retry_after_s), far.pause)
        return await far.database.run(tenant_id, lambda db: _later(db, found, far.clock() + wait))
    return await far.database.run(tenant_id, lambda db: _step(far, db, tenant_id, found, connection, seen))


async def _later(db: Db, found: FeeInvoice, due: datetime) -> bool:
    await rows.postpone(db, found, due=due)
    return False


async def _see(far: Far, tenant_id: UUID, found: FeeInvoice, connection: Connection) -> Seen:
    """Read what the next step needs; raise Unreachable."""
    if found.state is not S.UNPAID:
        return Seen()
    if connection.state != "connected":
        raise Unreachable("the connection is not connected", needs_reconnect=True)
    connector, at = far.connectors(connection.platform), far.open_credential(connection)
    ref, draft = found.order_ref, None
    if ref is None:
        draft = await connector.see_draft(at, ref=found.draft_ref or "")
        ref = None if draft is None else draft.order_ref
    if ref is None:
        return Seen(draft)
    fetched = await connector.get_order(at, ref=ref)
    if fetched is None:
        raise Unreachable("the order cannot be read yet", retry_after_s=30.0)
    kept = await far.database.run(tenant_id, lambda db: far.mirror(db, connection.id, fetched, far.clock()))
    return Seen(draft, ref, kept.record.id)


async def _step(far: Far, db: Db, tenant_id: UUID, found: FeeInvoice, connection: Connection, seen: Seen) -> bool:
    """Take one step under the locks if the fee still stands as it was read; return whether to look again at once."""
    record = await returns.lock(db, found.rma_id)
    assert record is not None, "a fee has its return"
    fee = await rows.get(db, found.rma_id)
    assert fee is not None, "it was just read"
    if fee != found:
        return True
    look = Look(db, far, tenant_id, record, connection, fee, far.clock())
    if fee.state in _AWAITING:
        return await _after_effect(look)
    if seen.order_id is not None and seen.order_ref is not None:
        return await _ordered(look, order_id=seen.order_id, order_ref=seen.order_ref)
    if fee.state in (S.PAID, S.UNREFUNDED):
        await keep_or_give_back(look, whole=fee.back is FeeBack.FREE)
        return False
    if record.rma.held and fee.back is None:
        await look.save(replace(fee, due_at=look.now + far.awaited))
        return False
    if fee.back is not None:
        return await _withdraw(look)
    match fee.state:
        case S.DUE:
            return await _charge(look)
        case S.UNPAID:
            return await _unpaid(look, seen)
        case _:
            await look.save(replace(fee, due_at=None))
            return False


# --- until there is an invoice ------------------------------------------------------------------------------------------


async def _charge(look: Look) -> bool:
    """Quote what is to be paid beforehand, and plan the draft; a fee that comes to nothing frees the return."""
    db, record = look.db, look.record
    found = await orders.load(db, record.order_id)
    assert found is not None, "an order is never deleted"
    try:
        standing = await returns.standing(db, record, found.order, look.far.policies)
        parts = due_beforehand(record.rma, found.order, standing)
    except Refused as no:
        return await stuck(look, look.fee, no.code)
    if not parts:
        await look.save(look.fee.at(S.FREE, look.now, due=None))
        await look.tell(EventType.FEE_WITHDRAWN, {"because": FeeBack.FREE.value, "amount_minor": 0})
        return False
    fee = replace(look.fee, parts=parts)
    if EffectKind.DRAFT_FEE not in look.far.platforms.records.get(look.connection.platform, {}):
        return await stuck(look, fee, "not_possible_here")
    lines = lines_of(parts, taxes_included=found.order.taxes_included)
    effect_id = await look.plan(EffectKind.DRAFT_FEE, DraftFee(found.order.ref, lines, found.order.currency))
    after = replace(fee, effect_id=effect_id)
    await look.save(after.at(S.DRAFTING, look.now, due=look.now + look.far.awaited))
    return False


async def stuck(look: Look, fee: FeeInvoice, problem: str) -> bool:
    """Leave the fee to a person with what is in its way; one that is asked back is taken back nonetheless."""
    await look.save(fee.at(S.STUCK, look.now, due=look.now if fee.back else None, problem=problem[:200]))
    await look.tell(EventType.FEE_STUCK, {"problem": problem[:200], "amount_minor": total(fee.parts).presentment})
    return fee.back is not None


async def _after_effect(look: Look) -> bool:
    """Go on from the outcome of the awaited effect; wait while it has none."""
    assert look.fee.effect_id is not None, "an effect is awaited"
    effect = await effects.get(look.db, look.fee.effect_id)
    assert effect is not None, "effects are kept"
    if effect.state not in _ENDS:
        await look.save(replace(look.fee, due_at=look.now + look.far.awaited))
        return False
    ok = effect.state is EffectState.CONFIRMED
    match look.fee.state:
        case S.DRAFTING if ok:
            return await _drafted(look, effect)
        case S.INVOICING if ok:
            return await _invoiced(look, effect)
        case S.DROPPING:
            return await _dropped(look, effect, ok=ok)
        case S.REFUNDING:
            await given_back_done(look, effect, ok=ok)
            return False
        case _:
            return await stuck(look, replace(look.fee, effect_id=None), _problem(effect))


def _problem(effect: EffectRow) -> str:
    return "access_denied" if effect.far_code == "ACCESS_DENIED" else f"refused_there: {effect.message or ''}"


async def _drafted(look: Look, effect: EffectRow) -> bool:
    """Compare the platform's total with ours, then have the invoice sent."""
    fee = replace(look.fee, draft_ref=str(effect.far_id), pay_url=_text(effect.result.get("pay_url")), effect_id=None)
    minor = effect.result.get("total_minor")
    if fee.back is not None:
        return await stuck(look, fee, "given_up")
    if not isinstance(minor, int) or not is_agreed(fee.parts, minor):
        return await stuck(look, fee, "total_differs" if isinstance(minor, int) else "total_unknown")
    after = replace(fee, effect_id=await look.plan(EffectKind.INVOICE_EXCHANGE, OnDraft(str(effect.far_id))))
    await look.save(after.at(S.INVOICING, look.now, due=look.now + look.far.awaited))
    return False


async def _invoiced(look: Look, effect: EffectRow) -> bool:
    """Wait for the shopper; the end is written down when it begins to run."""
    fee = replace(look.fee, effect_id=None, pay_url=_text(effect.result.get("pay_url")) or look.fee.pay_url)
    order_ref = _text(effect.result.get("order_ref"))
    until = None
    if order_ref is None:
        days = look.record.rma.patience.unpaid_days
        until = None if days is None else look.now + timedelta(days=days)
    due = look.now if order_ref or fee.back else look.now + look.far.poll
    await look.save(replace(fee, order_ref=order_ref, expires_at=until).at(S.UNPAID, look.now, due=due))
    facts = {"amount_minor": total(fee.parts).presentment, "pay_by": until, "pay_url": fee.pay_url}
    await look.tell(EventType.FEE_UNPAID, facts)
    return due == look.now


# --- while it is unpaid -------------------------------------------------------------------------------------------------


async def _unpaid(look: Look, seen: Seen) -> bool:
    """Remind, or let it lapse once its time is over; goods that are on their way already let nothing lapse."""
    fee, now, ends = look.fee, look.now, look.fee.expires_at
    if seen.draft is None:  # somebody deleted it there
        return await stuck(look, replace(fee, draft_ref=None, pay_url=None), "draft_gone")
    if ends is not None and ends <= now:
        if unsent(look.record.rma):
            await look.save(replace(fee, back=FeeBack.LAPSED, due_at=now))
            return True
        await look.save(replace(fee, expires_at=None, due_at=now + look.far.poll))
        return False
    moments = reminders(ends, look.record.rma.patience.remind_days, since=fee.reminded_at or fee.since)
    missed = [at for at in moments if at <= now]
    ahead = [at for at in moments if at > now]
    after = replace(fee, reminded_at=now if missed else fee.reminded_at)
    await look.save(replace(after, due_at=next_look(ends, ahead, poll_at=now + look.far.poll)))
    if missed:
        await look.tell(EventType.RETURN_REMINDED, {"because": "fee_unpaid", "until": ends, "pay_url": fee.pay_url})
    return False


async def _ordered(look: Look, *, order_id: UUID, order_ref: str) -> bool:
    """Take the fee as paid once its money is there; until then the order is waited for, or cancelled if it is asked back."""
    order = await orders.load(look.db, order_id)
    assert order is not None, "it was just kept"
    fee, now = replace(look.fee, order_ref=order_ref), look.now
    if captured(order.order) >= min(total(fee.parts).presentment, order.order.total.presentment):
        await paid(look, order_id=order_id, order_ref=order_ref)
        return False
    if fee.back is not None:
        return await _dropping(look, fee, await look.plan(EffectKind.CANCEL_EXCHANGE, OnOrder(order_ref)))
    if fee.expires_at is not None and fee.expires_at <= now:
        return await stuck(look, replace(fee, expires_at=None), "payment_pending")
    await look.save(replace(fee, due_at=now + look.far.poll))
    return False


# --- withdrawing it -----------------------------------------------------------------------------------------------------


async def _withdraw(look: Look) -> bool:
    """Delete the draft, and with it the invoice; without one the fee goes where it was asked to at once."""
    fee = look.fee
    if fee.draft_ref is None:
        await _gone(look)
        return False
    return await _dropping(look, fee, await look.plan(EffectKind.DROP_EXCHANGE, OnDraft(fee.draft_ref)))


async def _dropping(look: Look, fee: FeeInvoice, effect_id: UUID) -> bool:
    after = replace(fee, effect_id=effect_id)
    await look.save(after.at(S.DROPPING, look.now, due=look.now + look.far.awaited))
    return False


async def _dropped(look: Look, effect: EffectRow, *, ok: bool) -> bool:
    """Go on without the invoice; one that was paid in the same moment was paid."""
    fee = replace(look.fee, effect_id=None)
    order_ref = _text(effect.result.get("order_ref"))
    if order_ref is not None and effect.kind is EffectKind.DROP_EXCHANGE:
        await look.save(replace(fee, order_ref=order_ref).at(S.UNPAID, look.now, due=look.now))
        return True
    if not ok and effect.far_code != "draft_gone":
        await discrepancy.open_(
            look.db, "fee_invoice_stands", resource_kind="return", resource_id=fee.rma_id,
            store_id=look.record.store_id, owner=discrepancy.Owner.AGENT, at=look.now,
            next_step="delete the draft of the fee on the platform, or cancel its order",
            details={"draft_ref": fee.draft_ref, "order_ref": fee.order_ref, "message": effect.message},
        )  # fmt: skip
        if fee.back is FeeBack.AGAIN:  # no second invoice beside one that can be paid
            return await stuck(look, replace(fee, back=None), _problem(effect))
    await _gone(replace(look, fee=fee))
    return False


async def _gone(look: Look) -> None:
    back = look.fee.back
    assert back is not None, "it was asked back"
    fee = replace(look.fee, pay_url=None, back=None, expires_at=None)
    await look.save(fee.at(_GONE[back], look.now, due=None))
    amount = total(fee.parts).presentment
    await look.tell(EventType.FEE_WITHDRAWN, {"because": back.value, "amount_minor": amount})


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
