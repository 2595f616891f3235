"""What an effect aims at that takes units out of the platform's open return."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StayingUnits:
    """How many units of one line stay in the platform's return."""

    return_line_ref: str
    quantity: int


@dataclass(frozen=True, slots=True)
class RemoveFromReturn:
    """Take the units that were given up out of the platform's open return: of each line named so many stay.

    What is to stay, not what goes, so that whoever sends it twice, or finds it done by hand, takes nothing out twice.
    """

    return_ref: str
    lines: tuple[StayingUnits, ...]
