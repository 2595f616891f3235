"""Once a day: what is older than its class is kept for is forgotten, and nobody who was erased is back."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.privacy import TERMS, Keep, days_of, fits
from retour.flows.privacy.asking import ask_erasure
from retour.store import event
from retour.store.db import Database, Db
from retour.store.privacy import retention, rows

LEASE: Final = timedelta(minutes=15)
DAILY: Final = timedelta(days=1)
AT_ONCE: Final = 500  # rows in one transaction
PEOPLE_A_DAY: Final = 500


async def change_terms(
    db: Db, *, tenant_id: UUID, days: Mapping[Keep, int | None], actor: str, now: datetime
) -> Mapping[Keep, int | None]:
    """Keep how many days each named class is kept (none: until somebody asks) and return all of them.

    Refuses invalid_days with the class as its field.
    """
    for keep, value in days.items():
        if not fits(keep, value):
            term = TERMS[keep]
            raise Refused(
                "invalid_days", f"{keep.value} is kept for {term.least} to {term.most} days", field=keep.value
            )
    before = days_of(await retention.chosen(db))
    changed = {keep: value for keep, value in days.items() if before[keep] != value}
    if changed:
        await retention.save(db, changed)
        await event.put(
            db, EventType.PRIVACY_TERMS_CHANGED, resource_kind="account", resource_id=tenant_id, actor=actor, at=now,
            data={"days": {keep.value: value for keep, value in changed.items()}},
        )  # fmt: skip
    return before | changed


async def forget_old(
    database: Database,
    *,
    tenant_id: UUID,
    erased: Callable[[UUID], Collection[tuple[UUID, UUID]]],
    clock: Callable[[], datetime],
) -> dict[str, int]:
    """Forget what is older than it is kept for, if the account's day has come; return counts by class.

    `erased` tells who of an account was erased before, by which request: whoever a restored backup brought back is erased
    again, unless that request was taken back.
    """
    now = clock()
    async with database.tx(tenant_id) as db:
        if not await retention.take(db, now=now, next_at=now + LEASE):
            return {}
        days = days_of(await retention.chosen(db))
    counts: dict[str, int] = {}
    for keep in retention.FORGET:
        forgotten = await _forget(database, tenant_id, keep, days[keep], now)
        if forgotten:
            counts[keep.value] = forgotten
    known = erased(tenant_id)

    async def work(db: Db) -> None:
        people, limit = 0, days[Keep.PEOPLE]
        unseen = (
            await retention.unseen_people(db, before=now - timedelta(days=limit), most=PEOPLE_A_DAY) if limit else []
        )
        for person_id in [*unseen, *await rows.back(db, known)]:
            people += (await ask_erasure(db, person_id=person_id, actor="retention", now=now))[1]
        if people:
            counts[Keep.PEOPLE.value] = people
        await retention.finish(db, next_at=now + DAILY)
        if counts:
            await event.put(
                db, EventType.PRIVACY_FORGOTTEN, resource_kind="account", resource_id=tenant_id, actor="retention",
                at=now, data={"counts": counts},
            )  # fmt: skip

    await database.run(tenant_id, work)
    return counts


async def _forget(database: Database, tenant_id: UUID, keep: Keep, days: int | None, now: datetime) -> int:
    """Forget a class in stretches; an export is older once its own time is over."""
    if days is None:
        return 0
    before, total = now if keep is Keep.EXPORTS else now - timedelta(days=days), 0
    while True:
        async with database.tx(tenant_id) as db:
            some = await retention.forget(db, keep, before=before, most=AT_ONCE)
        total += some
        if some < AT_ONCE:
            return total
