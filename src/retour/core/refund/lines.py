"""Line steps: what units are worth, what is paid for them, and what a damaged unit takes off again."""

from collections.abc import Iterable
from dataclasses import dataclass

from retour.core.errors import Refused
from retour.core.money import Sides, first_units, half_up
from retour.core.order import OrderLine
from retour.core.refund.ledger import LedgerLine, Ordinals
from retour.core.refund.parts import Part, Taxes, money_taxes, parts, row_of, shop_fraction, unit_taxes, within
from retour.core.refund.plan import Row, RowKind
from retour.core.refund.request import MoneyBasis, MoneyStep, RequestedLine, UnitRange


@dataclass(frozen=True, slots=True)
class LineStep:
    """The rows of one requested line, its damage deductions, and which units it settles."""

    rows: tuple[Row, ...]
    deductions: tuple[Row, ...]
    accepted: Ordinals


def step(line: OrderLine, past: LedgerLine, asked: RequestedLine, *, clamp: bool) -> LineStep:
    """Return what the request pays on one line; raise Refused for units or amounts beyond the line."""
    _check_units(line, past, asked.units)
    accepted = merged((r.lo, r.hi) for r in asked.units if r.accepted)
    rejected = merged((r.lo, r.hi) for r in asked.units if not r.accepted)
    sides = parts(line.gross, line.taxes, past.paid, past.taxes_paid)
    rows: list[Row] = []
    deductions: tuple[Row, ...] = ()
    if accepted:
        row = _units_row(line, past, asked, accepted, sides, clamp=clamp)
        rows.append(row)
        deductions = _deductions(line, asked.units, row, sides)
        if asked.money is not None:
            sides = (sides[0].after(row, "presentment"), sides[1].after(row, "shop"))
    elif asked.override is not None:
        raise Refused("amount_above_entitlement", "no accepted unit to name an amount for", field=line.ref)
    if rejected:
        nothing = Sides(0, 0)
        rows.append(Row(RowKind.REJECTED_UNITS, line.ref, nothing, nothing, ordinals=rejected, settled=line.gross))
    if asked.money is not None:
        rows.append(_money_row(line, past, asked.money, sides, clamp=clamp))
    return LineStep(tuple(rows), deductions, accepted)


def merged(ranges: Iterable[tuple[int, int]]) -> Ordinals:
    """Return the ranges in ascending order, neighbours joined; they must not overlap."""
    joined: list[tuple[int, int]] = []
    for lo, hi in sorted(ranges):
        if joined and joined[-1][1] == lo - 1:
            joined[-1] = (joined[-1][0], hi)
        else:
            joined.append((lo, hi))
    return tuple(joined)


def count(ordinals: Ordinals) -> int:
    """Return how many units the ranges hold."""
    return sum(hi - lo + 1 for lo, hi in ordinals)


def worth(component: int, ordinals: Ordinals, q: int) -> int:
    """Return what these units of `q` are worth: unit u is worth what the first u are, less the first u - 1."""
    total = 0
    for lo, hi in ordinals:
        total += first_units(component, hi, q) - first_units(component, lo - 1, q)
    return total


def _check_units(line: OrderLine, past: LedgerLine, units: tuple[UnitRange, ...]) -> None:
    end = 0
    for lo, hi in sorted((r.lo, r.hi) for r in units):
        if not 1 <= lo <= hi <= line.quantity:
            raise Refused("more_than_returnable", f"units {lo} to {hi} are not on the line", field=line.ref)
        if lo <= end:
            raise Refused("duplicate_line", f"unit {lo} is named twice", field=line.ref)
        if any(lo <= paid_hi and paid_lo <= hi for paid_lo, paid_hi in past.paid_units):
            raise Refused("more_than_returnable", f"units {lo} to {hi} are already paid for", field=line.ref)
        end = hi
    for r in units:
        if r.deduction_bp < 0:
            raise Refused("wrong_sign", "a deduction cannot be negative", field=line.ref)
        if r.deduction_bp > 10_000:
            raise Refused("amount_above_entitlement", "a deduction cannot exceed the unit", field=line.ref)


def _units_row(
    line: OrderLine,
    past: LedgerLine,
    asked: RequestedLine,
    accepted: Ordinals,
    sides: tuple[Part, Part],
    *,
    clamp: bool,
) -> Row:
    mine, books = sides
    q = line.quantity
    entitled, entitled_books = worth(mine.gross, accepted, q), worth(books.gross, accepted, q)
    override = asked.override
    payable = within(entitled, mine.rest)
    if override is not None:
        payable = _overridden(line, override.amount_minor, entitled, mine.rest, clamp=clamp)
    settles_all = count(past.paid_units) + count(accepted) == q
    closes = payable != 0 and payable == mine.rest
    if (override is not None and payable != entitled) or (closes and (payable != entitled or settles_all)):
        payable_books = shop_fraction(mine, books, payable)
    else:
        payable_books = within(entitled_books, books.rest)
    tax, tax_books = _entitled_taxes(mine, accepted, q), _entitled_taxes(books, accepted, q)
    by_hand = override is not None
    return row_of(
        RowKind.UNITS,
        line.ref,
        line.taxes,
        (payable, payable_books),
        (
            unit_taxes(mine, entitled, tax, payable, by_hand=by_hand),
            unit_taxes(books, entitled_books, tax_books, payable_books, by_hand=by_hand),
        ),
        ordinals=accepted,
        entitlement=Sides(entitled, entitled_books),
        entitled_tax=Sides(sum(tax), sum(tax_books)),
        withheld=Sides(_short(entitled, payable), _short(entitled_books, payable_books)),
        listed=line.list_value,
        settled=line.gross,
        paid_before=past.paid,
        reason=override.reason if override else None if payable == entitled else "already_paid",
        actor=override.actor if override else None,
    )


def _overridden(line: OrderLine, amount: int, entitled: int, rest: int, *, clamp: bool) -> int:
    if amount * line.gross.presentment < 0:
        raise Refused("wrong_sign", "the amount points the other way than the line", field=line.ref)
    if abs(amount) > abs(entitled) and not clamp:
        raise Refused("amount_above_entitlement", f"the units are worth {entitled}", field=line.ref)
    amount = within(amount, entitled)
    if within(amount, rest) != amount and not clamp:
        raise Refused("line_exhausted", f"{rest} is left on the line", field=line.ref, facts={"left": rest})
    return within(amount, rest)


def _entitled_taxes(part: Part, ordinals: Ordinals, q: int) -> Taxes:
    return tuple(worth(tax, ordinals, q) for tax in part.taxes)


def _short(entitled: int, payable: int) -> int:
    return entitled - payable if abs(payable) < abs(entitled) else 0


# --- damage ---


def _deductions(line: OrderLine, units: tuple[UnitRange, ...], row: Row, sides: tuple[Part, Part]) -> tuple[Row, ...]:
    damaged = sorted((r for r in units if r.accepted and r.deduction_bp), key=lambda r: r.lo)
    if not damaged:
        return ()
    left = (row.payable.presentment, row.payable.shop)
    taxes_left = (tuple(t.amount.presentment for t in row.taxes), tuple(t.amount.shop for t in row.taxes))
    rows: list[Row] = []
    for r in damaged:
        off, taxes = _deduct(sides[0], r, line.quantity, left[0], taxes_left[0])
        off_books, taxes_books = _deduct(sides[1], r, line.quantity, left[1], taxes_left[1])
        left = (left[0] - off, left[1] - off_books)
        taxes_left = (_less(taxes_left[0], taxes), _less(taxes_left[1], taxes_books))
        rows.append(
            row_of(
                RowKind.DAMAGE,
                line.ref,
                line.taxes,
                (-off, -off_books),
                (tuple(-t for t in taxes), tuple(-t for t in taxes_books)),
                ordinals=((r.lo, r.hi),),
                settled=line.gross,
                basis_points=r.deduction_bp,
                reason=r.grade,
            )
        )
    return tuple(rows)


def _deduct(part: Part, r: UnitRange, q: int, left: int, taxes_left: Taxes) -> tuple[int, Taxes]:
    """Return the deduction over the range on one side, at most what is left; its taxes by each unit's own ratio."""
    total, taxes = 0, [0] * len(part.taxes)
    for u in range(r.lo, r.hi + 1):
        value = worth(part.gross, ((u, u),), q)
        off = half_up(value * r.deduction_bp, 10_000)
        total += off
        for i, bucket in enumerate(part.taxes):
            taxes[i] += half_up(worth(bucket, ((u, u),), q) * off, value) if off else 0
    total = within(total, left)
    if total == left:
        return total, taxes_left
    return total, tuple(within(tax, rest) for tax, rest in zip(taxes, taxes_left, strict=True))


def _less(a: Taxes, b: Taxes) -> Taxes:
    return tuple(x - y for x, y in zip(a, b, strict=True))


# --- money without units ---


def _money_row(line: OrderLine, past: LedgerLine, asked: MoneyStep, sides: tuple[Part, Part], *, clamp: bool) -> Row:
    mine, books = sides
    amount, taxes = _named(line, past, asked, mine)
    if within(amount, mine.rest) != amount:
        if not clamp:
            raise Refused(
                "line_exhausted", f"{mine.rest} is left on the line", field=line.ref, facts={"left": mine.rest}
            )
        amount, taxes = within(amount, mine.rest), None
    if taxes is None or amount == mine.rest:
        taxes = money_taxes(mine, amount)
    amount_books = shop_fraction(mine, books, amount)
    return row_of(
        RowKind.MONEY,
        line.ref,
        line.taxes,
        (amount, amount_books),
        (taxes, money_taxes(books, amount_books)),
        entitlement=Sides(amount, amount_books),
        entitled_tax=Sides(sum(taxes), sum(money_taxes(books, amount_books))),
        listed=line.list_value,
        settled=line.gross,
        paid_before=Sides(mine.paid, books.paid),
        basis_points=asked.amount if asked.basis is MoneyBasis.PERCENT else None,
        reason=asked.reason,
        actor=asked.actor,
    )


def _named(line: OrderLine, past: LedgerLine, asked: MoneyStep, mine: Part) -> tuple[int, Taxes | None]:
    """Return the gross amount that is asked for, with its taxes if it was named without them."""
    if asked.basis is MoneyBasis.PERCENT:
        if asked.amount <= 0:
            raise Refused("wrong_sign", "a percentage must be above zero", field=line.ref)
        before = past.granted_bp
        return half_up(mine.gross * (before + asked.amount), 10_000) - half_up(mine.gross * before, 10_000), None
    if asked.amount == 0 or asked.amount * mine.gross < 0:
        raise Refused("wrong_sign", "the amount must not be zero or point the other way", field=line.ref)
    if asked.basis is MoneyBasis.GROSS:
        return asked.amount, None
    net = mine.gross - sum(mine.taxes)
    if net == 0:
        raise Refused("line_exhausted", "the line has no net value", field=line.ref, facts={"left": 0})
    before = mine.paid - sum(mine.taxes_paid)
    taxes = tuple(
        within(half_up(tax * (before + asked.amount), net) - half_up(tax * before, net), tax - paid)
        for tax, paid in zip(mine.taxes, mine.taxes_paid, strict=True)
    )
    return asked.amount + sum(taxes), taxes
