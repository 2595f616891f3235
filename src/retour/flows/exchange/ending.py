"""How an exchange ends: settled with its new order, or given up, its goods paid for in another way or not at all."""

from dataclasses import replace
from typing import Final

from retour.core.event import EventType
from retour.core.exchange_order import Back, handed_in
from retour.core.refund import emptied
from retour.core.rma import Decision, ReturnLine, SettlementState, count
from retour.core.rma.exchange import ExchangeState
from retour.core.rma.state import common
from retour.flows.exchange.far import Look
from retour.store import discrepancy, ledger
from retour.store import exchange_order as rows
from retour.store import refund as refunds
from retour.store import rma as returns
from retour.store.refund import SettlementRow, outside

OUTSIDE: Final = "outside:exchange"
# Differences that are none any more once the new order and its settlement are taken back.
_REVERSED: Final = frozenset({"reversal_asked", "exchange_not_cancelled", "payout_overdue"})


async def settle(look: Look, row: SettlementRow, *, paid: bool) -> None:
    """Write that the new order is made; the settlement is settled with it, unless somebody still has a rest to pay."""
    db, order, done = look.db, look.order, look.order.figures
    assert done is not None, "what was made was priced"
    after = replace(order, effect_id=None, pay_url=None)
    await look.save(after.at(ExchangeState.MADE, look.now, due=look.now if order.back else None))
    facts: dict[str, object] = {
        "settlement_id": row.id, "order_id": order.order_id, "collected_minor": done.collect.presentment,
        "paid_back_minor": done.pay_back.presentment, "currency": row.currency,
    }  # fmt: skip
    if not paid:
        await rows.report_due(db, row.id, at=look.now + outside.REMIND_AFTER)
        await returns.changed(db, look.record, EventType.EXCHANGE_MADE, actor="retour", at=look.now, data=facts)
        return
    if not await outside.report_paid(db, row.id, reference=order.order_ref, note=None, by="retour", at=look.now):
        return
    kept = row.plan.total.presentment - (done.refunded.presentment and done.pay_back.presentment)
    amounts = (("merchant:refunds", kept), ("merchant:bonus", min(row.plan.bonus, done.bonus.presentment)))
    postings = [ledger.Posting(source, OUTSIDE, minor) for source, minor in amounts if minor > 0]
    if postings:
        await ledger.enter(
            db, postings, reference=f"outside:{row.id}", currency=row.currency, effect_id=None, at=look.now
        )
    await returns.changed(db, look.record, EventType.EXCHANGE_MADE, actor="retour", at=look.now, data=facts)
    told = {
        "settlement_id": row.id, "order_id": row.order_id, "resolution": row.resolution,
        "resolution_ref": row.resolution_ref, "amount_minor": row.plan.total.presentment + row.plan.bonus,
        "bonus_minor": row.plan.bonus, "currency": row.currency, "to": "exchange", "reference": order.order_ref,
    }  # fmt: skip
    await returns.changed(db, look.record, EventType.SETTLEMENT_SETTLED, actor="retour", at=look.now, data=told)


async def give_up(look: Look, row: SettlementRow, back: Back) -> None:
    """End a new order that is not there (any more): pay for the goods otherwise, leave it to the merchant, or reverse.

    Where the settlement is over by now, nothing is paid and nothing reversed.
    """
    order = replace(look.order, effect_id=None, back=None, pay_url=None)
    facts: dict[str, object] = {"settlement_id": row.id, "instead": back.value}
    if back is Back.BY_HAND:
        await look.save(order.at(ExchangeState.BY_HAND, look.now, due=None))
        await rows.report_due(look.db, row.id, at=look.now + outside.REMIND_AFTER)
        await returns.changed(
            look.db, look.record, EventType.EXCHANGE_GIVEN_UP, actor="retour", at=look.now, data=facts
        )
        return
    is_open = look.order.state is ExchangeState.BY_HAND and not row.awaits_report
    await look.save(order.at(ExchangeState.BY_HAND if is_open else ExchangeState.CANCELLED, look.now, due=None))
    done = await (_reverse(look, row) if back is Back.REVERSE else _turn(look, row, back))
    if done:
        what = EventType.EXCHANGE_CANCELLED if back is Back.REVERSE else EventType.EXCHANGE_GIVEN_UP
        await returns.changed(look.db, look.record, what, actor="retour", at=look.now, data=facts)


async def _turn(look: Look, row: SettlementRow, back: Back) -> bool:
    """Let the goods be paid for in another way: quoted and booked anew; return whether that was still open."""
    if not await rows.turn(look.db, row.id, resolution=back.value):
        return False
    await _unbook(look, row)
    await _carry_out_again(look, row)
    facts: dict[str, object] = {
        "settlement_id": row.id, "resolution": back.value, "amount_minor": row.plan.total.presentment,
        "currency": row.currency,
    }  # fmt: skip
    await returns.changed(look.db, look.record, EventType.SETTLEMENT_QUOTED, actor="retour", at=look.now, data=facts)
    return True


async def _carry_out_again(look: Look, row: SettlementRow) -> None:
    """Let the lines that the new order was for be carried out once more: as what they are paid as, or quoted anew."""
    again = [line.id for line in look.record.rma.lines if line.decision is Decision.RESOLVED and _pays(row, line)]
    if again:
        await returns.decide(look.db, again, Decision.APPROVED, actor="retour", at=look.now)


def _pays(row: SettlementRow, line: ReturnLine) -> bool:
    return count(common(line.claimed, handed_in(row.plan).get(line.line_ref, ()))) > 0


async def _reverse(look: Look, row: SettlementRow) -> bool:
    """Take the settlement back; nothing is owed for these units any more. Return whether it stood."""
    nothing = emptied(row.plan)
    if not await rows.reverse(look.db, row.id, plan=nothing, plan_hash=nothing.hash):
        return False
    await _unbook(look, row)
    await _carry_out_again(look, row)  # approved again while it was being taken back
    facts: dict[str, object] = {"settlement_id": row.id, "because": "units_given_up"}
    await returns.changed(look.db, look.record, EventType.SETTLEMENT_REVERSED, actor="retour", at=look.now, data=facts)
    return True


async def _unbook(look: Look, row: SettlementRow) -> None:
    """Take back what was booked for the exchange; money or credit that went out stays, and stays a difference."""
    await refunds.drop_lines(look.db, row.id)
    out = look.order.figures.pay_back.presentment if look.order.figures is not None else 0
    if row.state is SettlementState.SETTLED:
        stands = 0 if row.reported_by == "retour" else out  # a rest that Retour paid back is an entry of its own
        await ledger.mirror(look.db, f"outside:{row.id}", reference=f"reverse:{row.id}", stands=stands, at=look.now)
        if out:
            return
    await discrepancy.resolve(
        look.db, _REVERSED, resource_kind="settlement", resource_id=row.id, by="retour", at=look.now
    )
