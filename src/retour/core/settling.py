"""Dividing what is asked for into settlements: one per resolution, terms and time, each quoted after the one before."""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from retour.core.order import Order
from retour.core.policy import CompiledPolicy, LineDecision
from retour.core.refund import (
    Ahead,
    Ledger,
    Plan,
    RefundRequest,
    RefundTerms,
    RequestedLine,
    RowKind,
    UnitRange,
    Waiver,
    of_this_return,
    quote,
)
from retour.core.rma import Return, ReturnLine, minus
from retour.core.rma.state import common
from retour.core.terms import terms_of

After = Callable[[tuple[Plan, ...]], Ledger]
"""The ledger of the order as it is once these plans are reserved."""


@dataclass(frozen=True, slots=True)
class Returning:
    """Units of one order line, what the shopper gets for them, under which terms, and from when it may be paid."""

    line_ref: str
    units: tuple[UnitRange, ...]
    resolution: str
    terms: RefundTerms
    not_before: datetime | None = None
    ref: str | None = None  # of the merchant's own record of the resolution


@dataclass(frozen=True, slots=True)
class Bearing:
    """What of the return as a whole bears on each of its settlements: plans before, parcels up to now, waived fees."""

    earlier: Sequence[Plan] = ()
    parcels: int = 1
    waivers: tuple[Waiver, ...] = ()
    ahead: tuple[Ahead, ...] | None = None  # paid beforehand; without one what the terms want paid so counts as paid

    def as_agreed(self) -> "Bearing":
        """Return it as if nothing had been paid beforehand, and all that is to be will be."""
        return replace(self, ahead=None)


ALONE: Final = Bearing()


@dataclass(frozen=True, slots=True)
class Part:
    """One settlement to be: its plan, for the units of `lines`."""

    resolution: str
    not_before: datetime | None
    lines: tuple[RequestedLine, ...]
    plan: Plan
    ref: str | None = None


def terms_for(
    line: LineDecision, policy: CompiledPolicy, *, resolution: str, ref: str | None, method: str | None
) -> RefundTerms:
    """Return the terms of one line of a return that comes back in that way, under the policy it was decided by.

    `ref` names the merchant's own record of the resolution, if one was chosen.
    """
    kind = line.facts.values.get("return.kind")
    # What was withdrawn from before it was sent is cancelled, and owed as what was sent.
    by_law = kind == "withdrawal" or (kind == "cancellation" and line.facts.values.get("line.reason") == "withdrawal")
    return terms_of(
        line,
        resolution,
        resolution_ref=ref,
        method=method,
        promotions=policy.promotions,
        is_withdrawal=by_law,
        is_cancellation=kind == "cancellation",
    )


def of_line(ruling: LineDecision, line: ReturnLine, policy: CompiledPolicy) -> RefundTerms:
    """Return the terms of a line as it was asked for."""
    return terms_for(ruling, policy, resolution=line.resolution, ref=line.resolution_ref, method=line.method)


def divide(
    order: Order, returning: Iterable[Returning], after: After, bearing: Bearing = ALONE, *, hashed: bool = True
) -> tuple[Part, ...]:
    """Return the settlements; raise Refused as `quote` does, for units that cannot be quoted.

    Without `hashed` they are figures that nobody confirms.
    """
    parts: list[Part] = []
    for first, lines in _together(returning):
        wanted = tuple([RequestedLine(line_ref, units) for line_ref, units in lines.items()])
        before = tuple([part.plan for part in parts])
        ledger, earlier = after(before), (*bearing.earlier, *before)
        if earlier:
            ledger = of_this_return(ledger, earlier)
        asked = RefundRequest(wanted, clamp=True, parcels=bearing.parcels, waivers=bearing.waivers, ahead=bearing.ahead)
        plan = quote(order, ledger, asked, first.terms, hashed=hashed)
        parts.append(Part(first.resolution, first.not_before, wanted, plan, first.ref))
    return tuple(parts)


def _together(returning: Iterable[Returning]) -> Iterable[tuple[Returning, dict[str, tuple[UnitRange, ...]]]]:
    """Return who settles together, named by its first: the units of each of its lines.

    There are few, so that they are compared with each other: to hash their terms would cost more.
    """
    groups: list[tuple[Returning, dict[str, tuple[UnitRange, ...]]]] = []
    for one in returning:
        lines = next((lines for first, lines in groups if _settle_together(first, one)), None)
        if lines is None:
            groups.append((one, {one.line_ref: one.units}))
        else:
            lines[one.line_ref] = (*lines.get(one.line_ref, ()), *one.units)
    return groups


def _settle_together(one: Returning, other: Returning) -> bool:
    return (one.resolution, one.ref, one.not_before) == (other.resolution, other.ref, other.not_before) and (
        one.terms is other.terms or one.terms == other.terms
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """What a settlement of a return is computed from: the policy it was decided by, its rulings, ledger and bearing."""

    policy: CompiledPolicy
    rulings: Mapping[str, LineDecision]
    after: After
    bearing: Bearing


def again(
    order: Order,
    ret: Return,
    plan: Plan,
    at: Standing,
    *,
    batch_id: uuid.UUID,
    units: Sequence[tuple[str, int, int]],
    resolution: str,
    ref: str | None,
) -> Plan:
    """Return a settlement as it is now, for the same units under the same terms; raise Refused as `quote` does.

    `units` are those of a settlement before the inspection, else `batch_id` says which verdicts it answers for.
    """
    wanted = units_now(ret, units) if units else judged_units(ret, batch_id, plan)
    if not wanted:  # nobody returns them any more
        return quote(order, at.after(()), RefundRequest(), RefundTerms())
    lines = {line.line_ref: line for line in ret.lines}
    returning = [
        Returning(
            line_ref, ranges, resolution,
            terms_for(at.rulings[line_ref], at.policy, resolution=resolution, ref=ref, method=lines[line_ref].method),
            ref=ref,
        )
        for line_ref, ranges in wanted.items()
    ]  # fmt: skip
    (part,) = divide(order, returning, at.after, at.bearing)
    return part.plan  # one: that is how a batch was divided


def judged_units(ret: Return, batch_id: uuid.UUID, plan: Plan) -> dict[str, tuple[UnitRange, ...]]:
    """Return the accepted units of an inspected batch that a plan pays, by line ref, under their verdicts."""
    found: dict[str, tuple[UnitRange, ...]] = {}
    for i in ret.inspections():
        paid = [
            span for row in plan.rows if row.kind is RowKind.UNITS and row.ref == i.line_ref for span in row.ordinals
        ]
        if i.batch_id == batch_id:
            ranges = tuple(
                UnitRange(lo, hi, deduction_bp=i.deduction_basis_points, grade=i.grade.value)
                for lo, hi in common((i.span,), paid)
            )
            if ranges:
                found[i.line_ref] = (*found.get(i.line_ref, ()), *ranges)
    return found


def units_now(ret: Return, units: Iterable[tuple[str, int, int]]) -> dict[str, tuple[UnitRange, ...]]:
    """Return units settled before their inspection as they are now, by line ref: still claimed, judged or not."""
    found: dict[str, tuple[UnitRange, ...]] = {}
    wanted = tuple(units)
    for line in ret.lines:
        spans = common(((lo, hi) for ref, lo, hi in wanted if ref == line.line_ref), line.claimed)
        ranges = [
            UnitRange(lo, hi, i.accepted, i.deduction_basis_points, i.grade.value)
            for i in line.inspections
            for lo, hi in common((i.span,), spans)
        ]
        ranges += [UnitRange(lo, hi) for lo, hi in minus(spans, line.inspected)]
        if ranges:  # what was lost of an order line stands in a line of its own
            found[line.line_ref] = (*found.get(line.line_ref, ()), *ranges)
    return found
