"""From the policy's word to the terms of a refund: where two subjects of the core meet."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from retour.core import refund
from retour.core.policy import LineDecision
from retour.core.policy.charge import Bonus, Fee
from retour.core.policy.document import PromotionCondition
from retour.core.policy.outcome import Fees, RefundTerms, ResolutionKind, ResolutionOffer

_WITHOUT_MONEY: Final = frozenset({ResolutionKind.REPAIR.value, ResolutionKind.REPLACEMENT.value})


def offer_of(line: LineDecision, resolution: str, ref: str | None = None) -> ResolutionOffer | None:
    """Return the offer that a line makes of a kind and record; without a record the first of the kind, if there is one."""
    offered = (o for o in line.resolutions.outcome.offered if o.kind == resolution)
    return next((o for o in offered if ref in (None, o.ref)), None)


def terms_of(
    line: LineDecision,
    resolution: str,
    *,
    resolution_ref: str | None = None,
    method: str | None = None,
    label_cost_minor: int | None = None,
    promotions: Sequence[PromotionCondition] = (),
    is_withdrawal: bool = False,
    is_cancellation: bool = False,
) -> refund.RefundTerms:
    """Return the terms under which a line is refunded, from the rulings frozen with it.

    `resolution_ref` names one of several offers of a kind, `method` the way back that was chosen (its fee is the label
    fee), `label_cost_minor` what labels have cost this return so far (books currency), `promotions` the conditions of
    the policy's document. A statutory withdrawal has the law's floor; a cancellation has its own fee instead of those
    of a return. What is no refund goes back to no tender: its value moves, and none of the captures is touched.
    A repair and a replacement pay nothing.
    """
    said, currency = line.refund_terms.outcome, line.facts.books_currency
    offer = offer_of(line, resolution, resolution_ref)
    label = next((m.fee for m in line.methods.outcome.offered if m.kind == method), None)
    of_return = line.fees.outcome
    if is_cancellation:
        wanted = [(refund.FeeKind.CANCELLATION, of_return.cancellation_fee)]
    else:
        wanted = [
            (refund.FeeKind.RESTOCKING, offer.restocking_fee if offer else None),
            (refund.FeeKind.LABEL, label),
            (refund.FeeKind.RETURN, of_return.return_fee),
        ]
    early = not is_withdrawal and not is_cancellation  # neither may be made to wait for money
    terms = refund.RefundTerms(
        shipping=_shipping(said.shipping, is_withdrawal=is_withdrawal),
        duties=said.duties,
        sale_fees=said.sale_fees,
        tips=said.tips,
        gift_wrapping=said.gift_wrapping,
        tender_order=said.tender_order if resolution == ResolutionKind.REFUND_ORIGINAL else (),
        capture_order=said.capture_order,
        fees=tuple(_fee(kind, fee, currency, label_cost_minor, early=early) for kind, fee in wanted if fee is not None),
        waivers=_waivers(of_return),
        shortfall=said.shortfall,
        promotions=tuple(_promotion(said, promotion, currency) for promotion in promotions),
        legal_floor=is_withdrawal,
        bonus=_bonus(offer.bonus if offer else None, currency),
        share_bp=offer.share_bp if offer else refund.WHOLE,
    )
    return _of_repair(terms) if resolution in _WITHOUT_MONEY else terms


def _shipping(said: refund.ChargeMode, *, is_withdrawal: bool) -> refund.ChargeMode:
    """Return how much of the shipping goes back: with the whole order at least, where the law wants it (art. 13(1))."""
    return refund.ChargeMode.ON_FULL_RETURN if is_withdrawal and said is refund.ChargeMode.NONE else said


def _of_repair(terms: refund.RefundTerms) -> refund.RefundTerms:
    """Return the terms without anything that would pay: the shopper keeps the goods or their like, and the sale stands."""
    none = refund.ChargeMode.NONE
    return replace(
        terms, share_bp=0, shipping=none, duties=none, sale_fees=none, tips=none, gift_wrapping=none, rounding=none
    )


def _fee(kind: refund.FeeKind, fee: Fee, currency: str, cost_minor: int | None, *, early: bool) -> refund.FeeTerm:
    amounts = (fee.fixed_minor, fee.at_most_minor is not None, fee.actual_cost)
    return refund.FeeTerm(
        kind,
        bp=fee.bp,
        of=fee.of,
        fixed_minor=fee.fixed_minor,
        cost_minor=cost_minor if fee.actual_cost else None,
        currency=currency if any(amounts) else None,
        per=fee.per,
        tax=fee.tax,
        tax_bp=fee.tax_bp,
        tax_included=fee.tax_included,
        at_most_minor=fee.at_most_minor,
        beforehand=fee.beforehand if early else None,
    )


def _waivers(fees: Fees) -> tuple[refund.Waiver, ...]:
    return (refund.Waiver(reason=fees.waiver or "waived"),) if fees.waived else ()


def _promotion(said: RefundTerms, promotion: PromotionCondition, currency: str) -> refund.PromotionTerm:
    return refund.PromotionTerm(
        promotion.code,
        said.promotions,
        minimum_minor=promotion.minimum_minor,
        minimum_units=promotion.minimum_units,
        currency=currency,
    )


def _bonus(bonus: Bonus | None, currency: str) -> refund.BonusTerm | None:
    if bonus is None:
        return None
    return refund.BonusTerm(bonus.bp, bonus.fixed_minor, bonus.at_most_minor, currency)
