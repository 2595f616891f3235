"""What the API says about policies: versions, differences, findings, and explanations down to each comparison."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from retour.core.policy import LineFacts, Trace
from retour.core.policy.conflicts import Finding
from retour.core.policy.encoding import Json, encode_condition, encode_facts, encode_line_decision, encode_value
from retour.core.policy.lifecycle import Change
from retour.core.policy.tracing import Compared, Evaluated, Grouped
from retour.doors.api.shapes import Told
from retour.flows.policy_review import Explained, ExplainedLine


class PolicyVersionOut(Told):
    """One version of a store's policy; the numbers grow in the order of publication. `revision` counts the saves."""

    id: UUID
    version: int
    state: str
    name: str
    revision: int
    origin_version: int | None
    author: str
    created_at: datetime
    changed_by: str
    changed_at: datetime
    published_by: str | None
    published_at: datetime | None


class PolicyVersionWhole(PolicyVersionOut):
    """A version with its document, which is what an import takes; `format` in it is the number of its format."""

    document: dict[str, Any]


class PolicyVersionList(Told):
    """All versions but discarded drafts, newest first."""

    items: list[PolicyVersionOut]


class PolicyChangeOut(Told):
    """One difference: `path` names rules by their id; a moved rule shows its places, counted from one."""

    kind: str
    path: str
    before: Any
    after: Any


class PolicyChanges(Told):
    """What became of one version in another: its own fields, the defaults, then the rules in their new order."""

    before: int
    after: int
    items: list[PolicyChangeOut]


class ExampleOut(Told):
    """The facts of one line of an order that shows a finding; amounts in minor units of the books."""

    today: date
    books_currency: str
    values: dict[str, Any]


class FindingOut(Told):
    """One finding: `rules` begins with the one it is about; `default` and `statute` may stand among them."""

    kind: str
    severity: str
    message: str
    rules: list[str]
    groups: list[str]
    subject: str | None
    conditions: list[dict[str, Any]]
    example: ExampleOut | None


class Findings(Told):
    """What is wrong with a policy, the worst first; an empty list means that nothing was found."""

    items: list[FindingOut]


class RuleOut(Told):
    """How one rule went: `answer` is true, false or, where a fact is not known, null.

    `condition` repeats the condition with the value of every fact and every answer; `decides` are the groups that no
    earlier rule had decided.
    """

    id: str
    name: str
    enabled: bool
    answer: bool | None
    speaks_about: list[str]
    decides: list[str]
    condition: dict[str, Any]


class ExplainedLineOut(Told):
    """One line: whether it may come back, what was decided by which rule, and how every rule went on its facts."""

    line_ref: str
    title: str
    eligible: bool
    closes_on: date | None
    objections: list[dict[str, Any]]
    rulings: dict[str, Any]
    rules: list[RuleOut]
    facts: dict[str, Any]


class ExplanationOut(Told):
    """An order under a policy; no `version` means that it was a document of the request."""

    order_id: UUID
    order_name: str
    version: int | None
    policy: str
    lines: list[ExplainedLineOut]


class TemplateOut(Told):
    """A policy to start from."""

    name: str
    title: str
    description: str
    document: dict[str, Any]


class TemplateList(Told):
    """The policies to start from, the plainest first."""

    items: list[TemplateOut]


class SchemaOut(Told):
    """The JSON Schema (draft 2020-12) of a policy document."""

    schema: dict[str, Any]


def version_out(row: Mapping[str, Any]) -> PolicyVersionOut:
    """Return a version as it stands in a list."""
    return PolicyVersionOut(**{name: row[name] for name in PolicyVersionOut.__struct_fields__})


def change_out(change: Change) -> PolicyChangeOut:
    """Return a difference."""
    return PolicyChangeOut(kind=change.kind.value, path=change.path, before=change.before, after=change.after)


def finding_out(finding: Finding) -> FindingOut:
    """Return a finding."""
    return FindingOut(
        kind=finding.kind.value, severity=finding.severity.value, message=finding.message, rules=list(finding.rules),
        groups=[group.value for group in finding.groups], subject=finding.subject,
        conditions=[encode_condition(one) for one in finding.conditions],
        example=None if finding.example is None else _example(finding.example),
    )  # fmt: skip


def explanation_out(found: Explained) -> ExplanationOut:
    """Return an explanation."""
    return ExplanationOut(
        order_id=found.order.id, order_name=found.order.order.name, version=found.version, policy=found.document.name,
        lines=[_line(line) for line in found.lines],
    )  # fmt: skip


def _example(facts: LineFacts) -> ExampleOut:
    plain = {name: encode_value(value) for name, value in facts.values.items()}
    return ExampleOut(today=facts.today, books_currency=facts.books_currency, values=plain)


def _line(line: ExplainedLine) -> ExplainedLineOut:
    told: dict[str, Any] = encode_line_decision(line.decision)
    return ExplainedLineOut(
        line_ref=line.line.ref, title=line.line.title, eligible=not line.decision.objections,
        closes_on=line.decision.closes_on, objections=told["objections"], rulings=told["rulings"],
        rules=_rules(line.trace), facts=encode_facts(line.decision.facts),
    )  # fmt: skip


def _rules(trace: Trace) -> list[RuleOut]:
    return [
        RuleOut(
            id=rule.rule, name=rule.name, enabled=rule.enabled, answer=rule.answer,
            speaks_about=[group.value for group in rule.speaks_about],
            decides=[group.value for group in rule.decides], condition=condition_out(rule.condition),
        )
        for rule in trace.rules
    ]  # fmt: skip


def condition_out(went: Compared | Evaluated | Grouped) -> Json:
    """Return a condition as it went: its own JSON with the answer, and with the value of each fact beside it."""
    if isinstance(went, Compared):
        wanted, was = encode_value(went.wanted), encode_value(went.value)
        return {"fact": went.fact, "op": went.op.value, "value": wanted, "was": was, "answer": went.answer}
    if isinstance(went, Evaluated):
        was_all = {name: encode_value(value) for name, value in went.values.items()}
        return {"expression": went.text, "was": was_all, "answer": went.answer}
    parts = [condition_out(part) for part in went.parts]
    return {went.kind: parts[0] if went.kind == "not" else parts, "answer": went.answer}
