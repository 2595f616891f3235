"""Inspection on the platform: process return lines, put units where they belong, give money back if asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from retour.sandbox.shopify import inventory, pricing, refunds
from retour.sandbox.shopify.goods import Location
from retour.sandbox.shopify.model import Disposition, FulfillmentLine, RefundLine, Return, ReturnLine, ReverseLine
from retour.sandbox.shopify.refusal import Refusal
from retour.sandbox.shopify.returns import close, found
from retour.sandbox.shopify.state import Shop

Input = Mapping[str, Any]
Placed = tuple[ReverseLine, Disposition]


def return_process(shop: Shop, wish: Input) -> dict[str, Any]:
    """Carry out `returnProcess` and return its payload; raises Refusal before anything moves."""
    ret = found(shop, wish["returnId"], "OPEN", field="returnId")
    done = _lines(ret, wish.get("returnLineItems") or ())
    placed: list[Placed] = []
    for index, (line, quantity, entry) in enumerate(done):
        field = ["input", "returnLineItems", str(index), "dispositions"]
        mine = _dispositions(shop, entry.get("dispositions") or (), field, ret, line.fulfillment_line_item)
        if sum(d.quantity for _, d in mine) > quantity:
            raise Refusal(field, "Dispositions exceed the processed quantity.", "LESS_THAN_OR_EQUAL_TO")
        placed += mine
    _check_room(placed)
    transfer = (wish.get("financialTransfer") or {}).get("issueRefund")
    freight = _freight(ret, wish.get("refundShipping"))
    legs = _legs(shop, ret, transfer) if transfer is not None else []
    rows = _refund_rows(shop, ret, done) if transfer is not None else []
    for line, quantity, _ in done:
        line.processed += quantity
    _place(shop, ret, placed)
    if transfer is not None:
        for line, quantity, _ in done:
            line.refunded += quantity
        refunds.book(shop, ret.order, rows, legs, note=wish.get("note"), shipping=freight, for_return=ret)
    else:
        for line, quantity, _ in done:
            _paid_ahead(line, quantity)
    shop.effects["process"] += 1
    shop.tell("RETURNS_PROCESS", ret=ret)
    shop.touched(ret.order)
    if shop.settings.process_closes and all(line.processed == line.quantity for line in ret.lines):
        close(shop, ret)
    return {"return": ret}


def _paid_ahead(line: ReturnLine, quantity: int) -> None:
    """Count units that were refunded before they were processed as the return's own: no unit is gone twice."""
    sold = line.fulfillment_line_item.line_item
    ahead = min(quantity, sold.refunded_outside)
    line.refunded += ahead
    sold.refunded_outside -= ahead


def _lines(ret: Return, entries: Sequence[Input]) -> list[tuple[ReturnLine, int, Input]]:
    lines = {line.id: line for line in ret.lines}
    taken: dict[str, int] = {}
    done = []
    for index, entry in enumerate(entries):
        field = ["input", "returnLineItems", str(index)]
        line, quantity = lines.get(entry["id"]), int(entry["quantity"])
        if line is None:
            raise Refusal([*field, "id"], "Return line item does not exist.", "NOT_FOUND")
        if quantity < 1:
            raise Refusal([*field, "quantity"], "Quantity must be greater than 0.", "GREATER_THAN")
        if taken.get(line.id, 0) + quantity > line.quantity - line.processed:
            raise Refusal([*field, "quantity"], "Quantity exceeds what can be processed.", "LESS_THAN_OR_EQUAL_TO")
        taken[line.id] = taken.get(line.id, 0) + quantity
        done.append((line, quantity, entry))
    if not done:
        raise Refusal(["input", "returnLineItems"], "Nothing to process.", "BLANK")
    return done


def _dispositions(
    shop: Shop, entries: Sequence[Input], field: list[str], ret: Return | None, of: FulfillmentLine | None
) -> list[Placed]:
    placed = []
    for entry in entries:
        known = shop.reverse_lines.get(entry["reverseFulfillmentOrderLineItemId"])
        if known is None or (ret is not None and known[0] is not ret):
            raise Refusal(field, "Reverse fulfillment order line does not exist.", "NOT_FOUND")
        _, rfo, row = known
        if of is not None and row.fulfillment_line_item is not of:
            raise Refusal(field, "Disposition belongs to another line.", "INVALID")
        if rfo.status != "OPEN":
            raise Refusal(field, "Reverse fulfillment order is not open.", "INVALID_STATE")
        if entry["quantity"] < 1:
            raise Refusal(field, "Quantity must be greater than 0.", "GREATER_THAN")
        place = _location(shop, entry, field)
        made = Disposition(
            shop.new_id("ReverseFulfillmentOrderDisposition"), entry["dispositionType"], int(entry["quantity"]), place
        )
        placed.append((row, made))
    return placed


def _location(shop: Shop, entry: Input, field: list[str]) -> Location | None:
    gid = entry.get("locationId")
    if gid is None and entry["dispositionType"] == "RESTOCKED":
        raise Refusal(field, "Location is required to restock.", "BLANK")
    if gid is not None and gid not in shop.locations:
        raise Refusal(field, "Location does not exist.", "NOT_FOUND")
    return shop.locations[gid] if gid is not None else None


def _check_room(placed: Sequence[Placed]) -> None:
    rows = {row.id: row for row, _ in placed}
    for row in rows.values():
        asked = sum(d.quantity for r, d in placed if r is row)
        if asked + sum(d.quantity for d in row.dispositions) > row.total_quantity:
            raise Refusal(["dispositions"], "Quantity exceeds what is left to dispose.", "LESS_THAN_OR_EQUAL_TO")


def _place(shop: Shop, ret: Return, placed: Sequence[Placed]) -> None:
    for row, made in placed:
        row.dispositions.append(made)
        if made.type == "RESTOCKED" and made.location is not None:
            line = row.fulfillment_line_item.line_item
            inventory.restock(
                shop,
                line.variant.inventory_item,
                made.location,
                made.quantity,
                way="disposition",
                line=line,
                order=ret.order,
                reference=ret.name,
            )
    for rfo in ret.reverse_orders:
        if all(sum(d.quantity for d in r.dispositions) == r.total_quantity for r in rfo.lines):
            rfo.status = "CLOSED"
    if placed:
        shop.effects["disposition"] += len(placed)
        shop.tell("REVERSE_FULFILLMENT_ORDERS_DISPOSE", ret=ret, placed=list(placed))


def _legs(shop: Shop, ret: Return, transfer: Input) -> list[refunds.Leg]:
    legs = []
    for index, entry in enumerate(transfer["orderTransactions"]):
        field = ["input", "financialTransfer", "issueRefund", "orderTransactions", str(index)]
        money = entry["transactionAmount"]
        if money["currencyCode"] != ret.order.presentment_currency_code:
            raise Refusal(field, "Currency must be the presentment currency.", "INVALID")
        legs.append(refunds.leg(shop, ret.order, entry["parentId"], money["amount"], field, code="INVALID"))
    refunds.check_legs(ret.order, legs, over=bool(transfer.get("allowOverRefunding")), code="LESS_THAN_OR_EQUAL_TO")
    return legs


def _refund_rows(shop: Shop, ret: Return, done: Sequence[tuple[ReturnLine, int, Input]]) -> list[RefundLine]:
    rows = []
    taken: dict[str, int] = {}
    for line, quantity, entry in done:
        sold = line.fulfillment_line_item.line_item
        before = taken.get(sold.id, 0)
        if before + quantity > sold.refundable_quantity:
            raise Refusal(["input", "returnLineItems"], "Units are already refunded.", "LESS_THAN_OR_EQUAL_TO")
        back = [d for d in entry.get("dispositions") or () if d["dispositionType"] == "RESTOCKED"]
        kind = "RETURN" if back else "NO_RESTOCK"
        place = shop.locations[back[0]["locationId"]] if back else None
        rows.append(
            refunds.price(shop, ret.order, sold, quantity, kind=kind, location=place, already=sold.refunded + before)
        )
        taken[sold.id] = before + quantity
    return rows


def _freight(ret: Return, wish: Input | None) -> pricing.Freight | None:
    if not wish:
        return None
    money = wish.get("shippingRefundAmount")
    found_ = pricing.freight(ret.order, full=bool(wish.get("fullRefund")), amount=money["amount"] if money else None)
    if not 0 <= found_.amount.amount <= found_.maximum.amount:
        raise Refusal(["input", "refundShipping"], "Shipping refund exceeds what is left.", "LESS_THAN_OR_EQUAL_TO")
    return found_ if found_.amount.amount else None


def dispose(shop: Shop, entries: Sequence[Input]) -> dict[str, Any]:
    """Carry out `reverseFulfillmentOrderDispose`; raises Refusal before anything moves."""
    placed = _dispositions(shop, entries, ["dispositionInputs"], None, None)
    if not placed:
        raise Refusal(["dispositionInputs"], "Nothing to dispose.", "BLANK")
    _check_room(placed)
    owners = {id(ret): ret for ret in (shop.reverse_lines[row.id][0] for row, _ in placed)}
    for ret in owners.values():
        _place(shop, ret, [(row, d) for row, d in placed if shop.reverse_lines[row.id][0] is ret])
        shop.touched(ret.order)
    return {"reverseFulfillmentOrderLineItems": [row for row, _ in placed]}
