"""The page of one return: what its room does not keep itself, such as names, customer facts and what calls answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from retour.store.db import Db

HEAD: Final = """
SELECT r.policy_version_id, v.version AS policy_version, v.document AS policy, s.shop_name, s.timezone,
       s.restock_master, s.refund_master, s.return_master, coalesce(r.location_ref, s.location_ref) AS location_ref,
       p.id AS person_id, p.name AS person_name, p.email AS person_email, p.phone AS person_phone, p.erased_at,
       (SELECT count(*) FROM sales_order o WHERE o.tenant_id = r.tenant_id AND o.person_id = r.person_id) AS orders,
       (SELECT count(DISTINCT x.order_id) FROM rma x
         WHERE x.tenant_id = r.tenant_id AND x.person_id = r.person_id) AS orders_returned,
       (SELECT count(*) FROM rma x WHERE x.tenant_id = r.tenant_id AND x.person_id = r.person_id) AS returns,
       (SELECT count(*) FROM rma x
         WHERE x.tenant_id = r.tenant_id AND x.person_id = r.person_id AND x.status = 'rejected') AS rejected,
       (SELECT min(o.placed_at) FROM sales_order o
         WHERE o.tenant_id = r.tenant_id AND o.person_id = r.person_id) AS first_order_at
  FROM rma r
  JOIN store s ON s.tenant_id = r.tenant_id AND s.id = r.store_id
  JOIN person p ON p.tenant_id = r.tenant_id AND p.id = r.person_id
  JOIN policy_version v ON v.tenant_id = r.tenant_id AND v.id = r.policy_version_id
 WHERE r.tenant_id = current_tenant() AND r.id = $1
"""
TRAILS: Final = """
SELECT e.id,
  coalesce((SELECT jsonb_agg(jsonb_build_object('n', a.n, 'at', a.sent_at) ORDER BY a.n)
              FROM effect_attempt a WHERE a.tenant_id = e.tenant_id AND a.effect_id = e.id), '[]')::text AS attempts,
  coalesce((SELECT jsonb_agg(jsonb_build_object('n', o.attempt, 'what', o.what, 'verdict', o.verdict,
                     'far_code', o.far_code, 'message', o.message, 'at', o.at) ORDER BY o.at, o.id)
              FROM effect_observation o WHERE o.tenant_id = e.tenant_id AND o.effect_id = e.id), '[]')::text AS seen
  FROM effect e WHERE e.tenant_id = current_tenant() AND e.rma_id = $1
"""
NAMES: Final = """
SELECT 'staff:' || id AS actor, name, role FROM staff WHERE tenant_id = current_tenant()
UNION ALL SELECT 'key:' || id, name, role FROM api_key WHERE tenant_id = current_tenant()
UNION ALL SELECT 'source:' || id, far_name, platform FROM connection
           WHERE tenant_id = current_tenant() AND platform = 'feed'
UNION ALL SELECT 'isv:' || isv_id, isv_name, role FROM isv_service WHERE tenant_id = current_tenant()
"""
DISCREPANCIES: Final = """
SELECT d.id, d.kind, d.resource_kind, d.resource_id, d.owner, d.next_step, d.details, d.state, d.opened_at,
       d.resolved_at, d.resolved_by
  FROM discrepancy d
 WHERE d.tenant_id = current_tenant() AND (
       d.resource_kind = 'return' AND d.resource_id = $1
    OR d.resource_kind = 'settlement' AND d.resource_id IN (
         SELECT id FROM settlement WHERE tenant_id = current_tenant() AND rma_id = $1)
    OR d.resource_kind = 'effect' AND d.resource_id IN (
         SELECT id FROM effect WHERE tenant_id = current_tenant() AND rma_id = $1)
    OR d.resource_kind = 'order' AND d.state = 'open' AND d.resource_id = (
         SELECT order_id FROM rma WHERE tenant_id = current_tenant() AND id = $1))
 ORDER BY d.state, d.opened_at, d.id
"""
# Who changed the return last, and to what; what somebody reads whose change came too late.
LAST_CHANGE: Final = """
SELECT type, actor, at FROM event
 WHERE tenant_id = current_tenant() AND resource_kind = 'return' AND resource_id = $1
   AND (actor LIKE 'staff:%' OR actor LIKE 'key:%' OR actor LIKE 'shopper:%' OR actor IN ('policy', 'shopper'))
 ORDER BY seq DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Head:
    """What stands around a return: its shop, the shopper with their history, the policy version it was judged by."""

    policy_version_id: UUID
    policy_version: int
    policy: Mapping[str, Any]
    shop_name: str
    timezone: str
    restock_master: str
    refund_master: str
    return_master: str
    location_ref: str | None
    person_id: UUID
    person_name: str | None
    person_email: str | None
    person_phone: str | None
    erased_at: datetime | None
    orders: int
    orders_returned: int
    returns: int
    rejected: int
    first_order_at: datetime | None

    def rule(self, rule_id: str) -> str | None:
        """Return the name of a rule of the policy, or nothing for its defaults."""
        named = (rule["name"] for rule in self.policy["rules"] if rule["id"] == rule_id)
        return next((str(name) for name in named), None)


class Attempt(msgspec.Struct, frozen=True):
    """One try of a call."""

    n: int
    at: datetime


class Seen(msgspec.Struct, frozen=True):
    """What was seen of a call: an answer, a read-back, a late answer, a person's word."""

    n: int
    what: str
    verdict: str
    far_code: str | None
    message: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Trail:
    """Every try of an effect and everything seen of it, oldest first."""

    attempts: tuple[Attempt, ...]
    seen: tuple[Seen, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference between two systems that concerns the return."""

    id: UUID
    kind: str
    resource_kind: str
    resource_id: UUID
    owner: str
    next_step: str
    details: Mapping[str, Any]
    state: str
    opened_at: datetime
    resolved_at: datetime | None
    resolved_by: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """Something that somebody did."""

    type: str
    actor: str
    at: datetime


_ATTEMPTS: Final = msgspec.json.Decoder(tuple[Attempt, ...])
_SEEN: Final = msgspec.json.Decoder(tuple[Seen, ...])


async def head(db: Db, rma_id: UUID) -> Head:
    """Return what stands around a return that exists."""
    row = await db.fetchrow(HEAD, rma_id)
    assert row is not None, "the return was just read"
    return Head(**row)


async def trails(db: Db, rma_id: UUID) -> dict[UUID, Trail]:
    """Return what was tried and seen of each effect of a return."""
    rows = await db.fetch(TRAILS, rma_id)
    return {row["id"]: Trail(_ATTEMPTS.decode(row["attempts"]), _SEEN.decode(row["seen"])) for row in rows}


async def names(db: Db) -> dict[str, str]:
    """Return what people, keys, sources and integrators are called, by actor as events name them."""
    return {row["actor"]: row["name"] for row in await db.fetch(NAMES)}


async def differences(db: Db, rma_id: UUID) -> tuple[Difference, ...]:
    """Return the differences that concern a return, its money, its calls or its order; the open ones first."""
    return tuple(Difference(**row) for row in await db.fetch(DISCREPANCIES, rma_id))


async def last_change(db: Db, rma_id: UUID) -> Change | None:
    """Return what somebody did to the return last, or nothing."""
    row = await db.fetchrow(LAST_CHANGE, rma_id)
    return Change(**row) if row else None
