"""Making the new order of an exchange: priced, drafted, completed or invoiced, linked; step by step, each once.

The platform is read outside any transaction; each step is one short transaction under the return's lock that writes
what was decided together with the one effect that follows. A job that runs twice, or two at once, take a step once.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from retour.core.effect import DraftExchange, EffectKind, EffectState, NewArticle, OnDraft, OnOrder
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.exchange import Exchange, exchange, fees_of, given_of, together
from retour.core.exchange_order import Back, as_collected, captured, discount, instead, is_sent, next_look, priced
from retour.core.money import Sides
from retour.core.ports import Unreachable
from retour.core.rma.exchange import ExchangeState
from retour.flows.exchange.ending import give_up, settle
from retour.flows.exchange.far import Far, Look, Seen
from retour.flows.exchange.linking import link
from retour.flows.exchange.naming import frozen_terms
from retour.store import connection as connections
from retour.store import discrepancy
from retour.store import effect as effects
from retour.store import exchange_order as rows
from retour.store import order as orders
from retour.store import refund as refunds
from retour.store import rma as returns
from retour.store.connection import Connection
from retour.store.db import Db
from retour.store.effect import EffectRow
from retour.store.exchange_order import ExchangeOrder
from retour.store.refund import SettlementRow

S = ExchangeState
ROUNDS: Final = 6
RESERVED: Final = timedelta(days=2)  # how long stock is kept for a draft that nothing is to be paid for
RESERVED_UNPAID: Final = timedelta(days=30)  # and for one whose invoice never runs out
_AWAITING: Final = frozenset({S.DRAFTING, S.RELEASING, S.INVOICING, S.PAYING_REST, S.DROPPING})
_ENDS: Final = frozenset({EffectState.CONFIRMED, EffectState.FAILED, EffectState.CANCELLED})


async def carry_on(far: Far, *, tenant_id: UUID, settlement_id: UUID) -> None:
    """Take the new order of a settlement as far as it goes now; harmless for one that is not due or is done."""
    for _ in range(ROUNDS):
        if not await _round(far, tenant_id, settlement_id):
            break


async def _round(far: Far, tenant_id: UUID, settlement_id: UUID) -> bool:
    """Look once, and return whether the next look may follow at once."""
    async with far.database.tx(tenant_id) as db:
        found = await rows.get(db, settlement_id)
        connection = None if found is None else await connections.get(db, found.connection_id)
        if found is None or connection is None or found.due_at is None or found.due_at > far.clock():
            return False
        record = await returns.load(db, found.rma_id)
        assert record is not None, "a new order has its return"
        old = await orders.load(db, record.order_id)
        assert old is not None, "an order is never deleted"
    try:
        seen = await _see(far, tenant_id, found, connection, old.order.country)
    except Unreachable as gone:
        wait = max(timedelta(seconds=gone.retry_after_s), far.pause)
        return await far.database.run(tenant_id, lambda db: _later(db, found, far.clock() + wait))
    return await far.database.run(tenant_id, lambda db: _step(far, db, tenant_id, found, connection, seen))


async def _later(db: Db, found: ExchangeOrder, due: datetime) -> bool:
    await rows.postpone(db, found, due=due)
    return False


async def _see(far: Far, tenant_id: UUID, found: ExchangeOrder, connection: Connection, country: str | None) -> Seen:
    """Read what the next step needs; raise Unreachable."""
    capable = EffectKind.DRAFT_EXCHANGE in far.platforms.records.get(connection.platform, {})
    is_taken_back = found.back is not None and found.order_ref is not None and found.state not in _AWAITING
    is_ordered = found.state is S.LINKING or (found.state is S.UNPAID and found.order_ref is not None)
    wants_order = is_ordered or is_taken_back
    if not capable or not (wants_order or found.state in (S.PREPARING, S.UNPAID)):
        return Seen()
    if connection.state != "connected":
        raise Unreachable("the connection is not connected", needs_reconnect=True)
    connector, at = far.connectors(connection.platform), far.open_credential(connection)
    if found.state is S.PREPARING:
        names = dict.fromkeys(one.article for one in found.articles)
        read = {name: await connector.find_article(at, name=name, country=country) for name in names}
        return Seen(articles={name: article for name, article in read.items() if article is not None})
    if not wants_order:
        return Seen(draft=await connector.see_draft(at, ref=found.draft_ref or ""))
    fetched = await connector.get_order(at, ref=found.order_ref or "")
    if fetched is None:
        raise Unreachable("the new order cannot be read yet", retry_after_s=30.0)
    kept = await far.database.run(tenant_id, lambda db: far.mirror(db, connection.id, fetched, far.clock()))
    return Seen(order_id=kept.record.id)


async def _step(far: Far, db: Db, tenant_id: UUID, found: ExchangeOrder, connection: Connection, seen: Seen) -> bool:
    """Take one step under the locks if the order still stands as it was read; return whether to look again at once."""
    record = await returns.lock(db, found.rma_id)
    assert record is not None, "a new order has its return"
    order = await rows.get(db, found.settlement_id)
    row = await refunds.get(db, found.settlement_id)
    assert order is not None, "it was just read"
    assert row is not None, "a new order has its settlement"
    if order != found:
        return True
    look = Look(db, far, tenant_id, record, connection, order, far.clock())
    refused = record.rma.card is not None and record.rma.card.is_refused and order.state is S.PREPARING
    if (record.rma.held or refused) and order.back is None:
        await look.save(replace(order, due_at=look.now + far.awaited))
        return False
    if EffectKind.DRAFT_EXCHANGE not in far.platforms.records.get(connection.platform, {}):
        await give_up(look, row, order.back or Back.BY_HAND)  # nothing can be made there
        return False
    if order.state in _AWAITING:
        return await _after_effect(look, row)
    if order.back is not None:
        return await _take_back(look, row, seen)
    if order.state is S.PREPARING:
        return await _prepare(look, row, seen)
    if order.state is S.UNPAID:
        return await _unpaid(look, row, seen)
    if order.state is S.LINKING:
        return await _link(look, row, seen)
    await look.save(replace(order, due_at=None))
    return False


# --- before there is an order -------------------------------------------------------------------------------------------


async def _prepare(look: Look, row: SettlementRow, seen: Seen) -> bool:
    """Price the articles as they cost now, and plan the draft; what the terms or the stock refuse waits for a person."""
    found = await orders.load(look.db, row.order_id)
    assert found is not None, "an order is never deleted"
    plan_rows = (*row.plan.rows, *row.plan.adjustments)
    given = given_of(found.order, plan_rows)
    try:
        chosen, wanted = priced(look.order.articles, seen.articles or {}, found.order, together(given))
        done = exchange(
            given, wanted, await frozen_terms(look.db, look.record, row, look.far.policies),
            bonus=Sides(row.plan.bonus, row.plan.bonus_shop), fees=fees_of(plan_rows),
        )  # fmt: skip
        off = discount(done, wanted, taxes_included=found.order.taxes_included)
    except Refused as no:
        return await stuck(look, no.code)
    days, _ = await rows.patience(look.db, row.rma_id)
    keep = RESERVED if off is None else timedelta(days=days) if days else RESERVED_UNPAID
    target = DraftExchange(
        found.order.ref, tuple(NewArticle(one.ref or "", one.quantity) for one in chosen), found.order.currency, off,
        (look.now + keep).replace(microsecond=0).isoformat(),
    )  # fmt: skip
    effect_id = await look.plan(EffectKind.DRAFT_EXCHANGE, target)
    after = replace(look.order, articles=chosen, figures=done, effect_id=effect_id)
    await look.save(after.at(S.DRAFTING, look.now, due=look.now + look.far.awaited))
    facts = {"articles": [one.title for one in chosen], **_figures(done, row.currency)}
    await _tell(look, EventType.EXCHANGE_BEGUN, facts)
    return False


async def stuck(look: Look, problem: str) -> bool:
    """Leave the order to a person with what is in its way; one that is asked back is taken back nonetheless."""
    return await _stuck_with(look, look.order, problem)


async def _after_effect(look: Look, row: SettlementRow) -> bool:
    """Go on from the outcome of the awaited effect; wait while it has none."""
    assert look.order.effect_id is not None, "an effect is awaited"
    effect = await effects.get(look.db, look.order.effect_id)
    assert effect is not None, "effects are kept"
    if effect.state not in _ENDS:
        await look.save(replace(look.order, due_at=look.now + look.far.awaited))
        return False
    ok = effect.state is EffectState.CONFIRMED
    match look.order.state:
        case S.DRAFTING if ok:
            return await _drafted(look, effect)
        case S.RELEASING if ok:
            return await _ordered(look, str(effect.result.get("order_ref")))
        case S.INVOICING if ok:
            return await _invoiced(look, effect)
        case S.DROPPING:
            return await _dropped(look, row, effect, ok=ok)
        case S.PAYING_REST:
            await settle(look, row, paid=ok)
            return False
        case _:
            return await stuck(look, _problem(effect))


def _problem(effect: EffectRow) -> str:
    return "access_denied" if effect.far_code == "ACCESS_DENIED" else f"refused_there: {effect.message or ''}"[:200]


async def _drafted(look: Look, effect: EffectRow) -> bool:
    """Compare the platform's total with ours; then it is released if nothing is to be paid, else invoiced."""
    order, done = look.order, look.order.figures
    assert done is not None, "what is drafted was priced"
    order = replace(order, draft_ref=str(effect.far_id), pay_url=_text(effect.result.get("pay_url")))
    minor, shop = effect.result.get("total_minor"), effect.result.get("total_shop_minor")
    if not isinstance(minor, int) or not isinstance(shop, int):
        return await _stuck_with(look, order, "total_unknown")
    lines = sum(one.quantity for one in order.articles)
    total, accepted = Sides(minor, shop), order.problem == ACCEPTED
    agreed = as_collected(done, total, lines=lines, accepted=accepted) if order.back is None else done
    if agreed is None:
        return await _stuck_with(look, order, "total_differs")
    if order.back is not None:
        await look.save(replace(order, effect_id=None).at(S.STUCK, look.now, due=look.now, problem="given_up"))
        return True
    kind, state = (EffectKind.INVOICE_EXCHANGE, S.INVOICING) if minor else (EffectKind.RELEASE_EXCHANGE, S.RELEASING)
    effect_id = await look.plan(kind, OnDraft(str(effect.far_id)))
    after = replace(order, figures=agreed, effect_id=effect_id)
    await look.save(after.at(state, look.now, due=look.now + look.far.awaited))
    return False


ACCEPTED: Final = "total_accepted"  # a person took the platform's figure


async def _stuck_with(look: Look, order: ExchangeOrder, problem: str, *, again: bool = True) -> bool:
    follows = again and order.back is not None
    await look.save(order.at(S.STUCK, look.now, due=look.now if follows else None, problem=problem))
    await _tell(look, EventType.EXCHANGE_STUCK, {"problem": problem})
    return follows


async def _invoiced(look: Look, effect: EffectRow) -> bool:
    """Wait for the shopper; the end is written down when it begins to run."""
    order, done = look.order, look.order.figures
    assert done is not None, "what is invoiced was priced"
    if effect.result.get("order_ref"):
        return await _ordered(look, str(effect.result["order_ref"]))
    days, _ = await rows.patience(look.db, order.rma_id)
    until = None if days is None else look.now + timedelta(days=days)
    after = replace(order, expires_at=until, effect_id=None, pay_url=_text(effect.result.get("pay_url")))
    follows = order.back is not None
    await look.save(after.at(S.UNPAID, look.now, due=look.now if follows else look.now + look.far.poll))
    await _tell(look, EventType.EXCHANGE_UNPAID, {**_figures(done, look.record.rma.currency), "pay_by": until})
    return follows


async def _unpaid(look: Look, row: SettlementRow, seen: Seen) -> bool:
    """Go on if it was paid; else remind, or give it up once its time is over."""
    order, now = look.order, look.now
    if order.order_ref is not None:
        return await _link(look, row, seen)
    if seen.draft is None:  # somebody deleted it there
        return await _stuck_with(look, replace(order, draft_ref=None), "draft_gone")
    if seen.draft.order_ref is not None:
        return await _ordered(look, seen.draft.order_ref)
    if order.expires_at is not None and order.expires_at <= now:
        terms = await frozen_terms(look.db, look.record, row, look.far.policies)
        back = instead(terms.down)
        await look.save(replace(order, back=back, due_at=now))
        return True
    _, days = await rows.patience(look.db, order.rma_id)
    ends = order.expires_at
    moments = [ends - timedelta(days=n) for n in days] if ends is not None else []
    ahead = [at for at in moments if at > max(now, order.reminded_at or order.since)]
    missed = [at for at in moments if (order.reminded_at or order.since) < at <= now]
    reminded = now if missed else order.reminded_at
    await look.save(replace(order, reminded_at=reminded, due_at=next_look(ends, ahead, poll_at=now + look.far.poll)))
    if missed:
        facts = {"because": "exchange_unpaid", "until": ends, "pay_url": order.pay_url}
        await _tell(look, EventType.RETURN_REMINDED, facts)
    return False


async def _ordered(look: Look, order_ref: str) -> bool:
    """The order is there: it is read, and its lines carry the value from then on.

    What was given up to be paid for otherwise was paid at the last moment: the order stands.
    """
    back = look.order.back if look.order.back is Back.REVERSE else None
    after = replace(look.order, order_ref=order_ref, effect_id=None, back=back)
    await look.save(after.at(S.LINKING, look.now, due=look.now, problem=after.problem))
    return True


async def _link(look: Look, row: SettlementRow, seen: Seen) -> bool:
    """Link the order once it has the lines and the total it was made for, and what is to be paid has come in."""
    assert seen.order_id is not None, "the new order was just read"
    new = await orders.load(look.db, seen.order_id)
    assert new is not None, "it was just kept"
    order, done = replace(look.order, order_id=seen.order_id), look.order.figures
    assert done is not None, "what was drafted was priced"
    lines = sum(one.quantity for one in order.articles)
    agreed = as_collected(done, new.order.total, lines=lines, accepted=order.problem == ACCEPTED)
    if agreed is None:
        return await _stuck_with(look, order, "total_differs")
    if captured(new.order) < agreed.collect.presentment:
        return await _not_paid(look, replace(order, figures=agreed))
    if not await link(replace(look, order=replace(order, figures=agreed)), row, seen.order_id):
        return await _stuck_with(look, order, "lines_differ")
    return False


async def _not_paid(look: Look, order: ExchangeOrder) -> bool:
    """Wait for the payment of an order that is there already; a person decides about one that is late."""
    now = look.now
    if order.expires_at is not None and order.expires_at <= now:
        return await _stuck_with(look, replace(order, expires_at=None), "payment_pending")
    if order.state is S.UNPAID:
        await look.save(replace(order, due_at=now + look.far.poll))
        return False
    days, _ = await rows.patience(look.db, order.rma_id)
    until = order.expires_at or (None if days is None else now + timedelta(days=days))
    after = replace(order, expires_at=until)
    await look.save(after.at(S.UNPAID, now, due=now + look.far.poll, problem=order.problem))
    await returns.refresh(look.db, order.rma_id, at=now)
    return False


# --- taking it back -----------------------------------------------------------------------------------------------------


async def _take_back(look: Look, row: SettlementRow, seen: Seen) -> bool:
    """Delete the draft or cancel the order if nothing was sent; say so where it cannot be reversed any more."""
    order, back = replace(look.order, order_id=seen.order_id or look.order.order_id), look.order.back
    assert back is not None, "it is asked back"
    if order.order_ref is None:
        if seen.draft is not None and seen.draft.order_ref is not None:  # it was paid meanwhile
            return await _ordered(look, seen.draft.order_ref)
        if order.draft_ref is None:
            await give_up(look, row, back)
            return False
        effect_id = await look.plan(EffectKind.DROP_EXCHANGE, OnDraft(order.draft_ref))
    else:
        new = None if order.order_id is None else await orders.load(look.db, order.order_id)
        if new is not None and is_sent(new.order):
            return await _cannot(
                replace(look, order=order), "exchange_sent", "ask the shopper for the new article, or for its value"
            )
        effect_id = await look.plan(EffectKind.CANCEL_EXCHANGE, OnOrder(order.order_ref))
    after = replace(order, effect_id=effect_id)
    await look.save(after.at(S.DROPPING, look.now, due=look.now + look.far.awaited, problem=order.problem))
    await returns.refresh(look.db, order.rma_id, at=look.now)
    return False


async def _dropped(look: Look, row: SettlementRow, effect: EffectRow, *, ok: bool) -> bool:
    order = look.order
    if ok:
        await give_up(replace(look, order=replace(order, draft_ref=None)), row, order.back or Back.REVERSE)
        return False
    if effect.kind is EffectKind.DROP_EXCHANGE and effect.result.get("order_ref"):
        return await _ordered(look, str(effect.result["order_ref"]))
    if order.order_ref is not None:
        return await _cannot(look, "exchange_not_cancelled", "cancel the new order on the platform, or settle it")
    await _stuck_with(look, order, _problem(effect), again=False)  # asked once more it would refuse once more
    return False


async def _cannot(look: Look, kind: str, next_step: str) -> bool:
    """Show that a new order is out and cannot be taken back by us."""
    order = look.order
    await look.save(replace(order, back=None, effect_id=None).at(S.MADE, look.now, due=None))
    details = {"rma_id": str(order.rma_id), "order_ref": order.order_ref}
    await discrepancy.open_(
        look.db, kind, resource_kind="settlement", resource_id=order.settlement_id, store_id=look.record.store_id,
        owner=discrepancy.Owner.AGENT, next_step=next_step, details=details, at=look.now,
    )  # fmt: skip
    await returns.refresh(look.db, order.rma_id, at=look.now)
    return False


def _figures(done: Exchange, currency: str) -> Mapping[str, object]:
    return {
        "collect_minor": done.collect.presentment, "pay_back_minor": done.pay_back.presentment, "currency": currency,
    }  # fmt: skip


async def _tell(look: Look, what: EventType, data: Mapping[str, object]) -> None:
    facts = {"settlement_id": look.order.settlement_id, **data}
    await returns.changed(look.db, look.record, what, actor="retour", at=look.now, data=facts)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
