"""Bundles: a parent's price shared over its components, whole kits, and what goes back to stock."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import gcd

from retour.core.errors import Refused
from retour.core.money import Sides, spread
from retour.core.order import Bundle, BundlePart, FulfilledUnits, Order, OrderLine, RefundedLine, Tax
from retour.core.refund.ledger import LedgerLine, Ordinals
from retour.core.refund.units import count


def with_kits(order: Order, kits: Mapping[str, tuple[BundlePart, ...]]) -> Order:
    """Return the order with its kits taken apart; `kits` says by SKU what is in one, on top of what the order knows.

    A line that the platform has taken apart itself (it names a bundle) stays as it is.
    """
    lines = tuple(
        replace(line, components=kits[line.sku])
        if line.sku is not None and line.sku in kits and not line.components and line.bundle_ref is None
        else line
        for line in order.lines
    )
    return with_components(replace(order, lines=lines)) if lines != order.lines else with_components(order)


def with_components(order: Order) -> Order:
    """Return the order with every line that is sold as one and returned in parts replaced by its components.

    What was shipped and refunded of the line was shipped and refunded of each of them; what was charged for the line
    (a duty, say) is charged for the order.
    """
    kits = {line.ref: line for line in order.lines if line.components}
    if not kits:
        return order
    lines = [part for line in order.lines for part in (components(line) if line.ref in kits else (line,))]
    return replace(
        order,
        lines=tuple(replace(line, position=i) for i, line in enumerate(lines, 1)),
        charges=tuple(replace(c, line_ref=None) if c.line_ref in kits else c for c in order.charges),
        fulfilments=tuple(
            replace(sent, units=tuple(part for units in sent.units for part in _sent(units, kits.get(units.line_ref))))
            for sent in order.fulfilments
        ),
        refunds=tuple(
            replace(seen, lines=tuple(part for line in seen.lines for part in _refunded(line, kits.get(line.line_ref))))
            for seen in order.refunds
        ),
    )


def _sent(units: FulfilledUnits, kit: OrderLine | None) -> Iterable[FulfilledUnits]:
    if kit is None:
        return (units,)
    return [
        FulfilledUnits(
            component_ref(units.ref, part.ref), component_ref(kit.ref, part.ref), units.quantity * part.quantity
        )
        for part in kit.components
    ]


def _refunded(line: RefundedLine, kit: OrderLine | None) -> Iterable[RefundedLine]:
    if kit is None:
        return (line,)
    gross, tax = (_spread(amount, _weights(kit.components)) for amount in (line.gross, line.tax))
    return [
        RefundedLine(component_ref(kit.ref, part.ref), line.quantity * part.quantity, gross[i], tax[i], line.restocked)
        for i, part in enumerate(kit.components)
    ]


def component_ref(parent_ref: str, part_ref: str) -> str:
    """Return the ref of a component as a line of its own."""
    return f"{parent_ref}/{part_ref}"


def components(parent: OrderLine) -> tuple[OrderLine, ...]:
    """Return the components of a bundle as lines of their own: they add up to the parent on both sides.

    Gross, every tax bucket, the price before discounts and every discount share are shared by the components' list
    values times their quantity; a component without a price gets nothing (equal shares if none has one).
    """
    parts = parent.components
    weights = _weights(parts)
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
            weight_g=None,
            components=(),
            part_of=parent.ref,
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


def _weights(parts: Sequence[BundlePart]) -> tuple[list[int], list[int]]:
    return (
        [part.list_value.presentment * part.quantity for part in parts],
        [part.list_value.shop * part.quantity for part in parts],
    )


def _spread(amount: Sides, weights: tuple[Sequence[int], Sequence[int]]) -> list[Sides]:
    mine, books = spread(amount.presentment, weights[0]), spread(amount.shop, weights[1])
    return [Sides(p, s) for p, s in zip(mine, books, strict=True)]
