"""A malformed document is refused with the path of what is wrong with it."""

import copy
from datetime import date
from typing import Any

import pytest

from retour.core.errors import Refused
from retour.core.policy import decode, encode, template
from retour.core.policy.document import ALWAYS, Compare, Op
from retour.core.policy.outcome import (
    DEFAULT_TENDER_ORDER,
    ChargeMode,
    Eligibility,
    Fee,
    FeePer,
    FeeTax,
    Mode,
    NeverBecause,
    Outcomes,
    RefundTerms,
    Resolutions,
)

LEAF = {"fact": "order.country", "op": "eq", "value": "DE"}
NEVER = {"eligibility": {"mode": "never"}}


def a_document(**changes: Any) -> dict[str, Any]:
    """Return a small valid document in EUR with one rule."""
    document = encode(template()) | {"currency": "EUR", "rules": [{"id": "r1", "name": "Rule", "then": NEVER}]}
    return copy.deepcopy(document) | changes


def with_when(when: Any) -> dict[str, Any]:
    return a_document(rules=[{"id": "r1", "name": "Rule", "when": when, "then": NEVER}])


def with_then(group: str, outcome: Any, **changes: Any) -> dict[str, Any]:
    return a_document(rules=[{"id": "r1", "name": "Rule", "then": {group: outcome}}], **changes)


def then_of(group: str, outcome: Any) -> Outcomes:
    return decode(with_then(group, outcome)).rules[0].then


def deep(levels: int) -> dict[str, Any]:
    return LEAF if levels == 0 else {"not": deep(levels - 1)}


def without(name: str) -> dict[str, Any]:
    document = a_document()
    del document[name]
    return document


def no_default(group: str) -> dict[str, Any]:
    document = a_document()
    del document["defaults"][group]
    return document


WRONG: list[tuple[Any, str, str]] = [
    (None, "wrong_type", ""),
    ([], "wrong_type", ""),
    ({}, "missing_field", "format"),
    (a_document(surprise=1), "unknown_field", "surprise"),
    (a_document(**{"\ud800": 1}), "unknown_field", ""),
    (a_document() | {7: 1}, "unknown_field", ""),
    (without("defaults"), "missing_field", "defaults"),
    (no_default("methods"), "missing_field", "defaults.methods"),
    (a_document(format=2), "out_of_range", "format"),
    (a_document(format=True), "wrong_type", "format"),
    (a_document(format=1.0), "wrong_type", "format"),
    (a_document(name=""), "out_of_range", "name"),
    (a_document(name="x" * 201), "out_of_range", "name"),
    (a_document(name="\x00"), "malformed_text", "name"),
    (a_document(name="\udc00"), "malformed_text", "name"),
    (a_document(name=5), "wrong_type", "name"),
    (a_document(currency="euro"), "malformed_text", "currency"),
    (a_document(currency=None), "wrong_type", "currency"),
    (a_document(rules={}), "wrong_type", "rules"),
    (a_document(rules=[{}] * 301), "out_of_range", "rules"),
    (a_document(rules=[{"id": "r1", "name": "a"}]), "missing_field", "rules[0].then"),
    (a_document(rules=[{"id": "R 1", "name": "a", "then": NEVER}]), "malformed_text", "rules[0].id"),
    (a_document(rules=[{"id": "default", "name": "a", "then": NEVER}]), "duplicate", "rules[0].id"),
    (a_document(rules=[{"id": "r", "name": "a", "then": NEVER}] * 2), "duplicate", "rules[1].id"),
    (a_document(rules=[{"id": "r", "name": "a", "then": {}}]), "incomplete", "rules[0].then"),
    (
        a_document(rules=[{"id": "r", "name": "a", "then": NEVER, "enabled": 1}]),
        "wrong_type",
        "rules[0].enabled",
    ),
    (with_when({}), "missing_field", "rules[0].when.fact"),
    (with_when([]), "wrong_type", "rules[0].when"),
    (with_when({"some": []}), "unknown_field", "rules[0].when.some"),
    (with_when({"all": [], "any": []}), "unknown_field", "rules[0].when.any"),
    (with_when({"any": [LEAF], "fact": "x"}), "unknown_field", "rules[0].when.fact"),
    (with_when({"not": LEAF, "op": "eq"}), "unknown_field", "rules[0].when.op"),
    (with_when({"any": []}), "out_of_range", "rules[0].when.any"),
    (with_when({"all": [LEAF] * 101}), "out_of_range", "rules[0].when.all"),
    (with_when(deep(8)), "too_deep", "rules[0].when" + ".not" * 8),
    (with_when({"all": [LEAF | {"op": "same"}]}), "not_one_of", "rules[0].when.all[0].op"),
    (with_when({"all": [LEAF | {"op": ["eq"]}]}), "wrong_type", "rules[0].when.all[0].op"),
    (with_when({"any": [LEAF | {"op": "lt"}]}), "op_not_allowed", "rules[0].when.any[0].op"),
    (with_when({"not": LEAF | {"fact": "order.mood"}}), "unknown_fact", "rules[0].when.not.fact"),
    (with_when(LEAF | {"value": 5}), "wrong_type", "rules[0].when.value"),
    (with_when(LEAF | {"op": "in"}), "wrong_type", "rules[0].when.value"),
    (with_when(LEAF | {"op": "in", "value": []}), "out_of_range", "rules[0].when.value"),
    (with_when(LEAF | {"op": "in", "value": ["DE", 4]}), "wrong_type", "rules[0].when.value[1]"),
    (with_when(LEAF | {"op": "known", "value": 1}), "wrong_type", "rules[0].when.value"),
    (with_when({"fact": "return.kind", "op": "eq", "value": "gift"}), "not_one_of", "rules[0].when.value"),
    (with_when({"fact": "return.kind", "op": "in", "value": ["x"]}), "not_one_of", "rules[0].when.value[0]"),
    (with_when({"fact": "order.total", "op": "gt", "value": "9"}), "wrong_type", "rules[0].when.value"),
    (with_when({"fact": "order.total", "op": "gt", "value": 10**15 + 1}), "out_of_range", "rules[0].when.value"),
    (
        with_when({"fact": "order.placed_on", "op": "lt", "value": "2026-02-29"}),
        "out_of_range",
        "rules[0].when.value",
    ),
    (
        with_when({"fact": "order.placed_on", "op": "lt", "value": "26-2-1"}),
        "malformed_text",
        "rules[0].when.value",
    ),
    (with_when({"fact": "product.gift_card", "op": "eq", "value": "yes"}), "wrong_type", "rules[0].when.value"),
    (with_then("eligibility", {}), "missing_field", "rules[0].then.eligibility.mode"),
    (with_then("eligibility", {"mode": "perhaps"}), "not_one_of", "rules[0].then.eligibility.mode"),
    (
        with_then("eligibility", {"mode": "always", "message": "x"}),
        "unknown_field",
        "rules[0].then.eligibility.message",
    ),
    (
        with_then("eligibility", {"mode": "never", "window_days": 3}),
        "unknown_field",
        "rules[0].then.eligibility.window_days",
    ),
    (
        with_then("eligibility", {"mode": "window", "window_days": 3}),
        "missing_field",
        "rules[0].then.eligibility.counted_from",
    ),
    (
        with_then("eligibility", {"mode": "window", "window_days": -1, "counted_from": [{"day": "ordered"}]}),
        "out_of_range",
        "rules[0].then.eligibility.window_days",
    ),
    (
        with_then("eligibility", {"mode": "window", "window_days": 1, "counted_from": []}),
        "out_of_range",
        "rules[0].then.eligibility.counted_from",
    ),
    (
        with_then("eligibility", {"mode": "window", "window_days": 1, "counted_from": [{"day": "birthday"}]}),
        "not_one_of",
        "rules[0].then.eligibility.counted_from[0].day",
    ),
    (
        with_then("resolutions", {"offered": [{"kind": "repair"}, {"kind": "repair"}]}),
        "duplicate",
        "rules[0].then.resolutions.offered[1]",
    ),
    (
        with_then("methods", {"offered": [{"kind": "label"}, {"kind": "label"}]}),
        "duplicate",
        "rules[0].then.methods.offered[1]",
    ),
    (
        with_then("methods", {"offered": [{"kind": "label", "fee": {"bp": 10_001}}]}),
        "out_of_range",
        "rules[0].then.methods.offered[0].fee.bp",
    ),
    (
        with_then("methods", {"offered": [{"kind": "label", "fee": {"tax_bp": 1900}}]}),
        "not_one_of",
        "rules[0].then.methods.offered[0].fee.tax_bp",
    ),
    (with_then("decision", {"approval": "maybe"}), "not_one_of", "rules[0].then.decision.approval"),
    (with_then("settle_on", {"moment": "someday"}), "not_one_of", "rules[0].then.settle_on.moment"),
    (
        with_then("refund_terms", {"shipping": "none", "deduction_bp": {"worn": 1}}),
        "unknown_field",
        "rules[0].then.refund_terms.deduction_bp.worn",
    ),
    (
        with_then("refund_terms", {"shipping": "none", "tender_order": ["card"]}),
        "incomplete",
        "rules[0].then.refund_terms.tender_order",
    ),
    (
        with_then("inspection", {"sealed": {"accepted": True, "disposition": "restock"}}),
        "missing_field",
        "rules[0].then.inspection.opened",
    ),
]


@pytest.mark.parametrize(("document", "code", "field"), WRONG)
def test_what_is_wrong_is_refused_with_its_path(document: Any, code: str, field: str) -> None:
    with pytest.raises(Refused) as refused:
        decode(document)

    assert (refused.value.code, refused.value.field) == (code, field)
    assert refused.value.status == 422
    assert (field or "the document") in refused.value.message


@pytest.mark.parametrize(
    ("document", "field"),
    [
        (with_when({"fact": "order.total", "op": "gt", "value": 1}), "rules[0].when.value"),
        (
            with_then("resolutions", {"offered": [{"kind": "repair", "restocking_fee": {"fixed_minor": 1}}]}),
            "rules[0].then.resolutions.offered[0].restocking_fee.fixed_minor",
        ),
    ],
)
def test_an_amount_without_the_currency_of_the_document_is_refused(document: dict[str, Any], field: str) -> None:
    assert decode(document).currency == "EUR"

    with pytest.raises(Refused) as refused:
        decode({name: said for name, said in document.items() if name != "currency"})

    assert (refused.value.code, refused.value.field) == ("missing_currency", field)


def test_asking_whether_an_amount_is_known_needs_no_currency() -> None:
    document = with_when({"fact": "order.total", "op": "known", "value": True})
    del document["currency"]

    assert decode(document).rules[0].when == Compare("order.total", Op.KNOWN, value=True)


def test_what_is_left_out_has_its_plain_meaning() -> None:
    document = without("rules")
    assert decode(document).rules == ()

    rule = decode(a_document()).rules[0]

    assert (rule.when, rule.enabled) == (ALWAYS, True)
    assert rule.then.eligibility == Eligibility(Mode.NEVER, because=NeverBecause.NEVER_ELIGIBLE)
    assert then_of("refund_terms", {"shipping": "all"}).refund_terms == RefundTerms(
        ChargeMode.ALL, 0, 0, 0, DEFAULT_TENDER_ORDER
    )
    assert then_of("resolutions", {"offered": []}).resolutions == Resolutions(())


def test_every_field_of_a_fee_is_read() -> None:
    fee = {"bp": 50, "fixed_minor": 690, "per": "parcel", "tax": "supply", "tax_bp": 1900}

    methods = then_of("methods", {"offered": [{"kind": "label", "destination": "loc-1", "fee": fee}]}).methods

    assert methods is not None
    assert methods.offered[0].fee == Fee(50, 690, FeePer.PARCEL, FeeTax.SUPPLY, 1900)
    assert methods.offered[0].destination == "loc-1"


def test_the_deepest_condition_allowed_is_read() -> None:
    assert encode(decode(with_when(deep(7))))["rules"][0]["when"] == deep(7)  # type: ignore[index]


def test_days_and_prefixes_are_read() -> None:
    by_day = with_when({"fact": "order.placed_on", "op": "gte", "value": "2028-02-29"})
    by_prefix = with_when({"fact": "return.kind", "op": "starts_with", "value": "with"})

    assert decode(by_day).rules[0].when == Compare("order.placed_on", Op.GTE, date(2028, 2, 29))
    assert decode(by_prefix).rules[0].when == Compare("return.kind", Op.STARTS_WITH, "with")


def test_templates_survive_the_way_through_json() -> None:
    assert decode(encode(template())) == template()
    assert decode(encode(template(automatic=True))) == template(automatic=True)
