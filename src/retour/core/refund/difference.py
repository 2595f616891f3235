"""Promised and paid: every minor unit of the change between two computations of one return, with its reason."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from retour.core.money import NOTHING, Sides
from retour.core.refund.ledger import Ordinals
from retour.core.refund.plan import Plan, Row, RowKind
from retour.core.refund.units import count, merged, without, worth


class Because(StrEnum):
    """Why another amount is paid than was promised."""

    UNIT_REJECTED = "unit_rejected"
    UNIT_MISSING = "unit_missing"
    UNIT_ADDED = "unit_added"
    VALUE_CHANGED = "value_changed"
    ALREADY_PAID = "already_paid"
    AMOUNT_BY_HAND = "amount_by_hand"
    GOODWILL = "goodwill"
    CHARGE = "charge"
    GRADE_DEDUCTION = "grade_deduction"
    SHARE = "share"
    CLAWBACK = "clawback"
    FEE = "fee"
    CAP = "cap"
    ROUNDING = "rounding"


@dataclass(frozen=True, slots=True)
class Changed:
    """A part of the difference: paid less promised, in minor units per side.

    `ref` is the line, charge or promotion; of a fee it is the kind of its row. `quantity` is how many units came
    otherwise, for the reasons about units.
    """

    because: Because
    ref: str | None
    amount: Sides
    quantity: int | None = None


_PLAIN: Final = {
    RowKind.MONEY: Because.GOODWILL,
    RowKind.SHIPPING: Because.CHARGE,
    RowKind.DUTY: Because.CHARGE,
    RowKind.TIP: Because.CHARGE,
    RowKind.FEE: Because.CHARGE,
    RowKind.GIFT_WRAPPING: Because.CHARGE,
    RowKind.ORDER_ROUNDING: Because.ROUNDING,
    RowKind.PLATFORM_ROUNDING: Because.ROUNDING,
    RowKind.DAMAGE: Because.GRADE_DEDUCTION,
    RowKind.SHARE: Because.SHARE,
    RowKind.CLAWBACK: Because.CLAWBACK,
    RowKind.RESTOCKING_FEE: Because.FEE,
    RowKind.LABEL_FEE: Because.FEE,
    RowKind.RETURN_FEE: Because.FEE,
    RowKind.CANCELLATION_FEE: Because.FEE,
    RowKind.CAP_ORDER: Because.CAP,
    RowKind.CAP_TAX: Because.CAP,
}
_ORDER: Final = tuple(Because)


def difference(promised: Sequence[Plan], paid: Sequence[Plan]) -> tuple[Changed, ...]:
    """Return why the plans that are paid come to another total than those that were promised; the parts sum exactly.

    Both are all plans of one return. Units that were refused are told by the paid plans' own rows of them; other
    units that were promised and are not paid are missing.
    """
    before, after = _by_reason(promised), _by_reason(paid)
    parts: dict[tuple[Because, str | None], Sides] = {}
    for key in dict.fromkeys((*before, *after)):
        parts[key] = after.get(key, NOTHING) - before.get(key, NOTHING)
    changed = [Changed(because, ref, amount) for (because, ref), amount in parts.items() if amount]
    for ref in dict.fromkeys(row.ref for row in (*_units(promised), *_units(paid))):
        changed += _of_units(
            [row for row in _units(promised) if row.ref == ref],
            [row for row in _units(paid) if row.ref == ref],
            [row for row in _rejected(paid) if row.ref == ref],
        )
    return tuple(sorted(changed, key=lambda part: _ORDER.index(part.because)))


def _by_reason(plans: Iterable[Plan]) -> dict[tuple[Because, str | None], Sides]:
    """Return what the rows come to but for the units' own value."""
    parts: dict[tuple[Because, str | None], Sides] = {}
    for plan in plans:
        for row in (*plan.rows, *plan.adjustments):
            if row.kind is RowKind.REJECTED_UNITS:
                continue
            if row.kind is RowKind.UNITS:
                because = Because.ALREADY_PAID if row.reason in (None, "already_paid") else Because.AMOUNT_BY_HAND
                key, amount = (because, row.ref), row.payable - row.entitlement
            else:
                because = _PLAIN[row.kind]
                key, amount = (because, row.kind.value if because is Because.FEE else row.ref), row.payable
            parts[key] = parts.get(key, NOTHING) + amount
    return parts


def _units(plans: Iterable[Plan]) -> list[Row]:
    return [row for plan in plans for row in plan.rows if row.kind is RowKind.UNITS]


def _rejected(plans: Iterable[Plan]) -> list[Row]:
    return [row for plan in plans for row in plan.rows if row.kind is RowKind.REJECTED_UNITS]


def _of_units(promised: Sequence[Row], paid: Sequence[Row], rejected: Sequence[Row]) -> list[Changed]:
    """Return the change of one line's value: units refused, missing or added, and what is left without a unit."""
    left = _sum(row.entitlement for row in paid) - _sum(row.entitlement for row in promised)
    of = next((row.of for row in (*promised, *paid) if row.of), 0)
    then, now, refused = _ordinals(promised), _ordinals(paid), _ordinals(rejected)
    gone = without(then, now)
    changed: list[Changed] = []
    settled, ref = (*promised, *paid)[0].settled, (*promised, *paid)[0].ref
    for because, units, sign in (
        (Because.UNIT_REJECTED, without(gone, without(gone, refused)), -1),
        (Because.UNIT_MISSING, without(gone, refused), -1),
        (Because.UNIT_ADDED, without(now, then), 1),
    ):
        if not units or not of:
            continue
        value = Sides(sign * worth(settled.presentment, units, of), sign * worth(settled.shop, units, of))
        changed.append(Changed(because, ref, value, count(units)))
        left -= value
    if left:
        changed.append(Changed(Because.VALUE_CHANGED, ref, left))
    return changed


def _ordinals(rows: Iterable[Row]) -> Ordinals:
    return merged(span for row in rows for span in row.ordinals)


def _sum(amounts: Iterable[Sides]) -> Sides:
    total = NOTHING
    for amount in amounts:
        total += amount
    return total
