"""Encoding policies and facts as plain JSON: what `decode` reads, the stored facts, and a decision to show."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Final, cast

from retour.core.policy.document import (
    FORMAT,
    AllOf,
    AnyOf,
    Condition,
    Expression,
    FactValue,
    Not,
    PolicyDocument,
    Rule,
    Several,
    WorkCalendar,
)
from retour.core.policy.evaluate import LineDecision
from retour.core.policy.facts import FACTS, FactType, LineFacts, ParcelDays
from retour.core.policy.outcome import (
    Approving,
    DayCount,
    Defaults,
    Eligibility,
    Fee,
    FeeOf,
    Fees,
    Group,
    Outcome,
    Outcomes,
    Question,
    RefundTerms,
    Requirements,
    ResolutionOffer,
    SettleOn,
    Start,
)

Json = dict[str, object]


def encode(document: PolicyDocument) -> Json:
    """Return the document as plain JSON; `decode` makes the same document of it."""
    encoded: Json = {"format": FORMAT, "name": document.name}
    if document.currency is not None:
        encoded["currency"] = document.currency
    encoded["defaults"] = encode_outcomes(document.defaults)
    encoded["rules"] = [encode_rule(rule) for rule in document.rules]
    return encoded | _declared(document)


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
    if isinstance(condition, Expression):
        return {"expression": condition.text}
    return {"fact": condition.fact, "op": condition.op.value, "value": encode_value(condition.value)}


def encode_outcomes(outcomes: Outcomes | Defaults) -> Json:
    """Return the groups that are spoken of as plain JSON; a default that charges and demands nothing goes without saying."""
    said = {group.value: getattr(outcomes, group.value) for group in Group}
    unsaid: tuple[object, ...] = (Fees(), Requirements()) if isinstance(outcomes, Defaults) else ()
    return {name: encode_outcome(one) for name, one in said.items() if one is not None and one not in unsaid}


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
        values={name: fact_value(name, value) for name, value in values.items()},
        parcels=tuple(
            ParcelDays(date.fromisoformat(left), None if arrived is None else date.fromisoformat(arrived))
            for left, arrived in parcels
        ),
    )


def fact_value(name: str, value: object) -> FactValue:
    """Return one fact that was made plain; trusts its input as `decode_facts` does."""
    if isinstance(value, list):
        return tuple(value)
    fact = FACTS.get(name)
    if isinstance(value, str) and fact is not None and fact.type is FactType.DATE:
        return date.fromisoformat(value)
    return cast("FactValue", value)


def frozen_line_decision(decision: LineDecision) -> Json:
    """Return what was decided for a line as it is kept with a return: only the facts that are known.

    What is not named is not known, whatever the catalogue held on that day; so most of it need not be kept and read.
    """
    facts = decision.facts
    known = {name: value for name, value in facts.values.items() if value is not None}
    return encode_line_decision(replace(decision, facts=replace(facts, values=known)))


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


def _start(start: Start) -> Json:
    return {"day": start.anchor.value, "plus_days": start.plus_days}


def _declared(document: PolicyDocument) -> Json:
    """Return what a document declares beside its rules, without what it leaves as it is."""
    encoded: Json = {}
    if document.zones:
        encoded["zones"] = _plain(document.zones)
    if document.calendar != WorkCalendar():
        encoded["calendar"] = _plain(document.calendar)
    if document.promotions:
        encoded["promotions"] = _plain(document.promotions)
    if document.several is not Several.REVIEW:
        encoded["several"] = document.several.value
    return encoded


def _refund_terms(terms: RefundTerms) -> Json:
    return {
        "shipping": terms.shipping.value,
        "deduction_bp": {
            "sealed": terms.sealed_deduction_bp,
            "opened": terms.opened_deduction_bp,
            "damaged": terms.damaged_deduction_bp,
        },
        "tender_order": [kind.value for kind in terms.tender_order],
    } | {name: getattr(terms, name).value for name in _TERMS if getattr(terms, name) is not getattr(_NO_TERMS, name)}


_TERMS: Final = ("duties", "tips", "sale_fees", "gift_wrapping", "promotions", "shortfall", "capture_order")
_NO_TERMS: Final = RefundTerms()
# Where the JSON is not simply the fields of the record, by name.
_SPECIAL: Final[Mapping[type, Callable[..., Json]]] = {Start: _start, RefundTerms: _refund_terms}
# What goes without saying: fields that are left out where they hold this.
_UNSAID: Final[Mapping[type, Mapping[str, object]]] = {
    Eligibility: {"counted_from": (), "days": DayCount.CALENDAR, "extend": False},
    Fee: {"of": FeeOf.PAID, "actual_cost": False, "tax_included": True},
    ResolutionOffer: {"share_bp": 10_000},
    Approving: {"after_hours": 0},
    SettleOn: {"after_hours": 0},
    Fees: {"waived": False},
    Requirements: {"photos": 0, "note": False, "questions": ()},
    Question: {"choices": (), "required": True},
}


def _plain(value: object) -> object:
    """Return a record as its fields, without those that are absent or go without saying."""
    special = _SPECIAL.get(type(value))
    if special is not None:
        return special(value)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        unsaid = _UNSAID.get(type(value), {})
        named = ((field.name, getattr(value, field.name)) for field in fields(value))
        return {
            name: _plain(item)
            for name, item in named
            if item is not None and (name not in unsaid or item != unsaid[name])
        }
    return value
