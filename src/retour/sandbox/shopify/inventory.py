"""Stock: adjust quantities with compare-and-swap, restock, and remember who put what back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from retour.sandbox.shopify import catalogue
from retour.sandbox.shopify.goods import InventoryItem, Location
from retour.sandbox.shopify.model import Line, Order
from retour.sandbox.shopify.refusal import Refusal
from retour.sandbox.shopify.state import Restock, Shop

REASONS = frozenset(
    [
        "correction",
        "cycle_count_available",
        "damaged",
        "movement_created",
        "movement_updated",
        "movement_received",
        "movement_canceled",
        "other",
        "promotion",
        "quality_control",
        "received",
        "reservation_created",
        "reservation_deleted",
        "reservation_updated",
        "restock",
        "safety_stock",
        "shrinkage",
    ]
)


def restock(
    shop: Shop,
    item: InventoryItem,
    location: Location,
    quantity: int,
    *,
    way: str,
    line: Line | None,
    order: Order | None,
    reference: str | None,
) -> None:
    """Put units on a shelf and write the restock ledger."""
    level = item.levels[location.id]
    level["available"] += quantity
    level["on_hand"] += quantity
    item.updated_at[location.id] = shop.now()
    shop.effects["restock"] += 1
    shop.restocks.append(
        Restock(
            way,
            item.id,
            location.id,
            quantity,
            line.id if line else None,
            order.name if order else None,
            reference,
            shop.now(),
        )
    )
    shop.tell("INVENTORY_LEVELS_UPDATE", item=item, location=location)


def adjust(shop: Shop, wish: Mapping[str, Any]) -> dict[str, Any]:
    """Carry out `inventoryAdjustQuantities` and return its payload; raises Refusal before anything moves."""
    name, reason, reference = wish["name"], wish["reason"], wish.get("referenceDocumentUri")
    if name not in catalogue.STATES or name == "on_hand":
        raise Refusal(["input", "name"], "The quantity name is invalid", "INVALID_QUANTITY_NAME")
    if reason not in REASONS:
        raise Refusal(["input", "reason"], "The reason is invalid", "INVALID_REASON")
    if reference is not None and "://" not in reference:
        raise Refusal(["input", "referenceDocumentUri"], "The URI is invalid", "INVALID_REFERENCE_DOCUMENT")
    moves = [_move(shop, change, name, index) for index, change in enumerate(wish["changes"])]
    changes = []
    for item, location, delta in moves:
        if reason == "restock" and name == "available" and delta > 0:
            restock(shop, item, location, delta, way="adjustment", line=None, order=None, reference=reference)
        else:
            _shift(shop, item, location, name, delta)
        changes.append(
            {
                "delta": delta,
                "item": item,
                "location": location,
                "name": name,
                "quantityAfterChange": item.levels[location.id][name],
            }
        )
    group = {
        "id": shop.new_id("InventoryAdjustmentGroup"),
        "createdAt": shop.now(),
        "reason": reason,
        "referenceDocumentUri": reference,
        "changes": changes,
    }
    shop.adjustments.append(group)
    shop.effects["adjustment"] += 1
    return {"inventoryAdjustmentGroup": group}


def _shift(shop: Shop, item: InventoryItem, location: Location, name: str, delta: int) -> None:
    item.levels[location.id][name] += delta
    item.levels[location.id]["on_hand"] += delta
    item.updated_at[location.id] = shop.now()
    shop.tell("INVENTORY_LEVELS_UPDATE", item=item, location=location)


def _move(shop: Shop, change: Mapping[str, Any], name: str, index: int) -> tuple[InventoryItem, Location, int]:
    field = ["input", "changes", str(index)]
    item, location = shop.items.get(change["inventoryItemId"]), shop.locations.get(change["locationId"])
    if item is None:
        raise Refusal([*field, "inventoryItemId"], "The inventory item does not exist", "INVALID_INVENTORY_ITEM")
    if location is None:
        raise Refusal([*field, "locationId"], "The location does not exist", "INVALID_LOCATION")
    if not item.tracked:
        raise Refusal([*field, "inventoryItemId"], "The item cannot be changed", "NON_MUTABLE_INVENTORY_ITEM")
    ledger = change.get("ledgerDocumentUri")
    if name == "available" and ledger is not None:
        raise Refusal([*field, "ledgerDocumentUri"], "Not allowed for available", "INVALID_AVAILABLE_DOCUMENT")
    if name != "available" and ledger is None:
        raise Refusal([*field, "ledgerDocumentUri"], "Required for this quantity", "INVALID_QUANTITY_DOCUMENT")
    now = item.levels[location.id][name]
    if "changeFromQuantity" not in change:
        raise Refusal([*field, "changeFromQuantity"], "changeFromQuantity must be given, null to skip the check")
    expected = change["changeFromQuantity"]
    if expected is not None and expected != now:
        raise Refusal([*field, "changeFromQuantity"], "The quantity has changed", "CHANGE_FROM_QUANTITY_STALE")
    delta = int(change["delta"])
    if abs(delta) > 1_000_000_000:
        raise Refusal([*field, "delta"], "The quantity is out of range", "INVALID_QUANTITY_TOO_HIGH")
    return item, location, delta
