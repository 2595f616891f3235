"""Charges: what goes back of shipping, duties, tips, fees and rounding beside the lines."""

from collections.abc import Mapping
from dataclasses import dataclass

from retour.core.errors import Refused
from retour.core.money import Sides, half_up, spread_capped
from retour.core.order import Charge, ChargeKind, Order
from retour.core.refund.ledger import Ledger, LedgerCharge, LedgerLine, Ordinals
from retour.core.refund.parts import Part, money_taxes, parts, row_of, shop_fraction, within
from retour.core.refund.plan import Row, RowKind
from retour.core.refund.request import RefundRequest, ShippingWish
from retour.core.refund.terms import ChargeMode, RefundTerms
from retour.core.refund.units import count, worth

Base = tuple[int, int, int]
"""What had come back before, what has with this step, and all there is: units, or minor units of value."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the return of the order has come; `by_line` counts the units of each line."""

    order: Order
    past: Mapping[str, LedgerLine]
    accepted: Mapping[str, Ordinals]
    by_line: Mapping[str, Base]
    complete: bool

    def touches(self, charge: Charge) -> bool:
        """Return whether units come back now: of the charge's own line, if it has one."""
        if charge.line_ref is None or charge.line_ref not in self.by_line:
            return bool(self.accepted)
        return charge.line_ref in self.accepted

    def values(self) -> tuple[Base, Base]:
        """Return the progress by value of units, on both sides."""
        mine, books = [0, 0, 0], [0, 0, 0]
        for line in self.order.lines:
            gone = self.past[line.ref].paid_units if line.ref in self.past else ()
            now, q = self.accepted.get(line.ref, ()), line.quantity
            for side, gross in ((mine, line.gross.presentment), (books, line.gross.shop)):
                earlier = abs(worth(gross, gone, q))
                side[0] += earlier
                side[1] += earlier + abs(worth(gross, now, q))
                side[2] += abs(gross)
        return (mine[0], mine[1], mine[2]), (books[0], books[1], books[2])


def progress(order: Order, past: Mapping[str, LedgerLine], accepted: Mapping[str, Ordinals]) -> Progress:
    """Return how far the return has come with the units that are accepted now."""
    by_line: dict[str, Base] = {}
    for line in order.lines:
        gone = count(past[line.ref].paid_units) if line.ref in past else 0
        by_line[line.ref] = (gone, gone + count(accepted.get(line.ref, ())), line.quantity)
    complete = all(reached == q for _, reached, q in by_line.values())
    return Progress(order, past, accepted, by_line, complete)


def steps(order: Order, ledger: Ledger, request: RefundRequest, terms: RefundTerms, at: Progress) -> tuple[Row, ...]:
    """Return the rows of all charges that go back now; raise Refused if explicit shipping exceeds what is left."""
    past = {charge.charge_ref: charge for charge in ledger.charges}
    explicit = _explicit(order, past, request)
    values: tuple[Base, Base] | None = None
    modes = {
        ChargeKind.SHIPPING: terms.shipping if request.shipping is None else request.shipping.mode,
        ChargeKind.DUTY: terms.duties,
        ChargeKind.FEE: terms.sale_fees,
        ChargeKind.TIP: terms.tips,
        ChargeKind.GIFT_WRAPPING: terms.gift_wrapping,
        ChargeKind.ORDER_ROUNDING: terms.rounding,
    }
    rows: list[Row] = []
    for charge in order.charges:
        mine, books = _parts(charge, past)
        wish = request.shipping if charge.kind is ChargeKind.SHIPPING else None
        if charge.kind is ChargeKind.SHIPPING and explicit is not None:
            amount = explicit.get(charge.ref, 0)
            amounts = (amount, shop_fraction(mine, books, amount))
        else:
            mode = modes[charge.kind]
            if mode is ChargeMode.PROPORTIONAL and values is None:
                values = at.values()
            amounts = _by_mode(charge, mode, mine, books, at, values, wished=wish is not None)
        if amounts != (0, 0):
            rows.append(_row(charge, mine, books, amounts, wish))
    return tuple(rows)


def eased(order: Order, ledger: Ledger, rows: list[Row], over: Sides) -> list[Row]:
    """Return the rows with roundings below zero taken back until they are no more than the rest of the step can bear.

    `over` is what the step would cost. A later step catches up with what this one could not take, so that all steps
    together never exceed the order.
    """
    charges = {charge.ref: charge for charge in order.charges}
    past = {charge.charge_ref: charge for charge in ledger.charges}
    kept: list[Row] = []
    for row in rows:
        if row.kind is not RowKind.ORDER_ROUNDING or row.payable.presentment >= 0 or row.ref is None:
            kept.append(row)
            continue
        most = -row.payable
        back = Sides(min(over.presentment, most.presentment), max(0, min(over.shop, most.shop)))
        over -= back
        amount = row.payable + back
        if amount:
            charge = charges[row.ref]
            kept.append(_row(charge, *_parts(charge, past), (amount.presentment, amount.shop), None))
    return kept


def _explicit(order: Order, past: Mapping[str, LedgerCharge], request: RefundRequest) -> dict[str, int] | None:
    if request.shipping is None or request.shipping.amount_minor is None:
        return None
    amount = request.shipping.amount_minor
    if amount < 0:
        raise Refused("wrong_sign", "shipping cannot be negative", field="shipping")
    lines = [charge for charge in order.charges if charge.kind is ChargeKind.SHIPPING]
    rests = [max(0, _parts(charge, past)[0].rest) for charge in lines]
    left = sum(rests)
    if amount > left and not request.clamp:
        raise Refused("line_exhausted", f"{left} is left on shipping", field="shipping", facts={"left": left})
    shares, _ = spread_capped(min(amount, left), rests, rests)
    return {charge.ref: share for charge, share in zip(lines, shares, strict=True)}


def _parts(charge: Charge, past: Mapping[str, LedgerCharge]) -> tuple[Part, Part]:
    gone = past.get(charge.ref) or LedgerCharge(charge.ref)
    return parts(charge.gross, charge.taxes, gone.paid, gone.taxes_paid)


def _by_mode(
    charge: Charge,
    mode: ChargeMode,
    mine: Part,
    books: Part,
    at: Progress,
    values: tuple[Base, Base] | None,
    *,
    wished: bool,
) -> tuple[int, int]:
    if mode is ChargeMode.ALL:
        return (mine.rest, books.rest) if wished or at.touches(charge) else (0, 0)
    if mode is ChargeMode.ON_FULL_RETURN:
        return (mine.rest, books.rest) if at.complete else (0, 0)
    if mode is ChargeMode.NONE or values is None:
        return 0, 0
    of_line = at.by_line.get(charge.line_ref or "")
    base, base_books = (of_line, of_line) if of_line else values
    if charge.kind is ChargeKind.ORDER_ROUNDING:  # what an earlier step could not take is caught up with
        return _reached(mine, base, complete=at.complete), _reached(books, base_books, complete=at.complete)
    amount = _share(mine, base, complete=at.complete)
    if amount != 0 and amount == mine.rest and at.complete:
        return amount, books.rest
    return amount, _share(books, base_books, complete=at.complete)


def _share(part: Part, base: Base, *, complete: bool) -> int:
    """Return the proportional step, cumulatively by the base; goods worth nothing give all with the full return."""
    before, after, total = base
    if total == 0:
        return part.rest if complete else 0
    return within(half_up(part.gross * after, total) - half_up(part.gross * before, total), part.rest)


def _reached(part: Part, base: Base, *, complete: bool) -> int:
    """Return what is missing to the share that the base has reached; all that is left with the full return."""
    _, after, total = base
    if complete:
        return part.rest
    return within(half_up(part.gross * after, total) - part.paid, part.rest) if total else 0


def _row(charge: Charge, mine: Part, books: Part, amounts: tuple[int, int], wish: ShippingWish | None) -> Row:
    taxes = (money_taxes(mine, amounts[0]), money_taxes(books, amounts[1]))
    return row_of(
        RowKind(charge.kind.value),
        charge.ref,
        charge.taxes,
        amounts,
        taxes,
        entitlement=Sides(*amounts),
        entitled_tax=Sides(sum(taxes[0]), sum(taxes[1])),
        settled=charge.gross,
        paid_before=Sides(mine.paid, books.paid),
        reason=wish.reason if wish else None,
        actor=wish.actor if wish else None,
    )
