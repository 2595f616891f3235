"""The kinds of a return, and what each of them changes about how it is asked for and what comes back."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final

from retour.core.errors import Refused
from retour.core.policy import LineDecision
from retour.core.policy.evaluate import STATUTE
from retour.core.policy.outcome import MethodKind, ResolutionKind
from retour.core.reason import CANCEL_REASONS, CLAIM_REASONS, NEVER_HERE
from retour.core.rma.state import NOTHING, Span, common, count, lowest, minus
from retour.core.ways import Way, Ways
from retour.core.why import Level, Standard


class Kind(StrEnum):
    """What a return is: goods come back, goods were wrong, the law's own right, or goods that never left."""

    RETURN = "return"
    CLAIM = "claim"
    WITHDRAWAL = "withdrawal"
    CANCELLATION = "cancellation"


WITHDRAWN: Final = "withdrawal"  # the reason of a line that is withdrawn from: the law asks for none
CREDIT: Final = frozenset({ResolutionKind.GIFT_CARD.value, ResolutionKind.STORE_CREDIT.value})
# Which reasons of a shop fit a kind, by their standard groups; every reason fits a return.
ABOUT: Final[Mapping[str, frozenset[Standard]]] = {
    Kind.CLAIM.value: frozenset({Standard.QUALITY, Standard.MISTAKE}),
    Kind.CANCELLATION.value: frozenset({Standard.PREFERENCE, Standard.OTHER}),
}
_USUAL: Final[Mapping[str, tuple[str, ...]]] = {
    Kind.CLAIM.value: CLAIM_REASONS,
    Kind.CANCELLATION.value: CANCEL_REASONS,
}
ASKED_FOR: Final = (Kind.RETURN, Kind.CLAIM, Kind.CANCELLATION)  # a withdrawal is stated, never asked for


def levels_of(kind: str, levels: Iterable[Level]) -> tuple[Level, ...]:
    """Return the groups that a kind is about: a claim about what is wrong, a cancellation about what is not wanted."""
    about = ABOUT.get(kind)
    return tuple(level for level in levels if about is None or level.group.standard_group in about)


def own_reasons(kind: str) -> tuple[str, ...]:
    """Return the reasons that a kind has whatever a shop calls its own: of goods that are not here nobody asks more."""
    return tuple(code for code in CLAIM_REASONS if code in NEVER_HERE) if kind == Kind.CLAIM else ()


def usual_reasons(kind: str) -> tuple[str, ...] | None:
    """Return the reasons of a kind in a shop that has none of its own; nothing where every reason fits."""
    return _USUAL.get(kind)


def check_gift(kind: str, resolutions: Sequence[str]) -> None:
    """Raise Refused(resolution_not_offered) where a gift would be paid to its giver: the receiver gets credit alone.

    Raises Refused(invalid_kind) for a cancellation or a withdrawal, which are the giver's: nobody was given the goods.
    """
    if kind in (Kind.CANCELLATION, Kind.WITHDRAWAL):
        raise Refused("invalid_kind", "a gift is a return or a claim", field="kind")
    for index, resolution in enumerate(resolutions):
        if resolution not in CREDIT:
            raise Refused(
                "resolution_not_offered", "a gift becomes credit of its receiver", field=f"lines[{index}].resolution"
            )


def is_granted(kind: str) -> bool:
    """Return whether a request of a kind is approved by being made: no rule, question or person stands in its way."""
    return kind == Kind.WITHDRAWAL


def way_of(kind: str, reason: str, resolution: str) -> Way | None:
    """Return the way of a line of which nothing comes back, or nothing for one that travels.

    What the shopper keeps, what never arrived, and what was never sent is not waited for.
    """
    if kind == Kind.CANCELLATION or (kind == Kind.CLAIM and reason in NEVER_HERE):
        return Way(NOTHING)
    return Way(MethodKind.KEEP_ITEM.value) if resolution == ResolutionKind.KEEP_ITEM else None


def unsent(ordered: int, fulfilled: int, cancelled: int, claimed: Sequence[Span]) -> tuple[Span, ...]:
    """Return the units of a line that can still be cancelled: never sent, in no cancellation, not cancelled elsewhere.

    Sent units are counted from 1 upward, so that those at the end are cancelled first.
    """
    behind = common(((fulfilled + 1, ordered),), claimed) if ordered > fulfilled else ()
    free = minus(((fulfilled + 1, ordered),), behind) if ordered > fulfilled else ()
    elsewhere = max(0, cancelled - count(behind))
    return lowest(free, max(0, count(free) - elsewhere))


def highest(spans: Sequence[Span], n: int) -> tuple[Span, ...]:
    """Return the `n` highest units of the spans; fewer only if the spans hold fewer."""
    return minus(spans, lowest(spans, max(0, count(spans) - n)))


def was_sent(sent: int, spans: Sequence[Span]) -> bool:
    """Return whether some of these units have left, where so many of their line were sent."""
    return any(lo <= sent for lo, _ in spans)


def decider(kind: str) -> str:
    """Return who approves a request that no person decides, as events name it."""
    return STATUTE if is_granted(kind) else "policy"


def unoffered_ways(lines: Sequence[LineDecision]) -> Ways:
    """Return how goods come back that the policy offers no way for: with a carrier of the shopper's choice."""
    return Ways(tuple(Way(MethodKind.OWN_CARRIER.value) for _ in lines))
