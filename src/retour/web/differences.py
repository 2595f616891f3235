"""Promised and paid in the reader's words: every part of the difference with its reason."""

from collections.abc import Mapping

from retour.core.money import Money
from retour.core.order import Order
from retour.core.promise import Kept, Part
from retour.core.refund import RowKind
from retour.web.explained import apart, fee_name
from retour.web.parts import MoneyKind, MoneyRow
from retour.web.reader import Reader


def differences(told: Kept, order: Order, reader: Reader, *, staff: bool = False) -> tuple[MoneyRow, ...]:
    """Return what was promised, each difference with its reason, and what is paid: their sum. Nothing if they agree."""
    if not told.parts:
        return ()
    say, currency = reader.say, order.currency
    first = say("What was promised") if staff else say("What you were promised")
    last = say("To pay out") if staff else say("You get back")
    return (
        MoneyRow("sum", first, Money(told.promised.presentment, currency)),
        *(_part(part, order, reader) for part in told.parts),
        MoneyRow("paid", last, Money(told.paid.presentment, currency)),
    )


def _part(part: Part, order: Order, reader: Reader) -> MoneyRow:
    line = order.line(part.ref or "")
    notes = []
    if line is not None:
        title = apart(line.title, reader)
        notes.append(
            title if part.units is None else reader.say("%(title)s, %(n)s units", title=title, n=reader.number(part.units))
        )  # fmt: skip
    minor = part.amount.presentment
    kind: MoneyKind = "less" if minor < 0 else "item"
    return MoneyRow(kind, _reason(part, reader), Money(minor, order.currency), tuple(notes))


def _reason(part: Part, reader: Reader) -> str:
    if part.code == "fee":
        return fee_name(RowKind(part.ref or ""), reader)
    say = reader.say
    names: Mapping[str, str] = {
        "unit_rejected": say("Not accepted by the shop"),
        "unit_missing": say("Did not arrive"),
        "unit_outstanding": say("Not checked yet"),
        "unit_added": say("Came in addition"),
        "value_changed": say("The value of the items changed"),
        "already_paid": say("Already paid back"),
        "amount_by_hand": say("Amount set by the shop"),
        "goodwill": say("Paid back without a return"),
        "charge": say("Delivery, duty and the like"),
        "grade_deduction": say("Deduction for the condition"),
        "share": say("Part that is not paid"),
        "clawback": say("Discount that is no longer earned"),
        "cap": say("Limit: what is left of your payment"),
        "rounding": say("Rounding"),
        "bonus": say("Bonus of the shop"),
    }
    return names[part.code]
