"""What people ask of an instant exchange: the shopper for the article at once, staff to capture or release by hand."""

from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.hold import Decided, Hold, is_open, may_decide
from retour.core.policy.outcome import InstantTerms, ResolutionKind
from retour.core.rma import Decision, Moment, ReturnLine
from retour.core.rma.hold import HoldState
from retour.core.terms import offer_of
from retour.store import card_hold as rows
from retour.store import exchange_order as exchange_orders
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.ids import new_id
from retour.store.policy import PolicyCache
from retour.store.rma import ReturnRecord

REASON_MOST: Final = 500  # characters


async def is_offered(db: Db, record: ReturnRecord, policies: PolicyCache) -> bool:
    """Return whether the shopper may have the new article of a return at once."""
    return await offered_days(db, record, policies) is not None


async def offered_days(db: Db, record: ReturnRecord, policies: PolicyCache) -> int | None:
    """Return how many days the shopper would have to send the goods back; nothing where it is not offered."""
    try:
        found = await _offer(db, record, policies)
    except Refused:
        return None
    return found[2].days


async def _offer(
    db: Db, record: ReturnRecord, policies: PolicyCache
) -> tuple[UUID, tuple[ReturnLine, ...], InstantTerms]:
    """Return the provider, the lines and the terms of an instant exchange; raise Refused: `instant_not_offered`."""
    lines = tuple(line for line in record.rma.lines if _may_be(line))
    open_ones = [line for line in record.rma.lines if line.resolution == ResolutionKind.EXCHANGE and line.claimed]
    if not lines or len(lines) != len(open_ones) or record.rma.gift or record.rma.held or record.rma.settlements:
        raise Refused("instant_not_offered", "the exchange is not at a point where the article can be sent at once")
    compiled = await policies.get(db, record.policy_version_id)
    rulings = await returns.rulings(db, record.rma.id, compiled)
    terms = []
    for line in lines:
        offer = offer_of(rulings[line.line_ref], line.resolution, line.resolution_ref)
        if offer is None or offer.exchange is None or offer.exchange.instant is None:
            raise Refused("instant_not_offered", "the policy does not offer it")
        terms.append(offer.exchange.instant)
    named = await exchange_orders.wanted(db, record.rma.id)
    if any(line.id not in named for line in lines):
        raise Refused("instant_not_offered", "it is not known yet what every item is exchanged for")
    provider = await rows.provider(db, record.store_id)
    if provider is None:
        raise Refused("instant_not_offered", "no provider of card payments is connected")
    days = min(one.days for one in terms)
    return provider, lines, InstantTerms(days, min(one.arrive_days for one in terms))


def _may_be(line: ReturnLine) -> bool:
    """Return whether a line is exchanged, approved, not settled at once anyway, and nothing of it has come."""
    return (
        line.resolution == ResolutionKind.EXCHANGE
        and line.decision is Decision.APPROVED
        and line.settle_on is not Moment.APPROVED
        and not line.kept
        and not line.received
        and bool(line.claimed)
    )


async def ask(db: Db, *, rma_id: UUID, back_url: str, actor: str, policies: PolicyCache, now: datetime) -> Hold:
    """Ask for the new article at once, or once more for the provider's page where the card had refused.

    The page is opened by a job; `back_url` is where the shopper goes from it. Asked twice it is asked once.
    Raises Refused: `return_not_found`, `instant_not_offered`.
    """
    record = await returns.lock(db, rma_id)
    if record is None:
        raise Refused("return_not_found", "there is no such return")
    known = await rows.list_of_rma(db, rma_id)
    if is_open(known):
        return await _page_again(db, known[0], now)
    provider, lines, terms = await _offer(db, record, policies)
    hold = Hold(
        id=new_id(), rma_id=rma_id, connection_id=provider, state=HoldState.ASKED, currency=record.rma.currency,
        line_ids=tuple(line.id for line in lines),
        units=tuple((line.line_ref, lo, hi) for line in lines for lo, hi in line.claimed),
        days=terms.days, arrive_days=terms.arrive_days, since=now, back_url=back_url, due_at=now,
    )  # fmt: skip
    added = await rows.add(db, hold)
    assert added, "no other was open, and the return is locked"
    facts: dict[str, object] = {"hold_id": hold.id, "lines": list(hold.line_ids)}
    await returns.changed(db, record, EventType.INSTANT_ASKED, actor=actor, at=now, data=facts)
    return hold


async def _page_again(db: Db, hold: Hold, now: datetime) -> Hold:
    """Let a page be opened again where the shopper is asked for a card or the money and none is open."""
    asked = hold.state in (HoldState.DUNNING, HoldState.FAILED)
    if asked and hold.page_ref is None and hold.effect_id is None and not hold.wants_page:
        await rows.save(db, replace(hold, wants_page=True, due_at=now))
        await rows.start(db, hold.id)
    return hold


async def decide(
    db: Db, *, rma_id: UUID, do: Decided, amount_minor: int | None, reason: str, actor: str, now: datetime
) -> Hold:
    """Capture a hold, or a part of it, or release it, by a person's word; the rest follows by itself.

    Raises Refused: `return_not_found`, `card_hold_not_found`, `invalid_text` without a reason, `out_of_range`,
    `move_not_allowed` for one that is over or under way.
    """
    record = await returns.lock(db, rma_id)
    if record is None:
        raise Refused("return_not_found", "there is no such return")
    known = await rows.list_of_rma(db, rma_id)
    if not known:
        raise Refused("card_hold_not_found", "no card was held for this return")
    said = reason.strip()
    if not said or len(said) > REASON_MOST or "\0" in said:
        raise Refused("invalid_text", "say why, in some words", field="reason")
    minor = may_decide(known[0], do, amount_minor)
    after = replace(known[0], decided=do, decided_minor=minor, due_at=now)
    await rows.save(db, after)
    await rows.start(db, after.id)
    facts: dict[str, object] = {
        "hold_id": after.id, "decided": do.value, "amount_minor": minor, "currency": after.currency, "reason": said,
    }  # fmt: skip
    await returns.changed(db, record, EventType.INSTANT_DECIDED, actor=actor, at=now, data=facts)
    return after
