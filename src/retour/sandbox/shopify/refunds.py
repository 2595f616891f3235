"""Refunds: check a wish against the order, then book it; nothing moves when anything is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from retour.sandbox.shopify import inventory, pricing
from retour.sandbox.shopify.goods import Location
from retour.sandbox.shopify.model import Line, Order, Refund, RefundLine, Return, Transaction
from retour.sandbox.shopify.refusal import Refusal
from retour.sandbox.shopify.state import Shop

Input = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Leg:
    """One payment and what to give back on it, in presentment money."""

    parent: Transaction
    amount: Decimal


def refund_create(shop: Shop, wish: Input) -> dict[str, Any]:
    """Carry out `refundCreate` and return its payload; raises Refusal."""
    order = shop.orders.get(wish["orderId"])
    if order is None:
        raise Refusal(["orderId"], "Order does not exist")
    _check_currency(order, wish.get("currency"))
    lines = refund_lines(shop, order, wish.get("refundLineItems") or (), strict=True)
    shipping = _shipping(order, wish.get("shipping"))
    over = bool(wish.get("allowOverRefunding"))
    legs = [_leg(shop, order, entry, index) for index, entry in enumerate(wish.get("transactions") or ())]
    check_legs(order, legs, over=over)
    if not lines and not legs and shipping is None:
        raise Refusal(None, "Refund must have at least one line item, shipping or transaction")
    refund = book(shop, order, lines, legs, note=wish.get("note"), shipping=shipping)
    for row in lines:
        if row.restocked and row.location is not None:
            inventory.restock(
                shop,
                row.line_item.variant.inventory_item,
                row.location,
                row.quantity,
                way="refund",
                line=row.line_item,
                order=order,
                reference=refund.note,
            )
        _attribute(order, row)
    return {"refund": refund}


def _check_currency(order: Order, currency: str | None) -> None:
    seen = order.presentment_currency_code
    if currency is None and seen != order.currency_code:
        raise Refusal(["currency"], "Currency is required when it differs from the shop currency")
    if currency is not None and currency != seen:
        raise Refusal(["currency"], f"Currency must be {seen}")


def refund_lines(shop: Shop, order: Order, wishes: Sequence[Input], *, strict: bool) -> list[RefundLine]:
    """Return the priced refund lines of a wish; `strict` also demands what only a real refund needs."""
    taken: dict[str, int] = {}
    rows = []
    for index, wish in enumerate(wishes):
        field = ["refundLineItems", str(index)]
        line = shop.lines.get(wish["lineItemId"])
        if line is None or line not in order.line_items:
            raise Refusal([*field, "lineItemId"], "Line item does not belong to the order")
        quantity, before = int(wish["quantity"]), taken.get(line.id, 0)
        if quantity < 1:
            raise Refusal([*field, "quantity"], "Quantity must be greater than 0")
        if before + quantity > line.refundable_quantity:
            raise Refusal([*field, "quantity"], "Quantity cannot refund more items than were purchased")
        kind = wish.get("restockType") or "NO_RESTOCK"
        location = _location(shop, field, wish, kind, strict=strict)
        if strict:
            _check_kind(line, field, quantity, kind)
        rows.append(price(shop, order, line, quantity, kind=kind, location=location, already=line.refunded + before))
        taken[line.id] = before + quantity
    return rows


def price(
    shop: Shop, order: Order, line: Line, quantity: int, *, kind: str, location: Location | None, already: int
) -> RefundLine:
    """Return one priced refund line."""
    part = pricing.part_of(line, quantity, already=already, included=order.taxes_included)
    gid = shop.new_id("RefundLineItem")
    return RefundLine(gid, line, quantity, kind, location, part.subtotal, part.tax, part.price)


def _location(shop: Shop, field: list[str], wish: Input, kind: str, *, strict: bool) -> Location | None:
    gid = wish.get("locationId")
    if gid is not None and gid not in shop.locations:
        raise Refusal([*field, "locationId"], "Location not found")
    if gid is None and strict and kind in {"RETURN", "CANCEL"}:
        raise Refusal([*field, "locationId"], "Location is required to restock")
    return shop.locations[gid] if gid is not None else None


def _check_kind(line: Line, field: list[str], quantity: int, kind: str) -> None:
    if kind == "LEGACY_RESTOCK":
        raise Refusal([*field, "restockType"], "Restock type is not accepted")
    if kind == "RETURN" and quantity > line.sent:
        raise Refusal([*field, "restockType"], "Only fulfilled items can be returned")
    if kind == "CANCEL" and quantity > line.quantity - line.sent - line.cancelled:
        raise Refusal([*field, "restockType"], "Only unfulfilled items can be cancelled")


def _shipping(order: Order, wish: Input | None) -> pricing.Freight | None:
    if not wish:
        return None
    amount = wish.get("amount")
    found = pricing.freight(order, full=bool(wish.get("fullRefund")), amount=amount)
    if found.amount.amount > found.maximum.amount or found.amount.amount < 0:
        raise Refusal(["shipping"], "Shipping refund exceeds the amount that is left")
    return found if found.amount.amount else None


def _leg(shop: Shop, order: Order, entry: Input, index: int) -> Leg:
    field = ["transactions", str(index)]
    if entry["kind"] != "REFUND":
        raise Refusal([*field, "kind"], "Kind must be REFUND")
    if entry["orderId"] != order.id:
        raise Refusal([*field, "orderId"], "Order does not match")
    return leg(shop, order, entry.get("parentId"), entry["amount"], field, code=None)


def leg(shop: Shop, order: Order, parent_id: str | None, amount: Decimal, field: list[str], *, code: str | None) -> Leg:
    """Return one checked money leg; raises Refusal, with the code where the type has one."""
    parent = shop.transactions.get(parent_id or "")
    if parent is None or parent.order is not order or parent.kind not in pricing.PAYING:
        raise Refusal([*field, "parentId"], "Parent transaction must be a capture or sale of the order", code)
    if amount <= 0:
        raise Refusal([*field, "amount"], "Amount must be greater than 0", code)
    if not pricing.fits(amount, order.presentment_currency_code):
        raise Refusal([*field, "amount"], "Amount has too many decimal places for the currency", code)
    return Leg(parent, amount)


def check_legs(order: Order, legs: Sequence[Leg], *, over: bool, code: str | None = None) -> None:
    """Refuse more than a payment, or the whole order, has left, unless over-refunding was asked for."""
    if over:
        return
    for parent in {leg.parent.id: leg.parent for leg in legs}.values():
        asked = pricing.summed(leg.amount for leg in legs if leg.parent is parent)
        if asked > pricing.rest_of(parent).amount:
            raise Refusal(["transactions"], "Refund amount exceeds what is left on the payment", code)
    if pricing.summed(leg.amount for leg in legs) > (order.paid - order.given_back).amount:
        raise Refusal(["transactions"], "Refund amount exceeds the maximum refundable amount", code)


def book(
    shop: Shop,
    order: Order,
    lines: list[RefundLine],
    legs: Sequence[Leg],
    *,
    note: str | None,
    shipping: pricing.Freight | None,
    for_return: Return | None = None,
    by: str = "api",
) -> Refund:
    """Write a checked refund into the books and tell the subscribers; it does not touch stock."""
    now = shop.now()
    refund = Refund(
        shop.new_id("Refund"),
        order,
        now,
        note,
        lines,
        shipping.amount if shipping else None,
        shipping.tax if shipping else None,
        [],
        for_return,
        by,
    )
    for part in legs:
        made = _transaction(shop, order, part)
        refund.transactions.append(made)
        order.transactions.append(made)
        shop.transactions[made.id] = made
    for row in lines:
        row.line_item.refunded += row.quantity
    order.refunds.append(refund)
    shop.effects["refund"] += 1
    if for_return is not None:
        for_return.refunds.append(refund)
    shop.tell("REFUNDS_CREATE", refund=refund)
    shop.touched(order)
    return refund


def _transaction(shop: Shop, order: Order, part: Leg) -> Transaction:
    now, later = shop.now(), order.refund_ends or shop.settings.refund_pending
    made = Transaction(
        shop.new_id("OrderTransaction"),
        "REFUND",
        "PENDING" if later else "SUCCESS",
        part.parent.gateway,
        pricing.on_tender(part.parent, part.amount),
        order,
        now,
        parent_transaction=part.parent,
    )
    if not later:
        shop.tell("ORDER_TRANSACTIONS_CREATE", transaction=made)
    else:
        made.becomes = later
        made.due_at = now + timedelta(seconds=shop.settings.refund_pending_s)
        shop.pending.append(made)
    return made


def _attribute(order: Order, row: RefundLine) -> None:
    """Count refunded units against returns that wait for their money, the rest as gone without a return."""
    if row.restock_type == "CANCEL":
        row.line_item.cancelled += row.quantity
        return
    left = row.quantity
    for ret in order.returns:
        for line in ret.lines:
            if ret.status in {"OPEN", "CLOSED"} and line.fulfillment_line_item.line_item is row.line_item:
                take = min(left, line.processed - line.refunded)
                line.refunded += take
                left -= take
    line_item = row.line_item
    line_item.refunded_outside += min(left, line_item.sent - line_item.refunded_outside)


def admin_refund(shop: Shop, order: Order, wish: Input) -> Refund:
    """Book a refund that the merchant gave by hand: amount, optional note and lines; raises Refusal."""
    seen = [
        {"lineItemId": order.line_items[int(w["index"])].id, "quantity": w["quantity"], "restockType": "NO_RESTOCK"}
        for w in wish.get("lines", ())
    ]
    lines = refund_lines(shop, order, seen, strict=True)
    none = pricing.freight(order, full=bool(wish.get("shipping")), amount=None)
    if "amount" in wish:
        legs = []
        left = Decimal(str(wish["amount"]))
        for parent in pricing.payments(order):
            take = min(left, pricing.rest_of(parent).amount)
            if take > 0:
                legs.append(Leg(parent, take))
                left -= take
        if left:
            raise Refusal(["amount"], "Refund amount exceeds the maximum refundable amount")
    else:
        quote = pricing.quote(order, lines, none)
        legs = [Leg(s.parent_transaction, s.amount.amount) for s in quote.tenders]
    shipping = none if none.amount.amount else None
    refund = book(shop, order, lines, legs, note=wish.get("note"), shipping=shipping, by="admin")
    for row in lines:
        _attribute(order, row)
    return refund
