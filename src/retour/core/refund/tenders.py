"""Tenders: on which payments of the order a refund goes back, and what fits on none of them."""

from retour.core.order import TenderKind
from retour.core.refund.ledger import Tender
from retour.core.refund.plan import PlannedLeg


def tender_rests(tenders: tuple[Tender, ...], order: tuple[TenderKind, ...]) -> tuple[PlannedLeg, ...]:
    """Return what each tender can still take, in the order of use: by kind as given, the newest capture first."""
    usable = [t for t in tenders if t.kind in order and t.rest > 0]
    usable.sort(key=lambda t: t.capture_ref)
    usable.sort(key=lambda t: t.captured_at, reverse=True)
    usable.sort(key=lambda t: order.index(t.kind))
    return tuple(PlannedLeg(t.capture_ref, t.kind, t.gateway, t.rest) for t in usable)


def legs(amount: int, rests: tuple[PlannedLeg, ...]) -> tuple[tuple[PlannedLeg, ...], int]:
    """Return the legs of an amount and what fits nowhere; presentment minor units."""
    taken: list[PlannedLeg] = []
    left = amount
    for rest in rests:
        if left == 0:
            break
        part = min(left, rest.amount_minor)
        taken.append(PlannedLeg(rest.capture_ref, rest.kind, rest.gateway, part))
        left -= part
    return tuple(taken), left
