"""Discounts of the order as a whole that nobody shared over its lines yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from retour.core.money import NOTHING, Sides, half_up, spread_capped
from retour.core.order import Charge, ChargeKind, DiscountShare, Order, OrderLine, Tax

ROUNDING_REF = "order_rounding"


@dataclass(frozen=True, slots=True)
class OrderDiscount:
    """A discount on an order (above zero) that its platform did not share over the lines.

    `lines` are those it applies to (all if empty), `minimums` the least that may be left of a line's gross. `is_taxed`
    says that the taxes of the lines were stated before the discount, so that they shrink with it.
    """

    promotion: str
    amount: Sides
    lines: tuple[str, ...] = ()
    minimums: Mapping[str, Sides] = field(default_factory=dict)
    is_taxed: bool = True


def shared(order: Order, discounts: Sequence[OrderDiscount]) -> Order:
    """Return the order with the discounts as shares of its lines, by their value before each discount.

    No line falls below its minimum (or below zero); what fits on none stays on the order's rounding. The total of the
    order is as it was: it is the lines that said too much.
    """
    for discount in discounts:
        order = _share(order, discount)
    return order


def _share(order: Order, discount: OrderDiscount) -> Order:
    bearing = [line for line in order.lines if not discount.lines or line.ref in discount.lines]
    mine, rest = _shares(discount, bearing, "presentment")
    books, rest_books = _shares(discount, bearing, "shop")
    shares = {line.ref: Sides(p, s) for line, p, s in zip(bearing, mine, books, strict=True)}
    lines = tuple(_less(line, discount, shares.get(line.ref, NOTHING)) for line in order.lines)
    return replace(order, lines=lines, charges=_rounded(order.charges, Sides(-rest, -rest_books)))


def _shares(discount: OrderDiscount, lines: Sequence[OrderLine], side: str) -> tuple[list[int], int]:
    values = [max(0, getattr(line.gross, side)) for line in lines]
    least = [getattr(discount.minimums.get(line.ref, NOTHING), side) for line in lines]
    caps = [max(0, value - minimum) for value, minimum in zip(values, least, strict=True)]
    return spread_capped(getattr(discount.amount, side), values, caps)


def _less(line: OrderLine, discount: OrderDiscount, share: Sides) -> OrderLine:
    if not share:
        return line
    taxes = tuple(Tax(tax.bucket, tax.amount - _of_ratio(tax.amount, share, line.gross)) for tax in line.taxes)
    return replace(
        line,
        gross=line.gross - share,
        taxes=taxes if discount.is_taxed else line.taxes,
        discounts=(*line.discounts, DiscountShare(discount.promotion, share)),
    )


def _of_ratio(tax: Sides, share: Sides, gross: Sides) -> Sides:
    mine = half_up(tax.presentment * share.presentment, gross.presentment) if gross.presentment else 0
    return Sides(mine, half_up(tax.shop * share.shop, gross.shop) if gross.shop else 0)


def _rounded(charges: tuple[Charge, ...], amount: Sides) -> tuple[Charge, ...]:
    """Return the charges with an amount added to the order's rounding, which is made if there is none."""
    if not amount:
        return charges
    if any(charge.kind is ChargeKind.ORDER_ROUNDING for charge in charges):
        first = next(charge for charge in charges if charge.kind is ChargeKind.ORDER_ROUNDING)
        return tuple(replace(c, gross=c.gross + amount) if c is first else c for c in charges)
    return (*charges, Charge(ROUNDING_REF, ChargeKind.ORDER_ROUNDING, "Rounding", amount))
