"""The list of returns: filtered, searched, sorted and counted over indexes, then read for one page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from retour.core.rma import Decision
from retour.core.rma.axes import Axes, Standing, axes
from retour.core.rma.state import SettlementState
from retour.store import words
from retour.store.db import Db, Record
from retour.store.desk import narrowed, people
from retour.store.desk.narrowed import Filters, Place, Sort
from retour.store.order.record import fold_name

PAGE: Final = 50
COUNTED: Final = 10_000  # a narrowed list is counted up to here
_NEVER: Final = datetime.max.replace(tzinfo=UTC)  # since when waits what waits for nobody

# What is shown is read for the rows of one page alone.
SHOW: Final = """
SELECT r.id, r.number, r.store_id, r.order_id, r.person_id, r.kind, r.channel, r.status, r.held, r.version,
       r.blocked_actor, r.blocked_code, r.blocked_since, r.blocked_evidence, r.requested_at, r.in_transit_at,
       r.delivered_at, r.received_at, r.inspected_at, r.resolved_at, r.priority, r.assignee_id,
       ARRAY(SELECT t.tag FROM rma_tag t WHERE t.tenant_id = r.tenant_id AND t.rma_id = r.id ORDER BY t.tag) AS tags,
       o.name AS order_name, o.currency,
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
MINE: Final = """
SELECT count(*) FROM rma
 WHERE tenant_id = current_tenant() AND assignee_id = $2 AND blocked_actor IS NOT NULL
   AND ($1::uuid IS NULL OR store_id = $1)
"""
COUNT: Final = """
SELECT blocked_actor AS actor, count(*) AS count FROM rma
 WHERE tenant_id = current_tenant() AND ($1::uuid IS NULL OR store_id = $1) GROUP BY 1
"""
STANDING: Final = """
SELECT status, blocked_actor AS actor, blocked_code AS code, count(*) AS count FROM rma
 WHERE tenant_id = current_tenant() AND ($1::uuid IS NULL OR store_id = $1) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
OPEN: Final = """
SELECT count(*) FROM rma
 WHERE tenant_id = current_tenant() AND blocked_actor IS NOT NULL AND ($1::uuid IS NULL OR store_id = $1)
"""
# Exact things: numbers of returns, orders and parcels.
EXACT: Final = """
SELECT r.number FROM rma r WHERE r.tenant_id = current_tenant() AND r.number = $1::bigint
UNION
SELECT r.number FROM sales_order o JOIN rma r ON r.tenant_id = o.tenant_id AND r.order_id = o.id
 WHERE o.tenant_id = current_tenant() AND o.name_folded = $2::text
UNION
SELECT r.number FROM shipment h JOIN rma r ON r.tenant_id = h.tenant_id AND r.id = h.rma_id
 WHERE h.tenant_id = current_tenant() AND h.tracking_number = ANY ($3::text[])
LIMIT 1000
"""
OF_PEOPLE: Final = """
SELECT number FROM rma WHERE tenant_id = current_tenant() AND person_id = ANY ($1::uuid[]) ORDER BY number DESC LIMIT 1000
"""
NUMBERED: Final = "SELECT id FROM rma WHERE tenant_id = current_tenant() AND number = $1"


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
    held: bool
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
    priority: str
    assignee_id: UUID | None
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of the list and how many returns there are in all: one more than `COUNTED` means that there are more."""

    rows: tuple[Row, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Counted:
    """How many returns have a status and wait for somebody for a reason."""

    status: Decision
    actor: str | None
    code: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many returns need somebody of the reader's role, move without them, are done, and exist."""

    needs_you: int
    moving: int
    done: int
    total: int
    mine: int = 0  # open ones that the reader looks after


async def returns(
    db: Db,
    filters: Filters,
    *,
    sort: Sort = "newest",
    page: int = 1,
    known: int | None = None,
    place: Place | None = None,
    size: int = PAGE,
) -> Listed:
    """Return one page of the returns that fit; pages count from 1, a page beyond the last is empty.

    With a `place` the page begins or ends there, at the cost of one page however far down it is. `known` is how many
    there are, where the caller has counted them already: then a page is counted off from the nearer end.
    """
    filters = await _found(db, filters)
    offset = 0 if place else (page - 1) * size
    if filters.numbers is not None and sort == "newest" and place is None and _by_numbers_alone(filters):
        known, numbers = len(filters.numbers), sorted(filters.numbers, reverse=True)
        filters, offset = replace(filters, numbers=tuple(numbers[offset : offset + size])), 0
    narrowed_by = narrowed.values(filters)
    most, backwards = size, place is not None and place.back
    if known is not None and place is None and 2 * offset > known:  # nearer to the end: counted off from there
        most, offset, backwards = min(size, known - offset), max(0, known - offset - size), True
    after = (None, None) if place is None else (place.number, place.since or _NEVER)
    where = after if sort == "waiting" else after[:1]
    rows = []
    if most > 0:
        rows = await db.fetch(narrowed.statement(sort, backwards=backwards), *narrowed_by, most, offset, *where)
    ids = [row["id"] for row in rows]
    if backwards:
        ids.reverse()
    if known is not None:
        total = known
    elif page == 1 and place is None and len(ids) < size:
        total = len(ids)
    else:
        total = await db.fetchval(narrowed.HOW_MANY, *narrowed_by, COUNTED + 1)
    return Listed(tuple(_row(row) for row in await db.fetch(SHOW, ids)) if ids else (), total)


def _by_numbers_alone(filters: Filters) -> bool:
    """Return whether a search alone narrows the list: then its page and its length are those of the numbers."""
    return replace(filters, numbers=None) == Filters()


async def opened(db: Db, filters: Filters, *, after_id: UUID, limit: int) -> list[UUID]:
    """Return the ids of returns that fit in the order of opening, after a position."""
    narrowed_by = narrowed.values(await _found(db, filters))
    return [row["id"] for row in await db.fetch(narrowed.OPENED, *narrowed_by, limit, after_id)]


async def _found(db: Db, filters: Filters) -> Filters:
    """Return the filters with what is searched for found, and the database told to plan each statement by itself."""
    await db.execute(narrowed.PLANNED_AS_ASKED)
    if filters.text is not None:
        filters = replace(filters, numbers=tuple(await search(db, filters.text)), text=None)
    return await narrowed.rare_first(db, filters)


async def counts(db: Db, *, store_id: UUID | None, actors: Sequence[str], staff_id: UUID) -> Counts:
    """Return the numbers on the tabs; `actors` are those in whose place the reader may act."""
    by = {row["actor"]: row["count"] for row in await db.fetch(COUNT, store_id)}
    yours = sum(n for actor, n in by.items() if actor in actors)
    done, total = by.get(None, 0), sum(by.values())
    return Counts(yours, total - done - yours, done, total, await db.fetchval(MINE, store_id, staff_id))


async def standing(db: Db, *, store_id: UUID | None) -> tuple[Counted, ...]:
    """Return how many returns there are by status and by what they wait for."""
    return tuple(
        Counted(Decision(row["status"]), row["actor"], row["code"], row["count"])
        for row in await db.fetch(STANDING, store_id)
    )


async def open_returns(db: Db, store_id: UUID | None) -> int:
    """Return how many returns wait for somebody or something."""
    count: int = await db.fetchval(OPEN, store_id)
    return count


async def search(db: Db, text: str) -> list[int]:
    """Return the numbers of the returns that a text names, the newest 1,000 at most.

    It is first taken as the number of a return, order or parcel, then as the shopper's e-mail or phone; what is neither
    is looked for word by word in goods, notes, names and addresses, each word by its beginning.
    """
    text = people.plain(text)
    exact = await db.fetch(EXACT, _number(text), fold_name(text), _parcels(text))
    if exact:
        return [row["number"] for row in exact]
    whose = await people.exact(db, text)
    if whose:
        return [row["number"] for row in await db.fetch(OF_PEOPLE, whose)]
    return await words.returns(db, text)


async def find(db: Db, number: str) -> UUID | None:
    """Return the id of the return with that public number, such as R-10482, or nothing."""
    plain = _number(number) if number[:2].upper() == "R-" else None
    found: UUID | None = None if plain is None else await db.fetchval(NUMBERED, plain)
    return found


def _number(text: str) -> int | None:
    plain = text.upper().removeprefix("R-")
    return int(plain) if plain.isascii() and plain.isdecimal() and len(plain) <= 15 else None


def _parcels(text: str) -> list[str]:
    """Return a text as carriers write the numbers of parcels: as it is, in capitals, without blanks."""
    return list(dict.fromkeys((text, text.upper(), "".join(text.split()), "".join(text.upper().split()))))


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
        "held", "version", "blocked_actor", "blocked_code", "blocked_since", "requested_at", "resolved_at", "currency",
        "promised_minor", "priority", "assignee_id",
    )  # fmt: skip
    paid = sum(minor for state, _, minor in row["settlements"] if state in ("settled", "handed_over"))
    return Row(
        status=Decision(row["status"]), blocked_evidence=dict(row["blocked_evidence"] or {}), units=int(row["units"]),
        settled_minor=paid, axes=axes(standing), tags=tuple(row["tags"]), **{name: row[name] for name in same},
    )  # fmt: skip
