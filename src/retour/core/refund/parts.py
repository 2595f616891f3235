"""One side of a line or charge: its settled figures, what was paid of them, and the tax of the next step."""

from dataclasses import dataclass
from operator import sub
from typing import Literal, TypedDict, Unpack

from retour.core.money import NOTHING, Sides, half_up
from retour.core.order import Tax
from retour.core.refund.ledger import Ordinals
from retour.core.refund.plan import Row, RowKind

Taxes = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """The figures of one component on one side, in minor units; the buckets keep the order of the sale."""

    gross: int
    taxes: Taxes
    paid: int
    taxes_paid: Taxes

    @property
    def rest(self) -> int:
        """Return what can still be paid back, in the direction of the component."""
        return within(self.gross, self.gross - self.paid)

    def after(self, row: Row, side: Literal["presentment", "shop"]) -> "Part":
        """Return the part once the row is paid."""
        taxes = tuple(paid + getattr(t.amount, side) for paid, t in zip(self.taxes_paid, row.taxes, strict=True))
        return Part(self.gross, self.taxes, self.paid + getattr(row.payable, side), taxes)


class Facts(TypedDict, total=False):
    """The fields of a row that are not money being paid."""

    ordinals: Ordinals
    entitlement: Sides
    entitled_tax: Sides
    withheld: Sides
    listed: Sides
    settled: Sides
    paid_before: Sides
    basis_points: int | None
    reason: str | None
    actor: str | None
    of: int


def within(value: int, rest: int) -> int:
    """Return the value limited to the rest by magnitude; nothing if the rest points the other way."""
    if value >= 0:
        return value if value <= rest else max(rest, 0)
    return value if value >= rest else min(rest, 0)


def parts(gross: Sides, taxes: tuple[Tax, ...], paid: Sides, taxes_paid: tuple[Tax, ...]) -> tuple[Part, Part]:
    """Return the presentment and the shop side of a component; one and the same part if their figures are the same."""
    amounts = [tax.amount for tax in taxes]
    if taxes_paid:
        gone = {tax.bucket: tax.amount for tax in taxes_paid}
        before = [gone.get(tax.bucket, NOTHING) for tax in taxes]
    else:
        before = [NOTHING] * len(amounts)
    mine = (
        gross.presentment,
        tuple([amount.presentment for amount in amounts]),
        paid.presentment,
        tuple([amount.presentment for amount in before]),
    )
    books = (
        gross.shop,
        tuple([amount.shop for amount in amounts]),
        paid.shop,
        tuple([amount.shop for amount in before]),
    )
    part = Part(*mine)
    return part, part if mine == books else Part(*books)


def shop_fraction(mine: Part, books: Part, amount: int) -> int:
    """Return the shop side of an amount named in presentment: the same fraction of its own total, never a rate."""
    if amount == 0:
        return 0
    if amount == mine.rest:
        return books.rest
    reached = half_up(books.gross * (mine.paid + amount), mine.gross)
    return within(reached - half_up(books.gross * mine.paid, mine.gross), books.rest)


def unit_taxes(part: Part, entitled: int, entitled_taxes: Taxes, payable: int, *, by_hand: bool) -> Taxes:
    """Return the taxes of a unit step: as entitled, by the stored ratio if paid otherwise, all that is left at the end.

    An amount named by hand that is smaller than its taxes is all net; the closing step catches the tax up.
    """
    if payable != 0 and payable == part.gross - part.paid:
        return _left(part)
    if payable == entitled:
        return _limited(part, entitled_taxes)
    taxes = _limited(part, tuple(half_up(tax * payable, part.gross) if payable else 0 for tax in part.taxes))
    return _bearable(taxes, payable) if by_hand else taxes


def money_taxes(part: Part, amount: int) -> Taxes:
    """Return the taxes of a money step, cumulatively on the money paid so far; all that is left at the end."""
    if amount == 0:
        return (0,) * len(part.taxes)
    if amount == part.gross - part.paid:
        return _left(part)
    reached = part.paid + amount
    taxes = tuple(half_up(tax * reached, part.gross) - half_up(tax * part.paid, part.gross) for tax in part.taxes)
    return _bearable(_limited(part, taxes), amount)


def row_of(
    kind: RowKind,
    ref: str | None,
    buckets: tuple[Tax, ...],
    payable: tuple[int, int],
    taxes: tuple[Taxes, Taxes],
    **facts: Unpack[Facts],
) -> Row:
    """Return the row that joins both sides, with the net they leave."""
    joined = tuple([Tax(t.bucket, Sides(p, s)) for t, p, s in zip(buckets, *taxes, strict=True)])
    net = Sides(payable[0] - sum(taxes[0]), payable[1] - sum(taxes[1]))
    return Row(kind, ref, Sides(*payable), net, joined, **facts)


def _left(part: Part) -> Taxes:
    return tuple(map(sub, part.taxes, part.taxes_paid))


def _limited(part: Part, taxes: Taxes) -> Taxes:
    return tuple(map(within, taxes, _left(part)))


def _bearable(taxes: Taxes, amount: int) -> Taxes:
    return taxes if abs(sum(taxes)) <= abs(amount) else (0,) * len(taxes)
