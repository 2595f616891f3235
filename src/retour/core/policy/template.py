"""Policies to start from."""

from typing import Final

from retour.core.policy.document import Compare, Op, PolicyDocument, Rule
from retour.core.policy.outcome import (
    Anchor,
    Approval,
    Approving,
    Defaults,
    Eligibility,
    Inspection,
    MethodKind,
    MethodOffer,
    Methods,
    Mode,
    NeverBecause,
    Outcomes,
    Proposal,
    RefundTerms,
    ResolutionKind,
    ResolutionOffer,
    Resolutions,
    SettleOn,
    Start,
)
from retour.core.rma.state import Disposition

WINDOW_DAYS: Final = 30
TRANSIT_DAYS: Final = 5  # a parcel that nobody reports as delivered is taken to have arrived after so many days


def template(*, automatic: bool = False) -> PolicyDocument:
    """Return a sane first policy: 30 days from delivery, refund to the original payment, money after inspection.

    Requests wait for a person unless `automatic`. Gift cards and articles tagged final-sale never come back.
    """
    approval = Approval.AUTO_APPROVE if automatic else Approval.REVIEW
    return PolicyDocument(
        name="30 days, approved automatically" if automatic else "30 days, reviewed by hand",
        defaults=Defaults(
            eligibility=Eligibility(
                Mode.WINDOW,
                WINDOW_DAYS,
                (Start(Anchor.DELIVERED), Start(Anchor.FULFILLED, TRANSIT_DAYS), Start(Anchor.ORDERED)),
            ),
            resolutions=Resolutions((ResolutionOffer(ResolutionKind.REFUND_ORIGINAL),)),
            methods=Methods((MethodOffer(MethodKind.OWN_CARRIER),)),
            decision=Approving(approval),
            settle_on=SettleOn(),
            refund_terms=RefundTerms(),
            inspection=Inspection(
                sealed=Proposal(accepted=True, disposition=Disposition.RESTOCK),
                opened=Proposal(accepted=True, disposition=Disposition.RESTOCK),
                damaged=Proposal(accepted=True, disposition=Disposition.DISPOSE),
            ),
        ),
        rules=(
            Rule(
                id="gift-cards",
                name="Gift cards never come back",
                when=Compare("product.gift_card", Op.EQ, value=True),
                then=Outcomes(Eligibility(Mode.NEVER, because=NeverBecause.NEVER_ELIGIBLE)),
            ),
            Rule(
                id="final-sale",
                name="Final sale",
                when=Compare("product.tags", Op.HAS_ANY, ("final-sale", "final sale")),
                then=Outcomes(Eligibility(Mode.NEVER, because=NeverBecause.FINAL_SALE)),
            ),
        ),
    )
