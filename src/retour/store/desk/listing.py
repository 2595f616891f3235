"""The list of returns: filtered, searched, sorted and counted in one statement over one index."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from retour.core.rma import Decision
from retour.core.rma.axes import Axes, Standing, axes
from retour.core.rma.state import SettlementState
from retour.store.db import Db, Record
from retour.store.order.people import fold_email, fold_phone
from retour.store.order.record import fold_name

PAGE: Final = 50
MOST_FOUND: Final = 1_000  # returns that a search may find; more is not what anybody reads

Sort = Literal["newest", "oldest", "waiting"]

# Everything that narrows the list is in the index rma_desk; what is shown of the page is read for its rows alone.
LIST: Final = """
WITH found AS MATERIALIZED (
  SELECT r.id, r.number, r.blocked_since, r.requested_at
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
           SELECT FROM return_line l
            WHERE l.tenant_id = r.tenant_id AND l.rma_id = r.id AND l.resolution = ANY ($10)))),
chosen AS (
  SELECT id, row_number() OVER () AS place FROM (
    SELECT id FROM found
     ORDER BY CASE $11 WHEN 'waiting' THEN blocked_since WHEN 'oldest' THEN requested_at END NULLS LAST,
              CASE WHEN $11 = 'newest' THEN -number ELSE number END
     LIMIT $12 OFFSET $13) AS sorted)
SELECT (SELECT count(*) FROM found) AS total, r.id, r.number, r.store_id, r.order_id, r.person_id, r.kind, r.channel,
       r.status, r.held, r.version, r.blocked_actor, r.blocked_code, r.blocked_since, r.blocked_evidence,
       r.requested_at, r.in_transit_at, r.delivered_at, r.received_at, r.inspected_at, r.resolved_at,
       o.name AS order_name, o.currency, p.name AS person_name, p.email AS person_email, p.erased_at,
       (r.promised ->> 'total_minor')::bigint AS promised_minor,
       (SELECT sum(l.requested_quantity) FROM return_line l
         WHERE l.tenant_id = r.tenant_id AND l.rma_id = r.id) AS units,
       (SELECT count(*) FROM shipment h WHERE h.tenant_id = r.tenant_id AND h.rma_id = r.id) AS parcels,
       coalesce((SELECT jsonb_agg(jsonb_build_array(s.state, s.comparison, s.total_minor) ORDER BY s.seq)
                   FROM settlement s WHERE s.tenant_id = r.tenant_id AND s.rma_id = r.id), '[]') AS settlements
  FROM chosen c
  JOIN rma r ON r.tenant_id = current_tenant() AND r.id = c.id
  JOIN sales_order o ON o.tenant_id = r.tenant_id AND o.id = r.order_id
  JOIN person p ON p.tenant_id = r.tenant_id AND p.id = r.person_id
 ORDER BY c.place
"""
COUNT: Final = """
SELECT count(*) FILTER (WHERE blocked_actor = ANY ($2::text[])) AS needs_you,
       count(*) FILTER (WHERE blocked_actor <> ALL ($2::text[])) AS moving,
       count(*) FILTER (WHERE blocked_actor IS NULL) AS done, count(*) AS total
  FROM rma WHERE tenant_id = current_tenant() AND ($1::uuid IS NULL OR store_id = $1)
"""
# Exact things first: numbers of returns, orders and parcels, addresses; names are looked through at the end.
SEARCH: Final = """
SELECT r.id FROM rma r WHERE r.tenant_id = current_tenant() AND r.number = $1::bigint
UNION
SELECT r.id FROM sales_order o JOIN rma r ON r.tenant_id = o.tenant_id AND r.order_id = o.id
 WHERE o.tenant_id = current_tenant() AND o.name_folded = $2::text
UNION
SELECT r.id FROM person p JOIN rma r ON r.tenant_id = p.tenant_id AND r.person_id = p.id
 WHERE p.tenant_id = current_tenant() AND p.email_folded = $3::text
UNION
SELECT r.id FROM person p JOIN rma r ON r.tenant_id = p.tenant_id AND r.person_id = p.id
 WHERE p.tenant_id = current_tenant() AND p.phone_digits = $4::text
UNION
SELECT h.rma_id FROM shipment h WHERE h.tenant_id = current_tenant() AND h.tracking_number = $5::text
LIMIT 1000
"""
SEARCH_NAMES: Final = """
SELECT r.id FROM rma r JOIN (
  SELECT p.id FROM person p
   WHERE p.tenant_id = current_tenant() AND strpos(lower(p.name), $1::text) > 0 LIMIT 1000) AS n ON n.id = r.person_id
 WHERE r.tenant_id = current_tenant() LIMIT 1000
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


async def returns(db: Db, filters: Filters, *, sort: Sort = "newest", page: int = 1) -> Listed:
    """Return one page of the returns that fit; pages count from 1, a page beyond the last is empty."""
    found = list(filters.ids) or None
    if filters.text is not None:
        found = await search(db, filters.text)
    rows = await db.fetch(
        LIST, filters.store_id, _some(filters.actors), filters.closed, _some(filters.blockers), _some(filters.statuses),
        _some(filters.channels), filters.since, filters.until, found, _some(filters.resolutions), sort, PAGE,
        (page - 1) * PAGE,
    )  # fmt: skip
    if not rows:
        return Listed((), 0 if page == 1 else (await returns(db, filters, sort=sort)).total)
    return Listed(tuple(_row(row) for row in rows), rows[0]["total"])


async def counts(db: Db, *, store_id: UUID | None, actors: Sequence[str]) -> Counts:
    """Return the numbers on the tabs; `actors` are those in whose place the reader may act."""
    row = await db.fetchrow(COUNT, store_id, list(actors))
    assert row is not None
    return Counts(row["needs_you"], row["moving"], row["done"], row["total"])


async def search(db: Db, text: str) -> list[UUID]:
    """Return the returns that a text names: its number, order, parcel, or the shopper's e-mail, phone or name."""
    text = " ".join(text.replace("\0", "").split())[:200]
    phone = fold_phone(text)
    exact = await db.fetch(
        SEARCH, _number(text), fold_name(text), fold_email(text) if "@" in text else None,
        phone if phone and len(phone) >= 6 else None, text,
    )  # fmt: skip
    if exact or len(text) < 2:
        return [row["id"] for row in exact]
    return [row["id"] for row in await db.fetch(SEARCH_NAMES, text.casefold())]


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
