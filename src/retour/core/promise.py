"""What was promised at request beside what is paid: both kept, with the reason of every minor unit between them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from retour.core.money import NOTHING, Sides
from retour.core.refund import Because, Changed, Plan, Row, RowKind, difference
from retour.core.rma import Return
from retour.core.rma.moves import OPEN

OUTSTANDING: Final = "unit_outstanding"
BONUS: Final = "bonus"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of paid less promised, in minor units per side, and the code of its reason.

    `ref` is the line, charge or promotion, of a fee its kind; `units` how many came otherwise, for reasons about units.
    """

    code: str
    ref: str | None
    amount: Sides
    units: int | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A promise and what became of it, bonus included; the parts sum up to paid less promised, on both sides.

    While the return is open units that are still on their way are `unit_outstanding`; once it is over they are
    `unit_missing`.
    """

    promised: Sides
    paid: Sides
    parts: tuple[Part, ...]
    is_over: bool


def kept(ret: Return, promised: Sequence[Plan], paid: Sequence[Plan]) -> Kept:
    """Return what was promised and what is paid, or being paid, on a return, with the reason of each difference."""
    is_over = all(line.decision not in OPEN for line in ret.lines)
    refused = tuple(
        Row(RowKind.REJECTED_UNITS, i.line_ref, NOTHING, NOTHING, ordinals=(i.span,))
        for i in ret.inspections()
        if not i.accepted
    )
    told = [*paid, replace(promised[0], rows=refused, adjustments=())] if refused else paid
    parts = [Part(_code(one, is_over=is_over), one.ref, one.amount, one.quantity) for one in difference(promised, told)]
    bonus = _bonus(paid) - _bonus(promised)
    if bonus:
        parts.append(Part(BONUS, None, bonus))
    return Kept(_total(promised), _total(paid), tuple(parts), is_over)


def _code(one: Changed, *, is_over: bool) -> str:
    return OUTSTANDING if one.because is Because.UNIT_MISSING and not is_over else one.because.value


def _total(plans: Sequence[Plan]) -> Sides:
    return sum((plan.total for plan in plans), _bonus(plans))


def _bonus(plans: Sequence[Plan]) -> Sides:
    return sum((Sides(plan.bonus, plan.bonus_shop) for plan in plans), NOTHING)
