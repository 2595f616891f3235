"""One return in one world: what becomes of each line when a policy decides and everybody else does as they did."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final

from retour.core.policy.document import Several
from retour.core.policy.outcome import MethodKind, ResolutionKind, ResolutionOffer
from retour.core.simulation.judging import Verdict
from retour.core.simulation.past import PastReturn
from retour.core.simulation.result import Fate
from retour.core.ways import Way, ways_back

_BEST_FIRST: Final = tuple(Fate)
_LABEL: Final = MethodKind.LABEL.value
_KEPT: Final = Way(MethodKind.KEEP_ITEM.value)


@dataclass(frozen=True, slots=True)
class WorldLine:
    """A line under one policy: what becomes of it, what the shopper gets and how it comes back, if it is accepted."""

    verdict: Verdict
    fate: Fate
    offer: ResolutionOffer | None
    way: Way | None

    @property
    def method(self) -> str | None:
        """Return how the line comes back."""
        return None if self.way is None else self.way.method


@dataclass(frozen=True, slots=True)
class World:
    """A return under one policy: its lines in their order, and whether a person decides it.

    `fate` is as good as its best line. `kinds` are the kinds of what its lines get, if they get anything. The goods come
    back in so many `parcels`, one for each way, and that takes so many `labels`. All returns that a policy treats alike
    are one world.
    """

    lines: tuple[WorldLine, ...]
    is_reviewed: bool
    fate: Fate
    kinds: frozenset[ResolutionKind]
    parcels: int
    labels: int

    @property
    def is_paid(self) -> bool:
        """Return whether any line gets anything."""
        return bool(self.kinds)


def world(past: PastReturn, verdicts: Sequence[Verdict], *, was_reviewed: bool | None = None) -> World:
    """Return the return under a policy; `was_reviewed` says whether a person decided it in the past (here, if not said).

    What a person rejected stays rejected, unless the policy alone would now approve what a person decided then. Who wished
    for something that is not offered takes the first that is. It depends on nothing but what `world_key` tells.
    """
    reviewed, offers, ways = _asked(past, verdicts)
    overruled = not reviewed and was_reviewed is True
    fate = Fate.REVIEW if reviewed else Fate.AUTOMATIC
    lines = []
    for line, verdict, offer, way in zip(past.lines, verdicts, offers, ways, strict=True):
        if verdict.is_refused:
            lines.append(WorldLine(verdict, Fate.REFUSED, None, None))
        elif line.held is Fate.CLOSED:
            lines.append(WorldLine(verdict, Fate.CLOSED, None, None))
        elif line.held is Fate.REJECTED and not overruled:
            lines.append(WorldLine(verdict, Fate.REJECTED, None, None))
        else:
            lines.append(WorldLine(verdict, fate, offer, way))
    return _world(tuple(lines), is_reviewed=reviewed)


def world_key(past: PastReturn, verdicts: Sequence[Verdict], *, was_reviewed: bool | None = None) -> Hashable:
    """Return all that a world depends on: returns of one key have the same; verdicts are told apart by identity."""
    if len(verdicts) == 1:
        line = past.lines[0]
        return id(verdicts[0]), past.method, was_reviewed, line.resolution, line.ref, line.held
    asked = [(line.resolution, line.ref, line.held) for line in past.lines]
    return past.method, was_reviewed, *map(id, verdicts), *asked


def _world(lines: tuple[WorldLine, ...], *, is_reviewed: bool) -> World:
    fates = {line.fate for line in lines}
    ways = {line.way for line in lines if line.way is not None}
    return World(
        lines,
        is_reviewed,
        fate=next(fate for fate in _BEST_FIRST if fate in fates),
        kinds=frozenset(line.offer.kind for line in lines if line.offer is not None),
        parcels=len(ways - {_KEPT}),
        labels=sum(way.method == _LABEL for way in ways),
    )


def _asked(
    past: PastReturn, verdicts: Sequence[Verdict]
) -> tuple[bool, list[ResolutionOffer | None], list[Way | None]]:
    """Return whether a person looks at the return, and what each line that may come back would get and how it travels."""
    offers: list[ResolutionOffer | None] = [None] * len(verdicts)
    ways: list[Way | None] = [None] * len(verdicts)
    back: list[int] = []
    reviewed = False
    for at, (line, verdict) in enumerate(zip(past.lines, verdicts, strict=True)):
        if verdict.is_refused or line.held is Fate.CLOSED:
            continue
        reviewed = reviewed or verdict.is_reviewed
        offer = offers[at] = verdict.offer(line.resolution, line.ref)
        if offer is not None and offer.kind is ResolutionKind.KEEP_ITEM:
            ways[at] = _KEPT
        elif verdict.ways:  # a withdrawal is accepted where the policy offers no way back
            back.append(at)
    if len(back) == 1:
        verdict = verdicts[back[0]]
        ways[back[0]] = verdict.ways.get(past.method or "") or verdict.first_way
    elif back:
        wanted = past.method if any(past.method in verdicts[at].ways for at in back) else None
        several = verdicts[back[0]].several
        found = [verdicts[at].ways.get(wanted or "") for at in back]
        if None in found:  # not all offer it: the policy's own way of telling them apart
            found = [*ways_back([verdicts[at].decision for at in back], wanted, several).lines]
        reviewed = reviewed or (several is Several.REVIEW and len(set(found)) > 1)
        for at, way in zip(back, found, strict=True):
            ways[at] = way
    return reviewed, offers, ways
