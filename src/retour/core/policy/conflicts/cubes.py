"""Sets of orders as unions of cubes, each a choice of cells per question, and the search for a point outside others.

A cube maps the number of a question to the cells it allows, as bits; what it does not name is free. A union of cubes is
a list. Searching costs steps of a budget: whoever runs out knows nothing, and says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

Cube = Mapping[int, int]

MOST: Final = 256  # cubes that one condition may become


class Beyond(Exception):  # noqa: N818 - an answer: it would take too long to know
    """The question is too large to be answered here."""


@dataclass(slots=True)
class Budget:
    """What all searches together may cost, in steps; one of them may take `each`."""

    left: int = 400_000
    each: int = 20_000

    def spend(self, steps: int) -> None:
        """Take steps away; raise Beyond when none are left."""
        self.left -= steps
        if self.left < 0:
            raise Beyond


def meet(one: Cube, other: Cube) -> dict[int, int] | None:
    """Return what two cubes have in common, or nothing."""
    found = dict(one)
    for question, cells in other.items():
        both = found.get(question, cells) & cells
        if not both:
            return None
        found[question] = both
    return found


def meets(one: Cube, other: Cube) -> bool:
    """Return whether two cubes have something in common."""
    return all(one.get(question, cells) & cells for question, cells in other.items())


def within(one: Cube, other: Cube) -> bool:
    """Return whether a cube lies in another whole."""
    return all(question in one and not one[question] & ~cells for question, cells in other.items())


def joined(cubes: Iterable[Cube], full: Sequence[int]) -> list[Cube]:
    """Return a union with what lies in another cube left out and cubes of one same question made one; raise Beyond."""
    alone: dict[int, int] = {}
    several: list[Cube] = []
    for cube in cubes:
        if len(cube) == 1:
            ((question, cells),) = cube.items()
            alone[question] = alone.get(question, 0) | cells
        else:
            several.append(cube)
    if {} in several or any(cells == full[question] for question, cells in alone.items()):
        return [{}]
    kept: list[Cube] = [{question: cells} for question, cells in alone.items()]
    for cube in sorted(several, key=len):
        if len(kept) > MOST:
            raise Beyond
        if not any(within(cube, other) for other in kept):
            kept.append(cube)
    return kept


def product(unions: Iterable[Sequence[Cube]]) -> list[Cube]:
    """Return the cubes of what several unions have in common; raise Beyond if they are too many."""
    found: list[Cube] = [{}]
    for union in sorted(unions, key=len):
        if len(found) * len(union) > MOST * MOST:
            raise Beyond
        found = [both for one in found for other in union if (both := meet(one, other)) is not None]
        if len(found) > MOST:
            raise Beyond
    return found


def outside(cube: Cube, others: Iterable[Cube], full: Sequence[int], budget: Budget) -> Cube | None:
    """Return a cube inside this one that no other meets, or nothing if the others cover it; raise Beyond."""
    near = sorted((other for other in others if meets(cube, other)), key=len)
    stack, steps = [(dict(cube), 0)], 0
    while stack:
        here, at = stack.pop()
        steps += 1
        if steps > budget.each:
            raise Beyond
        while at < len(near) and not meets(here, near[at]):
            at += 1
        if at == len(near):
            budget.spend(steps)
            return here
        pieces = []
        for question, cells in near[at].items():
            mine = here.get(question, full[question])
            if mine & ~cells:
                pieces.append(({**here, question: mine & ~cells}, at + 1))
            here[question] = mine & cells
        stack += reversed(pieces)
    budget.spend(steps)
    return None
