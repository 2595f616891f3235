"""Orders that we make: a draft with our tag (of an exchange, or of a fee), completed or invoiced, deleted or cancelled."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from retour.connectors.shopify import answer as answers
from retour.connectors.shopify import operation
from retour.core.draft import FEE_TAG, DraftFee
from retour.core.effect import DraftExchange, Effect, EffectKind, OnDraft, OnOrder
from retour.core.errors import Refused
from retour.core.money import format_decimal, parse_decimal
from retour.core.ports import Article, DraftSeen, Outcome, ReadBack, Verdict, WireAnswer, WireRequest
from retour.core.postal import PostalAddress

from .reading import many, one, text

Doc = Mapping[str, Any]
Input = dict[str, Any]
Target = DraftExchange | DraftFee | OnDraft | OnOrder
INCONCLUSIVE: Final = ReadBack("inconclusive")
ABSENT: Final = ReadBack("absent")
TRIES: Final = 3  # sent that often and still not done, it is refused rather than sent for ever
# The root field of each kind's mutation, where its object stands, and where its refusals.
PAYLOADS: Final[Mapping[EffectKind, tuple[str, str, str]]] = {
    EffectKind.DRAFT_EXCHANGE: ("draftOrderCreate", "draftOrder", "userErrors"),
    EffectKind.DRAFT_FEE: ("draftOrderCreate", "draftOrder", "userErrors"),
    EffectKind.RELEASE_EXCHANGE: ("draftOrderComplete", "draftOrder", "userErrors"),
    EffectKind.INVOICE_EXCHANGE: ("draftOrderInvoiceSend", "draftOrder", "userErrors"),
    EffectKind.DROP_EXCHANGE: ("draftOrderDelete", "deletedId", "userErrors"),
    EffectKind.CANCEL_EXCHANGE: ("orderCancel", "job", "orderCancelUserErrors"),
}
_OPERATIONS: Final = {
    EffectKind.RELEASE_EXCHANGE: "ReleaseExchange",
    EffectKind.INVOICE_EXCHANGE: "InvoiceExchange",
}
_UNSURE: Final = ("internal", "try again", "timed out", "timeout", "unavailable", "something went wrong")
_ADDRESS: Final = (
    "firstName", "lastName", "company", "address1", "address2", "city", "provinceCode", "zip", "phone",
)  # fmt: skip

_PROVINCE: Final = re.compile(r"[A-Z0-9]{2,3}")


def build(effect: Effect, target: Target, *, version: str) -> WireRequest:
    """Return the request of an effect; raise Refused(guard_missing) where the buyer has not been read."""
    name, variables = _call(effect, target)
    return operation.request(name, variables, version=version)


def _call(effect: Effect, target: Target) -> tuple[str, Input]:
    match target:
        case DraftExchange():
            return "DraftExchange", {"input": _draft(effect, target)}
        case DraftFee():
            return "DraftExchange", {"input": _draft_of_fee(effect, target)}
        case OnOrder(order_ref):
            return "CancelExchange", {"id": order_ref}
        case OnDraft(draft_ref):
            if effect.kind is EffectKind.DROP_EXCHANGE:
                return "DropExchange", {"input": {"id": draft_ref}}
            return _OPERATIONS[effect.kind], {"id": draft_ref}


def tag(effect: Effect) -> str:
    """Return the tag that a draft carries and by which it is found again: ours alone, within the platform's 40 letters."""
    return f"retour-{effect.id.hex}"[:40]


def _buyer(effect: Effect) -> Mapping[str, object]:
    buyer = effect.guard_before.get("person")
    if not isinstance(buyer, Mapping):
        raise Refused("guard_missing", "the buyer of the order has not been read", field="order_ref")
    return buyer


def _draft_of_fee(effect: Effect, target: DraftFee) -> Input:
    """Return a draft of lines that are no articles; the platform adds the tax to those that have one."""
    title = effect.reference.partition(" / ")[0]
    lines = [
        {
            "title": f"{line.title} {title}", "quantity": 1, "requiresShipping": False, "taxable": line.taxable,
            "originalUnitPriceWithCurrency": {
                "amount": format_decimal(line.price_minor, target.currency), "currencyCode": target.currency,
            },
        }
        for line in target.lines
    ]  # fmt: skip
    return {
        "lineItems": lines,
        "presentmentCurrencyCode": target.currency,
        "tags": [tag(effect), FEE_TAG],
        "note": f"[{effect.reference}]",
        "customAttributes": [{"key": "retour", "value": effect.reference}],
        "acceptAutomaticDiscounts": False,
        "allowDiscountCodesInCheckout": False,
        **_buyer(effect),
    }


def _draft(effect: Effect, target: DraftExchange) -> Input:
    buyer, title = _buyer(effect), effect.reference.partition(" / ")[0]
    draft: Input = {
        "lineItems": [{"variantId": line.variant_ref, "quantity": line.quantity} for line in target.lines],
        "presentmentCurrencyCode": target.currency,
        "appliedDiscount": _discount(target, f"Exchange {title}"),
        "tags": [tag(effect), "exchange"],
        "note": f"[{effect.reference}]",
        "customAttributes": [{"key": "retour", "value": effect.reference}],
        "acceptAutomaticDiscounts": False,
        "allowDiscountCodesInCheckout": False,
        **buyer,
    }
    return draft | ({"reserveInventoryUntil": target.reserve_until} if target.reserve_until else {})


def _discount(target: DraftExchange, title: str) -> Input:
    if target.discount_minor is None:
        return {"title": title, "valueType": "PERCENTAGE", "value": 100}
    amount = format_decimal(target.discount_minor, target.currency)
    # The platform's schema has a Float! beside the exact amount: the same digits, as JSON has only one kind of number.
    return {
        "title": title, "valueType": "FIXED_AMOUNT", "value": float(amount),
        "amountWithCurrency": {"amount": amount, "currencyCode": target.currency},
    }  # fmt: skip


# --- what the answer means --------------------------------------------------------------------------------------------


def classify(effect: Effect, answer: WireAnswer, *, version: str) -> Outcome:
    """Return what the answer means; a missing scope refuses the exchange alone and never locks the connection out."""
    said = answers.read(answer, version=version)
    outcome = _without_scope(said.trouble) if said.trouble is not None else _judged(effect, said.data)
    return outcome if said.finding is None else replace(outcome, result={**outcome.result, "finding": said.finding})


def _without_scope(trouble: Outcome) -> Outcome:
    return replace(trouble, verdict=Verdict.REJECTED) if trouble.far_code == "ACCESS_DENIED" else trouble


def _judged(effect: Effect, data: Doc) -> Outcome:
    root, name, wrong = PAYLOADS[effect.kind]
    payload = one(data, root)
    errors, thing = many(payload, wrong), payload.get(name)
    if errors:
        return _refused(effect, errors[0], made=bool(thing))
    if not thing:
        return Outcome(Verdict.UNKNOWN, far_code="no_payload", message=f"the answer has no {name}")
    if isinstance(effect.target, OnOrder):  # the platform cancels by a job of its own: looked at until it is done
        return Outcome(Verdict.PENDING, far_id=text(thing, "id"))
    if effect.kind is EffectKind.DROP_EXCHANGE:
        return Outcome(Verdict.OK, far_id=str(thing))
    return done(thing)


def _refused(effect: Effect, error: Doc, *, made: bool) -> Outcome:
    code, message = text(error, "code"), (text(error, "message") or "")[:300]
    unsure = code == "INTERNAL_ERROR" or any(words in message.lower() for words in _UNSURE)
    # Deleted, completed or cancelled already: the read-back tells whether by us, and what is there now.
    drafting = effect.kind in (EffectKind.DRAFT_EXCHANGE, EffectKind.DRAFT_FEE)
    settled = not drafting and code != "NO_REFUND_PERMISSION"
    verdict = Verdict.UNKNOWN if unsure or made or settled else Verdict.REJECTED
    return Outcome(verdict, far_code=code or "user_error", message=message)


def done(draft: Doc) -> Outcome:
    """Return the facts of a draft that later steps need: its total, where it is paid, the order it became."""
    ref = text(draft, "id")
    if ref is None:
        return Outcome(Verdict.UNKNOWN, far_code="no_id")
    facts: dict[str, object] = {
        "draft_ref": ref, "name": text(draft, "name"), "status": (text(draft, "status") or "").lower(),
        "pay_url": text(draft, "invoiceUrl"), "order_ref": text(one(draft, "order"), "id"),
        "total_minor": _minor(draft, "presentmentMoney"), "total_shop_minor": _minor(draft, "shopMoney"),
    }  # fmt: skip
    return Outcome(Verdict.OK, far_id=ref, result=facts)


def _minor(draft: Doc, side: str) -> int | None:
    money = one(one(draft, "totalPriceSet"), side)
    try:
        return parse_decimal(str(money.get("amount")), str(money.get("currencyCode")))
    except Refused:
        return None


# --- before the first send, and after silence ---------------------------------------------------------------------------


def build_guard(target: Target, *, version: str) -> WireRequest | None:
    """Return the read of who bought and where it went; nothing where a draft is there already."""
    if not isinstance(target, DraftExchange | DraftFee):
        return None
    return operation.request("BuyerOf", {"order": target.order_ref}, version=version)


def read_guard(data: Doc, *, ship_to: PostalAddress | None = None) -> Mapping[str, object] | None:
    """Return the buyer as the draft names them, under `person`: it is kept no longer than the call is under way.

    The goods go to `ship_to`, without one to the address of the order.
    """
    order = one(data, "order")
    if not order:
        return None
    buyer: Input = {key: value for key in ("email", "phone") if (value := text(order, key))}
    customer, to = text(one(order, "customer"), "id"), one(order, "shippingAddress")
    if customer:
        buyer["purchasingEntity"] = {"customerId": customer}
    if ship_to is not None:
        buyer["shippingAddress"] = _mailing(ship_to, phone=text(to, "phone"))
    elif to:
        address = {key: value for key in _ADDRESS if (value := text(to, key))}
        country = text(to, "countryCodeV2")
        buyer["shippingAddress"] = address | ({"countryCode": country} if country else {})
    return {"person": buyer}


def _mailing(to: PostalAddress, *, phone: str | None) -> Input:
    """Return an address as the platform takes it; of a region that is no code of two or three letters it knows nothing."""
    first, _, last = to.name.rpartition(" ")
    parts = {
        "firstName": first, "lastName": last, "company": to.company, "address1": to.street[0],
        "address2": ", ".join(to.street[1:]), "city": to.town, "zip": to.postcode, "countryCode": to.country,
        "provinceCode": to.region if _PROVINCE.fullmatch(to.region) else "", "phone": phone or "",
    }  # fmt: skip
    return {name: part for name, part in parts.items() if part}


def build_readback(effect: Effect, target: Target, *, version: str) -> WireRequest:
    """Return the read that shows whether the effect happened: by our tag, or the draft or order itself."""
    match target:
        case DraftExchange() | DraftFee():
            return operation.request("DraftsTagged", {"search": f"tag:'{tag(effect)}'"}, version=version)
        case OnDraft(draft_ref):
            return operation.request("DraftNow", {"id": draft_ref}, version=version)
        case OnOrder(order_ref) if effect.far_id is not None:
            return operation.request("CancelNow", {"id": order_ref, "job": effect.far_id}, version=version)
        case OnOrder(order_ref):
            return operation.request("OrderNow", {"id": order_ref}, version=version)


def read_back(effect: Effect, target: Target, answer: WireAnswer, *, version: str) -> ReadBack:
    """Return what the read shows; anything that is not proof either way is inconclusive."""
    said = answers.read(answer, version=version)
    if said.trouble is not None:
        scope = said.trouble.far_code == "ACCESS_DENIED"
        return ReadBack("inconclusive", replace(said.trouble, verdict=Verdict.UNKNOWN) if scope else said.trouble)
    match target:
        case DraftExchange() | DraftFee():
            found = one(said.data, "draftOrders").get("nodes")
            return _drafted(many(said.data, "draftOrders")) if isinstance(found, list) else INCONCLUSIVE
        case OnDraft(draft_ref):
            return _on_draft(effect, draft_ref, said.data)
        case OnOrder(order_ref):
            return _cancelled(effect, order_ref, said.data)


def _cancelled(effect: Effect, order_ref: str, data: Doc) -> ReadBack:
    """An order that stands although the platform's job is over was not cancelled, and will not be."""
    order = one(data, "order")
    if not order:
        return INCONCLUSIVE
    if order.get("cancelledAt"):
        return ReadBack("present", Outcome(Verdict.OK, far_id=order_ref))
    if effect.far_id is None:
        return _not_done(effect)
    return ABSENT if one(data, "job").get("done") is False else _refused_there(effect, "job_without_effect")


def _not_done(effect: Effect) -> ReadBack:
    """It was not done; what was sent often enough is refused for good."""
    return ABSENT if effect.attempts < TRIES else _refused_there(effect, "not_done")


def _refused_there(effect: Effect, code: str) -> ReadBack:
    said = Outcome(Verdict.REJECTED, far_code=code, message=f"not done after {effect.attempts} calls")
    return ReadBack("present", said)


def _drafted(found: list[Doc]) -> ReadBack:
    """The draft with our tag is ours: only an answer that lists none proves that there is none."""
    if len(found) > 1:
        return ReadBack("inconclusive", Outcome(Verdict.UNKNOWN, far_code="several_with_our_reference"))
    return ReadBack("present", done(found[0])) if found else ABSENT


def _on_draft(effect: Effect, draft_ref: str, data: Doc) -> ReadBack:
    if "draftOrder" not in data:
        return INCONCLUSIVE
    draft, dropping = one(data, "draftOrder"), effect.kind is EffectKind.DROP_EXCHANGE
    if not draft:
        gone = Outcome(Verdict.OK if dropping else Verdict.REJECTED, far_id=draft_ref, far_code="draft_gone")
        return ReadBack("present", gone)
    status = text(draft, "status")
    if status == "COMPLETED" and dropping:
        return ReadBack("present", replace(done(draft), verdict=Verdict.REJECTED, far_code="draft_completed"))
    wanted = {"COMPLETED"} if effect.kind is EffectKind.RELEASE_EXCHANGE else {"INVOICE_SENT", "COMPLETED"}
    return ReadBack("present", done(draft)) if not dropping and status in wanted else _not_done(effect)


# --- reads ------------------------------------------------------------------------------------------------------------


def search_of(name: str) -> str:
    """Return the search for an article by its ref or its SKU; quotes in a SKU cannot end the term."""
    kind, _, number = name.partition("gid://shopify/ProductVariant/")
    if not kind and number.isdigit():
        return f"id:{number}"
    plain = name.replace("\\", "").replace("'", "")
    return f"sku:'{plain}'"


def article(data: Doc) -> Article | None:
    """Return the one article that was found, nothing where none or several were or the price cannot be read."""
    found = many(data, "productVariants")
    if len(found) != 1:
        return None
    node = found[0]
    price, ref = one(one(node, "contextualPricing"), "price"), text(node, "id")
    currency = str(price.get("currencyCode"))
    try:
        minor = parse_decimal(str(price.get("amount")), currency)
    except Refused:
        return None
    left = node.get("inventoryQuantity")
    limited = one(node, "inventoryItem").get("tracked") is True and text(node, "inventoryPolicy") == "DENY"
    return None if ref is None else Article(
        ref, text(node, "displayName") or ref, minor, currency, text(node, "sku"), text(one(node, "product"), "id"),
        left if limited and isinstance(left, int) else None,
    )  # fmt: skip


def draft_seen(data: Doc) -> DraftSeen | None:
    """Return what became of a draft, nothing if it is gone."""
    draft = one(data, "draftOrder")
    return DraftSeen(text(one(draft, "order"), "id")) if draft else None
