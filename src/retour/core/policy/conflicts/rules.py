"""Checks of the rules: those that never match, are shadowed, contradict each other, or say what holds without them."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

from retour.core.policy.conflicts.cubes import Beyond
from retour.core.policy.conflicts.finding import SEVERITY, Finding, FindingKind, Severity
from retour.core.policy.conflicts.ground import Ground, Place, parts_of
from retour.core.policy.conflicts.space import leaves_of
from retour.core.policy.document import AllOf, Condition
from retour.core.policy.evaluate import DEFAULT, STATUTE
from retour.core.policy.facts import LineFacts
from retour.core.policy.outcome import Group

PAIRS: Final = 100  # contradictions that are told
_NEAR: Final = 20  # rules of which the few that shadow another are picked

Live = dict[tuple[str, Group], int]  # where a rule decides a group, if it does anywhere


def never_matching(ground: Ground) -> Iterator[Finding]:
    """Return the rules whose conditions no order fulfils, with the conditions that exclude each other."""
    for place in ground.places:
        if place.cubes:
            continue
        when = ground.rules[place.rule].when
        clash = _clash(ground, parts_of(when))
        named = tuple(dict.fromkeys(leaf for part in clash for leaf in leaves_of(part)))
        yield Finding(
            FindingKind.NEVER_MATCHES, Severity.ERROR, (place.rule,), tuple(place.says),
            f"No order fulfils the conditions of {ground.named(place.rule)}.", conditions=named,
            example=_nearly(ground, clash),
        )  # fmt: skip


def shadowed(ground: Ground, live: Live) -> Iterator[Finding]:
    """Return the rules that decide nothing, or not all they speak about, and fill in where the others decide."""
    for place in ground.places:
        by: dict[tuple[str, ...], list[Group]] = {}
        for group in place.says if place.cubes else ():
            try:
                where = ground.free(place.cubes, (cubes for _, cubes in ground.before(place, group)))
                if where is not None:
                    live[place.rule, group] = where
                elif place.rule != DEFAULT:
                    by.setdefault(_covering(ground, place, group), []).append(group)
            except Beyond:
                ground.unjudged.add((place.rule, group))
                ground.doubt(place.rule)
        hidden = sum(map(len, by.values()))
        for names, groups in by.items():
            whole = hidden == len(place.says)
            yield Finding(
                FindingKind.SHADOWED, Severity.ERROR if whole else Severity.WARNING, (place.rule, *names),
                tuple(groups), _shadow_words(ground, place, names, groups, whole=whole),
                example=_hidden(ground, place, names, groups),
            )  # fmt: skip


def contradicting(ground: Ground, live: Live) -> Iterator[Finding]:
    """Return the pairs of rules that want different things of some line while neither is a special case of the other."""
    found = 0
    for one, other in combinations(ground.places[:-1], 2):
        groups = [
            group for group, meaning in one.means.items()
            if other.means.get(group, meaning) != meaning
            and (one.rule, group) in live and (other.rule, group) in live
        ]  # fmt: skip
        if not groups:
            continue
        try:
            both = ground.common(one.cubes, other.cubes)
            shown = None if not both or _nested(ground, one, other) else _torn(ground, one, other, both, groups)
        except Beyond:
            ground.doubt(one.rule, other.rule)
            continue
        if shown is not None:
            yield shown
            found += 1
        if found == PAIRS:
            words = f"The first {PAIRS} pairs of rules that contradict each other are told; there may be more."
            yield Finding(FindingKind.NOT_JUDGED, Severity.NOTE, (), (), words)
            return


def without_effect(ground: Ground, live: Live) -> Iterator[Finding]:
    """Return the rules that say what the default says, where nothing between them says otherwise."""
    for place in ground.places[:-1]:
        groups = [group for group in place.says if (place.rule, group) in live]
        try:
            if not groups or not all(_is_default(ground, place, group) for group in groups):
                continue
        except Beyond:
            ground.doubt(place.rule)
            continue
        where = live[place.rule, groups[0]]
        facts = ground.shown(where)
        shows = ground.decided(facts).ruling(groups[0]).rule == place.rule
        yield Finding(
            FindingKind.NO_EFFECT, SEVERITY[FindingKind.NO_EFFECT], (place.rule, DEFAULT), tuple(groups),
            f"{ground.named(place.rule)} says what holds without it: the same as the default.",
            example=facts if shows else None,
        )  # fmt: skip


def _clash(ground: Ground, parts: Sequence[Condition]) -> list[Condition]:
    """Return the fewest of the conditions, taken in order, that exclude each other."""
    needed = list(dict.fromkeys(parts))
    for part in reversed(list(needed)):
        fewer = [other for other in needed if other != part]
        if fewer and not ground.space.cubes(AllOf(tuple(fewer))):
            needed = fewer
    return needed


def _nearly(ground: Ground, clash: Sequence[Condition]) -> LineFacts:
    """Return a line that fulfils all of some conditions but the last."""
    return ground.shown(ground.space.cubes(AllOf(tuple(clash[:-1])))[0])


def _covering(ground: Ground, place: Place, group: Group) -> tuple[str, ...]:
    """Return who decides before a rule all that it matches: one if one suffices, else few that do together."""
    before = ground.before(place, group)
    for name, cubes in before:
        if ground.free(place.cubes, [cubes]) is None:
            return (name,)
    near = [(name, cubes) for name, cubes in before if ground.common(place.cubes, cubes)]
    for one in list(near) if len(near) <= _NEAR else ():
        fewer = [other for other in near if other is not one]
        if ground.free(place.cubes, (cubes for _, cubes in fewer)) is None:
            near = fewer
    return tuple(name for name, _ in near)


def _shadow_words(
    ground: Ground, place: Place, names: Sequence[str], groups: Sequence[Group], *, whole: bool
) -> str:  # fmt: skip
    what = "" if whole else f" about {', '.join(groups)}"
    by = " and ".join(ground.named(name) for name in names)
    stand, cover = ("stands", "covers") if len(names) == 1 else ("stand", "cover together")
    return (
        f"{ground.named(place.rule)} never decides anything{what}: {by} {stand} before it and {cover} all it matches."
    )


def _hidden(ground: Ground, place: Place, names: Sequence[str], groups: Sequence[Group]) -> LineFacts | None:
    """Return a line that a rule matches and others before it decide, if what expressions say does not hide it."""
    others = (cubes for name, cubes in ground.before(place, groups[0]) if name not in names)
    try:
        where = ground.free(place.cubes, others) or place.cubes[0]
    except Beyond:
        where = place.cubes[0]
    facts = ground.shown(where)
    before = {STATUTE, *(rule.id for rule in ground.document.rules[: place.at])}
    decided = ground.decided(facts)
    is_so = ground.matches(place.rule, facts) and all(decided.ruling(group).rule in before for group in groups)
    return facts if is_so else None


def _nested(ground: Ground, one: Place, other: Place) -> bool:
    """Return whether one of two rules matches only where the other does."""
    return ground.free(one.cubes, [other.cubes]) is None or ground.free(other.cubes, [one.cubes]) is None


def _torn(
    ground: Ground, one: Place, other: Place, both: Sequence[int], groups: Sequence[Group]
) -> Finding | None:  # fmt: skip
    """Return the contradiction of two rules, if there is a line that the first decides and the second would."""
    for group in groups:
        where = ground.free(both, (cubes for _, cubes in ground.before(one, group)))
        if where is None:
            continue
        facts = ground.shown(where)
        decided = ground.decided(facts)
        if decided.ruling(group).rule != one.rule or not ground.matches(other.rule, facts):
            ground.doubt(one.rule, other.rule)
            continue
        torn = tuple(each for each in groups if decided.ruling(each).rule == one.rule)
        return Finding(
            FindingKind.CONTRADICTION, SEVERITY[FindingKind.CONTRADICTION], (one.rule, other.rule), torn,
            f"{ground.named(one.rule)} and {ground.named(other.rule)} want different things of the same line; "
            f"{ground.named(one.rule)} wins because it stands first.",
            example=facts,
        )  # fmt: skip
    return None


def _is_default(ground: Ground, place: Place, group: Group) -> bool:
    """Return whether every line would get the same outcome of a group if the rule were not there."""
    outcome = place.says[group]
    speaking = ground.speaking(group)
    default = speaking[-1]
    unclear = [getattr(ground.rules[rule].then, group.value) for rule in ground.unclear]
    if outcome != default.says[group] or any(other not in (None, outcome) for other in unclear):
        return False
    taken = [cubes for _, cubes in ground.before(place, group)]
    for other in speaking:
        if other.at <= place.at:
            continue
        if other.says[group] != outcome:
            both = ground.common(place.cubes, other.cubes)
            if ground.free(both, taken) is not None:
                return False
        taken.append(other.cubes)
    return True
