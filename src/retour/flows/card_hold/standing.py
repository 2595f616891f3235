"""What somebody did at the provider itself: an authorisation was let go there, or has lapsed, or was captured."""

from retour.core import hold as rules
from retour.core import let_go
from retour.core.card import CardSeen, CardState, PageSeen, PageState, ReleaseCard
from retour.core.effect import EffectKind
from retour.core.event import EventType
from retour.core.rma.hold import AWAITING
from retour.flows.card_hold.ending import captured
from retour.flows.card_hold.far import Look
from retour.store import discrepancy


async def of_card(look: Look) -> bool | None:
    """Go on from how the authorisation stands there; nothing while that is no news."""
    card = look.seen.card
    if card is None:
        return None
    if card.state is CardState.TAKEN:
        return await _taken(look, card)
    if card.state is CardState.LET_GO and look.hold.state not in AWAITING and look.hold.stands(look.now):
        return await _let_go(look, card)
    return None


async def _let_go(look: Look, card: CardSeen) -> bool:
    """Write that nothing is held any more, before anybody relies on it; what follows is what follows a lapse."""
    after = let_go.gone(look.hold, look.goods, look.now)
    await look.save(after)
    await look.tell(EventType.INSTANT_REFUSED, after, because=let_go.LET_GO, said=card.why)
    return True


async def _taken(look: Look, card: CardSeen) -> bool:
    """Book what somebody captured; a page that asks for it is closed first, so that nobody is asked twice."""
    hold, page = look.hold, look.seen.page
    if page is not None and page.state is PageState.OPEN:
        return await look.await_(hold, EffectKind.RELEASE_CARD, ReleaseCard(str(hold.page_ref), is_page=True))
    if page is not None and page.state is PageState.AUTHORISED and page.intent_ref is not None:
        await look.plan(EffectKind.RELEASE_CARD, ReleaseCard(page.intent_ref))  # another card, confirmed meanwhile
    await _compare(look, card, page)
    reference = f"hold:{hold.intent_ref}"
    return await captured(look, hold, card.taken_minor, reference=reference, elsewhere=True)


async def _compare(look: Look, card: CardSeen, page: PageSeen | None) -> None:
    """Show a person what was taken that is not what is owed; what was paid on a page besides is to be paid back."""
    hold, total = look.hold, card.taken_minor
    if page is not None and page.state is PageState.PAID:
        total += page.amount_minor
    owed = hold.owed_minor if hold.owed_minor is not None else rules.owed(hold, look.goods, look.now)
    if total == owed:
        return
    await discrepancy.open_(
        look.db, "charged_elsewhere", resource_kind="return", resource_id=hold.rma_id, store_id=look.record.store_id,
        owner=discrepancy.Owner.FINANCE, at=look.now, next_step="compare what was charged there with what is owed",
        details={"amount_minor": total, "owed_minor": owed, "currency": hold.currency},
    )  # fmt: skip
