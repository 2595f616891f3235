"""What the staff is to be mailed about returns: one row for each return, told in one go, and who is told."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.event import EventType
from retour.core.notice import PAUSE, TOPICS, Item, news_of
from retour.store.db import Db
from retour.store.jobs import Job, Task, defer

# What comes before the last mail was told waits until the pause is over; what comes after is told at once. What is told is
# counted by the events' numbers: their times are those of several clocks, and of when each began to be worked on.
RAISE: Final = """
INSERT INTO staff_notice AS n (tenant_id, rma_id, told_seq, due_at)
SELECT current_tenant(), $1, max(seq) - $4, $2 FROM event
 WHERE tenant_id = current_tenant() AND resource_kind = 'return' AND resource_id = $1
ON CONFLICT (tenant_id, rma_id) DO UPDATE SET
  due_at = coalesce(n.due_at, greatest(excluded.due_at, n.told_at + $3::interval))
RETURNING due_at
"""
TAKE: Final = """
UPDATE staff_notice SET due_at = NULL
 WHERE tenant_id = current_tenant() AND rma_id = $1 AND due_at <= $2 RETURNING told_seq
"""
ITEMS: Final = """
SELECT seq, type, actor, data FROM event
 WHERE tenant_id = current_tenant() AND resource_kind = 'return' AND resource_id = $1 AND seq > $2
   AND type = ANY ($3::text[])
 ORDER BY seq
"""
TOLD: Final = """
UPDATE staff_notice SET told_seq = $2, told_at = coalesce($3, told_at)
 WHERE tenant_id = current_tenant() AND rma_id = $1
"""
ABOUT: Final = """
SELECT r.number, r.store_id, s.shop_name, m.staff_address,
       EXISTS (SELECT FROM staff a
                WHERE a.tenant_id = r.tenant_id AND a.id = r.assignee_id AND a.disabled_at IS NULL) AS has_assignee
  FROM rma r JOIN store s ON s.tenant_id = r.tenant_id AND s.id = r.store_id
  LEFT JOIN mail_sender m ON m.tenant_id = r.tenant_id AND m.store_id = r.store_id
 WHERE r.tenant_id = current_tenant() AND r.id = $1
"""
READERS: Final = """
SELECT s.id, s.email, s.name, s.language FROM rma r
  JOIN staff s ON s.tenant_id = r.tenant_id AND s.disabled_at IS NULL AND s.notices
 WHERE r.tenant_id = current_tenant() AND r.id = $1
   AND (s.id = r.assignee_id OR EXISTS (
     SELECT FROM rma_watcher w WHERE w.tenant_id = r.tenant_id AND w.rma_id = r.id AND w.staff_id = s.id))
 ORDER BY s.email_folded
"""
WANTS: Final = "SELECT notices FROM staff WHERE tenant_id = current_tenant() AND id = $1"
SET_WANTS: Final = """
UPDATE staff SET notices = $2 WHERE tenant_id = current_tenant() AND id = $1 AND notices <> $2 RETURNING id
"""


@dataclass(frozen=True, slots=True)
class About:
    """The return that is told of; `staff_address` hears of it where nobody looks after it."""

    number: int
    store_id: UUID
    shop_name: str
    staff_address: str | None
    has_assignee: bool


@dataclass(frozen=True, slots=True)
class Reader:
    """A member of the staff who is told."""

    id: UUID
    email: str
    name: str
    language: str | None


async def raise_(db: Db, rma_id: UUID, *, events: int, at: datetime) -> None:
    """Let the staff be told of so many new events of a return, with all that follow; not within ten minutes of a mail."""
    due_at: datetime = await db.fetchval(RAISE, rma_id, at, PAUSE, events)
    if due_at <= at:
        await defer(db, [Job(Task.NOTICE, rma_id)])


async def take(db: Db, rma_id: UUID, *, now: datetime) -> int | None:
    """Take what is to be told of a return and give the number of the last event that was; nothing if it is not due."""
    told: int | None = await db.fetchval(TAKE, rma_id, now)
    return told


async def items(db: Db, rma_id: UUID, *, after: int) -> tuple[list[Item], int]:
    """Return what happened to a return after an event that the staff hears of, oldest first, and the last one's number."""
    rows = await db.fetch(ITEMS, rma_id, after, [topic.value for topic in TOPICS])
    found = [(row["actor"], news_of(EventType(row["type"]), row["actor"], row["data"])) for row in rows]
    return [Item(news, actor) for actor, news in found if news is not None], rows[-1]["seq"] if rows else after


async def told(db: Db, rma_id: UUID, *, through: int, mailed_at: datetime | None) -> None:
    """Write down which event was the last that was told, and when, if anybody was mailed."""
    await db.execute(TOLD, rma_id, through, mailed_at)


async def about(db: Db, rma_id: UUID) -> About:
    """Return the return that is told of."""
    row = await db.fetchrow(ABOUT, rma_id)
    assert row is not None, "a notice has its return"
    return About(**row)


async def readers(db: Db, rma_id: UUID) -> list[Reader]:
    """Return who looks after a return or watches it and wants mail, by address."""
    return [Reader(**row) for row in await db.fetch(READERS, rma_id)]


async def wants(db: Db, staff_id: UUID) -> bool:
    """Return whether a member of the staff is mailed about returns."""
    return bool(await db.fetchval(WANTS, staff_id))


async def set_wants(db: Db, staff_id: UUID, *, wanted: bool) -> bool:
    """Write whether a member of the staff is mailed about returns; return whether that changed anything."""
    return await db.fetchval(SET_WANTS, staff_id, wanted) is not None
