"""What the shop's books say: effects counted, invariants judged, money and stock as they stand."""

from __future__ import annotations

from collections import Counter
from typing import Any

from retour.sandbox.shopify.model import Order, Refund, Return
from retour.sandbox.shopify.money import text
from retour.sandbox.shopify.state import Shop

_LIVE = frozenset({"REQUESTED", "OPEN", "CLOSED"})


def counts(shop: Shop) -> dict[str, Any]:
    """Return effects per kind and per reference, and every broken invariant."""
    live = [r for r in shop.all_refunds() if r.by == "api" and _moves_something(r)]
    references = Counter(r.note for r in live if r.note)
    adjusted = Counter((r.reference or "", shop.items[r.item_id].sku) for r in shop.restocks if r.way == "adjustment")
    restocked = _restocked_by_line(shop)
    return {
        "effects": dict(shop.effects),
        "calls": dict(shop.calls),
        "refused": dict(shop.refused),
        "refunds_by_reference": dict(references),
        "adjustments_by_reference": {f"{ref} {sku}": count for (ref, sku), count in adjusted.items()},
        "restocked_units": sum(r.quantity for r in shop.restocks),
        "restocks": [
            {
                "way": r.way,
                "order": r.order_name,
                "line": r.line_id,
                "sku": shop.items[r.item_id].sku,
                "location": r.location_id,
                "quantity": r.quantity,
                "reference": r.reference,
            }
            for r in shop.restocks
        ],
        "broken": {
            "double_refunds": {note: count for note, count in references.items() if count > 1},
            "over_refunds": {o.name: _excess(o) for o in shop.orders.values() if _excess(o) != "0"},
            "restocked_more_than_once": _restocked_twice(shop, restocked),
            "drafted_twice": {t: n for t, n in _drafted(shop).items() if n > 1},
            "over_processed": [
                line.id for ret in shop.returns.values() for line in ret.lines if line.processed > line.quantity
            ],
        },
    }


def _drafted(shop: Shop) -> Counter[str]:
    """Return how many orders and open drafts carry each tag of an app's own reference; what was cancelled is gone."""
    standing = [d for d in shop.drafts.values() if d.order is None or d.order.cancelled_at is None]
    found = Counter(tag for d in standing for tag in d.tags if tag.startswith("retour-") and tag != "retour-fee")
    made = {d.order.id for d in shop.drafts.values() if d.order is not None}
    for order in shop.orders.values():
        if order.id not in made:
            found.update(tag for tag in order.tags if tag.startswith("retour-"))
    return found


def _moves_something(refund: Refund) -> bool:
    return not refund.transactions or any(t.counts for t in refund.transactions)


def _excess(order: Order) -> str:
    over = (order.given_back - order.paid).amount
    return text(over) if over > 0 else "0"


def _restocked_by_line(shop: Shop) -> Counter[str]:
    found: Counter[str] = Counter()
    for entry in shop.restocks:
        if entry.line_id:
            found[entry.line_id] += entry.quantity
    return found


def _restocked_twice(shop: Shop, restocked: Counter[str]) -> dict[str, int]:
    """Return the surplus units by line, and by SKU where adjustments came on top of what really came back."""
    back: Counter[str] = Counter()
    by_sku: Counter[str] = Counter()
    for order in shop.orders.values():
        for line in order.line_items:
            disposed = sum(
                d.quantity
                for ret in order.returns
                if ret.status in _LIVE
                for rfo in ret.reverse_orders
                for row in rfo.lines
                if row.fulfillment_line_item.line_item is line
                for d in row.dispositions
            )
            units = disposed + line.refunded_outside + line.cancelled
            back[line.id] = units
            by_sku[line.sku] += units
            for sku, count in line.holds.items():  # nobody but the parcel knows which of them came back
                by_sku[sku] += count * line.sent
    surplus = {shop.lines[gid].sku + " " + gid: n - back[gid] for gid, n in restocked.items() if n > back[gid]}
    shelf: Counter[str] = Counter()
    for entry in shop.restocks:
        shelf[shop.items[entry.item_id].sku] += entry.quantity
    for group in shop.adjustments:
        for change in group["changes"]:  # what was taken out again is not on the shelf
            shelf[change["item"].sku] += min(0, change["delta"])
    return surplus | {sku: n - by_sku[sku] for sku, n in shelf.items() if n > by_sku[sku]}


def books(shop: Shop, name: str | None = None) -> dict[str, Any]:
    """Return the money of every order (or of one) and the stock of every shelf, as decimal texts and units."""
    shop.settle_due()
    chosen = [o for o in shop.orders.values() if name in {None, o.name, o.id}]
    return {
        "orders": {order.name: _order(order) for order in chosen},
        "stock": {
            item.sku: {place: dict(states) for place, states in item.levels.items()} for item in shop.items.values()
        },
        "locations": {place.id: place.name for place in shop.locations.values()},
        "drafts": {draft.id: draft.status for draft in shop.drafts.values()},
    }


def _order(order: Order) -> dict[str, Any]:
    return {
        "id": order.id,
        "currency": order.presentment_currency_code,
        "total": text(order.total_price.amount),
        "paid": text(order.paid.amount),
        "refunded": text(order.given_back.amount),
        "refunded_shop_money": text(order.given_back.shop_money.amount),
        "tags": order.tags,
        "note": order.note,
        "transactions": [
            {
                "id": t.id,
                "kind": t.kind,
                "status": t.status,
                "gateway": t.gateway,
                "amount": text(t.amount.amount),
                "parent": t.parent_transaction.id if t.parent_transaction else None,
            }
            for t in order.transactions
        ],
        "refunds": [
            {
                "id": r.id,
                "note": r.note,
                "by": r.by,
                "amount": text(r.total_refunded.amount),
                "return": r.for_return.name if r.for_return else None,
                "lines": [
                    {"line": row.line_item.id, "quantity": row.quantity, "restock": row.restock_type} for row in r.lines
                ],
            }
            for r in order.refunds
        ],
        "returns": [_return(ret) for ret in order.returns],
        "lines": [
            {
                "id": i.id,
                "sku": i.sku,
                "quantity": i.quantity,
                "fulfilled": i.sent,
                "refunded": i.refunded,
                "cancelled": i.cancelled,
            }
            for i in order.line_items
        ],
    }


def _return(ret: Return) -> dict[str, Any]:
    return {
        "id": ret.id,
        "name": ret.name,
        "status": ret.status,
        "lines": [
            {
                "sku": line.fulfillment_line_item.line_item.sku,
                "quantity": line.quantity,
                "processed": line.processed,
                "refunded": line.refunded,
            }
            for line in ret.lines
        ],
        "dispositions": [
            {"type": d.type, "quantity": d.quantity, "location": d.location.id if d.location else None}
            for rfo in ret.reverse_orders
            for row in rfo.lines
            for d in row.dispositions
        ],
        "tracking": [d.tracking for rfo in ret.reverse_orders for d in rfo.deliveries],
    }


def stories(shop: Shop) -> list[dict[str, Any]]:
    """Return every order with what is special about it, so that a person can pick one."""
    return [
        {
            "id": o.id,
            "name": o.name,
            "email": o.email,
            "phone": o.phone,
            "zip": o.shipping_address["zip"],
            "currency": o.presentment_currency_code,
            "total": text(o.total_price.amount),
            "stories": o.stories,
            "lines": [{"id": i.id, "sku": i.sku, "quantity": i.quantity, "fulfilled": i.sent} for i in o.line_items],
        }
        for o in shop.orders.values()
    ]
