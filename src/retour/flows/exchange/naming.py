"""Exchanges: what a swap would cost or pay back under the store's policy; and what goods were exchanged for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from retour.core import refund
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.exchange import Exchange, Wanted, Worth, exchange, fees_of, given_of, sold_as, together
from retour.core.money import Sides
from retour.core.order import Order
from retour.core.policy import Asked, CompiledPolicy, LineDecision, Request, decide, gather, time_zone
from retour.core.policy.outcome import ExchangeItems, ExchangeTerms, ResolutionKind
from retour.core.rma import SettlementState, lowest, minus
from retour.core.rma.exchange import AT_REST, ExchangeState
from retour.core.settling import Returning, divide, terms_for
from retour.core.terms import offer_of
from retour.store import exchange as exchanges
from retour.store import exchange_order as exchange_orders
from retour.store import order as orders
from retour.store import refund as refunds
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.exchange_order import ExchangeOrder
from retour.store.order import OrderRecord
from retour.store.policy import PolicyCache
from retour.store.refund import Position, SettlementRow, outside
from retour.store.rma import ReturnRecord

_EXCHANGE: Final = ResolutionKind.EXCHANGE.value
_ANY: Final = ExchangeItems.ANY_PRODUCT  # what was really handed out is a fact, whatever the terms allow
_MAY: Final = (SettlementState.HANDED_OVER, SettlementState.DUE, SettlementState.SETTLED)


@dataclass(frozen=True, slots=True)
class HandedIn:
    """Some units of one order line that are to be swapped, with the code of the reason."""

    line_ref: str
    quantity: int
    reason: str


@dataclass(frozen=True, slots=True)
class Quoted:
    """A swap in figures, in minor units of the order's currency."""

    currency: str
    done: Exchange


async def quote_exchange(
    db: Db,
    *,
    store_id: UUID,
    order_id: UUID,
    handed_in: Sequence[HandedIn],
    wanted: Sequence[Wanted],
    collect_at_most: int | None,
    channel: str,
    now: datetime,
    policies: PolicyCache,
) -> Quoted:
    """Return what a swap would move if all units arrive sound, and what the new articles would carry.

    Raises Refused: `nothing_given`, `order_not_found`, `policy_not_published`, the first objection of the policy with
    all of them, `exchange_not_offered`, `more_than_returnable`, `wrong_sign`, `out_of_stock`.
    """
    if not handed_in:
        raise Refused("nothing_given", "name at least one line", field="lines")
    ground = await returns.ground(db, order_id)
    if ground is None or ground.order.store_id != store_id:
        raise Refused("order_not_found", "there is no such order", field="order_id")
    version = ground.store.policy_version_id
    if version is None:
        raise Refused("policy_not_published", "the store has no published policy")
    order, at = ground.order.order, await refunds.position(db, order_id)
    asked = tuple(Asked(one.line_ref, one.quantity, one.reason, _EXCHANGE) for one in handed_in)
    zone = time_zone(ground.store.timezone)
    request = Request(asked, "return", channel)
    facts = gather(order, person=at.person, request=request, history=at.history, now=now, zone=zone)
    compiled = await policies.get(db, version)
    decided = decide(compiled, facts)
    if decided.objections:
        first = decided.objections[0]
        raise Refused(first.code, first.message, field=first.field, objections=decided.objections)
    terms = _terms(decided.lines)
    plans = _worth(order, at, handed_in, decided.lines, compiled)
    rows = [row for plan in plans for row in (*plan.rows, *plan.adjustments)]
    given, fees = given_of(order, rows), fees_of(rows)
    bonus = Sides(sum(plan.bonus for plan in plans), 0)
    done = exchange(given, wanted, terms, bonus=bonus, fees=fees, collect_at_most=collect_at_most)
    return Quoted(order.currency, done)


def _terms(lines: Sequence[LineDecision]) -> ExchangeTerms:
    """Return the terms that every line is exchanged under."""
    found = {_offered(line, f"lines[{at}]") for at, line in enumerate(lines)}
    if len(found) > 1:
        raise Refused("exchange_not_offered", "these articles are exchanged under different terms", field="lines")
    return found.pop()


def _offered(line: LineDecision, field: str) -> ExchangeTerms:
    for offer in line.resolutions.outcome.offered:
        if offer.kind is ResolutionKind.EXCHANGE and offer.exchange is not None:
            return offer.exchange
    raise Refused("exchange_not_offered", "an exchange is not offered for this article", field=field)


def _worth(
    order: Order,
    at: Position,
    handed_in: Sequence[HandedIn],
    lines: Sequence[LineDecision],
    compiled: CompiledPolicy,
) -> list[refund.Plan]:
    """Return what the lowest free units are worth, each line under its own terms."""
    returning = []
    for index, (one, line) in enumerate(zip(handed_in, lines, strict=True)):
        counter = at.counter(one.line_ref)
        fulfilled = counter.fulfilled - counter.refunded_without_return if counter else 0
        free = minus(((1, fulfilled),), at.claimed(one.line_ref)) if fulfilled > 0 else ()
        spans = lowest(free, one.quantity)
        if sum(hi - lo + 1 for lo, hi in spans) < one.quantity:
            raise Refused("more_than_returnable", "fewer units can come back", field=f"lines[{index}].quantity")
        terms = terms_for(line, compiled, resolution=_EXCHANGE, ref=None, method=None)
        ranges = tuple(refund.UnitRange(lo, hi) for lo, hi in spans)
        returning.append(Returning(one.line_ref, ranges, _EXCHANGE, terms))
    return [part.plan for part in divide(order, returning, partial(refunds.ledger_after, order, at))]


# --- what it was exchanged for ---


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line of the order that has the new articles; all of its units."""

    line_ref: str
    quantity: int


async def name_exchange(
    db: Db,
    *,
    settlement_id: UUID,
    order_id: UUID,
    lines: Sequence[NewLine],
    collected_minor: int | None,
    actor: str,
    now: datetime,
    policies: PolicyCache,
) -> Quoted:
    """Keep which lines of an order replace the goods of a settlement, and the value they carry; return the figures.

    `collected_minor` is what the shopper really paid on top, in presentment minor units; else what the terms ask for.
    Named twice alike it is named once. Raises Refused: `settlement_not_found`, `move_not_allowed` for a settlement that
    is no exchange or was not handed over, `already_reported` for another answer than before, `order_not_found`,
    `currency_mismatch`, `return_line_not_found`, `out_of_range` for other than all units of a line,
    `already_carried` for a line that replaces other goods, `more_than_returnable` for one that is being returned,
    `wrong_sign`.
    """
    row, record, order = await _locked(db, settlement_id)
    new = await _new_order(db, order_id, record, row)
    known = await exchanges.of_settlement(db, row.id)
    if known is not None and (known[0], [c.ref for c in known[1].carried]) == (order_id, [x.line_ref for x in lines]):
        return Quoted(row.currency, known[1])
    if known is not None:
        raise Refused("already_reported", "the exchange is named already", facts={"order_id": str(known[0])})
    rows = (*row.plan.rows, *row.plan.adjustments)
    given = given_of((await _old(db, row)).order, rows)
    worth = together(given)
    wanted = [_bought(new.order, line, index, worth) for index, line in enumerate(lines)]
    await _check_free(db, new, lines)
    done = exchange(
        given, wanted, replace(await frozen_terms(db, record, row, policies), items=_ANY, out_of_stock=True),
        bonus=Sides(row.plan.bonus, row.plan.bonus_shop), fees=fees_of(rows), collect_at_most=collected_minor,
    )  # fmt: skip
    worths = {one.ref: one.worth for one in done.carried}
    await exchanges.put(db, settlement_id=row.id, order_id=order_id, done=done, carried=worths, actor=actor, at=now)
    if order is not None and order.state not in AT_REST:  # a person carries it on, who reports it
        by_hand = order.at(ExchangeState.BY_HAND, now, due=None)
        await exchange_orders.save(db, by_hand, was=order.state)
        await exchange_orders.report_due(db, row.id, at=now + outside.REMIND_AFTER)
    facts = {
        "settlement_id": row.id, "order_id": order_id, "lines": [line.line_ref for line in lines],
        "carried_minor": sum(one.worth.gross.presentment for one in done.carried),
        "collected_minor": done.collect.presentment, "paid_back_minor": done.pay_back.presentment,
        "currency": row.currency,
    }  # fmt: skip
    await returns.changed(db, record, EventType.SETTLEMENT_EXCHANGED, actor=actor, at=now, data=facts)
    return Quoted(row.currency, done)


async def _locked(db: Db, settlement_id: UUID) -> tuple[SettlementRow, ReturnRecord, ExchangeOrder | None]:
    row = await refunds.get(db, settlement_id)
    record = None if row is None else await returns.lock(db, row.rma_id)
    row = await refunds.get(db, settlement_id)
    if record is None or row is None:
        raise Refused("settlement_not_found", "there is no such settlement")
    if row.resolution != ResolutionKind.EXCHANGE or row.handed_to != "merchant" or row.state not in _MAY:
        facts = {"state": row.state.value, "resolution": row.resolution}
        raise Refused("move_not_allowed", "only an exchange that was handed over has new articles", facts=facts)
    order = await exchange_orders.get(db, settlement_id)
    may = order is None or order.state in AT_REST or order.problem == "lines_differ"
    if order is not None and (order.back is not None or not may):
        raise Refused("exchange_under_way", "the new order is being made", facts={"state": order.state.value})
    return row, record, order


async def _new_order(db: Db, order_id: UUID, record: ReturnRecord, row: SettlementRow) -> OrderRecord:
    found = await orders.lock(db, order_id)
    if found is None or found.store_id != record.store_id:
        raise Refused("order_not_found", "there is no such order", field="order_id")
    if (found.order.currency, found.order.shop_currency) != (row.plan.currency, row.plan.shop_currency):
        raise Refused("currency_mismatch", "the orders are in different currencies", field="order_id")
    return found


async def _old(db: Db, row: SettlementRow) -> OrderRecord:
    found = await orders.load(db, row.order_id)
    assert found is not None, "an order is never deleted"
    return found


def _bought(order: Order, line: NewLine, index: int, given: Worth) -> Wanted:
    found = order.line(line.line_ref)
    if found is None:
        raise Refused("return_line_not_found", "the order has no such line", field=f"lines[{index}].line_ref")
    if found.quantity != line.quantity:
        raise Refused(
            "out_of_range", "all units of a line were exchanged for, or none", field=f"lines[{index}].quantity",
            facts={"quantity": found.quantity},
        )  # fmt: skip
    return Wanted(found.ref, found.quantity, sold_as(found, given), found.product.ref)


async def _check_free(db: Db, new: OrderRecord, lines: Sequence[NewLine]) -> None:
    """Refuse lines whose value something already stands on."""
    at, carried = await refunds.position(db, new.id), await exchanges.carried(db, new.id)
    for index, line in enumerate(lines):
        field = f"lines[{index}].line_ref"
        if line.line_ref in carried:
            raise Refused("already_carried", "the line replaces other goods already", field=field)
        if at.claimed(line.line_ref):
            raise Refused("more_than_returnable", "units of the line are being returned", field=field)


async def frozen_terms(db: Db, record: ReturnRecord, row: SettlementRow, policies: PolicyCache) -> ExchangeTerms:
    """Return the terms of an exchange that were frozen with its return."""
    rulings = await returns.rulings(db, record.rma.id, await policies.get(db, record.policy_version_id))
    ruling = next(r for ref, r in rulings.items() if any(x.ref == ref for x in row.plan.rows))
    offer = offer_of(ruling, row.resolution, row.resolution_ref)
    return offer.exchange if offer and offer.exchange else ExchangeTerms()
