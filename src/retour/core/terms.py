"""From the policy's word to the terms of a refund: where two subjects of the core meet."""

from retour.core import refund
from retour.core.policy import LineDecision
from retour.core.policy.outcome import FeePer


def terms_of(line: LineDecision, resolution: str) -> refund.RefundTerms:
    """Return the terms under which a line is refunded, from the rulings frozen with it."""
    said = line.refund_terms.outcome
    return refund.RefundTerms(
        shipping=refund.ChargeMode(said.shipping.value),
        tender_order=said.tender_order,
        restocking=_restocking(line, resolution),
    )


def _restocking(line: LineDecision, resolution: str) -> refund.RestockingFee | None:
    fee = next((o.restocking_fee for o in line.resolutions.outcome.offered if o.kind == resolution), None)
    if fee is None:
        return None
    per = refund.FeePer.RETURN if fee.per is FeePer.PARCEL else refund.FeePer(fee.per.value)
    currency = line.facts.books_currency if fee.fixed_minor else None
    return refund.RestockingFee(bp=fee.bp, fixed_minor=fee.fixed_minor, currency=currency, per=per)
