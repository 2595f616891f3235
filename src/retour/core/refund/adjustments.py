"""Adjustments after value: sums of rows, and the caps of the order."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from retour.core.errors import Refused
from retour.core.money import NOTHING, Sides, spread
from retour.core.order import Order, Tax
from retour.core.refund.ledger import Ledger
from retour.core.refund.plan import Row, RowKind


@dataclass(frozen=True, slots=True)
class Totals:
    """What some rows come to; the buckets in the order in which they first appear."""

    payable: Sides
    taxes: tuple[Tax, ...]


NONE: Final = Totals(NOTHING, ())
SUPPLY: Final = "supply:"
"""What the tax bucket of a fee with a tax of its own begins with; its rate in basis points follows."""


def totals(rows: Iterable[Row]) -> Totals:
    """Return the sum of the rows and of each of their tax buckets."""
    return plus(NONE, rows)


def plus(so_far: Totals, rows: Iterable[Row]) -> Totals:
    """Return what some rows come to together with what came before."""
    mine, books = so_far.payable.presentment, so_far.payable.shop
    buckets = {tax.bucket: [tax.amount.presentment, tax.amount.shop] for tax in so_far.taxes}
    for row in rows:
        mine += row.payable.presentment
        books += row.payable.shop
        for tax in row.taxes:
            sums = buckets.get(tax.bucket)
            if sums is None:
                buckets[tax.bucket] = [tax.amount.presentment, tax.amount.shop]
            else:
                sums[0] += tax.amount.presentment
                sums[1] += tax.amount.shop
    return Totals(Sides(mine, books), tuple([Tax(bucket, Sides(*sums)) for bucket, sums in buckets.items()]))


def reduction(
    kind: RowKind, payable: Sides, taxes: tuple[Tax, ...], reason: str | None, *, basis_points: int | None = None
) -> Row:
    """Return a row of the order as a whole, with the net that its taxes leave."""
    net = payable
    for tax in taxes:
        net -= tax.amount
    return Row(kind, None, payable, net, taxes, basis_points=basis_points, reason=reason)


# --- caps of the order ---


def order_rest(order: Order, ledger: Ledger) -> Sides:
    """Return what the order can still pay back, never below zero."""
    left = order.total - ledger.paid_back
    return Sides(max(0, left.presentment), max(0, left.shop))


def cap_order(so_far: Totals, rest: Sides, *, clamp: bool) -> Row | None:
    """Return the row that keeps the plan within the order, if it is needed; raise Refused(order_exhausted)."""
    total = so_far.payable
    if total.presentment > rest.presentment and not clamp:
        raise Refused(
            "order_exhausted",
            f"{rest.presentment} is left on the order, {total.presentment} is due",
            field="order",
            facts={"left": rest.presentment, "due": total.presentment},
        )
    cut = Sides(min(0, rest.presentment - total.presentment), min(0, rest.shop - total.shop))
    if not cut:
        return None
    mine = spread(cut.presentment, _weights(so_far, "presentment"))
    books = spread(cut.shop, _weights(so_far, "shop"))
    taxes = tuple(Tax(tax.bucket, Sides(p, s)) for tax, p, s in zip(so_far.taxes, mine[1:], books[1:], strict=True))
    return reduction(RowKind.CAP_ORDER, cut, taxes, "order_exhausted")


def _weights(so_far: Totals, side: str) -> list[int]:
    """Return what can be cut: net first, then each tax; one below zero, as that of a service, cannot."""
    taxes = [getattr(tax.amount, side) for tax in so_far.taxes]
    return [max(0, minor) for minor in (getattr(so_far.payable, side) - sum(taxes), *taxes)]


def cap_taxes(order: Order, ledger: Ledger, so_far: Totals, *, clamp: bool) -> Row | None:
    """Return the row that keeps every bucket within the order's own, moving the excess to net; raise Refused."""
    if not so_far.taxes:
        return None
    left = _taxes_left(order, ledger)
    excess: list[Tax] = []
    for tax in so_far.taxes:
        rest = left.get(tax.bucket)
        if rest is None:  # a fee's own tax is no tax of the order
            continue
        due, due_books = tax.amount.presentment, tax.amount.shop
        over, over_books = max(0, due - max(0, rest[0])), max(0, due_books - max(0, rest[1]))
        if over and not clamp:
            raise Refused(
                "tax_bucket_exhausted",
                f"{rest[0]} of {tax.bucket} is left, {due} is due",
                field=tax.bucket,
                facts={"left": rest[0], "due": due},
            )
        if over or over_books:
            excess.append(Tax(tax.bucket, Sides(-over, -over_books)))
    if not excess:
        return None
    return reduction(RowKind.CAP_TAX, NOTHING, tuple(excess), "tax_bucket_exhausted")


def _taxes_left(order: Order, ledger: Ledger) -> dict[str, list[int]]:
    """Return what is left of each bucket of the order: presentment and shop minor units."""
    left: dict[str, list[int]] = {}
    for taxes in (*[line.taxes for line in order.lines], *[charge.taxes for charge in order.charges]):
        for tax in taxes:
            sums = left.get(tax.bucket)
            if sums is None:
                left[tax.bucket] = [tax.amount.presentment, tax.amount.shop]
            else:
                sums[0] += tax.amount.presentment
                sums[1] += tax.amount.shop
    for tax in ledger.taxes_paid_back:
        if tax.bucket in left:
            left[tax.bucket][0] -= tax.amount.presentment
            left[tax.bucket][1] -= tax.amount.shop
    return left
