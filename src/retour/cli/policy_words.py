"""How the command line tells policies: findings with their example orders, differences, and why something is so."""

import json
from collections.abc import Iterator, Mapping, Sequence

from retour.core.policy import LineFacts
from retour.core.policy.condition import facts_asked
from retour.core.policy.conflicts import Finding
from retour.core.policy.document import Compare, Expression, FactValue, PolicyDocument
from retour.core.policy.encoding import encode_value
from retour.core.policy.lifecycle import Change, ChangeKind
from retour.core.policy.outcome import Group
from retour.core.policy.tracing import Compared, Evaluated, Grouped
from retour.flows.policy_review import Explained, ExplainedLine

_ANSWERS: Mapping[bool | None, str] = {True: "yes", False: "no", None: "not known"}


def findings_told(document: PolicyDocument, findings: Sequence[Finding]) -> Iterator[str]:
    """Return each finding with what its example order is like, as far as the rules ask about it."""
    asked = _asked(document)
    for one in findings:
        groups = f" [{', '.join(one.groups)}]" if one.groups else ""
        yield f"{one.severity}: {one.kind}: {one.message}{groups}"
        for condition in one.conditions:
            yield f"    excludes another: {condition_told(condition)}"
        if one.example is not None:
            yield f"    for example: {_example(one.example, asked)}"
    count = len(findings)
    yield f"{count} finding{'' if count == 1 else 's'} in {len(document.rules)} rules"


def changes_told(changes: Sequence[Change]) -> Iterator[str]:
    """Return each difference on a line: + added, - removed, ~ changed, > moved."""
    marks = {ChangeKind.ADDED: "+", ChangeKind.REMOVED: "-", ChangeKind.CHANGED: "~", ChangeKind.MOVED: ">"}
    for change in changes:
        before, after = (json.dumps(value, ensure_ascii=False) for value in (change.before, change.after))
        shown = {ChangeKind.ADDED: after, ChangeKind.REMOVED: before}.get(change.kind, f"{before} -> {after}")
        yield f"{marks[change.kind]} {change.path}: {shown}"
    if not changes:
        yield "no difference"


def explanation_told(found: Explained) -> Iterator[str]:
    """Return what a policy says about each line of an order, who decided it, and how every rule went."""
    which = "a document that is no version" if found.version is None else f"version {found.version}"
    yield f"order {found.order.order.name}, {which}: “{found.document.name}”"
    for line in found.lines:
        yield from _line(line)


def condition_told(condition: Compare | Expression) -> str:
    """Return a comparison or an expression in one line."""
    if isinstance(condition, Expression):
        return condition.text
    return f"{condition.fact} {condition.op} {_shown(condition.value)}"


def _line(line: ExplainedLine) -> Iterator[str]:
    decision = line.decision
    until = "" if decision.closes_on is None else f" until {decision.closes_on.isoformat()}"
    yield ""
    yield f"{line.line.ref}  {line.line.title}: {'may come back' + until if not decision.objections else 'may not come back'}"
    for objection in decision.objections:
        compared = ", ".join(f"{name}={value}" for name, value in objection.facts.items())
        by = f" by {objection.rule}" if objection.rule else ""
        yield f"  {objection.code}{by}: {objection.message}{f' ({compared})' if compared else ''}"
    for group in Group:
        yield f"  {group}: decided by {decision.ruling(group).rule}"
    for rule in line.trace.rules:
        state = _ANSWERS[rule.answer] if rule.enabled else "off"
        decides = f", decides {', '.join(rule.decides)}" if rule.decides else ""
        yield f"  rule {rule.rule} “{rule.name}”: {state}{decides}"
        yield from _condition(rule.condition, "    ")


def _condition(went: Compared | Evaluated | Grouped, indent: str) -> Iterator[str]:
    answer = _ANSWERS[went.answer]
    if isinstance(went, Compared):
        yield f"{indent}{answer}: {went.fact} {went.op} {_shown(went.wanted)} (it is {_shown(went.value)})"
    elif isinstance(went, Evaluated):
        values = ", ".join(f"{name} is {_shown(value)}" for name, value in went.values.items())
        yield f"{indent}{answer}: {went.text} ({values})"
    else:
        yield f"{indent}{answer}: {went.kind} of"
        for part in went.parts:
            yield from _condition(part, indent + "  ")


def _asked(document: PolicyDocument) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for rule in document.rules if rule.enabled for name in facts_asked(rule.when)))


def _example(facts: LineFacts, asked: Sequence[str]) -> str:
    shown = [f"{name} is {_shown(facts.values.get(name))}" for name in asked]
    return ", ".join(shown) or "any order"


def _shown(value: FactValue) -> str:
    plain = encode_value(value)
    if plain is None:
        return "not known"
    if isinstance(plain, list):
        return ", ".join(plain) or "empty"
    return str(plain).lower() if isinstance(plain, bool) else str(plain)
