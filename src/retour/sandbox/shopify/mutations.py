"""The mutations: one guarded way in for all, which turns refusals into user errors and demands idempotency keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo, get_directive_values

from retour.sandbox.shopify import drafts, inventory, keys, processing, refunds, removing, returns
from retour.sandbox.shopify.keys import KeyRefusal
from retour.sandbox.shopify.model import Customer, Order
from retour.sandbox.shopify.refusal import Refusal
from retour.sandbox.shopify.state import Shop, Subscription

Args = Mapping[str, Any]
Action = Callable[[Shop, Args], dict[str, Any]]

SCOPES = {
    "refundCreate": "write_orders",
    "orderUpdate": "write_orders",
    "tagsAdd": "write_orders",
    "tagsRemove": "write_orders",
    "inventoryAdjustQuantities": "write_inventory",
    "draftOrderCreate": "write_draft_orders",
    "draftOrderComplete": "write_draft_orders",
    "draftOrderInvoiceSend": "write_draft_orders",
    "draftOrderDelete": "write_draft_orders",
    "orderCancel": "write_orders",
}
"""The scope a mutation needs; all others need `write_returns`, the webhook ones none."""


def resolver(name: str) -> Callable[..., dict[str, Any]]:
    """Return the resolver of one mutation."""
    act = ACTIONS[name]

    def resolve(_: object, info: GraphQLResolveInfo[Any], **args: Any) -> dict[str, Any]:
        shop: Shop = info.context.shop
        _check_scope(shop, name)
        key = _key(info, name)
        try:
            if key is None:
                answer = act(shop, args)
            else:
                now, window = shop.now(), shop.settings.key_window_s
                answer = info.context.keys.once(key, name, args, now=now, window_s=window, act=lambda: act(shop, args))
        except Refusal as refusal:
            return _refused(shop, name, refusal)
        return {**answer, "userErrors": [], "orderCancelUserErrors": []}

    return resolve


def _check_scope(shop: Shop, name: str) -> None:
    needed = SCOPES.get(name, "" if name.startswith("webhook") else "write_returns")
    if needed and needed not in shop.settings.scopes:
        raise GraphQLError(
            f"Access denied for {name} field. Required access: `{needed}` access scope.",
            extensions={"code": "ACCESS_DENIED"},
        )


def _key(info: GraphQLResolveInfo[Any], name: str) -> str | None:
    directive = info.schema.get_directive("idempotent")
    assert directive is not None
    for node in info.field_nodes:
        values = get_directive_values(directive, node, info.variable_values)
        if values is not None:
            return str(values["key"])
    if name in keys.REQUIRED:
        raise GraphQLError(
            f"The @idempotent directive is required for the {name} mutation", extensions={"code": "BAD_REQUEST"}
        )
    return None


def _refused(shop: Shop, name: str, refusal: Refusal) -> dict[str, Any]:
    shop.refused[f"{name}: {refusal.code or refusal.message}"] += 1
    if isinstance(refusal, KeyRefusal) and name != "inventoryAdjustQuantities":
        if shop.settings.refund_keys == "errors" or name != "refundCreate":
            raise GraphQLError(refusal.message, extensions={"code": refusal.code})
        return {"userErrors": [{"field": None, "message": f"{refusal.code}: {refusal.message}"}]}
    if isinstance(refusal, KeyRefusal) and refusal.code == "BAD_REQUEST":
        raise GraphQLError(refusal.message, extensions={"code": refusal.code})
    return {"userErrors": [refusal.user_error()], "orderCancelUserErrors": [refusal.user_error()]}


def _tagged(shop: Shop, gid: str) -> Order | Customer:
    found = shop.orders.get(gid) or shop.customers.get(gid)
    if found is None:
        raise Refusal(["id"], "Resource does not exist")
    return found


def _tags_add(shop: Shop, args: Args) -> dict[str, Any]:
    thing = _tagged(shop, args["id"])
    held = {tag.lower() for tag in thing.tags}
    fresh = [tag for tag in dict.fromkeys(t.strip() for t in args["tags"]) if tag and tag.lower() not in held]
    if any(len(tag) > 40 for tag in fresh):
        raise Refusal(["tags"], "Tag is too long (maximum is 40 characters)")
    if fresh:
        thing.tags.extend(fresh)
        shop.effects["tag"] += 1
        if isinstance(thing, Order):
            shop.touched(thing)
    return {"node": thing}


def _tags_remove(shop: Shop, args: Args) -> dict[str, Any]:
    thing = _tagged(shop, args["id"])
    gone = {tag.strip().lower() for tag in args["tags"]}
    if gone & {tag.lower() for tag in thing.tags}:
        thing.tags = [tag for tag in thing.tags if tag.lower() not in gone]
        shop.effects["untag"] += 1
        if isinstance(thing, Order):
            shop.touched(thing)
    return {"node": thing}


def _order_update(shop: Shop, args: Args) -> dict[str, Any]:
    wish = args["input"]
    order = shop.orders.get(wish["id"])
    if order is None:
        raise Refusal(["id"], "Order does not exist")
    if len(wish.get("note") or "") > 5000:
        raise Refusal(["note"], "Note is too long (maximum is 5000 characters)")
    if "note" in wish:
        order.note = wish["note"]
        shop.effects["note"] += 1
    order.tags = list(wish.get("tags") or order.tags)
    order.custom_attributes = [dict(a) for a in wish.get("customAttributes") or order.custom_attributes]
    order.email, order.phone = wish.get("email", order.email), wish.get("phone", order.phone)
    shop.touched(order)
    return {"order": order}


def _subscribe(shop: Shop, args: Args) -> dict[str, Any]:
    wish = args["webhookSubscription"]
    uri = wish.get("uri") or wish.get("callbackUrl")
    if not uri or not uri.startswith(("http://", "https://")):
        raise Refusal(["webhookSubscription", "uri"], "Address is invalid")
    if any(s.topic == args["topic"] and s.uri == uri for s in shop.subscriptions.values()):
        raise Refusal(["webhookSubscription", "uri"], "Address for this topic has already been taken")
    return {"webhookSubscription": subscribe(shop, args["topic"], uri, wish)}


def subscribe(shop: Shop, topic: str, uri: str, wish: Args) -> Subscription:
    """Send that topic to that address from now on."""
    gid = shop.new_id("WebhookSubscription")
    made = Subscription(gid, topic, uri, wish.get("filter"), list(wish.get("includeFields") or ()))
    shop.subscriptions[made.id] = made
    return made


def _unsubscribe(shop: Shop, args: Args) -> dict[str, Any]:
    if shop.subscriptions.pop(args["id"], None) is None:
        raise Refusal(["id"], "Webhook subscription does not exist")
    return {"deletedWebhookSubscriptionId": args["id"]}


ACTIONS: dict[str, Action] = {
    "returnCreate": lambda shop, args: returns.return_create(shop, args["returnInput"]),
    "returnRequest": lambda shop, args: returns.return_request(shop, args["input"]),
    "returnApproveRequest": lambda shop, args: returns.return_approve(shop, args["input"]),
    "returnDeclineRequest": lambda shop, args: returns.return_decline(shop, args["input"]),
    "returnProcess": lambda shop, args: processing.return_process(shop, args["input"]),
    "returnClose": lambda shop, args: returns.return_close(shop, args["id"]),
    "returnCancel": lambda shop, args: returns.return_cancel(shop, args["id"]),
    "returnReopen": lambda shop, args: returns.return_reopen(shop, args["id"]),
    "removeFromReturn": removing.remove,
    "reverseDeliveryCreateWithShipping": returns.attach_label,
    "reverseFulfillmentOrderDispose": lambda shop, args: processing.dispose(shop, args["dispositionInputs"]),
    "refundCreate": lambda shop, args: refunds.refund_create(shop, args["input"]),
    "inventoryAdjustQuantities": lambda shop, args: inventory.adjust(shop, args["input"]),
    "tagsAdd": _tags_add,
    "tagsRemove": _tags_remove,
    "orderUpdate": _order_update,
    "draftOrderCreate": lambda shop, args: drafts.create(shop, args["input"]),
    "draftOrderComplete": lambda shop, args: drafts.complete(shop, args["id"]),
    "draftOrderInvoiceSend": lambda shop, args: drafts.send_invoice(shop, args["id"]),
    "draftOrderDelete": lambda shop, args: drafts.delete(shop, args["input"]["id"]),
    "orderCancel": drafts.cancel,
    "webhookSubscriptionCreate": _subscribe,
    "webhookSubscriptionDelete": _unsubscribe,
}
