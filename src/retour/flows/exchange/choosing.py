"""The shopper picks another article for a return that was asked for already, until it is ordered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from retour.core.article import check, may_change
from retour.core.errors import Refused
from retour.core.order import Order
from retour.core.policy.outcome import ExchangeTerms, ResolutionKind
from retour.core.ports import Article
from retour.core.rma import ReturnLine
from retour.core.rma.moves import OPEN
from retour.core.terms import offer_of
from retour.flows.exchange.acts import want
from retour.store import article as articles
from retour.store import exchange_order as rows
from retour.store import order as orders
from retour.store import refund as refunds
from retour.store import rma as returns
from retour.store.article import Shown
from retour.store.db import Db
from retour.store.order import OrderRecord
from retour.store.policy import PolicyCache
from retour.store.rma import ReturnRecord


@dataclass(frozen=True, slots=True)
class Changeable:
    """The lines of a return whose new article may still be chosen, with the terms frozen for each by its line ref."""

    record: ReturnRecord
    order: OrderRecord
    lines: tuple[ReturnLine, ...]
    terms: Mapping[str, ExchangeTerms]


async def changeable(db: Db, *, rma_id: UUID, policies: PolicyCache) -> Changeable:
    """Return what may still be chosen for a return: no lines once an order is made; raise Refused(return_not_found)."""
    record = await returns.load(db, rma_id)
    if record is None:
        raise Refused("return_not_found", "there is no such return")
    return await _of(db, record, policies)


async def _of(db: Db, record: ReturnRecord, policies: PolicyCache) -> Changeable:
    order = await orders.load(db, record.order_id)
    assert order is not None, "an order is never deleted"
    lines = [x for x in record.rma.lines if x.resolution == ResolutionKind.EXCHANGE and x.decision in OPEN]
    if not lines or not await _is_open(db, record):
        return Changeable(record, order, (), {})
    rulings = await returns.rulings(db, record.rma.id, await policies.get(db, record.policy_version_id))
    terms = {}
    for line in lines:
        ruling = rulings.get(line.line_ref)
        offer = offer_of(ruling, line.resolution, line.resolution_ref) if ruling else None
        terms[line.line_ref] = offer.exchange if offer and offer.exchange else ExchangeTerms()
    return Changeable(record, order, tuple(lines), terms)


async def _is_open(db: Db, record: ReturnRecord) -> bool:
    """Return whether nobody makes a new order yet: neither Retour nor, once it was handed over to them, the merchant."""
    if record.rma.card is not None and record.rma.card.is_open:  # what is held was priced for the article that is named
        return False
    begun = {one.settlement_id: one for one in await rows.list_of_rma(db, record.rma.id)}
    if not all(may_change(one.state, one.draft_ref, is_given_up=one.back is not None) for one in begun.values()):
        return False
    settled = await refunds.list_of_rma(db, record.rma.id)
    return all(one.id in begun or one.handed_to is None for one in settled if one.resolution == ResolutionKind.EXCHANGE)


async def choose(
    db: Db,
    *,
    rma_id: UUID,
    order_id: UUID,
    line_id: UUID,
    article: str,
    price_minor: int,
    actor: str,
    now: datetime,
    policies: PolicyCache,
) -> ReturnRecord:
    """Let the shopper of that order exchange a line for another article at the price they saw, for one unit.

    Raises Refused: `return_not_found` also for a return of another order, `exchange_under_way` once it is ordered,
    `return_line_not_found`, `article_unknown`, `exchange_not_offered`, `out_of_stock`, `currency_mismatch`,
    `price_changed`.
    """
    record = await returns.lock(db, rma_id)
    if record is None or record.order_id != order_id:
        raise Refused("return_not_found", "there is no such return")
    found = await _of(db, record, policies)
    if not found.lines:
        raise Refused("exchange_under_way", "the new article is ordered, or nothing is exchanged any more")
    line = next((one for one in found.lines if one.id == line_id), None)
    if line is None:
        raise Refused("return_line_not_found", "the return has no such line", field="line_id")
    known = await articles.known(
        db, connection_id=found.order.connection_id, country=found.order.order.country, refs=[article], now=now
    )
    chosen = _checked(known.get(article), found.order.order, line, found.terms[line.line_ref])
    if chosen.price_minor != price_minor:
        raise Refused("price_changed", "the article costs another price by now", field="article")
    shown = Shown(chosen.ref, chosen.title, chosen.price_minor, chosen.currency)
    after = await want(db, rma_id=rma_id, line_id=line_id, article=chosen.ref, actor=actor, now=now)
    await articles.choose(db, rma_id=rma_id, chosen={line_id: (chosen.ref, shown)}, actor=actor, at=now)
    return after


def _checked(article: Article | None, order: Order, line: ReturnLine, terms: ExchangeTerms) -> Article:
    bought = order.line(line.line_ref)
    if bought is None:
        raise Refused("return_line_not_found", "the order has no such line any more", field="line_id")
    return check(article, bought, quantity=line.quantity, terms=terms, currency=order.currency, field="article")
