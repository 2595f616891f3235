"""Policies to start from for final sale, for electronics, and for goods with a warranty."""

from dataclasses import replace
from typing import Final

from retour.core.policy.document import AllOf, Compare, Op, PolicyDocument, Rule
from retour.core.policy.outcome import (
    AnswerKind,
    Approval,
    Approving,
    ChargeMode,
    Eligibility,
    ExchangeTerms,
    Fee,
    Fees,
    Mode,
    NeverBecause,
    Outcomes,
    Question,
    RefundTerms,
    Requirements,
    ResolutionKind,
    ResolutionOffer,
    Resolutions,
)
from retour.core.policy.template.pieces import (
    AT_OUR_COST,
    BY_FAULT,
    CLAIM,
    FINAL_SALE,
    GIFT_CARDS,
    LABEL,
    MADE_NEW,
    NO_CLAIM,
    NOT_BY_FAULT,
    REFUND,
    counted,
    defaults,
)

RESTOCKING_BP: Final = 1_500
WARRANTY_DAYS: Final = 730
_EXCHANGE: Final = ResolutionOffer(ResolutionKind.EXCHANGE, exchange=ExchangeTerms())
_CREDIT: Final = ResolutionOffer(ResolutionKind.STORE_CREDIT)


def final_sale() -> PolicyDocument:
    """Return a policy under which only what is faulty, damaged or wrong comes back, within 14 days.

    While the reason is not known an article may be chosen; with another reason it is refused.
    """
    never = Eligibility(
        Mode.NEVER, because=NeverBecause.FINAL_SALE, message="All sales are final; only faulty articles come back."
    )
    return PolicyDocument(
        name="Final sale",
        defaults=defaults(counted(14), REFUND, _EXCHANGE),
        rules=(
            GIFT_CARDS,
            Rule("all-final", "No return without a fault", Outcomes(never), NOT_BY_FAULT),
            Rule("our-fault", "Faulty, damaged or wrong: at our cost", AT_OUR_COST, BY_FAULT),
        ),
    )


def electronics() -> PolicyDocument:
    """Return 14 days with a restocking fee of 15 % on refunds, none for exchanges, credit, and what is our fault."""
    serial = Question("serial-number", "What is the serial number?")
    complete = Question("complete", "Are all accessories in the box?", AnswerKind.YES_NO)
    at_our_cost = replace(AT_OUR_COST, fees=Fees(waived=True, waiver="The article was faulty, damaged or wrong."))
    unsealed = Eligibility(
        Mode.NEVER, because=NeverBecause.NEVER_ELIGIBLE, message="Unsealed software and earphones stay with you."
    )
    tagged = Compare("product.tags", Op.HAS_ANY, ("software", "in-ear"))
    return PolicyDocument(
        name="Electronics with a restocking fee",
        defaults=defaults(
            counted(14),
            replace(REFUND, restocking_fee=Fee(bp=RESTOCKING_BP)),
            _EXCHANGE,
            _CREDIT,
            inspection=MADE_NEW,
            requirements=Requirements(questions=(serial, complete)),
        ),
        rules=(
            GIFT_CARDS,
            FINAL_SALE,
            Rule("unsealed", "Software and earphones", Outcomes(unsealed), AllOf((tagged, NOT_BY_FAULT))),
            Rule("our-fault", "Faulty, damaged or wrong: at our cost, without fees", at_our_cost, BY_FAULT),
        ),
    )


def warranty() -> PolicyDocument:
    """Return 30 days for returns, and two years for claims: repaired, replaced or refunded after a look at photos."""
    happened = Question("what-happened", "What happened, and since when?")
    used = Question(
        "used", "How is the article used?", AnswerKind.CHOICE, ("Privately", "In a business"), required=False
    )
    claims = Outcomes(
        eligibility=counted(WARRANTY_DAYS, message="The warranty of this article has ended."),
        resolutions=Resolutions((ResolutionOffer(ResolutionKind.REPAIR), _EXCHANGE, REFUND)),
        methods=LABEL,
        decision=Approving(Approval.REVIEW, "A claim under the warranty."),
        refund_terms=RefundTerms(ChargeMode.ALL),
        inspection=MADE_NEW,
        fees=Fees(waived=True, waiver="Claims under the warranty are free."),
        requirements=Requirements(photos=2, note=True, questions=(happened, used)),
    )
    return PolicyDocument(
        name="Returns and warranty",
        defaults=defaults(counted(30), REFUND, _EXCHANGE),
        rules=(
            GIFT_CARDS,
            Rule("claims", "Claims within the warranty", claims, CLAIM),
            replace(FINAL_SALE, when=AllOf((FINAL_SALE.when, NO_CLAIM))),
        ),
    )
