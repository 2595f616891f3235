"""Returns: open, ask, decide, close; quantities that may come back are counted here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from retour.sandbox.shopify.model import (
    FulfillmentLine,
    Order,
    ReasonDefinition,
    Return,
    ReturnLine,
    ReverseDelivery,
    ReverseLine,
    ReverseOrder,
)
from retour.sandbox.shopify.money import Bag, Money, rounded
from retour.sandbox.shopify.refusal import Refusal
from retour.sandbox.shopify.state import Shop

Input = Mapping[str, Any]
_GONE = frozenset({"CANCELED", "DECLINED"})  # their units are free again


def returnable(order: Order) -> list[tuple[FulfillmentLine, int]]:
    """Return what may still come back, by fulfillment line: sent, not in a live return, not refunded without one.

    What was refunded while it waits in a return is one unit, not two.
    """
    outside: dict[str, int] = {line.id: line.refunded_outside for line in order.line_items}
    for line in (line for ret in order.returns if ret.status not in _GONE for line in ret.lines):
        sold = line.fulfillment_line_item.line_item
        outside[sold.id] = max(0, outside[sold.id] - (line.quantity - line.processed - line.let_go))
    rows = []
    for fulfillment in order.fulfillments:
        for row in fulfillment.lines:
            free = row.quantity - row.returned
            gone = min(free, outside[row.line_item.id])
            outside[row.line_item.id] -= gone
            rows.append((row, free - gone))
    return rows


def return_create(shop: Shop, wish: Input) -> dict[str, Any]:
    """Open a return at once; raises Refusal."""
    made = _begin(shop, wish, "OPEN")
    _open(shop, made)
    shop.tell("RETURNS_APPROVE", ret=made)
    return {"return": made}


def return_request(shop: Shop, wish: Input) -> dict[str, Any]:
    """Take a customer's request; raises Refusal."""
    made = _begin(shop, wish, "REQUESTED")
    shop.tell("RETURNS_REQUEST", ret=made)
    return {"return": made}


def _begin(shop: Shop, wish: Input, status: str) -> Return:
    order = shop.orders.get(wish["orderId"])
    if order is None:
        raise Refusal(["returnInput", "orderId"], "Order does not exist.", "NOT_FOUND")
    entries: Sequence[Input] = wish["returnLineItems"]
    if not entries:
        raise Refusal(["returnInput", "returnLineItems"], "At least one line is needed.", "BLANK")
    lines = _return_lines(shop, order, entries)
    fee = _fee(order, wish.get("returnShippingFee"))
    for line in lines:
        line.fulfillment_line_item.returned += line.quantity
    made = Return(
        shop.new_id("Return"), f"{order.name}-R{len(order.returns) + 1}", order, status, shop.now(), lines, fee
    )
    order.closed_at = None
    order.returns.append(made)
    shop.returns[made.id] = made
    shop.effects["return"] += 1
    shop.touched(order)
    return made


def _return_lines(shop: Shop, order: Order, entries: Sequence[Input]) -> list[ReturnLine]:
    free = {row.id: quantity for row, quantity in returnable(order)}
    lines = []
    for index, entry in enumerate(entries):
        field = ["returnInput", "returnLineItems", str(index)]
        row = shop.fulfillment_lines.get(entry["fulfillmentLineItemId"])
        if row is None or row.id not in free:
            raise Refusal([*field, "fulfillmentLineItemId"], "Fulfillment line item was not found.", "NOT_FOUND")
        quantity = int(entry["quantity"])
        if quantity < 1:
            raise Refusal([*field, "quantity"], "Quantity must be greater than 0.", "GREATER_THAN")
        if quantity > free[row.id]:
            raise Refusal([*field, "quantity"], "Quantity is not available for return.", "INVALID")
        note = entry.get("returnReasonNote") or ""
        if len(note) > 255 or len(entry.get("customerNote") or "") > 300:
            raise Refusal([*field, "returnReasonNote"], "Note is too long.", "TOO_LONG")
        free[row.id] -= quantity
        fee = entry.get("restockingFee")
        reason = _reason(shop, entry, field)
        gid = shop.new_id("ReturnLineItem")
        percentage = float(fee["percentage"]) if fee else None
        lines.append(ReturnLine(gid, row, quantity, reason, note, entry.get("customerNote"), percentage))
    return lines


def _reason(shop: Shop, entry: Input, field: list[str]) -> ReasonDefinition:
    gid = entry.get("returnReasonDefinitionId")
    if gid is not None:
        if gid not in shop.reasons:
            raise Refusal([*field, "returnReasonDefinitionId"], "Return reason was not found.", "NOT_FOUND")
        return shop.reasons[gid]
    return next(r for r in shop.reasons.values() if r.handle == "unknown")


def _fee(order: Order, wish: Input | None) -> Bag | None:
    if not wish:
        return None
    amount, currency = wish["amount"]["amount"], wish["amount"]["currencyCode"]
    if currency != order.presentment_currency_code:
        raise Refusal(["returnInput", "returnShippingFee"], "Currency must be the presentment currency.", "INVALID")
    (shop_total, shop_code), (seen_total, seen_code) = order.total_price.shop_money, order.total_price.presentment_money
    there = rounded(amount * shop_total / seen_total, shop_code) if seen_total else amount
    return Bag(Money(there, shop_code), Money(amount, seen_code))


def _open(shop: Shop, ret: Return) -> None:
    ret.status = "OPEN"
    rows = [
        ReverseLine(shop.new_id("ReverseFulfillmentOrderLineItem"), line.quantity, line.fulfillment_line_item)
        for line in ret.lines
    ]
    made = ReverseOrder(shop.new_id("ReverseFulfillmentOrder"), "OPEN", rows)
    ret.reverse_orders.append(made)
    shop.reverse_orders[made.id] = (ret, made)
    for row in rows:
        shop.reverse_lines[row.id] = (ret, made, row)


def found(shop: Shop, gid: str, *allowed: str, field: str = "id") -> Return:
    """Return the return of that id in one of the allowed states; raises Refusal."""
    ret = shop.returns.get(gid)
    if ret is None:
        raise Refusal([field], "Return does not exist.", "NOT_FOUND")
    if ret.status not in allowed:
        raise Refusal([field], f"Return is {ret.status.lower()}.", "INVALID_STATE")
    return ret


def return_approve(shop: Shop, wish: Input) -> dict[str, Any]:
    """Approve a request; raises Refusal."""
    ret = found(shop, wish["id"], "REQUESTED")
    ret.request_approved_at = shop.now()
    _open(shop, ret)
    return _moved(shop, ret, "RETURNS_APPROVE")


def return_decline(shop: Shop, wish: Input) -> dict[str, Any]:
    """Decline a request, which frees its units; raises Refusal."""
    ret = found(shop, wish["id"], "REQUESTED")
    note = wish.get("declineNote")
    if note is not None and len(note) > 500:
        raise Refusal(["input", "declineNote"], "Decline note is too long.", "TOO_LONG")
    ret.status = "DECLINED"
    ret.decline = {"reason": wish["declineReason"], "note": note}
    _free(ret)
    return _moved(shop, ret, "RETURNS_DECLINE")


def return_cancel(shop: Shop, gid: str) -> dict[str, Any]:
    """Cancel a return that nobody has touched yet; raises Refusal."""
    ret = found(shop, gid, "OPEN", "REQUESTED")
    disposed = any(row.dispositions for rfo in ret.reverse_orders for row in rfo.lines)
    if disposed or ret.refunds or any(line.processed or line.refunded for line in ret.lines):
        raise Refusal(["id"], "Return has been inspected or refunded.", "INVALID_STATE")
    ret.status = "CANCELED"
    for rfo in ret.reverse_orders:
        rfo.status = "CANCELED"
    _free(ret)
    return _moved(shop, ret, "RETURNS_CANCEL")


def _free(ret: Return) -> None:
    for line in ret.lines:
        line.fulfillment_line_item.returned -= line.quantity


def return_close(shop: Shop, gid: str) -> dict[str, Any]:
    """Close an open return; raises Refusal."""
    ret = found(shop, gid, "OPEN")
    close(shop, ret)
    return {"return": ret}


def close(shop: Shop, ret: Return) -> None:
    """Close the return and tell the subscribers."""
    ret.status = "CLOSED"
    ret.closed_at = shop.now()
    for line in ret.lines:  # what nobody processed or paid for may be asked for again
        line.let_go = line.quantity - max(line.processed, line.refunded)
        line.fulfillment_line_item.returned -= line.let_go
    _moved(shop, ret, "RETURNS_CLOSE")


def return_reopen(shop: Shop, gid: str) -> dict[str, Any]:
    """Open a closed return again; raises Refusal."""
    ret = found(shop, gid, "CLOSED")
    free = {row.id: quantity for row, quantity in returnable(ret.order)}
    if any(line.let_go > free[line.fulfillment_line_item.id] for line in ret.lines):
        raise Refusal(["id"], "Items of the return are in another one.", "INVALID_STATE")
    for line in ret.lines:
        line.fulfillment_line_item.returned += line.let_go
        line.let_go = 0
    ret.status, ret.closed_at = "OPEN", None
    return _moved(shop, ret, "RETURNS_REOPEN")


def _moved(shop: Shop, ret: Return, topic: str) -> dict[str, Any]:
    shop.tell(topic, ret=ret)
    shop.touched(ret.order)
    return {"return": ret}


def attach_label(shop: Shop, wish: Input) -> dict[str, Any]:
    """Attach a label and a tracking number to the reverse order; raises Refusal."""
    known = shop.reverse_orders.get(wish["reverseFulfillmentOrderId"])
    if known is None:
        raise Refusal(["reverseFulfillmentOrderId"], "Reverse fulfillment order does not exist.", "NOT_FOUND")
    ret, rfo = known
    if rfo.status != "OPEN":
        raise Refusal(["reverseFulfillmentOrderId"], "Reverse fulfillment order is not open.", "INVALID_STATE")
    here = {row.id: row.total_quantity for row in rfo.lines}
    for entry in wish["reverseDeliveryLineItems"]:
        if not 0 < entry["quantity"] <= here.get(entry["reverseFulfillmentOrderLineItemId"], 0):
            raise Refusal(["reverseDeliveryLineItems"], "Line or quantity is invalid.", "INVALID")
    tracking = wish.get("trackingInput")
    seen = {"number": tracking.get("number"), "url": tracking.get("url"), "carrierName": None} if tracking else None
    label = wish.get("labelInput")
    made = ReverseDelivery(shop.new_id("ReverseDelivery"), seen, label["fileUrl"] if label else None)
    rfo.deliveries.append(made)
    shop.effects["label"] += 1
    shop.tell("REVERSE_DELIVERIES_ATTACH_DELIVERABLE", ret=ret, delivery=made)
    return {"reverseDelivery": made}


def order_status(order: Order) -> str:
    """Return the order's `returnStatus`."""
    states = {ret.status for ret in order.returns}
    if "REQUESTED" in states:
        return "RETURN_REQUESTED"
    if "OPEN" in states:
        open_lines = [line for ret in order.returns if ret.status == "OPEN" for line in ret.lines]
        done = all(line.processed == line.quantity for line in open_lines)
        return "INSPECTION_COMPLETE" if done else "IN_PROGRESS"
    return "RETURNED" if "CLOSED" in states else "NO_RETURN"
