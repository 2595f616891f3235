"""Decoding a policy document from plain JSON, refusing what is not one with the path of the field."""

import re
from collections.abc import Callable
from datetime import date
from typing import Final, TypeVar

from retour.core.policy.document import (
    ALWAYS,
    FORMAT,
    MAX_DEPTH,
    MAX_EXPRESSION,
    MAX_PARTS,
    MAX_RULES,
    MAX_VALUES,
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Expression,
    Not,
    Op,
    PolicyDocument,
    Rule,
    Several,
    WorkCalendar,
)
from retour.core.policy.document_decoding import calendar, promotions, zones
from retour.core.policy.facts import FACTS, Fact, FactType
from retour.core.policy.outcome import Defaults, Fees, Group, Outcomes, Requirements
from retour.core.policy.outcome_decoding import (
    decision,
    eligibility,
    fees,
    inspection,
    methods,
    refund_terms,
    requirements,
    resolutions,
    settle_on,
)
from retour.core.policy.reading import Node

_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_RULE_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_RESERVED_IDS: Final = frozenset({"default", "statute"})  # they stand in decisions where no rule decided
_LISTED: Final = frozenset({Op.IN, Op.NOT_IN, Op.HAS_ANY, Op.HAS_ALL, Op.HAS_NONE})
_GROUPS: Final = tuple(group.value for group in Group)
_DECLARED: Final = tuple(name for name in _GROUPS if name not in (Group.FEES, Group.REQUIREMENTS))
_LARGEST: Final = 10**15

T = TypeVar("T")


def decode(document: object) -> PolicyDocument:
    """Return the policy that plain JSON describes.

    Raise Refused with `field` set to the path and one of the codes wrong_type, unknown_field, missing_field,
    out_of_range, malformed_text, not_one_of, duplicate, incomplete, too_deep, unknown_fact, op_not_allowed,
    not_allowed, overlapping_zones, missing_currency. The first thing that is wrong is the one that is named.
    """
    fields = Node(document).fields(
        required=("format", "name", "defaults"),
        optional=("currency", "rules", "zones", "calendar", "promotions", "several"),
    )
    fields["format"].whole(least=FORMAT, most=FORMAT)
    currency = fields["currency"].text(pattern=_CURRENCY) if "currency" in fields else None
    return PolicyDocument(
        name=fields["name"].text(),
        defaults=_defaults(fields["defaults"], currency),
        rules=_rules(fields["rules"], currency) if "rules" in fields else (),
        currency=currency,
        zones=zones(fields["zones"]) if "zones" in fields else (),
        calendar=calendar(fields["calendar"]) if "calendar" in fields else WorkCalendar(),
        promotions=promotions(fields["promotions"], currency) if "promotions" in fields else (),
        several=fields["several"].choice(Several) if "several" in fields else Several.REVIEW,
    )


def _rules(node: Node, currency: str | None) -> tuple[Rule, ...]:
    rules: list[Rule] = []
    seen: set[str] = set()
    for item in node.items(most=MAX_RULES):
        fields = item.fields(required=("id", "name", "then"), optional=("when", "enabled"))
        rule_id = fields["id"].text(pattern=_RULE_ID)
        if rule_id in seen or rule_id in _RESERVED_IDS:
            raise fields["id"].refusal("duplicate", f"{rule_id} is already taken")
        seen.add(rule_id)
        rules.append(
            Rule(
                id=rule_id,
                name=fields["name"].text(),
                then=_outcomes(fields["then"], currency),
                when=_condition(fields["when"], currency, MAX_DEPTH) if "when" in fields else ALWAYS,
                enabled=fields["enabled"].flag() if "enabled" in fields else True,
            )
        )
    return tuple(rules)


def _condition(node: Node, currency: str | None, depth: int) -> Condition:
    fields = node.fields(optional=("all", "any", "not", "expression", "fact", "op", "value"))
    if depth == 0:
        raise node.refusal("too_deep", f"must not be more than {MAX_DEPTH} groups deep")
    if "all" in fields:
        parts = node.fields(required=("all",))["all"].items(most=MAX_PARTS)
        return AllOf(tuple(_condition(part, currency, depth - 1) for part in parts))
    if "any" in fields:
        parts = node.fields(required=("any",))["any"].items(least=1, most=MAX_PARTS)
        return AnyOf(tuple(_condition(part, currency, depth - 1) for part in parts))
    if "not" in fields:
        return Not(_condition(node.fields(required=("not",))["not"], currency, depth - 1))
    if "expression" in fields:
        return Expression(node.fields(required=("expression",))["expression"].text(longest=MAX_EXPRESSION))
    return _comparison(node.fields(required=("fact", "op", "value")), currency)


def _comparison(fields: dict[str, Node], currency: str | None) -> Compare:
    name = fields["fact"].text()
    fact = FACTS.get(name)
    if fact is None:
        raise fields["fact"].refusal("unknown_fact", "is not a fact of the catalogue")
    op = fields["op"].choice(Op)
    if op not in fact.ops:
        raise fields["op"].refusal("op_not_allowed", f"{name} allows {', '.join(fact.ops)}")
    if fact.type is FactType.MONEY and op is not Op.KNOWN and currency is None:
        raise fields["value"].refusal("missing_currency", "an amount needs the currency of the document")
    return Compare(name, op, _value(fields["value"], fact, op))


def _value(node: Node, fact: Fact, op: Op) -> str | int | bool | date | tuple[str, ...]:
    if op is Op.KNOWN or fact.type is FactType.FLAG:
        return node.flag()
    if op in _LISTED:
        return tuple(_text(item, fact) for item in node.items(least=1, most=MAX_VALUES))
    if fact.type is FactType.TEXT:
        return node.text() if op is Op.STARTS_WITH else _text(node, fact)
    if fact.type is FactType.DATE:
        return node.day()
    return node.whole(least=-_LARGEST, most=_LARGEST)


def _text(node: Node, fact: Fact) -> str:
    text = node.text()
    if fact.choices and text not in fact.choices:
        raise node.refusal("not_one_of", f"must be one of {', '.join(fact.choices)}")
    return text


def _outcomes(node: Node, currency: str | None) -> Outcomes:
    fields = node.fields(optional=_GROUPS)
    if not fields:
        raise node.refusal("incomplete", "a rule must say something about at least one group")

    def read(name: str, of: Callable[[Node, str | None], T]) -> T | None:
        return of(fields[name], currency) if name in fields else None

    return Outcomes(
        eligibility=read("eligibility", eligibility),
        resolutions=read("resolutions", resolutions),
        methods=read("methods", methods),
        decision=read("decision", decision),
        settle_on=read("settle_on", settle_on),
        refund_terms=read("refund_terms", refund_terms),
        inspection=read("inspection", inspection),
        fees=read("fees", fees),
        requirements=read("requirements", requirements),
    )


def _defaults(node: Node, currency: str | None) -> Defaults:
    fields = node.fields(required=_DECLARED, optional=_GROUPS)
    return Defaults(
        eligibility=eligibility(fields["eligibility"], currency),
        resolutions=resolutions(fields["resolutions"], currency),
        methods=methods(fields["methods"], currency),
        decision=decision(fields["decision"], currency),
        settle_on=settle_on(fields["settle_on"], currency),
        refund_terms=refund_terms(fields["refund_terms"], currency),
        inspection=inspection(fields["inspection"], currency),
        fees=fees(fields["fees"], currency) if "fees" in fields else Fees(),
        requirements=requirements(fields["requirements"], currency) if "requirements" in fields else Requirements(),
    )
