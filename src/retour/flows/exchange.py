"""Exchanges: what a swap would cost or pay back under the store's published policy; nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from retour.core import refund
from retour.core.errors import Refused
from retour.core.exchange import Exchange, Given, Wanted, Worth, exchange
from retour.core.money import NOTHING, Sides
from retour.core.order import Order, Tax
from retour.core.policy import Asked, CompiledPolicy, LineDecision, Request, decide, gather, time_zone
from retour.core.policy.outcome import ExchangeTerms, ResolutionKind
from retour.core.refund import RowKind
from retour.core.refund.units import worth
from retour.core.rma import lowest, minus
from retour.core.settling import Returning, divide, terms_for
from retour.store import refund as refunds
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.policy import PolicyCache
from retour.store.refund import Position

_VALUE: Final = (RowKind.UNITS, RowKind.DAMAGE)
_FEES: Final = (RowKind.RESTOCKING_FEE, RowKind.LABEL_FEE, RowKind.RETURN_FEE)
_EXCHANGE: Final = ResolutionKind.EXCHANGE.value


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
    fees = NOTHING
    for row in rows:
        fees += -row.payable if row.kind in _FEES else NOTHING
    given = [_given(order, one, rows) for one in handed_in]
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


def _given(order: Order, one: HandedIn, rows: Sequence[refund.Row]) -> Given:
    line = order.line(one.line_ref)
    assert line is not None, "the quote refuses lines that are not the order's"
    gross, listed, taxes = NOTHING, NOTHING, dict[str, Sides]()
    for row in rows:
        if row.ref == one.line_ref and row.kind in _VALUE:
            gross += row.payable
            for tax in row.taxes:
                taxes[tax.bucket] = taxes.get(tax.bucket, NOTHING) + tax.amount
            if row.kind is RowKind.UNITS:
                listed += _listed(line.list_value, row, line.quantity)
    settled = Worth(gross, tuple(Tax(bucket, amount) for bucket, amount in taxes.items()))
    return Given(one.line_ref, one.quantity, settled, listed, line.product.ref)


def _listed(list_value: Sides, row: refund.Row, quantity: int) -> Sides:
    """Return the catalogue price of the units of a row: of each unit its own share, as with what was paid."""
    mine = worth(list_value.presentment, row.ordinals, quantity)
    return Sides(mine, worth(list_value.shop, row.ordinals, quantity))
