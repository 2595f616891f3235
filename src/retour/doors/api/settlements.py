"""Settlements over the API: the money side of an inspected batch, explained to the cent."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from retour.core.errors import Refused
from retour.doors.api.money import PlanOut, plan_out
from retour.doors.api.operation import Call, Operation
from retour.doors.api.shapes import Nothing, Told
from retour.flows import refund as flow
from retour.store import refund as refunds
from retour.store.refund import SettlementRow

_MISSING: Final = "settlement_not_found"


class SettlementOut(Told):
    """One settlement: our plan, what the platform computed, how they compare, and the effect that pays."""

    id: UUID
    return_id: UUID
    order_id: UUID
    seq: int
    resolution: str
    state: str
    currency: str
    total_minor: int
    comparison: str | None
    platform_quote: Any
    reasons: Any
    plan: PlanOut
    effect_id: UUID | None
    created_at: datetime
    settled_at: datetime | None


async def get_settlement(call: Call, _: None) -> SettlementOut:
    """Return one settlement."""
    row = await refunds.get(call.db, call.resource_id)
    if row is None:
        raise Refused(_MISSING, "there is no such settlement")
    return settlement_out(row)


async def retry_settlement(call: Call, _: Nothing) -> SettlementOut:
    """Let a failed settlement be paid by a new effect."""
    return settlement_out(await flow.retry(call.db, settlement_id=call.resource_id, actor=call.actor, now=call.now))


async def accept_difference(call: Call, _: Nothing) -> SettlementOut:
    """Decide that our figure is paid."""
    done = await flow.accept_difference(call.db, settlement_id=call.resource_id, actor=call.actor, now=call.now)
    return settlement_out(done)


def settlement_out(row: SettlementRow) -> SettlementOut:
    """Return a settlement as the API tells it."""
    return SettlementOut(
        id=row.id, return_id=row.rma_id, order_id=row.order_id, seq=row.seq, resolution=row.resolution,
        state=row.state.value, currency=row.currency, total_minor=row.total_minor, comparison=row.comparison,
        platform_quote=row.platform_quote, reasons=row.reasons, plan=plan_out(row.plan), effect_id=row.effect_id,
        created_at=row.created_at, settled_at=row.settled_at,
    )  # fmt: skip


OPERATIONS: Final = (
    Operation(
        id="get_settlement", method="GET", path="/settlements/{id}", tag="Money", answer=SettlementOut,
        missing=_MISSING, summary="Read a settlement with the money explained", do=get_settlement,
    ),
    Operation(
        id="retry_settlement", method="POST", path="/settlements/{id}/retry", tag="Money", body=Nothing,
        answer=SettlementOut, missing=_MISSING, summary="Pay a failed settlement again", do=retry_settlement,
        description="Only one that provably did not happen; it is quoted anew.",
    ),
    Operation(
        id="accept_difference", method="POST", path="/settlements/{id}/accept-difference", tag="Money", body=Nothing,
        answer=SettlementOut, missing=_MISSING, summary="Pay our figure although the platform computes another",
        do=accept_difference,
    ),
)  # fmt: skip
