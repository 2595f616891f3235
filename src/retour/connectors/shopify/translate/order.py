"""Turn the platform's order document into the one shape of an order, with findings instead of crashes."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from retour.core.draft import FEE_TAG
from retour.core.errors import Refused
from retour.core.money import NOTHING, Sides
from retour.core.order import (
    Charge,
    ChargeKind,
    DiscountShare,
    Fetched,
    FulfilledUnits,
    Fulfilment,
    Order,
    OrderLine,
    PlatformReturn,
    PromotionKind,
    Tax,
)

from . import article, customer, payment
from .reading import Reading, instant, many, one, text, texts, total

Doc = Mapping[str, Any]
RETURN_STATUSES: Final = frozenset({"REQUESTED", "OPEN", "CLOSED", "CANCELED", "DECLINED"})
LONGEST_URL: Final = 2_000  # characters
FULFILMENT_STATUSES: Final = frozenset({"SUCCESS", "CANCELLED", "ERROR", "FAILURE"})
PROMOTIONS: Final = {
    "DiscountCodeApplication": PromotionKind.CODE,
    "AutomaticDiscountApplication": PromotionKind.AUTOMATIC,
    "ManualDiscountApplication": PromotionKind.MANUAL,
    "ScriptDiscountApplication": PromotionKind.SCRIPT,
}


def fetched(document: Doc) -> Fetched:
    """Return the order, its person and its findings; raise Refused(malformed_order) if it has no id or name."""
    ref, name = text(document, "id"), text(document, "name")
    if ref is None or name is None:
        raise Refused("malformed_order", "the document has no order id or name")
    reading = Reading()
    for field, most in (("fulfillments", 40), ("refunds", 40), ("transactions", 25)):
        if len(many(document, field)) >= most:
            reading.find("list_may_be_cut", ref, field)  # plain lists of the platform have no next page
    order = _order(document, ref, name, reading)
    raw = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    person = customer.person(document, order.shop_currency, reading)
    return Fetched(order=order, person=person, raw=raw, findings=_told(order, reading))


def _told(order: Order, reading: Reading) -> tuple[str, ...]:
    """Return what was found odd; that a fee of ours is no article of the catalogue is as it should be."""
    if FEE_TAG not in order.tags:
        return tuple(reading.findings)
    return tuple(found for found in reading.findings if not found.startswith(("sku_missing ", "variant_missing ")))


def _order(document: Doc, ref: str, name: str, reading: Reading) -> Order:
    included = document.get("taxesIncluded") is True
    sold = [
        _line(node, position, included=included, reading=reading)
        for position, node in enumerate(many(document, "lineItems"))
    ]
    fulfilments = tuple(_fulfilments(document, reading))
    lines = tuple(_with_cancelled(line, node, fulfilments, reading) for line, node in sold)
    charges = [*_shipping(document, included=included, reading=reading)]
    if document.get("dutiesIncluded") is not True:
        charges += _duties(document, reading)
    grand = reading.money(document.get("totalPriceSet"), ref)
    charges += _closing(
        document, ref, grand - total([*(line.gross for line in lines), *(charge.gross for charge in charges)]), reading
    )
    if any(c.kind is ChargeKind.ORDER_ROUNDING and _large(c.gross, len(lines) + len(charges)) for c in charges):
        reading.find("sums_do_not_close", ref)
    return Order(
        ref=ref,
        name=name,
        currency=text(document, "presentmentCurrencyCode") or "",
        shop_currency=text(document, "currencyCode") or "",
        placed_at=reading.at(document.get("processedAt") or document.get("createdAt"), ref),
        updated_at=reading.at(document.get("updatedAt"), ref),
        total=grand,
        lines=lines,
        charges=tuple(charges),
        captures=payment.captures(document, reading),
        fulfilments=fulfilments,
        refunds=payment.refunds(document, included=included, reading=reading),
        returns=tuple(_returns(document, reading)),
        taxes_included=included,
        tags=texts(document, "tags"),
        country=text(one(document, "shippingAddress"), "countryCodeV2"),
        discount_codes=texts(document, "discountCodes"),
        cancelled_at=instant(document.get("cancelledAt")),
        test=document.get("test") is True,
        province=text(one(document, "shippingAddress"), "provinceCode"),
        channel=text(document, "sourceName"),
        app=text(one(document, "app"), "name"),
        company=customer.company(document),
        risk=customer.risk(document, ref, reading),
        failed_payments=payment.failed(document),
    )


def _line(node: Doc, position: int, *, included: bool, reading: Reading) -> tuple[OrderLine, Doc]:
    ref = text(node, "id") or f"line-{position}"
    quantity = reading.count(node.get("quantity"), ref)
    unit = reading.money(node.get("originalUnitPriceSet"), ref)
    listed = Sides(unit.presentment * quantity, unit.shop * quantity)
    discounts = tuple(_discounts(node, ref, reading))
    taxes = tuple(_taxes(node, ref, reading))
    settled = listed - total(share.amount for share in discounts)
    variant = one(node, "variant")
    if text(node, "sku") is None:
        reading.find("sku_missing", ref)
    if not variant:
        reading.find("variant_missing", ref)
    line = OrderLine(
        ref=ref,
        position=position,
        title=text(node, "name") or "",
        quantity=quantity,
        gross=settled if included else settled + total(tax.amount for tax in taxes),
        list_value=listed,
        taxes=taxes,
        discounts=discounts,
        sku=text(node, "sku"),
        variant_ref=text(variant, "id"),
        inventory_ref=_inventory_ref(variant),
        image_url=_address(text(one(node, "image"), "url")),
        requires_shipping=node.get("requiresShipping") is not False,
        bundle_ref=text(one(node, "lineItemGroup"), "id"),
        product=article.product(node, ref, reading),
        bundle=article.bundle(node),
        weight_g=article.weight_g(variant, ref, reading),
        properties=article.properties(node),
    )
    return line, node


def _inventory_ref(variant: Doc) -> str | None:
    item = one(variant, "inventoryItem")
    return text(item, "id") if item.get("tracked") is not False else None


def _address(url: str | None) -> str | None:
    """Return the address of a picture; nothing for what no browser would show or what is too long to be one."""
    return url if url and len(url) <= LONGEST_URL and url.startswith(("https://", "http://")) else None


def _with_cancelled(sold: OrderLine, node: Doc, fulfilments: tuple[Fulfilment, ...], reading: Reading) -> OrderLine:
    """Return the line with the units that left the order unshipped: neither sent nor still to be sent."""
    sent = sum(u.quantity for f in fulfilments for u in f.units if u.line_ref == sold.ref)
    waiting = reading.count(node.get("unfulfilledQuantity"), sold.ref)
    removed = sold.quantity - reading.count(node.get("currentQuantity"), sold.ref)
    if sent > sold.quantity:
        reading.find("more_fulfilled_than_ordered", sold.ref, sent)
    cancelled = max(0, min(sold.quantity - sent - waiting, removed, sold.quantity - sent))
    return replace(sold, cancelled=cancelled)


def _taxes(node: Doc, ref: str, reading: Reading) -> list[Tax]:
    """Return the tax lines as buckets named by title and rate; a second one of the same name is numbered."""
    taxes: list[Tax] = []
    for tax in many(node, "taxLines"):
        rate = tax.get("rate")
        name = f"{text(tax, 'title') or 'tax'} {rate}" if rate is not None else text(tax, "title") or "tax"
        taken = sum(1 for other in taxes if other.bucket == name or other.bucket.startswith(f"{name} #"))
        bucket = f"{name} #{taken + 1}" if taken else name
        taxes.append(Tax(bucket, reading.money(tax.get("priceSet"), ref)))
    return taxes


def _discounts(node: Doc, ref: str, reading: Reading) -> list[DiscountShare]:
    shares = []
    for allocation in many(node, "discountAllocations"):
        application = one(allocation, "discountApplication")
        name = text(application, "code") or text(application, "title") or f"discount {application.get('index', 0)}"
        amount = reading.money(allocation.get("allocatedAmountSet"), ref)
        if amount:
            shares.append(DiscountShare(name, amount, PROMOTIONS.get(str(application.get("__typename")))))
    return shares


def _shipping(document: Doc, *, included: bool, reading: Reading) -> list[Charge]:
    charges = []
    for position, node in enumerate(many(document, "shippingLines")):
        ref = text(node, "id") or f"shipping-{position}"
        taxes = tuple(_taxes(node, ref, reading))
        price = reading.money(node.get("discountedPriceSet"), ref)
        gross = price if included else price + total(tax.amount for tax in taxes)
        charges.append(Charge(ref, ChargeKind.SHIPPING, text(node, "title") or "", gross, taxes))
    return charges


def _duties(document: Doc, reading: Reading) -> list[Charge]:
    charges = []
    for line in many(document, "lineItems"):
        for position, duty in enumerate(many(line, "duties")):
            ref = text(duty, "id") or f"{text(line, 'id')}-duty-{position}"
            taxes = tuple(_taxes(duty, ref, reading))
            gross = reading.money(duty.get("price"), ref) + total(tax.amount for tax in taxes)
            charges.append(Charge(ref, ChargeKind.DUTY, "duty", gross, taxes, text(line, "id")))
    return charges


def _closing(document: Doc, ref: str, gap: Sides, reading: Reading) -> list[Charge]:
    """Return the tip and the rounding that make lines and charges add up to the order's total on both sides.

    A tip that the platform already lists as a line is not charged twice: it counts only where it closes the gap.
    """
    closing: list[Charge] = []
    tip = reading.money(document["totalTipReceivedSet"], ref) if document.get("totalTipReceivedSet") else NOTHING
    if tip and abs((gap - tip).presentment) < abs(gap.presentment):
        closing.append(Charge(f"{ref}#tip", ChargeKind.TIP, "tip", tip))
        gap -= tip
    if gap:
        closing.append(Charge(f"{ref}#rounding", ChargeKind.ORDER_ROUNDING, "rounding", gap))
    return closing


def _large(gap: Sides, parts: int) -> bool:
    """Return whether a rounding is more than one minor unit per part, so that it is no rounding."""
    return max(abs(gap.presentment), abs(gap.shop)) > parts


def _fulfilments(document: Doc, reading: Reading) -> list[Fulfilment]:
    parcels = []
    for node in many(document, "fulfillments"):
        ref, status = text(node, "id") or "", text(node, "status")
        if status not in FULFILMENT_STATUSES:
            reading.find("unknown_fulfilment_status", ref, status)
        if status != "SUCCESS":
            continue
        units = tuple(
            FulfilledUnits(
                text(row, "id") or "", text(one(row, "lineItem"), "id") or "", reading.count(row.get("quantity"), ref)
            )
            for row in many(node, "fulfillmentLineItems")
        )
        parcels.append(
            Fulfilment(
                ref=ref,
                shipped_at=reading.at(node.get("createdAt"), ref),
                delivered_at=instant(node.get("deliveredAt")),
                location_ref=text(one(node, "location"), "id"),
                units=units,
            )
        )
    return parcels


def _returns(document: Doc, reading: Reading) -> list[PlatformReturn]:
    found = []
    for node in many(document, "returns"):
        ref, status = text(node, "id") or "", text(node, "status") or ""
        if status not in RETURN_STATUSES:
            reading.find("unknown_return_status", ref, status)
        found.append(PlatformReturn(ref, text(node, "name") or "", status.lower()))
    return found
