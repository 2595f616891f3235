"""Goodwill on the order as a whole: an amount without goods, shared over what its lines and charges have left."""

from collections.abc import Mapping, Sequence

from retour.core.errors import Refused
from retour.core.money import Sides, spread_capped
from retour.core.order import Charge, ChargeKind, Order, OrderLine
from retour.core.refund.ledger import Ledger, LedgerCharge, LedgerLine
from retour.core.refund.parts import Part, money_taxes, parts, row_of, shop_fraction
from retour.core.refund.plan import Row, RowKind
from retour.core.refund.request import Goodwill


def goodwill(order: Order, ledger: Ledger, asked: Goodwill, rows: Sequence[Row], *, clamp: bool) -> tuple[Row, ...]:
    """Return a money row for each line and charge that bears a share, by what it has left after the `rows` before.

    Raise Refused(wrong_sign, order_exhausted); with `clamp` give what is left.
    """
    if asked.amount_minor <= 0:
        raise Refused("wrong_sign", "goodwill must be above zero", field="goodwill")
    open_parts = list(_open_parts(order, ledger, rows))
    rests = [mine.rest for _, mine, _ in open_parts]
    left = sum(rests)
    if asked.amount_minor > left and not clamp:
        raise Refused("order_exhausted", f"{left} is left on the order", field="goodwill", facts={"left": left})
    shares, _ = spread_capped(min(asked.amount_minor, left), rests, rests)
    return tuple(
        _row(of, mine, books, share, asked)
        for (of, mine, books), share in zip(open_parts, shares, strict=True)
        if share
    )


def _open_parts(order: Order, ledger: Ledger, rows: Sequence[Row]) -> list[tuple[OrderLine | Charge, Part, Part]]:
    lines = {line.line_ref: line for line in ledger.lines}
    charges = {charge.charge_ref: charge for charge in ledger.charges}
    found: list[tuple[OrderLine | Charge, Part, Part]] = []
    for of in (*order.lines, *(c for c in order.charges if c.kind is not ChargeKind.ORDER_ROUNDING)):
        mine, books = _parts(of, lines, charges)
        for row in (row for row in rows if row.ref == of.ref and row.kind is not RowKind.REJECTED_UNITS):
            mine, books = mine.after(row, "presentment"), books.after(row, "shop")
        if mine.rest > 0:
            found.append((of, mine, books))
    return found


def _parts(
    of: OrderLine | Charge, lines: Mapping[str, LedgerLine], charges: Mapping[str, LedgerCharge]
) -> tuple[Part, Part]:
    gone: LedgerLine | LedgerCharge
    if isinstance(of, Charge):
        gone = charges.get(of.ref) or LedgerCharge(of.ref)
    else:
        gone = lines.get(of.ref) or LedgerLine(of.ref)
    return parts(of.gross, of.taxes, gone.paid, gone.taxes_paid)


def _row(of: OrderLine | Charge, mine: Part, books: Part, amount: int, asked: Goodwill) -> Row:
    amount_books = shop_fraction(mine, books, amount)
    taxes = money_taxes(mine, amount), money_taxes(books, amount_books)
    return row_of(
        RowKind(of.kind.value) if isinstance(of, Charge) else RowKind.MONEY,
        of.ref,
        of.taxes,
        (amount, amount_books),
        taxes,
        entitlement=Sides(amount, amount_books),
        entitled_tax=Sides(sum(taxes[0]), sum(taxes[1])),
        settled=of.gross,
        paid_before=Sides(mine.paid, books.paid),
        reason=asked.reason,
        actor=asked.actor,
    )
