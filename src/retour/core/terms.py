"""From the policy's word to the terms of a refund: where two subjects of the core meet."""

from dataclasses import replace

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


def after_the_first(terms: refund.RefundTerms) -> refund.RefundTerms:
    """Return the terms of a later refund of the same return: a fixed fee per return is charged once."""
    fee = terms.restocking
    if fee is None or not fee.fixed_minor or fee.per is not refund.FeePer.RETURN:
        return terms
    return replace(terms, restocking=None)


def charges_fee(plan: refund.Plan) -> bool:
    """Return whether a plan charges a restocking fee."""
    return any(row.kind is refund.RowKind.RESTOCKING_FEE for row in plan.adjustments)


def _restocking(line: LineDecision, resolution: str) -> refund.RestockingFee | None:
    fee = next((o.restocking_fee for o in line.resolutions.outcome.offered if o.kind == resolution), None)
    if fee is None:
        return None
    per = refund.FeePer.RETURN if fee.per is FeePer.PARCEL else refund.FeePer(fee.per.value)
    currency = line.facts.books_currency if fee.fixed_minor else None
    return refund.RestockingFee(bp=fee.bp, fixed_minor=fee.fixed_minor, currency=currency, per=per)
