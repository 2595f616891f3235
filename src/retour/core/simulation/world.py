"""One return in one world: what becomes of each line when a policy decides and everybody else does as they did."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from retour.core.policy.outcome import Approval, Approving, Group, MethodKind, Methods, ResolutionOffer, Resolutions
from retour.core.simulation.judging import Verdict
from retour.core.simulation.past import PastLine, PastReturn
from retour.core.simulation.result import ACCEPTED, Fate


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
        fates = {line.fate for line in self.lines}
        return next(fate for fate in Fate if fate in fates)

    @property
    def labels(self) -> int:
        """Return how many return labels it takes."""
        return int(self.method == MethodKind.LABEL.value)


def asks_person(past: PastReturn, verdicts: Sequence[Verdict]) -> bool:
    """Return whether a person decides the return: one line that may come back wants a review."""
    return any(
        cast("Approving", verdict.says(Group.DECISION)).approval is Approval.REVIEW
        for line, verdict in zip(past.lines, verdicts, strict=True)
        if not verdict.is_refused and line.held is not Fate.CLOSED
    )


def world(past: PastReturn, verdicts: Sequence[Verdict], *, was_reviewed: bool) -> World:
    """Return the return under a policy; `was_reviewed` says whether a person decided it in the past.

    What a person rejected stays rejected, unless the policy alone would now approve what a person decided then. Who wished
    for something that is not offered takes the first that is.
    """
    reviewed = asks_person(past, verdicts)
    lines = tuple(
        _line(line, verdict, reviewed=reviewed, was_reviewed=was_reviewed)
        for line, verdict in zip(past.lines, verdicts, strict=True)
    )
    return World(lines, _method(past.method, [line.verdict for line in lines if line.is_accepted]))


def _line(past: PastLine, verdict: Verdict, *, reviewed: bool, was_reviewed: bool) -> WorldLine:
    if verdict.is_refused:
        fate = Fate.REFUSED
    elif past.held is Fate.CLOSED:
        fate = Fate.CLOSED
    elif past.held is Fate.REJECTED and (reviewed or not was_reviewed):
        fate = Fate.REJECTED
    else:
        fate = Fate.REVIEW if reviewed else Fate.AUTOMATIC
    return WorldLine(past, verdict, fate, _offer(past, verdict) if fate in ACCEPTED else None)


def _offer(past: PastLine, verdict: Verdict) -> ResolutionOffer | None:
    offered = cast("Resolutions", verdict.says(Group.RESOLUTIONS)).offered
    return next((offer for offer in offered if offer.kind.value == past.resolution), offered[0] if offered else None)


def _method(wanted: str | None, verdicts: Sequence[Verdict]) -> str | None:
    """Return the way back that every accepted line offers: the wanted one, or the first."""
    if not verdicts:
        return None
    ways = [
        [offer.kind.value for offer in cast("Methods", verdict.says(Group.METHODS)).offered] for verdict in verdicts
    ]
    common = [way for way in ways[0] if all(way in others for others in ways)]
    if wanted in common:
        return wanted
    return common[0] if common else None
