"""The full trace of a decision, computed again from the document and the frozen facts when somebody asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from retour.core.policy.condition import all_of, any_of, comparison, expression, facts_asked, negated
from retour.core.policy.document import AnyOf, Compare, Condition, Expression, FactValue, Not, Op, PolicyDocument
from retour.core.policy.evaluate import DEFAULT, speaks, statutory
from retour.core.policy.expression import Answer, Expressions
from retour.core.policy.facts import LineFacts
from retour.core.policy.outcome import Group
from retour.core.policy.zone import in_zone, zones_by_country


@dataclass(frozen=True, slots=True)
class Compared:
    """One comparison as it went: the fact, its value then, the value it was compared with, and the answer."""

    fact: str
    op: Op
    wanted: FactValue
    value: FactValue
    answer: Answer


@dataclass(frozen=True, slots=True)
class Evaluated:
    """One expression as it went, with the facts it asks about."""

    text: str
    values: Mapping[str, FactValue]
    answer: Answer


@dataclass(frozen=True, slots=True)
class Grouped:
    """A group of conditions as it went; every part is shown, also those that no longer mattered."""

    kind: Literal["all", "any", "not"]
    parts: tuple["Compared | Evaluated | Grouped", ...]
    answer: Answer


@dataclass(frozen=True, slots=True)
class RuleTrace:
    """One rule as it went; `decides` is the part of `speaks_about` that no earlier rule had decided."""

    rule: str
    name: str
    enabled: bool
    condition: Compared | Evaluated | Grouped
    speaks_about: tuple[Group, ...]
    decides: tuple[Group, ...]

    @property
    def answer(self) -> Answer:
        """Return whether the condition held: true, false, or not known."""
        return self.condition.answer


@dataclass(frozen=True, slots=True)
class Trace:
    """Every rule of a document on the facts of one line, and who decided each group."""

    line_ref: str
    rules: tuple[RuleTrace, ...]
    decided: Mapping[Group, str]


def trace(document: PolicyDocument, facts: LineFacts, *, expressions: Expressions | None = None) -> Trace:
    """Return how every rule of the document went on these facts; agrees with `decide` on the same facts.

    Raise Refused(no_expressions) if a rule has an expression and nothing is given that can evaluate it.
    """
    facts = in_zone(facts, zones_by_country(document))
    decided = {group: ruling.rule for group, ruling in statutory(facts).items()}
    rules = []
    for rule in document.rules:
        condition = _traced(rule.when, facts.values, expressions)
        about = speaks(rule.then)
        matches = rule.enabled and condition.answer is True
        decides = tuple(group for group in about if matches and group not in decided)
        decided |= dict.fromkeys(decides, rule.id)
        rules.append(RuleTrace(rule.id, rule.name, rule.enabled, condition, about, decides))
    return Trace(facts.line_ref, tuple(rules), {group: decided.get(group, DEFAULT) for group in Group})


def _traced(
    condition: Condition, values: Mapping[str, FactValue], expressions: Expressions | None = None
) -> Compared | Evaluated | Grouped:
    if isinstance(condition, Compare):
        value = values.get(condition.fact)
        return Compared(condition.fact, condition.op, condition.value, value, comparison(condition)(values))
    if isinstance(condition, Expression):
        asked = {name: values.get(name) for name in facts_asked(condition)}
        return Evaluated(condition.text, asked, expression(condition, expressions)(values))
    if isinstance(condition, Not):
        part = _traced(condition.part, values, expressions)
        return Grouped("not", (part,), negated(part.answer))
    parts = tuple(_traced(part, values, expressions) for part in condition.parts)
    answers = [part.answer for part in parts]
    if isinstance(condition, AnyOf):
        return Grouped("any", parts, any_of(answers))
    return Grouped("all", parts, all_of(answers))
