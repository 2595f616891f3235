"""Fees: what a return costs its shopper, as a reduction of the refund or as a service of its own.

Every fee is cumulative over its return: what it comes to in all, less what earlier steps were charged. So it is the
same however the return is split, and what a small refund could not bear is taken from the next one of the return.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from retour.core.errors import Refused
from retour.core.money import NOTHING, Sides, half_up
from retour.core.order import Order, Tax
from retour.core.refund.adjustments import SUPPLY, Totals, plus, reduction
from retour.core.refund.ledger import Ledger, LedgerFee
from retour.core.refund.plan import Row, RowKind
from retour.core.refund.request import RefundRequest
from retour.core.refund.terms import ONCE, FeeKind, FeeOf, FeePer, FeeTax, FeeTerm, RefundTerms, Shortfall, Waiver
from retour.core.refund.units import worth

ROWS: Final = {
    FeeKind.RESTOCKING: RowKind.RESTOCKING_FEE,
    FeeKind.LABEL: RowKind.LABEL_FEE,
    FeeKind.RETURN: RowKind.RETURN_FEE,
    FeeKind.CANCELLATION: RowKind.CANCELLATION_FEE,
}
ORDER: Final = tuple(FeeKind)
LEGAL_FLOOR: Final = Waiver(reason="legal_floor")
BEFOREHAND: Final = "paid_beforehand"


@dataclass(frozen=True, slots=True)
class Fees:
    """The rows of the fees, what they were computed from in this step, and what the refund could not bear."""

    rows: tuple[Row, ...] = ()
    steps: tuple[LedgerFee, ...] = ()
    billed: Sides = NOTHING


@dataclass(frozen=True, slots=True)
class _Room:
    """What fees can still take: of the whole refund, and with which taxes of the goods and of the whole."""

    left: Sides
    goods: Totals
    whole: Totals


def fees(
    order: Order,
    ledger: Ledger,
    request: RefundRequest,
    terms: RefundTerms,
    units: Sequence[Row],
    goods: Totals,
    whole: Totals,
) -> Fees:
    """Return the fees of a step that takes units back, restocking first.

    `goods` are the units after deductions, `whole` the refund so far. Together the fees take no more than the refund;
    raise Refused(currency_mismatch).
    """
    if not units or not terms.fees:
        return Fees()
    room = _Room(Sides(max(0, whole.payable.presentment), max(0, whole.payable.shop)), goods, whole)
    past = {fee.term: fee for fee in ledger.fees}
    counted = tuple([(row.ref or "", row.quantity) for row in units])
    charged: list[Row] = []
    steps: list[LedgerFee] = []
    for term in sorted(terms.fees, key=lambda fee: ORDER.index(fee.kind)):
        ruled = _ruled(term, terms)
        key = _key(term, exempt=ruled is not None)
        before = past.get(key)
        parcels = request.parcels - before.parcels if before else request.parcels
        listed = _listed(units) if term.of is FeeOf.LISTED else NOTHING
        step = LedgerFee(key, goods.payable, listed, counted, max(0, parcels))
        others = [*ledger.fees, *steps]
        wanted = _wanted(order, term, merged(before, step) if before else step, others)
        waiver = _by_hand(term, request) or ruled
        ahead = _ahead(term, wanted, request, others) if waiver is None else NOTHING
        if ahead:
            charged.append(Row(ROWS[term.kind], None, NOTHING, NOTHING, reason=BEFOREHAND, ahead=ahead))
        row, step = _charge(order, term, wanted - ahead, replace(step, ahead=ahead), room, waiver, terms.shortfall)
        steps.append(step)
        if row is not None:
            charged.append(row)
            room = _after(room, row, term)
    return Fees(tuple(charged), tuple(steps), _sum(step.billed for step in steps))


def _key(term: FeeTerm, *, exempt: bool) -> FeeTerm:
    """Return what a fee is remembered under: without what it really cost this time."""
    if term.cost_minor is None and term.exempt is exempt:
        return term
    return replace(term, cost_minor=None, exempt=exempt)


def merged(before: LedgerFee, step: LedgerFee) -> LedgerFee:
    """Return what a fee stands at once a step is added."""
    units = dict(before.lines)
    for ref, more in step.lines:
        units[ref] = units.get(ref, 0) + more
    return LedgerFee(
        before.term,
        before.value + step.value,
        before.listed + step.listed,
        tuple((ref, n) for ref, n in units.items() if n),
        before.parcels + step.parcels,
        before.charged + step.charged,
        before.billed + step.billed,
        before.waived + step.waived,
        before.ahead + step.ahead,
    )


def sides_of(order: Order, minor: int, currency: str | None) -> Sides:
    """Return both sides of an amount fixed in one of the order's currencies, by the fraction of the order's own total.

    Raise Refused(currency_mismatch) for a third currency.
    """
    if minor == 0:
        return NOTHING
    if currency in (None, order.currency):
        if order.currency == order.shop_currency:
            return Sides(minor, minor)
        return Sides(minor, _fraction(minor, order.total.shop, order.total.presentment))
    if currency != order.shop_currency:
        raise Refused("currency_mismatch", f"an amount in {currency} on an order in {order.currency}", field="currency")
    return Sides(_fraction(minor, order.total.presentment, order.total.shop), minor)


def _fraction(minor: int, of: int, total: int) -> int:
    return half_up(minor * max(0, of), total) if total > 0 else 0


def _listed(units: Sequence[Row]) -> Sides:
    """Return what the units would have cost before discounts."""
    mine = sum(worth(row.listed.presentment, row.ordinals, row.of) for row in units)
    return Sides(mine, sum(worth(row.listed.shop, row.ordinals, row.of) for row in units))


def _wanted(order: Order, term: FeeTerm, at: LedgerFee, all_fees: Iterable[LedgerFee]) -> Sides:
    """Return what this step is to be charged: the fee in all, less what was charged, billed or waived before.

    Of what several fees of one kind fix once a return (or parcel) the highest counts, not their sum; a share is each
    fee's own. What a rule waived for its lines counts for no others.
    """
    due = _due(order, term, at)
    if term.per in ONCE:
        borne = [_borne(order, other, at.term) for other in all_fees if _is_alike(other.term, at.term)]
        gone, fixed = _sum(borne), due - _due(order, _share(term), at)
        due -= Sides(min(fixed.presentment, gone.presentment), min(fixed.shop, gone.shop))
    due -= at.charged + at.billed + at.waived + at.ahead
    return Sides(max(0, due.presentment), max(0, due.shop))


def _ahead(term: FeeTerm, wanted: Sides, request: RefundRequest, others: Iterable[LedgerFee]) -> Sides:
    """Return how much of what this step is charged is paid beforehand: of its kind, what no other step has used up."""
    if request.ahead is None:
        return wanted if term.beforehand is not None else NOTHING
    paid = _sum(one.amount for one in request.ahead if one.kind is term.kind)
    left = paid - _sum(fee.ahead for fee in others if fee.term.kind is term.kind)
    return Sides(
        max(0, min(wanted.presentment, left.presentment)),
        max(0, min(wanted.shop, left.shop)),
    )


def _is_alike(other: FeeTerm, term: FeeTerm) -> bool:
    return other != term and other.kind is term.kind and other.per in ONCE


def _borne(order: Order, other: LedgerFee, term: FeeTerm) -> Sides:
    """Return how much of what another fee fixes was charged already: all of it beyond that fee's own share."""
    gone = other.charged + other.billed + other.ahead
    if term.exempt or not other.term.exempt:
        gone += other.waived
    gone -= _due(order, _share(other.term), other)
    return Sides(max(0, gone.presentment), max(0, gone.shop))


def _share(term: FeeTerm) -> FeeTerm:
    """Return the fee without what it fixes."""
    return replace(term, fixed_minor=0, cost_minor=None)


def _due(order: Order, term: FeeTerm, at: LedgerFee) -> Sides:
    base = at.value if term.of is FeeOf.PAID else at.listed
    times = {FeePer.RETURN: 1, FeePer.LINE: len(at.lines), FeePer.UNIT: at.units, FeePer.PARCEL: at.parcels}[term.per]
    percent = Sides(half_up(max(0, base.presentment) * term.bp, 10_000), half_up(max(0, base.shop) * term.bp, 10_000))
    due = percent + sides_of(order, term.fixed_minor * times + (term.cost_minor or 0), term.currency)
    if term.at_most_minor is not None:
        most = sides_of(order, term.at_most_minor, term.currency)
        due = Sides(min(due.presentment, most.presentment), min(due.shop, most.shop))
    if term.tax is FeeTax.SUPPLY and not term.tax_included:
        due += Sides(half_up(due.presentment * term.tax_bp, 10_000), half_up(due.shop * term.tax_bp, 10_000))
    return due


def _by_hand(term: FeeTerm, request: RefundRequest) -> Waiver | None:
    """Return why somebody of the staff does not charge the fee of this return."""
    return next((waiver for waiver in request.waivers if waiver.kind in (None, term.kind)), None)


def _ruled(term: FeeTerm, terms: RefundTerms) -> Waiver | None:
    """Return why the rule of these lines does not charge the fee, or that the law forbids it."""
    said = next((waiver for waiver in terms.waivers if waiver.kind in (None, term.kind)), None)
    if said is None and terms.legal_floor and term.kind is not FeeKind.LABEL:
        return LEGAL_FLOOR
    return said


def _charge(
    order: Order,
    term: FeeTerm,
    wanted: Sides,
    step: LedgerFee,
    room: _Room,
    waiver: Waiver | None,
    shortfall: Shortfall,
) -> tuple[Row | None, LedgerFee]:
    if not wanted:
        return None, step
    if waiver is not None:
        row = Row(ROWS[term.kind], None, NOTHING, NOTHING, reason=waiver.reason, actor=waiver.actor, waived=wanted)
        return row, replace(step, waived=wanted)
    charged = Sides(min(wanted.presentment, room.left.presentment), min(wanted.shop, room.left.shop))
    if charged.presentment == room.left.presentment:
        charged = room.left
    reduced = charged.presentment < wanted.presentment
    step = replace(
        step, charged=charged, billed=wanted - charged if reduced and shortfall is Shortfall.BILLED else NOTHING
    )
    if not charged:
        return None, step
    taxes = _supply_taxes(order, term, charged) if term.tax is FeeTax.SUPPLY else _reduced_taxes(charged, room)
    reason = "reduced_to_refund" if reduced else None
    return reduction(ROWS[term.kind], -charged, taxes, reason, basis_points=term.bp or None), step


def _supply_taxes(order: Order, term: FeeTerm, charged: Sides) -> tuple[Tax, ...]:
    """Return the tax inside a fee that is a service of its own, by its own rate and under no name of the order's taxes."""
    if term.tax_bp == 0:
        return ()
    sold = [*(line.taxes for line in order.lines), *(charge.taxes for charge in order.charges)]
    taken = {tax.bucket for taxes in sold for tax in taxes}
    bucket = f"{SUPPLY}{term.tax_bp}"
    while bucket in taken:
        bucket += "+"
    inside = [half_up(x * term.tax_bp, 10_000 + term.tax_bp) for x in (charged.presentment, charged.shop)]
    return (Tax(bucket, Sides(-inside[0], -inside[1])),)


def _reduced_taxes(charged: Sides, room: _Room) -> tuple[Tax, ...]:
    basis = room.goods if charged.presentment <= room.goods.payable.presentment else room.whole
    return tuple(_ratio(tax, -charged, basis) for tax in basis.taxes)


def _ratio(tax: Tax, taken: Sides, basis: Totals) -> Tax:
    mine, books = basis.payable.presentment, basis.payable.shop
    return Tax(
        tax.bucket,
        Sides(
            half_up(tax.amount.presentment * taken.presentment, mine) if mine else 0,
            half_up(tax.amount.shop * taken.shop, books) if books else 0,
        ),
    )


def _after(room: _Room, row: Row, term: FeeTerm) -> _Room:
    left = room.left + row.payable
    if term.tax is FeeTax.SUPPLY:
        return replace(room, left=left)
    return _Room(left, _less(room.goods, row), _less(room.whole, row))


def _less(basis: Totals, row: Row) -> Totals:
    return plus(basis, [row])


def _sum(amounts: Iterable[Sides]) -> Sides:
    total = NOTHING
    for amount in amounts:
        total += amount
    return total
