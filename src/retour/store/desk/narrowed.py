"""What narrows the list of returns, and the statements that find the narrowed ones in each order, from a place onward.

The texts repeat each other because no statement is put together; a test holds them to the same conditions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from retour.store.db import Db, Record

Sort = Literal["newest", "oldest", "waiting", "opened"]

# What narrows the list most often is in the index rma_desk, which alone is read to count. Numbers are given as returns are
# asked for, so their index is the order of the newest and of the oldest; what waits is sorted.
NEWEST: Final = """
SELECT r.id
  FROM rma r
 WHERE r.tenant_id = current_tenant()
   AND ($1::uuid IS NULL OR r.store_id = $1)
   AND ($2::text[] IS NULL OR r.blocked_actor = ANY ($2))
   AND (NOT $3::boolean OR r.blocked_actor IS NULL)
   AND ($4::text[] IS NULL OR r.blocked_code = ANY ($4))
   AND ($5::text[] IS NULL OR r.status = ANY ($5))
   AND ($6::text[] IS NULL OR r.channel = ANY ($6))
   AND ($7::timestamptz IS NULL OR r.requested_at >= $7)
   AND ($8::timestamptz IS NULL OR r.requested_at < $8)
   AND ($9::uuid[] IS NULL OR r.id = ANY ($9))
   AND ($10::bigint[] IS NULL OR r.number = ANY ($10))
   AND ($11::text[] IS NULL OR r.priority = ANY ($11))
   AND ($12::uuid IS NULL OR r.assignee_id = $12)
   AND (NOT $13::boolean OR r.assignee_id IS NULL)
   AND ($14::uuid IS NULL OR (
         SELECT true FROM rma_watcher w WHERE w.tenant_id = r.tenant_id AND w.rma_id = r.id AND w.staff_id = $14 LIMIT 1))
   AND ($15::text[] IS NULL OR (
         SELECT true FROM rma_tag t WHERE t.tenant_id = r.tenant_id AND t.rma_id = r.id AND t.tag = ANY ($15) LIMIT 1))
   AND ($16::text[] IS NULL OR (
         SELECT true FROM return_line l WHERE l.tenant_id = r.tenant_id AND l.rma_id = r.id AND l.resolution = ANY ($16) LIMIT 1))
   AND ($17::uuid IS NULL OR r.order_id = $17)
   AND ($18::uuid IS NULL OR r.person_id = $18)
   AND ($21::bigint IS NULL OR r.number < $21)
 ORDER BY r.number DESC LIMIT $19 OFFSET $20
"""
OLDEST: Final = """
SELECT r.id
  FROM rma r
 WHERE r.tenant_id = current_tenant()
   AND ($1::uuid IS NULL OR r.store_id = $1)
   AND ($2::text[] IS NULL OR r.blocked_actor = ANY ($2))
   AND (NOT $3::boolean OR r.blocked_actor IS NULL)
   AND ($4::text[] IS NULL OR r.blocked_code = ANY ($4))
   AND ($5::text[] IS NULL OR r.status = ANY ($5))
   AND ($6::text[] IS NULL OR r.channel = ANY ($6))
   AND ($7::timestamptz IS NULL OR r.requested_at >= $7)
   AND ($8::timestamptz IS NULL OR r.requested_at < $8)
   AND ($9::uuid[] IS NULL OR r.id = ANY ($9))
   AND ($10::bigint[] IS NULL OR r.number = ANY ($10))
   AND ($11::text[] IS NULL OR r.priority = ANY ($11))
   AND ($12::uuid IS NULL OR r.assignee_id = $12)
   AND (NOT $13::boolean OR r.assignee_id IS NULL)
   AND ($14::uuid IS NULL OR (
         SELECT true FROM rma_watcher w WHERE w.tenant_id = r.tenant_id AND w.rma_id = r.id AND w.staff_id = $14 LIMIT 1))
   AND ($15::text[] IS NULL OR (
         SELECT true FROM rma_tag t WHERE t.tenant_id = r.tenant_id AND t.rma_id = r.id AND t.tag = ANY ($15) LIMIT 1))
   AND ($16::text[] IS NULL OR (
         SELECT true FROM return_line l WHERE l.tenant_id = r.tenant_id AND l.rma_id = r.id AND l.resolution = ANY ($16) LIMIT 1))
   AND ($17::uuid IS NULL OR r.order_id = $17)
   AND ($18::uuid IS NULL OR r.person_id = $18)
   AND ($21::bigint IS NULL OR r.number > $21)
 ORDER BY r.number LIMIT $19 OFFSET $20
"""
WAITING: Final = """
SELECT r.id
  FROM rma r
 WHERE r.tenant_id = current_tenant()
   AND ($1::uuid IS NULL OR r.store_id = $1)
   AND ($2::text[] IS NULL OR r.blocked_actor = ANY ($2))
   AND (NOT $3::boolean OR r.blocked_actor IS NULL)
   AND ($4::text[] IS NULL OR r.blocked_code = ANY ($4))
   AND ($5::text[] IS NULL OR r.status = ANY ($5))
   AND ($6::text[] IS NULL OR r.channel = ANY ($6))
   AND ($7::timestamptz IS NULL OR r.requested_at >= $7)
   AND ($8::timestamptz IS NULL OR r.requested_at < $8)
   AND ($9::uuid[] IS NULL OR r.id = ANY ($9))
   AND ($10::bigint[] IS NULL OR r.number = ANY ($10))
   AND ($11::text[] IS NULL OR r.priority = ANY ($11))
   AND ($12::uuid IS NULL OR r.assignee_id = $12)
   AND (NOT $13::boolean OR r.assignee_id IS NULL)
   AND ($14::uuid IS NULL OR (
         SELECT true FROM rma_watcher w WHERE w.tenant_id = r.tenant_id AND w.rma_id = r.id AND w.staff_id = $14 LIMIT 1))
   AND ($15::text[] IS NULL OR (
         SELECT true FROM rma_tag t WHERE t.tenant_id = r.tenant_id AND t.rma_id = r.id AND t.tag = ANY ($15) LIMIT 1))
   AND ($16::text[] IS NULL OR (
         SELECT true FROM return_line l WHERE l.tenant_id = r.tenant_id AND l.rma_id = r.id AND l.resolution = ANY ($16) LIMIT 1))
   AND ($17::uuid IS NULL OR r.order_id = $17)
   AND ($18::uuid IS NULL OR r.person_id = $18)
   AND ($21::bigint IS NULL OR (coalesce(r.blocked_since, 'infinity'), r.number) > ($22::timestamptz, $21))
 ORDER BY coalesce(r.blocked_since, 'infinity'), r.number LIMIT $19 OFFSET $20
"""
WAITING_BACK: Final = """
SELECT r.id
  FROM rma r
 WHERE r.tenant_id = current_tenant()
   AND ($1::uuid IS NULL OR r.store_id = $1)
   AND ($2::text[] IS NULL OR r.blocked_actor = ANY ($2))
   AND (NOT $3::boolean OR r.blocked_actor IS NULL)
   AND ($4::text[] IS NULL OR r.blocked_code = ANY ($4))
   AND ($5::text[] IS NULL OR r.status = ANY ($5))
   AND ($6::text[] IS NULL OR r.channel = ANY ($6))
   AND ($7::timestamptz IS NULL OR r.requested_at >= $7)
   AND ($8::timestamptz IS NULL OR r.requested_at < $8)
   AND ($9::uuid[] IS NULL OR r.id = ANY ($9))
   AND ($10::bigint[] IS NULL OR r.number = ANY ($10))
   AND ($11::text[] IS NULL OR r.priority = ANY ($11))
   AND ($12::uuid IS NULL OR r.assignee_id = $12)
   AND (NOT $13::boolean OR r.assignee_id IS NULL)
   AND ($14::uuid IS NULL OR (
         SELECT true FROM rma_watcher w WHERE w.tenant_id = r.tenant_id AND w.rma_id = r.id AND w.staff_id = $14 LIMIT 1))
   AND ($15::text[] IS NULL OR (
         SELECT true FROM rma_tag t WHERE t.tenant_id = r.tenant_id AND t.rma_id = r.id AND t.tag = ANY ($15) LIMIT 1))
   AND ($16::text[] IS NULL OR (
         SELECT true FROM return_line l WHERE l.tenant_id = r.tenant_id AND l.rma_id = r.id AND l.resolution = ANY ($16) LIMIT 1))
   AND ($17::uuid IS NULL OR r.order_id = $17)
   AND ($18::uuid IS NULL OR r.person_id = $18)
   AND ($21::bigint IS NULL OR (coalesce(r.blocked_since, 'infinity'), r.number) < ($22::timestamptz, $21))
 ORDER BY coalesce(r.blocked_since, 'infinity') DESC, r.number DESC LIMIT $19 OFFSET $20
"""
# As the API lists them: by their ids, which are made in the order of opening.
OPENED: Final = """
SELECT r.id
  FROM rma r
 WHERE r.tenant_id = current_tenant()
   AND ($1::uuid IS NULL OR r.store_id = $1)
   AND ($2::text[] IS NULL OR r.blocked_actor = ANY ($2))
   AND (NOT $3::boolean OR r.blocked_actor IS NULL)
   AND ($4::text[] IS NULL OR r.blocked_code = ANY ($4))
   AND ($5::text[] IS NULL OR r.status = ANY ($5))
   AND ($6::text[] IS NULL OR r.channel = ANY ($6))
   AND ($7::timestamptz IS NULL OR r.requested_at >= $7)
   AND ($8::timestamptz IS NULL OR r.requested_at < $8)
   AND ($9::uuid[] IS NULL OR r.id = ANY ($9))
   AND ($10::bigint[] IS NULL OR r.number = ANY ($10))
   AND ($11::text[] IS NULL OR r.priority = ANY ($11))
   AND ($12::uuid IS NULL OR r.assignee_id = $12)
   AND (NOT $13::boolean OR r.assignee_id IS NULL)
   AND ($14::uuid IS NULL OR (
         SELECT true FROM rma_watcher w WHERE w.tenant_id = r.tenant_id AND w.rma_id = r.id AND w.staff_id = $14 LIMIT 1))
   AND ($15::text[] IS NULL OR (
         SELECT true FROM rma_tag t WHERE t.tenant_id = r.tenant_id AND t.rma_id = r.id AND t.tag = ANY ($15) LIMIT 1))
   AND ($16::text[] IS NULL OR (
         SELECT true FROM return_line l WHERE l.tenant_id = r.tenant_id AND l.rma_id = r.id AND l.resolution = ANY ($16) LIMIT 1))
   AND ($17::uuid IS NULL OR r.order_id = $17)
   AND ($18::uuid IS NULL OR r.person_id = $18)
   AND r.id > $20::uuid
 ORDER BY r.id LIMIT $19
"""
# Counted up to a bound ($19): nobody reads further, and what is counted costs.
HOW_MANY: Final = """
SELECT count(*) FROM (
  SELECT FROM rma r
   WHERE r.tenant_id = current_tenant()
     AND ($1::uuid IS NULL OR r.store_id = $1)
     AND ($2::text[] IS NULL OR r.blocked_actor = ANY ($2))
     AND (NOT $3::boolean OR r.blocked_actor IS NULL)
     AND ($4::text[] IS NULL OR r.blocked_code = ANY ($4))
     AND ($5::text[] IS NULL OR r.status = ANY ($5))
     AND ($6::text[] IS NULL OR r.channel = ANY ($6))
     AND ($7::timestamptz IS NULL OR r.requested_at >= $7)
     AND ($8::timestamptz IS NULL OR r.requested_at < $8)
     AND ($9::uuid[] IS NULL OR r.id = ANY ($9))
     AND ($10::bigint[] IS NULL OR r.number = ANY ($10))
     AND ($11::text[] IS NULL OR r.priority = ANY ($11))
     AND ($12::uuid IS NULL OR r.assignee_id = $12)
     AND (NOT $13::boolean OR r.assignee_id IS NULL)
     AND ($14::uuid IS NULL OR (
           SELECT true FROM rma_watcher w WHERE w.tenant_id = r.tenant_id AND w.rma_id = r.id AND w.staff_id = $14 LIMIT 1))
     AND ($15::text[] IS NULL OR (
           SELECT true FROM rma_tag t WHERE t.tenant_id = r.tenant_id AND t.rma_id = r.id AND t.tag = ANY ($15) LIMIT 1))
     AND ($16::text[] IS NULL OR (
           SELECT true FROM return_line l WHERE l.tenant_id = r.tenant_id AND l.rma_id = r.id AND l.resolution = ANY ($16) LIMIT 1))
     AND ($17::uuid IS NULL OR r.order_id = $17)
     AND ($18::uuid IS NULL OR r.person_id = $18)
  LIMIT $19) AS found
"""
# Each filter may be absent: a plan that must serve every combination serves none, so these are planned as they are asked.
PLANNED_AS_ASKED: Final = "SET LOCAL plan_cache_mode = force_custom_plan"
# What is rare is looked up first and then named by ids; of what is frequent each return is asked whether it has it.
RARE: Final = 3_000
WITH_RESOLUTION: Final = """
SELECT DISTINCT rma_id FROM (
  SELECT rma_id FROM return_line WHERE tenant_id = current_tenant() AND resolution = ANY ($1::text[]) LIMIT $2) AS found
"""
WITH_TAG: Final = """
SELECT DISTINCT rma_id FROM (
  SELECT rma_id FROM rma_tag WHERE tenant_id = current_tenant() AND tag = ANY ($1::text[]) LIMIT $2) AS found
"""
# Most returns are of kind `return`, which therefore no filter names; of the others the newest are enough for any list.
OF_KIND: Final = """
SELECT id AS rma_id FROM rma WHERE tenant_id = current_tenant() AND kind = ANY ($1::text[]) AND kind <> 'return'
 ORDER BY requested_at DESC LIMIT 10000
"""
WATCHED: Final = "SELECT rma_id FROM rma_watcher WHERE tenant_id = current_tenant() AND staff_id = $1 LIMIT $2"


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows the list; nothing said narrows nothing. `closed` wants those that wait for nobody.

    Several values of one filter widen it; several filters narrow. `text` is a search (`listing.search`).
    """

    store_id: UUID | None = None
    actors: tuple[str, ...] = ()
    closed: bool = False
    blockers: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    resolutions: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    assignee_id: UUID | None = None
    unassigned: bool = False
    watcher_id: UUID | None = None
    order_id: UUID | None = None
    person_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None
    kinds: tuple[str, ...] = ()  # other than `return`
    ids: tuple[UUID, ...] | None = None  # none of them finds nothing; nothing said finds all
    numbers: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """The return after which a page begins, or with `back` before which it ends; `since` is since when it waits."""

    number: int
    since: datetime | None = None
    back: bool = False


_ON: Final[Mapping[Sort, str]] = {"newest": NEWEST, "oldest": OLDEST, "waiting": WAITING}
_BACK: Final[Mapping[Sort, str]] = {"newest": OLDEST, "oldest": NEWEST, "waiting": WAITING_BACK}


def statement(sort: Sort, *, backwards: bool) -> str:
    """Return the statement that reads a page in that order, or from its end."""
    return _BACK[sort] if backwards else _ON[sort]


def values(filters: Filters) -> tuple[object, ...]:
    """Return the first eighteen parameters of every statement here."""
    f = filters
    return (
        f.store_id, _some(f.actors), f.closed, _some(f.blockers), _some(f.statuses), _some(f.channels), f.since, f.until,
        _list(f.ids), _list(f.numbers), _some(f.priorities), f.assignee_id, f.unassigned, f.watcher_id, _some(f.tags),
        _some(f.resolutions), f.order_id, f.person_id,
    )  # fmt: skip


async def rare_first(db: Db, filters: Filters) -> Filters:
    """Return the same filters with what only few returns have replaced by the ids of those."""
    if filters.kinds:
        of_kind = {row["rma_id"] for row in await db.fetch(OF_KIND, list(filters.kinds))}
        ids = of_kind if filters.ids is None else of_kind & set(filters.ids)
        filters = replace(filters, ids=tuple(ids), kinds=())
    if filters.resolutions:
        found = await db.fetch(WITH_RESOLUTION, list(filters.resolutions), RARE)
        filters = _named(filters, found, resolutions=())
    if filters.tags:
        filters = _named(filters, await db.fetch(WITH_TAG, list(filters.tags), RARE), tags=())
    if filters.watcher_id is not None:
        filters = _named(filters, await db.fetch(WATCHED, filters.watcher_id, RARE), watcher_id=None)
    return filters


def _named(filters: Filters, found: Sequence[Record], **done: Any) -> Filters:
    if len(found) >= RARE:
        return filters
    ids = [row["rma_id"] for row in found]
    both = ids if filters.ids is None else set(ids) & set(filters.ids)
    return replace(filters, ids=tuple(both), **done)


def _some(values: tuple[str, ...]) -> list[str] | None:
    return list(values) or None


def _list(values: Sequence[object] | None) -> list[object] | None:
    return None if values is None else list(values)
