"""Policies to start from in the European Union and in the United States."""

from typing import Final

from retour.core.policy.document import ELSEWHERE, AllOf, Compare, Op, PolicyDocument, Rule, Zone
from retour.core.policy.outcome import (
    Approval,
    Approving,
    Bonus,
    ChargeMode,
    Eligibility,
    ExchangeTerms,
    Mode,
    NeverBecause,
    Outcomes,
    RefundTerms,
    Requirements,
    ResolutionKind,
    ResolutionOffer,
    Resolutions,
)
from retour.core.policy.template.pieces import (
    AT_OUR_COST,
    BY_FAULT,
    BY_HAND,
    CLAIM,
    FINAL_SALE,
    GIFT_CARDS,
    LABEL,
    NO_CLAIM,
    NOT_BY_FAULT,
    OWN_CARRIER,
    REFUND,
    counted,
    defaults,
)

EU: Final = (
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
    "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
)  # fmt: skip
GUARANTEE_DAYS: Final = 730
MANY_UNITS: Final = 10
_EXCHANGE: Final = ResolutionOffer(ResolutionKind.EXCHANGE, exchange=ExchangeTerms())


def eu_withdrawal() -> PolicyDocument:
    """Return a policy beside the statutory right of withdrawal (Directive 2011/83/EU) and the legal guarantee.

    The 14 days are those of the directive and end on a working day (Regulation 1182/71, art. 3(4)); standard shipping
    goes back with the whole order (art. 13(1)). Claims are open for the two years of Directive (EU) 2019/771, art. 10.
    """
    claims = Outcomes(
        eligibility=counted(GUARANTEE_DAYS),
        resolutions=Resolutions((ResolutionOffer(ResolutionKind.REPAIR), _EXCHANGE, REFUND)),
        methods=LABEL,
        decision=Approving(Approval.REVIEW, "A claim under the legal guarantee."),
        refund_terms=RefundTerms(ChargeMode.ALL),
        requirements=Requirements(photos=1, note=True),
    )
    made = Eligibility(
        Mode.NEVER, because=NeverBecause.NEVER_ELIGIBLE, message="This article was made or unsealed for you."
    )
    tagged = Compare("product.tags", Op.HAS_ANY, ("made-to-order", "personalised", "hygiene-seal"))
    return PolicyDocument(
        name="European Union: 14 days, withdrawal and guarantee",
        defaults=defaults(
            counted(14, extend=True), REFUND, _EXCHANGE, refund_terms=RefundTerms(ChargeMode.ON_FULL_RETURN)
        ),
        rules=(
            GIFT_CARDS,
            Rule("claims", "Claims within two years", claims, CLAIM),
            Rule("made-for-you", "Made to order or unsealed", Outcomes(made), AllOf((tagged, NOT_BY_FAULT, NO_CLAIM))),
            Rule("our-fault", "Faulty, damaged or wrong: at our cost", AT_OUR_COST, AllOf((BY_FAULT, NO_CLAIM))),
            Rule("outside", "From outside the Union: a person looks", Outcomes(decision=BY_HAND), _ABROAD),
        ),
        zones=(Zone("eu", EU),),
    )


def us_thirty_days() -> PolicyDocument:
    """Return 30 days with a label, store credit with a bonus of a tenth, and a person for what comes from abroad."""
    credit = ResolutionOffer(ResolutionKind.STORE_CREDIT, bonus=Bonus(bp=1_000))
    from_abroad = Outcomes(methods=OWN_CARRIER, decision=Approving(Approval.REVIEW, "From abroad."))
    return PolicyDocument(
        name="United States: 30 days",
        defaults=defaults(counted(30), REFUND, credit, _EXCHANGE, methods=LABEL),
        rules=(
            GIFT_CARDS,
            FINAL_SALE,
            Rule(
                "from-abroad",
                "From abroad: own carrier, a person looks",
                from_abroad,
                AllOf((_ABROAD, NOT_BY_FAULT)),
            ),
            Rule("our-fault", "Faulty, damaged or wrong: at our cost", AT_OUR_COST, BY_FAULT),
            Rule(
                "many-units",
                "A person looks at requests of many units",
                Outcomes(decision=BY_HAND),
                Compare("return.item_count", Op.GT, MANY_UNITS),
            ),
        ),
        zones=(Zone("domestic", ("US",)),),
    )


_ABROAD: Final = Compare("order.zone", Op.EQ, ELSEWHERE)
