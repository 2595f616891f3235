"""Turn an effect into the one request that carries it out; the same effect always gives the same bytes."""

from collections.abc import Mapping
from typing import Any, Final

from retour.connectors.shopify import operation
from retour.core.card import AuthoriseAgain, CaptureCard, OpenPage, ReleaseCard
from retour.core.draft import DraftFee
from retour.core.effect import (
    DraftExchange,
    Effect,
    EffectKind,
    Note,
    OnDraft,
    OnOrder,
    OnReturn,
    OpenReturn,
    ProcessReturn,
    PushReturn,
    RefundedUnits,
    RefundTender,
    Restock,
    ReturnedUnits,
    Tagging,
)
from retour.core.errors import Refused
from retour.core.money import format_decimal
from retour.core.ports import WireRequest
from retour.core.removal import RemoveFromReturn

from . import exchange

# Our reasons in the platform's deprecated list, used where the shop's own reason library has no such handle.
REASONS: Final[Mapping[str, str]] = {
    "color": "COLOR",
    "damaged": "DEFECTIVE",
    "defective": "DEFECTIVE",
    "not_as_described": "NOT_AS_DESCRIBED",
    "too_large": "SIZE_TOO_LARGE",
    "size_too_large": "SIZE_TOO_LARGE",
    "too_small": "SIZE_TOO_SMALL",
    "size_too_small": "SIZE_TOO_SMALL",
    "style": "STYLE",
    "unwanted": "UNWANTED",
    "changed_mind": "UNWANTED",
    "withdrawal": "UNWANTED",
    "wrong_item": "WRONG_ITEM",
}
NOTE_LIMIT: Final = 255  # characters of ReturnLineItemInput.returnReasonNote
CUSTOMER_NOTE_LIMIT: Final = 300  # of ReturnRequestLineItemInput.customerNote
DECLINE_NOTE_LIMIT: Final = 500  # of ReturnDeclineRequestInput.declineNote
Input = dict[str, Any]
Plain = OpenReturn | OnReturn | RemoveFromReturn | ProcessReturn | RefundTender | Restock | Tagging | Note


def build(effect: Effect, *, version: str) -> WireRequest:
    """Return the effect's request; raise Refused(guard_missing) where a read must come first."""
    if isinstance(effect.target, DraftExchange | DraftFee | OnDraft | OnOrder):
        return exchange.build(effect, effect.target, version=version)
    assert not isinstance(effect.target, PushReturn | OpenPage | AuthoriseAgain | CaptureCard | ReleaseCard), (
        "elsewhere"
    )
    name, variables = _call(effect, effect.target)
    return operation.request(name, variables, version=version)


def _call(effect: Effect, target: Plain) -> tuple[str, Input]:
    match target:
        case OpenReturn() as target:
            operation_name = "RequestReturn" if effect.kind is EffectKind.REQUEST_RETURN else "OpenReturn"
            return operation_name, {"input": _open(effect, target)}
        case ProcessReturn() as target:
            return "ProcessReturn", {"input": _process(effect, target)}
        case RemoveFromReturn() as target:
            return _remove(effect, target)
        case OnReturn() as target:
            return _on_return(effect.kind, target)
        case RefundTender() as target:
            return "CreateRefund", {"input": _refund(effect, target), "key": effect.key}
        case Restock() as target:
            return "AdjustStock", {"input": _restock(effect, target), "key": effect.key}
        case Tagging(object_ref, tag):
            operation_name = "RemoveTag" if effect.kind is EffectKind.UNTAG else "AddTag"
            return operation_name, {"id": object_ref, "tags": [tag]}
        case Note() as target:
            return "WriteNote", {"input": {"id": target.order_ref, "note": _note(effect, target)}}


def _open(effect: Effect, target: OpenReturn) -> Input:
    known = effect.guard_before.get("reasons")
    return {
        "orderId": target.order_ref,
        "returnLineItems": [
            _opened(effect, line, known if isinstance(known, Mapping) else {}) for line in target.lines
        ],
    }


def _on_return(kind: EffectKind, target: OnReturn) -> tuple[str, Input]:
    match kind:
        case EffectKind.APPROVE_RETURN:
            return "ApproveReturn", {"input": {"id": target.return_ref, "notifyCustomer": False}}
        case EffectKind.DECLINE_RETURN:
            note = (target.message or "")[:DECLINE_NOTE_LIMIT]
            decline: Input = {"id": target.return_ref, "declineReason": "OTHER", "notifyCustomer": False}
            return "DeclineReturn", {"input": decline | ({"declineNote": note} if note else {})}
        case EffectKind.CANCEL_RETURN:
            return "CancelReturn", {"id": target.return_ref}
        case _:
            return "CloseReturn", {"id": target.return_ref}


def _opened(effect: Effect, line: ReturnedUnits, known: Mapping[str, object]) -> Input:
    reason: Input = {"returnReason": REASONS.get(line.reason, "OTHER")}
    definition = known.get(line.reason.replace("_", "-")) or known.get(line.reason)
    if isinstance(definition, str):
        reason = {"returnReasonDefinitionId": definition}
    # A request has no field for the merchant's note, only for the shopper's own.
    requested = effect.kind is EffectKind.REQUEST_RETURN
    field, limit = ("customerNote", CUSTOMER_NOTE_LIMIT) if requested else ("returnReasonNote", NOTE_LIMIT)
    return {
        "fulfillmentLineItemId": line.fulfilled_ref,
        "quantity": line.quantity,
        field: _noted(effect.reference, line.note)[:limit],
        **reason,
    }


def _noted(reference: str, note: str | None) -> str:
    """Return the note of a return line: our reference first, so that cutting it to length never loses it."""
    return f"[{reference}] {note}" if note else f"[{reference}]"


def _process(effect: Effect, target: ProcessReturn) -> Input:
    """Return the input of returnProcess: each return line once, with one disposition per condition and location."""
    lines: dict[str, Input] = {}
    for disposed in target.lines:
        row = lines.setdefault(disposed.return_line_ref, {"id": disposed.return_line_ref, "quantity": 0})
        row["quantity"] += disposed.quantity
        disposition: Input = {
            "reverseFulfillmentOrderLineItemId": disposed.reverse_ref or _reverse_ref(effect, disposed.return_line_ref),
            "quantity": disposed.quantity,
            "dispositionType": "RESTOCKED" if disposed.restock else "NOT_RESTOCKED",
        }
        if disposed.location_ref is not None:
            disposition["locationId"] = disposed.location_ref
        row.setdefault("dispositions", []).append(disposition)
    return {"returnId": target.return_ref, "notifyCustomer": False, "returnLineItems": list(lines.values())}


def _reverse_ref(effect: Effect, return_line_ref: str) -> str:
    known = effect.guard_before.get("reverse_refs")
    found = known.get(return_line_ref) if isinstance(known, Mapping) else None
    if not isinstance(found, str):
        raise Refused("guard_missing", f"what {return_line_ref} is disposed on has not been read", field="lines")
    return found


def _remove(effect: Effect, target: RemoveFromReturn) -> tuple[str, Input]:
    """Return the call that takes out what is more than shall stay.

    Where nothing is (somebody did it there, or the return is closed) a look at it stands in for the call.
    """
    before = effect.guard_before.get("quantities")
    if not isinstance(before, Mapping):
        raise Refused("guard_missing", "what the return holds has not been read", field="lines")
    more = ((line.return_line_ref, before.get(line.return_line_ref, 0) - line.quantity) for line in target.lines)
    lines = [{"returnLineItemId": ref, "quantity": units} for ref, units in more if units > 0]
    if not lines or effect.guard_before.get("status") != "open":
        return "ReturnNow", {"id": target.return_ref}
    return "RemoveFromReturn", {"id": target.return_ref, "lines": lines}


def _refund(effect: Effect, target: RefundTender) -> Input:
    currency = effect.currency or ""
    refund: Input = {
        "orderId": target.order_ref,
        "note": effect.reference,
        "notify": False,
        "allowOverRefunding": False,
        "currency": currency,
        "refundLineItems": [_refunded(line) for line in target.lines],
        "transactions": [
            {
                "orderId": target.order_ref,
                "parentId": leg.capture_ref,
                "gateway": leg.gateway,
                "kind": "REFUND",
                "amount": format_decimal(leg.amount_minor, currency),
            }
            for leg in target.legs
        ],
    }
    if target.shipping_minor:
        refund["shipping"] = {"amount": format_decimal(target.shipping_minor, currency)}
    return refund


def _refunded(line: RefundedUnits) -> Input:
    """Return a line of a refund: its stock has been seen to, or is freed now because it never left."""
    if not line.cancelled:
        return {"lineItemId": line.line_ref, "quantity": line.quantity, "restockType": "NO_RESTOCK"}
    freed: Input = {"lineItemId": line.line_ref, "quantity": line.quantity, "restockType": "CANCEL"}
    return freed | ({"locationId": line.location_ref} if line.location_ref else {})


def _restock(effect: Effect, target: Restock) -> Input:
    """Return the adjustment; no compare-and-swap, as a sale between reading and writing is no reason to fail."""
    change = {
        "inventoryItemId": target.inventory_ref,
        "locationId": target.location_ref,
        "delta": target.quantity,
        "changeFromQuantity": None,
    }
    return {
        "name": "available",
        "reason": "restock" if target.quantity > 0 else "correction",
        "referenceDocumentUri": f"gid://retour/Effect/{effect.id}",
        "changes": [change],
    }


def _note(effect: Effect, target: Note) -> str:
    if "note" not in effect.guard_before:
        raise Refused("guard_missing", "the order's note has not been read", field="text")
    before = effect.guard_before["note"]
    before, line = before if isinstance(before, str) else "", note_line(effect, target)
    if line in before.splitlines():
        return before
    return f"{before}\n{line}" if before else line


def note_line(effect: Effect, target: Note) -> str:
    """Return the one line that our note adds; it ends with the reference, so that it can be found again."""
    flat = " ".join(target.text.split())
    return flat if effect.reference in flat else f"{flat} [{effect.reference}]"
