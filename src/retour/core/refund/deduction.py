"""Deductions: what damage takes off returned units, and the part of their value that is not paid."""

from collections.abc import Iterable
from dataclasses import dataclass

from retour.core.money import first_units, half_up
from retour.core.order import OrderLine
from retour.core.refund.ledger import Ordinals
from retour.core.refund.parts import Part, Taxes, row_of, within
from retour.core.refund.plan import Row, RowKind
from retour.core.refund.request import RequestedLine, UnitRange
from retour.core.refund.terms import WHOLE
from retour.core.refund.units import worth


@dataclass(slots=True)
class _Left:
    """What deductions can still take of a row on one side; each takes its part away."""

    part: Part
    amount: int
    taxes: Taxes

    def take(self, off: int, taxes: Taxes) -> tuple[int, Taxes]:
        """Return what can be taken of an amount with its taxes; whoever takes all takes all its taxes."""
        off = within(off, self.amount)
        taken = self.taxes if off == self.amount else tuple(map(within, taxes, self.taxes))
        self.amount -= off
        self.taxes = tuple(x - y for x, y in zip(self.taxes, taken, strict=True))
        return off, taken


def deductions(
    line: OrderLine, asked: RequestedLine, row: Row, sides: tuple[Part, Part], share_bp: int
) -> tuple[Row, ...]:
    """Return what damage takes off the units of a row, range by range, then what their value is not paid of.

    Together they take no more than the row pays. An amount that a person named for the units is no share of them.
    """
    share_bp = WHOLE if asked.override is not None else share_bp
    if share_bp == WHOLE and not any(r.deduction_bp for r in asked.units):
        return ()
    accepted = sorted((r for r in asked.units if r.accepted), key=lambda r: r.lo)
    damaged = [r for r in accepted if r.deduction_bp]
    mine = _Left(sides[0], row.payable.presentment, tuple(t.amount.presentment for t in row.taxes))
    books = _Left(sides[1], row.payable.shop, tuple(t.amount.shop for t in row.taxes))
    q = line.quantity
    rows = []
    for r in damaged:
        taken = mine.take(*_damage(mine.part, r, q)), books.take(*_damage(books.part, r, q))
        rows.append(_deduction(RowKind.DAMAGE, line, ((r.lo, r.hi),), taken, r.deduction_bp, r.grade))
    if share_bp != WHOLE:
        unpaid = WHOLE - share_bp
        taken = (
            mine.take(*_unpaid(mine.part, accepted, q, unpaid)),
            books.take(*_unpaid(books.part, accepted, q, unpaid)),
        )
        rows.append(_deduction(RowKind.SHARE, line, row.ordinals, taken, unpaid, None))
    return tuple(rows)


def _deduction(
    kind: RowKind,
    line: OrderLine,
    ordinals: Ordinals,
    taken: tuple[tuple[int, Taxes], tuple[int, Taxes]],
    basis_points: int,
    reason: str | None,
) -> Row:
    (off, taxes), (off_books, taxes_books) = taken
    return row_of(
        kind,
        line.ref,
        line.taxes,
        (-off, -off_books),
        (tuple(-t for t in taxes), tuple(-t for t in taxes_books)),
        ordinals=ordinals,
        settled=line.gross,
        basis_points=basis_points,
        reason=reason,
        of=line.quantity,
    )


def _damage(part: Part, r: UnitRange, q: int) -> tuple[int, Taxes]:
    """Return the deduction over a range on one side; its taxes by each unit's own ratio."""
    total, taxes = 0, [0] * len(part.taxes)
    for u in range(r.lo, r.hi + 1):
        value = worth(part.gross, ((u, u),), q)
        off = half_up(value * r.deduction_bp, WHOLE)
        total += off
        for i, bucket in enumerate(part.taxes):
            taxes[i] += half_up(worth(bucket, ((u, u),), q) * off, value) if off else 0
    return total, tuple(taxes)


def _unpaid(part: Part, ranges: Iterable[UnitRange], q: int, unpaid_bp: int) -> tuple[int, Taxes]:
    """Return the part of the units' value that is not paid, cumulatively by units, less what damage took of it."""
    total, taxes = 0, [0] * len(part.taxes)
    for r in ranges:
        sound = WHOLE - r.deduction_bp
        total += half_up(_fraction(part.gross, r, q, unpaid_bp) * sound, WHOLE)
        for i, bucket in enumerate(part.taxes):
            taxes[i] += half_up(_fraction(bucket, r, q, unpaid_bp) * sound, WHOLE)
    return total, tuple(taxes)


def _fraction(component: int, r: UnitRange, q: int, bp: int) -> int:
    first, last = first_units(component, r.lo - 1, q), first_units(component, r.hi, q)
    return half_up(last * bp, WHOLE) - half_up(first * bp, WHOLE)
