"""Properties of policies over generated documents and facts."""

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retour.core.errors import Refused
from retour.core.policy import (
    LineFacts,
    PolicyDocument,
    compile_policy,
    decide,
    decode,
    decode_facts,
    diff,
    encode,
    encode_facts,
    encode_line_decision,
    fingerprint,
    trace,
)
from retour.core.policy.document import AllOf, Condition
from retour.core.policy.evaluate import DEFAULT, STATUTE
from retour.core.policy.outcome import Group
from tests.core.policy.builders import NEVER, a_rule
from tests.core.policy.strategies import CONDITIONS, FACTS_OF_LINES, JSON, POLICIES, damage, examples

pytestmark = pytest.mark.property

CODES = {
    "wrong_type", "unknown_field", "missing_field", "out_of_range", "malformed_text", "not_one_of", "duplicate",
    "incomplete", "too_deep", "unknown_fact", "op_not_allowed", "missing_currency",
    "not_allowed", "overlapping_zones",
}  # fmt: skip


@examples
@given(POLICIES)
def test_decoding_what_was_encoded_gives_the_same_policy(policy: PolicyDocument) -> None:
    through_json = json.loads(json.dumps(encode(policy)))

    assert policy == decode(through_json)
    assert fingerprint(policy) == fingerprint(decode(through_json))
    assert diff(policy, decode(through_json)) == ()


@examples
@given(POLICIES, FACTS_OF_LINES)
def test_the_same_facts_give_the_same_decision_and_name_who_decided(policy: PolicyDocument, facts: LineFacts) -> None:
    first = decide(compile_policy(policy, version="1"), [facts])
    again = decide(
        compile_policy(copy.deepcopy(policy), version="1"), [decode_facts(json.loads(json.dumps(encode_facts(facts))))]
    )

    assert first == again
    said_by = {rule.id: rule.then for rule in policy.rules if rule.enabled}
    for group in Group:
        ruling = first.lines[0].ruling(group)
        if ruling.rule == DEFAULT:
            assert ruling.outcome == getattr(policy.defaults, group.value)
        elif ruling.rule == STATUTE:
            assert facts.values["return.kind"] == "withdrawal"
        else:
            assert ruling.outcome == getattr(said_by[ruling.rule], group.value)
    json.dumps(encode_line_decision(first.lines[0]))


@examples
@given(POLICIES, FACTS_OF_LINES)
def test_the_trace_agrees_with_the_decision(policy: PolicyDocument, facts: LineFacts) -> None:
    decided = decide(compile_policy(policy, version="1"), [facts]).lines[0]
    went = trace(policy, facts)

    assert {group: decided.ruling(group).rule for group in Group} == dict(went.decided)
    for rule in went.rules:
        assert rule.decides == tuple(group for group in Group if went.decided[group] == rule.rule)
        assert not rule.decides or (rule.enabled and rule.answer is True)


@examples
@given(POLICIES, CONDITIONS, FACTS_OF_LINES)
def test_a_stricter_rule_on_top_never_lets_more_through(
    policy: PolicyDocument, when: Condition, facts: LineFacts
) -> None:
    stricter = replace(policy, rules=(a_rule("stricter", NEVER, when), *policy.rules))

    before = decide(compile_policy(policy, version="1"), [facts]).lines[0]
    after = decide(compile_policy(stricter, version="2"), [facts]).lines[0]

    if before.objections:
        assert after.objections
    if after.eligibility.rule != "stricter":
        assert before == after
    assert all(before.ruling(group) == after.ruling(group) for group in Group if group is not Group.ELIGIBILITY)


@examples
@given(POLICIES, FACTS_OF_LINES)
def test_a_rule_below_one_that_always_matches_changes_nothing(policy: PolicyDocument, facts: LineFacts) -> None:
    silenced = replace(policy, rules=(a_rule("on-top", NEVER), *policy.rules))
    with_another = replace(silenced, rules=(*silenced.rules, a_rule("below", NEVER, AllOf())))

    one = decide(compile_policy(silenced, version="1"), [facts])
    two = decide(compile_policy(with_another, version="1"), [facts])

    assert one == two


@examples
@given(JSON)
def test_arbitrary_json_is_refused_with_a_stable_code(document: Any) -> None:
    _refused_or_read(document)


@examples
@given(st.data(), POLICIES)
def test_a_damaged_policy_is_refused_or_read_but_never_crashes(data: st.DataObject, policy: PolicyDocument) -> None:
    document = encode(policy)
    for _ in range(data.draw(st.integers(1, 3))):
        damage(data, document)

    _refused_or_read(document)


def _refused_or_read(document: Any) -> None:
    read, refused = _read(document)
    if refused is None:
        assert read is not None
        assert read == decode(encode(read))
    else:
        assert refused.code in CODES
        assert refused.field is not None
        assert refused.message.encode()


def _read(document: Any) -> tuple[PolicyDocument | None, Refused | None]:
    try:
        return decode(document), None
    except Refused as refused:
        return None, refused
