"""What people do about the new order of an exchange: name its article, try again, give it up."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from retour.core.effect import EffectKind, EffectState
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.exchange_order import ARTICLE_MOST, Back, Do, choices, chosen_for, handed_in, is_handed_in
from retour.core.policy.outcome import ResolutionKind
from retour.core.rma import SettlementState
from retour.core.rma.exchange import ExchangeState
from retour.core.rma.hold import HoldState
from retour.core.rma.moves import OPEN
from retour.flows.exchange.ordering import ACCEPTED
from retour.store import effect as effects
from retour.store import exchange_order as rows
from retour.store import jobs
from retour.store import refund as refunds
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.exchange_order import ExchangeOrder
from retour.store.refund import SettlementRow, outside
from retour.store.rma import ReturnRecord

_BACK = {Do.REFUND: Back.REFUND, Do.CREDIT: Back.CREDIT, Do.BY_HAND: Back.BY_HAND}


async def want(db: Db, *, rma_id: UUID, line_id: UUID, article: str, actor: str, now: datetime) -> ReturnRecord:
    """Name the article (by the platform's ref or its SKU) that the units of a line are exchanged for, one for one.

    Where the goods are settled already and no order was begun, it is begun. Raises Refused: `return_not_found`,
    `return_line_not_found`, `not_an_exchange`, `move_not_allowed` for a line that is closed, `exchange_under_way`,
    `card_hold_open` while a card is confirmed for another article.
    """
    record = await returns.lock(db, rma_id)
    if record is None:
        raise Refused("return_not_found", "there is no such return")
    line = next((one for one in record.rma.lines if one.id == line_id), None)
    if line is None:
        raise Refused("return_line_not_found", "the return has no such line", field="line_id")
    if line.resolution != ResolutionKind.EXCHANGE:
        raise Refused("not_an_exchange", "the line is not exchanged", field="line_id")
    if line.decision not in OPEN:
        facts = {"decision": line.decision.value}
        raise Refused("move_not_allowed", "the line is closed", field="line_id", facts=facts)
    if record.rma.card is not None and record.rma.card.state in (HoldState.ASKED, HoldState.OFFERED):
        raise Refused("card_hold_open", "the shopper is confirming a card for the article that was named")
    said = article.strip()
    if not said or len(said) > ARTICLE_MOST or not said.isprintable():
        raise Refused("invalid_text", "name the article by its ref or its SKU", field="article")
    await rows.want(db, line_id=line_id, rma_id=rma_id, article=said, actor=actor, at=now)
    for row in await refunds.list_of_rma(db, rma_id):
        if row.resolution == ResolutionKind.EXCHANGE and row.awaits_report and line.line_ref in handed_in(row.plan):
            await _begin(db, record, row.id, now)
    facts_of: dict[str, object] = {"line_id": line_id, "article": said}
    return await returns.changed(db, record, EventType.EXCHANGE_WANTED, actor=actor, at=now, data=facts_of)


async def _begin(db: Db, record: ReturnRecord, settlement_id: UUID, now: datetime) -> None:
    row = await refunds.get(db, settlement_id)
    assert row is not None, "it was just listed"
    known = await rows.get(db, settlement_id)
    if known is not None and known.state not in (ExchangeState.STUCK, ExchangeState.BY_HAND):
        raise Refused("exchange_under_way", "the new order is being made", facts={"state": known.state.value})
    if known is not None and known.draft_ref is not None:
        raise Refused("exchange_under_way", "give up the order that is drafted first")
    articles = chosen_for(record.rma.lines, handed_in(row.plan), await rows.wanted(db, record.rma.id))
    if articles:
        await rows.begin(
            db, settlement_id=settlement_id, rma_id=record.rma.id, connection_id=record.connection_id,
            articles=articles, at=now,
        )  # fmt: skip


async def act(db: Db, *, settlement_id: UUID, do: Do, actor: str, now: datetime) -> ExchangeOrder:
    """Decide what becomes of the new order of an exchange, and return it; the rest follows by itself.

    Raises Refused: `settlement_not_found`, `exchange_not_begun`, `move_not_allowed`.
    """
    row = await refunds.get(db, settlement_id)
    record = None if row is None else await returns.lock(db, row.rma_id)
    row = await refunds.get(db, settlement_id)
    if row is None or record is None:
        raise Refused("settlement_not_found", "there is no such settlement")
    order = await rows.get(db, settlement_id)
    if order is None:
        raise Refused("exchange_not_begun", "no new order was begun for this settlement")
    _check(order, row, record, do)
    if do is Do.AGAIN:
        after = await _again(db, order, now)
    elif do is Do.BY_HAND and (order.order_ref is not None or order.back is not None):
        # An order that is there stands; so does a draft that could not be deleted.
        after = replace(order.at(ExchangeState.BY_HAND, now, due=None), back=None, effect_id=None)
        await rows.report_due(db, row.id, at=now + outside.REMIND_AFTER)
    else:
        after = replace(order, back=_BACK[do], due_at=now)
    if not await rows.save(db, after, was=order.state):
        raise Refused("move_not_allowed", "the new order has moved on", facts={"state": order.state.value})
    await jobs.defer(db, [jobs.Job(jobs.Task.EXCHANGE, settlement_id, jobs.Queue.MONEY)])
    facts: dict[str, object] = {"settlement_id": settlement_id, "decided": do.value}
    what = EventType.EXCHANGE_BEGUN if do is Do.AGAIN else EventType.EXCHANGE_GIVEN_UP
    await returns.changed(db, record, what, actor=actor, at=now, data=facts)
    return after


async def _again(db: Db, order: ExchangeOrder, now: datetime) -> ExchangeOrder:
    """Return a stuck order as it goes on: the way back that was refused, its draft if one stands, else priced anew."""
    if order.back is not None:
        return replace(order, due_at=now)
    if order.order_ref is not None:
        accepted = ACCEPTED if order.problem == "total_differs" else None
        return order.at(ExchangeState.LINKING, now, due=now, problem=accepted)
    if order.draft_ref is None:
        return replace(order.at(ExchangeState.PREPARING, now, due=now), tries=order.tries, effect_id=None)
    drafts = [
        e for e in await effects.list_of_rma(db, order.rma_id)
        if e.kind is EffectKind.DRAFT_EXCHANGE and e.far_id == order.draft_ref and e.state is EffectState.CONFIRMED
    ]  # fmt: skip
    accepted = ACCEPTED if order.problem in ("total_differs", ACCEPTED) else order.problem
    return replace(order.at(ExchangeState.DRAFTING, now, due=now, problem=accepted), effect_id=drafts[-1].id)


def _check(order: ExchangeOrder, row: SettlementRow, record: ReturnRecord, do: Do) -> None:
    """Refuse what the order's state does not allow, and to pay otherwise for goods that are settled or not handed in."""
    if do not in choices(order.state, order.back):
        facts = {"state": order.state.value}
        raise Refused("move_not_allowed", f"the new order is {order.state.value}", facts=facts)
    settled = {"settlement": row.state.value}
    is_undone = order.state is ExchangeState.MADE and row.state is SettlementState.SETTLED
    if not row.awaits_report and not is_undone:
        raise Refused("move_not_allowed", f"the settlement is {row.state.value}", facts=settled)
    if is_undone and order.figures is not None and order.figures.pay_back.presentment:
        raise Refused("move_not_allowed", "a rest of it was paid back already", facts=settled)
    if do in (Do.REFUND, Do.CREDIT) and not is_handed_in(record.rma.lines, row.plan):
        raise Refused("move_not_allowed", "these goods are not returned any more", facts=settled)
