"""What the templates are put together from."""

from typing import Final

from retour.core.policy.document import AllOf, Compare, Op, Rule
from retour.core.policy.outcome import (
    Anchor,
    Approval,
    Approving,
    ChargeMode,
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
    Requirements,
    ResolutionKind,
    ResolutionOffer,
    Resolutions,
    SettleOn,
    Start,
)
from retour.core.rma.state import Disposition

TRANSIT_DAYS: Final = 5  # a parcel that nobody reports as delivered is taken to have arrived after so many days
FROM_DELIVERY: Final = (Start(Anchor.DELIVERED), Start(Anchor.FULFILLED, TRANSIT_DAYS), Start(Anchor.ORDERED))
FAULTS: Final = ("damaged", "defective", "wrong_item", "not_as_described")  # what is not the shopper's doing

REFUND: Final = ResolutionOffer(ResolutionKind.REFUND_ORIGINAL)
OWN_CARRIER: Final = Methods((MethodOffer(MethodKind.OWN_CARRIER),))
LABEL: Final = Methods((MethodOffer(MethodKind.LABEL),))
BY_HAND: Final = Approving(Approval.REVIEW)
AT_ONCE: Final = Approving(Approval.AUTO_APPROVE)
_BACK_ON_SALE: Final = Proposal(accepted=True, disposition=Disposition.RESTOCK)
_DISPOSED_OF: Final = Proposal(accepted=True, disposition=Disposition.DISPOSE)
REPAIRED: Final = Proposal(accepted=True, disposition=Disposition.REFURBISH)
SOLD_AGAIN: Final = Inspection(sealed=_BACK_ON_SALE, opened=_BACK_ON_SALE, damaged=_DISPOSED_OF)
MADE_NEW: Final = Inspection(sealed=_BACK_ON_SALE, opened=REPAIRED, damaged=REPAIRED)

BY_FAULT: Final = Compare("line.reason", Op.IN, FAULTS)
NOT_BY_FAULT: Final = Compare("line.reason", Op.NOT_IN, FAULTS)
# A claim is about an article that is not as it should be; a gift card is none.
CLAIM: Final = AllOf(
    (Compare("return.kind", Op.EQ, "claim"), Compare("product.gift_card", Op.EQ, value=False)),
)
NO_CLAIM: Final = Compare("return.kind", Op.NE, "claim")
GIFT_CARDS: Final = Rule(
    id="gift-cards",
    name="Gift cards never come back",
    when=Compare("product.gift_card", Op.EQ, value=True),
    then=Outcomes(Eligibility(Mode.NEVER, because=NeverBecause.NEVER_ELIGIBLE)),
)
FINAL_SALE: Final = Rule(
    id="final-sale",
    name="Final sale",
    when=Compare("product.tags", Op.HAS_ANY, ("final-sale", "final sale")),
    then=Outcomes(Eligibility(Mode.NEVER, because=NeverBecause.FINAL_SALE)),
)
# What the merchant answers for: the way back is paid, the first shipping too, and a person looks at a photo.
AT_OUR_COST: Final = Outcomes(
    methods=LABEL,
    decision=Approving(Approval.REVIEW, "The shopper says it is our fault."),
    refund_terms=RefundTerms(ChargeMode.ALL),
    requirements=Requirements(photos=1),
)

AS_PAID: Final = RefundTerms()
NOTHING_ASKED: Final = Requirements()


def counted(days: int, *, extend: bool = False, message: str | None = None) -> Eligibility:
    """Return a window of days from delivery, or from what stands in for it."""
    return Eligibility(Mode.WINDOW, days, FROM_DELIVERY, message=message, extend=extend)


def defaults(
    eligibility: Eligibility,
    *offered: ResolutionOffer,
    methods: Methods = OWN_CARRIER,
    decision: Approving = AT_ONCE,
    refund_terms: RefundTerms = AS_PAID,
    inspection: Inspection = SOLD_AGAIN,
    requirements: Requirements = NOTHING_ASKED,
) -> Defaults:
    """Return declared defaults: money after inspection, no fees of the return as a whole."""
    return Defaults(
        eligibility, Resolutions(offered), methods, decision, SettleOn(), refund_terms, inspection,
        requirements=requirements,
    )  # fmt: skip
