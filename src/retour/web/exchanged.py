"""An exchange explained in the reader's words: from the price of the new article to what is paid or goes back."""

from collections.abc import Sequence
from dataclasses import replace

from retour.core.exchange import Exchange
from retour.core.exchange_order import Chosen
from retour.core.money import Money
from retour.web.parts import MoneyKind, MoneyRow
from retour.web.reader import Reader


def swapped(
    done: Sequence[Exchange], articles: Sequence[Chosen], currency: str, reader: Reader
) -> tuple[MoneyRow, ...]:
    """Return the rows of exchanges that are made together; the rows above the sum add up to it (presentment money)."""
    say = reader.say
    price = sum(one.price.presentment for one in done)
    reference = sum(one.reference.presentment for one in done)
    given = sum(one.given.gross.presentment for one in done)
    titles = [
        one.title or one.article
        if one.quantity == 1
        else say("%(n)s × %(article)s", n=reader.number(one.quantity), article=one.title or one.article)
        for one in articles
    ]
    note = (say("At its price in the shop; you paid %(amount)s.", amount=reader.amount(Money(given, currency))),)
    rows: list[tuple[MoneyKind, str, int, tuple[str, ...]]] = [
        ("item", say("Your new item"), price, tuple(titles)),
        ("less", say("What you send back"), -reference, note if reference != given else ()),
    ]
    free = sum(one.reference.presentment - one.price.presentment for one in done if one.even)
    back = sum((one.refunded + one.credited).presentment for one in done)
    fees = sum(one.fees.presentment for one in done)
    kept = sum(one.kept.presentment for one in done)
    rows += [
        ("less" if minor < 0 else "item", label, minor, ())
        for label, minor in (
            (say("Difference that the shop does not charge"), min(free, 0)),
            (say("Difference that is not paid out"), max(free, 0)),
            (say("Bonus of the shop"), -sum(one.bonus.presentment for one in done)),
            (say("Difference that the shop waives"), -sum(one.waived.presentment for one in done)),
            (say("Difference that the shop keeps"), kept),
        )
        if minor
    ]
    paid = sum(one.collected.presentment for one in done) - back
    lost = paid - sum(minor for _, _, minor, _ in rows)
    if lost:
        rows.append(("item", say("Discount that is not paid out"), lost, ()))
    if fees:
        rows.append(("item", say("Fees"), fees, ()))
    total = sum((one.collect - one.pay_back).presentment for one in done)
    credited = any(one.credited for one in done)
    rows.append(("paid", _sum_label(total, reader, credited=credited), abs(total), ()))
    return tuple(MoneyRow(kind, label, Money(minor, currency), notes) for kind, label, minor, notes in rows)


def _sum_label(total: int, reader: Reader, *, credited: bool) -> str:
    if total > 0:
        return reader.say("You pay")
    if total < 0:
        return reader.say("You get back as credit") if credited else reader.say("You get back")
    return reader.say("Nothing to pay")


def as_value(rows: Sequence[MoneyRow], reader: Reader, *, label: str | None = None) -> tuple[MoneyRow, ...]:
    """Return the rows of what goods are worth, where that is not paid out but counts towards an exchange (`label` says so)."""
    label = label or reader.say("Counts towards your exchange")
    return tuple(replace(row, label=label) if row.kind == "paid" else row for row in rows if row.kind != "to")


def in_part(rows: Sequence[MoneyRow], reader: Reader) -> tuple[MoneyRow, ...]:
    """Return the rows of what goods are worth, where a part of it is paid out and a part is exchanged."""
    label = reader.say("Value of what you send back")
    return tuple(replace(row, label=label) if row.kind == "paid" else row for row in rows)
