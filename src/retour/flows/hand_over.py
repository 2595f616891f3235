"""What somebody else carries out: handed over once with all its figures, reported by staff or program, never paid twice."""

from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.breaker import counted
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.exchange_order import chosen_for, handed_in
from retour.core.refund import Plan
from retour.core.rma import SettlementState
from retour.core.rma.exchange import AT_REST
from retour.core.settling import again
from retour.store import breaker, discrepancy, ledger, order
from retour.store import exchange_order as exchange_orders
from retour.store import refund as refunds
from retour.store import rma as returns
from retour.store import second as seconds
from retour.store.db import Db
from retour.store.policy import PolicyCache
from retour.store.refund import SettlementRow, outside
from retour.store.rma import ReturnRecord

OVERDUE: Final = "payout_overdue"
DISAGREES: Final = "platform_disagrees"
# Where goods or work are owed, a settlement is carried out even if no money is.
_NOT_MONEY: Final = frozenset({"exchange", "repair", "replacement"})
_AWAITING: Final = (SettlementState.HANDED_OVER, SettlementState.DUE)


async def hand_over(db: Db, record: ReturnRecord, row: SettlementRow, plan: Plan, now: datetime) -> None:
    """Hand a quoted settlement over to the merchant: its units count as settled, and nothing is sent anywhere.

    The caller holds the locks of order, return and captures, and `plan` is the settlement as it is now. What comes to
    nothing and asks for no goods or work is settled with that. Handing over twice hands over once.
    """
    worth = plan.total.presentment + plan.bonus
    is_nothing = worth == 0 and row.resolution not in _NOT_MONEY
    reasons = sorted({r.kind.value for r in plan.adjustments})
    leaves = counted(row.resolution, plan.total.shop + plan.bonus_shop)
    if not await outside.hand_over(
        db, row.id, plan=plan, reasons=reasons, at=now, counted=leaves, is_nothing=is_nothing
    ):
        return
    await refunds.add_lines(db, row.id, row.order_id, plan)
    if row.resolution == "exchange":
        await _begin_order(db, record, row, plan, now)
    what = EventType.SETTLEMENT_SETTLED if is_nothing else EventType.SETTLEMENT_HANDED_OVER
    await returns.changed(db, record, what, actor="retour", at=now, data=_facts(row, plan))


async def _begin_order(db: Db, record: ReturnRecord, row: SettlementRow, plan: Plan, now: datetime) -> None:
    """Let the new order of an exchange be made if it is known for every unit what it is exchanged for."""
    named = await exchange_orders.wanted(db, record.rma.id)
    articles = chosen_for(record.rma.lines, handed_in(plan), named) if named else ()
    if articles:
        await exchange_orders.begin(
            db, settlement_id=row.id, rma_id=record.rma.id, connection_id=record.connection_id, articles=articles,
            at=now,
        )  # fmt: skip


async def pay_outside(
    db: Db, *, settlement_id: UUID, reason: str, actor: str, now: datetime, policies: PolicyCache
) -> SettlementRow:
    """Decide that a settlement the platform disagrees with is paid by hand: our figure, by another way.

    It is what is left where no payment stands behind an amount, as with an article that was exchanged for. Where a
    second person has to approve it, or it stops the store's breaker, it waits, and is decided once more afterwards.
    Raises Refused: `settlement_not_found`, `move_not_allowed` where no difference waits for a person, `payments_paused`.
    """
    row, record = await _locked(db, settlement_id)
    await refunds.lock_captures(db, row.order_id)
    if row.state is not SettlementState.QUOTED or row.comparison != "differs":
        raise Refused("move_not_allowed", "there is no difference to decide", facts={"state": row.state.value})
    if await breaker.is_paused(db, record.store_id):
        raise Refused("payments_paused", "the payments of the store are paused: nothing is paid by hand either")
    found = await order.load(db, row.order_id)
    assert found is not None, "an order is never deleted"
    at = await returns.standing(db, record, found.order, policies, before=row.seq)
    plan = again(
        found.order, record.rma, row.plan, at, batch_id=row.batch_id, units=row.units, resolution=row.resolution,
        ref=row.resolution_ref,
    )  # fmt: skip
    note = {"settlement_id": row.id, "paid_by": "hand", "reason": reason}
    await returns.changed(db, record, EventType.SETTLEMENT_QUOTED, actor=actor, at=now, data=note)
    await discrepancy.resolve(db, DISAGREES, resource_kind="settlement", resource_id=row.id, by=actor, at=now)
    if await seconds.wait_for_second(db, record, row, plan, at=now, is_override=True, is_outside=True):
        return await _again(db, settlement_id)
    leaves = counted(row.resolution, plan.total.shop + plan.bonus_shop)
    if not leaves or not await breaker.holds_back(db, record.store_id, minor=leaves, at=now):
        await hand_over(db, record, row, plan, now)
    return await _again(db, settlement_id)


async def report_paid(
    db: Db, *, settlement_id: UUID, reference: str | None, note: str | None = None, actor: str, now: datetime
) -> SettlementRow:
    """Record that a settlement was carried out outside, under the reference it has there; a second report is ignored.

    Raises Refused: `settlement_not_found`, `move_not_allowed` for one that was not handed over to the merchant.
    """
    row, record = await _locked(db, settlement_id)
    if row.handed_to == "merchant" and row.state is SettlementState.SETTLED:
        return row
    _check_awaited(row)
    await _check_at_rest(db, row)
    await outside.report_paid(db, row.id, reference=reference, note=note, by=actor, at=now)
    await _enter(db, row, now)
    await discrepancy.resolve(db, OVERDUE, resource_kind="settlement", resource_id=row.id, by=actor, at=now)
    facts = _facts(row, row.plan) | {"reference": reference}
    await returns.changed(db, record, EventType.SETTLEMENT_SETTLED, actor=actor, at=now, data=facts)
    return await _again(db, settlement_id)


async def report_failed(db: Db, *, settlement_id: UUID, reason: str, actor: str, now: datetime) -> SettlementRow:
    """Record that a settlement could not be carried out: it is owed again. Reported twice, it failed once.

    Raises Refused: `settlement_not_found`, `already_reported` for one that was reported as done, `move_not_allowed`.
    """
    row, record = await _locked(db, settlement_id)
    if row.handed_to == "merchant" and row.state is SettlementState.SETTLED:
        raise Refused("already_reported", "it was reported as done", facts={"reference": row.report_ref})
    _check_awaited(row)
    await _check_at_rest(db, row)
    if await outside.report_failed(db, row.id, note=reason, by=actor, at=now):
        facts = _facts(row, row.plan)
        await returns.changed(db, record, EventType.SETTLEMENT_FAILED, actor=actor, at=now, data=facts)
    return await _again(db, settlement_id)


async def remind(db: Db, *, settlement_id: UUID, now: datetime) -> None:
    """Show a settlement as a discrepancy that nobody has reported on for three days."""
    row = await refunds.get(db, settlement_id)
    if row is None:
        return
    record = await returns.lock(db, row.rma_id)
    assert record is not None, "a settlement has its return"
    row = await _again(db, settlement_id)
    if not await outside.reminded(db, settlement_id, at=now) or row.state not in _AWAITING:
        return
    handed = row.handed_at.isoformat() if row.handed_at else None
    await discrepancy.open_(
        db, OVERDUE, resource_kind="settlement", resource_id=row.id, store_id=record.store_id,
        owner=discrepancy.Owner.FINANCE, next_step="carry it out, then report it as done or as failed",
        details={"return_id": str(row.rma_id), "resolution": row.resolution, "handed_at": handed}, at=now,
    )  # fmt: skip


def _check_awaited(row: SettlementRow) -> None:
    if row.handed_to != "merchant" or row.state not in _AWAITING:
        raise Refused(
            "move_not_allowed", f"the settlement is {row.state.value} and waits for no report",
            facts={"state": row.state.value},
        )  # fmt: skip


async def _check_at_rest(db: Db, row: SettlementRow) -> None:
    """Refuse a report on an exchange whose new order Retour is making itself."""
    order = await exchange_orders.get(db, row.id) if row.resolution == "exchange" else None
    if order is not None and (order.state not in AT_REST or order.back is not None):
        raise Refused(
            "exchange_under_way", "Retour makes the new order; take it over by hand first",
            facts={"state": order.state.value},
        )  # fmt: skip


def _facts(row: SettlementRow, plan: Plan) -> dict[str, object]:
    """Return what the event tells: ids and figures, never a name."""
    return {
        "settlement_id": row.id, "order_id": row.order_id, "resolution": row.resolution,
        "resolution_ref": row.resolution_ref, "amount_minor": plan.total.presentment + plan.bonus,
        "bonus_minor": plan.bonus, "currency": plan.currency, "to": "merchant",
    }  # fmt: skip


async def _enter(db: Db, row: SettlementRow, now: datetime) -> None:
    """Enter what was moved outside in the ledger, the bonus from its own pocket; the reference lets it in once."""
    destination = f"outside:{row.resolution}"
    # What an exchange was turned into is entered beside the exchange, which has the plain reference.
    reference = f"outside:{row.id}" if row.resolution == "exchange" else f"outside:{row.id}:{row.resolution}"
    amounts = (("merchant:refunds", row.plan.total.presentment), ("merchant:bonus", row.plan.bonus))
    postings = [ledger.Posting(source, destination, minor) for source, minor in amounts if minor]
    if postings:
        await ledger.enter(db, postings, reference=reference, currency=row.currency, effect_id=None, at=now)


async def _locked(db: Db, settlement_id: UUID) -> tuple[SettlementRow, ReturnRecord]:
    row = await refunds.get(db, settlement_id)
    record = None if row is None else await returns.lock(db, row.rma_id)
    if record is None:
        raise Refused("settlement_not_found", "there is no such settlement")
    return await _again(db, settlement_id), record


async def _again(db: Db, settlement_id: UUID) -> SettlementRow:
    row = await refunds.get(db, settlement_id)
    assert row is not None, "a settlement is never deleted"
    return row
