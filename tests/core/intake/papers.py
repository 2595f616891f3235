"""Documents as another system sends them, with one thing changed at a time."""

from typing import Any


def a_return(**changes: Any) -> dict[str, Any]:
    """Return a whole return of one unit of SKU-line-1 of order #1001."""
    return {
        "schema": "retour.return/1", "id": "EXT-1", "status": "requested", "created_at": "2026-02-28T10:00:00Z",
        "updated_at": "2026-02-28T10:00:00Z", "order": {"number": "#1001"},
        "customer": {"email": "canary.shopper@example.com"},
        "items": [{"sku": "SKU-line-1", "quantity": 1, "reason": {"code": "too_small"}}],
    } | changes  # fmt: skip


def an_order(**changes: Any) -> dict[str, Any]:
    """Return an order of two lines, shipping and one payment that covers it."""
    return {
        "schema": "retour.order/1", "id": "O-1", "number": "#1001", "placed_at": "2026-02-24T09:00:00+01:00",
        "updated_at": "2026-02-26T09:00:00Z", "currency": "EUR", "total": "64.97", "prices_include_tax": True,
        "country": "DE", "customer": {"id": "c-1", "name": "Cara Canary", "email": "canary.shopper@example.com"},
        "lines": [
            {"id": "line-1", "sku": "SKU-line-1", "title": "Coat", "quantity": 2, "total": "39.98", "tax": "6.38",
             "discount": "10.00"},
            {"id": "line-2", "sku": "SKU-line-2", "title": "Hat", "quantity": 1, "total": "20.00", "tax": "3.19"},
        ],
        "charges": [{"id": "ship", "kind": "shipping", "total": "4.99", "tax": "0.80"}],
        "payments": [{"id": "pay-1", "kind": "card", "gateway": "bank", "amount": "64.97",
                      "paid_at": "2026-02-24T08:00:00Z"}],
        "shipments": [{"id": "par-1", "shipped_at": "2026-02-25T08:00:00Z", "delivered_at": "2026-02-26T08:00:00Z",
                       "units": [{"line": "line-1", "quantity": 2}, {"line": "line-2", "quantity": 1}]}],
    } | changes  # fmt: skip
