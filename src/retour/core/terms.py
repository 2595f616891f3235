"""From the policy's word to the terms of a refund: where two subjects of the core meet."""

from retour.core import refund
from retour.core.policy import LineDecision
from retour.core.policy.outcome import Fee


def terms_of(line: LineDecision, resolution: str) -> refund.RefundTerms:
    """Return the terms under which a line is refunded, from the rulings frozen with it."""
    said = line.refund_terms.outcome
    offer = next((o for o in line.resolutions.outcome.offered if o.kind == resolution), None)
    restocking = offer.restocking_fee if offer else None
    fees = [_fee(refund.FeeKind.RESTOCKING, restocking, line.facts.books_currency)]
    return refund.RefundTerms(
        shipping=refund.ChargeMode(said.shipping.value),
        tender_order=said.tender_order,
        fees=tuple(fee for fee in fees if fee is not None),
    )


def _fee(kind: refund.FeeKind, fee: Fee | None, currency: str) -> refund.FeeTerm | None:
    if fee is None:
        return None
    return refund.FeeTerm(
        kind,
        bp=fee.bp,
        fixed_minor=fee.fixed_minor,
        currency=currency if fee.fixed_minor else None,
        per=refund.FeePer(fee.per.value),
        tax=refund.FeeTax(fee.tax.value),
        tax_bp=fee.tax_bp,
    )
