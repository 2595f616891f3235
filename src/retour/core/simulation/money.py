"""The money of past returns under a policy: quoted on an order to which nothing else has happened, in their order."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Final, cast

from retour.core import refund
from retour.core.order import Order
from retour.core.policy.outcome import Group, Inspection, RefundTerms, ResolutionKind
from retour.core.refund import Ledger, Plan, RowKind, UnitRange
from retour.core.rma.state import Grade
from retour.core.settling import Bearing, Returning, divide
from retour.core.simulation.past import Found, PastLine, PastReturn
from retour.core.simulation.result import Money
from retour.core.simulation.world import World, WorldLine

_CREDIT: Final = (ResolutionKind.REFUND_SERVICE, ResolutionKind.GIFT_CARD, ResolutionKind.STORE_CREDIT)
_WITHOUT_MONEY: Final = (ResolutionKind.REPAIR, ResolutionKind.REPLACEMENT)
_EXCHANGED: Final = (ResolutionKind.EXCHANGE, *_WITHOUT_MONEY)
NO_MONEY: Final = Money()
# Nothing happened to the order yet. On which payments money goes back makes no difference to how much of it does.
_BLANK: Final = Ledger()


@dataclass(slots=True)
class Till:
    """One order in one world: its ledger, and how many units of each line are back.

    A new one is the order as if nothing had happened to it yet: all that was paid is there to be paid back.
    """

    order: Order
    ledger: Ledger = _BLANK
    back: dict[str, int] = field(default_factory=dict)


def pay(till: Till, past: PastReturn, world: World, proposals: World, *, is_last: bool = False) -> Money:
    """Return what a return pays in this world, and book it, so that the next return of the order starts after it.

    `proposals` is the return under the policy it was inspected by: what somebody decided otherwise than that policy proposed
    stays as decided, the rest follows the policy of this world. Nothing is booked for the last return of an order. Raises
    Refused if the order cannot give these units.
    """
    returning = [
        Returning(
            asked.line_ref,
            _units(till, asked, line, proposed),
            line.offer.kind.value,
            line.verdict.terms(line.offer, line.method),
        )
        for asked, line, proposed in zip(past.lines, world.lines, proposals.lines, strict=True)
        if line.offer is not None and line.offer.kind not in _WITHOUT_MONEY
    ]
    start = till.ledger
    parts = divide(
        till.order, returning, lambda plans: _after(start, plans), Bearing(parcels=world.parcels), hashed=False
    )
    if not is_last:
        till.ledger = _after(start, [part.plan for part in parts])
    paid = [money_of(part.plan, ResolutionKind(part.resolution)) for part in parts]
    return paid[0] if len(paid) == 1 else reduce(plus, paid, NO_MONEY)


def _after(ledger: Ledger, plans: Iterable[Plan]) -> Ledger:
    """Return the ledger once these plans of one return are paid; what that return alone was charged is not in it."""
    after = ledger
    for plan in plans:
        after = refund.booked(after, plan)
    return ledger if after is ledger else replace(after, fees=(), credited=())


def money_of(plan: Plan, kind: ResolutionKind) -> Money:
    """Return a plan as the simulation counts it, in minor units of the books."""
    return money(
        kind,
        total=plan.total.shop,
        fee=-sum([row.payable.shop for row in plan.adjustments if row.kind.endswith("_fee")]),
        deduction=-sum([row.payable.shop for row in plan.adjustments if row.kind is RowKind.DAMAGE]),
        bonus=plan.bonus_shop,
    )


def money(kind: ResolutionKind, *, total: int, fee: int, deduction: int, bonus: int) -> Money:
    """Return amounts in minor units of the books under the name of what the shopper gets."""
    credit, exchange = kind in _CREDIT, kind in _EXCHANGED
    return Money(
        refund_minor=0 if credit or exchange else total,
        credit_minor=total if credit else 0,
        exchange_minor=total if exchange else 0,
        fee_minor=fee,
        deduction_minor=deduction,
        bonus_minor=bonus,
    )


def plus(a: Money, b: Money) -> Money:
    """Return the sum."""
    return Money(
        a.refund_minor + b.refund_minor,
        a.credit_minor + b.credit_minor,
        a.exchange_minor + b.exchange_minor,
        a.fee_minor + b.fee_minor,
        a.deduction_minor + b.deduction_minor,
        a.bonus_minor + b.bonus_minor,
    )


def moved(was: Money, start: Money, end: Money) -> Money:
    """Return an amount moved by the difference of two others, none of its parts below zero."""
    return Money(
        max(0, was.refund_minor + end.refund_minor - start.refund_minor),
        max(0, was.credit_minor + end.credit_minor - start.credit_minor),
        max(0, was.exchange_minor + end.exchange_minor - start.exchange_minor),
        max(0, was.fee_minor + end.fee_minor - start.fee_minor),
        max(0, was.deduction_minor + end.deduction_minor - start.deduction_minor),
        max(0, was.bonus_minor + end.bonus_minor - start.bonus_minor),
    )


def found_under(asked: PastLine, line: WorldLine, proposed: WorldLine) -> tuple[Found, ...]:
    """Return what the inspection comes to in this world: the policy's own proposals change with it, a person's word not."""
    return tuple(_judged_again(found, line, proposed) for found in asked.found)


def _judged_again(found: Found, line: WorldLine, proposed: WorldLine) -> Found:
    grade = Grade(found.grade)
    then, now = _inspection(proposed), _inspection(line)
    accepted, deduction = found.accepted, found.deduction_bp
    if accepted == then[0].verdict(grade).accepted:
        accepted = now[0].verdict(grade).accepted
    if deduction == then[1].deduction_bp(grade):
        deduction = now[1].deduction_bp(grade)
    return Found(found.units, found.grade, accepted, deduction)


def _inspection(line: WorldLine) -> tuple[Inspection, RefundTerms]:
    says = line.verdict.says
    return cast("Inspection", says(Group.INSPECTION)), cast("RefundTerms", says(Group.REFUND_TERMS))


def _units(till: Till, asked: PastLine, line: WorldLine, proposed: WorldLine) -> tuple[UnitRange, ...]:
    """Return the lowest units of the line that are not back yet, under what was found on them; the rest is sound."""
    ref, first = asked.line_ref, till.back.get(asked.line_ref, 0) + 1
    ranges, last = [], first + asked.quantity - 1
    for found in found_under(asked, line, proposed):
        if first <= last:
            hi = min(last, first + found.units - 1)
            ranges.append(UnitRange(first, hi, found.accepted, found.deduction_bp, found.grade))
            first = hi + 1
    if first <= last:
        ranges.append(UnitRange(first, last))
    till.back[ref] = last
    return tuple(ranges)
