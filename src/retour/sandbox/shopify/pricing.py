"""What some units, some shipping and some tenders are worth: the shop's own refund arithmetic.

A part of a line is the difference of two running totals: the line's gross is cut off below the minor unit, each tax is
rounded half to even, and the subtotal is what remains of the gross. A complete line is therefore exact, and a part
differs from any other fair split by at most one minor unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from fractions import Fraction

from retour.sandbox.shopify.model import Line, Order, RefundLine, TaxLine, Transaction
from retour.sandbox.shopify.money import Bag, Money, digits, reached, rounded, total

PAYING = frozenset({"SALE", "CAPTURE"})


@dataclass(frozen=True, slots=True)
class Part:
    """What some units of a line are worth."""

    subtotal: Bag
    tax: Bag
    price: Bag


def part_of(line: Line, quantity: int, *, already: int, included: bool) -> Part:
    """Return the worth of `quantity` units when `already` units are refunded."""
    until = already + quantity

    def share(of: Bag, mode: str) -> Bag:
        return of.each(
            lambda amount, currency: (
                reached(amount, until, line.quantity, currency, mode=mode)
                - reached(amount, already, line.quantity, currency, mode=mode)
            )
        )

    tax = total((share(t.price, ROUND_HALF_EVEN) for t in line.tax_lines), line.original_unit_price)
    gross = share(line.discounted if included else line.discounted + line.tax, ROUND_DOWN)
    return Part(gross if included else gross - tax, tax, unit_price(line))


def unit_price(line: Line) -> Bag:
    """Return the approximate price of one unit after all discounts."""
    return line.discounted.each(lambda amount, currency: rounded(Fraction(amount) / line.quantity, currency))


def cart_discount(line: Line, quantity: int) -> Bag:
    """Return the order-level discount that so many units carry."""
    across = (
        a.allocated_amount for a in line.discount_allocations if a.discount_application.allocation_method != "EACH"
    )
    whole = total(across, line.original_unit_price)
    return whole.each(lambda amount, currency: reached(amount, quantity, line.quantity, currency, mode=ROUND_DOWN))


@dataclass(frozen=True, slots=True)
class Freight:
    """Shipping: what is asked, its tax, and what is left to give back."""

    amount: Bag
    tax: Bag
    maximum: Bag


def freight(order: Order, *, full: bool, amount: Decimal | None) -> Freight:
    """Return the shipping part of a refund; a tax that comes on top follows the amount."""
    price = order.total_shipping_price
    given = total((r.shipping for r in order.refunds if r.shipping is not None), price)
    given_tax = total((r.shipping_tax for r in order.refunds if r.shipping_tax is not None), price)
    maximum = price - given
    asked = maximum if full else _alike(price, amount or Decimal(0), given)
    taxes: list[TaxLine] = [t for s in order.shipping_lines for t in s.tax_lines]
    whole = total((t.price for t in taxes), price)
    now = given + asked
    until = whole.zipped(now, lambda t, n: t * n).zipped(price, lambda tn, p: tn / p if p else tn)
    return Freight(asked, until.each(rounded) - given_tax, maximum)


def _alike(whole: Bag, amount: Decimal, given: Bag) -> Bag:
    """Return a presentment amount with the shop-side share that closes with the whole."""
    (shop, shop_code), (seen, seen_code) = whole.shop_money, whole.presentment_money
    reached_now = given.amount + amount
    there = rounded(Fraction(shop) * Fraction(reached_now) / Fraction(seen), shop_code) if seen else amount
    return Bag(Money(there - given.shop_money.amount, shop_code), Money(amount.quantize(seen), seen_code))


def rest_of(parent: Transaction) -> Bag:
    """Return what can still be given back on a payment."""
    return parent.amount - _given_on(parent)


def _given_on(parent: Transaction) -> Bag:
    children = (t.amount for t in parent.order.transactions if t.parent_transaction is parent and t.counts)
    return total(children, parent.amount)


def on_tender(parent: Transaction, amount: Decimal) -> Bag:
    """Return a presentment amount on that payment, with its share in shop money."""
    return _alike(parent.amount, amount, _given_on(parent))


def payments(order: Order) -> list[Transaction]:
    """Return the payments that a refund may point at."""
    return [t for t in order.transactions if t.kind in PAYING and t.status == "SUCCESS"]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """How much of a refund would go to one payment."""

    parent_transaction: Transaction
    amount: Bag
    maximum_refundable: Bag


def suggest_tenders(order: Order, amount: Bag) -> list[Suggestion]:
    """Return the payments in the order they were made, each taking what it can."""
    left = amount.amount
    found = []
    for parent in payments(order):
        rest = rest_of(parent)
        take = min(left, rest.amount)
        if take > 0:
            found.append(Suggestion(parent, on_tender(parent, take), rest))
            left -= take
    return found


@dataclass(frozen=True, slots=True)
class Quote:
    """The platform's own answer to: what would this refund be?"""

    lines: Sequence[RefundLine]
    subtotal: Bag
    tax: Bag
    cart_discount: Bag
    freight: Freight
    amount: Bag
    maximum: Bag
    tenders: Sequence[Suggestion]


def quote(order: Order, lines: Sequence[RefundLine], shipping: Freight) -> Quote:
    """Return the sums of a refund of these lines and this shipping, capped by what is left of the order."""
    none = order.total_price.zero()
    subtotal = total((row.subtotal for row in lines), none)
    tax = total((row.total_tax for row in lines), none)
    wanted = subtotal + shipping.amount
    if not order.taxes_included:
        wanted = wanted + tax + shipping.tax
    maximum = order.paid - order.given_back
    amount = wanted.zipped(maximum, min)
    carts = total((cart_discount(row.line_item, row.quantity) for row in lines), none)
    return Quote(lines, subtotal, tax + shipping.tax, carts, shipping, amount, maximum, suggest_tenders(order, amount))


def fits(amount: Decimal, currency: str) -> bool:
    """Return whether the amount has no more decimals than the currency."""
    exponent = amount.normalize().as_tuple().exponent
    return isinstance(exponent, int) and -exponent <= digits(currency)


def summed(amounts: Iterable[Decimal]) -> Decimal:
    """Return the sum of presentment amounts."""
    return sum(amounts, Decimal(0))
