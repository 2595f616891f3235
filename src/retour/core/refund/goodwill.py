"""Goodwill on the order as a whole: an amount without goods, shared over what its lines and charges have left."""

from collections.abc import Iterator, Sequence

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


def _open_parts(order: Order, ledger: Ledger, rows: Sequence[Row]) -> Iterator[tuple[OrderLine | Charge, Part, Part]]:
    past: dict[str, LedgerLine | LedgerCharge] = {line.line_ref: line for line in ledger.lines}
    past |= {charge.charge_ref: charge for charge in ledger.charges}
    open_to_it: list[OrderLine | Charge] = [*order.lines]
    open_to_it += [charge for charge in order.charges if charge.kind is not ChargeKind.ORDER_ROUNDING]
    for of in open_to_it:
        gone = past.get(of.ref) or LedgerLine(of.ref)
        mine, books = parts(of.gross, of.taxes, gone.paid, gone.taxes_paid)
        for row in (row for row in rows if row.ref == of.ref and row.kind is not RowKind.REJECTED_UNITS):
            mine, books = mine.after(row, "presentment"), books.after(row, "shop")
        if mine.rest > 0:
            yield of, mine, books


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
