"""What people do about a fee that is paid beforehand: try again, let the refund bear it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.rma.fee import FeeBack, FeeState, FeeView
from retour.store import fee as rows
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.rma import ReturnRecord


class Do(StrEnum):
    """What a person decides about a fee; waiving it is an act of its own (`waive_fees`)."""

    AGAIN = "again"  # the cause is gone: it is charged, or given back, anew
    WITHHOLD = "withhold"  # the refund bears it, as far as it can


def choices(fee: FeeView | None) -> tuple[Do, ...]:
    """Return what may be decided about a fee as it stands."""
    if fee is None:
        return ()
    again = (Do.AGAIN,) if fee.state in (FeeState.STUCK, FeeState.UNREFUNDED) else ()
    return (*again, Do.WITHHOLD) if fee.is_awaited and fee.state is not FeeState.LAPSED else again


async def act(db: Db, *, rma_id: UUID, do: Do, actor: str, now: datetime) -> ReturnRecord:
    """Decide what becomes of a fee that stands in the way, and return the return; the rest follows by itself.

    Raises Refused: `return_not_found`, `fee_not_found`, `move_not_allowed`.
    """
    record = await returns.lock(db, rma_id)
    if record is None:
        raise Refused("return_not_found", "there is no such return")
    fee = record.rma.fee
    if fee is None:
        raise Refused("fee_not_found", "nothing of the return is paid beforehand")
    if do not in choices(fee):
        raise Refused("move_not_allowed", f"the fee is {fee.state.value}", facts={"state": fee.state.value})
    if do is Do.WITHHOLD:
        await _withhold(db, rma_id, now)
    elif fee.state is FeeState.UNREFUNDED:
        await rows.turn(db, rma_id, to=FeeState.PAID, came_from=[FeeState.UNREFUNDED], at=now, due=now)
    else:
        await rows.ask_back(db, rma_id, back=FeeBack.AGAIN, at=now)
    facts: dict[str, object] = {"because": do.value, "amount_minor": fee.total, "currency": record.rma.currency}
    return await returns.changed(db, record, EventType.FEE_WITHDRAWN, actor=actor, at=now, data=facts)


async def _withhold(db: Db, rma_id: UUID, now: datetime) -> None:
    """Free the return at once; an invoice that stands is withdrawn."""
    if not await rows.turn(db, rma_id, to=FeeState.WITHHELD, came_from=[FeeState.DUE], at=now):
        await rows.ask_back(db, rma_id, back=FeeBack.WITHHELD, at=now)
