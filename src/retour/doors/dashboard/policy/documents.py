"""Steps on a policy document as plain JSON: rules in another place, copied, switched, taken out or put in."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final, cast

from retour.core.policy.document import MAX_RULES

Json = dict[str, object]
_PLACE: Final = re.compile(r"\[(\d+)\]")
_RESERVED: Final = frozenset({"default", "statute"})


def rules_of(document: Mapping[str, object]) -> list[Json]:
    """Return the rules of a document in their order."""
    return cast("list[Json]", document.get("rules", []))


def rule_of(document: Mapping[str, object], rule_id: str) -> Json | None:
    """Return one rule, or nothing."""
    return next((rule for rule in rules_of(document) if rule["id"] == rule_id), None)


def place_of(document: Mapping[str, object], rule_id: str) -> int:
    """Return the place of a rule, counted from zero; that after the last one for a rule that is not there."""
    ids = [rule["id"] for rule in rules_of(document)]
    return ids.index(rule_id) if rule_id in ids else len(ids)


def with_rules(document: Mapping[str, object], rules: Sequence[Json]) -> Json:
    """Return the document with other rules."""
    return {**document, "rules": list(rules)}


def with_rule(document: Mapping[str, object], rule: Json, *, instead_of: str | None = None) -> Json:
    """Return the document with a rule in the place of another one, or after all others."""
    rules = rules_of(document)
    if instead_of is None or rule_of(document, instead_of) is None:
        return with_rules(document, [*rules, rule])
    return with_rules(document, [rule if old["id"] == instead_of else old for old in rules])


def without_rule(document: Mapping[str, object], rule_id: str) -> Json:
    """Return the document without a rule."""
    return with_rules(document, [rule for rule in rules_of(document) if rule["id"] != rule_id])


def moved(document: Mapping[str, object], rule_id: str, by: int) -> Json:
    """Return the document with a rule one place further up (-1) or down (1), where there is one."""
    rules, here = list(rules_of(document)), place_of(document, rule_id)
    there = here + by
    if here < len(rules) and 0 <= there < len(rules):
        rules[here], rules[there] = rules[there], rules[here]
    return with_rules(document, rules)


def switched(document: Mapping[str, object], rule_id: str) -> Json:
    """Return the document with a rule switched off that was on, or on that was off."""
    return with_rules(
        document,
        [
            {**rule, "enabled": not rule.get("enabled", True)} if rule["id"] == rule_id else rule
            for rule in rules_of(document)
        ],
    )


def copied(document: Mapping[str, object], rule_id: str, name: str) -> Json:
    """Return the document with a copy of a rule after it, under another name and switched off."""
    rules: list[Json] = []
    for rule in rules_of(document):
        rules.append(rule)
        if rule["id"] == rule_id and len(rules_of(document)) < MAX_RULES:
            rules.append({**rule, "id": free_id(document, name), "name": name[:200], "enabled": False})
    return with_rules(document, rules)


def free_id(document: Mapping[str, object], name: str) -> str:
    """Return an id for a rule of that name that no rule of the document has."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    wanted = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:48] or "rule"
    taken = {*(str(rule["id"]) for rule in rules_of(document)), *_RESERVED}
    return next(one for one in (wanted, *(f"{wanted}-{n}" for n in range(2, MAX_RULES + 3))) if one not in taken)


def field_name(path: str) -> str:
    """Return the name of the field of a path such as `then.methods.offered[0].kind`."""
    return _PLACE.sub(r".\1", path)
