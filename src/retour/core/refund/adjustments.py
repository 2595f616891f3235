"""Adjustments after value: the restocking fee as a reduction, its floor, and the caps of the order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from retour.core.errors import Refused
from retour.core.money import NOTHING, Sides, half_up, spread
from retour.core.order import Order, Tax
from retour.core.refund.plan import Row, RowKind
from retour.core.refund.request import FeePer, Ledger, RestockingFee, Shortfall


@dataclass(frozen=True, slots=True)
class Totals:
    """What some rows come to; the buckets in the order in which they first appear."""

    payable: Sides
    taxes: tuple[Tax, ...]


def totals(rows: Iterable[Row]) -> Totals:
    """Return the sum of the rows and of each of their tax buckets."""
    mine = books = 0
    buckets: dict[str, Sides] = {}
    for row in rows:
        mine += row.payable.presentment
        books += row.payable.shop
        for tax in row.taxes:
            so_far = buckets.get(tax.bucket)
            buckets[tax.bucket] = tax.amount if so_far is None else so_far + tax.amount
    return Totals(Sides(mine, books), tuple(Tax(bucket, amount) for bucket, amount in buckets.items()))


# --- restocking fee ---


def restocking(
    order: Order, fee: RestockingFee, rows: Sequence[Row], deductions: Sequence[Row], shortfall: Shortfall
) -> tuple[Row | None, Sides]:
    """Return the fee's row, no higher than the refund, and what is billed beyond it; nothing if no unit came back."""
    units = [row for row in rows if row.kind is RowKind.UNITS]
    goods, whole = totals([*units, *deductions]), totals([*rows, *deductions])
    if not units or goods.payable.presentment <= 0:
        return None, NOTHING
    wanted = _wanted(order, fee, units, goods.payable)
    charged = Sides(
        min(wanted.presentment, max(0, whole.payable.presentment)), min(wanted.shop, max(0, whole.payable.shop))
    )
    if charged.presentment == whole.payable.presentment:
        charged = whole.payable
    basis = goods if charged.presentment <= goods.payable.presentment else whole
    billed = wanted - charged if shortfall is Shortfall.BILLED and charged.presentment < wanted.presentment else NOTHING
    if not charged:
        return None, billed
    taxes = tuple(_ratio(tax, -charged, basis) for tax in basis.taxes)
    reason = "reduced_to_refund" if charged.presentment < wanted.presentment else None
    return _reduction(RowKind.RESTOCKING_FEE, -charged, taxes, reason, fee.bp or None), billed


def _wanted(order: Order, fee: RestockingFee, units: Sequence[Row], goods: Sides) -> Sides:
    if not fee.fixed_minor:
        return Sides(half_up(goods.presentment * fee.bp, 10_000), half_up(max(0, goods.shop) * fee.bp, 10_000))
    times = {FeePer.RETURN: 1, FeePer.LINE: len(units), FeePer.UNIT: sum(row.quantity for row in units)}[fee.per]
    amount = fee.fixed_minor * times
    if fee.currency in (None, order.currency):
        return Sides(amount, half_up(max(0, goods.shop) * amount, goods.presentment))
    if fee.currency != order.shop_currency:
        raise Refused("currency_mismatch", f"a fee in {fee.currency} on an order in {order.currency}", field="fee")
    if goods.shop <= 0:
        return NOTHING
    return Sides(half_up(goods.presentment * amount, goods.shop), amount)


def _ratio(tax: Tax, reduction: Sides, basis: Totals) -> Tax:
    mine = half_up(tax.amount.presentment * reduction.presentment, basis.payable.presentment)
    books = half_up(tax.amount.shop * reduction.shop, basis.payable.shop) if basis.payable.shop else 0
    return Tax(tax.bucket, Sides(mine, books))


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
    return _reduction(RowKind.CAP_ORDER, cut, taxes, "order_exhausted")


def _weights(so_far: Totals, side: str) -> list[int]:
    taxes = [getattr(tax.amount, side) for tax in so_far.taxes]
    return [getattr(so_far.payable, side) - sum(taxes), *taxes]


def cap_taxes(order: Order, ledger: Ledger, so_far: Totals, *, clamp: bool) -> Row | None:
    """Return the row that keeps every bucket within the order's own, moving the excess to net; raise Refused."""
    settled: dict[str, Sides] = {}
    for taxes in (*(line.taxes for line in order.lines), *(charge.taxes for charge in order.charges)):
        for tax in taxes:
            settled[tax.bucket] = settled.get(tax.bucket, NOTHING) + tax.amount
    gone = {tax.bucket: tax.amount for tax in ledger.taxes_paid_back}
    excess: list[Tax] = []
    for tax in so_far.taxes:
        left = settled[tax.bucket] - gone.get(tax.bucket, NOTHING)
        over = Sides(
            max(0, tax.amount.presentment - max(0, left.presentment)), max(0, tax.amount.shop - max(0, left.shop))
        )
        if over.presentment and not clamp:
            raise Refused(
                "tax_bucket_exhausted",
                f"{left.presentment} of {tax.bucket} is left, {tax.amount.presentment} is due",
                field=tax.bucket,
                facts={"left": left.presentment, "due": tax.amount.presentment},
            )
        if over:
            excess.append(Tax(tax.bucket, -over))
    if not excess:
        return None
    return _reduction(RowKind.CAP_TAX, NOTHING, tuple(excess), "tax_bucket_exhausted")


def _reduction(
    kind: RowKind, payable: Sides, taxes: tuple[Tax, ...], reason: str | None, basis_points: int | None = None
) -> Row:
    net = payable
    for tax in taxes:
        net -= tax.amount
    return Row(kind, None, payable, net, taxes, basis_points=basis_points, reason=reason)
