"""Taking units out of an open return again: they may be asked for anew at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from retour.sandbox.shopify.model import Return, ReturnLine
from retour.sandbox.shopify.refusal import Refusal
from retour.sandbox.shopify.returns import found
from retour.sandbox.shopify.state import Shop

Input = Mapping[str, Any]


def remove(shop: Shop, wish: Input) -> dict[str, Any]:
    """Carry out `removeFromReturn` and return its payload; raises Refusal before anything moves."""
    ret = found(shop, wish["returnId"], "OPEN", field="returnId")
    if wish.get("exchangeLineItems"):
        raise Refusal(["exchangeLineItems", "0"], "Exchange line item does not exist.", "NOT_FOUND")
    gone = _lines(ret, wish.get("returnLineItems") or ())
    for line, quantity in gone:
        line.quantity -= quantity
        line.fulfillment_line_item.returned -= quantity
        _shrink(ret, line, quantity)
    ret.lines = [line for line in ret.lines if line.quantity]
    shop.effects["removal"] += 1
    shop.tell("RETURNS_UPDATE", ret=ret, removed=[(line.id, quantity) for line, quantity in gone])
    shop.touched(ret.order)
    return {"return": ret}


def _lines(ret: Return, entries: Sequence[Input]) -> list[tuple[ReturnLine, int]]:
    lines = {line.id: line for line in ret.lines}
    gone: dict[str, int] = {}
    for index, entry in enumerate(entries):
        field = ["returnLineItems", str(index)]
        line, quantity = lines.get(entry["returnLineItemId"]), int(entry["quantity"])
        if line is None:
            raise Refusal([*field, "returnLineItemId"], "Return line item does not exist.", "NOT_FOUND")
        if quantity < 1:
            raise Refusal([*field, "quantity"], "Quantity must be greater than 0.", "GREATER_THAN")
        gone[line.id] = gone.get(line.id, 0) + quantity
        if gone[line.id] > line.quantity - max(line.processed, line.refunded, _disposed(ret, line)):
            raise Refusal([*field, "quantity"], "Quantity exceeds what can be removed.", "LESS_THAN_OR_EQUAL_TO")
    if not gone:
        raise Refusal(["returnLineItems"], "Nothing to remove.", "BLANK")
    return [(lines[gid], quantity) for gid, quantity in gone.items()]


def _disposed(ret: Return, line: ReturnLine) -> int:
    return sum(
        d.quantity
        for rfo in ret.reverse_orders
        for row in rfo.lines
        if row.fulfillment_line_item is line.fulfillment_line_item
        for d in row.dispositions
    )


def _shrink(ret: Return, line: ReturnLine, quantity: int) -> None:
    """Take the units off the warehouse's side as well; a row of which none is left goes with them."""
    for rfo in ret.reverse_orders:
        for row in rfo.lines:
            if row.fulfillment_line_item is line.fulfillment_line_item:
                mine = min(quantity, row.total_quantity - sum(d.quantity for d in row.dispositions))
                row.total_quantity -= mine
                quantity -= mine
        rfo.lines = [row for row in rfo.lines if row.total_quantity]
        if rfo.lines and all(sum(d.quantity for d in row.dispositions) == row.total_quantity for row in rfo.lines):
            rfo.status = "CLOSED"
