"""Versions move one way, are recognised by their content, and differ visibly."""

import json
from dataclasses import replace
from datetime import date

import pytest

from retour.core.errors import Refused
from retour.core.policy import (
    PolicyDocument,
    VersionState,
    compile_policy,
    decide,
    decode_facts,
    diff,
    encode_line_decision,
    fingerprint,
    move,
    template,
)
from retour.core.policy.document import Compare, Op, WorkCalendar, Zone
from retour.core.policy.lifecycle import MOVES, Change, ChangeKind
from retour.core.policy.outcome import Fee, Fees, Moment, Outcomes, SettleOn
from tests.core.policy.builders import ALWAYS_OPEN, NEVER, a_policy, a_rule, facts_of


@pytest.mark.parametrize("state", VersionState)
@pytest.mark.parametrize("to", VersionState)
def test_every_move_is_allowed_or_refused_as_the_table_says(state: VersionState, to: VersionState) -> None:
    if to in MOVES[state]:
        assert to is move(state, to)
        return
    with pytest.raises(Refused) as refused:
        move(state, to)

    assert (refused.value.code, refused.value.status) == ("move_not_allowed", 409)


def test_a_draft_is_published_or_discarded_a_published_version_retires_and_nothing_else_moves() -> None:
    assert {(a.value, b.value) for a in MOVES for b in MOVES[a]} == {
        ("draft", "published"), ("draft", "discarded"), ("published", "retired"),
    }  # fmt: skip


def test_a_fingerprint_changes_with_the_content_only() -> None:
    assert fingerprint(template()) == fingerprint(template())
    assert fingerprint(template()) != fingerprint(template(automatic=True))
    assert len(fingerprint(template())) == 64


def changes(before: PolicyDocument, after: PolicyDocument) -> list[tuple[str, str]]:
    return [(change.kind.value, change.path) for change in diff(before, after)]


def test_a_difference_names_the_place_and_both_values() -> None:
    before = a_policy(a_rule("one", NEVER))
    after = replace(a_policy(a_rule("one", NEVER, Compare("order.country", Op.EQ, "DE"))), name="New")

    assert (
        Change(ChangeKind.CHANGED, "name", before.name, "New"),
        Change(
            ChangeKind.CHANGED,
            "rules.one.when",
            {"all": []},
            {"fact": "order.country", "op": "eq", "value": "DE"},
        ),
    ) == diff(before, after)


def test_rules_are_added_removed_and_moved() -> None:
    one, two, three, four = (a_rule(name, NEVER) for name in ("one", "two", "three", "four"))

    assert changes(a_policy(one, two), a_policy(one, four)) == [("removed", "rules.two"), ("added", "rules.four")]
    assert (Change(ChangeKind.MOVED, "rules.one", 1, 4),) == diff(
        a_policy(one, two, three, four), a_policy(two, three, four, one)
    )
    assert changes(a_policy(one, two, three), a_policy(one, two, three)) == []


def test_groups_of_rules_and_defaults_are_compared_one_by_one() -> None:
    before = a_policy(a_rule("one", replace(NEVER, settle_on=SettleOn())))
    after = replace(
        a_policy(a_rule("one", replace(ALWAYS_OPEN, decision=template().defaults.decision))),
        defaults=replace(before.defaults, settle_on=SettleOn(Moment.RECEIVED)),
        currency="EUR",
    )

    assert changes(before, after) == [
        ("changed", "defaults.settle_on"),
        ("added", "currency"),
        ("changed", "rules.one.then.eligibility"),
        ("removed", "rules.one.then.settle_on"),
        ("added", "rules.one.then.decision"),
    ]
    assert changes(after, replace(after, currency=None)) == [("removed", "currency")]


def test_a_rule_that_is_switched_off_differs() -> None:
    rule = a_rule("one", Outcomes(settle_on=SettleOn()))

    assert changes(a_policy(rule), a_policy(replace(rule, enabled=False))) == [("changed", "rules.one.enabled")]


def test_facts_that_were_frozen_before_there_were_more_of_them_are_decided_still() -> None:
    frozen = encode_line_decision(decide(compile_policy(template(), version="1"), facts_of()).lines[0])
    kept = json.loads(json.dumps(frozen["facts"]))
    older = {name: kept["values"][name] for name in ("order.placed_on", "line.quantity", "line.units_left")}
    older |= {
        "line.shipped_quantity": 2,
        "line.earlier_returned": 0,
        "product.gift_card": False,
        "return.kind": "return",
    }
    zoned = a_policy(a_rule("eu", NEVER, Compare("order.zone", Op.NE, "eu")), zones=(Zone("eu", ("DE",)),))

    facts = decode_facts(kept | {"values": older})

    assert decide(compile_policy(template(), version="1"), [facts]).lines[0].objections == ()
    assert decide(compile_policy(zoned, version="2"), [facts]).lines[0].eligibility.rule == "default"


def test_what_is_declared_for_the_first_time_is_added_and_named() -> None:
    before = a_policy()
    after = replace(
        before,
        zones=(Zone("eu", ("DE",)),),
        calendar=WorkCalendar((date(2026, 12, 25),)),
        defaults=replace(before.defaults, fees=Fees(return_fee=Fee(bp=500))),
    )

    assert [(change.kind, change.path) for change in diff(before, after)] == [
        (ChangeKind.ADDED, "defaults.fees"), (ChangeKind.ADDED, "zones"), (ChangeKind.ADDED, "calendar"),
    ]  # fmt: skip
    assert [(change.kind, change.path) for change in diff(after, before)] == [
        (ChangeKind.REMOVED, "defaults.fees"), (ChangeKind.REMOVED, "zones"), (ChangeKind.REMOVED, "calendar"),
    ]  # fmt: skip
