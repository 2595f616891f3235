"""Mail to the staff about a return: to who looks after it and who watches it, bundled; each may switch it off."""

from datetime import datetime
from uuid import UUID

from retour.core.event import EventType
from retour.core.mail import MailKind
from retour.core.notice import News, for_reader
from retour.store import event, mail, notice
from retour.store.db import Db
from retour.store.notice import About
from retour.store.vault import Vault


async def tell(db: Db, vault: Vault, *, tenant_id: UUID, rma_id: UUID, public_url: str, now: datetime) -> None:
    """Plan a mail about all that happened to a return since the last one, to each who wants it; nothing if none is due.

    Nobody hears of what they did themselves. Where nobody looks after the return the store's address for that is told.
    """
    after = await notice.take(db, rma_id, now=now)
    if after is None:
        return
    happened, through = await notice.items(db, rma_id, after=after)
    of = await notice.about(db, rma_id)
    mailed = False
    for reader in await notice.readers(db, rma_id):
        told = for_reader(happened, reader=f"staff:{reader.id}")
        mailed |= await _plan(db, vault, tenant_id, of, reader.email, reader.language, told, "yours", public_url, now)
    if not of.has_assignee and of.staff_address:
        told = for_reader(happened, reader=None)
        mailed |= await _plan(db, vault, tenant_id, of, of.staff_address, None, told, "nobodys", public_url, now)
    await notice.told(db, rma_id, through=through, mailed_at=now if mailed else None)


async def choose(db: Db, *, staff_id: UUID, wanted: bool, actor: str, now: datetime) -> None:
    """Switch mail about returns on or off for one member of the staff."""
    if await notice.set_wants(db, staff_id, wanted=wanted):
        await event.put(
            db, EventType.STAFF_CHANGED, resource_kind="staff", resource_id=staff_id, actor=actor, at=now,
            data={"notices": wanted},
        )  # fmt: skip


async def _plan(
    db: Db, vault: Vault, tenant_id: UUID, of: About, to: str, language: str | None, told: tuple[News, ...], whose: str,
    public_url: str, now: datetime,
) -> bool:  # fmt: skip
    """Plan one reader's mail and return whether there is anything to tell them."""
    if not told:
        return False
    secret = {
        "number": f"R-{of.number}", "shop": of.shop_name, "news": ",".join(told), "whose": whose,
        "link": f"{public_url.rstrip('/')}/dashboard/returns/R-{of.number}",
    }  # fmt: skip
    await mail.plan(
        db, vault, tenant_id=tenant_id, kind=MailKind.STAFF_NOTICE, to=to, resource_kind="store",
        resource_id=of.store_id, store_id=of.store_id, language=language, secret=secret, at=now,
    )  # fmt: skip
    return True
