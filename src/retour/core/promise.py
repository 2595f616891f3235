"""What was promised at request beside what is paid: both kept, with the reason of every minor unit between them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from retour.core.money import NOTHING, Sides
from retour.core.refund import Changed, Plan, Row, RowKind, difference
from retour.core.rma import Return
from retour.core.rma.moves import OPEN

OUTSTANDING: Final = "unit_outstanding"
MISSING: Final = "unit_missing"


@dataclass(frozen=True, slots=True)
class Kept:
    """A promise and what became of it; the parts sum up to paid less promised, on both sides.

    While the return is open units that are still on their way are `unit_outstanding`; once it is over they are
    `unit_missing`.
    """

    promised: Sides
    paid: Sides
    parts: tuple[tuple[str, Changed], ...]
    is_over: bool


def kept(ret: Return, promised: Sequence[Plan], paid: Sequence[Plan]) -> Kept:
    """Return what was promised and what is paid, or being paid, on a return; (reason code, part) for each difference."""
    is_over = all(line.decision not in OPEN for line in ret.lines)
    refused = tuple(
        Row(RowKind.REJECTED_UNITS, i.line_ref, NOTHING, NOTHING, ordinals=(i.span,))
        for i in ret.inspections()
        if not i.accepted
    )
    told = [*paid, replace(promised[0], rows=refused, adjustments=())] if refused else paid
    parts = tuple(
        (OUTSTANDING if part.because.value == MISSING and not is_over else part.because.value, part)
        for part in difference(promised, told)
    )
    return Kept(_total(promised), _total(paid), parts, is_over)


def _total(plans: Sequence[Plan]) -> Sides:
    return sum((plan.total for plan in plans), NOTHING)
