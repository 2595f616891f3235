"""Decoding the conditions of a policy: every fact is of the catalogue, every value of its fact's type."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Final

from retour.core.errors import Refused
from retour.core.policy.document import (
    ELSEWHERE,
    MAX_DEPTH,
    MAX_EXPRESSION,
    MAX_PARTS,
    MAX_VALUES,
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Expression,
    Not,
    Op,
    Zone,
)
from retour.core.policy.expression import check
from retour.core.policy.facts import FACTS, Fact, FactType
from retour.core.policy.grammar import LARGEST, parse
from retour.core.policy.reading import Node
from retour.core.policy.zone import ZONE

_LISTED: Final = frozenset({Op.IN, Op.NOT_IN, Op.HAS_ANY, Op.HAS_ALL, Op.HAS_NONE})


class Vocabulary:
    """What conditions of a document may speak of: the catalogue, its own zones, and amounts if it has a currency."""

    def __init__(self, currency: str | None, zones: tuple[Zone, ...]) -> None:
        names = (*(zone.name for zone in zones), ELSEWHERE)
        self.currency = currency
        self.facts: Mapping[str, Fact] = {**FACTS, ZONE: replace(FACTS[ZONE], choices=names)}


def condition(node: Node, vocabulary: Vocabulary) -> Condition:
    """Read a condition, at most MAX_DEPTH groups deep."""
    return _part(node, vocabulary, MAX_DEPTH)


def _part(node: Node, vocabulary: Vocabulary, depth: int) -> Condition:
    fields = node.fields(optional=("all", "any", "not", "expression", "fact", "op", "value"))
    if depth == 0:
        raise node.refusal("too_deep", f"must not be more than {MAX_DEPTH} groups deep")
    if "all" in fields:
        parts = node.fields(required=("all",))["all"].items(most=MAX_PARTS)
        return AllOf(tuple(_part(part, vocabulary, depth - 1) for part in parts))
    if "any" in fields:
        parts = node.fields(required=("any",))["any"].items(least=1, most=MAX_PARTS)
        return AnyOf(tuple(_part(part, vocabulary, depth - 1) for part in parts))
    if "not" in fields:
        return Not(_part(node.fields(required=("not",))["not"], vocabulary, depth - 1))
    if "expression" in fields:
        return _expression(node.fields(required=("expression",))["expression"], vocabulary)
    return _comparison(node.fields(required=("fact", "op", "value")), vocabulary)


def _expression(node: Node, vocabulary: Vocabulary) -> Expression:
    text = node.text(longest=MAX_EXPRESSION)
    try:
        check(parse(text), vocabulary.facts, amounts=vocabulary.currency is not None)
    except Refused as no:
        raise node.refusal(no.code, no.message) from None
    return Expression(text)


def _comparison(fields: dict[str, Node], vocabulary: Vocabulary) -> Compare:
    name = fields["fact"].text()
    fact = vocabulary.facts.get(name)
    if fact is None:
        raise fields["fact"].refusal("unknown_fact", "is not a fact of the catalogue")
    op = fields["op"].choice(Op)
    if op not in fact.ops:
        raise fields["op"].refusal("op_not_allowed", f"{name} allows {', '.join(fact.ops)}")
    if fact.type is FactType.MONEY and op is not Op.KNOWN and vocabulary.currency is None:
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
    return node.whole(least=-LARGEST, most=LARGEST)


def _text(node: Node, fact: Fact) -> str:
    text = node.text()
    if fact.choices and text not in fact.choices:
        raise node.refusal("not_one_of", f"must be one of {', '.join(fact.choices)}")
    return text
