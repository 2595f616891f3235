"""The published schema accepts every document that the decoder accepts, and refuses what it can see is wrong."""

import copy
import json
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retour.core.errors import Refused
from retour.core.policy import PolicyDocument, decode, encode
from retour.core.policy.document import Expression
from retour.core.policy.facts import FACTS
from retour.core.policy.schema import schema
from tests.core.policy.builders import NEVER, a_policy, a_rule
from tests.core.policy.strategies import POLICIES, damage, examples
from tests.core.policy.test_policy_decoding import WRONG, a_document

VALIDATOR = jsonschema_rs.validator_for(schema())
# What is wrong with a document and no schema can see.
BEYOND = {
    "duplicate", "overlapping_zones", "missing_currency", "not_allowed", "not_one_of", "too_deep", "unknown_fact",
    "malformed_expression", "too_long", "out_of_range", "wrong_type", "malformed_text",
}  # fmt: skip


def code_of(document: Any) -> str | None:
    try:
        decode(document)
    except Refused as no:
        return no.code
    return None


def test_the_schema_is_a_schema_and_is_plain_json() -> None:
    jsonschema_rs.meta.validate(schema())

    assert json.loads(json.dumps(schema())) == schema()


def test_nobody_can_change_the_schema_of_the_next() -> None:
    first = schema()
    first["properties"] = {}

    assert schema()["properties"] != {}


@pytest.mark.property
@examples
@given(POLICIES)
def test_every_policy_encodes_to_json_that_the_schema_accepts(policy: PolicyDocument) -> None:
    VALIDATOR.validate(json.loads(json.dumps(encode(policy))))


@pytest.mark.property
@examples
@given(st.data(), POLICIES)
def test_what_the_decoder_accepts_of_damaged_policies_the_schema_accepts(data: Any, policy: PolicyDocument) -> None:
    document = encode(policy)
    for _ in range(data.draw(st.integers(1, 3))):
        damage(data, document)
    code = code_of(document)

    if VALIDATOR.is_valid(document):
        assert code is None or code in BEYOND
    else:
        assert code is not None


@pytest.mark.parametrize(("document", "code", "field"), WRONG)
def test_a_refused_document_is_invalid_or_beyond_a_schema(document: Any, code: str, field: str) -> None:
    if isinstance(document, dict) and any(not isinstance(key, str) or "\ud800" in key for key in document):
        return  # no JSON
    assert code in BEYOND or not VALIDATOR.is_valid(_without_halves(document))


def test_every_fact_of_the_catalogue_can_be_compared() -> None:
    for fact in FACTS.values():
        for op in fact.ops:
            document = a_document()
            value: Any = {"flag": True, "date": "2026-01-31", "number": 5, "money": 5}.get(fact.type.value, "x")
            value = True if op == "known" else fact.choices[0] if fact.choices and value == "x" else value
            listed = op in ("in", "not_in", "has_any", "has_all", "has_none")
            document["rules"][0]["when"] = {"fact": fact.name, "op": op.value, "value": [value] if listed else value}

            assert VALIDATOR.is_valid(document), (fact, op)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("surprise",), 1),
        (("currency",), "euro"),
        (("several",), "both"),
        (("zones",), [{"name": "eu", "countries": ["de"]}]),
        (("zones",), [{"name": "eu", "countries": []}]),
        (("calendar",), {"weekend": [8]}),
        (("calendar",), {"weekend": [1, 2, 3, 4, 5, 6, 7]}),
        (("calendar",), {"holidays": ["25.12.2026"]}),
        (("promotions",), [{"code": "TEN"}]),
        (("promotions",), [{"code": "TEN", "minimum_minor": -1}]),
        (("rules", 0, "id"), "Rule One"),
        (("rules", 0, "then"), {}),
        (("rules", 0, "when"), {"fact": "order.nope", "op": "eq", "value": 1}),
        (("rules", 0, "when"), {"fact": "order.total", "op": "gt", "value": "100"}),
        (("rules", 0, "when"), {"fact": "order.total", "op": "has_any", "value": ["100"]}),
        (("rules", 0, "when"), {"fact": "return.kind", "op": "eq", "value": "gift"}),
        (("rules", 0, "when"), {"expression": ""}),
        (("rules", 0, "when"), {"expression": "true", "not": {"all": []}}),
        (("defaults", "eligibility"), {"mode": "window"}),
        (("defaults", "eligibility"), {"mode": "window", "window_days": 30}),
        (("defaults", "eligibility"), {"mode": "window", "window_days": -1, "counted_from": [{"day": "ordered"}]}),
        (("defaults", "eligibility"), {"mode": "always", "until": "2026-01-01"}),
        (("defaults", "resolutions"), {"offered": [{"kind": "repair", "share_bp": 5000}]}),
        (("defaults", "resolutions"), {"offered": [{"kind": "refund_original", "restocking_fee": {"bp": 10_001}}]}),
        (
            ("defaults", "resolutions"),
            {"offered": [{"kind": "refund_original", "restocking_fee": {"fixed_minor": -1}}]},
        ),
        (("defaults", "resolutions"), {"offered": [{"kind": "exchange", "exchange": {"free_to_bp": 9_000}}]}),
        (("defaults", "requirements"), {"questions": [{"id": "q", "text": "Why?", "answer": "choice"}]}),
        (
            ("defaults", "requirements"),
            {"questions": [{"id": "q", "text": "Why?", "answer": "text", "choices": ["a", "b"]}]},
        ),
        (("defaults", "fees"), {"waiver": "ours"}),
        (("defaults", "refund_terms"), {"shipping": "none", "tender_order": ["card", "card", "gift_card", "other"]}),
    ],
)
def test_the_schema_itself_sees_what_is_wrong(path: tuple[Any, ...], value: Any) -> None:
    document = copy.deepcopy(a_document())
    place: Any = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value

    assert not VALIDATOR.is_valid(document)
    assert code_of(document) is not None


def test_what_an_expression_says_is_the_decoders_matter() -> None:
    document = encode(a_policy(a_rule("r", NEVER, Expression("order.nope == 1"))))

    assert VALIDATOR.is_valid(document)
    assert code_of(document) == "unknown_fact"


def _without_halves(document: Any) -> Any:
    return json.loads(json.dumps(document, ensure_ascii=True)) if "\ud800" not in str(document) else {}
