"""The past as a simulation sees it: returns with their frozen facts, what people and the warehouse said, what was paid."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from retour.core.simulation.result import Fate


@dataclass(frozen=True, slots=True)
class Found:
    """What an inspection found on some units of a line; `deduction_bp` in basis points of a unit's value."""

    units: int
    grade: str
    accepted: bool
    deduction_bp: int = 0


class PastLine(NamedTuple):
    """One line of a past return: the units asked for, the wish, and the facts as `policy.encode_facts` made them plain.

    `held` is what a person or the shopper decided about it and no policy changes: rejected or closed. `ref` names the
    merchant's own record of the resolution, if one was chosen.
    """

    line_ref: str
    quantity: int
    facts: Mapping[str, Any]
    resolution: str | None = None
    held: Fate | None = None
    found: tuple[Found, ...] = ()
    ref: str | None = None

    @property
    def values(self) -> Mapping[str, Any]:
        """Return the facts by name, as plain JSON."""
        values: Mapping[str, Any] = self.facts["values"]
        return values


class PastReturn(NamedTuple):
    """One return in the past; `order_key` tells returns of one order, `version` the policy it was decided by.

    `recorded` is what was paid, or promised while not every unit is inspected, in minor units of the books: total, fees,
    deductions, bonus. Nothing is recorded where the file or the state of the return does not say it.
    """

    key: str
    reference: str
    order_key: str
    order_name: str
    requested_on: date
    lines: tuple[PastLine, ...]
    method: str | None = None
    version: str | None = None
    recorded: "Recorded | None" = None
    rma_id: str | None = None


class Recorded(NamedTuple):
    """What a return was worth then, in minor units of the books: all plans together, and what they kept or added."""

    total_minor: int
    fee_minor: int = 0
    deduction_minor: int = 0
    bonus_minor: int = 0


def recorded(
    lines: tuple[PastLine, ...], *, promised: Recorded, settled: Recorded, is_inspected: bool
) -> Recorded | None:
    """Return what stands for the return's money: what was settled once all is inspected, what was promised before.

    Nothing where neither is the whole truth: some units are inspected and others not, or a person said no to some lines.
    """
    if is_inspected:
        return settled
    untouched = all(line.held is None and not line.found for line in lines)
    return promised if untouched else None
