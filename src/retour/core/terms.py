"""From the policy's word to the terms of a refund: where two subjects of the core meet."""

from dataclasses import replace

from retour.core import refund
from retour.core.policy import LineDecision
from retour.core.policy.outcome import FeePer, ResolutionKind, ResolutionOffer


def offer_of(line: LineDecision, resolution: str, ref: str | None = None) -> ResolutionOffer | None:
    """Return the offer that a line makes of a kind and record; without a record the first of the kind, if there is one."""
    offered = (o for o in line.resolutions.outcome.offered if o.kind == resolution)
    return next((o for o in offered if ref in (None, o.ref)), None)


def terms_of(line: LineDecision, resolution: str, ref: str | None = None) -> refund.RefundTerms:
    """Return the terms under which a line is refunded, from the rulings frozen with it.

    What is no refund goes back to no tender: its value moves, and none of the captures is touched.
    """
    said = line.refund_terms.outcome
    return refund.RefundTerms(
        shipping=refund.ChargeMode(said.shipping.value),
        tender_order=said.tender_order if resolution == ResolutionKind.REFUND_ORIGINAL else (),
        restocking=_restocking(line, resolution, ref),
    )


def after_the_first(terms: refund.RefundTerms) -> refund.RefundTerms:
    """Return the terms of a later refund of the same return: a fixed fee per return is charged once."""
    fee = terms.restocking
    if fee is None or not fee.fixed_minor or fee.per is not refund.FeePer.RETURN:
        return terms
    return replace(terms, restocking=None)


def charges_fee(plan: refund.Plan) -> bool:
    """Return whether a plan charges a restocking fee."""
    return any(row.kind is refund.RowKind.RESTOCKING_FEE for row in plan.adjustments)


def _restocking(line: LineDecision, resolution: str, ref: str | None) -> refund.RestockingFee | None:
    offer = offer_of(line, resolution, ref)
    fee = offer.restocking_fee if offer else None
    if fee is None:
        return None
    per = refund.FeePer.RETURN if fee.per is FeePer.PARCEL else refund.FeePer(fee.per.value)
    currency = line.facts.books_currency if fee.fixed_minor else None
    return refund.RestockingFee(bp=fee.bp, fixed_minor=fee.fixed_minor, currency=currency, per=per)
