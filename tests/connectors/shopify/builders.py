"""Effects and recorded answers for the connector's tests."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from retour.core.draft import DraftFee, FeeLine
from retour.core.effect import (
    CARD_KINDS,
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
from retour.core.ports import WireAnswer
from retour.core.removal import RemoveFromReturn, StayingUnits

ELSEWHERE = frozenset({EffectKind.PUSH_RETURN, *CARD_KINDS})
KINDS = tuple(kind for kind in EffectKind if kind not in ELSEWHERE)
"""All that is carried out at a shop; a return is told to another returns system, a card is held elsewhere."""
PAYLOADS = Path(__file__).with_name("payloads")
GID = "gid://shopify"
DRAFT, NEW_ORDER = f"{GID}/DraftOrder/8", f"{GID}/Order/9"
ORDER, RETURN = f"{GID}/Order/1", f"{GID}/Return/4"
REFERENCE = "RMA-42 / 5f1c0b7e"
EFFECT_ID = uuid.UUID("5f1c0b7e-0000-4000-8000-000000000001")

TARGETS: Mapping[EffectKind, Target] = {
    EffectKind.OPEN_RETURN: OpenReturn(
        ORDER, (ReturnedUnits(f"{GID}/LineItem/11", f"{GID}/FulfillmentLineItem/61", 2, "size_too_small", "too small"),)
    ),
    EffectKind.REQUEST_RETURN: OpenReturn(
        ORDER, (ReturnedUnits(f"{GID}/LineItem/11", f"{GID}/FulfillmentLineItem/61", 2, "size_too_small", "too small"),)
    ),
    EffectKind.APPROVE_RETURN: OnReturn(RETURN),
    EffectKind.DECLINE_RETURN: OnReturn(RETURN, "Worn."),
    EffectKind.REMOVE_FROM_RETURN: RemoveFromReturn(RETURN, (StayingUnits(f"{GID}/ReturnLineItem/41", 1),)),
    EffectKind.PROCESS_RETURN: ProcessReturn(
        ORDER,
        RETURN,
        (
            Disposed(f"{GID}/ReturnLineItem/41", f"{GID}/FulfillmentLineItem/61", 1, True, f"{GID}/Location/1"),
            Disposed(f"{GID}/ReturnLineItem/41", f"{GID}/FulfillmentLineItem/61", 1, False, f"{GID}/Location/1"),
        ),
    ),
    EffectKind.CLOSE_RETURN: OnReturn(RETURN),
    EffectKind.CANCEL_RETURN: OnReturn(RETURN),
    EffectKind.REFUND_TENDER: RefundTender(
        ORDER,
        (RefundedUnits(f"{GID}/LineItem/11", 2),),
        (Leg(f"{GID}/OrderTransaction/3", "shopify_payments", 1_000),),
        200,
    ),
    EffectKind.RESTOCK: Restock(f"{GID}/InventoryItem/1", f"{GID}/Location/1", 2),
    EffectKind.TAG: Tagging(ORDER, "return-in-transit"),
    EffectKind.UNTAG: Tagging(ORDER, "return-in-transit"),
    EffectKind.NOTE: Note(ORDER, "Parcel is on\n its way"),
    EffectKind.DRAFT_EXCHANGE: DraftExchange(
        ORDER, (NewArticle(f"{GID}/ProductVariant/12", 2),), "USD", 2_000, "2026-10-13T00:00:00+00:00"
    ),
    EffectKind.RELEASE_EXCHANGE: OnDraft(DRAFT),
    EffectKind.INVOICE_EXCHANGE: OnDraft(DRAFT),
    EffectKind.DROP_EXCHANGE: OnDraft(DRAFT),
    EffectKind.CANCEL_EXCHANGE: OnOrder(NEW_ORDER),
    EffectKind.DRAFT_FEE: DraftFee(
        ORDER, (FeeLine("Fee for the return", 690, taxable=True), FeeLine("Restocking fee", 500, taxable=False)), "USD"
    ),
}
GUARDS: Mapping[EffectKind, Mapping[str, object]] = {
    EffectKind.OPEN_RETURN: {
        "returns": [f"{GID}/Return/3"],
        "reasons": {"size-too-small": f"{GID}/ReturnReasonDefinition/5"},
    },
    EffectKind.REQUEST_RETURN: {
        "returns": [f"{GID}/Return/3"],
        "reasons": {"size-too-small": f"{GID}/ReturnReasonDefinition/5"},
    },
    EffectKind.REMOVE_FROM_RETURN: {"status": "open", "quantities": {f"{GID}/ReturnLineItem/41": 2}},
    EffectKind.PROCESS_RETURN: {
        "processed": {f"{GID}/ReturnLineItem/41": 0},
        "reverse_refs": {f"{GID}/ReturnLineItem/41": f"{GID}/ReverseFulfillmentOrderLineItem/46"},
    },
    EffectKind.RESTOCK: {"available": 10, "updated_at": "2026-10-11T00:00:00Z"},
    EffectKind.NOTE: {"note": "Ring twice"},
    EffectKind.DRAFT_FEE: {"person": {"email": "ann@example.com"}},
    EffectKind.DRAFT_EXCHANGE: {
        "person": {
            "email": "ann@example.com",
            "purchasingEntity": {"customerId": f"{GID}/Customer/2"},
            "shippingAddress": {"lastName": "Example", "countryCode": "DE"},
        }
    },
}
FEE_INPUT: Mapping[str, Any] = {
    "lineItems": [
        {
            "title": f"{title} RMA-42", "quantity": 1, "requiresShipping": False, "taxable": taxable,
            "originalUnitPriceWithCurrency": {"amount": amount, "currencyCode": "USD"},
        }
        for title, taxable, amount in (("Fee for the return", True, "6.90"), ("Restocking fee", False, "5.00"))
    ],
    "presentmentCurrencyCode": "USD",
    "tags": ["retour-5f1c0b7e000040008000000000000001", "retour-fee"],
    "note": "[RMA-42 / 5f1c0b7e]",
    "customAttributes": [{"key": "retour", "value": "RMA-42 / 5f1c0b7e"}],
    "acceptAutomaticDiscounts": False,
    "allowDiscountCodesInCheckout": False,
    "email": "ann@example.com",
}  # fmt: skip
NAMES: Mapping[EffectKind, str] = {
    EffectKind.REQUEST_RETURN: "request_return",
    EffectKind.APPROVE_RETURN: "approve_return",
    EffectKind.DECLINE_RETURN: "decline_return",
    EffectKind.OPEN_RETURN: "open_return",
    EffectKind.REMOVE_FROM_RETURN: "remove_from_return",
    EffectKind.PROCESS_RETURN: "process_return",
    EffectKind.CLOSE_RETURN: "close_return",
    EffectKind.CANCEL_RETURN: "cancel_return",
    EffectKind.REFUND_TENDER: "create_refund",
    EffectKind.RESTOCK: "adjust_stock",
    EffectKind.TAG: "add_tag",
    EffectKind.UNTAG: "remove_tag",
    EffectKind.NOTE: "write_note",
    EffectKind.DRAFT_EXCHANGE: "draft_exchange",
    EffectKind.RELEASE_EXCHANGE: "release_exchange",
    EffectKind.INVOICE_EXCHANGE: "invoice_exchange",
    EffectKind.DROP_EXCHANGE: "drop_exchange",
    EffectKind.CANCEL_EXCHANGE: "cancel_exchange",
    EffectKind.DRAFT_FEE: "draft_fee",
}


def an_effect(kind: EffectKind, **changes: Any) -> Effect:
    """Return an effect of that kind with its guard, as the executor would hold it."""
    made = Effect(
        id=EFFECT_ID,
        tenant_id=uuid.UUID(int=1),
        connection_id=uuid.UUID(int=2),
        kind=kind,
        business_ref="rma-42",
        seq=1,
        key="0b0f9f5a-6e58-5c0e-8a3d-1f7f4d1e2b90",
        key_generation=0,
        reference=REFERENCE,
        target=TARGETS[kind],
        amount_minor=1_000 if kind is EffectKind.REFUND_TENDER else None,
        currency="USD" if kind is EffectKind.REFUND_TENDER else None,
        guard_before=GUARDS.get(kind, {}),
    )
    return replace(made, **changes)


def recorded(name: str) -> dict[str, Any]:
    """Return a recorded answer as a document."""
    return json.loads((PAYLOADS / f"{name}.json").read_text())


def answered(name: str) -> WireAnswer:
    """Return a recorded answer as it comes over the wire."""
    return WireAnswer(200, {"x-shopify-api-version": "2026-10"}, (PAYLOADS / f"{name}.json").read_bytes())


def saying(document: object, **more: Any) -> WireAnswer:
    """Return an answer with that document."""
    return WireAnswer(200, {"x-shopify-api-version": "2026-10"} | more, json.dumps(document).encode())
