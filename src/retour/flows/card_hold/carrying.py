"""Carrying a hold out: opened, confirmed, made anew before it lapses, captured or released, asked for where a card refuses.

The platform and the provider are read outside any transaction; each step is one short transaction under the return's
lock that writes what was decided with the one call that follows. Two looks at once take a step once.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from retour.core import hold as rules
from retour.core.card import AuthoriseAgain, CaptureCard, OpenPage, PageState, ReleaseCard
from retour.core.effect import EffectKind
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.hold import Act, Hold, Move, goods_of, next_move
from retour.core.ports import Unreachable
from retour.core.rma.hold import ENDED, HoldState, Owes
from retour.flows.card_hold.ending import after_effect, captured, confirmed, let_go
from retour.flows.card_hold.far import Far, Look, Seen
from retour.flows.card_hold.pricing import amount
from retour.flows.card_hold.standing import of_card
from retour.store import card_hold as rows
from retour.store import connection as connections
from retour.store import exchange_order as exchange_orders
from retour.store import order as orders
from retour.store import rma as returns
from retour.store.connection import Connection
from retour.store.db import Db
from retour.store.order import OrderRecord

S = HoldState
ROUNDS: Final = 8
_TITLE: Final = "R-%d"


async def carry_on(far: Far, *, tenant_id: UUID, hold_id: UUID) -> None:
    """Take a hold as far as it goes now; harmless for one that is not due or is over."""
    for _ in range(ROUNDS):
        if not await _round(far, tenant_id, hold_id):
            break


async def _round(far: Far, tenant_id: UUID, hold_id: UUID) -> bool:
    async with far.database.tx(tenant_id) as db:
        found = await rows.get(db, hold_id)
        if found is None or found.due_at is None or found.due_at > far.clock():
            return False
        connection = await connections.get(db, found.connection_id)
        record = await returns.load(db, found.rma_id)
        assert connection is not None, "connections are kept"
        assert record is not None, "a hold has its return"
        shop = await connections.get(db, record.connection_id)
        order = await orders.load(db, record.order_id)
        assert shop is not None, "connections are kept"
        assert order is not None, "an order is never deleted"
        names = {article for line, article in (await exchange_orders.wanted(db, found.rma_id)).items()
                 if line in found.line_ids}  # fmt: skip
    try:
        seen = await _see(far, found, connection, shop, order, names)
    except Unreachable as gone:
        due = far.clock() + max(timedelta(seconds=gone.retry_after_s), far.pause)
        refuses_us = gone.needs_reconnect
        at_fault = shop.id if found.state is S.ASKED else connection.id

        async def later(db: Db) -> None:
            await rows.postpone(db, hold_id, due=due)
            if refuses_us:
                await connections.lock_out(db, at_fault, actor="retour", at=far.clock())

        await far.database.run(tenant_id, later)
        return False
    return await far.database.run(tenant_id, lambda db: _step(far, db, tenant_id, found, connection, order, seen))


async def _see(
    far: Far, found: Hold, connection: Connection, shop: Connection, order: OrderRecord, names: set[str]
) -> Seen:
    """Read what the next step needs; raise Unreachable."""
    if found.effect_id is not None:
        return Seen()
    if found.state is not S.ASKED:
        return await _see_card(far, found, connection)
    if shop.state != "connected" or EffectKind.DRAFT_EXCHANGE not in far.platforms.records.get(shop.platform, {}):
        return Seen()
    connector, at = far.connectors(shop.platform), far.open_credential(shop)
    read = {name: await connector.find_article(at, name=name, country=order.order.country) for name in sorted(names)}
    return Seen(articles={name: article for name, article in read.items() if article is not None})


async def _see_card(far: Far, found: Hold, connection: Connection) -> Seen:
    """Read the open page and the authorisation itself: somebody may have taken it or let it go at the provider."""
    if connection.state != "connected":
        if found.page_ref is not None:
            raise Unreachable("the provider is not connected", needs_reconnect=True)
        return Seen()
    provider, at = far.providers(connection.platform), far.open_credential(connection)
    page = await provider.see_page(at, ref=found.page_ref) if found.page_ref is not None else None
    card = await provider.see_card(at, ref=found.intent_ref) if found.intent_ref is not None else None
    return Seen(looked=found.page_ref is not None, page=page, card=card)


async def _step(
    far: Far, db: Db, tenant_id: UUID, found: Hold, connection: Connection, order: OrderRecord, seen: Seen
) -> bool:
    """Take one step under the lock if the hold still stands as it was read; return whether to look again at once."""
    record = await returns.lock(db, found.rma_id)
    hold = await rows.get(db, found.id)
    assert record is not None, "a hold has its return"
    assert hold is not None, "it was just read"
    if hold != found:
        return True
    undone = any(one.back is not None for one in await exchange_orders.list_of_rma(db, found.rma_id))
    goods = goods_of(record.rma, order.order, hold, being_undone=undone)
    look = Look(db, far, tenant_id, record, order, connection, hold, goods, seen, far.clock())
    if hold.state in ENDED:
        return await look.save(replace(hold, due_at=None))
    if hold.effect_id is not None:
        return await after_effect(look)
    told = await of_card(look)
    if told is None and seen.looked:
        told = await _page(look)
    if told is not None:
        return told
    if hold.state is S.RELEASING:
        return await let_go(look, hold)
    return await _act(look, next_move(hold, goods, look.now))


async def _page(look: Look) -> bool | None:
    """Go on from what became of the open page; nothing while nobody has confirmed it and it is still open."""
    hold, page = look.hold, look.seen.page
    if page is not None and page.state is PageState.OPEN:
        return None
    if page is not None and page.state is PageState.AUTHORISED:
        return await confirmed(look, page)
    if page is not None and page.state is PageState.PAID:
        return await captured(look, hold, page.amount_minor, reference=f"hold:{hold.page_ref}")
    closed = replace(hold, page_ref=None, page_url=None, page_until=None, due_at=look.now)
    if hold.state is S.OFFERED:
        ended = replace(closed.at(S.LAPSED, look.now, due=None), problem="not_confirmed")
        await look.save(ended)
        await look.tell(EventType.INSTANT_RELEASED, ended, because="not_confirmed")
        return False
    return await look.save(closed)


async def _act(look: Look, move: Move) -> bool:
    hold, now = look.hold, look.now
    # The page goes first: what is paid there meanwhile is found, and not asked for again.
    if move.act in (Act.CAPTURE, Act.DEMAND) and hold.page_ref is not None:
        return await look.await_(hold, EffectKind.RELEASE_CARD, ReleaseCard(hold.page_ref, is_page=True))
    match move.act:
        case Act.OPEN:
            return await _open(look)
        case Act.START:
            return await look.save(rules.started(hold, look.goods, now))
        case Act.REMIND:
            after = replace(hold, reminded=rules.reminders_sent(hold, now), due_at=now)
            await look.save(after)
            await look.tell(EventType.RETURN_REMINDED, after, because="instant_exchange", until=hold.send_by)
            return True
        case Act.REAUTHORISE:
            return await _again(look)
        case Act.CAPTURE:
            return await _capture(look, move.amount_minor)
        case Act.RELEASE:
            return await let_go(look, hold.at(S.RELEASING, now, due=now))
        case Act.DEMAND:
            return await _demand(look, move.amount_minor)
        case Act.DUN:
            return await _dun(look)
        case Act.GIVE_UP:
            after = hold.at(S.FAILED, now, due=now)
            await look.save(after)
            await look.tell(EventType.INSTANT_REFUSED, after, because="nobody_answered", problem=hold.problem)
            return True
        case _:
            return await look.save(replace(hold, due_at=move.due))


async def _open(look: Look) -> bool:
    """Let the provider open a page: over what was priced, or over what is owed by now."""
    hold = replace(look.hold, wants_page=False)
    if hold.amount_minor is None:
        try:
            hold = replace(hold, amount_minor=await amount(look))
        except Refused as no:
            after = replace(hold.at(S.LAPSED, look.now, due=None), problem=no.code)
            await look.save(after)
            await look.tell(EventType.INSTANT_REFUSED, after, because=no.code)
            return False
    pays = hold.owes is Owes.PAY
    minor = (hold.owed_minor if pays else None) or hold.amount_minor
    assert minor is not None, "it was just priced"
    back = hold.back_url or ""
    target = OpenPage(str(hold.id), minor, hold.currency, _TITLE % look.record.rma.number, back, back, pays)
    return await look.await_(hold, EffectKind.OPEN_PAGE, target)


async def _again(look: Look) -> bool:
    """Authorise the same amount anew without the shopper; the one before stands until that has worked."""
    hold = look.hold.at(S.REAUTHORISING, look.now, due=look.now)
    assert hold.amount_minor is not None, "what stands has an amount"
    if hold.customer_ref is None or hold.method_ref is None:
        after = rules.refused(hold, look.now, owes=Owes.CONFIRM, problem="no_card_kept")
        await look.save(after)
        await look.tell(EventType.INSTANT_REFUSED, after, because="no_card_kept")
        return True
    target = AuthoriseAgain(str(hold.id), hold.customer_ref, hold.method_ref, hold.amount_minor, hold.currency)
    return await look.await_(hold, EffectKind.AUTHORISE_CARD, target)


async def _capture(look: Look, minor: int) -> bool:
    hold = replace(look.hold.at(S.CAPTURING, look.now, due=look.now), owed_minor=minor)
    assert hold.intent_ref is not None, "what stands has its id"
    return await look.await_(hold, EffectKind.CAPTURE_CARD, CaptureCard(hold.intent_ref, minor))


async def _demand(look: Look, minor: int) -> bool:
    """Ask for the money itself: nothing is held any more that could be captured."""
    owing = replace(look.hold, owed_minor=minor)
    after = rules.refused(owing, look.now, owes=Owes.PAY, problem="not_held")
    await look.save(after)
    await look.tell(EventType.INSTANT_REFUSED, after, because="not_held", owed_minor=minor)
    return True


async def _dun(look: Look) -> bool:
    """Write to the shopper, and have a page ready."""
    after = replace(look.hold, dunned=rules.dunned(look.hold, look.now), due_at=look.now)
    after = replace(after, wants_page=after.page_ref is None)
    await look.save(after)
    await look.tell(EventType.RETURN_REMINDED, after, because="card_refused", time=after.dunned)
    return True
