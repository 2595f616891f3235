"""Checks of what a policy offers: offers that no line can get, and references to what is not there."""

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from retour.core.policy.conflicts.cubes import Beyond
from retour.core.policy.conflicts.finding import SEVERITY, Finding, FindingKind, Known
from retour.core.policy.conflicts.ground import Ground, Place
from retour.core.policy.conflicts.rules import Live
from retour.core.policy.conflicts.space import leaves_of
from retour.core.policy.document import ELSEWHERE, Compare, Op
from retour.core.policy.facts import LineFacts
from retour.core.policy.outcome import Eligibility, Group, Methods, Mode, Outcome, Resolutions
from retour.core.policy.zone import ZONE

Offer = tuple[str, str | None]  # the kind, and the record or location it names
_OFFERING: Final = (Group.RESOLUTIONS, Group.METHODS)


def unreachable(ground: Ground, live: Live) -> Iterator[Finding]:
    """Return the offers that no line gets which may come back."""
    for group in _OFFERING:
        hidden = _offered(getattr(ground.rules[rule].then, group.value) for rule in ground.unclear)
        hidden |= _offered([ruling.outcome for ruling in ground.by_law.values()])
        offering: dict[Offer, list[Place]] = {}
        for place in ground.speaking(group):
            for offer in offers_of(place.says[group]):
                offering.setdefault(offer, []).append(place)
        for offer, places in offering.items():
            try:
                if offer in hidden or any(_is_reached(ground, live, place, group) for place in places):
                    continue
            except Beyond:
                ground.doubt(*(place.rule for place in places))
                continue
            yield Finding(
                FindingKind.UNREACHABLE_OFFER, SEVERITY[FindingKind.UNREACHABLE_OFFER],
                tuple(place.rule for place in places), (group,),
                f"Nobody can get {_words(offer)}: no line that may come back is offered it.", subject=_words(offer),
                example=_missed(ground, places[0], offer, group),
            )  # fmt: skip


def dangling(ground: Ground, live: Live, known: Known) -> Iterator[Finding]:
    """Return the references to resolutions, locations and zones that are not there."""
    there: tuple[tuple[Group, Collection[str] | None], ...] = (
        (Group.RESOLUTIONS, known.resolutions), (Group.METHODS, known.destinations),
    )  # fmt: skip
    for group, names in there:
        for place in ground.speaking(group) if names is not None else ():
            for offer in offers_of(place.says[group]):
                if offer[1] is not None and names is not None and offer[1] not in names:
                    where = live.get((place.rule, group))
                    yield Finding(
                        FindingKind.UNKNOWN_REFERENCE, SEVERITY[FindingKind.UNKNOWN_REFERENCE], (place.rule,), (group,),
                        f"{ground.named(place.rule)} offers {_words(offer)}, which is not there.", subject=offer[1],
                        example=None if where is None else _got(ground, where, offer, group),
                    )  # fmt: skip
    zones = {zone.name.casefold() for zone in ground.document.zones} | {ELSEWHERE.casefold()}
    for rule in ground.rules.values():
        named = dict.fromkeys(zone for leaf in leaves_of(rule.when) for zone in _zones(leaf))
        for zone in named:
            if zone.casefold() not in zones:
                yield Finding(
                    FindingKind.UNKNOWN_REFERENCE, SEVERITY[FindingKind.UNKNOWN_REFERENCE], (rule.id,), (),
                    f"{ground.named(rule.id)} asks for the zone {zone}, which the policy does not have.", subject=zone,
                )  # fmt: skip


def offers_of(outcome: Outcome) -> list[Offer]:
    """Return what an outcome offers, by kind and reference."""
    if isinstance(outcome, Resolutions):
        return [(offer.kind.value, offer.ref) for offer in outcome.offered]
    return [(offer.kind.value, offer.destination) for offer in outcome.offered] if isinstance(outcome, Methods) else []


def _offered(outcomes: Iterable[Outcome | None]) -> set[Offer]:
    return {offer for outcome in outcomes if outcome is not None for offer in offers_of(outcome)}


def _zones(leaf: object) -> tuple[str, ...]:
    """Return the zones that a comparison names."""
    if not isinstance(leaf, Compare) or leaf.fact != ZONE or leaf.op in (Op.KNOWN, Op.STARTS_WITH):
        return ()
    return leaf.value if isinstance(leaf.value, tuple) else (str(leaf.value),)


def _is_reached(ground: Ground, live: Live, place: Place, group: Group) -> bool:
    """Return whether some line gets the outcome of a rule in a group and may come back; raise Beyond."""
    where = live.get((place.rule, group))
    if where is None and (place.rule, group) not in ground.unjudged:
        return False
    if where is not None:
        decided = ground.decided(ground.shown(where))
        if decided.ruling(group).rule == place.rule and decided.eligibility.outcome.mode is not Mode.NEVER:
            return True
    taken = [cubes for _, cubes in ground.before(place, group)]
    if Group.ELIGIBILITY in ground.by_law and ground.free(ground.common(place.cubes, ground.law), taken) is not None:
        return True
    for judge in ground.speaking(Group.ELIGIBILITY):
        if _may_return(judge.says[Group.ELIGIBILITY]):
            judged = [cubes for _, cubes in ground.before(judge, Group.ELIGIBILITY)]
            if ground.free(ground.common(place.cubes, judge.cubes), taken + judged) is not None:
                return True
    if any(_may_return(ground.rules[rule].then.eligibility) for rule in ground.unclear):
        raise Beyond
    return False


def _may_return(outcome: Outcome | None) -> bool:
    return isinstance(outcome, Eligibility) and outcome.mode is not Mode.NEVER


def _missed(ground: Ground, place: Place, offer: Offer, group: Group) -> LineFacts | None:
    """Return a line that the rule matches, if it can match, and that does not get the offer or may not come back."""
    facts = ground.shown(place.cubes[0] if place.cubes else ground.space.layout.full)
    decided = ground.decided(facts)
    gets = offer in offers_of(decided.ruling(group).outcome) and _may_return(decided.eligibility.outcome)
    return None if gets else facts


def _got(ground: Ground, where: int, offer: Offer, group: Group) -> LineFacts | None:
    """Return a line that is offered something, if what expressions say does not hide it."""
    facts = ground.shown(where)
    return facts if offer in offers_of(ground.decided(facts).ruling(group).outcome) else None


def _words(offer: Offer) -> str:
    kind = offer[0].replace("_", " ")
    return kind if offer[1] is None else f"{kind} ({offer[1]})"
