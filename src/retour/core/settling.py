"""Dividing what is asked for into settlements: one per resolution, terms and time, each quoted after the one before."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from retour.core.order import Order
from retour.core.refund import Ledger, Plan, RefundRequest, RefundTerms, RequestedLine, UnitRange, quote
from retour.core.terms import after_the_first, charges_fee

After = Callable[[tuple[Plan, ...]], Ledger]
"""The ledger of the order as it is once these plans are reserved."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Units of one order line, what the shopper gets for them, under which terms, and from when it may be paid."""

    line_ref: str
    units: tuple[UnitRange, ...]
    resolution: str
    terms: RefundTerms
    not_before: datetime | None = None
    ref: str | None = None  # of the merchant's own record of the resolution


@dataclass(frozen=True, slots=True)
class Part:
    """One settlement to be: its plan, for the units of `lines`."""

    resolution: str
    not_before: datetime | None
    lines: tuple[RequestedLine, ...]
    plan: Plan
    ref: str | None = None


def divide(order: Order, asked: Iterable[Wanted], after: After, *, is_charged: bool = False) -> tuple[Part, ...]:
    """Return the settlements; `is_charged` says that an earlier one of the same return has charged its fees.

    Raise Refused as `quote` does, for units that cannot be quoted.
    """
    groups: dict[tuple[str, str | None, RefundTerms, datetime | None], dict[str, tuple[UnitRange, ...]]] = {}
    for one in asked:
        lines = groups.setdefault((one.resolution, one.ref, one.terms, one.not_before), {})
        lines[one.line_ref] = (*lines.get(one.line_ref, ()), *one.units)
    parts: list[Part] = []
    for (resolution, ref, terms, not_before), lines in groups.items():
        wanted = tuple(RequestedLine(line_ref, units) for line_ref, units in lines.items())
        due = after_the_first(terms) if is_charged else terms
        plan = quote(order, after(tuple(p.plan for p in parts)), RefundRequest(wanted, clamp=True), due)
        is_charged = is_charged or charges_fee(plan)
        parts.append(Part(resolution, not_before, wanted, plan, ref))
    return tuple(parts)
