"""Encoding policies and facts as plain JSON: what `decode` reads, the stored facts, and a decision to show."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Final, cast

from retour.core.policy.document import FORMAT, AllOf, AnyOf, Condition, FactValue, Not, PolicyDocument, Rule
from retour.core.policy.evaluate import LineDecision
from retour.core.policy.facts import FACTS, FactType, LineFacts, ParcelDays
from retour.core.policy.outcome import Defaults, Group, Outcome, Outcomes, RefundTerms, Start

Json = dict[str, object]


def encode(document: PolicyDocument) -> Json:
    """Return the document as plain JSON; `decode` makes the same document of it."""
    encoded: Json = {"format": FORMAT, "name": document.name}
    if document.currency is not None:
        encoded["currency"] = document.currency
    encoded["defaults"] = encode_outcomes(document.defaults)
    encoded["rules"] = [encode_rule(rule) for rule in document.rules]
    return encoded


def encode_rule(rule: Rule) -> Json:
    """Return one rule as plain JSON."""
    return {
        "id": rule.id,
        "name": rule.name,
        "enabled": rule.enabled,
        "when": encode_condition(rule.when),
        "then": encode_outcomes(rule.then),
    }


def encode_condition(condition: Condition) -> Json:
    """Return a condition as plain JSON."""
    if isinstance(condition, AllOf):
        return {"all": [encode_condition(part) for part in condition.parts]}
    if isinstance(condition, AnyOf):
        return {"any": [encode_condition(part) for part in condition.parts]}
    if isinstance(condition, Not):
        return {"not": encode_condition(condition.part)}
    return {"fact": condition.fact, "op": condition.op.value, "value": encode_value(condition.value)}


def encode_outcomes(outcomes: Outcomes | Defaults) -> Json:
    """Return the groups that are spoken of as plain JSON."""
    said = {group.value: getattr(outcomes, group.value) for group in Group}
    return {name: encode_outcome(outcome) for name, outcome in said.items() if outcome is not None}


def encode_outcome(outcome: Outcome) -> Json:
    """Return the outcome of one group as plain JSON."""
    return cast("Json", _plain(outcome))


def encode_value(value: FactValue) -> object:
    """Return the value of a fact as plain JSON: days as YYYY-MM-DD, lists as lists."""
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def encode_facts(facts: LineFacts) -> Json:
    """Return the facts of a line as plain JSON, to be kept with the return."""
    return {
        "line": facts.line_ref,
        "today": facts.today.isoformat(),
        "books_currency": facts.books_currency,
        "values": {name: encode_value(value) for name, value in facts.values.items()},
        "parcels": [[encode_value(parcel.fulfilled_on), encode_value(parcel.delivered_on)] for parcel in facts.parcels],
    }


def decode_facts(kept: Mapping[str, object]) -> LineFacts:
    """Return the facts that `encode_facts` made plain; trusts its input, which only we wrote."""
    values = cast("Mapping[str, object]", kept["values"])
    parcels = cast("list[tuple[str, str | None]]", kept["parcels"])
    return LineFacts(
        line_ref=cast("str", kept["line"]),
        today=date.fromisoformat(cast("str", kept["today"])),
        books_currency=cast("str", kept["books_currency"]),
        values={name: _fact_value(name, value) for name, value in values.items()},
        parcels=tuple(
            ParcelDays(date.fromisoformat(left), None if arrived is None else date.fromisoformat(arrived))
            for left, arrived in parcels
        ),
    )


def encode_line_decision(decision: LineDecision) -> Json:
    """Return what was decided for a line as plain JSON: rulings, objections, last day, and the facts."""
    rulings = {group.value: decision.ruling(group) for group in Group}
    return {
        "line": decision.line_ref,
        "closes_on": encode_value(decision.closes_on),
        "rulings": {
            name: {"rule": ruling.rule, "outcome": _encoded_once(ruling.outcome)} for name, ruling in rulings.items()
        },
        "objections": [
            {"code": one.code, "message": one.message, "rule": one.rule, "facts": dict(one.facts)}
            for one in decision.objections
        ],
        "facts": encode_facts(decision.facts),
    }


@lru_cache(maxsize=1024)
def _encoded_once(outcome: Outcome) -> Mapping[str, object]:
    """Return an outcome as plain JSON to be read only: a policy's few outcomes are decided on for every return."""
    return encode_outcome(outcome)


def _fact_value(name: str, value: object) -> FactValue:
    if isinstance(value, list):
        return tuple(value)
    fact = FACTS.get(name)
    if isinstance(value, str) and fact is not None and fact.type is FactType.DATE:
        return date.fromisoformat(value)
    return cast("FactValue", value)


def _start(start: Start) -> Json:
    return {"day": start.anchor.value, "plus_days": start.plus_days}


def _refund_terms(terms: RefundTerms) -> Json:
    return {
        "shipping": terms.shipping.value,
        "deduction_bp": {
            "sealed": terms.sealed_deduction_bp,
            "opened": terms.opened_deduction_bp,
            "damaged": terms.damaged_deduction_bp,
        },
        "tender_order": [kind.value for kind in terms.tender_order],
    }


# Where the JSON is not simply the fields of the record, by name.
_SPECIAL: Final[Mapping[type, Callable[..., Json]]] = {Start: _start, RefundTerms: _refund_terms}


def _plain(value: object) -> object:
    """Return a record as its fields, without those that are absent or empty where empty says nothing."""
    special = _SPECIAL.get(type(value))
    if special is not None:
        return special(value)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        named = ((field.name, getattr(value, field.name)) for field in fields(value))
        return {name: _plain(item) for name, item in named if item is not None and (name, item) != ("counted_from", ())}
    return value
