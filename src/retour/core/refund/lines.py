"""Line steps: what units are worth, what is paid for them, and what a damaged unit takes off again."""

from dataclasses import dataclass, replace

from retour.core.errors import Refused
from retour.core.money import NOTHING, Sides, half_up
from retour.core.order import OrderLine
from retour.core.refund.deduction import deductions
from retour.core.refund.ledger import LedgerLine, Ordinals
from retour.core.refund.parts import Part, Taxes, money_taxes, parts, row_of, shop_fraction, unit_taxes, within
from retour.core.refund.plan import Row, RowKind
from retour.core.refund.request import MoneyBasis, MoneyStep, RequestedLine, UnitRange
from retour.core.refund.terms import WHOLE
from retour.core.refund.units import count, merged, worth


@dataclass(frozen=True, slots=True)
class LineStep:
    """The rows of one requested line, its damage deductions, and which units it settles."""

    rows: tuple[Row, ...]
    deductions: tuple[Row, ...]
    accepted: Ordinals


def step(line: OrderLine, past: LedgerLine, asked: RequestedLine, *, clamp: bool, share_bp: int = WHOLE) -> LineStep:
    """Return what the request pays on one line; raise Refused for units or amounts beyond the line.

    `share_bp` is the part of the units' value that is paid; an amount a person names for them is paid as it is.
    """
    _check_units(line, past, asked.units)
    accepted = merged([(r.lo, r.hi) for r in asked.units if r.accepted])
    rejected = merged([(r.lo, r.hi) for r in asked.units if not r.accepted])
    sides = parts(line.gross, line.taxes, past.paid, past.taxes_paid)
    rows: list[Row] = []
    taken_off: tuple[Row, ...] = ()
    if accepted:
        row = _units_row(line, past, asked, accepted, sides, clamp=clamp)
        rows.append(row)
        taken_off = deductions(line, asked, row, sides, share_bp)
        if asked.money is not None:
            sides = (sides[0].after(row, "presentment"), sides[1].after(row, "shop"))
    elif asked.override is not None:
        raise Refused("amount_above_entitlement", "no accepted unit to name an amount for", field=line.ref)
    if rejected:
        refused = Row(RowKind.REJECTED_UNITS, line.ref, NOTHING, NOTHING, ordinals=rejected)
        rows.append(replace(refused, settled=line.gross, of=line.quantity))
    if asked.money is not None:
        rows.append(_money_row(line, past, asked.money, sides, clamp=clamp))
    return LineStep(tuple(rows), taken_off, accepted)


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
        if r.deduction_bp > WHOLE:
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
    q, override = line.quantity, asked.override
    entitled, payable = worth(mine.gross, accepted, q), 0
    if override is None:
        payable = within(entitled, mine.rest)
    else:
        payable = _overridden(line, override.amount_minor, entitled, mine.rest, clamp=clamp)
    by_hand = override is not None
    tax = _entitled_taxes(mine, accepted, q)
    taxes = unit_taxes(mine, entitled, tax, payable, by_hand=by_hand)
    entitled_books, payable_books, tax_books, taxes_books = entitled, payable, tax, taxes
    if books is not mine:  # the same figures come to the same
        entitled_books = worth(books.gross, accepted, q)
        settles_all = count(past.paid_units) + count(accepted) == q
        closes = payable != 0 and payable == mine.rest
        if (by_hand and payable != entitled) or (closes and (payable != entitled or settles_all)):
            payable_books = shop_fraction(mine, books, payable)
        else:
            payable_books = within(entitled_books, books.rest)
        tax_books = _entitled_taxes(books, accepted, q)
        taxes_books = unit_taxes(books, entitled_books, tax_books, payable_books, by_hand=by_hand)
    return row_of(
        RowKind.UNITS,
        line.ref,
        line.taxes,
        (payable, payable_books),
        (taxes, taxes_books),
        ordinals=accepted,
        entitlement=Sides(entitled, entitled_books),
        entitled_tax=Sides(sum(tax), sum(tax_books)),
        withheld=_short(entitled, payable, entitled_books, payable_books),
        listed=line.list_value,
        settled=line.gross,
        paid_before=past.paid,
        reason=override.reason if override else None if payable == entitled else "already_paid",
        actor=override.actor if override else None,
        of=q,
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
    return tuple([worth(tax, ordinals, q) for tax in part.taxes])


def _short(entitled: int, payable: int, entitled_books: int, payable_books: int) -> Sides:
    """Return what the units are worth and do not get; nothing where a side gets as much or more."""
    if entitled == payable and entitled_books == payable_books:
        return NOTHING
    return Sides(
        entitled - payable if abs(payable) < abs(entitled) else 0,
        entitled_books - payable_books if abs(payable_books) < abs(entitled_books) else 0,
    )


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
        return half_up(mine.gross * (before + asked.amount), WHOLE) - half_up(mine.gross * before, WHOLE), None
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
