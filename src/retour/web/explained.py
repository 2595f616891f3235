"""The money explained in the reader's words: from the price of each item to the payout and where it goes.

Shopper, staff, mails and files show the same rows; every amount is one of the plan, and the rows above a sum add up
to it. Staff read the facts behind a row besides, and are not spoken to as the shopper.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Final

from retour.core.money import Money, Sides
from retour.core.order import Order, OrderLine, Tax, TenderKind
from retour.core.refund import Plan, PlannedLeg, Row, RowKind
from retour.web.parts import MoneyRow
from retour.web.reader import Reader

_FEES: Final = (RowKind.RESTOCKING_FEE, RowKind.LABEL_FEE, RowKind.RETURN_FEE, RowKind.CANCELLATION_FEE)
_TAKEN_OFF: Final = frozenset(
    {RowKind.DAMAGE, RowKind.SHARE, *_FEES, RowKind.CAP_ORDER, RowKind.CAP_TAX, RowKind.REJECTED_UNITS}
)


def explained(
    plans: Sequence[Plan], order: Order, reader: Reader, *, staff: bool = False, outside: str | None = None
) -> tuple[MoneyRow, ...]:
    """Return the rows of what the plans of one return pay together (presentment money of the order).

    `outside` is what the shopper gets instead of money on a payment: what no payment takes goes there.
    """
    currency = order.currency
    items = list(chain.from_iterable(_row(row, order, reader) for plan in plans for row in plan.rows))
    if staff:
        items = _with_facts(items, plans, order, reader)
    taken = list(chain.from_iterable(_row(row, order, reader) for plan in plans for row in plan.adjustments))
    subtotal = sum(row.payable.presentment for plan in plans for row in plan.rows)
    total = sum(plan.total.presentment for plan in plans)
    tax = _tax_note((tax for plan in plans for tax in plan.taxes), currency, reader)
    rows = [*items]
    bonus = sum(plan.bonus for plan in plans)
    if taken or bonus:
        more = any(row.kind is not RowKind.UNITS for plan in plans for row in plan.rows)
        label = reader.say("What you paid for them") if more else reader.say("Items, as you paid them")
        rows.append(MoneyRow("sum", label, Money(subtotal, currency)))
        rows += taken
    if bonus:
        rows.append(MoneyRow("item", reader.say("Bonus of the shop"), Money(bonus, currency)))
    rows.append(
        MoneyRow(
            "paid",
            reader.say("To pay out") if staff else reader.say("You get back"),
            Money(total + bonus, currency),
            tax,
        )
    )
    rows += [
        MoneyRow("to", said, Money(minor, currency))
        for said, minor in _legs(plans, reader, staff=staff, outside=outside).items()
    ]
    billed = sum(plan.billed.presentment for plan in plans)
    if billed:
        rows.append(MoneyRow("to", reader.say("still owed to the shop"), Money(billed, currency)))
    return tuple(rows)


def compared(promised: Sequence[MoneyRow], paid: Sequence[MoneyRow]) -> tuple[MoneyRow, ...]:
    """Return what is paid beside what was promised: rows that differ are marked, what is not paid any more shows as 0.

    The legs of what is paid follow as they are.
    """
    before = {row.kind + str(row.label): row for row in promised if row.kind != "to"}
    out: list[MoneyRow] = []
    for row in paid:
        if row.kind == "to" or row.amount is None:
            continue
        old, nothing = before.pop(row.kind + str(row.label), None), Money(0, row.amount.currency)
        was = old.amount if old and old.amount else nothing
        out.append(replace(row, promised=was, changed=was != row.amount))
    gone = [row for row in before.values() if row.kind in ("item", "less") and row.amount]
    lost = [
        replace(row, amount=Money(0, row.amount.currency), promised=row.amount, changed=True)
        for row in gone
        if row.amount
    ]
    return (*lost, *out, *(row for row in paid if row.kind == "to"))


def marked(before: Mapping[str, int], rows: Sequence[MoneyRow]) -> tuple[MoneyRow, ...]:
    """Return the rows with those marked that are new or have another amount than before (minor units by `key_of`)."""
    now = keyed(rows)
    return tuple(
        replace(row, changed=before.get(key) != amount) for row, (key, amount) in zip(rows, now.items(), strict=True)
    )


def beside(promised: Sequence[MoneyRow], paid: Sequence[MoneyRow]) -> tuple[MoneyRow, ...]:
    """Return what is paid with what was promised beside each row that differs, and nothing beside the others."""
    before, now = keyed(promised), keyed(paid)
    rows = []
    for row, (key, minor) in zip(paid, now.items(), strict=True):
        was = before.get(key, 0)
        differs = row.amount is not None and row.kind != "to" and was != minor
        rows.append(
            replace(row, promised=Money(was, row.amount.currency), changed=True) if differs and row.amount else row
        )
    return tuple(rows)


def keyed(rows: Sequence[MoneyRow]) -> dict[str, int]:
    """Return the amount of each row in minor units under a key that stays the same while the row means the same."""
    found: dict[str, int] = {}
    for row in rows:
        key, n = f"{row.kind} {row.label}", 1
        while f"{key} {n}" in found:
            n += 1
        found[f"{key} {n}"] = row.amount.minor if row.amount else 0
    return found


def tender_name(kind: TenderKind, reader: Reader, *, staff: bool = False) -> str:
    """Return where a part of the money goes, to follow an amount: "to your card"; to staff, "to the card"."""
    if staff:
        return {
            TenderKind.CARD: reader.say("to the card"),
            TenderKind.GIFT_CARD: reader.say("to the gift card"),
            TenderKind.STORE_CREDIT: reader.say("to the store credit"),
            TenderKind.OTHER: reader.say("the way it was paid"),
        }[kind]
    match kind:
        case TenderKind.CARD:
            return reader.say("to your card")
        case TenderKind.GIFT_CARD:
            return reader.say("to the gift card you paid with")
        case TenderKind.STORE_CREDIT:
            return reader.say("to your store credit")
        case TenderKind.OTHER:
            return reader.say("the way you paid")


def _row(row: Row, order: Order, reader: Reader) -> list[MoneyRow]:
    amount = Money(row.payable.presentment, order.currency)
    if row.kind is RowKind.UNITS:
        return _units(row, order, reader)
    name, notes = _named(row, order, reader)
    return [MoneyRow("less" if row.kind in _TAKEN_OFF or amount.minor < 0 else "item", name, amount, notes)]


def _units(row: Row, order: Order, reader: Reader) -> list[MoneyRow]:
    """Return an item: price and discounts where they lead to its amount exactly, else the amount with its story."""
    line = order.line(row.ref or "")
    if line is None:
        return [MoneyRow("item", reader.say("Item"), Money(row.payable.presentment, order.currency))]
    title = apart(line.title, reader)
    if row.quantity < line.quantity:
        title = reader.say(
            "%(title)s, %(n)s of %(of)s", title=title, n=reader.number(row.quantity), of=reader.number(line.quantity)
        )
    whole = row.quantity == line.quantity and not row.paid_before and row.payable == row.entitlement
    shares = sum((share.amount for share in line.discounts), start=Sides(0, 0))
    if whole and shares and line.list_value - shares == row.payable:
        taken = [_share(line, n, order.currency, reader) for n in range(len(line.discounts))]
        return [MoneyRow("item", title, Money(line.list_value.presentment, order.currency)), *taken]
    notes = []
    if row.quantity < line.quantity or row.paid_before:
        notes.append(
            reader.say(
                "%(amount)s paid for %(n)s", amount=apart(reader.amount(Money(line.gross.presentment, order.currency)), reader),
                n=reader.number(line.quantity),
            )
        )  # fmt: skip
    if line.discounts:
        names = ", ".join(dict.fromkeys(share.promotion for share in line.discounts))
        notes.append(reader.say("after its share of %(promotion)s", promotion=apart(names, reader)))
    item = MoneyRow("item", title, Money(row.entitlement.presentment, order.currency), tuple(notes))
    if row.payable == row.entitlement:
        return [item]
    less = MoneyRow(
        "less",
        reader.say("Already paid back") if row.reason == "already_paid" else reader.say("Not paid back"),
        Money(row.payable.presentment - row.entitlement.presentment, order.currency),
    )
    return [item, less]


def apart(text: str, reader: Reader) -> str:
    """Return a text that keeps its own direction inside a sentence of another (Unicode's isolates, UAX #9)."""
    return f"\u2068{text}\u2069" if reader.dir == "rtl" else text


def _share(line: OrderLine, n: int, currency: str, reader: Reader) -> MoneyRow:
    share = line.discounts[n]
    label = reader.say("Its share of %(promotion)s", promotion=apart(share.promotion, reader))
    return MoneyRow("less", label, Money(-share.amount.presentment, currency))


def _named(row: Row, order: Order, reader: Reader) -> tuple[str, tuple[str, ...]]:
    line = order.line(row.ref or "")
    about = (apart(line.title, reader),) if line is not None else ()
    share = (reader.percent(row.basis_points),) if row.basis_points else ()
    match row.kind:
        case RowKind.SHIPPING:
            return reader.say("Delivery, as you paid it"), ()
        case RowKind.DUTY:
            return reader.say("Duty, as you paid it"), about
        case RowKind.TIP:
            return reader.say("Tip"), ()
        case RowKind.FEE:
            return reader.say("Fee, as you paid it"), about
        case RowKind.GIFT_WRAPPING:
            return reader.say("Gift wrapping, as you paid it"), about
        case RowKind.MONEY:
            return reader.say("Paid back without a return"), about
        case RowKind.REJECTED_UNITS:
            return reader.say("Not accepted by the shop"), about
        case RowKind.DAMAGE:
            return reader.say("Deduction for the condition"), (*about, *share)
        case RowKind.SHARE:
            return reader.say("Part that is not paid"), (*about, *share)
        case RowKind.CLAWBACK:
            return _clawback(row, reader)
        case kind if kind in _FEES:
            return fee_name(kind, reader), (*share, *_waived(row, order, reader), *_ahead(row, order, reader))
        case RowKind.CAP_ORDER | RowKind.CAP_TAX:
            return reader.say("Limit: what is left of your payment"), ()
        case _:
            return reader.say("Rounding"), ()


def fee_name(kind: RowKind, reader: Reader) -> str:
    """Return what a fee is called, by the kind of its row."""
    return {
        RowKind.RESTOCKING_FEE: reader.say("Handling fee of the shop"),
        RowKind.LABEL_FEE: reader.say("Fee for the return label"),
        RowKind.RETURN_FEE: reader.say("Fee for the return"),
        RowKind.CANCELLATION_FEE: reader.say("Fee for the cancellation"),
    }[kind]


def _ahead(row: Row, order: Order, reader: Reader) -> tuple[str, ...]:
    """Return what of a fee is paid before the goods are sent, and not withheld."""
    if not row.ahead:
        return ()
    amount = reader.amount(Money(row.ahead.presentment, order.currency))
    return (reader.say("%(amount)s, paid beforehand", amount=apart(amount, reader)),)


def _waived(row: Row, order: Order, reader: Reader) -> tuple[str, ...]:
    """Return what of a fee is not charged, and why where the shop said so in words of its own."""
    if not row.waived:
        return ()
    amount = apart(reader.amount(Money(row.waived.presentment, order.currency)), reader)
    known = {"waived": "", "legal_floor": reader.say("the law does not allow it")}
    why = known.get(row.reason or "waived", row.reason or "")
    if not why:
        return (reader.say("%(amount)s not charged", amount=amount),)
    return (reader.say("%(amount)s not charged: %(why)s", amount=amount, why=apart(why, reader)),)


def _clawback(row: Row, reader: Reader) -> tuple[str, tuple[str, ...]]:
    about = (apart(row.ref, reader),) if row.ref else ()
    if row.payable.presentment > 0:
        return reader.say("Discount charged before, given back"), about
    return reader.say("Discount that is no longer earned"), about


def _tax_note(taxes: Iterable[Tax], currency: str, reader: Reader) -> tuple[str, ...]:
    minor = sum(tax.amount.presentment for tax in taxes)
    if not minor:
        return ()
    return (reader.say("includes %(amount)s tax", amount=apart(reader.amount(Money(minor, currency)), reader)),)


def _with_facts(items: list[MoneyRow], plans: Sequence[Plan], order: Order, reader: Reader) -> list[MoneyRow]:
    """Return the items with the facts of the sale and of the ledger at the first row of each line."""
    facts: list[str | None] = []
    for row in (row for plan in plans for row in plan.rows):
        told = len(_row(row, order, reader))
        said = None
        if row.settled:
            said = reader.say(
                "Paid for the line: %(settled)s. Paid back before: %(before)s.",
                settled=reader.amount(Money(row.settled.presentment, order.currency)),
                before=reader.amount(Money(row.paid_before.presentment, order.currency)),
            )
        facts += [said, *[None] * (told - 1)]
    return [replace(item, why=why) for item, why in zip(items, facts, strict=True)]


def _legs(plans: Sequence[Plan], reader: Reader, *, staff: bool, outside: str | None) -> dict[str, int]:
    legs: list[PlannedLeg] = [leg for plan in plans for leg in plan.legs]
    found: dict[str, int] = {}
    for leg in legs:
        name = tender_name(leg.kind, reader, staff=staff)
        found[name] = found.get(name, 0) + leg.amount_minor
    rest = sum(plan.unallocated + plan.bonus for plan in plans)
    if rest and outside is not None:
        found[apart(outside, reader)] = rest
    elif rest:
        found[reader.say("no payment to go back to") if staff else reader.say("the shop will ask you how")] = rest
    return found
