"""The new order of an exchange: which articles it has, what they cost, where it stands and how it ends."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from retour.core.errors import Refused
from retour.core.exchange import Carried, Exchange, Wanted, Worth
from retour.core.money import NOTHING, Sides, half_up
from retour.core.order import Order, Tax
from retour.core.policy.outcome import DownCharge
from retour.core.ports import Article
from retour.core.refund.plan import Plan, RowKind
from retour.core.rma.exchange import ExchangeState
from retour.core.rma.moves import FREEING
from retour.core.rma.state import ReturnLine, Span, common, count

ARTICLE_MOST: Final = 200  # characters of a ref or SKU


class Back(StrEnum):
    """Why a new order is given up: its goods are paid for otherwise, or nobody hands anything in any more."""

    REFUND = "refund_original"
    CREDIT = "store_credit"
    REVERSE = "reverse"
    BY_HAND = "by_hand"


class Do(StrEnum):
    """What a person decides about a new order."""

    AGAIN = "again"  # the cause is gone, or the platform's total is taken
    REFUND = "refund"
    CREDIT = "credit"
    BY_HAND = "by_hand"


_OTHERWISE: Final = (Do.REFUND, Do.CREDIT)


def choices(state: ExchangeState, back: Back | None) -> tuple[Do, ...]:
    """Return what a person may decide about a new order; nothing while it is under way.

    One that is stuck on its way back may be decided about anew; where nobody hands anything in, nothing is paid for it.
    """
    match state:
        case ExchangeState.STUCK if back is Back.REVERSE:
            return (Do.AGAIN, Do.BY_HAND)
        case ExchangeState.STUCK:
            return (Do.AGAIN, *_OTHERWISE, Do.BY_HAND)
        case ExchangeState.PREPARING | ExchangeState.UNPAID if back is None:
            return (*_OTHERWISE, Do.BY_HAND)
        case ExchangeState.BY_HAND | ExchangeState.MADE if back is None:
            return _OTHERWISE
    return ()


def is_handed_in(lines: Iterable[ReturnLine], plan: Plan) -> bool:
    """Return whether a return still has all units that a plan pays for; of lines that were turned down it has none."""
    held = [line for line in lines if line.decision not in FREEING]
    return all(
        sum(count(common(line.claimed, spans)) for line in held if line.line_ref == ref) == count(spans)
        for ref, spans in handed_in(plan).items()
    )


@dataclass(frozen=True, slots=True)
class Chosen:
    """Units of an article that somebody named by its ref or SKU; `ref` and `title` once it was found."""

    article: str
    quantity: int
    ref: str | None = None
    title: str | None = None


def chosen_for(
    lines: Iterable[ReturnLine], handed_in: Mapping[str, Sequence[Span]], named: Mapping[uuid.UUID, str]
) -> tuple[Chosen, ...]:
    """Return the articles that replace units (by line ref), one for one; nothing unless every unit has one."""
    units: dict[str, int] = {}
    covered = 0
    for line in lines:
        article, mine = named.get(line.id), count(common(line.claimed, handed_in.get(line.line_ref, ())))
        if article is not None and mine:
            units[article] = units.get(article, 0) + mine
            covered += mine
    whole = sum(count(spans) for spans in handed_in.values())
    return tuple(Chosen(article, n) for article, n in units.items()) if covered == whole else ()


def handed_in(plan: Plan) -> dict[str, list[Span]]:
    """Return the units that a plan pays for, by line ref."""
    found: dict[str, list[Span]] = {}
    for row in plan.rows:
        if row.kind is RowKind.UNITS and row.ref is not None:
            found.setdefault(row.ref, []).extend(row.ordinals)
    return found


def priced(
    chosen: Sequence[Chosen], articles: Mapping[str, Article], order: Order, given: Worth
) -> tuple[tuple[Chosen, ...], tuple[Wanted, ...]]:
    """Return what was chosen with what each article costs; two names of one article are one.

    `articles` are by the name they were asked for. Raises Refused: `article_unknown`, `currency_mismatch`.
    """
    found: dict[str, Chosen] = {}
    for one in chosen:
        article = articles.get(one.article)
        if article is None:
            raise Refused("article_unknown", "the shop has no such article, or several", facts={"article": one.article})
        if article.currency != order.currency:
            facts = {"article": one.article, "currency": article.currency}
            raise Refused("currency_mismatch", "the article is sold in another currency here", facts=facts)
        known = found.get(article.ref)
        quantity = one.quantity + (known.quantity if known else 0)
        found[article.ref] = Chosen(one.article, quantity, article.ref, article.title)
    by_ref = {article.ref: article for article in articles.values()}
    wanted = tuple(
        Wanted(ref, one.quantity, _worth(by_ref[ref], one.quantity, order, given), by_ref[ref].product_ref,
               by_ref[ref].available)
        for ref, one in found.items()
    )  # fmt: skip
    return tuple(found.values()), wanted


def _worth(article: Article, quantity: int, order: Order, given: Worth) -> Worth:
    """Return what units of an article cost with tax, its tax at the ratio of what is handed in.

    The platform computes its own tax once the order is drafted; its total is compared with this.
    """
    shown = article.price_minor * quantity
    inside = sum((tax.amount for tax in given.taxes), NOTHING)
    base = given.gross if order.taxes_included else given.gross - inside
    taxes = tuple(
        (tax.bucket, half_up(tax.amount.presentment * shown, base.presentment) if base.presentment else 0)
        for tax in given.taxes
    )
    gross = shown if order.taxes_included else shown + sum(amount for _, amount in taxes)
    return Worth(_both(gross, order), tuple(Tax(bucket, _both(amount, order)) for bucket, amount in taxes))


def _both(minor: int, order: Order) -> Sides:
    """Return an amount on both sides, in the books at the ratio of the order it is exchanged from."""
    total = order.total
    if order.currency == order.shop_currency or not total.presentment:
        return Sides(minor, minor)
    return Sides(minor, half_up(minor * total.shop, total.presentment))


def discount(done: Exchange, wanted: Sequence[Wanted], *, taxes_included: bool) -> int | None:
    """Return what a new order is reduced by, as platforms take it; nothing where it costs nothing.

    Where tax comes on top of prices a discount lowers what is taxed: it is given without its tax. Raises
    Refused(nothing_to_discount) if more is to be collected than the articles cost.
    """
    if not done.collect:
        return None
    off, price = done.price.presentment - done.collect.presentment, done.price.presentment
    if off < 0:
        raise Refused("nothing_to_discount", "the fees are more than the articles cost")
    if taxes_included:
        return off
    tax = sum(t.amount.presentment for one in wanted for t in one.worth.taxes)
    return half_up(off * (price - tax), price)


def as_collected(done: Exchange, total: Sides, *, lines: int, accepted: bool = False) -> Exchange | None:
    """Return the exchange with what the platform really collects; nothing if that is another sum than ours.

    One minor unit for each line and one for the whole is rounding, as elsewhere (docs/money.md); a sum that a person
    `accepted` is taken whatever it is.
    """
    more = total - done.collect
    differs = abs(more.presentment) > lines + 1 or (done.collect.presentment == 0) != (total.presentment == 0)
    if differs and not accepted:
        return None
    return replace(done, collect=total, collected=done.collected + more, carried=_carrying(done.carried, more))


def _carrying(carried: Iterable[Carried], more: Sides) -> tuple[Carried, ...]:
    """Return articles that carry so much more or less together, none of them less than nothing; taxes follow."""
    found = []
    for one in carried:
        old = one.worth.gross
        mine = Sides(max(more.presentment, -old.presentment), max(more.shop, -old.shop))
        found.append(Carried(one.ref, _scaled(one.worth, old + mine)))
        more -= mine
    return tuple(found)


def _scaled(worth: Worth, gross: Sides) -> Worth:
    def scale(amount: int, new: int, old: int) -> int:
        return half_up(amount * new, old) if old else amount

    old = worth.gross
    taxes = (
        Tax(t.bucket, Sides(scale(t.amount.presentment, gross.presentment, old.presentment),
                            scale(t.amount.shop, gross.shop, old.shop)))
        for t in worth.taxes
    )  # fmt: skip
    return replace(worth, gross=gross, taxes=tuple(taxes))


def captured(order: Order) -> int:
    """Return what was taken for an order so far, in presentment minor units."""
    return sum(capture.captured for capture in order.captures)


def replaced_by(order: Order, carried: Sequence[Carried], quantities: Mapping[str, int]) -> dict[str, Worth] | None:
    """Return what each line of a new order carries, by line ref; nothing unless its lines are the articles it was for.

    `carried` names articles, `quantities` how many units of each.
    """
    lines = {line.variant_ref: line for line in order.lines if line.part_of is None}
    if len(lines) != len(order.lines) or set(lines) != {one.ref for one in carried}:
        return None
    if any(line.quantity != quantities[str(ref)] for ref, line in lines.items()):
        return None
    return {lines[one.ref].ref: one.worth for one in carried}


def is_sent(order: Order) -> bool:
    """Return whether anything of an order has left."""
    return any(order.sent().values())


def instead(down: DownCharge) -> Back:
    """Return how goods are paid for whose exchange came to nothing: as the policy pays a difference back."""
    return Back.CREDIT if down is DownCharge.CREDIT else Back.REFUND


def next_look(expires_at: datetime | None, reminders: Iterable[datetime], *, poll_at: datetime) -> datetime:
    """Return when an unpaid order is looked at next: at its end or a reminder, or to see whether it was paid."""
    moments = [poll_at, *reminders]
    return min(moments if expires_at is None else [*moments, expires_at])
