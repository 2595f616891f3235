"""One return in one world: what becomes of each line when a policy decides and everybody else does as they did."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from retour.core.policy.outcome import MethodKind, ResolutionOffer
from retour.core.simulation.judging import Verdict
from retour.core.simulation.past import PastLine, PastReturn
from retour.core.simulation.result import ACCEPTED, Fate

_BEST_FIRST: Final = tuple(Fate)
_LABEL: Final = MethodKind.LABEL.value


@dataclass(frozen=True, slots=True)
class WorldLine:
    """A line under one policy: what becomes of it, and what the shopper gets."""

    past: PastLine
    verdict: Verdict
    fate: Fate
    offer: ResolutionOffer | None  # nothing for a line that is not accepted

    @property
    def is_accepted(self) -> bool:
        """Return whether the units come back, or the money goes back without them."""
        return self.fate in ACCEPTED


@dataclass(frozen=True, slots=True)
class World:
    """A return under one policy; `method` is how its accepted lines come back, as one parcel."""

    lines: tuple[WorldLine, ...]
    method: str | None

    @property
    def fate(self) -> Fate:
        """Return what becomes of the return: as good as its best line."""
        if len(self.lines) == 1:
            return self.lines[0].fate
        fates = {line.fate for line in self.lines}
        return next(fate for fate in _BEST_FIRST if fate in fates)

    @property
    def labels(self) -> int:
        """Return how many return labels it takes."""
        return int(self.method == _LABEL)


def asks_person(past: PastReturn, verdicts: Sequence[Verdict]) -> bool:
    """Return whether a person decides the return: one line that may come back wants a review."""
    for line, verdict in zip(past.lines, verdicts, strict=True):
        if verdict.is_reviewed and not verdict.is_refused and line.held is not Fate.CLOSED:
            return True
    return False


def world(past: PastReturn, verdicts: Sequence[Verdict], *, was_reviewed: bool) -> World:
    """Return the return under a policy; `was_reviewed` says whether a person decided it in the past.

    What a person rejected stays rejected, unless the policy alone would now approve what a person decided then. Who wished
    for something that is not offered takes the first that is.
    """
    reviewed = asks_person(past, verdicts)
    lines = tuple(
        [
            _line(line, verdict, reviewed=reviewed, was_reviewed=was_reviewed)
            for line, verdict in zip(past.lines, verdicts, strict=True)
        ]
    )
    return World(lines, _method(past.method, [line.verdict.ways for line in lines if line.offer is not None]))


def _line(past: PastLine, verdict: Verdict, *, reviewed: bool, was_reviewed: bool) -> WorldLine:
    if verdict.is_refused:
        return WorldLine(past, verdict, Fate.REFUSED, None)
    if past.held is Fate.CLOSED:
        return WorldLine(past, verdict, Fate.CLOSED, None)
    if past.held is Fate.REJECTED and (reviewed or not was_reviewed):
        return WorldLine(past, verdict, Fate.REJECTED, None)
    return WorldLine(past, verdict, Fate.REVIEW if reviewed else Fate.AUTOMATIC, verdict.offer(past.resolution))


def _method(wanted: str | None, ways: Sequence[tuple[str, ...]]) -> str | None:
    """Return the way back that every accepted line offers: the wanted one, or the first."""
    if not ways:
        return None
    if all(wanted in some for some in ways):
        return wanted
    return next((way for way in ways[0] if all(way in others for others in ways)), None)
