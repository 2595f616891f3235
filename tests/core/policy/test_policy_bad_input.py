"""A policy that cannot stand is refused with the rule, the field and the reason, and nothing else changes."""

import copy
from datetime import date
from typing import Any

import pytest

from retour.core.errors import Refused
from retour.core.policy import decode, encode, template
from retour.core.policy.document import PromotionCondition, Several, WorkCalendar
from retour.core.policy.outcome import (
    DEFAULT_TENDER_ORDER,
    Anchor,
    AnswerKind,
    Approval,
    Approving,
    Bonus,
    ChargeMode,
    DayCount,
    DownCharge,
    Eligibility,
    ExchangeItems,
    ExchangePrice,
    ExchangeTerms,
    Fee,
    FeeOf,
    FeePer,
    Fees,
    FeeTax,
    MethodKind,
    MethodOffer,
    Methods,
    Mode,
    Moment,
    Outcomes,
    PromotionMode,
    Question,
    RefundTerms,
    Requirements,
    ResolutionKind,
    ResolutionOffer,
    Resolutions,
    SettleOn,
    Shortfall,
    Start,
    UpCharge,
)
from tests.core.policy.test_policy_decoding import a_document, then_of, with_then

WINDOW = {"mode": "window", "window_days": 30, "counted_from": [{"day": "delivered"}]}
QUESTION = {"id": "serial", "text": "Serial number?", "answer": "text"}


def refused(document: Any) -> tuple[str, str | None]:
    before = copy.deepcopy(document)
    with pytest.raises(Refused) as no:
        decode(document)
    assert document == before
    assert no.value.field is not None
    assert no.value.message.startswith(f"{no.value.field}: ")
    return no.value.code, no.value.field


def offer(kind: str, **more: Any) -> dict[str, Any]:
    return {"offered": [{"kind": kind, **more}]}


def asks(**question: Any) -> dict[str, Any]:
    return {"questions": [QUESTION | question]}


FEE = "rules[0].then.resolutions.offered[0].restocking_fee"
OFFER = "rules[0].then.resolutions.offered[0]"
ASKED = "rules[0].then.requirements.questions[0]"

OUTCOMES: list[tuple[str, Any, str, str]] = [
    ("eligibility", {"mode": "window"}, "missing_field", "rules[0].then.eligibility.window_days"),
    ("eligibility", WINDOW | {"window_days": -1}, "out_of_range", "rules[0].then.eligibility.window_days"),
    ("eligibility", WINDOW | {"window_days": 3651}, "out_of_range", "rules[0].then.eligibility.window_days"),
    ("eligibility", WINDOW | {"counted_from": []}, "out_of_range", "rules[0].then.eligibility.counted_from"),
    ("eligibility", {"mode": "window", "until": "2026-12-31", "window_days": 3}, "missing_field",
     "rules[0].then.eligibility.counted_from"),
    ("eligibility", {"mode": "window", "until": "2026-12-31", "counted_from": [{"day": "ordered"}]}, "missing_field",
     "rules[0].then.eligibility.window_days"),
    ("eligibility", WINDOW | {"until": "2026-02-30"}, "out_of_range", "rules[0].then.eligibility.until"),
    ("eligibility", WINDOW | {"until": "31.12.2026"}, "malformed_text", "rules[0].then.eligibility.until"),
    ("eligibility", WINDOW | {"days": "business"}, "not_one_of", "rules[0].then.eligibility.days"),
    ("eligibility", WINDOW | {"extend": 1}, "wrong_type", "rules[0].then.eligibility.extend"),
    ("eligibility", WINDOW | {"because": "final_sale"}, "unknown_field", "rules[0].then.eligibility.because"),
    ("eligibility", {"mode": "always", "until": "2026-12-31"}, "unknown_field", "rules[0].then.eligibility.until"),
    ("eligibility", {"mode": "never", "extend": True}, "unknown_field", "rules[0].then.eligibility.extend"),
    ("resolutions", offer("refund_original", restocking_fee={"bp": -1}), "out_of_range", f"{FEE}.bp"),
    ("resolutions", offer("refund_original", restocking_fee={"bp": 10_001}), "out_of_range", f"{FEE}.bp"),
    ("resolutions", offer("refund_original", restocking_fee={"fixed_minor": -1}), "out_of_range", f"{FEE}.fixed_minor"),
    ("resolutions", offer("refund_original", restocking_fee={"fixed_minor": 1.5}), "wrong_type", f"{FEE}.fixed_minor"),
    ("resolutions", offer("refund_original", restocking_fee={"at_most_minor": -1}), "out_of_range",
     f"{FEE}.at_most_minor"),
    ("resolutions", offer("refund_original", restocking_fee={"of": "catalogue"}), "not_one_of", f"{FEE}.of"),
    ("resolutions", offer("refund_original", restocking_fee={"actual_cost": True}), "not_allowed",
     f"{FEE}.actual_cost"),
    ("resolutions", offer("refund_original", restocking_fee={"tax_included": False}), "not_allowed",
     f"{FEE}.tax_included"),
    ("resolutions", offer("refund_original", restocking_fee={"tax": "supply", "tax_bp": 10_001}), "out_of_range",
     f"{FEE}.tax_bp"),
    ("resolutions", offer("refund_original", bonus={"bp": 1_000}), "not_allowed", f"{OFFER}.bonus"),
    ("resolutions", offer("repair", bonus={"bp": 1_000}), "not_allowed", f"{OFFER}.bonus"),
    ("resolutions", offer("store_credit", bonus={"bp": 10_001}), "out_of_range", f"{OFFER}.bonus.bp"),
    ("resolutions", offer("store_credit", bonus={"share": 1}), "unknown_field", f"{OFFER}.bonus.share"),
    ("resolutions", offer("repair", share_bp=5_000), "not_allowed", f"{OFFER}.share_bp"),
    ("resolutions", offer("exchange", share_bp=5_000), "not_allowed", f"{OFFER}.share_bp"),
    ("resolutions", offer("keep_item", share_bp=10_001), "out_of_range", f"{OFFER}.share_bp"),
    ("resolutions", offer("store_credit", exchange={}), "not_allowed", f"{OFFER}.exchange"),
    ("resolutions", offer("exchange", exchange={"free_from_bp": 10_001}), "out_of_range",
     f"{OFFER}.exchange.free_from_bp"),
    ("resolutions", offer("exchange", exchange={"free_to_bp": 9_999}), "out_of_range", f"{OFFER}.exchange.free_to_bp"),
    ("resolutions", offer("exchange", exchange={"items": "all"}), "not_one_of", f"{OFFER}.exchange.items"),
    ("resolutions", {"offered": [{"kind": "exchange"}, {"kind": "exchange", "bonus": {}}]}, "duplicate",
     "rules[0].then.resolutions.offered[1]"),
    ("decision", {"approval": "review", "after_hours": 1}, "not_allowed", "rules[0].then.decision.after_hours"),
    ("decision", {"approval": "auto_approve", "after_hours": -1}, "out_of_range", "rules[0].then.decision.after_hours"),
    ("settle_on", {"moment": "approved", "after_hours": 8761}, "out_of_range", "rules[0].then.settle_on.after_hours"),
    ("settle_on", {"moment": "packed"}, "not_one_of", "rules[0].then.settle_on.moment"),
    ("refund_terms", {"shipping": "none", "duties": "some"}, "not_one_of", "rules[0].then.refund_terms.duties"),
    ("refund_terms", {"shipping": "none", "promotions": "all"}, "not_one_of", "rules[0].then.refund_terms.promotions"),
    (
        "refund_terms",
        {"shipping": "none", "capture_order": "any"},
        "not_one_of",
        "rules[0].then.refund_terms.capture_order",
    ),
    ("refund_terms", {"shipping": "none", "shortfall": "none"}, "not_one_of", "rules[0].then.refund_terms.shortfall"),
    ("fees", {"return_fee": {"actual_cost": True}}, "not_allowed", "rules[0].then.fees.return_fee.actual_cost"),
    ("fees", {"restocking_fee": {}}, "unknown_field", "rules[0].then.fees.restocking_fee"),
    ("fees", {"waived": "yes"}, "wrong_type", "rules[0].then.fees.waived"),
    ("fees", {"waived": False, "waiver": "ours"}, "not_allowed", "rules[0].then.fees.waiver"),
    ("fees", {"waiver": "ours"}, "not_allowed", "rules[0].then.fees.waiver"),
    ("requirements", {"photos": 11}, "out_of_range", "rules[0].then.requirements.photos"),
    ("requirements", {"photos": True}, "wrong_type", "rules[0].then.requirements.photos"),
    ("requirements", asks(id="Serial No"), "malformed_text", f"{ASKED}.id"),
    ("requirements", asks(answer="date"), "not_one_of", f"{ASKED}.answer"),
    ("requirements", asks(answer="choice"), "missing_field", f"{ASKED}.choices"),
    ("requirements", asks(answer="choice", choices=["one"]), "out_of_range", f"{ASKED}.choices"),
    ("requirements", asks(answer="choice", choices=["One", "one"]), "duplicate", f"{ASKED}.choices"),
    ("requirements", asks(answer="yes_no", choices=["yes", "no"]), "not_allowed", f"{ASKED}.choices"),
    ("requirements", asks(text=""), "out_of_range", f"{ASKED}.text"),
    ("requirements", {"questions": [QUESTION, QUESTION]}, "duplicate", "rules[0].then.requirements.questions[1]"),
    ("requirements", {"questions": [QUESTION | {"id": f"q{n}"} for n in range(21)]}, "out_of_range",
     "rules[0].then.requirements.questions"),
]  # fmt: skip


@pytest.mark.parametrize(("group", "outcome", "code", "field"), OUTCOMES)
def test_an_outcome_that_cannot_stand_is_refused(group: str, outcome: Any, code: str, field: str) -> None:
    assert refused(with_then(group, outcome)) == (code, field)


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"calendar": {"holidays": ["2026-12-25", "2026-12-25"]}}, "duplicate", "calendar.holidays"),
        ({"calendar": {"holidays": ["2026-12-32"]}}, "out_of_range", "calendar.holidays[0]"),
        ({"calendar": {"weekend": [6, 6]}}, "duplicate", "calendar.weekend"),
        ({"calendar": {"weekend": [0]}}, "out_of_range", "calendar.weekend[0]"),
        ({"calendar": {"weekend": [1, 2, 3, 4, 5, 6, 7]}}, "out_of_range", "calendar.weekend"),
        ({"calendar": {"closed": []}}, "unknown_field", "calendar.closed"),
        ({"promotions": [{"code": "TEN"}]}, "incomplete", "promotions[0]"),
        ({"promotions": [{"code": "TEN", "minimum_minor": 0}]}, "out_of_range", "promotions[0].minimum_minor"),
        ({"promotions": [{"code": "TEN", "minimum_units": 0}]}, "out_of_range", "promotions[0].minimum_units"),
        ({"promotions": [{"code": "A", "minimum_units": 1}, {"code": "a", "minimum_units": 2}]}, "duplicate",
         "promotions[1].code"),
        ({"promotions": [{"minimum_units": 2}]}, "missing_field", "promotions[0].code"),
        ({"several": "merge"}, "not_one_of", "several"),
        ({"several": None}, "wrong_type", "several"),
    ],
)  # fmt: skip
def test_a_declaration_that_cannot_stand_is_refused(changes: dict[str, Any], code: str, field: str) -> None:
    assert refused(a_document(**changes)) == (code, field)


@pytest.mark.parametrize(
    ("group", "outcome", "field"),
    [
        ("resolutions", offer("refund_original", restocking_fee={"at_most_minor": 500}), f"{FEE}.at_most_minor"),
        ("resolutions", offer("store_credit", bonus={"fixed_minor": 500}), f"{OFFER}.bonus.fixed_minor"),
        ("resolutions", offer("store_credit", bonus={"bp": 1, "at_most_minor": 5}), f"{OFFER}.bonus.at_most_minor"),
        ("fees", {"return_fee": {"fixed_minor": 500}}, "rules[0].then.fees.return_fee.fixed_minor"),
    ],
)
def test_an_amount_without_the_documents_currency_is_refused(group: str, outcome: Any, field: str) -> None:
    document = with_then(group, outcome)
    del document["currency"]

    assert refused(document) == ("missing_currency", field)


def test_the_least_value_of_a_promotion_needs_the_documents_currency() -> None:
    document = a_document(promotions=[{"code": "TEN", "minimum_minor": 5_000}])
    del document["currency"]

    assert refused(document) == ("missing_currency", "promotions[0].minimum_minor")


def test_a_second_rule_of_the_same_id_is_refused() -> None:
    document = a_document()
    document["rules"] = document["rules"] * 2

    assert refused(document) == ("duplicate", "rules[1].id")


def test_everything_that_may_be_said_is_read() -> None:
    fee = {"bp": 500, "fixed_minor": 250, "per": "return", "tax": "supply", "tax_bp": 1900, "of": "listed",
           "tax_included": False, "at_most_minor": 2_000}  # fmt: skip
    read = Fee(500, 250, FeePer.RETURN, FeeTax.SUPPLY, 1900, FeeOf.LISTED, tax_included=False, at_most_minor=2_000)
    exchange = {"items": "any_product", "price": "listed", "free_from_bp": 9_000, "free_to_bp": 11_000, "up": "checkout",
                "down": "credit", "out_of_stock": True}  # fmt: skip

    assert then_of("fees", {"return_fee": fee, "cancellation_fee": {}, "waived": True, "waiver": "ours"}) == Outcomes(
        fees=Fees(read, Fee(), waived=True, waiver="ours")
    )
    assert then_of("resolutions", offer("exchange", exchange=exchange, bonus={"bp": 5, "fixed_minor": 6})) == Outcomes(
        resolutions=Resolutions(
            (
                ResolutionOffer(
                    ResolutionKind.EXCHANGE,
                    bonus=Bonus(5, 6),
                    exchange=ExchangeTerms(
                        ExchangeItems.ANY_PRODUCT, ExchangePrice.LISTED, 9_000, 11_000, UpCharge.CHECKOUT,
                        DownCharge.CREDIT, out_of_stock=True,
                    ),
                ),
            )
        )
    )  # fmt: skip
    assert then_of("resolutions", offer("keep_item", share_bp=3_000)) == Outcomes(
        resolutions=Resolutions((ResolutionOffer(ResolutionKind.KEEP_ITEM, share_bp=3_000),))
    )
    assert then_of("methods", offer("label", fee={"actual_cost": True})) == Outcomes(
        methods=Methods((MethodOffer(MethodKind.LABEL, fee=Fee(actual_cost=True)),))
    )
    assert then_of("decision", {"approval": "auto_approve", "after_hours": 12}) == Outcomes(
        decision=Approving(Approval.AUTO_APPROVE, after_hours=12)
    )
    assert then_of("settle_on", {"moment": "delivered", "after_hours": 48}) == Outcomes(
        settle_on=SettleOn(Moment.DELIVERED, 48)
    )
    assert then_of(
        "refund_terms",
        {"shipping": "all", "duties": "proportional", "tips": "all", "sale_fees": "on_full_return",
         "gift_wrapping": "all", "promotions": "clawback", "shortfall": "billed"},
    ) == Outcomes(
        refund_terms=RefundTerms(
            ChargeMode.ALL,
            duties=ChargeMode.PROPORTIONAL,
            tips=ChargeMode.ALL,
            sale_fees=ChargeMode.ON_FULL_RETURN,
            gift_wrapping=ChargeMode.ALL,
            promotions=PromotionMode.CLAWBACK,
            shortfall=Shortfall.BILLED,
        )
    )  # fmt: skip


def test_what_may_be_asked_of_the_shopper_is_read() -> None:
    question = QUESTION | {"answer": "choice", "choices": ["Yes", "No"], "required": False}
    assert then_of("requirements", {"photos": 2, "note": True, "questions": [question]}) == Outcomes(
        requirements=Requirements(
            2, note=True,
            questions=(Question("serial", "Serial number?", AnswerKind.CHOICE, ("Yes", "No"), required=False),),
        )
    )  # fmt: skip
    assert then_of("eligibility", {"mode": "window", "until": "2026-12-31", "days": "working"}) == Outcomes(
        Eligibility(Mode.WINDOW, until=date(2026, 12, 31), days=DayCount.WORKING)
    )


def test_everything_that_may_be_declared_is_read() -> None:
    policy = decode(
        a_document(
            calendar={"holidays": ["2026-12-25"], "weekend": [7]},
            promotions=[{"code": "TEN", "minimum_minor": 5_000, "minimum_units": 3}],
            several="split",
        )
    )

    assert policy.calendar == WorkCalendar((date(2026, 12, 25),), (7,))
    assert policy.promotions == (PromotionCondition("TEN", 5_000, 3),)
    assert policy.several is Several.SPLIT
    assert decode(a_document(calendar={})).calendar == WorkCalendar()


def test_a_document_from_before_is_written_as_it_was() -> None:
    document = encode(template())

    assert set(document) == {"format", "name", "defaults", "rules"}
    assert set(document["defaults"]) == {  # type: ignore[call-overload]
        "eligibility", "resolutions", "methods", "decision", "settle_on", "refund_terms", "inspection",
    }  # fmt: skip
    assert document["defaults"] == {
        "eligibility": {
            "mode": "window",
            "window_days": 30,
            "counted_from": [
                {"day": "delivered", "plus_days": 0},
                {"day": "fulfilled", "plus_days": 5},
                {"day": "ordered", "plus_days": 0},
            ],
        },
        "resolutions": {"offered": [{"kind": "refund_original"}]},
        "methods": {"offered": [{"kind": "own_carrier"}]},
        "decision": {"approval": "review"},
        "settle_on": {"moment": "inspected"},
        "refund_terms": {
            "shipping": "none",
            "deduction_bp": {"sealed": 0, "opened": 0, "damaged": 0},
            "tender_order": ["store_credit", "card", "gift_card", "other"],
        },
        "inspection": {
            "sealed": {"accepted": True, "disposition": "restock"},
            "opened": {"accepted": True, "disposition": "restock"},
            "damaged": {"accepted": True, "disposition": "dispose"},
        },
    }


def test_a_rule_may_say_that_there_are_no_fees() -> None:
    policy = decode(with_then("fees", {}))

    assert policy.rules[0].then == Outcomes(fees=Fees())
    assert decode(encode(policy)) == policy


def test_what_is_left_out_is_nothing() -> None:
    assert then_of("requirements", {}) == Outcomes(requirements=Requirements(0, note=False, questions=()))
    assert then_of("requirements", {"questions": [QUESTION]}).requirements == Requirements(
        questions=(Question("serial", "Serial number?", AnswerKind.TEXT, (), required=True),)
    )
    assert then_of("fees", {}) == Outcomes(fees=Fees(None, None, waived=False, waiver=None))
    assert then_of("eligibility", WINDOW) == Outcomes(
        Eligibility(Mode.WINDOW, 30, (Start(Anchor.DELIVERED, 0),), None, None, None, DayCount.CALENDAR, extend=False)
    )
    assert then_of("decision", {"approval": "auto_approve"}) == Outcomes(decision=Approving(Approval.AUTO_APPROVE))
    assert then_of("settle_on", {"moment": "received"}) == Outcomes(settle_on=SettleOn(Moment.RECEIVED, 0))
    assert then_of("refund_terms", {"shipping": "none"}) == Outcomes(
        refund_terms=RefundTerms(
            ChargeMode.NONE, 0, 0, 0, DEFAULT_TENDER_ORDER, ChargeMode.NONE, ChargeMode.NONE,
            ChargeMode.NONE, ChargeMode.NONE, PromotionMode.KEEP, Shortfall.FLOOR,
        )
    )  # fmt: skip
    assert then_of("resolutions", offer("store_credit", bonus={}, restocking_fee={})) == Outcomes(
        resolutions=Resolutions(
            (
                ResolutionOffer(
                    ResolutionKind.STORE_CREDIT,
                    None,
                    Fee(0, 0, FeePer.UNIT, FeeTax.REDUCTION, 0, FeeOf.PAID, actual_cost=False, tax_included=True),
                    Bonus(0, 0, None),
                    10_000,
                ),
            )
        )
    )
    assert then_of("resolutions", offer("exchange", exchange={})) == Outcomes(
        resolutions=Resolutions(
            (
                ResolutionOffer(
                    ResolutionKind.EXCHANGE,
                    exchange=ExchangeTerms(
                        ExchangeItems.VARIANT, ExchangePrice.PAID, 10_000, 10_000, UpCharge.INVOICE, DownCharge.REFUND,
                        out_of_stock=False,
                    ),
                ),
            )
        )
    )  # fmt: skip
