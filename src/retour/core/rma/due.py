"""What should exist outside, and the shipped units it names."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from retour.core.effect import EffectKind, Target
from retour.core.order import Order
from retour.core.rma.state import Span


@dataclass(frozen=True, slots=True)
class Due:
    """An effect that should exist; `restocks` are the inspections whose units it puts back."""

    kind: EffectKind
    business_ref: str
    target: Target
    restocks: tuple[uuid.UUID, ...] = ()


def fulfilled_spans(order: Order, line_ref: str, spans: tuple[Span, ...]) -> Iterator[tuple[str, str | None, int]]:
    """Yield (fulfilled units' ref, location, quantity) for ordinals; unit n is the n-th unit shipped of its line."""
    first = 1
    for fulfilment in order.fulfilments:
        for units in fulfilment.units:
            if units.line_ref != line_ref:
                continue
            last = first + units.quantity - 1
            quantity = sum(max(0, min(hi, last) - max(lo, first) + 1) for lo, hi in spans)
            if quantity:
                yield units.ref, fulfilment.location_ref, quantity
            first = last + 1
