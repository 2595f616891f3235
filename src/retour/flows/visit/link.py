"""Signed links: made for mails, givers and staff, followed by shoppers; the link is the proof."""

from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from retour.core import link as links
from retour.core.errors import Refused
from retour.core.link import Link
from retour.core.visit import VISIT_LIFE, VisitState
from retour.flows.visit import typed as sealing
from retour.flows.visit.prove import answered
from retour.flows.visit.typed import Typed
from retour.store import jobs
from retour.store import look as looks
from retour.store import order as orders
from retour.store import visit as visits
from retour.store.db import Db
from retour.store.ids import new_id
from retour.store.order import OrderRecord
from retour.store.vault import Vault


async def portal_link(
    db: Db, vault: Vault, *, tenant_id: UUID, store_id: UUID, order: str, public_url: str, now: datetime, days: int = links.DAYS,
    gift: bool = False, receiver: UUID | None = None,
) -> str:  # fmt: skip
    """Return the address that shows an order (its name, or our id of it) to whoever holds it, for some days.

    That of a gift shows whoever got it what may come back of the order, and neither prices nor people; with `receiver`
    (a person's id) it shows that person what they returned of it, for as long as that is open if that is longer.

    Raises Refused(store_not_found) for a store without a portal, Refused(invalid_duration).
    """
    look = await looks.get(db, store_id)
    secret = await looks.link_secret(db, vault, tenant_id=tenant_id, store_id=store_id)
    if look is None or secret is None:
        raise Refused("store_not_found", "the store has no portal yet")
    days = links.LONGEST.days if receiver else days
    link = links.make_link(secret, order=order, now=now, days=days, gift=gift, receiver=receiver)
    page = "gift/back" if receiver else "gift/link" if gift else "link"
    return f"{public_url}/returns/{look.handle}/{page}?{urlencode(links.parts(link))}"


async def is_good(db: Db, vault: Vault, *, tenant_id: UUID, store_id: UUID, link: Link, now: datetime) -> bool:
    """Return whether the store made the link and it is not over."""
    secret = await looks.link_secret(db, vault, tenant_id=tenant_id, store_id=store_id)
    return secret is not None and links.is_good(link, secret, now=now)


async def follow_link(
    db: Db,
    vault: Vault,
    *,
    tenant_id: UUID,
    store_id: UUID,
    link: Link,
    old_token_sha256: bytes | None,
    new_token_sha256: bytes,
    language: str,
    now: datetime,
    receiver: Typed | None = None,
) -> VisitState:
    """Let the holder of a good link in and return where the visit stands: proven, or fetching the order.

    The browser's visit is kept with its answers, under a new token. Of a gift link `receiver` says whose the credit and
    the mails will be. Raises Refused(link_not_good) for a link that is
    over, altered or of another store, Refused(order_not_found) for one whose order no platform is left to ask for.
    """
    if not await is_good(db, vault, tenant_id=tenant_id, store_id=store_id, link=link, now=now):
        raise Refused("link_not_good", "the link is over or was altered")
    assert link.gift == (receiver is not None), "a gift has its receiver"
    found = await _order(db, store_id, link.order)
    typed = Typed(link.order, receiver=receiver.receiver, name=receiver.name) if receiver else Typed(link.order)
    visit_id = await _visit(
        db, vault, tenant_id, store_id, typed, old_token_sha256, new_token_sha256, language, now, gift=link.gift
    )
    if found is None:
        await jobs.defer(db, [jobs.Job(jobs.Task.LOOK_UP, visit_id, priority=5)])
        return VisitState.FETCHING
    person_id = found.person_id
    if receiver is not None:
        person_id = await orders.add_receiver(
            db, vault, tenant_id=tenant_id, store_id=store_id, name=receiver.name or None, email=receiver.receiver
        )
    await visits.prove(
        db, visit_id, order_id=found.id, person_id=person_id, by="link", token_sha256=new_token_sha256, at=now,
        expires_at=now + VISIT_LIFE, gift=link.gift,
    )  # fmt: skip
    if not link.gift:
        await answered(db, order_id=found.id, now=now)
    return VisitState.PROVEN


async def come_back(
    db: Db, vault: Vault, *, tenant_id: UUID, store_id: UUID, link: Link, old_token_sha256: bytes | None,
    new_token_sha256: bytes, language: str, now: datetime,
) -> None:  # fmt: skip
    """Let the receiver of a gift in again by the link of a mail to them, to see what they returned.

    It proves their mailbox, as a code does, and no more of the order than they had proven before. Raises
    Refused(link_not_good) for a link that is over, altered, of another store or of nobody who returned a gift of the order.
    """
    good = await is_good(db, vault, tenant_id=tenant_id, store_id=store_id, link=link, now=now)
    found = await _order(db, store_id, link.order) if good else None
    whose, fresh = link.receiver, links.is_fresh(link, now=now)
    if (
        found is None
        or whose is None
        or not await orders.is_receiver(db, order_id=found.id, person_id=whose, open_only=not fresh)
    ):
        raise Refused("link_not_good", "the link is over or was altered")
    visit_id = await _visit(
        db, vault, tenant_id, store_id, Typed(link.order), old_token_sha256, new_token_sha256, language, now, gift=True
    )
    await visits.prove(
        db, visit_id, order_id=found.id, person_id=whose, by="code", token_sha256=new_token_sha256, at=now,
        expires_at=now + VISIT_LIFE, gift=True,
    )  # fmt: skip


async def _order(db: Db, store_id: UUID, said: str) -> OrderRecord | None:
    try:
        order_id = UUID(said)
    except ValueError:
        return await orders.find_only(db, store_id, said)
    found = await orders.load(db, order_id)
    return found if found is not None and found.store_id == store_id else None


async def _visit(
    db: Db, vault: Vault, tenant_id: UUID, store_id: UUID, typed: Typed, old: bytes | None, new: bytes, language: str,
    now: datetime, *, gift: bool,
) -> UUID:  # fmt: skip
    """Return the browser's visit, waiting for the order of the link."""
    known = await visits.find(db, old, store_id=store_id, at=now) if old else None
    visit_id = known.id if known else new_id()
    sealed = sealing.seal(vault, typed, tenant_id=tenant_id, purpose=sealing.of_visit(visit_id))
    if known is None:
        await visits.open_visit(
            db, visit_id, store_id=store_id, token_sha256=new, state=VisitState.FETCHING, language=language,
            asked_sealed=sealed, at=now, expires_at=now + VISIT_LIFE, gift=gift,
        )  # fmt: skip
    else:
        await visits.fetch(
            db, visit_id, asked_sealed=sealed, token_sha256=new, at=now, expires_at=now + VISIT_LIFE,
            gift=gift,
        )  # fmt: skip
    return visit_id
