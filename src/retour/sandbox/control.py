"""The control desk under `/_sandbox/`: misbehave, settle settings, count effects, read the books, make orders."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import InvalidOperation
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from retour.sandbox.shopify import catalogue, compliance, drafts, refunds, report
from retour.sandbox.shopify.building import add_order, send_all
from retour.sandbox.shopify.refusal import Refusal

if TYPE_CHECKING:
    from retour.sandbox.app import Sandbox

Answer = Callable[[dict[str, Any]], Awaitable[Any] | Any]


class Control:
    """Answers the control routes of one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def routes(self) -> list[Route]:
        """Return the control routes."""
        table: list[tuple[str, str, Answer]] = [
            ("GET", "health", lambda _: {"ok": True, "orders": len(self._sandbox.shop.orders)}),
            ("POST", "misbehave", self._misbehave),
            ("POST", "behave", self._behave),
            ("GET", "settings", lambda _: dataclasses.asdict(self._sandbox.shop.settings)),
            ("POST", "settings", self._settings),
            ("GET", "webhooks", lambda _: self._post_office()),
            ("POST", "webhooks", self._webhooks),
            ("GET", "counts", lambda _: report.counts(self._sandbox.shop)),
            ("GET", "books", lambda wish: report.books(self._sandbox.shop, wish.get("order"))),
            ("GET", "orders", lambda wish: self._stories(wish.get("story"))),
            ("POST", "orders", self._order),
            ("POST", "admin-refund", self._admin_refund),
            ("POST", "privacy", self._privacy),
            ("POST", "pay-invoice", self._pay_invoice),
            ("POST", "stock", self._stock),
            ("POST", "fulfil", self._fulfil),
            ("GET", "drafts", lambda _: self._drafts()),
            ("POST", "forget-keys", lambda _: {"forgotten": self._sandbox.gateway.keys.forget()}),
            ("POST", "reset", self._reset),
        ]
        return [Route(f"/_sandbox/{path}", _route(answer), methods=[verb]) for verb, path, answer in table]

    def _misbehave(self, wish: dict[str, Any]) -> dict[str, Any]:
        self._sandbox.plan.add(wish)
        return {"rules": [dataclasses.asdict(rule) for rule in self._sandbox.plan.rules]}

    def _behave(self, _: dict[str, Any]) -> dict[str, Any]:
        rules = [dataclasses.asdict(rule) for rule in self._sandbox.plan.rules]
        self._sandbox.plan.clear()
        return {"rules": rules}

    def _settings(self, wish: dict[str, Any]) -> dict[str, Any]:
        shop = self._sandbox.shop
        ahead = wish.pop("advance_s", None)
        known = {f.name for f in dataclasses.fields(shop.settings)}
        if unknown := set(wish) - known:
            raise ValueError(f"unknown settings: {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")
        for name, value in wish.items():
            setattr(shop.settings, name, value)
        if ahead is not None:
            shop.clock_ahead += timedelta(seconds=float(ahead))
        return dataclasses.asdict(shop.settings)

    def _webhooks(self, wish: dict[str, Any]) -> dict[str, Any]:
        office = self._sandbox.office
        for name in ("duplicate", "reorder", "drop"):
            if name in wish:
                setattr(office.astray, name, int(wish[name]))
        office.astray.delay_s = float(wish.get("delay_s", office.astray.delay_s))
        if wish.get("release") or office.astray.reorder < 2:
            office.release()
        for url in wish.get("subscribe", ()):
            self._sandbox.subscribe_all(url)
        return self._post_office()

    def _post_office(self) -> dict[str, Any]:
        office = self._sandbox.office
        rows = self._sandbox.shop.subscriptions.values()
        return {
            "counts": dict(office.counts),
            "held": len(office.held),
            "under_way": len(office.tasks),
            "astray": dataclasses.asdict(office.astray),
            "subscriptions": [{"id": s.id, "topic": s.topic, "uri": s.uri, "failures": s.failures} for s in rows],
        }

    def _stories(self, story: str | None) -> dict[str, Any]:
        rows = report.stories(self._sandbox.shop)
        return {"orders": [row for row in rows if story is None or story in row["stories"]]}

    def _order(self, wish: dict[str, Any]) -> dict[str, Any]:
        shop = self._sandbox.shop
        order = add_order(shop, wish, stories=["made by a test"])
        shop.tell("ORDERS_CREATE", order=order)
        self._sandbox.announcer.flush(shop)
        row = next(row for row in report.stories(shop) if row["id"] == order.id)
        parcels = [line for parcel in order.fulfillments for line in parcel.lines]
        return {
            **row,
            "fulfillment_lines": [
                {"id": p.id, "line": p.line_item.id, "sku": p.line_item.sku, "quantity": p.quantity} for p in parcels
            ],
            "transactions": [
                {"id": t.id, "gateway": t.gateway, "amount": f"{t.amount.amount:f}"} for t in order.transactions
            ],
        }

    def _admin_refund(self, wish: dict[str, Any]) -> dict[str, Any]:
        shop = self._sandbox.shop
        order = next((o for o in shop.orders.values() if wish["order"] in {o.id, o.name}), None)
        if order is None:
            raise ValueError("unknown order")
        refund = refunds.admin_refund(shop, order, wish)
        self._sandbox.announcer.flush(shop)
        return {"id": refund.id, "amount": f"{refund.total_refunded.amount:f}"}

    def _privacy(self, wish: dict[str, Any]) -> dict[str, Any]:
        """Send one of the three mandatory privacy topics to everybody who listens, or to `url`."""
        shop = self._sandbox.shop
        customer = compliance.customer_of(shop, wish.get("customer"), wish.get("order"))
        body = compliance.body(shop, wish["topic"], customer, request=wish.get("request", 9999))
        to = [wish["url"]] if "url" in wish else sorted({s.uri for s in shop.subscriptions.values()})
        event_id = self._sandbox.announcer.comply(shop, wish["topic"], body, to, event_id=wish.get("event_id"))
        return {"event_id": event_id, "sent_to": to, "body": body}

    def _pay_invoice(self, wish: dict[str, Any]) -> dict[str, Any]:
        """Let the shopper pay a draft's invoice: the named one, or the newest; or a payment of an `order` come in."""
        shop = self._sandbox.shop
        if "order" in wish:
            order = shop.orders[wish["order"]]
            drafts.collect(shop, order)
        else:
            gid = wish.get("draft") or list(shop.drafts)[-1]
            order = drafts.pay(shop, gid, pending=bool(wish.get("pending")), price=wish.get("price"))
        self._sandbox.announcer.flush(shop)
        return {"order": order.id, "name": order.name, "amount": f"{order.paid.amount:f}"}

    def _stock(self, wish: dict[str, Any]) -> dict[str, Any]:
        """Say how many units of a SKU can be sold at the first place; the others have none."""
        variant = self._sandbox.shop.variants[wish["sku"]]
        for index, level in enumerate(variant.inventory_item.levels.values()):
            level["available"] = 0 if index else int(wish["available"])
        return {"sku": variant.sku, "available": catalogue.available(variant)}

    def _fulfil(self, wish: dict[str, Any]) -> dict[str, Any]:
        """Send every unit of an order that was not sent yet."""
        shop = self._sandbox.shop
        order = shop.orders[wish["order"]]
        send_all(shop, order)
        shop.touched(order)
        self._sandbox.announcer.flush(shop)
        return {"order": order.id, "parcels": len(order.fulfillments)}

    def _drafts(self) -> dict[str, Any]:
        return {
            "drafts": [
                {
                    "id": d.id, "status": d.status, "tags": d.tags, "total": f"{d.total_price.amount:f}",
                    "discount": f"{d.total_discounts.amount:f}", "order": d.order.id if d.order else None,
                    "email": d.email, "to": d.shipping_address,
                }
                for d in self._sandbox.shop.drafts.values()
            ]
        }  # fmt: skip

    def _reset(self, wish: dict[str, Any]) -> dict[str, Any]:
        self._sandbox.reset(seed=wish.get("seed"), orders=wish.get("orders"))
        return {"orders": len(self._sandbox.shop.orders)}


async def _wish(request: Request) -> dict[str, Any]:
    if request.method != "POST":
        return dict(request.query_params)
    wish = json.loads(await request.body() or b"{}")
    if not isinstance(wish, dict):
        raise TypeError("the body must be a JSON object")
    return wish


def _route(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(answer(await _wish(request)))
        except (ValueError, KeyError, TypeError, InvalidOperation, IndexError) as error:
            return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 400)
        except Refusal as refusal:
            return JSONResponse({"error": refusal.message}, 422)

    return endpoint
