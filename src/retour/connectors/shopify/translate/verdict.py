"""Judge the answer to an effect: what happened, what did not, and what nobody knows yet."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from retour.connectors.shopify import answer as answers
from retour.core.effect import Effect, EffectKind, OpenReturn
from retour.core.errors import Refused
from retour.core.money import parse_decimal
from retour.core.ports import Outcome, Verdict, WireAnswer

from . import exchange
from .payment import MOVEMENTS
from .reading import many, one, text

Doc = Mapping[str, Any]
# The root field of each kind's mutation and where its object stands.
PAYLOADS: Final[Mapping[EffectKind, tuple[str, str]]] = {
    EffectKind.REQUEST_RETURN: ("returnRequest", "return"),
    EffectKind.APPROVE_RETURN: ("returnApproveRequest", "return"),
    EffectKind.DECLINE_RETURN: ("returnDeclineRequest", "return"),
    EffectKind.OPEN_RETURN: ("returnCreate", "return"),
    EffectKind.REMOVE_FROM_RETURN: ("removeFromReturn", "return"),
    EffectKind.PROCESS_RETURN: ("returnProcess", "return"),
    EffectKind.CLOSE_RETURN: ("returnClose", "return"),
    EffectKind.CANCEL_RETURN: ("returnCancel", "return"),
    EffectKind.REFUND_TENDER: ("refundCreate", "refund"),
    EffectKind.RESTOCK: ("inventoryAdjustQuantities", "inventoryAdjustmentGroup"),
    EffectKind.TAG: ("tagsAdd", "node"),
    EffectKind.UNTAG: ("tagsRemove", "node"),
    EffectKind.NOTE: ("orderUpdate", "order"),
}
# What makes a thing that a later effect needs, or that must not be made twice.
_MAKING: Final = frozenset(
    {EffectKind.REFUND_TENDER, EffectKind.OPEN_RETURN, EffectKind.REQUEST_RETURN, EffectKind.RESTOCK}
)
_OPENING: Final = frozenset({EffectKind.OPEN_RETURN, EffectKind.REQUEST_RETURN, EffectKind.APPROVE_RETURN})
_ON_RETURN: Final = frozenset(
    {EffectKind.PROCESS_RETURN, EffectKind.CLOSE_RETURN, EffectKind.CANCEL_RETURN, EffectKind.DECLINE_RETURN}
)
_ANSWERING: Final = frozenset({EffectKind.APPROVE_RETURN, EffectKind.DECLINE_RETURN})
# User errors that do not mean "refused"; every other code does.
_CODES: Final[Mapping[str, Verdict]] = {
    "INTERNAL_ERROR": Verdict.UNKNOWN,
    "MISSING_PERMISSION": Verdict.NEEDS_RECONNECT,
    "IDEMPOTENCY_CONCURRENT_REQUEST": Verdict.NOT_EXECUTED,
    "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED": Verdict.KEY_SPENT,
    "IDEMPOTENCY_KEY_PARAMETER_MISMATCH": Verdict.UNKNOWN,
    "SERVICE_UNAVAILABLE": Verdict.UNKNOWN,
    "ADJUST_QUANTITIES_FAILED": Verdict.UNKNOWN,
    "CREATION_FAILED": Verdict.UNKNOWN,
}
_UNSURE_WORDS: Final = ("internal", "try again", "timed out", "timeout", "unavailable", "something went wrong")
_GONE_WORDS: Final = ("access denied", "permission", "scope")


def classify(effect: Effect, answer: WireAnswer, *, version: str) -> Outcome:
    """Return what the answer means for the effect; a served version other than ours is kept in the result."""
    if effect.kind in exchange.PAYLOADS:
        return exchange.classify(effect, answer, version=version)
    said = answers.read(answer, version=version)
    outcome = said.trouble or _judged(effect, said.data)
    if said.finding is None:
        return outcome
    return replace(outcome, result={**outcome.result, "finding": said.finding})


def _judged(effect: Effect, data: Doc) -> Outcome:
    root, name = PAYLOADS[effect.kind]
    payload = one(data, root)
    if effect.kind is EffectKind.REMOVE_FROM_RETURN and "return" in data:
        payload = data  # nothing was left to take out: the look that stood in for the call
    if not payload:
        return Outcome(Verdict.UNKNOWN, far_code="no_payload", message=f"the answer has no {root}")
    errors, thing = many(payload, "userErrors"), one(payload, name)
    if errors:
        return _refused(effect, errors[0], thing)
    if not thing:
        return Outcome(Verdict.UNKNOWN, far_code="no_payload", message=f"the answer has no {name}")
    return done(effect, thing)


def done(effect: Effect, thing: Doc) -> Outcome:
    """Return the outcome of an effect whose object the platform shows."""
    ref = text(thing, "id")
    if effect.kind is EffectKind.REFUND_TENDER:
        return refund(thing)
    if ref is None:
        return Outcome(Verdict.UNKNOWN, far_code="no_id")
    return Outcome(Verdict.OK, far_id=ref, result=_facts(effect, thing, ref))


def _facts(effect: Effect, thing: Doc, ref: str) -> Mapping[str, object]:
    if effect.kind in _OPENING:
        return opened(thing)
    if effect.kind is EffectKind.REMOVE_FROM_RETURN:
        return held(thing)
    if effect.kind in _ON_RETURN:
        return {"return_ref": ref, "status": (text(thing, "status") or "").lower()}
    if effect.kind is EffectKind.RESTOCK:
        after = [change.get("quantityAfterChange") for change in many(thing, "changes")]
        return {"adjustment_ref": ref, "available_after": after[0] if after else None}
    return {"object_ref": ref}


def opened(thing: Doc) -> Mapping[str, object]:
    """Return the facts of a native return that later effects need.

    `lines` names, per fulfilled unit row, the return line and the reverse line that a disposition must point at.
    """
    reverse: dict[str | None, list[str | None]] = {}
    for order in many(thing, "reverseFulfillmentOrders"):
        for row in many(order, "lineItems"):
            reverse.setdefault(text(one(row, "fulfillmentLineItem"), "id"), []).append(text(row, "id"))
    lines = []
    for row in many(thing, "returnLineItems"):
        fulfilled = text(one(row, "fulfillmentLineItem"), "id")
        refs = reverse.get(fulfilled) or [None]
        lines.append(
            {
                "fulfilled_ref": fulfilled,
                "return_line_ref": text(row, "id"),
                "reverse_ref": refs.pop(0) if len(refs) > 1 else refs[0],  # two lines of one parcel row: in their order
                "quantity": row.get("quantity"),
            }
        )
    return {
        "return_ref": text(thing, "id"),
        "name": text(thing, "name"),
        "status": (text(thing, "status") or "").lower(),
        "lines": lines,
    }


def held(thing: Doc) -> Mapping[str, object]:
    """Return how many units of each line a native return holds: once it is over, those that went through it.

    Of one with more lines than an answer shows they are the first ones, as when it was opened: what left them is gone.
    """
    status = (text(thing, "status") or "").lower()
    counted = "quantity" if status == "open" else "processedQuantity"
    quantities = {text(row, "id"): row.get(counted) for row in many(thing, "returnLineItems")}
    return {"return_ref": text(thing, "id"), "status": status, "quantities": quantities}


def refund(thing: Doc) -> Outcome:
    """Return the outcome of a refund by its money movements: only they say whether money moved.

    All failed is a rejection; one failed beside another that moved is unknown, for a person to see.
    """
    ref = text(thing, "id")
    rows = [row for row in many(thing, "transactions") if row.get("kind") == "REFUND"]
    movements = [_movement(row) for row in rows]
    statuses = {str(movement["status"]) for movement in movements}
    facts: dict[str, object] = {"refund_ref": ref, "movements": movements}
    moved = _refunded(thing)
    if one(one(thing, "transactions"), "pageInfo").get("hasNextPage") is True:
        return Outcome(Verdict.UNKNOWN, far_id=ref, far_code="too_many_movements", result=facts)
    if statuses == {"failed"}:
        code = next((text(row, "errorCode") for row in rows if text(row, "errorCode")), None)
        return Outcome(Verdict.REJECTED, far_id=ref, far_code=code or "movement_failed", result=facts)
    if "failed" in statuses or "unknown" in statuses:
        return Outcome(Verdict.UNKNOWN, far_id=ref, amount_minor=moved, far_code="movements_differ", result=facts)
    verdict = Verdict.PENDING if "pending" in statuses else Verdict.OK
    return Outcome(verdict, far_id=ref, amount_minor=moved, result=facts)


def _movement(row: Doc) -> dict[str, object]:
    movement: dict[str, object] = {
        "ref": text(row, "id"),
        "capture_ref": text(one(row, "parentTransaction"), "id"),
        "status": MOVEMENTS.get(str(row.get("status")), "unknown"),
    }
    amount = _minor(row.get("amountSet"))
    return movement if amount is None else movement | {"amount_minor": amount}


def _refunded(thing: Doc) -> int | None:
    return _minor(thing.get("totalRefundedSet"))


def _minor(bag: object) -> int | None:
    money = one(bag, "presentmentMoney")
    try:
        return parse_decimal(str(money.get("amount")), str(money.get("currencyCode")))
    except Refused:
        return None


def _refused(effect: Effect, error: Doc, thing: Doc) -> Outcome:
    code, message = text(error, "code"), (text(error, "message") or "")[:300]
    said = message.lower()
    by_message = answers.idempotency(message) if code is None else None
    if by_message is not None:
        return by_message
    if code == "INVALID_STATE" and effect.kind is EffectKind.CLOSE_RETURN:
        # Processing the last unit may close a return by itself: then there is nothing left to close.
        return Outcome(Verdict.OK, far_id=_return_ref(effect), far_code=code, message=message)
    if code == "INVALID_STATE" and effect.kind in _ANSWERING:
        # Somebody answered the request on the platform: reading it back tells whether as we would have.
        return Outcome(Verdict.UNKNOWN, far_code=code, message=message)
    verdict = _CODES.get(code, Verdict.REJECTED) if code else Verdict.REJECTED
    if code is None and any(words in said for words in _UNSURE_WORDS):
        verdict = Verdict.UNKNOWN
    if code is None and any(words in said for words in _GONE_WORDS):
        verdict = Verdict.NEEDS_RECONNECT
    if thing and effect.kind in _MAKING:
        verdict = Verdict.UNKNOWN  # an error beside a made object contradicts itself: read back
    wait = 1.0 if verdict is Verdict.NOT_EXECUTED else None
    return Outcome(verdict, far_code=code or "user_error", message=message, retry_after_s=wait)


def _return_ref(effect: Effect) -> str | None:
    target = effect.target
    return None if isinstance(target, OpenReturn) else getattr(target, "return_ref", None)
