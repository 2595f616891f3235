"""Draft orders: drafted, paid by invoice or completed for nothing, deleted; and orders that are cancelled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from retour.sandbox.shopify import pricing
from retour.sandbox.shopify.building import RATES, add_order, figures
from retour.sandbox.shopify.goods import Variant
from retour.sandbox.shopify.model import Order, Transaction
from retour.sandbox.shopify.money import Bag, rounded
from retour.sandbox.shopify.refusal import Refusal
from retour.sandbox.shopify.state import Shop

Input = Mapping[str, Any]
TAG_MOST = 40
HOME_TAX = [["VAT", "0.19"]]


@dataclass(slots=True, eq=False)
class Draft:
    """An order that is not one yet; `holds` are the units kept back for it, by variant and location."""

    id: str
    name: str
    spec: dict[str, Any]
    total_price: Bag
    total_tax: Bag
    total_discounts: Bag
    taxes_included: bool
    created_at: datetime
    invoice_url: str
    tags: list[str] = field(default_factory=list)
    email: str | None = None
    shipping_address: dict[str, Any] | None = None
    reserve_inventory_until: datetime | None = None
    status: str = "OPEN"
    completed_at: datetime | None = None
    invoice_sent_at: datetime | None = None
    order: Order | None = None
    holds: list[tuple[Variant, str, int]] = field(default_factory=list)

    @property
    def currency_code(self) -> str:
        return self.total_price.shop_money.currency_code

    @property
    def presentment_currency_code(self) -> str:
        return self.total_price.presentment_money.currency_code


def create(shop: Shop, wish: Input) -> dict[str, Any]:
    """Carry out `draftOrderCreate` and return its payload; raises Refusal."""
    if not wish.get("lineItems"):
        raise Refusal(["lineItems"], "Add at least 1 product")
    if any(len(tag) > TAG_MOST for tag in wish.get("tags") or ()):
        raise Refusal(["tags"], f"Tag is too long (maximum is {TAG_MOST} characters)")
    currency = wish.get("presentmentCurrencyCode") or shop.currency
    lines = [_line(shop, line, index, currency) for index, line in enumerate(wish["lineItems"])]
    customer = shop.customers.get((wish.get("purchasingEntity") or {}).get("customerId") or "")
    spec: dict[str, Any] = {
        "lines": lines, "currency": currency, "taxes_included": shop.settings.taxes_included, "days_ago": 0,
        "customer_id": customer.id if customer else None, "email": wish.get("email"), "phone": wish.get("phone"),
        "tags": list(wish.get("tags") or ()), "note": wish.get("note"), "order_discount": _discount(wish),
        "source": "shopify_draft_order",
    }  # fmt: skip
    to = wish.get("shippingAddress")
    if to:
        name = f"{to.get('firstName') or ''} {to.get('lastName') or ''}".strip()
        spec["address"] = {key: to.get(field) for key, field in _ADDRESS.items() if to.get(field)} | {"name": name}
        spec["customer"] = name or "Nobody"
    price, tax, off = figures(shop, spec)
    gid = shop.new_id("DraftOrder")
    draft = Draft(
        gid, f"#D{1 + len(shop.drafts)}", spec, price, tax, off, shop.settings.taxes_included, shop.now(),
        f"{shop.address}/invoices/{gid.rsplit('/', 1)[-1]}", list(wish.get("tags") or ()), wish.get("email"), to,
        wish.get("reserveInventoryUntil"),
    )  # fmt: skip
    if draft.reserve_inventory_until is not None:
        _take(shop, draft)
    shop.drafts[gid] = draft
    shop.effects["draft"] += 1
    return {"draftOrder": draft}


_ADDRESS = {
    "address1": "address1", "address2": "address2", "city": "city", "company": "company", "province": "provinceCode",
    "zip": "zip", "country": "countryCode",
}  # fmt: skip


def complete(shop: Shop, gid: str) -> dict[str, Any]:
    """Carry out `draftOrderComplete`: the draft becomes an order that counts as paid; raises Refusal."""
    draft = _open(shop, gid)
    _become(shop, draft)
    return {"draftOrder": draft}


def send_invoice(shop: Shop, gid: str) -> dict[str, Any]:
    """Carry out `draftOrderInvoiceSend`; raises Refusal."""
    draft = _open(shop, gid)
    if not draft.email:
        raise Refusal(["email", "to"], "To can't be blank")
    draft.status, draft.invoice_sent_at = "INVOICE_SENT", shop.now()
    shop.effects["invoice"] += 1
    return {"draftOrder": draft}


def delete(shop: Shop, gid: str) -> dict[str, Any]:
    """Carry out `draftOrderDelete`; what it held is free again; raises Refusal."""
    draft = _open(shop, gid)
    _give_back(shop, draft)
    del shop.drafts[gid]
    shop.effects["draft_deleted"] += 1
    return {"deletedId": gid}


def pay(shop: Shop, gid: str, *, pending: bool = False, price: str | None = None) -> Order:
    """Let the shopper pay the invoice of a draft; raises Refusal.

    `pending` leaves the payment to come, as a manual one is; `price` is what staff made of its first line before.
    """
    draft = _open(shop, gid)
    if price is not None:
        draft.spec["lines"][0]["price"] = price
    if pending:
        draft.spec["payments"] = [{"gateway": "manual", "amount": "0"}]
    return _become(shop, draft)


def collect(shop: Shop, order: Order) -> None:
    """Let a payment that was pending come in."""
    taken = Transaction(
        shop.new_id("OrderTransaction"), "SALE", "SUCCESS", "manual", order.total_price, order, shop.now()
    )
    order.transactions.append(taken)
    shop.transactions[taken.id] = taken
    shop.touched(order)


def cancel(shop: Shop, args: Input) -> dict[str, Any]:
    """Carry out `orderCancel` at once: what was paid goes back, unsent units are free again; raises Refusal."""
    order = shop.orders.get(args["orderId"])
    if order is None:
        raise Refusal(["orderId"], "Order does not exist", "NOT_FOUND")
    if order.cancelled_at is not None or any(line.sent for line in order.line_items):
        raise Refusal(["orderId"], "Cannot cancel an order that was fulfilled or cancelled", "INVALID")
    if shop.settings.cancels == "refused":
        raise Refusal(["orderId"], "This order cannot be cancelled", "INVALID")
    job = {"id": shop.new_id("Job"), "done": True}
    shop.jobs[str(job["id"])] = job
    if shop.settings.cancels == "undone":
        return {"job": job}
    now = shop.now()
    order.cancelled_at = now
    if (args.get("refundMethod") or {}).get("originalPaymentMethodsRefund"):
        for parent in pricing.payments(order):
            rest = pricing.rest_of(parent)
            if rest.amount:
                back = Transaction(
                    shop.new_id("OrderTransaction"), "REFUND", "SUCCESS", parent.gateway, rest, order, now,
                    parent_transaction=parent,
                )  # fmt: skip
                order.transactions.append(back)
                shop.transactions[back.id] = back
    if args.get("restock"):
        for line in order.line_items:
            _shelve(shop, line.variant, next(iter(shop.locations)), line.quantity)
    for line in order.line_items:
        line.cancelled = line.quantity
    shop.effects["order_cancelled"] += 1
    shop.touched(order)
    return {"job": job}


def find(shop: Shop, wanted: str) -> list[Draft]:
    """Return the drafts with the tag that a search names (`tag:…`), oldest first, as a lagging index shows them."""
    key, _, value = wanted.partition(":")
    if key != "tag":
        raise Refusal(["query"], f"Search filter {key} is not part of this shop")
    tag = value.strip("'\"").lower()
    return [d for d in shop.drafts.values() if shop.visible(d.created_at) and tag in {t.lower() for t in d.tags}]


def _open(shop: Shop, gid: str) -> Draft:
    draft = shop.drafts.get(gid)
    if draft is None:
        raise Refusal(["id"], "Draft order does not exist")
    if draft.status == "COMPLETED":
        raise Refusal(["id"], "This order has been paid")
    return draft


def _become(shop: Shop, draft: Draft) -> Order:
    order = add_order(shop, draft.spec, stories=["drafted"])
    if not draft.holds:
        _take(shop, draft)
    draft.status, draft.completed_at, draft.order, draft.holds = "COMPLETED", shop.now(), order, []
    shop.effects["order_from_draft"] += 1
    shop.tell("ORDERS_CREATE", order=order)
    return order


def price_in(shop: Shop, variant: Variant, currency: str) -> Decimal:
    """Return what a variant costs in a currency."""
    price = variant.price if currency == shop.currency else variant.price / Decimal(RATES[currency])
    return rounded(price, currency)


def _custom(wish: Input, index: int, currency: str) -> dict[str, Any]:
    """Return a line that is no article: what comes on top of it, or is in it, is the tax of the shop's own country."""
    price = wish.get("originalUnitPriceWithCurrency")
    if not wish.get("title") or not price:
        raise Refusal(["lineItems", str(index)], "Custom item needs a title and a price")
    if price["currencyCode"] != currency:
        raise Refusal(["lineItems", str(index)], "Currency must be that of the draft order")
    return {
        "sku": "CUSTOM", "name": wish["title"], "price": str(Decimal(str(price["amount"]))), "quantity": wish["quantity"],
        "fulfilled": 0, "taxes": HOME_TAX if wish.get("taxable", True) else [], "custom": True,
        "requires_shipping": wish.get("requiresShipping", True),
    }  # fmt: skip


def _line(shop: Shop, wish: Input, index: int, currency: str) -> dict[str, Any]:
    if not wish.get("variantId"):
        return _custom(wish, index, currency)
    variant = next((v for v in shop.variants.values() if v.id == wish.get("variantId")), None)
    if variant is None:
        raise Refusal(["lineItems", str(index), "variantId"], "Variant does not exist")
    if wish["quantity"] < 1:
        raise Refusal(["lineItems", str(index), "quantity"], "Quantity must be greater than 0")
    price = str(price_in(shop, variant, currency))
    return {
        "sku": variant.sku, "name": variant.full_title, "price": price, "quantity": wish["quantity"],
        "fulfilled": 0, "taxes": variant.taxes,
    }  # fmt: skip


def _discount(wish: Input) -> dict[str, Any] | None:
    applied = wish.get("appliedDiscount")
    if not applied:
        return None
    title = {"title": applied.get("title") or "Discount", "by": "Manual"}
    if applied["valueType"] == "PERCENTAGE":
        return {"percent": str(Decimal(str(applied["value"]))), **title}
    money = applied.get("amountWithCurrency") or {"amount": applied["value"]}
    return {"amount": str(Decimal(str(money["amount"]))), **title}


def _take(shop: Shop, draft: Draft) -> None:
    """Take the units of a draft off the shelf, wherever they lie; more than there are may be promised."""
    place = next(iter(shop.locations))
    for line in draft.spec["lines"]:
        if line.get("custom"):
            continue
        variant = shop.variants[line["sku"]]
        _shelve(shop, variant, place, -line["quantity"])
        draft.holds.append((variant, place, line["quantity"]))


def _give_back(shop: Shop, draft: Draft) -> None:
    for variant, place, quantity in draft.holds:
        _shelve(shop, variant, place, quantity)
    draft.holds = []


def _shelve(shop: Shop, variant: Variant, place: str, quantity: int) -> None:
    variant.inventory_item.levels[place]["available"] += quantity
    variant.inventory_item.updated_at[place] = shop.now()
