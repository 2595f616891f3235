"""A fee that is paid beforehand: what it comes to, how the platform charges it, and what of it goes back."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from retour.core.draft import FeeLine
from retour.core.money import NOTHING, Sides, half_up
from retour.core.order import Order
from retour.core.refund import Beforehand, FeeKind, FeeTax, Plan, UnitRange
from retour.core.rma import Decision, Return
from retour.core.rma.fee import FeePart
from retour.core.settling import Returning, Standing, divide, of_line

REF: Final = "fee:"  # what the business reference of every effect of a fee begins with
TITLES: Final[Mapping[FeeKind, str]] = {
    FeeKind.RESTOCKING: "Restocking fee",
    FeeKind.LABEL: "Fee for the return label",
    FeeKind.RETURN: "Fee for the return",
    FeeKind.CANCELLATION: "Fee for the cancellation",
}


def business_ref(rma_id: object, tries: int) -> str:
    """Return what the effects of one invoice of a return are planned under."""
    return f"{REF}{rma_id}:{tries}"


def due_beforehand(ret: Return, order: Order, at: Standing) -> tuple[FeePart, ...]:
    """Return what the approved lines of a return cost before the goods are sent; raise Refused as `quote` does."""
    returning = [
        Returning(
            line.line_ref, tuple(UnitRange(lo, hi) for lo, hi in line.claimed), line.resolution,
            of_line(at.rulings[line.line_ref], line, at.policy), ref=line.resolution_ref,
        )
        for line in ret.lines
        if line.decision is Decision.APPROVED and line.claimed
    ]  # fmt: skip
    parts = divide(order, returning, at.after, at.bearing.as_agreed())
    return parts_of(part.plan for part in parts)


def parts_of(plans: Iterable[Plan]) -> tuple[FeePart, ...]:
    """Return what the plans of one return want paid beforehand, by kind of fee, tax and what becomes of it."""
    sums: dict[tuple[FeeKind, Beforehand, int], Sides] = {}
    for fee in (fee for plan in plans for fee in plan.fees if fee.ahead):
        rate = fee.term.tax_bp if fee.term.tax is FeeTax.SUPPLY else 0
        key = (fee.term.kind, fee.term.beforehand or Beforehand.REFUNDED, rate)
        sums[key] = sums.get(key, NOTHING) + fee.ahead
    return tuple(FeePart(kind, amount, back, rate) for (kind, back, rate), amount in sums.items())


def total(parts: Iterable[FeePart]) -> Sides:
    """Return what the parts come to."""
    return sum((part.amount for part in parts), NOTHING)


def tax_of(part: FeePart) -> int:
    """Return the tax inside a part, in presentment minor units."""
    return half_up(part.amount.presentment * part.tax_bp, 10_000 + part.tax_bp)


def lines_of(parts: Iterable[FeePart], *, taxes_included: bool) -> tuple[FeeLine, ...]:
    """Return the parts as lines of an invoice: without its tax where the platform's prices have none in them."""
    return tuple(
        FeeLine(
            TITLES[part.kind], part.amount.presentment - (0 if taxes_included else tax_of(part)), bool(part.tax_bp)
        )
        for part in parts
    )  # fmt: skip


def is_agreed(parts: tuple[FeePart, ...], minor: int) -> bool:
    """Return whether the platform's total is ours; one minor unit for each line is its rounding (docs/money.md)."""
    return abs(minor - total(parts).presentment) <= len(parts)


def paid_of(parts: tuple[FeePart, ...], collected: int) -> tuple[FeePart, ...]:
    """Return which part of the fees is paid with what was collected: all of it, or the first ones as far as it goes."""
    if collected >= total(parts).presentment - len(parts):
        return parts
    paid: list[FeePart] = []
    left = max(0, collected)
    for part in parts:
        mine = min(left, part.amount.presentment)
        left -= mine
        if mine:
            books = half_up(part.amount.shop * mine, part.amount.presentment)
            paid.append(FeePart(part.kind, Sides(mine, books), part.back, part.tax_bp))
    return tuple(paid)


def given_back(parts: Iterable[FeePart], *, whole: bool) -> tuple[tuple[FeePart, ...], tuple[FeePart, ...]]:
    """Return which parts go back to the shopper and which are kept; all go back if the fee was waived (`whole`)."""
    found = tuple(parts)
    back = tuple(part for part in found if whole or part.back is Beforehand.REFUNDED)
    return back, tuple(part for part in found if part not in back)


def is_waived(parts: Iterable[FeePart], kinds: Iterable[FeeKind | None]) -> bool:
    """Return whether every part of a fee is waived; a waiver without a kind waives all."""
    said = set(kinds)
    return None in said or all(part.kind in said for part in parts)


def reminders(ends: datetime | None, days: Iterable[int], *, since: datetime) -> tuple[datetime, ...]:
    """Return when a shopper is reminded of a fee that is to be paid by then, after `since`."""
    if ends is None:
        return ()
    return tuple(at for at in (ends - timedelta(days=n) for n in days) if at > since)


def next_look(ends: datetime | None, moments: Iterable[datetime], *, poll_at: datetime) -> datetime:
    """Return when an unpaid fee is looked at next: at its end or a reminder, or to see whether it was paid."""
    ahead = [poll_at, *moments]
    return min(ahead if ends is None else [*ahead, ends])
