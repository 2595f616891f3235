"""Sets of orders as unions of cubes, each a choice of cells per question, and the search for a point outside others.

A cube is one number: side by side the cells that it allows of every question, as bits, each question followed by a bit
that is never set. Adding ones to all questions sets that bit exactly where some cell is left, so that two cubes are
compared with three operations, however many questions there are. A union of cubes is a list. Searching costs steps of
a budget: whoever runs out knows nothing, and says so.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

MOST: Final = 256  # cubes that one condition may become


class Beyond(Exception):  # noqa: N818 - an answer: it would take too long to know
    """The question is too large to be answered here."""


@dataclass(slots=True)
class Budget:
    """What all searches together may cost, in comparisons of two cubes; one of them may take `each`."""

    left: int = 3_000_000
    each: int = 200_000

    def spend(self, steps: int) -> None:
        """Take steps away; raise Beyond when none are left."""
        self.left -= steps
        if self.left < 0:
            raise Beyond


@dataclass(slots=True)
class Layout:
    """Where each question has its cells; `full` is the cube of all orders, `guards` the bits between the questions."""

    full: int = 0
    guards: int = 0
    fields: list[int] = field(default_factory=list)  # all cells of a question, in their place
    shifts: list[int] = field(default_factory=list)
    asked: dict[int, tuple[int, ...]] = field(default_factory=dict)  # of a cube: the fields it does not leave free

    def add(self, cells: int) -> int:
        """Make room for a question with so many cells and return its number."""
        shift = self.guards.bit_length()
        self.shifts.append(shift)
        self.fields.append(((1 << cells) - 1) << shift)
        self.full |= self.fields[-1]
        self.guards |= 1 << shift + cells
        return len(self.fields) - 1

    def cube(self, allowed: Mapping[int, int]) -> int:
        """Return the cube that allows these cells of these questions and leaves the others free."""
        cube = self.full
        for question, cells in allowed.items():
            cube &= ~self.fields[question] | cells << self.shifts[question]
        return cube

    def meets(self, one: int, other: int) -> bool:
        """Return whether two cubes have something in common."""
        return ((one & other) + self.full) & self.guards == self.guards

    def restricted(self, cube: int) -> tuple[int, ...]:
        """Return the fields of the questions that a cube does not leave free."""
        known = self.asked.get(cube)
        if known is None:
            known = self.asked[cube] = tuple(one for one in self.fields if one & ~cube)
        return known

    def cells(self, cube: int) -> Iterator[tuple[int, int]]:
        """Return the questions that a cube does not leave free, each with the cells it allows."""
        for question, (one, shift) in enumerate(zip(self.fields, self.shifts, strict=True)):
            if one & ~cube:
                yield question, (cube & one) >> shift

    def common(self, some: Sequence[int], others: Sequence[int]) -> list[int]:
        """Return what two unions have in common."""
        return [one & other for one in some for other in others if self.meets(one, other)]

    def joined(self, cubes: Iterable[int]) -> list[int]:
        """Return a union without the cubes that lie in others, those of one same question made one; raise Beyond."""
        alone: dict[int, int] = {}
        several: list[int] = []
        for cube in cubes:
            asked = self.restricted(cube)
            if len(asked) == 1:
                alone[asked[0]] = alone.get(asked[0], ~asked[0] & self.full) | cube
            else:
                several.append(cube)
        kept = list(alone.values())
        if self.full in several or self.full in kept:
            return [self.full]
        for cube in sorted(several, key=lambda one: len(self.restricted(one))):
            if len(kept) > MOST:
                raise Beyond
            if not any(cube & other == cube for other in kept):
                kept.append(cube)
        return kept

    def product(self, unions: Iterable[Sequence[int]]) -> list[int]:
        """Return what several unions have in common; raise Beyond if that is too many cubes."""
        found = [self.full]
        for union in sorted(unions, key=len):
            if len(found) * len(union) > MOST * MOST:
                raise Beyond
            found = list(dict.fromkeys(self.common(found, union)))
            if len(found) > MOST:
                raise Beyond
        return found

    def outside(self, cube: int, others: Sequence[int], budget: Budget) -> int | None:
        """Return a cube inside this one that no other meets, or nothing if the others cover it; raise Beyond."""
        full, guards = self.full, self.guards
        budget.spend(len(others))
        near = [other for other in others if ((cube & other) + full) & guards == guards]
        if any(cube & other == cube for other in near):
            return None
        near.sort(key=lambda one: len(self.restricted(one)))
        stack, steps = [(cube, 0)], 0
        while stack:
            here, at = stack.pop()
            begun = at
            while at < len(near) and ((here & near[at]) + full) & guards != guards:
                at += 1
            steps += 1 + at - begun
            if steps > budget.each:
                budget.spend(steps)
                raise Beyond
            if at == len(near):
                budget.spend(steps)
                return here
            pieces = []
            for one in self.restricted(near[at]):
                if here & one & ~near[at]:
                    pieces.append((here & ~(one & near[at]), at + 1))
                    here &= near[at] | ~one
            stack += reversed(pieces)
        budget.spend(steps)
        return None
