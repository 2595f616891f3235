"""What the shop's pages show, read from the shop as plain rows; amounts are texts with their currency."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from retour.sandbox.shopify import report
from retour.sandbox.shopify.model import Line, Order, Refund, Return
from retour.sandbox.shopify.money import Money, text
from retour.sandbox.shopify.state import Shop

PAGE: Final = 50
_NUMBER: Final = re.compile(r"\bR-\d+\b")

Row = dict[str, Any]


def said(money: Money | None, *, less: bool = False) -> str:
    """Return an amount for people, with a true minus where it is taken away."""
    if money is None:
        return ""
    amount = -money.amount if less else money.amount
    return f"{text(amount)} {money.currency_code}".replace("-", "\u2212")


def when(at: datetime | None) -> str:
    """Return a day and time of the shop's clock, in UTC."""
    return at.strftime("%d %b %Y, %H:%M") if at else ""


def orders(shop: Shop, *, wanted: str, only: str, before: int | None) -> Row:
    """Return a page of orders, the newest number first: those that match the text and the view."""
    shop.settle_due()
    found = [o for o in shop.orders.values() if _is_in(o, only) and _mentions(o, wanted.strip().lower())]
    found.sort(key=lambda o: o.number, reverse=True)
    rest = [o for o in found if before is None or o.number < before]
    shown = rest[:PAGE]
    return {
        "count": len(found),
        "rows": [_order_row(order) for order in shown],
        "older": shown[-1].number if len(rest) > PAGE else None,
    }


def _is_in(order: Order, view: str) -> bool:
    return bool(order.returns if view == "returns" else order.refunds) if view in {"returns", "refunds"} else True


def _mentions(order: Order, wanted: str) -> bool:
    texts = (order.name, order.customer.display_name, order.email, order.phone, *order.tags, order.note)
    return not wanted or any(wanted in (each or "").lower() for each in texts)


def _order_row(order: Order) -> Row:
    return {
        "name": order.name,
        "number": order.number,
        "placed": when(order.created_at),
        "customer": order.customer.display_name,
        "contact": order.email or order.phone or "",
        "total": said(order.total_price.presentment_money),
        "back": said(order.given_back.presentment_money, less=True) if order.given_back.amount else "",
        "returns": [f"{ret.name} {ret.status.lower()}" for ret in order.returns],
        "tags": order.tags,
    }


def order(shop: Shop, number: int) -> Row | None:
    """Return everything that hangs on one order."""
    shop.settle_due()
    found = next((o for o in shop.orders.values() if o.number == number), None)
    if found is None:
        return None
    return {
        **_order_row(found),
        "id": found.id,
        "address": [v for k, v in found.shipping_address.items() if k not in {"id", "phone"} and v],
        "lines": [_line(line) for line in found.line_items],
        "discounts": said(found.total_discounts.presentment_money, less=True) if found.total_discounts.amount else "",
        "shipping": said(found.total_shipping_price.presentment_money),
        "tax": said(found.total_tax.presentment_money),
        "tax_included": found.taxes_included,
        "transactions": [
            {
                "kind": t.kind.lower(), "status": t.status.lower(), "gateway": t.gateway.replace("_", " "),
                "card": t.account_number or "", "at": when(t.created_at),
                "amount": said(t.amount.presentment_money, less=t.kind == "REFUND"),
            }
            for t in found.transactions
        ],
        "refunds": [_refund(refund) for refund in found.refunds],
        "returns": [_return(ret) for ret in found.returns],
        "parcels": [
            {
                "name": parcel.name, "from": parcel.location.name, "status": parcel.display_status.lower(),
                "tracking": parcel.tracking_number, "delivered": when(parcel.delivered_at),
                "units": ", ".join(f"{row.quantity} × {row.line_item.name}" for row in parcel.lines),
            }
            for parcel in found.fulfillments
        ],
        "notes": (found.note or "").splitlines(),
        "stories": found.stories,
    }  # fmt: skip


def _line(line: Line) -> Row:
    return {
        "sku": line.sku, "name": line.name, "quantity": line.quantity, "sent": line.sent, "refunded": line.refunded,
        "price": said(line.original_unit_price.presentment_money), "paid": said(line.discounted.presentment_money),
        "taxes": ", ".join(f"{t.title} {float(t.rate):.4%}".replace(".0000%", " %") for t in line.tax_lines),
    }  # fmt: skip


def _refund(refund: Refund) -> Row:
    return {
        "at": when(refund.created_at),
        "note": refund.note or "",
        "by": "Retour or another app" if refund.by == "api" else "the shop, by hand",
        "amount": said(refund.total_refunded.presentment_money, less=True),
        "lines": [f"{r.quantity} × {r.line_item.name}, {_shelf(r.restock_type)}" for r in refund.lines],
    }


def _shelf(restock_type: str) -> str:
    return {"RETURN": "put back", "CANCEL": "never left"}.get(restock_type, "not put back")


def _return(ret: Return) -> Row:
    dispositions = [
        f"{d.quantity} × {row.fulfillment_line_item.line_item.name}: {d.type.replace('_', ' ').lower()}"
        + (f", {d.location.name}" if d.location else "")
        for rfo in ret.reverse_orders
        for row in rfo.lines
        for d in row.dispositions
    ]
    notes = [text_ for line in ret.lines for text_ in (line.return_reason_note, line.customer_note) if text_]
    return {
        "name": ret.name,
        "status": ret.status.lower(),
        "opened": when(ret.created_at),
        "lines": [
            f"{line.quantity} × {line.fulfillment_line_item.line_item.name}"
            f" ({line.processed} processed, {line.refunded} refunded)"
            for line in ret.lines
        ],
        "notes": notes,
        "dispositions": dispositions,
        "reference": next((found[0] for note in notes if (found := _NUMBER.search(note))), ""),
    }


def stock(shop: Shop) -> Row:
    """Return the shelves: sellable units by article and place, and the newest entries of the restock ledger."""
    places = list(shop.locations.values())
    return {
        "places": [place.name for place in places],
        "rows": [
            {
                "sku": variant.sku, "name": variant.product.title,
                "units": [variant.inventory_item.levels[place.id]["available"] for place in places],
            }
            for variant in shop.variants.values()
        ],
        "restocks": [
            {
                "at": when(entry.at), "sku": shop.items[entry.item_id].sku, "quantity": entry.quantity,
                "place": shop.locations[entry.location_id].name, "way": entry.way, "order": entry.order_name or "",
            }
            for entry in reversed(shop.restocks[-20:])
        ],
    }  # fmt: skip


def books(shop: Shop) -> Row:
    """Return the money taken and given back by currency, what outside calls have moved, and what is broken."""
    shop.settle_due()
    taken: defaultdict[str, Decimal] = defaultdict(Decimal)
    back: defaultdict[str, Decimal] = defaultdict(Decimal)
    pending: defaultdict[str, int] = defaultdict(int)
    failed: defaultdict[str, int] = defaultdict(int)
    for each in shop.orders.values():
        currency = each.presentment_currency_code
        taken[currency] += each.paid.amount
        back[currency] += each.given_back.amount
        given = [t for t in each.transactions if t.kind == "REFUND"]
        pending[currency] += sum(t.status == "PENDING" for t in given)
        failed[currency] += sum(t.status == "FAILURE" for t in given)
    counted = report.counts(shop)
    return {
        "money": [
            {
                "currency": currency, "taken": said(Money(taken[currency], currency)),
                "back": said(Money(back[currency], currency), less=bool(back[currency])),
                "kept": said(Money(taken[currency] - back[currency], currency)),
                "pending": pending[currency], "failed": failed[currency],
            }
            for currency in sorted(taken)
        ],
        "effects": _counted(counted["effects"].items()),
        "calls": _counted(counted["calls"].items()),
        "refused": _counted(counted["refused"].items()),
        "broken": {name.replace("_", " "): str(found) for name, found in counted["broken"].items() if found},
    }  # fmt: skip


def _counted(pairs: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    return sorted(((name.replace("_", " "), count) for name, count in pairs), key=lambda pair: (-pair[1], pair[0]))
