"""What an effect's outcome means for the books: reservations, ledger, settlement, events and the next nudge."""

from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core import fee as fees
from retour.core.effect import CARD_KINDS, EXCHANGE_KINDS, MONEY_KINDS, Effect, EffectKind, EffectState
from retour.core.event import EventType
from retour.core.ports import Outcome
from retour.core.rma import SettlementState
from retour.store import card_hold, discrepancy, event, exchange_order, fee, intake, ledger, refund
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.rma import ReturnHead

_EVENTS: Final = {
    EffectState.CONFIRMED: EventType.EFFECT_CONFIRMED,
    EffectState.FAILED: EventType.EFFECT_FAILED,
    EffectState.PENDING: EventType.EFFECT_PENDING,
    EffectState.UNKNOWN: EventType.EFFECT_UNKNOWN,
}
# What happened to money is told as the settlement's event; the effect's own would say it twice.
_MONEY_EVENTS: Final = {
    EffectState.CONFIRMED: EventType.SETTLEMENT_SETTLED,
    EffectState.FAILED: EventType.SETTLEMENT_FAILED,
}
_SETTLEMENT: Final = {
    EffectState.CONFIRMED: SettlementState.SETTLED,
    EffectState.FAILED: SettlementState.FAILED,
    EffectState.PENDING: SettlementState.PENDING,
    EffectState.UNKNOWN: SettlementState.UNKNOWN,
    EffectState.INTENT: SettlementState.DUE,
}
_MOVING: Final = (
    SettlementState.DUE,
    SettlementState.SENDING,
    SettlementState.PENDING,
    SettlementState.UNKNOWN,
)


async def book_outcome(
    db: Db,
    effect: Effect,
    *,
    head: ReturnHead | None,
    to: EffectState,
    outcome: Outcome,
    at: datetime,
    nudge: bool = True,
) -> None:
    """Book what just became of an effect, in the transaction that wrote it; the return is locked by the caller.

    What is confirmed has yet to be entered in the ledger (`enter_in_ledger`).
    Without `nudge` the caller moves the return on in the same transaction.
    """
    what, settlement_id = _EVENTS.get(to), None
    if effect.kind in MONEY_KINDS:
        settlement_id = await _book_money(db, effect, to=to, at=at)
        what = _MONEY_EVENTS.get(to, what)
    await _wake(db, effect, is_settlement=settlement_id is not None, to=to, at=at)
    if to is EffectState.FAILED and effect.kind not in EXCHANGE_KINDS | CARD_KINDS:
        await discrepancy.open_(
            db,
            "effect_failed",
            resource_kind="effect",
            resource_id=effect.id,
            owner=discrepancy.Owner.FINANCE if effect.kind in MONEY_KINDS else discrepancy.Owner.OPERATOR,
            next_step="read the far side's answer, correct the cause, try again",
            details={"kind": effect.kind.value, "far_code": outcome.far_code, "message": outcome.message},
            at=at,
        )
    if head is None or what is None:
        return
    if effect.kind is EffectKind.PUSH_RETURN and to is EffectState.CONFIRMED and outcome.far_id is not None:
        status = outcome.result.get("status")
        await intake.link(
            db, head.id, connection_id=effect.connection_id, external_id=outcome.far_id,
            far_status=str(status) if status else None, at=at,
        )  # fmt: skip
    facts: dict[str, object] = {"effect_id": effect.id, "kind": effect.kind.value, "far_code": outcome.far_code}
    if effect.kind is EffectKind.PUSH_RETURN:
        facts |= {"far_id": outcome.far_id, "far_status": outcome.result.get("status")}
    if settlement_id is not None:
        facts |= {"settlement_id": settlement_id, "amount_minor": effect.amount_minor, "currency": effect.currency}
    if nudge:
        await returns.changed(db, head, what, actor="retour", at=at, data=facts)
        return
    await event.tell(
        db,
        [(what, "retour")],
        resource_kind="return",
        resource_id=head.id,
        store_id=head.store_id,
        at=at,
        data={"number": head.number, **facts},
    )


async def _wake(db: Db, effect: Effect, *, is_settlement: bool, to: EffectState, at: datetime) -> None:
    """Let what waits for an effect be looked at, now that its outcome is known."""
    if to not in (EffectState.CONFIRMED, EffectState.FAILED):
        return
    if effect.kind in EXCHANGE_KINDS or (effect.kind in MONEY_KINDS and not is_settlement):
        await (fee if effect.business_ref.startswith(fees.REF) else exchange_order).nudge(db, effect.id, at=at)
    if effect.kind in CARD_KINDS:
        await card_hold.nudge(db, effect.id, at=at)


async def _book_money(db: Db, effect: Effect, *, to: EffectState, at: datetime) -> UUID | None:
    settlement_id = await refund.find_by_effect(db, effect.id)
    if settlement_id is not None:
        await refund.move(db, settlement_id, came_from=_MOVING, to=_SETTLEMENT[to], at=at)
    if to is EffectState.FAILED:
        await refund.release(db, effect.id, paid=False)
        if settlement_id is not None:
            await refund.drop_lines(db, settlement_id)
    if to is EffectState.CONFIRMED:
        await refund.release(db, effect.id, paid=True)
    return settlement_id


async def enter_in_ledger(db: Db, effect: Effect, *, at: datetime) -> None:
    """Enter a confirmed refund in the ledger, as the last thing of its transaction: all refunds wait for one account."""
    if effect.kind not in MONEY_KINDS:
        return
    assert effect.currency is not None, "money has a currency"
    legs = await refund.list_legs(db, effect.id)
    await ledger.enter(
        db,
        [ledger.Posting("merchant:refunds", f"gateway:{leg['gateway']}", leg["amount_minor"]) for leg in legs],
        reference=f"refund:{effect.id}",
        currency=effect.currency,
        effect_id=effect.id,
        at=at,
    )
