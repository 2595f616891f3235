"""How the goods of a return come back: one way for all its lines, or several where the policy says so."""

from collections.abc import Sequence
from dataclasses import dataclass

from retour.core.errors import Refused
from retour.core.policy import LineDecision
from retour.core.policy.document import Several
from retour.core.rma.state import STAYS


@dataclass(frozen=True, slots=True)
class Way:
    """How one line comes back and where it goes (the store's own place if nothing is said)."""

    method: str
    destination: str | None = None


@dataclass(frozen=True, slots=True)
class Ways:
    """The way of each line, in their order; a person looks at them first where the policy wants that."""

    lines: tuple[Way, ...]
    needs_review: bool = False

    @property
    def first(self) -> Way:
        """Return the way that stands for the return: that of the first line that comes back, if any does."""
        return next((way for way in self.lines if way.method not in STAYS), self.lines[0])


def ways_back(lines: Sequence[LineDecision], wanted: str | None, several: Several) -> Ways:
    """Return how each line comes back: the wanted way, else the first that all offer, else each line's own first.

    Raise Refused(method_not_offered) if no line offers the wanted way, or a line offers none at all.
    """
    offered = [[o.kind.value for o in line.methods.outcome.offered] for line in lines]
    common = [kind for kind in offered[0] if all(kind in kinds for kinds in offered)]
    chosen = wanted if wanted is not None else next(iter(common), None)
    if not all(offered) or (wanted is not None and not any(wanted in kinds for kinds in offered)):
        raise Refused("method_not_offered", "that way to send the goods back is not offered", field="method")
    ways = tuple(
        _way(line, chosen if chosen is not None and chosen in kinds else kinds[0])
        for line, kinds in zip(lines, offered, strict=True)
    )
    return Ways(ways, needs_review=len(set(ways)) > 1 and several is Several.REVIEW)


def _way(line: LineDecision, kind: str) -> Way:
    offer = next(o for o in line.methods.outcome.offered if o.kind.value == kind)
    return Way(kind, offer.destination)
