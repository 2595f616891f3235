"""The life of a policy version, its fingerprint, and the difference between two of them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final, cast

from retour.core.errors import Refused
from retour.core.policy.document import PolicyDocument
from retour.core.policy.encoding import encode


class VersionState(StrEnum):
    """Where a version stands; only a draft may change, and at most one version of a store is published."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"
    DISCARDED = "discarded"


MOVES: Final[Mapping[VersionState, frozenset[VersionState]]] = {
    VersionState.DRAFT: frozenset({VersionState.PUBLISHED, VersionState.DISCARDED}),
    VersionState.PUBLISHED: frozenset({VersionState.RETIRED}),
    VersionState.RETIRED: frozenset(),
    VersionState.DISCARDED: frozenset(),
}


class ChangeKind(StrEnum):
    """What happened to one place of a document."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference; `path` names rules by id (`rules.free-returns.when`), `before` and `after` are plain JSON.

    A moved rule shows its place among the rules that both documents have, counted from one.
    """

    kind: ChangeKind
    path: str
    before: object = None
    after: object = None


def move(state: VersionState, to: VersionState) -> VersionState:
    """Return the new state; raise Refused(move_not_allowed). Going back is a new draft with the old content."""
    if to not in MOVES[state]:
        raise Refused("move_not_allowed", f"A {state} version cannot become {to}.", field="state")
    return to


def fingerprint(document: PolicyDocument) -> str:
    """Return the SHA-256 of the document's canonical JSON in hexadecimal; equal documents have equal ones."""
    canonical = json.dumps(encode(document), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def diff(before: PolicyDocument, after: PolicyDocument) -> tuple[Change, ...]:
    """Return the differences: the document's own fields, its defaults by group, then its rules in their new order."""
    old, new = encode(before), encode(after)
    old_rules, new_rules = _by_id(old.pop("rules")), _by_id(new.pop("rules"))
    changes = _fields(old, new, "")
    changes += [
        Change(ChangeKind.REMOVED, f"rules.{name}", old_rules[name]) for name in old_rules if name not in new_rules
    ]
    moved = _moved([name for name in old_rules if name in new_rules], [name for name in new_rules if name in old_rules])
    for name, rule in new_rules.items():
        if name not in old_rules:
            changes.append(Change(ChangeKind.ADDED, f"rules.{name}", None, rule))
            continue
        if name in moved:
            changes.append(Change(ChangeKind.MOVED, f"rules.{name}", *moved[name]))
        changes += _fields(old_rules[name], rule, f"rules.{name}.")
    return tuple(changes)


def _fields(old: Mapping[str, object], new: Mapping[str, object], path: str) -> list[Change]:
    """Compare two objects field by field; `defaults` and `then` are looked into, by group."""
    changes = []
    for name in dict.fromkeys((*old, *new)):
        was, is_now, where = old.get(name), new.get(name), path + name
        if was == is_now:
            continue
        if name in ("defaults", "then"):
            changes += _fields(cast("Mapping[str, object]", was), cast("Mapping[str, object]", is_now), f"{where}.")
        elif name not in old:
            changes.append(Change(ChangeKind.ADDED, where, None, is_now))
        elif name not in new:
            changes.append(Change(ChangeKind.REMOVED, where, was))
        else:
            changes.append(Change(ChangeKind.CHANGED, where, was, is_now))
    return changes


def _moved(old: list[str], new: list[str]) -> dict[str, tuple[int, int]]:
    """Return the places, before and after, of the rules that left the order the others kept."""
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    kept = {name for block in blocks for name in old[block.a : block.a + block.size]}
    return {name: (old.index(name) + 1, new.index(name) + 1) for name in new if name not in kept}


def _by_id(rules: object) -> dict[str, dict[str, object]]:
    return {cast("str", rule["id"]): rule for rule in cast("list[dict[str, object]]", rules)}
