"""The lists of orders and of customers with returns, and what the page of one order shows beside the order itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.rma import Decision
from retour.store.db import Db, Record
from retour.store.desk import people
from retour.store.desk.listing import PAGE
from retour.store.desk.narrowed import PLANNED_AS_ASKED
from retour.store.order.record import fold_name

# A page is read one row longer than shown, to know whether there is another; orders are counted only up to a bound.
LIST: Final = """
WITH page AS MATERIALIZED (
  SELECT o.id FROM sales_order o
   WHERE o.tenant_id = current_tenant() AND ($1::uuid IS NULL OR o.store_id = $1)
     AND ($2::uuid[] IS NULL OR o.id = ANY ($2))
   ORDER BY o.placed_at DESC, o.id LIMIT $3 OFFSET $4)
SELECT o.id, o.name, o.store_id, o.person_id, o.currency, o.total_minor, o.placed_at, p.name AS person_name,
       p.email AS person_email,
       jsonb_array_length(o.document -> 'lines') AS lines,
       (SELECT count(*) FROM rma r WHERE r.tenant_id = o.tenant_id AND r.order_id = o.id) AS returns
  FROM page
  JOIN sales_order o ON o.tenant_id = current_tenant() AND o.id = page.id
  JOIN person p ON p.tenant_id = o.tenant_id AND p.id = o.person_id
 ORDER BY o.placed_at DESC, o.id
"""
COUNT: Final = """
SELECT count(*) FROM sales_order
 WHERE tenant_id = current_tenant() AND ($1::uuid IS NULL OR store_id = $1) AND ($2::uuid[] IS NULL OR id = ANY ($2))
"""
NUMBERED: Final = "SELECT id FROM sales_order WHERE tenant_id = current_tenant() AND name_folded = $1 LIMIT 1000"
OF_PEOPLE: Final = """
SELECT id FROM sales_order WHERE tenant_id = current_tenant() AND person_id = ANY ($1::uuid[]) LIMIT 1000
"""
RETURNS_OF_ORDER: Final = """
SELECT r.id, r.number, r.status, r.blocked_actor, r.blocked_code, r.blocked_since, r.requested_at, o.currency,
       o.name AS order_name, (r.promised ->> 'total_minor')::bigint AS promised_minor,
       coalesce((SELECT sum(s.total_minor) FROM settlement s WHERE s.tenant_id = r.tenant_id AND s.rma_id = r.id
                    AND s.state IN ('settled', 'handed_over')), 0)::bigint AS settled_minor
  FROM rma r JOIN sales_order o ON o.tenant_id = r.tenant_id AND o.id = r.order_id
 WHERE r.tenant_id = current_tenant() AND ($1::uuid IS NULL OR r.order_id = $1) AND ($2::uuid IS NULL OR r.person_id = $2)
 ORDER BY r.number DESC LIMIT 100
"""
# People with returns, who returned last first; all but their order is read for one page of them alone.
CUSTOMERS: Final = """
WITH everybody AS MATERIALIZED (
  SELECT person_id, max(requested_at) AS last_at, count(*) AS returns
    FROM rma
   WHERE tenant_id = current_tenant() AND ($1::uuid IS NULL OR store_id = $1) AND ($2::uuid[] IS NULL OR person_id = ANY ($2))
   GROUP BY person_id)
SELECT (SELECT count(*) FROM everybody) AS total, p.id, p.name, p.email, p.erased_at, page.last_at, page.returns,
       (SELECT count(DISTINCT r.order_id) FROM rma r WHERE r.tenant_id = p.tenant_id AND r.person_id = p.id)
         AS returned_orders,
       (SELECT count(*) FROM sales_order o WHERE o.tenant_id = p.tenant_id AND o.person_id = p.id) AS orders
  FROM (SELECT * FROM everybody ORDER BY last_at DESC, person_id LIMIT $3 OFFSET $4) AS page
  JOIN person p ON p.tenant_id = current_tenant() AND p.id = page.person_id
 ORDER BY page.last_at DESC, p.id
"""
PERSON: Final = """
SELECT p.id, p.store_id, p.name, p.email, p.phone, p.tags, p.erased_at, p.created_at,
       (SELECT count(*) FROM sales_order o WHERE o.tenant_id = p.tenant_id AND o.person_id = p.id) AS orders,
       (SELECT count(*) FROM rma r WHERE r.tenant_id = p.tenant_id AND r.person_id = p.id) AS returns,
       (SELECT count(DISTINCT r.order_id) FROM rma r WHERE r.tenant_id = p.tenant_id AND r.person_id = p.id)
         AS returned_orders,
       (SELECT min(o.placed_at) FROM sales_order o WHERE o.tenant_id = p.tenant_id AND o.person_id = p.id)
         AS first_order_at
  FROM person p WHERE p.tenant_id = current_tenant() AND p.id = $1
"""
ORDERS_OF_PERSON: Final = """
SELECT o.id, o.name, o.store_id, o.person_id, o.currency, o.total_minor, o.placed_at, p.name AS person_name,
       p.email AS person_email, jsonb_array_length(o.document -> 'lines') AS lines,
       (SELECT count(*) FROM rma r WHERE r.tenant_id = o.tenant_id AND r.order_id = o.id) AS returns
  FROM sales_order o JOIN person p ON p.tenant_id = o.tenant_id AND p.id = o.person_id
 WHERE o.tenant_id = current_tenant() AND o.person_id = $1
 ORDER BY o.placed_at DESC, o.id LIMIT 100
"""


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order of a list."""

    id: UUID
    name: str
    store_id: UUID
    person_id: UUID
    currency: str
    total_minor: int
    placed_at: datetime
    person_name: str | None
    person_email: str | None
    lines: int
    returns: int


@dataclass(frozen=True, slots=True)
class Orders:
    """A page of orders and how many there are in all."""

    rows: tuple[OrderRow, ...]
    total: int


@dataclass(frozen=True, slots=True)
class ReturnRow:
    """A return beside its order or shopper; amounts in minor units."""

    id: UUID
    number: int
    status: Decision
    blocked_actor: str | None
    blocked_code: str | None
    blocked_since: datetime | None
    requested_at: datetime
    currency: str
    order_name: str
    promised_minor: int
    settled_minor: int


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody who returned something."""

    id: UUID
    name: str | None
    email: str | None
    erased_at: datetime | None
    last_at: datetime
    returns: int
    returned_orders: int
    orders: int


@dataclass(frozen=True, slots=True)
class Customers:
    """A page of customers and how many there are in all."""

    rows: tuple[Customer, ...]
    total: int


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """A shopper with what is known of them."""

    id: UUID
    store_id: UUID
    name: str | None
    email: str | None
    phone: str | None
    tags: tuple[str, ...]
    erased_at: datetime | None
    created_at: datetime
    orders: int
    returns: int
    returned_orders: int
    first_order_at: datetime | None


async def orders(
    db: Db, *, store_id: UUID | None, text: str | None, page: int = 1, known: Sequence[UUID] | None = None
) -> Orders:
    """Return one page of the orders, newest first; a text is an order's number or the shopper's e-mail, phone or name."""
    ids = None if text is None else await _search(db, text, known)
    rows = await db.fetch(LIST, store_id, ids, PAGE, (page - 1) * PAGE)
    total: int = await db.fetchval(COUNT, store_id, ids)
    return Orders(tuple(OrderRow(**row) for row in rows), total)


async def orders_of(db: Db, person_id: UUID) -> tuple[OrderRow, ...]:
    """Return the orders of a shopper, newest first, 100 at most."""
    return tuple(OrderRow(**row) for row in await db.fetch(ORDERS_OF_PERSON, person_id))


async def returns_of_order(db: Db, order_id: UUID) -> tuple[ReturnRow, ...]:
    """Return the returns of an order, newest first."""
    await db.execute(PLANNED_AS_ASKED)
    return tuple(_return(row) for row in await db.fetch(RETURNS_OF_ORDER, order_id, None))


async def returns_of_person(db: Db, person_id: UUID) -> tuple[ReturnRow, ...]:
    """Return the returns of a shopper, newest first."""
    await db.execute(PLANNED_AS_ASKED)
    return tuple(_return(row) for row in await db.fetch(RETURNS_OF_ORDER, None, person_id))


async def customers(
    db: Db, *, store_id: UUID | None, text: str | None, page: int = 1, known: Sequence[UUID] | None = None
) -> Customers:
    """Return one page of the shoppers with returns, who returned last first."""
    ids = None if text is None else list(known) if known is not None else await people.find(db, text)
    rows = await db.fetch(CUSTOMERS, store_id, ids, PAGE, (page - 1) * PAGE)
    total = rows[0]["total"] if rows else 0
    return Customers(tuple(Customer(**{k: v for k, v in row.items() if k != "total"}) for row in rows), total)


async def person(db: Db, person_id: UUID) -> PersonFacts | None:
    """Return a shopper with what is known of them, or nothing."""
    row = await db.fetchrow(PERSON, person_id)
    return PersonFacts(**{**row, "tags": tuple(row["tags"])}) if row else None


async def _search(db: Db, text: str, known: Sequence[UUID] | None) -> list[UUID]:
    text = people.plain(text)
    exact = await db.fetch(NUMBERED, fold_name(text))
    if exact:
        return [row["id"] for row in exact]
    whose = await people.find(db, text) if known is None else known
    return [row["id"] for row in await db.fetch(OF_PEOPLE, whose)] if whose else []


def _return(row: Record) -> ReturnRow:
    return ReturnRow(**{**row, "status": Decision(row["status"])})
