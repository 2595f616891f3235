"""From the policy's word to the terms of a refund: where two subjects of the core meet."""

from typing import Final

from retour.core import refund
from retour.core.policy import CompiledPolicy, LineDecision
from retour.core.policy.outcome import Bonus, Fee, ResolutionKind, ResolutionOffer
from retour.core.refund.terms import WHOLE

_WITHDRAWAL: Final = "withdrawal"
_CANCELLATION: Final = "cancellation"


def offer_of(line: LineDecision, resolution: str, ref: str | None = None) -> ResolutionOffer | None:
    """Return the offer that a line makes of a kind and record; without a record the first of the kind, if there is one."""
    offered = (o for o in line.resolutions.outcome.offered if o.kind == resolution)
    return next((o for o in offered if ref in (None, o.ref)), None)


def terms_of(
    line: LineDecision,
    resolution: str,
    method: str | None = None,
    policy: CompiledPolicy | None = None,
    *,
    resolution_ref: str | None = None,
) -> refund.RefundTerms:
    """Return the terms under which a line is refunded, from the rulings frozen with it.

    `method` is the way the goods come back, whose fee is the label's; `policy` declares what promotions are conditional;
    `resolution_ref` names one of several offers of a kind. What is no refund goes back to no tender: its value moves,
    and none of the captures is touched. A repair pays nothing.
    """
    said, kind = line.refund_terms.outcome, line.facts.values.get("return.kind")
    offer = offer_of(line, resolution, resolution_ref)
    waived = line.fees.outcome
    return refund.RefundTerms(
        shipping=refund.ChargeMode(said.shipping.value),
        duties=refund.ChargeMode(said.duties.value),
        tips=refund.ChargeMode(said.tips.value),
        sale_fees=refund.ChargeMode(said.sale_fees.value),
        gift_wrapping=refund.ChargeMode(said.gift_wrapping.value),
        tender_order=said.tender_order if resolution == ResolutionKind.REFUND_ORIGINAL else (),
        fees=_fees(line, offer, method, is_cancellation=kind == _CANCELLATION),
        waivers=(refund.Waiver(reason=waived.waiver or "waived"),) if waived.waived else (),
        shortfall=refund.Shortfall(said.shortfall.value),
        promotions=_promotions(line, policy),
        legal_floor=kind == _WITHDRAWAL,
        bonus=_bonus(offer.bonus if offer else None, line.facts.books_currency),
        share_bp=0 if resolution == ResolutionKind.REPAIR else offer.share_bp if offer else WHOLE,
    )


def _fees(
    line: LineDecision, offer: ResolutionOffer | None, method: str | None, *, is_cancellation: bool
) -> tuple[refund.FeeTerm, ...]:
    of_return, kinds = line.fees.outcome, refund.FeeKind
    if is_cancellation:  # nothing was sent, so nothing is restocked and no parcel comes back
        said: list[tuple[refund.FeeKind, Fee | None]] = [(kinds.CANCELLATION, of_return.cancellation_fee)]
    else:
        label = next((o.fee for o in line.methods.outcome.offered if o.kind == method), None)
        said = [
            (kinds.RESTOCKING, offer.restocking_fee if offer else None),
            (kinds.LABEL, label),
            (kinds.RETURN, of_return.return_fee),
        ]
    return tuple(_fee(kind, fee, line.facts.books_currency) for kind, fee in said if fee is not None)


def _fee(kind: refund.FeeKind, fee: Fee, currency: str) -> refund.FeeTerm:
    fixed = fee.fixed_minor or fee.at_most_minor is not None or fee.actual_cost
    return refund.FeeTerm(
        kind,
        bp=fee.bp,
        of=refund.FeeOf(fee.of.value),
        fixed_minor=fee.fixed_minor,
        currency=currency if fixed else None,
        per=refund.FeePer(fee.per.value),
        tax=refund.FeeTax(fee.tax.value),
        tax_bp=fee.tax_bp,
        tax_included=fee.tax_included,
        at_most_minor=fee.at_most_minor,
    )


def _promotions(line: LineDecision, policy: CompiledPolicy | None) -> tuple[refund.PromotionTerm, ...]:
    mode = refund.PromotionMode(line.refund_terms.outcome.promotions.value)
    if policy is None or mode is refund.PromotionMode.KEEP:
        return ()
    return tuple(
        refund.PromotionTerm(
            one.code,
            mode,
            minimum_minor=one.minimum_minor,
            minimum_units=one.minimum_units,
            currency=line.facts.books_currency if one.minimum_minor is not None else None,
        )
        for one in policy.promotions
    )


def _bonus(bonus: Bonus | None, currency: str) -> refund.BonusTerm | None:
    if bonus is None:
        return None
    fixed = bonus.fixed_minor or bonus.at_most_minor is not None
    return refund.BonusTerm(bonus.bp, bonus.fixed_minor, bonus.at_most_minor, currency if fixed else None)
