"""Tenders: on which payments of the order a refund goes back, and what fits on none of them."""

from retour.core.order import TenderKind
from retour.core.refund.bonus import same_parts
from retour.core.refund.ledger import Tender
from retour.core.refund.plan import PlannedLeg
from retour.core.refund.terms import CaptureOrder


def tender_rests(
    tenders: tuple[Tender, ...], order: tuple[TenderKind, ...], capture_order: CaptureOrder = CaptureOrder.NEWEST
) -> tuple[PlannedLeg, ...]:
    """Return what each tender can still take, in the order of use: by kind as given, then newest or oldest first."""
    usable = [t for t in tenders if t.kind in order and t.rest > 0]
    usable.sort(key=lambda t: t.capture_ref)
    usable.sort(key=lambda t: t.captured_at, reverse=capture_order is CaptureOrder.NEWEST)
    usable.sort(key=lambda t: order.index(t.kind))
    return tuple(_rest(tender) for tender in usable)


def legs(amount: int, rests: tuple[PlannedLeg, ...]) -> tuple[tuple[PlannedLeg, ...], int]:
    """Return the legs of an amount and what fits nowhere; presentment minor units."""
    taken: list[PlannedLeg] = []
    left = amount
    for rest in rests:
        if left == 0:
            break
        part = min(left, rest.amount_minor)
        bonus = same_parts(*rest.spent, part)[1] if rest.spent else 0
        taken.append(PlannedLeg(rest.capture_ref, rest.kind, rest.gateway, part, bonus))
        left -= part
    return tuple(taken), left


def _rest(tender: Tender) -> PlannedLeg:
    if not tender.bonus:
        return PlannedLeg(tender.capture_ref, tender.kind, tender.gateway, tender.rest)
    spent = (tender.captured - tender.bonus, tender.bonus, tender.gone)
    bonus = same_parts(*spent, tender.rest)[1]
    return PlannedLeg(tender.capture_ref, tender.kind, tender.gateway, tender.rest, bonus, spent)
