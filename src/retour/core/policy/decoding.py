"""Decoding a policy document from plain JSON, refusing what is not one with the path of the field."""

import re
from collections.abc import Callable
from typing import Final, TypeVar

from retour.core.policy.condition_decoding import Vocabulary, condition
from retour.core.policy.document import (
    ALWAYS,
    FORMAT,
    MAX_RULES,
    PolicyDocument,
    Rule,
    Several,
    WorkCalendar,
)
from retour.core.policy.document_decoding import calendar, promotions, zones
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

CURRENCY: Final = re.compile(r"[A-Z]{3}")
RULE_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_RESERVED_IDS: Final = frozenset({"default", "statute"})  # they stand in decisions where no rule decided
_GROUPS: Final = tuple(group.value for group in Group)
DECLARED: Final = tuple(name for name in _GROUPS if name not in (Group.FEES, Group.REQUIREMENTS))

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
    currency = fields["currency"].text(pattern=CURRENCY) if "currency" in fields else None
    declared = zones(fields["zones"]) if "zones" in fields else ()
    return PolicyDocument(
        name=fields["name"].text(),
        defaults=_defaults(fields["defaults"], currency),
        rules=_rules(fields["rules"], Vocabulary(currency, declared)) if "rules" in fields else (),
        currency=currency,
        zones=declared,
        calendar=calendar(fields["calendar"]) if "calendar" in fields else WorkCalendar(),
        promotions=promotions(fields["promotions"], currency) if "promotions" in fields else (),
        several=fields["several"].choice(Several) if "several" in fields else Several.REVIEW,
    )


def _rules(node: Node, vocabulary: Vocabulary) -> tuple[Rule, ...]:
    rules: list[Rule] = []
    seen: set[str] = set()
    for item in node.items(most=MAX_RULES):
        fields = item.fields(required=("id", "name", "then"), optional=("when", "enabled"))
        rule_id = fields["id"].text(pattern=RULE_ID)
        if rule_id in seen or rule_id in _RESERVED_IDS:
            raise fields["id"].refusal("duplicate", f"{rule_id} is already taken")
        seen.add(rule_id)
        rules.append(
            Rule(
                id=rule_id,
                name=fields["name"].text(),
                then=_outcomes(fields["then"], vocabulary.currency),
                when=condition(fields["when"], vocabulary) if "when" in fields else ALWAYS,
                enabled=fields["enabled"].flag() if "enabled" in fields else True,
            )
        )
    return tuple(rules)


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
    fields = node.fields(required=DECLARED, optional=_GROUPS)
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
