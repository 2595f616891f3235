"""The terms of a refund that follow from a ruling."""

from dataclasses import replace

import pytest

from retour.core import refund
from retour.core.money import NOTHING
from retour.core.order import ChargeKind, TenderKind
from retour.core.policy import LineDecision, compile_policy, decide, template
from retour.core.policy.document import PromotionCondition
from retour.core.policy.outcome import (
    Bonus,
    ChargeMode,
    Defaults,
    Fee,
    FeeOf,
    FeePer,
    Fees,
    FeeTax,
    MethodKind,
    MethodOffer,
    Methods,
    PromotionMode,
    RefundTerms,
    ResolutionKind,
    ResolutionOffer,
    Resolutions,
    Shortfall,
)
from retour.core.refund import BonusTerm, FeeKind, FeeTerm, PromotionTerm, Waiver
from retour.core.terms import offer_of, terms_of
from tests.core.builders import a_charge, a_ledger, a_line, an_order
from tests.core.policy.builders import bare_facts

REFUND = ResolutionKind.REFUND_ORIGINAL


def decided(**defaults: object) -> LineDecision:
    """Return the decision on a line under the first template with other defaults, in a document in euro."""
    document = replace(template(), currency="EUR", rules=())
    said: Defaults = replace(document.defaults, **defaults)  # type: ignore[arg-type]
    return decide(compile_policy(replace(document, defaults=said), version="1"), [bare_facts()]).lines[0]


def offered(*offers: ResolutionOffer) -> LineDecision:
    return decided(resolutions=Resolutions(offers))


@pytest.mark.parametrize(
    ("fee", "expected"),
    [
        (None, ()),
        (Fee(bp=1_000, per=FeePer.UNIT), (FeeTerm(bp=1_000, per=FeePer.UNIT),)),
        (
            Fee(fixed_minor=500, per=FeePer.PARCEL),
            (FeeTerm(FeeKind.RESTOCKING, fixed_minor=500, currency="EUR", per=FeePer.PARCEL),),
        ),
        (
            Fee(bp=1_000, per=FeePer.LINE, of=FeeOf.LISTED, at_most_minor=900),
            (FeeTerm(bp=1_000, per=FeePer.LINE, of=FeeOf.LISTED, at_most_minor=900, currency="EUR"),),
        ),
        (
            Fee(fixed_minor=500, per=FeePer.RETURN, tax=FeeTax.SUPPLY, tax_bp=1_900, tax_included=False),
            (FeeTerm(fixed_minor=500, currency="EUR", tax=FeeTax.SUPPLY, tax_bp=1_900, tax_included=False),),
        ),
    ],
)
def test_the_fee_of_a_resolution_follows_the_ruling(fee: Fee | None, expected: tuple[FeeTerm, ...]) -> None:
    assert terms_of(offered(ResolutionOffer(REFUND, restocking_fee=fee)), "refund_original").fees == expected


def test_every_fee_of_a_return_is_taken_over_and_the_label_s_is_that_of_the_method() -> None:
    label, cost = Fee(fixed_minor=690, per=FeePer.PARCEL), Fee(actual_cost=True, per=FeePer.RETURN)
    line = decided(
        resolutions=Resolutions((ResolutionOffer(REFUND, restocking_fee=Fee(bp=1_000, per=FeePer.RETURN)),)),
        methods=Methods((MethodOffer(MethodKind.LABEL, fee=label), MethodOffer(MethodKind.DROP_OFF, fee=cost))),
        fees=Fees(return_fee=Fee(fixed_minor=100, per=FeePer.RETURN), cancellation_fee=Fee(bp=500, per=FeePer.RETURN)),
    )
    restocking, of_return = FeeTerm(bp=1_000), FeeTerm(FeeKind.RETURN, fixed_minor=100, currency="EUR")

    assert terms_of(line, "refund_original").fees == (restocking, of_return)
    assert terms_of(line, "refund_original", method="label", label_cost_minor=520).fees == (
        restocking,
        FeeTerm(FeeKind.LABEL, fixed_minor=690, currency="EUR", per=FeePer.PARCEL),
        of_return,
    )
    assert terms_of(line, "refund_original", method="drop_off", label_cost_minor=520).fees[1] == FeeTerm(
        FeeKind.LABEL, cost_minor=520, currency="EUR"
    )
    assert terms_of(line, "refund_original", method="drop_off").fees[1].cost_minor is None
    assert terms_of(line, "refund_original", method="own_carrier").fees == (restocking, of_return)
    assert terms_of(line, "refund_original", method="label", is_cancellation=True).fees == (
        FeeTerm(FeeKind.CANCELLATION, bp=500),
    )


def test_a_rule_waives_every_fee_and_says_why() -> None:
    assert terms_of(decided(fees=Fees(waived=True, waiver="faulty goods")), "refund_original").waivers == (
        Waiver(None, "faulty goods"),
    )
    assert terms_of(decided(fees=Fees(waived=True)), "refund_original").waivers == (Waiver(None, "waived"),)
    assert terms_of(decided(fees=Fees(waiver="faulty goods")), "refund_original").waivers == ()


def test_charges_tenders_and_what_fees_may_take_follow_the_ruling() -> None:
    said = RefundTerms(
        shipping=ChargeMode.ALL,
        duties=ChargeMode.ON_FULL_RETURN,
        tips=ChargeMode.PROPORTIONAL,
        sale_fees=ChargeMode.ALL,
        gift_wrapping=ChargeMode.PROPORTIONAL,
        tender_order=(TenderKind.GIFT_CARD,),
        shortfall=Shortfall.BILLED,
        capture_order=refund.CaptureOrder.OLDEST,
    )

    terms = terms_of(decided(refund_terms=said), "refund_original")

    assert terms == refund.RefundTerms(
        shipping=ChargeMode.ALL,
        duties=ChargeMode.ON_FULL_RETURN,
        tips=ChargeMode.PROPORTIONAL,
        sale_fees=ChargeMode.ALL,
        gift_wrapping=ChargeMode.PROPORTIONAL,
        tender_order=(TenderKind.GIFT_CARD,),
        shortfall=refund.Shortfall.BILLED,
        capture_order=refund.CaptureOrder.OLDEST,
    )
    assert terms_of(decided(refund_terms=said), "refund_original", is_withdrawal=True) == replace(
        terms, legal_floor=True
    )


def test_what_is_no_refund_goes_back_to_no_tender_and_a_repair_pays_nothing() -> None:
    kinds = tuple(ResolutionOffer(kind, share_bp=9_000) for kind in ResolutionKind)
    line = offered(*kinds)

    terms = {kind: terms_of(line, kind.value) for kind in ResolutionKind}

    assert {kind for kind in terms if terms[kind].tender_order} == {REFUND}
    without = {ResolutionKind.REPAIR, ResolutionKind.REPLACEMENT}
    assert {kind for kind in terms if terms[kind].share_bp == 0} == without
    assert {terms[kind].share_bp for kind in terms if kind not in without} == {9_000}


def test_a_repair_gives_back_nothing_of_what_the_sale_charged_beside_the_goods() -> None:
    every = ChargeMode.ALL
    said = RefundTerms(shipping=every, duties=every, tips=every, sale_fees=every, gift_wrapping=every)
    order = an_order(
        a_line("a", q=2, gross=10_000),
        charges=tuple(a_charge(kind.value, gross=100, kind=kind) for kind in ChargeKind),
    )
    request = refund.RefundRequest((refund.RequestedLine("a", (refund.UnitRange(1, 2),)),))

    plan = refund.quote(order, a_ledger(order), request, terms_of(decided(refund_terms=said), "repair"))

    assert (plan.total, [row.kind.value for row in plan.rows]) == (NOTHING, ["units"])


@pytest.mark.parametrize("mode", PromotionMode)
def test_promotions_have_the_condition_of_the_document_and_the_mode_of_the_ruling(mode: PromotionMode) -> None:
    line = decided(refund_terms=RefundTerms(promotions=mode))

    terms = terms_of(line, "refund_original", promotions=(PromotionCondition("SPRING", 15_000, 3),))

    assert terms.promotions == (PromotionTerm("SPRING", refund.PromotionMode(mode.value), 15_000, 3, "EUR"),)
    assert terms_of(line, "refund_original").promotions == ()


def test_bonus_and_share_are_those_of_the_offer_that_was_chosen() -> None:
    plain = ResolutionOffer(ResolutionKind.STORE_CREDIT, ref="r1", bonus=Bonus(500, 100, 900))
    other = ResolutionOffer(ResolutionKind.STORE_CREDIT, ref="r2", share_bp=2_500)
    line = offered(plain, other)

    first, second = terms_of(line, "store_credit"), terms_of(line, "store_credit", resolution_ref="r2")
    unknown = terms_of(line, "gift_card")

    assert (first.bonus, first.share_bp) == (BonusTerm(500, 100, 900, "EUR"), 10_000)
    assert (second.bonus, second.share_bp) == (None, 2_500)
    assert terms_of(line, "store_credit", resolution_ref="r1") == first
    assert (unknown.bonus, unknown.share_bp, unknown.fees) == (None, 10_000, ())


@pytest.mark.parametrize("kind", [kind for kind in ResolutionKind if kind is not REFUND])
def test_what_is_no_refund_touches_no_payment(kind: ResolutionKind) -> None:
    line = offered(ResolutionOffer(REFUND), ResolutionOffer(kind, share_bp=4_000))

    assert terms_of(line, REFUND).tender_order != ()
    assert terms_of(line, kind).tender_order == ()
    assert terms_of(line, kind).share_bp == (
        0 if kind in (ResolutionKind.REPAIR, ResolutionKind.REPLACEMENT) else 4_000
    )


def test_an_offer_is_found_by_kind_and_record() -> None:
    first, second = ResolutionOffer(REFUND, "a"), ResolutionOffer(REFUND, "b")
    line = offered(first, second)

    assert offer_of(line, REFUND) == first
    assert offer_of(line, REFUND, "b") == second
    assert offer_of(line, REFUND, "c") is None
    assert offer_of(line, ResolutionKind.REPAIR) is None
