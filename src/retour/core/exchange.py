"""Exchanges: what a swap costs or pays back, and the value that the new article carries from then on.

The rules are in docs/money.md: the new article is worth what was paid for it, never its price of the day, so that a
later return of it, or of what it is swapped for in turn, pays back exactly the money that came in.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from retour.core.errors import Refused
from retour.core.money import NOTHING, Sides, half_up, spread
from retour.core.order import Order, OrderLine, Tax
from retour.core.policy.outcome import DownCharge, ExchangeItems, ExchangePrice, ExchangeTerms, UpCharge
from retour.core.refund import units
from retour.core.refund.plan import ExplainedRow, Row, RowKind

_WHOLE: Final = 10_000  # basis points
_VALUE: Final = (RowKind.UNITS, RowKind.DAMAGE)
_FEES: Final = (RowKind.RESTOCKING_FEE, RowKind.LABEL_FEE, RowKind.RETURN_FEE)


@dataclass(frozen=True, slots=True)
class Worth:
    """A settled value: gross with every tax bucket inside it, on both sides."""

    gross: Sides
    taxes: tuple[Tax, ...] = ()


@dataclass(frozen=True, slots=True)
class Given:
    """The units of one order line that are handed in: what was settled for them, and their price in the catalogue.

    `worth` is the refund's value of these units after deductions; `listed` their price before any discount.
    """

    line_ref: str
    quantity: int
    worth: Worth
    listed: Sides
    product_ref: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A new article: `worth` is its price for all units, after discounts of its own, with tax; `available` its stock."""

    ref: str
    quantity: int
    worth: Worth
    product_ref: str | None = None
    available: int | None = None


@dataclass(frozen=True, slots=True)
class Carried:
    """What one new article counts as paid with, whatever it cost on the day."""

    ref: str
    worth: Worth


@dataclass(frozen=True, slots=True)
class Exchange:
    """A swap in figures; each amount on both sides, in minor units.

    `given` + `collected` - `refunded` - `credited` = the sum of `carried`. `collect` and `pay_back` are what really
    moves: fees are taken from what would go back (as money or credit), and only then collected. `bonus` was paid by
    the merchant, `waived` by nobody: neither is ever refunded.
    """

    given: Worth
    reference: Sides
    price: Sides
    even: bool
    collected: Sides
    bonus: Sides
    waived: Sides
    refunded: Sides
    credited: Sides
    kept: Sides
    fees: Sides
    collect: Sides
    pay_back: Sides
    carried: tuple[Carried, ...]


def exchange(
    given: Sequence[Given],
    wanted: Sequence[Wanted],
    terms: ExchangeTerms,
    *,
    bonus: Sides = NOTHING,
    fees: Sides = NOTHING,
    collect_at_most: int | None = None,
) -> Exchange:
    """Return the swap of some units for new articles; the difference is that of the totals.

    `bonus` and `fees` are not negative; `collect_at_most` is a person's decision to collect less than the difference,
    in presentment minor units. Raise Refused with `nothing_given`, `wrong_sign`, `exchange_not_offered` or
    `out_of_stock`.
    """
    _check(given, wanted, terms)
    if collect_at_most is not None and collect_at_most < 0:
        raise Refused("wrong_sign", "less than nothing cannot be collected", field="collect_at_most")
    worth, price = together(given), _sum(w.worth for w in wanted)
    reference = worth.gross if terms.price is ExchangePrice.PAID else _total(g.listed for g in given)
    even = _is_even(reference.presentment, price.gross.presentment, terms)
    difference = 0 if even else price.gross.presentment - reference.presentment
    used = min(max(0, bonus.presentment), max(0, difference))
    up = max(0, difference) - used
    collected = 0 if terms.up is UpCharge.WAIVE else up if collect_at_most is None else min(up, collect_at_most)
    # A discount is never turned into money: a difference in the shopper's favour stays within what was paid.
    back = min(max(0, -difference), max(0, worth.gross.presentment - price.gross.presentment))
    moved, returned = _of(price.gross, collected), _of(worth.gross, back)
    refunded = returned if terms.down is DownCharge.REFUND else NOTHING
    credited = returned if terms.down is DownCharge.CREDIT else NOTHING
    back_now = refunded + credited
    taken = Sides(min(fees.presentment, back_now.presentment), min(fees.shop, back_now.shop))
    return Exchange(
        given=worth,
        reference=reference,
        price=price.gross,
        even=even,
        collected=moved,
        bonus=_of(price.gross, used),
        waived=_of(price.gross, up - collected),
        refunded=refunded,
        credited=credited,
        kept=returned if terms.down is DownCharge.KEEP else NOTHING,
        fees=fees,
        collect=moved + fees - taken,
        pay_back=back_now - taken,
        carried=_carried(worth, wanted, price, moved, back_now),
    )


def carry(line: OrderLine, worth: Worth) -> OrderLine:
    """Return the line of a new article with the value it carries in place of the figures it was sold with."""
    return replace(line, gross=worth.gross, list_value=worth.gross, taxes=worth.taxes, discounts=())


def as_carried(order: Order, carried: Mapping[str, Worth]) -> Order:
    """Return the order with the lines that were exchanged for at the value they carry, by line ref.

    The order's total follows, so that what may be paid back of it is what was really paid. A ref that is no line of
    the order changes nothing.
    """
    lines = tuple(carry(line, carried[line.ref]) if line.ref in carried else line for line in order.lines)
    more = NOTHING
    for before, after in zip(order.lines, lines, strict=True):
        more += after.gross - before.gross
    return replace(order, lines=lines, total=order.total + more)


def given_of(order: Order, rows: Iterable[Row]) -> list[Given]:
    """Return what a plan's rows pay for units, damage taken off, as what is handed in: one for each order line."""
    found: dict[str, Given] = {}
    for row in rows:
        line = order.line(row.ref) if row.ref is not None and row.kind in _VALUE else None
        if line is None:
            continue
        of, q = line.list_value, line.quantity
        ordinals = row.ordinals if row.kind is RowKind.UNITS else ()
        listed = Sides(units.worth(of.presentment, ordinals, q), units.worth(of.shop, ordinals, q))
        more = Given(line.ref, units.count(ordinals), Worth(row.payable, row.taxes), listed, line.product.ref)
        was = found.get(line.ref)
        found[line.ref] = _together(was, more) if was else more
    return list(found.values())


def together(given: Iterable[Given]) -> Worth:
    """Return what all that is handed in is worth."""
    return _sum(one.worth for one in given)


def fees_of(rows: Iterable[Row]) -> Sides:
    """Return what a plan's rows take as fees, as a positive amount."""
    return _total(-row.payable for row in rows if row.kind in _FEES)


def sold_as(line: OrderLine, given: Worth) -> Worth:
    """Return the price of a new article as an order has it; one that was sold for nothing counts at its list price.

    The tax inside a list price is not known: it is taken at the ratio of what was handed in.
    """
    if line.gross.presentment or not line.list_value.presentment:
        return Worth(line.gross, line.taxes)
    taxes = (Tax(t.bucket, _share(t.amount, line.list_value, given.gross)) for t in given.taxes)
    return Worth(line.list_value, tuple(taxes))


def reverse(done: Exchange) -> Exchange:
    """Return the mirror of an exchange whose new article never left or never came; twice is the exchange again."""
    return replace(
        done,
        given=_mirrored(done.given),
        reference=-done.reference,
        price=-done.price,
        collected=-done.collected,
        bonus=-done.bonus,
        waived=-done.waived,
        refunded=-done.refunded,
        credited=-done.credited,
        kept=-done.kept,
        fees=-done.fees,
        collect=-done.collect,
        pay_back=-done.pay_back,
        carried=tuple(Carried(one.ref, _mirrored(one.worth)) for one in done.carried),
    )


LABELS: Final = {
    "given": "Value of what you hand in",
    "price": "Price of the new article",
    "even": "Even exchange: nothing to pay",
    "collected": "Difference to pay",
    "exchange_bonus": "Bonus for exchanging",
    "exchange_waived": "Difference not charged",
    "refunded": "Difference paid back",
    "credited": "Difference as credit",
    "kept": "Difference not paid back",
    "exchange_fees": "Fees",
    "collect": "To pay now",
    "pay_back": "Paid back to you",
    "carried": "The new article counts as paid with",
}


def explain(done: Exchange) -> tuple[ExplainedRow, ...]:
    """Return the swap as rows: what is handed in, what it becomes, and what moves; rows without an amount are left out."""
    rows = [_row("given", done.given.gross, done.given.taxes), _row("price", done.price)]
    if done.even:
        rows.append(_row("even", NOTHING))
    amounts = (
        ("collected", done.collected),
        ("exchange_bonus", done.bonus),
        ("exchange_waived", done.waived),
        ("refunded", -done.refunded),
        ("credited", -done.credited),
        ("kept", done.kept),
        ("exchange_fees", done.fees),
        ("collect", done.collect),
        ("pay_back", -done.pay_back),
    )
    rows += [_row(code, amount) for code, amount in amounts if amount]
    rows += [_row("carried", one.worth.gross, one.worth.taxes, ref=one.ref) for one in done.carried]
    return tuple(rows)


# --- the parts ---


def _check(given: Sequence[Given], wanted: Sequence[Wanted], terms: ExchangeTerms) -> None:
    if not given or not wanted:
        raise Refused("nothing_given", "name what is handed in and what is wanted", field="wanted")
    for part in given:
        if part.worth.gross.presentment < 0:
            raise Refused("wrong_sign", "what is handed in is worth something", field=part.line_ref)
    for one in wanted:
        if one.quantity < 1 or one.worth.gross.presentment < 0:
            raise Refused("wrong_sign", "a new article has a price and at least one unit", field=one.ref)
        if one.available is not None and one.available < one.quantity and not terms.out_of_stock:
            raise Refused("out_of_stock", "fewer units are in stock", field=one.ref, facts={"left": one.available})
    if terms.items is ExchangeItems.VARIANT:
        ours, theirs = (_units((one.product_ref, one.quantity) for one in side) for side in (given, wanted))
        if None in ours or ours != theirs:
            raise Refused("exchange_not_offered", "only another variant of the same article", field=wanted[0].ref)


def _units(parts: Iterable[tuple[str | None, int]]) -> dict[str | None, int]:
    """Return how many units there are of each product."""
    found: dict[str | None, int] = {}
    for product, quantity in parts:
        found[product] = found.get(product, 0) + quantity
    return found


def _is_even(reference: int, price: int, terms: ExchangeTerms) -> bool:
    return reference * terms.free_from_bp <= price * _WHOLE <= reference * terms.free_to_bp


def _of(whole: Sides, part: int) -> Sides:
    """Return a part of an amount on both sides: on the shop's side the same fraction, never a rate of exchange."""
    return Sides(part, half_up(whole.shop * part, whole.presentment)) if part else NOTHING


def _carried(
    worth: Worth, wanted: Sequence[Wanted], price: Worth, collected: Sides, gone: Sides
) -> tuple[Carried, ...]:
    gross = worth.gross + collected - gone
    same = {t.bucket for t in worth.taxes} == {t.bucket for t in price.taxes}
    if collected and gross == price.gross and same:
        taxes = {t.bucket: t.amount for t in price.taxes}  # sold at its price: the shop's own figures
    else:
        taxes = {t.bucket: t.amount - _share(t.amount, gone, worth.gross) for t in worth.taxes}
        for t in price.taxes:
            more = _share(t.amount, collected, price.gross)
            if more:
                taxes[t.bucket] = taxes.get(t.bucket, NOTHING) + more
    weights = [w.worth.gross.presentment for w in wanted]
    split = _split(gross, weights)
    by_bucket = {bucket: _split(amount, weights) for bucket, amount in taxes.items()}
    return tuple(
        Carried(w.ref, Worth(split[at], tuple(Tax(bucket, parts[at]) for bucket, parts in by_bucket.items())))
        for at, w in enumerate(wanted)
    )


def _share(tax: Sides, part: Sides, whole: Sides) -> Sides:
    """Return the tax inside a part of a value, by the ratio that was settled; nothing where there is no value."""
    mine = half_up(tax.presentment * part.presentment, whole.presentment) if whole.presentment else 0
    return Sides(mine, half_up(tax.shop * part.shop, whole.shop) if whole.shop else 0)


def _split(amount: Sides, weights: Sequence[int]) -> list[Sides]:
    sides = zip(spread(amount.presentment, weights), spread(amount.shop, weights), strict=True)
    return [Sides(mine, books) for mine, books in sides]


def _sum(parts: Iterable[Worth]) -> Worth:
    gross, taxes = NOTHING, dict[str, Sides]()
    for part in parts:
        gross += part.gross
        for tax in part.taxes:
            taxes[tax.bucket] = taxes.get(tax.bucket, NOTHING) + tax.amount
    return Worth(gross, tuple(Tax(bucket, amount) for bucket, amount in taxes.items()))


def _together(some: Given, more: Given) -> Given:
    worth = _sum((some.worth, more.worth))
    return replace(some, quantity=some.quantity + more.quantity, worth=worth, listed=some.listed + more.listed)


def _total(amounts: Iterable[Sides]) -> Sides:
    total = NOTHING
    for amount in amounts:
        total += amount
    return total


def _mirrored(worth: Worth) -> Worth:
    return Worth(-worth.gross, tuple(Tax(t.bucket, -t.amount) for t in worth.taxes))


def _row(code: str, amount: Sides, taxes: tuple[Tax, ...] = (), *, ref: str | None = None) -> ExplainedRow:
    return ExplainedRow(code, LABELS[code], ref, amount, _total(t.amount for t in taxes))
