"""Telling a return to another returns system: which document it is told as, and whether both stand alike at the end."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from retour.core.intake.schema import RETURN_FORMAT
from retour.core.order import Order
from retour.core.rma.moves import OPEN, Decision
from retour.core.rma.state import Return, ReturnLine

MOMENTS: Final = ("requested", "approved")
REFERENCE: Final = "retour_return"  # of the metadata: what the other system says back, so that both know each other
_LINES: Final = frozenset({Decision.REQUESTED, Decision.IN_REVIEW, Decision.APPROVED, Decision.REOPENED})
# Where a return may stand here once it is over there; what is not listed is not over there.
_AGREES: Final[Mapping[str, frozenset[Decision]]] = {
    "rejected": frozenset({Decision.REJECTED, Decision.CANCELLED, Decision.EXPIRED}),
    "cancelled": frozenset({Decision.REJECTED, Decision.CANCELLED, Decision.EXPIRED}),
    "refunded": OPEN | {Decision.RESOLVED},  # what is open here is held, and told as money
    "closed": frozenset(Decision) - OPEN,
}


def business_ref(ret: Return) -> str:
    """Return under which reference a return is told: once and never again."""
    return f"push:{ret.id}"


def pushed_document(ret: Return, order: Order) -> dict[str, object]:
    """Return a `retour.return/1` of the open lines of a return, its id ours; it names nobody and quotes no free text."""
    by_ref = {line.ref: line for line in order.lines}
    changed = max(ret.requested_at, ret.decided_at or ret.requested_at)
    items = []
    for line in ret.lines:
        if line.decision in _LINES:
            items.append(_item(line, by_ref[line.line_ref].sku, by_ref[line.line_ref].title))
    return {
        "schema": RETURN_FORMAT,
        "id": str(ret.id),
        "status": "approved" if ret.status is Decision.APPROVED else "requested",
        "created_at": _instant(ret.requested_at),
        "updated_at": _instant(changed),
        "kind": ret.kind,
        "order": {
            "id": order.ref, "number": order.name, "placed_on": f"{order.placed_at.astimezone(UTC):%Y-%m-%d}",
            "currency": order.currency,
        },
        "items": items,
        "metadata": {REFERENCE: str(ret.id), "number": f"R-{ret.number}"},
    }  # fmt: skip


def agrees(there: str, here: Decision) -> bool:
    """Return whether a return may stand here as it does, now that it stands there as it does."""
    return here in _AGREES.get(there, frozenset(Decision))


def _item(line: ReturnLine, sku: str | None, title: str) -> dict[str, object]:
    item: dict[str, object] = {
        "line": line.line_ref, "title": title[:500], "quantity": line.quantity, "reason": {"code": line.reason[:100]},
        "resolution": line.resolution,
    }  # fmt: skip
    return item | ({"sku": sku[:200]} if sku else {})


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
