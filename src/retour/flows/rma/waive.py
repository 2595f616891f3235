"""Waiving fees: somebody says that a return is not charged for, and why; what is settled later follows."""

from datetime import datetime
from uuid import UUID

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.refund import FeeKind
from retour.core.rma import SettlementState
from retour.core.rma.moves import OPEN
from retour.flows.rma.charge import check_waivable, free
from retour.flows.rma.locking import locked
from retour.store import refund as refunds
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.rma import ReturnRecord

REASON_MOST = 1_000  # characters


async def waive_fees(
    db: Db,
    *,
    rma_id: UUID,
    kind: FeeKind | None,
    reason: str,
    actor: str,
    now: datetime,
    expect_version: int | None = None,
) -> ReturnRecord:
    """Waive a fee of a return, or every fee without a kind; what was charged before stays as it was paid.

    Raises Refused: `return_not_found`, `state_changed`, `already_decided` for a return on which nothing is to be paid
    any more, `reason_missing`, `already_waived`, `fee_paid`.
    """
    record = await locked(db, rma_id, expect_version)
    said = reason.strip()
    if not said or len(said) > REASON_MOST:
        raise Refused("reason_missing", f"say why, in at most {REASON_MOST} characters", field="reason")
    unpaid = any(s.state in (SettlementState.QUOTED, SettlementState.FAILED) for s in record.rma.settlements)
    if not unpaid and all(line.decision not in OPEN for line in record.rma.lines):
        raise Refused("already_decided", f"the return is already {record.rma.status.value}")
    check_waivable(record, kind)
    if not await refunds.waive(db, rma_id=rma_id, kind=kind, reason=said, actor=actor, at=now):
        raise Refused("already_waived", "that fee is waived already", field="kind")
    await free(db, record, now=now)
    facts_told: dict[str, object] = {"kind": kind.value if kind else None, "reason": said}
    return await returns.changed(db, record, EventType.FEES_WAIVED, actor=actor, at=now, data=facts_told)
