"""The list of returns: filtered, searched, sorted and counted over indexes, then read for one page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from retour.core.rma import Decision
from retour.core.rma.axes import Axes, Standing, axes
from retour.core.rma.state import SettlementState
from retour.store.db import Db, Record
from retour.store.desk import people
from retour.store.order.record import fold_name

PAGE: Final = 50

Sort = Literal["newest", "oldest", "waiting"]

# What narrows the list is in the index rma_desk, which alone is read to count. Numbers are given as returns are asked
# for, so their index is the order of the newest and of the oldest; what waits is sorted.
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
   AND ($10::text[] IS NULL OR EXISTS (
         SELECT FROM return_line l WHERE l.tenant_id = r.tenant_id AND l.rma_id = r.id AND l.resolution = ANY ($10)))
 ORDER BY r.number DESC LIMIT $11 OFFSET $12
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
   AND ($10::text[] IS NULL OR EXISTS (
         SELECT FROM return_line l WHERE l.tenant_id = r.tenant_id AND l.rma_id = r.id AND l.resolution = ANY ($10)))
 ORDER BY r.number LIMIT $11 OFFSET $12
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
   AND ($10::text[] IS NULL OR EXISTS (
         SELECT FROM return_line l WHERE l.tenant_id = r.tenant_id AND l.rma_id = r.id AND l.resolution = ANY ($10)))
 ORDER BY r.blocked_since, r.number LIMIT $11 OFFSET $12
"""
HOW_MANY: Final = """
SELECT count(*)
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
   AND ($10::text[] IS NULL OR r.id IN (
         SELECT l.rma_id FROM return_line l WHERE l.tenant_id = current_tenant() AND l.resolution = ANY ($10)))
"""
# Each filter may be absent: a plan that must serve every combination serves none, so these are planned as they are asked.
PLANNED_AS_ASKED: Final = "SET LOCAL plan_cache_mode = force_custom_plan"
# What is shown is read for the rows of one page alone.
SHOW: Final = """
SELECT r.id, r.number, r.store_id, r.order_id, r.person_id, r.kind, r.channel, r.status, r.held, r.version,
       r.blocked_actor, r.blocked_code, r.blocked_since, r.blocked_evidence, r.requested_at, r.in_transit_at,
       r.delivered_at, r.received_at, r.inspected_at, r.resolved_at, o.name AS order_name, o.currency,
       p.name AS person_name, p.email AS person_email, p.erased_at,
       (r.promised ->> 'total_minor')::bigint AS promised_minor,
       (SELECT sum(l.requested_quantity) FROM return_line l
         WHERE l.tenant_id = r.tenant_id AND l.rma_id = r.id) AS units,
       (SELECT count(*) FROM shipment h WHERE h.tenant_id = r.tenant_id AND h.rma_id = r.id) AS parcels,
       coalesce((SELECT jsonb_agg(jsonb_build_array(s.state, s.comparison, s.total_minor) ORDER BY s.seq)
                   FROM settlement s WHERE s.tenant_id = r.tenant_id AND s.rma_id = r.id), '[]') AS settlements
  FROM unnest($1::uuid[]) WITH ORDINALITY AS c (id, place)
  JOIN rma r ON r.tenant_id = current_tenant() AND r.id = c.id
  JOIN sales_order o ON o.tenant_id = r.tenant_id AND o.id = r.order_id
  JOIN person p ON p.tenant_id = r.tenant_id AND p.id = r.person_id
 ORDER BY c.place
"""
COUNT: Final = """
SELECT blocked_actor AS actor, count(*) AS count FROM rma
 WHERE tenant_id = current_tenant() AND ($1::uuid IS NULL OR store_id = $1) GROUP BY 1
"""
OPEN: Final = """
SELECT count(*) FROM rma
 WHERE tenant_id = current_tenant() AND blocked_actor IS NOT NULL AND ($1::uuid IS NULL OR store_id = $1)
"""
# Exact things first: numbers of returns, orders and parcels; people are looked for last.
SEARCH: Final = """
SELECT r.id FROM rma r WHERE r.tenant_id = current_tenant() AND r.number = $1::bigint
UNION
SELECT r.id FROM sales_order o JOIN rma r ON r.tenant_id = o.tenant_id AND r.order_id = o.id
 WHERE o.tenant_id = current_tenant() AND o.name_folded = $2::text
UNION
SELECT h.rma_id FROM shipment h WHERE h.tenant_id = current_tenant() AND h.tracking_number = $3::text
LIMIT 1000
"""
OF_PEOPLE: Final = """
SELECT id FROM rma WHERE tenant_id = current_tenant() AND person_id = ANY ($1::uuid[]) LIMIT 1000
"""
NUMBERED: Final = "SELECT id FROM rma WHERE tenant_id = current_tenant() AND number = $1"


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows the list; nothing said narrows nothing. `closed` wants those that wait for nobody."""

    store_id: UUID | None = None
    actors: tuple[str, ...] = ()
    closed: bool = False
    blockers: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    resolutions: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None
    ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One return of the list; amounts in minor units of `currency`, `units` as requested."""

    id: UUID
    number: int
    store_id: UUID
    order_id: UUID
    order_name: str
    person_id: UUID
    person_name: str | None
    person_email: str | None
    channel: str
    status: Decision
    version: int
    blocked_actor: str | None
    blocked_code: str | None
    blocked_since: datetime | None
    blocked_evidence: dict[str, object]
    requested_at: datetime
    resolved_at: datetime | None
    units: int
    currency: str
    promised_minor: int
    settled_minor: int
    axes: Axes


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of the list and how many returns there are in all."""

    rows: tuple[Row, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many returns need somebody of the reader's role, move without them, are done, and exist."""

    needs_you: int
    moving: int
    done: int
    total: int


_SORTED: Final[Mapping[Sort, str]] = {"newest": NEWEST, "oldest": OLDEST, "waiting": WAITING}


async def returns(
    db: Db, filters: Filters, *, sort: Sort = "newest", page: int = 1, known: int | None = None
) -> Listed:
    """Return one page of the returns that fit; pages count from 1, a page beyond the last is empty.

    `known` is how many there are, where the caller has counted them already.
    """
    found = list(filters.ids) or None
    if filters.text is not None:
        found = await search(db, filters.text)
    narrowed = (
        filters.store_id, _some(filters.actors), filters.closed, _some(filters.blockers), _some(filters.statuses),
        _some(filters.channels), filters.since, filters.until, found, _some(filters.resolutions),
    )  # fmt: skip
    await db.execute(PLANNED_AS_ASKED)
    ids = [row["id"] for row in await db.fetch(_SORTED[sort], *narrowed, PAGE, (page - 1) * PAGE)]
    if page == 1 and len(ids) < PAGE:
        total = len(ids)
    elif known is None:
        total = await db.fetchval(HOW_MANY, *narrowed)
    else:
        total = known
    return Listed(tuple(_row(row) for row in await db.fetch(SHOW, ids)) if ids else (), total)


async def counts(db: Db, *, store_id: UUID | None, actors: Sequence[str]) -> Counts:
    """Return the numbers on the tabs; `actors` are those in whose place the reader may act."""
    by = {row["actor"]: row["count"] for row in await db.fetch(COUNT, store_id)}
    mine = sum(n for actor, n in by.items() if actor in actors)
    done, total = by.get(None, 0), sum(by.values())
    return Counts(mine, total - done - mine, done, total)


async def open_returns(db: Db, store_id: UUID | None) -> int:
    """Return how many returns wait for somebody or something."""
    count: int = await db.fetchval(OPEN, store_id)
    return count


async def search(db: Db, text: str, *, known: Sequence[UUID] | None = None) -> list[UUID]:
    """Return the returns that a text names: its number, order, parcel, or the shopper's e-mail, phone or name.

    `known` are the shoppers that the text means, where the caller has looked for them already.
    """
    text = people.plain(text)
    exact = await db.fetch(SEARCH, _number(text), fold_name(text), text)
    if exact:
        return [row["id"] for row in exact]
    whose = await people.find(db, text) if known is None else known
    return [row["id"] for row in await db.fetch(OF_PEOPLE, whose)] if whose else []


async def find(db: Db, number: str) -> UUID | None:
    """Return the id of the return with that public number, such as R-10482, or nothing."""
    plain = _number(number) if number[:2].upper() == "R-" else None
    found: UUID | None = None if plain is None else await db.fetchval(NUMBERED, plain)
    return found


def _number(text: str) -> int | None:
    plain = text.upper().removeprefix("R-")
    return int(plain) if plain.isascii() and plain.isdecimal() and len(plain) <= 15 else None


def _some(values: tuple[str, ...]) -> list[str] | None:
    return list(values) or None


def _row(row: Record) -> Row:
    states = [(SettlementState(state), comparison) for state, comparison, _ in row["settlements"]]
    standing = Standing(
        status=Decision(row["status"]), parcels=row["parcels"], settlements=states,
        **{name: row[name] for name in (
            "blocked_actor", "blocked_code", "in_transit_at", "delivered_at", "received_at", "inspected_at",
        )},
    )  # fmt: skip
    same = (
        "id", "number", "store_id", "order_id", "order_name", "person_id", "person_name", "person_email", "channel",
        "version", "blocked_actor", "blocked_code", "blocked_since", "requested_at", "resolved_at", "currency",
        "promised_minor",
    )  # fmt: skip
    paid = sum(minor for state, _, minor in row["settlements"] if state in ("settled", "handed_over"))
    return Row(
        status=Decision(row["status"]), blocked_evidence=dict(row["blocked_evidence"] or {}), units=int(row["units"]),
        settled_minor=paid, axes=axes(standing), **{name: row[name] for name in same},
    )  # fmt: skip
