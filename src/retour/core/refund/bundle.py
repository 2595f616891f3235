"""Bundles: a parent's price shared over its components, whole kits, and what goes back to stock."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import gcd

from retour.core.errors import Refused
from retour.core.money import Sides, spread
from retour.core.order import Bundle, BundlePart, Order, OrderLine, Tax
from retour.core.refund.ledger import LedgerLine, Ordinals
from retour.core.refund.units import count


def with_components(order: Order) -> Order:
    """Return the order with every line that is sold as one and returned in parts replaced by its components."""
    if not any(line.components for line in order.lines):
        return order
    lines = [part for line in order.lines for part in (components(line) if line.components else (line,))]
    return replace(order, lines=tuple(replace(line, position=i) for i, line in enumerate(lines, 1)))


def component_ref(parent_ref: str, part_ref: str) -> str:
    """Return the ref of a component as a line of its own."""
    return f"{parent_ref}/{part_ref}"


def components(parent: OrderLine) -> tuple[OrderLine, ...]:
    """Return the components of a bundle as lines of their own: they add up to the parent on both sides.

    Gross, every tax bucket, the price before discounts and every discount share are shared by the components' list
    values times their quantity; a component without a price gets nothing (equal shares if none has one).
    """
    parts = parent.components
    weights = (
        [part.list_value.presentment * part.quantity for part in parts],
        [part.list_value.shop * part.quantity for part in parts],
    )
    gross = _spread(parent.gross, weights)
    listed = _spread(parent.list_value, weights)
    taxes = [_spread(tax.amount, weights) for tax in parent.taxes]
    shares = [_spread(share.amount, weights) for share in parent.discounts]
    return tuple(
        replace(
            parent,
            ref=component_ref(parent.ref, part.ref),
            title=part.title,
            quantity=parent.quantity * part.quantity,
            cancelled=parent.cancelled * part.quantity,
            gross=gross[i],
            list_value=listed[i],
            taxes=tuple(Tax(tax.bucket, of[i]) for tax, of in zip(parent.taxes, taxes, strict=True)),
            discounts=tuple(replace(share, amount=of[i]) for share, of in zip(parent.discounts, shares, strict=True)),
            sku=part.sku,
            inventory_ref=part.inventory_ref,
            bundle_ref=parent.ref,
            bundle=Bundle(parent.title, parent.quantity, parent.sku),
            components=(),
        )
        for i, part in enumerate(parts)
    )


def restock(parts: Iterable[BundlePart], kits: int) -> tuple[tuple[str, int], ...]:
    """Return what goes back to stock with some whole kits: (inventory ref, units) of each part that is kept in stock."""
    units: dict[str, int] = {}
    for part in parts:
        if part.inventory_ref is not None:
            units[part.inventory_ref] = units.get(part.inventory_ref, 0) + part.quantity * kits
    return tuple(units.items())


def check_kits(order: Order, past: Mapping[str, LedgerLine], accepted: Mapping[str, Ordinals]) -> None:
    """Raise Refused(policy_forbids) if the units that are back leave a kit of some bundle incomplete.

    Components belong to one bundle by their `bundle_ref`. Where nobody says how many kits were bought, a kit holds the
    quantities of its components in lowest terms.
    """
    bundles: dict[str, list[OrderLine]] = {}
    for line in order.lines:
        if line.bundle_ref is not None:
            bundles.setdefault(line.bundle_ref, []).append(line)
    for ref, lines in bundles.items():
        if any(line.ref in accepted for line in lines) and not _are_whole(lines, past, accepted):
            raise Refused("policy_forbids", "the parts of a kit come back together", field=ref)


def _are_whole(lines: Sequence[OrderLine], past: Mapping[str, LedgerLine], accepted: Mapping[str, Ordinals]) -> bool:
    bought = next((line.bundle.quantity for line in lines if line.bundle), gcd(*(line.quantity for line in lines)))
    kits = set[tuple[int, int]]()
    for line in lines:
        gone = past[line.ref].paid_units if line.ref in past else ()
        kits.add(divmod((count(gone) + count(accepted.get(line.ref, ()))) * bought, line.quantity))
    return len(kits) == 1 and all(rest == 0 for _, rest in kits)


def _spread(amount: Sides, weights: tuple[Sequence[int], Sequence[int]]) -> list[Sides]:
    mine, books = spread(amount.presentment, weights[0]), spread(amount.shop, weights[1])
    return [Sides(p, s) for p, s in zip(mine, books, strict=True)]
