"""Zones put the country of an order into one named set of countries, as a fact of the version that decides."""

from dataclasses import replace
from typing import Any

import pytest

from retour.core.errors import Refused
from retour.core.policy import LineFacts, PolicyDocument, compile_policy, decide, decode, encode, trace
from retour.core.policy.document import Compare, FactValue, Op, Zone
from retour.core.policy.outcome import Group
from retour.core.policy.tracing import Compared
from tests.core.policy.builders import NEVER, a_policy, a_rule, bare_facts, knowing

ZONES = (Zone("eu", ("DE", "FR")), Zone("Übersee", ("US",)))


def by_zone(op: Op, value: Any, zones: tuple[Zone, ...] = ZONES) -> PolicyDocument:
    return a_policy(a_rule("zoned", NEVER, Compare("order.zone", op, value)), zones=zones)


def matches(policy: PolicyDocument, facts: LineFacts) -> bool:
    return decide(compile_policy(policy, version="1"), [facts]).lines[0].eligibility.rule == "zoned"


@pytest.mark.parametrize(
    ("country", "op", "value", "expected"),
    [
        ("DE", Op.EQ, "eu", True),
        ("de", Op.EQ, "eu", True),
        ("US", Op.EQ, "eu", False),
        ("US", Op.IN, ("eu", "Übersee"), True),
        ("JP", Op.NE, "eu", True),
        ("JP", Op.EQ, "elsewhere", True),
        (None, Op.NE, "eu", False),
        (None, Op.EQ, "elsewhere", False),
        (None, Op.KNOWN, False, True),
    ],
)
def test_the_zone_follows_from_the_country(country: str | None, op: Op, value: Any, expected: bool) -> None:
    assert expected is matches(by_zone(op, value), knowing(order_country=country))


def test_the_zone_is_frozen_with_the_facts_and_shown_in_the_trace() -> None:
    policy = by_zone(Op.EQ, "eu")
    facts = knowing(order_country="FR")

    decided = decide(compile_policy(policy, version="1"), [facts]).lines[0]
    traced = trace(policy, facts)

    assert decided.facts.values["order.zone"] == "eu"
    assert Compared("order.zone", Op.EQ, "eu", "eu", True) == traced.rules[0].condition
    assert traced.decided[Group.ELIGIBILITY] == "zoned"
    assert decided.objections[0].facts == {"order.zone": "eu"}


def test_another_version_puts_the_same_facts_into_its_own_zones() -> None:
    first = decide(compile_policy(by_zone(Op.EQ, "eu"), version="1"), [knowing(order_country="FR")]).lines[0]
    moved = by_zone(Op.EQ, "eu", (Zone("eu", ("DE",)),))
    none = a_policy()

    assert decide(compile_policy(moved, version="2"), [first.facts]).lines[0].facts.values["order.zone"] == "elsewhere"
    assert decide(compile_policy(none, version="3"), [first.facts]).lines[0].facts.values["order.zone"] is None


def test_without_zones_the_facts_stay_the_same_object() -> None:
    facts = bare_facts()

    assert facts is decide(compile_policy(a_policy(), version="1"), [facts]).lines[0].facts


def refused(document: PolicyDocument, **changes: Any) -> tuple[str, str | None]:
    with pytest.raises(Refused) as no:
        decode(encode(document) | changes)
    return no.value.code, no.value.field


def a_zone(name: Any, *countries: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "countries": list(countries), **more}


@pytest.mark.parametrize(
    ("zones", "code", "field"),
    [
        ([a_zone("eu", "DE"), a_zone("dach", "AT", "DE")], "overlapping_zones", "zones[1].countries[1]"),
        ([a_zone("eu", "DE", "DE")], "overlapping_zones", "zones[0].countries[1]"),
        ([a_zone("eu", "DE"), a_zone("EU", "FR")], "duplicate", "zones[1].name"),
        ([a_zone("Elsewhere", "DE")], "duplicate", "zones[0].name"),
        ([a_zone("eu")], "out_of_range", "zones[0].countries"),
        ([a_zone("eu", "de")], "malformed_text", "zones[0].countries[0]"),
        ([a_zone("eu", 49)], "wrong_type", "zones[0].countries[0]"),
        ([a_zone("", "DE")], "out_of_range", "zones[0].name"),
        ([a_zone("eu", "DE", labels=True)], "unknown_field", "zones[0].labels"),
        ([{"name": "eu"}], "missing_field", "zones[0].countries"),
        ([a_zone(f"z{n}", "DE") for n in range(51)], "out_of_range", "zones"),
        ({}, "wrong_type", "zones"),
    ],
)
def test_zones_that_do_not_part_the_countries_are_refused(zones: Any, code: str, field: str) -> None:
    document = a_policy()

    assert (code, field) == refused(document, zones=zones)


def test_an_overlap_names_the_zone_that_has_the_country() -> None:
    with pytest.raises(Refused, match=r"zones\[1\]\.countries\[0\]: DE is in eu already"):
        decode(encode(a_policy()) | {"zones": [a_zone("eu", "DE"), a_zone("dach", "DE")]})


@pytest.mark.parametrize("value", ["dach", "EU", ["eu", "dach"]])
def test_a_condition_on_a_zone_that_does_not_exist_is_refused(value: FactValue | list[str]) -> None:
    op = "in" if isinstance(value, list) else "eq"
    rule = encode(by_zone(Op.EQ, "eu"))["rules"]
    assert isinstance(rule, list)
    rule[0]["when"] = {"fact": "order.zone", "op": op, "value": value}

    expected = "rules[0].when.value[1]" if isinstance(value, list) else "rules[0].when.value"
    assert ("not_one_of", expected) == refused(replace(by_zone(Op.EQ, "eu")), rules=rule)


def test_a_policy_without_zones_knows_only_elsewhere() -> None:
    assert refused(by_zone(Op.EQ, "eu", zones=())) == ("not_one_of", "rules[0].when.value")
    assert by_zone(Op.EQ, "elsewhere", zones=()) == decode(encode(by_zone(Op.EQ, "elsewhere", zones=())))
