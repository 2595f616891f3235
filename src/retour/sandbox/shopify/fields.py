"""How the fields of every type read the shop's objects; what is not listed is an attribute of the same name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import ROUND_HALF_UP
from typing import Any
from urllib.parse import quote

from graphql import GraphQLError, GraphQLResolveInfo

from retour.sandbox.pictures import SIZE
from retour.sandbox.shopify import about, catalogue, pricing, refunds, returns
from retour.sandbox.shopify.goods import InventoryItem
from retour.sandbox.shopify.model import (
    Fulfillment,
    FulfillmentLine,
    Line,
    Order,
    Refund,
    Return,
    ReturnLine,
    ReverseDelivery,
    Transaction,
)
from retour.sandbox.shopify.money import Bag, Money, reached, rounded
from retour.sandbox.shopify.refusal import Refusal
from retour.sandbox.shopify.search import find_orders, page
from retour.sandbox.shopify.state import Shop, number_of

Args = Mapping[str, Any]
Info = GraphQLResolveInfo[Any]
Resolver = Callable[..., Any]


def _shop(info: Info) -> Shop:
    shop = info.context.shop
    assert isinstance(shop, Shop)
    return shop


def _listed(name: str) -> Resolver:
    return lambda source, _, **args: page(getattr(source, name), args)


def _first(name: str) -> Resolver:
    return lambda source, _, first=None: getattr(source, name)[:first]


def _fixed(value: object) -> Resolver:
    return lambda *_, **__: value


def _financial(order: Order, _: Info) -> str:
    back = order.given_back.amount
    if not back:
        return "PAID"
    return "REFUNDED" if back >= order.paid.amount else "PARTIALLY_REFUNDED"


def _fulfilment(order: Order, _: Info) -> str:
    if all(line.sent >= line.quantity - line.cancelled for line in order.line_items):
        return "FULFILLED"
    return "PARTIALLY_FULFILLED" if any(line.sent for line in order.line_items) else "UNFULFILLED"


def _shipping_refunded(order: Order, _: Info) -> Bag:
    none = order.total_price.zero()
    return sum((r.shipping for r in order.refunds if r.shipping is not None), none)


def _seen_refunds(order: Order, info: Info, *, first: int | None = None) -> list[Refund]:
    return [r for r in order.refunds if _shop(info).visible(r.created_at)][:first]


def _seen_returns(order: Order, info: Info, **args: Any) -> dict[str, Any]:
    return page([r for r in order.returns if _shop(info).visible(r.created_at)], args)


def _suggested(order: Order, info: Info, **args: Any) -> dict[str, Any]:
    shop = _shop(info)
    wishes: Any = args.get("refundLineItems") or ()
    if args.get("suggestFullRefund"):
        wishes = [
            {"lineItemId": i.id, "quantity": i.refundable_quantity} for i in order.line_items if i.refundable_quantity
        ]
    try:
        lines = refunds.refund_lines(shop, order, wishes, strict=False)
    except Refusal as refusal:
        raise GraphQLError(refusal.message, extensions={"code": "BAD_USER_INPUT"}) from None
    if order.quotes_less and lines:
        less = lines[0].subtotal.each(lambda value, _: min(value, order.quotes_less))
        lines = [replace(lines[0], subtotal=lines[0].subtotal - less), *lines[1:]]
    full = bool(args.get("refundShipping") or args.get("suggestFullRefund"))
    freight = pricing.freight(order, full=full, amount=args.get("shippingAmount"))
    quote = pricing.quote(order, lines, freight)
    credit = args.get("refundMethodAllocation") == "STORE_CREDIT"
    return {
        "amountSet": quote.amount,
        "subtotalSet": quote.subtotal,
        "discountedSubtotalSet": quote.subtotal,
        "totalCartDiscountAmountSet": quote.cart_discount,
        "totalTaxSet": quote.tax,
        "totalDutiesSet": quote.amount.zero(),
        "maximumRefundableSet": quote.maximum,
        "shipping": {"amountSet": freight.amount, "maximumRefundableSet": freight.maximum, "taxSet": freight.tax},
        "refundLineItems": lines,
        "suggestedTransactions": [] if credit else quote.tenders,
        "suggestedRefundMethods": [{"amount": quote.amount, "maximumRefundable": quote.maximum}] if credit else [],
    }


def _address(order: Order, _: Info) -> dict[str, Any]:
    return order.shipping_address


def _image(line: Line, info: Info) -> dict[str, Any]:
    gid = line.variant.id.replace("ProductVariant/", "ProductImage/")
    url = f"{_shop(info).address}/pictures/{quote(line.sku, safe='')}.png"
    return {"id": gid, "altText": line.title, "width": SIZE, "height": SIZE, "url": url}


def _of_article(resolve: Resolver) -> Resolver:
    """Return the resolver for lines of articles: a custom line has none of it."""
    return lambda line, info, **args: None if line.is_custom else resolve(line, info, **args)


def _sent_total(row: FulfillmentLine, _: Info) -> Bag:
    return _worth(row.line_item, row.quantity)


def _worth(line: Line, quantity: int) -> Bag:
    return line.discounted.each(
        lambda amount, currency: reached(amount, quantity, line.quantity, currency, mode=ROUND_HALF_UP)
    )


def _tracking(parcel: Fulfillment, _: Info, *, first: int | None = None) -> list[dict[str, str]]:
    number = parcel.tracking_number
    url = f"https://track.example.test/{number}"
    return [{"company": "Sandbox Parcel", "number": number, "url": url}][:first]


def _gateway_name(transaction: Transaction, _: Info) -> str:
    return transaction.gateway.replace("_", " ").title()


def _shipping_rows(refund: Refund, _: Info, **args: Any) -> dict[str, Any]:
    if refund.shipping is None:
        return page([], args)
    gid = refund.id.replace("Refund/", "RefundShippingLine/")
    return page([{"id": gid, "subtotalAmountSet": refund.shipping, "taxAmountSet": refund.shipping_tax}], args)


def _fees(ret: Return, _: Info) -> list[dict[str, Any]]:
    gid = ret.id.replace("Return/", "ReturnShippingFee/")
    return [{"id": gid, "amountSet": ret.shipping_fee}] if ret.shipping_fee else []


def _restocking(line: ReturnLine, _: Info) -> dict[str, Any] | None:
    percent = line.restocking_percentage
    if percent is None:
        return None
    worth = _worth(line.fulfillment_line_item.line_item, line.quantity)
    return {
        "percentage": percent,
        "amountSet": worth.each(lambda amount, currency: rounded(amount * int(percent * 100) / 10_000, currency)),
    }


def _return_refunds(ret: Return, info: Info, **args: Any) -> dict[str, Any]:
    return page([r for r in ret.refunds if _shop(info).visible(r.created_at)], args)


def _return_money(ret: Return, _: Info, **args: Any) -> dict[str, Any]:
    return page([t for refund in ret.refunds for t in refund.transactions], args)


def _deliverable(made: ReverseDelivery, _: Info) -> dict[str, Any]:
    label = {"publicFileUrl": made.label_url} if made.label_url else None
    return {"tracking": made.tracking, "label": label}


def _level(item: InventoryItem, info: Info, **args: Any) -> dict[str, Any] | None:
    place = args["locationId"]
    if place not in item.levels:
        return None
    gid = f"gid://shopify/InventoryLevel/{number_of(place)}?inventory_item_id={number_of(item.id)}"
    location = _shop(info).locations[place]
    return {"id": gid, "isActive": True, "location": location, "item": item}


def _quantities(level: Args, _: Info, *, names: list[str]) -> list[dict[str, Any]]:
    item, place = level["item"], level["location"].id
    held = item.levels[place]
    gid = level["id"].replace("InventoryLevel", "InventoryQuantity")
    return [
        {"id": f"{gid}&name={name}", "name": name, "quantity": held[name], "updatedAt": item.updated_at[place]}
        for name in names
        if name in held
    ]


def _returnables(_: object, info: Info, **args: Any) -> dict[str, Any]:
    order = _shop(info).orders.get(args["orderId"])
    if order is None:
        return page([], args)
    left = {row.id: quantity for row, quantity in returns.returnable(order)}
    found = []
    for parcel in order.fulfillments:
        rows = [{"fulfillmentLineItem": row, "quantity": left[row.id]} for row in parcel.lines if left[row.id]]
        if rows:
            gid = parcel.id.replace("Fulfillment/", "ReturnableFulfillment/")
            found.append({"id": gid, "fulfillment": parcel, "rows": rows})
    return page(found, args)


def _installation(_: object, info: Info) -> dict[str, Any]:
    scopes = _shop(info).settings.scopes
    return {"id": "gid://shopify/AppInstallation/1", "accessScopes": [{"handle": scope} for scope in scopes]}


def _the_shop(_: object, info: Info) -> dict[str, Any]:
    shop = _shop(info)
    return {
        "id": "gid://shopify/Shop/1",
        "name": "Sandbox Outfitters",
        "myshopifyDomain": shop.domain,
        "currencyCode": shop.currency,
        "ianaTimezone": "Europe/Berlin",
        "taxesIncluded": True,
        "plan": {"publicDisplayName": "Sandbox"},
        "features": {"storefront": True},
    }


def _subscriptions(_: object, info: Info, **args: Any) -> dict[str, Any]:
    rows = list(_shop(info).subscriptions.values())
    if args.get("topics"):
        rows = [s for s in rows if s.topic in args["topics"]]
    if args.get("uri"):
        rows = [s for s in rows if s.uri == args["uri"]]
    return page(rows, args)


def _by_id(store: str) -> Resolver:
    return lambda _, info, **args: getattr(_shop(info), store).get(args["id"])


def _node(_: object, info: GraphQLResolveInfo[Any], **args: Any) -> Any:
    shop, gid = _shop(info), args["id"]
    match gid.split("/")[3] if gid.count("/") == 4 else "":
        case "Refund":
            return next((r for r in shop.all_refunds() if r.id == gid), None)
        case "Fulfillment":
            return next((f for order in shop.orders.values() for f in order.fulfillments if f.id == gid), None)
        case "Customer":
            return shop.customers.get(gid)
        case "Return":
            return shop.returns.get(gid)
        case _:
            return shop.orders.get(gid)


def _all_of(store: str) -> Resolver:
    return lambda _, info, **args: page(list(getattr(_shop(info), store).values()), args)


FIELDS: dict[str, Resolver] = {
    "QueryRoot.orders": lambda _, info, **args: find_orders(_shop(info), args),
    "QueryRoot.node": _node,
    "QueryRoot.order": _by_id("orders"),
    "QueryRoot.return": _by_id("returns"),
    "QueryRoot.returnableFulfillments": _returnables,
    "QueryRoot.returnReasonDefinitions": _all_of("reasons"),
    "QueryRoot.inventoryItem": _by_id("items"),
    "QueryRoot.locations": _all_of("locations"),
    "QueryRoot.location": lambda _, info, **args: _shop(info).locations.get(
        args.get("id") or next(iter(_shop(info).locations))
    ),
    "QueryRoot.shop": _the_shop,
    "QueryRoot.currentAppInstallation": _installation,
    "QueryRoot.webhookSubscriptions": _subscriptions,
    "QueryRoot.productVariants": about.variants,
    "QueryRoot.draftOrder": _by_id("drafts"),
    "QueryRoot.job": _by_id("jobs"),
    "QueryRoot.draftOrders": about.find_drafts,
    "Product.featuredMedia": _fixed(value=None),
    "ProductVariant.title": lambda v, _: v.option or v.product.title,
    "ProductVariant.displayName": lambda v, _: v.full_title,
    "ProductVariant.media": about.media,
    "ProductVariant.inventoryQuantity": lambda v, _: catalogue.available(v),
    "ProductVariant.availableForSale": _fixed(value=True),
    "ProductVariant.contextualPricing": about.contextual,
    "MailingAddress.firstName": about.first_name,
    "MailingAddress.lastName": about.last_name,
    "DraftOrder.note2": lambda d, _: d.spec["note"],
    "DraftOrder.customer": lambda d, info: _shop(info).customers.get(d.spec["customer_id"] or ""),
    "Order.processedAt": lambda order, _: order.created_at,
    "Order.test": _fixed(value=False),
    "Order.dutiesIncluded": _fixed(value=False),
    "Order.risk": about.risk,
    "Order.purchasingEntity": lambda order, _: {"company": order.company} if order.company else order.customer,
    "Order.displayFinancialStatus": _financial,
    "Order.displayFulfillmentStatus": _fulfilment,
    "Order.returnStatus": lambda order, _: returns.order_status(order),
    "Order.paymentGatewayNames": lambda order, _: list(dict.fromkeys(t.gateway for t in pricing.payments(order))),
    "Order.shippingAddress": _address,
    "Order.totalRefundedSet": lambda order, _: order.given_back,
    "Order.totalRefundedShippingSet": _shipping_refunded,
    "Order.originalTotalDutiesSet": _fixed(None),
    "Order.netPaymentSet": lambda order, _: order.paid - order.given_back,
    "Order.totalReceivedSet": lambda order, _: order.paid,
    "Order.totalTipReceivedSet": lambda order, _: order.total_price.zero(),
    "Order.lineItems": _listed("line_items"),
    "Order.shippingLines": _listed("shipping_lines"),
    "Order.fulfillments": _first("fulfillments"),
    "Order.transactions": _first("transactions"),
    "Order.refunds": _seen_refunds,
    "Order.returns": _seen_returns,
    "Order.suggestedRefund": _suggested,
    "LineItem.currentQuantity": lambda line, _: line.refundable_quantity,
    "LineItem.nonFulfillableQuantity": lambda line, _: line.cancelled,
    "LineItem.unfulfilledQuantity": lambda line, _: line.quantity - line.sent - line.cancelled,
    "LineItem.originalTotalSet": lambda line, _: line.gross,
    "LineItem.discountedUnitPriceAfterAllDiscountsSet": lambda line, _: pricing.unit_price(line),
    "InventoryItem.measurement": about.measured,
    "Product.collections": _listed("collections"),
    "LineItem.duties": _fixed([]),
    "LineItem.taxLines": _first("tax_lines"),
    "LineItem.image": _of_article(_image),
    "LineItem.product": _of_article(lambda line, _: line.product),
    "LineItem.sku": _of_article(lambda line, _: line.sku),
    "LineItem.variant": _of_article(lambda line, _: line.variant),
    "TaxLine.rate": lambda tax, _: float(tax.rate),
    "TaxLine.ratePercentage": lambda tax, _: float(tax.rate * 100),
    "Customer.defaultEmailAddress": lambda c, _: {"emailAddress": c.email} if c.email else None,
    "Customer.numberOfOrders": lambda c, info: c.orders_before + len(about.orders_of(_shop(info), c)),
    "Customer.amountSpent": lambda c, info: about.spent(_shop(info), c),
    "Customer.defaultPhoneNumber": lambda c, _: {"phoneNumber": c.phone} if c.phone else None,
    "Fulfillment.estimatedDeliveryAt": _fixed(None),
    "Fulfillment.trackingInfo": _tracking,
    "Fulfillment.fulfillmentLineItems": _listed("lines"),
    "Fulfillment.totalQuantity": lambda parcel, _: sum(row.quantity for row in parcel.lines),
    "FulfillmentLineItem.discountedTotalSet": _sent_total,
    "OrderTransaction.formattedGateway": _gateway_name,
    "OrderTransaction.processedAt": lambda t, _: t.created_at,
    "OrderTransaction.test": _fixed(value=False),
    "OrderTransaction.manuallyCapturable": _fixed(value=False),
    "OrderTransaction.totalUnsettledSet": lambda t, _: t.amount.zero(),
    "Refund.legacyResourceId": lambda refund, _: number_of(refund.id),
    "Refund.updatedAt": lambda refund, _: refund.created_at,
    "Refund.processedAt": lambda refund, _: refund.created_at,
    "Refund.return": lambda refund, _: refund.for_return,
    "Refund.refundLineItems": _listed("lines"),
    "Refund.refundShippingLines": _shipping_rows,
    "Refund.transactions": _listed("transactions"),
    "Return.totalQuantity": lambda ret, _: sum(line.quantity for line in ret.lines),
    "Return.returnShippingFees": _fees,
    "Return.returnLineItems": _listed("lines"),
    "Return.exchangeLineItems": lambda _, __, **args: page([], args),
    "Return.reverseFulfillmentOrders": _listed("reverse_orders"),
    "Return.refunds": _return_refunds,
    "Return.transactions": _return_money,
    "ReturnLineItem.processableQuantity": lambda line, _: line.quantity - line.processed,
    "ReturnLineItem.unprocessedQuantity": lambda line, _: line.quantity - line.processed,
    "ReturnLineItem.processedQuantity": lambda line, _: line.processed,
    "ReturnLineItem.refundableQuantity": lambda line, _: line.quantity - line.refunded,
    "ReturnLineItem.refundedQuantity": lambda line, _: line.refunded,
    "ReturnLineItem.returnReasonDefinition": lambda line, _: line.reason,
    "ReturnLineItem.restockingFee": _restocking,
    "ReturnLineItem.withCodeDiscountedTotalPriceSet": lambda li, _: _worth(
        li.fulfillment_line_item.line_item, li.quantity
    ),
    "ReverseFulfillmentOrder.lineItems": _listed("lines"),
    "ReverseFulfillmentOrder.reverseDeliveries": lambda rfo, _, **args: page(rfo.deliveries, args),
    "ReverseDelivery.deliverable": _deliverable,
    "ReturnableFulfillment.returnableFulfillmentLineItems": lambda found, _, **args: page(found["rows"], args),
    "SuggestedOrderTransaction.gateway": lambda s, _: s.parent_transaction.gateway,
    "SuggestedOrderTransaction.formattedGateway": lambda s, info: _gateway_name(s.parent_transaction, info),
    "SuggestedOrderTransaction.kind": _fixed("SUGGESTED_REFUND"),
    "InventoryItem.inventoryLevel": _level,
    "InventoryLevel.quantities": _quantities,
    "WebhookSubscription.format": _fixed("JSON"),
    "WebhookSubscription.apiVersion": lambda _, info: {"handle": _shop(info).settings.version, "supported": True},
}

KINDS: dict[str, Callable[[Any], str]] = {
    "Media": lambda _: "MediaImage",
    "Node": lambda value: value.id.split("/")[3],
    "DiscountApplication": lambda value: f"{'DiscountCode' if value.code else f'{value.made_by}Discount'}Application",
    "PurchasingEntity": lambda value: "PurchasingCompany" if isinstance(value, dict) else "Customer",
    "PricingValue": lambda value: "MoneyV2" if isinstance(value, Money) else "PricingPercentageValue",
    "ReturnLineItemType": lambda _: "ReturnLineItem",
    "ReverseDeliveryDeliverable": lambda _: "ReverseDeliveryShippingDeliverable",
    "SuggestedRefundMethod": lambda _: "SuggestedStoreCreditRefund",
}
"""Which concrete type a value of an abstract type has."""
