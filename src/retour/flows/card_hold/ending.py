"""What becomes of a hold by the outcome of a call or a page: it stands, the card refused, it is captured or let go."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from retour.core import hold as rules
from retour.core.card import CardState, PageSeen, ReleaseCard
from retour.core.effect import EffectKind, EffectState
from retour.core.event import EventType
from retour.core.hold import Hold
from retour.core.rma import Decision, count, minus
from retour.core.rma.hold import ELSEWHERE, HoldState, Owes
from retour.flows.card_hold.far import Look
from retour.store import card_hold as rows
from retour.store import discrepancy, ledger
from retour.store import effect as effects
from retour.store import rma as returns
from retour.store.effect import EffectRow

S = HoldState
SALES: Final = "merchant:sales"
_ENDS: Final = frozenset({EffectState.CONFIRMED, EffectState.FAILED, EffectState.CANCELLED})
_TAKEN: Final = "succeeded"  # somebody took it at the provider: the next look sees how much
# What was shown to a person as paid ahead is made good by what is captured.
_MADE_GOOD: Final = frozenset({"paid_before_inspection", "paid_not_received"})


async def after_effect(look: Look) -> bool:
    """Go on from the outcome of the awaited call; wait while it has none. Nothing is sent again from here."""
    assert look.hold.effect_id is not None, "an effect is awaited"
    effect = await effects.get(look.db, look.hold.effect_id)
    assert effect is not None, "effects are kept"
    if effect.state not in _ENDS:
        return await look.save(replace(look.hold, due_at=look.now + look.far.awaited))
    hold, ok = replace(look.hold, effect_id=None, due_at=look.now), effect.state is EffectState.CONFIRMED
    match effect.kind:
        case EffectKind.OPEN_PAGE:
            return await _opened(look, hold, effect, ok=ok)
        case EffectKind.AUTHORISE_CARD if ok:
            await _free_other(look, str(effect.far_id))
            after = rules.confirmed(
                hold, look.now, intent_ref=str(effect.far_id), customer_ref=None, method_ref=None,
                lapses_at=_instant(effect.result.get("lapses_at")),
            )  # fmt: skip
            await look.save(after)
            await look.tell(EventType.INSTANT_AUTHORISED, after, again=True)
            return True
        case EffectKind.CAPTURE_CARD if ok:
            return await captured(look, hold, hold.owed_minor or 0, reference=f"hold:{hold.intent_ref}")
        case EffectKind.AUTHORISE_CARD | EffectKind.CAPTURE_CARD:
            return await _refused(look, hold, effect)
        case _:
            return await _closed(look, hold, effect, ok=ok)


async def _opened(look: Look, hold: Hold, effect: EffectRow, *, ok: bool) -> bool:
    if ok:
        page = replace(
            hold, page_ref=effect.far_id, page_url=str(effect.result.get("page_url")),
            page_until=_instant(effect.result.get("page_until")), due_at=look.now + rules.POLL,
        )  # fmt: skip
        after = page.at(S.OFFERED, look.now, due=page.due_at) if hold.state is S.ASKED else page
        await look.save(after)
        return False
    if hold.state is not S.ASKED:  # whoever is asked for a card gets another page with the next mail
        return await look.save(replace(hold, due_at=look.now + rules.POLL))
    after = replace(hold.at(S.LAPSED, look.now, due=None), problem=_problem(effect))
    await look.save(after)
    await look.tell(EventType.INSTANT_REFUSED, after, because=_problem(effect))
    return False


async def _refused(look: Look, hold: Hold, effect: EffectRow) -> bool:
    """Ask the shopper: for another card, or for what could not be captured."""
    problem = _problem(effect)
    if effect.kind is EffectKind.CAPTURE_CARD and problem == _TAKEN:
        return await look.save(hold)
    owes = Owes.PAY if effect.kind is EffectKind.CAPTURE_CARD else Owes.CONFIRM
    after = rules.refused(hold, look.now, owes=owes, problem=problem)
    await look.save(after)
    await look.tell(EventType.INSTANT_REFUSED, after, because=problem, owed_minor=after.owed_minor)
    return True


async def confirmed(look: Look, page: PageSeen) -> bool:
    """Write that the card is held now; the first time the new order is made from here on."""
    assert page.intent_ref is not None, "what was confirmed has its id"
    await _free_other(look, page.intent_ref)
    if look.hold.state is S.RELEASING:  # confirmed as it was being let go: it is let go as well
        standing = replace(
            look.hold, intent_ref=page.intent_ref, lapses_at=page.lapses_at or look.now + rules.USUAL_LAPSE,
            page_ref=None, page_url=None, page_until=None,
        )  # fmt: skip
        return await let_go(look, standing)
    first = look.hold.state is S.OFFERED
    after = rules.confirmed(
        look.hold, look.now, intent_ref=page.intent_ref, customer_ref=page.customer_ref, method_ref=page.method_ref,
        lapses_at=page.lapses_at,
    )  # fmt: skip
    await look.save(after)
    if first:
        await rows.settle_at_once(look.db, after.line_ids)
    await look.tell(EventType.INSTANT_AUTHORISED, after, again=not first)
    return True


async def _free_other(look: Look, intent_ref: str) -> None:
    """Let go of an authorisation that another one has taken the place of; should that fail, it lapses by itself."""
    hold, card = look.hold, look.seen.card
    if card is not None and card.state in (CardState.TAKEN, CardState.LET_GO):
        return  # it is not held any more
    if hold.intent_ref not in (None, intent_ref) and hold.stands(look.now):
        assert hold.intent_ref is not None, "it was just looked at"
        await look.plan(EffectKind.RELEASE_CARD, ReleaseCard(hold.intent_ref))


async def let_go(look: Look, hold: Hold) -> bool:
    """Close the page that is open, then release what is held; what is neither is over."""
    if hold.page_ref is not None:
        return await look.await_(hold, EffectKind.RELEASE_CARD, ReleaseCard(hold.page_ref, is_page=True))
    if hold.stands(look.now):
        assert hold.intent_ref is not None, "what stands has its id"
        return await look.await_(hold, EffectKind.RELEASE_CARD, ReleaseCard(hold.intent_ref))
    after = hold.at(S.RELEASED if hold.authorised_at else S.LAPSED, look.now, due=None)
    await look.save(after)
    await look.tell(EventType.INSTANT_RELEASED, after, decided=hold.decided and hold.decided.value)
    return False


async def _closed(look: Look, hold: Hold, effect: EffectRow, *, ok: bool) -> bool:
    """Go on once a page is closed or an authorisation is gone; a page that is not closed was confirmed: look at it."""
    if effect.target.get("is_page"):
        if not ok:
            return await look.save(hold)
        closed = replace(hold, page_ref=None, page_url=None, page_until=None)
        return await (let_go(look, closed) if hold.state is S.RELEASING else look.save(closed))
    if ok:
        return await let_go(look, replace(hold, intent_ref=None))
    if _problem(effect) == _TAKEN:
        return await look.save(hold)
    after = replace(hold.at(S.FAILED, look.now, due=look.now + rules.LONGEST), problem=_problem(effect))
    await look.save(after)
    await look.tell(EventType.INSTANT_REFUSED, after, because=_problem(effect))
    return False


async def captured(look: Look, hold: Hold, minor: int, *, reference: str, elsewhere: bool = False) -> bool:
    """Book what was taken as a sale, once, and end the return of what the shopper has paid for and did not send.

    `elsewhere` says that somebody took it at the provider.
    """
    if hold.owes is Owes.PAY:
        await _free_other(look, "")  # it was paid on a page: what is held beside it is not needed
    after = replace(
        hold.at(S.CAPTURED, look.now, due=None), captured_minor=min(minor, hold.amount_minor or 0), effect_id=None,
        page_ref=None, page_url=None, page_until=None, problem=ELSEWHERE if elsewhere else hold.problem,
    )  # fmt: skip
    await rows.save(look.db, after)
    posting = ledger.Posting(f"gateway:{look.connection.platform}", SALES, after.captured_minor)
    await ledger.enter(look.db, [posting], reference=reference, currency=hold.currency, effect_id=None, at=look.now)
    lines = [] if hold.state is S.RELEASING else await _end_missing(look, after)
    if hold.state is S.RELEASING:
        await discrepancy.open_(
            look.db, "charged_after_release", resource_kind="return", resource_id=hold.rma_id,
            store_id=look.record.store_id, owner=discrepancy.Owner.FINANCE, at=look.now,
            next_step="pay back what the shopper paid after the goods had come",
            details={"amount_minor": after.captured_minor, "currency": hold.currency},
        )  # fmt: skip
    else:
        await discrepancy.resolve(
            look.db, _MADE_GOOD, resource_kind="return", resource_id=hold.rma_id, by="retour", at=look.now
        )
    facts = {"charged_minor": after.captured_minor, "lines": lines, "elsewhere": elsewhere}
    await look.tell(EventType.INSTANT_CHARGED, after, **facts)
    return False


async def _end_missing(look: Look, hold: Hold) -> list[object]:
    """End the lines of which nothing came once their time is over or all is charged: they stay with the shopper."""
    if not rules.ends_lines(hold, look.goods, look.now):
        return []
    ended = []
    for line in look.record.rma.lines:
        gone = minus(line.claimed, line.received)
        if line.id not in hold.line_ids or line.decision is not Decision.APPROVED or not gone:
            continue
        await returns.free_units(
            look.db, line_id=line.id, order_id=look.record.order_id, line_ref=line.line_ref, keep=line.received,
            freed=count(gone),
        )  # fmt: skip
        if not line.received:
            ended.append(line.id)
    if ended:
        await returns.decide(look.db, ended, Decision.EXPIRED, actor="retour", at=look.now)
    return list(ended)


def _problem(effect: EffectRow) -> str:
    return (effect.far_code or "refused_there")[:200]


def _instant(said: object) -> datetime | None:
    return datetime.fromisoformat(said) if isinstance(said, str) else None
