"""Prepare each kind of effect on a live sandbox shop, and carry it out as the executor would."""

import uuid
from dataclasses import replace

from retour.core.draft import DraftFee, FeeLine
from retour.core.effect import (
    Disposed,
    DraftExchange,
    Effect,
    EffectKind,
    Leg,
    NewArticle,
    Note,
    OnDraft,
    OnOrder,
    OnReturn,
    OpenReturn,
    ProcessReturn,
    RefundedUnits,
    RefundTender,
    Restock,
    ReturnedUnits,
    Tagging,
    Target,
)
from retour.core.order import Order
from retour.core.ports import Outcome, ReadBack, Verdict
from retour.core.removal import RemoveFromReturn, StayingUnits
from tests.connectors.shopify.builders import an_effect
from tests.connectors.shopify.live_shop import LiveShop

ROOTS = {
    EffectKind.REQUEST_RETURN: "returnRequest",
    EffectKind.APPROVE_RETURN: "returnApproveRequest",
    EffectKind.DECLINE_RETURN: "returnDeclineRequest",
    EffectKind.OPEN_RETURN: "returnCreate",
    EffectKind.REMOVE_FROM_RETURN: "removeFromReturn",
    EffectKind.PROCESS_RETURN: "returnProcess",
    EffectKind.CLOSE_RETURN: "returnClose",
    EffectKind.CANCEL_RETURN: "returnCancel",
    EffectKind.REFUND_TENDER: "refundCreate",
    EffectKind.RESTOCK: "inventoryAdjustQuantities",
    EffectKind.TAG: "tagsAdd",
    EffectKind.UNTAG: "tagsRemove",
    EffectKind.NOTE: "orderUpdate",
    EffectKind.DRAFT_EXCHANGE: "draftOrderCreate",
    EffectKind.RELEASE_EXCHANGE: "draftOrderComplete",
    EffectKind.INVOICE_EXCHANGE: "draftOrderInvoiceSend",
    EffectKind.DROP_EXCHANGE: "draftOrderDelete",
    EffectKind.CANCEL_EXCHANGE: "orderCancel",
    EffectKind.DRAFT_FEE: "draftOrderCreate",
}


async def an_order(shop: LiveShop, **wish: object) -> Order:
    """Return a fresh order of three shoes at 20.00, all sent."""
    lines = [{"sku": "RT-SHOE-42", "quantity": 3, "price": "20.00"}]
    made = await shop.post("orders", **({"lines": lines, "email": "ann@example.com"} | wish))
    found = await shop.connector.get_order(shop.at, ref=made["id"])
    assert found is not None
    assert found.findings == ()
    return found.order


def fresh(kind: EffectKind, target: Target, **changes: object) -> Effect:
    """Return an effect of its own id, key and reference."""
    made = uuid.uuid4()
    reference = f"RMA-9 / {made.hex[:8]}"
    return an_effect(kind, target=target, id=made, key=str(made), reference=reference, guard_before={}, **changes)


async def guarded(shop: LiveShop, effect: Effect) -> Effect:
    """Return the effect with the facts just before its first send."""
    request = shop.connector.build_guard(effect)
    if request is None:
        return effect
    facts = shop.connector.read_guard(effect, await shop.connector.send(shop.at, request))
    assert facts is not None
    return replace(effect, guard_before=facts)


async def carry(shop: LiveShop, effect: Effect) -> Outcome:
    """Send the effect once and return the verdict."""
    answer = await shop.connector.send(shop.at, shop.connector.build(effect))
    return shop.connector.classify(effect, answer)


async def look(shop: LiveShop, effect: Effect) -> ReadBack:
    """Read the effect back."""
    answer = await shop.connector.send(shop.at, shop.connector.build_readback(effect))
    return shop.connector.read_back(effect, answer)


def opening(order: Order, quantity: int = 2) -> OpenReturn:
    """Return the wish to open a return of the order's first line."""
    unit = order.fulfilments[0].units[0]
    return OpenReturn(order.ref, (ReturnedUnits(unit.line_ref, unit.ref, quantity, "size_too_small", "too small"),))


def refunding(order: Order, minor: int = 2_000) -> RefundTender:
    """Return the wish to pay back one unit of the order's first line."""
    capture = order.captures[0]
    return RefundTender(order.ref, (RefundedUnits(order.lines[0].ref, 1),), (Leg(capture.ref, capture.gateway, minor),))


async def opened(shop: LiveShop, order: Order) -> dict[str, object]:
    """Open a return of two units and return what the answer says."""
    return await _made(shop, order, EffectKind.OPEN_RETURN)


async def requested(shop: LiveShop, order: Order) -> OnReturn:
    """Request a return of two units and return what it is known by."""
    return OnReturn(str((await _made(shop, order, EffectKind.REQUEST_RETURN))["return_ref"]))


async def _made(shop: LiveShop, order: Order, kind: EffectKind) -> dict[str, object]:
    outcome = await carry(shop, await guarded(shop, fresh(kind, opening(order))))
    assert outcome.verdict is Verdict.OK
    return dict(outcome.result)


async def prepared(shop: LiveShop, kind: EffectKind) -> Effect:
    """Return an effect of the kind that is about to be sent for the first time, with everything before it done."""
    order = await an_order(shop)
    place = order.fulfilments[0].location_ref or ""
    money = {"amount_minor": 2_000, "currency": order.currency}
    match kind:
        case EffectKind.OPEN_RETURN | EffectKind.REQUEST_RETURN:
            effect = fresh(kind, opening(order))
        case EffectKind.APPROVE_RETURN | EffectKind.DECLINE_RETURN:
            effect = fresh(kind, await requested(shop, order))
        case EffectKind.PROCESS_RETURN | EffectKind.CLOSE_RETURN | EffectKind.CANCEL_RETURN:
            effect = fresh(kind, await _on_return(shop, order, kind, place))
        case EffectKind.REMOVE_FROM_RETURN:
            effect = fresh(kind, await removing(shop, order))
        case EffectKind.REFUND_TENDER:
            effect = fresh(kind, refunding(order), **money)
        case EffectKind.RESTOCK:
            effect = fresh(kind, Restock(order.lines[0].inventory_ref or "", place, 2))
        case EffectKind.DRAFT_EXCHANGE:
            effect = fresh(kind, drafting(order))
        case EffectKind.DRAFT_FEE:
            effect = fresh(kind, DraftFee(order.ref, (FeeLine("Fee", 690, taxable=True),), order.currency))
        case EffectKind.CANCEL_EXCHANGE:
            draft = await _drafted(shop, order)
            made = await carry(shop, fresh(EffectKind.RELEASE_EXCHANGE, OnDraft(draft)))
            effect = fresh(kind, OnOrder(str(made.result["order_ref"])))
        case EffectKind.RELEASE_EXCHANGE | EffectKind.INVOICE_EXCHANGE | EffectKind.DROP_EXCHANGE:
            effect = fresh(kind, OnDraft(await _drafted(shop, order)))
        case EffectKind.NOTE:
            effect = fresh(kind, Note(order.ref, "Parcel is on its way"))
        case _:
            if kind is EffectKind.UNTAG:
                await carry(shop, fresh(EffectKind.TAG, Tagging(order.ref, "return-in-transit")))
            effect = fresh(kind, Tagging(order.ref, "return-in-transit"))
    return await guarded(shop, effect)


async def removing(shop: LiveShop, order: Order) -> RemoveFromReturn:
    """Open a return of two units and return the wish that one of them stays in it."""
    result = await opened(shop, order)
    lines = result["lines"]
    assert isinstance(lines, list)
    return RemoveFromReturn(str(result["return_ref"]), (StayingUnits(lines[0]["return_line_ref"], 1),))


def drafting(order: Order) -> DraftExchange:
    """Return the wish for a draft of the order's own article for nothing."""
    articles = (NewArticle(order.lines[0].variant_ref or "", 1),)
    return DraftExchange(order.ref, articles, order.currency, None, "2026-12-01T00:00:00+00:00")


async def _drafted(shop: LiveShop, order: Order) -> str:
    outcome = await carry(shop, await guarded(shop, fresh(EffectKind.DRAFT_EXCHANGE, drafting(order))))
    assert outcome.verdict is Verdict.OK
    return str(outcome.far_id)


async def _on_return(shop: LiveShop, order: Order, kind: EffectKind, place: str) -> Target:
    result = await opened(shop, order)
    ref, lines = str(result["return_ref"]), result["lines"]
    assert isinstance(lines, list)
    if kind is not EffectKind.PROCESS_RETURN:
        return OnReturn(ref)
    row = lines[0]
    units = [(1, True), (1, False)]
    return ProcessReturn(
        order.ref,
        ref,
        tuple(
            Disposed(
                row["return_line_ref"], row["fulfilled_ref"], quantity, restock, place, reverse_ref=row["reverse_ref"]
            )
            for quantity, restock in units
        ),
    )
