"""The money explanation in words: a plan as the rows that shopper, staff and mail read, the same for all of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from retour.core.money import Money, Sides
from retour.core.order import TenderKind
from retour.core.refund.plan import Plan, PlannedLeg, Row, RowKind
from retour.web.parts import MoneyKind, MoneyRow, Text
from retour.web.reader import Reader

_GOODS: Final = frozenset({RowKind.UNITS, RowKind.REJECTED_UNITS, RowKind.MONEY})


@dataclass(frozen=True, slots=True)
class LineWords:
    """What an order line is called and how many units of it were bought."""

    title: str
    ordered: int


def money_rows(
    plan: Plan, *, reader: Reader, lines: Mapping[str, LineWords], legs: Mapping[str, str] | None = None, staff: bool = False
) -> list[MoneyRow]:  # fmt: skip
    """Return the rows of a plan in presentment money: goods, subtotal, fees and charges, the sum, where it goes.

    `lines` are by order line ref, `legs` say by capture ref where a payment goes ("to Visa ending 4242"); what is not
    named there is named by its kind. Staff read "To pay out" and the rule behind each row.
    """
    told = _Teller(plan.currency, reader, lines, staff=staff)
    goods = [row for row in plan.rows if row.kind in _GOODS]
    others = [*(row for row in plan.rows if row.kind not in _GOODS), *plan.adjustments]
    rows = [made for row in goods for made in told.goods(row)]
    if others or len(goods) > 1:
        rows.append(told.subtotal(goods))
    rows += [told.other(row) for row in others]
    tax = sum(t.amount.presentment for t in plan.taxes)
    inside = () if others or len(goods) > 1 or not tax else (told.tax_inside(tax),)
    title = reader.say("To pay out") if staff else reader.say("You get back")
    rows.append(MoneyRow("paid", title, told.money(plan.total.presentment), inside))
    rows += [MoneyRow("to", _destination(leg, legs or {}, reader), told.money(leg.amount_minor)) for leg in plan.legs]
    if plan.unallocated:
        rows.append(MoneyRow("to", reader.say("another way, still to be agreed"), told.money(plan.unallocated)))
    if plan.billed:
        rows.append(MoneyRow("to", reader.say("still owed to the shop"), told.money(plan.billed.presentment)))
    return rows


def compared_rows(promised: list[MoneyRow], paid: list[MoneyRow]) -> list[MoneyRow]:
    """Return the rows of what is paid beside what was promised; rows that differ are marked, lost ones come back at 0."""
    before: dict[tuple[str, str], MoneyRow] = {(row.kind, str(row.label)): row for row in promised if row.kind != "to"}
    out: list[MoneyRow] = []
    for row in paid:
        old = before.pop((row.kind, str(row.label)), None)
        if row.kind == "to" or row.amount is None:
            continue
        was = old.amount if old and old.amount else Money(0, row.amount.currency)
        out.append(MoneyRow(row.kind, row.label, row.amount, row.notes, row.why, was, changed=was != row.amount))
    for lost in before.values():
        if lost.kind in ("item", "less") and lost.amount:
            gone = Money(0, lost.amount.currency)
            out.insert(0, MoneyRow(lost.kind, lost.label, gone, lost.notes, None, lost.amount, changed=True))
    return out


class _Teller:
    """Tells the rows of one plan to one reader."""

    def __init__(self, currency: str, reader: Reader, lines: Mapping[str, LineWords], *, staff: bool) -> None:
        self._currency, self._reader, self._lines, self._staff = currency, reader, lines, staff

    def money(self, minor: int) -> Money:
        return Money(minor, self._currency)

    def goods(self, row: Row) -> list[MoneyRow]:
        """Return an item and, where the whole line comes back at once, its discounts as a row of their own."""
        say, why = self._reader.say, self._why(row)
        label = self._name(row)
        worth = row.entitlement.presentment if row.kind is RowKind.UNITS else row.payable.presentment
        listed, settled = row.listed.presentment, row.settled.presentment
        out: list[MoneyRow]
        if listed and listed != settled and worth == settled:
            out = [
                MoneyRow("item", label, self.money(listed), (say("Price before discounts, tax included"),)),
                MoneyRow("less", say("Discounts on it"), self.money(settled - listed), why=why),
            ]
        else:
            out = [MoneyRow("item", label, self.money(worth), self._share(row, worth), why)]
        held_back = row.payable.presentment - worth
        if row.kind is RowKind.UNITS and held_back:
            out.append(MoneyRow("less", say("Not refunded"), self.money(held_back), self._reason(row)))
        return out

    def subtotal(self, goods: list[Row]) -> MoneyRow:
        tax = sum(t.amount.presentment for row in goods for t in row.taxes)
        paid = sum((row.payable for row in goods), Sides(0, 0)).presentment
        inside = (self.tax_inside(tax),) if tax else ()
        return MoneyRow("sum", self._reader.say("Items, as you paid them"), self.money(paid), inside)

    def other(self, row: Row) -> MoneyRow:
        amount = row.payable.presentment
        kind: MoneyKind = "less" if amount < 0 else "item"
        return MoneyRow(kind, self._title(row.kind), self.money(amount), self._reason(row), self._why(row))

    def tax_inside(self, tax: int) -> Text:
        said = Markup(self._reader.say("Includes %(tax)s VAT"))  # noqa: S704 - a message of ours, without its amount
        return said % {"tax": self._reader.money(self.money(tax))}

    def _name(self, row: Row) -> str:
        line = self._lines.get(row.ref or "")
        if line is None:
            return self._title(row.kind)
        if row.kind is RowKind.REJECTED_UNITS:
            return self._reader.say("%(title)s, not accepted", title=line.title)
        if not row.quantity or row.quantity == line.ordered == 1:
            return line.title
        number = self._reader.number
        return self._reader.say(
            "%(title)s, %(n)s of %(of)s", title=line.title, n=number(row.quantity), of=number(line.ordered)
        )

    def _share(self, row: Row, worth: int) -> tuple[Text, ...]:
        settled = row.settled.presentment
        if settled in (worth, 0):
            return (self._reader.say("Price you paid, tax included"),) if worth else ()
        said = Markup(self._reader.say("Its share of %(paid)s paid for all of them"))  # noqa: S704 - as above
        return (said % {"paid": self._reader.money(self.money(settled))},)

    def _reason(self, row: Row) -> tuple[Text, ...]:
        say = self._reader.say
        match row.reason:
            case "already_paid":
                return (say("Refunded before"),)
            case "reduced_to_refund":
                return (say("Lowered: a fee is never more than the refund"),)
            case None if row.basis_points:
                return (say("%(percent)s of what the units are worth", percent=self._reader.percent(row.basis_points)),)
            case None:
                return ()
            case text:
                known = {"opened": say("Opened"), "damaged": say("Damaged"), "sealed": say("Sealed")}
                return (known.get(text, text),)

    def _why(self, row: Row) -> Text | None:
        if not self._staff or not row.settled:
            return None
        say, money = self._reader.say, self._reader.money
        said = Markup(say("Paid for the line: %(settled)s. Refunded before: %(before)s."))  # noqa: S704 - as above
        settled, before = self.money(row.settled.presentment), self.money(row.paid_before.presentment)
        return said % {"settled": money(settled), "before": money(before)}

    def _title(self, kind: RowKind) -> str:
        say = self._reader.say
        return {
            RowKind.UNITS: say("Returned items"),
            RowKind.REJECTED_UNITS: say("Items not accepted"),
            RowKind.MONEY: say("Refund without return"),
            RowKind.SHIPPING: say("Shipping"),
            RowKind.DUTY: say("Customs duty"),
            RowKind.TIP: say("Tip"),
            RowKind.FEE: say("Fee"),
            RowKind.ORDER_ROUNDING: say("Rounding of the order"),
            RowKind.DAMAGE: say("Deduction for condition"),
            RowKind.RESTOCKING_FEE: say("Return fee"),
            RowKind.CAP_ORDER: say("Limit: what is left on the order"),
            RowKind.CAP_TAX: say("Limit: what is left of a tax"),
            RowKind.PLATFORM_ROUNDING: say("Rounding of the shop"),
        }[kind]


def _destination(leg: PlannedLeg, legs: Mapping[str, str], reader: Reader) -> str:
    if leg.capture_ref in legs:
        return legs[leg.capture_ref]
    match leg.kind:
        case TenderKind.GIFT_CARD:
            return reader.say("to the gift card you paid with")
        case TenderKind.STORE_CREDIT:
            return reader.say("to your store credit")
        case TenderKind.CARD:
            return reader.say("to the card you paid with")
        case _:
            return reader.say("to the way you paid")
