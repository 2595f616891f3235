"""The money side of an order document: what was taken, what went back, and what is still on its way."""

from collections.abc import Mapping
from typing import Any, Final

from retour.core.order import Capture, PlatformRefund, RefundedLine, RefundMovement, TenderKind

from .reading import Reading, many, one, text

Doc = Mapping[str, Any]
TAKEN: Final = frozenset({"CAPTURE", "SALE"})
TRIES: Final = frozenset({"SALE", "AUTHORIZATION", "EMV_AUTHORIZATION"})
KINDS: Final = TAKEN | {"AUTHORIZATION", "REFUND", "VOID", "CHANGE", "EMV_AUTHORIZATION", "SUGGESTED_REFUND"}
# The platform's transaction statuses in the four words of the house.
MOVEMENTS: Final[Mapping[str, str]] = {
    "SUCCESS": "success",
    "PENDING": "pending",
    "AWAITING_RESPONSE": "pending",
    "FAILURE": "failed",
    "ERROR": "failed",
    "UNKNOWN": "unknown",
}


def captures(document: Doc, reading: Reading) -> tuple[Capture, ...]:
    """Return the money taken for the order with what went back on each, in presentment minor units."""
    rows = many(document, "transactions")
    taken = [row for row in rows if text(row, "kind") in TAKEN and row.get("status") == "SUCCESS"]
    given = _given_back(rows, {text(row, "id") for row in taken}, reading)
    return tuple(_capture(row, given, reading) for row in taken)


def failed(document: Doc) -> int | None:
    """Return how often somebody tried in vain to pay; a capture of money already promised is no such try."""
    if not isinstance(document.get("transactions"), list):
        return None
    rows = many(document, "transactions")
    return sum(1 for row in rows if text(row, "kind") in TRIES and MOVEMENTS.get(text(row, "status") or "") == "failed")


def _capture(row: Doc, given: Mapping[tuple[str, str], int], reading: Reading) -> Capture:
    ref, gateway = text(row, "id") or "", text(row, "gateway") or ""
    return Capture(
        ref=ref,
        kind=tender_kind(gateway, has_account_number=text(row, "accountNumber") is not None),
        gateway=gateway,
        captured=reading.money(row.get("amountSet"), ref).presentment,
        captured_at=reading.at(row.get("processedAt"), ref),
        refunded=given.get((ref, "success"), 0),
        pending=given.get((ref, "pending"), 0) + given.get((ref, "unknown"), 0),
    )


def _given_back(rows: list[Doc], taken: set[str | None], reading: Reading) -> dict[tuple[str, str], int]:
    """Return what went back by (capture, status); a refund of no known capture is found, never guessed."""
    given: dict[tuple[str, str], int] = {}
    for row in rows:
        ref, kind = text(row, "id") or "", text(row, "kind")
        if kind not in KINDS:
            reading.find("unknown_transaction_kind", ref, kind)
        if kind != "REFUND":
            continue
        status = movement_status(row, ref, reading)
        parent = text(one(row, "parentTransaction"), "id")
        if parent is None or parent not in taken:
            if status != "failed":
                reading.find("refund_without_capture", ref, parent)
            continue
        key = (parent, status)
        given[key] = given.get(key, 0) + reading.money(row.get("amountSet"), ref).presentment
    return given


def movement_status(row: Doc, ref: str, reading: Reading) -> str:
    """Return the status of a transaction in our words; an unknown one stays `unknown` and is found."""
    status = text(row, "status")
    found = MOVEMENTS.get(status) if status else None
    if found is None:
        reading.find("unknown_transaction_status", ref, status)
        return "unknown"
    return found


def tender_kind(gateway: str, *, has_account_number: bool) -> TenderKind:
    """Return the kind of money behind a gateway name; only cards show an account number."""
    if gateway == "gift_card":
        return TenderKind.GIFT_CARD
    if "store_credit" in gateway:
        return TenderKind.STORE_CREDIT
    if has_account_number or gateway == "shopify_payments":
        return TenderKind.CARD
    return TenderKind.OTHER


def refunds(document: Doc, *, included: bool, reading: Reading) -> tuple[PlatformRefund, ...]:
    """Return every refund of the order, whoever made it; line figures include tax."""
    return tuple(_refund(node, included=included, reading=reading) for node in many(document, "refunds"))


def _refund(node: Doc, *, included: bool, reading: Reading) -> PlatformRefund:
    ref = text(node, "id") or ""
    lines = []
    for row in many(node, "refundLineItems"):
        subtotal, tax = reading.money(row.get("subtotalSet"), ref), reading.money(row.get("totalTaxSet"), ref)
        lines.append(
            RefundedLine(
                line_ref=text(one(row, "lineItem"), "id") or "",
                quantity=reading.count(row.get("quantity"), ref),
                gross=subtotal if included else subtotal + tax,
                tax=tax,
                restocked=row.get("restocked") is True,
            )
        )
    return PlatformRefund(
        ref=ref,
        created_at=reading.at(node.get("createdAt") or node.get("processedAt"), ref),
        total=reading.money(node.get("totalRefundedSet"), ref),
        note=text(node, "note"),
        lines=tuple(lines),
        movements=tuple(_movement(row, reading) for row in many(node, "transactions") if row.get("kind") == "REFUND"),
    )


def _movement(row: Doc, reading: Reading) -> RefundMovement:
    ref = text(row, "id") or ""
    return RefundMovement(
        ref=ref,
        capture_ref=text(one(row, "parentTransaction"), "id"),
        amount=reading.money(row.get("amountSet"), ref).presentment,
        status=movement_status(row, ref, reading),
    )
