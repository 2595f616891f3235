"""Everything that is held of a person, as rows to be read and as sealed documents that are opened with their key."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import msgspec

from retour.store.db import Db, Record
from retour.store.vault import NotMyKey, Vault

# Whole rows without what is sealed: a column that is added later is told too.
PERSON: Final = """
SELECT to_jsonb(p) - '{tenant_id,sealed_key}'::text[] AS row FROM person p
 WHERE p.tenant_id = current_tenant() AND p.id = $1
"""
ORDERS: Final = """
SELECT to_jsonb(o) - '{tenant_id,raw_sealed,ship_to_sealed}'::text[] AS row FROM sales_order o
 WHERE o.tenant_id = current_tenant() AND o.person_id = $1 ORDER BY o.placed_at, o.id
"""
RETURNS: Final = """
SELECT to_jsonb(r) - '{tenant_id,address_sealed}'::text[] || jsonb_build_object(
  'lines', (SELECT coalesce(jsonb_agg(to_jsonb(l) - 'tenant_id' ORDER BY l.position), '[]') FROM return_line l
             WHERE l.tenant_id = r.tenant_id AND l.rma_id = r.id),
  'notes', (SELECT coalesce(jsonb_agg(to_jsonb(n) - 'tenant_id' ORDER BY n.at), '[]') FROM rma_note n
             WHERE n.tenant_id = r.tenant_id AND n.rma_id = r.id),
  'questions', (SELECT coalesce(jsonb_agg(to_jsonb(i) - 'tenant_id' ORDER BY i.asked_at), '[]') FROM info_request i
                 WHERE i.tenant_id = r.tenant_id AND i.rma_id = r.id),
  'parcels', (SELECT coalesce(jsonb_agg(to_jsonb(s) - 'tenant_id' ORDER BY s.created_at), '[]') FROM shipment s
               WHERE s.tenant_id = r.tenant_id AND s.rma_id = r.id),
  'receipts', (SELECT coalesce(jsonb_agg(to_jsonb(t) - 'tenant_id' ORDER BY t.at), '[]') FROM receipt t
                WHERE t.tenant_id = r.tenant_id AND t.rma_id = r.id),
  'inspections', (SELECT coalesce(jsonb_agg(to_jsonb(i) - 'tenant_id' ORDER BY i.at), '[]') FROM inspection i
                   WHERE i.tenant_id = r.tenant_id AND i.rma_id = r.id),
  'observations', (SELECT coalesce(jsonb_agg(to_jsonb(g) - 'tenant_id' ORDER BY g.at), '[]') FROM goods_observation g
                    WHERE g.tenant_id = r.tenant_id AND g.rma_id = r.id),
  'waivers', (SELECT coalesce(jsonb_agg(to_jsonb(w) - 'tenant_id' ORDER BY w.at), '[]') FROM fee_waiver w
               WHERE w.tenant_id = r.tenant_id AND w.rma_id = r.id),
  'tags', (SELECT coalesce(jsonb_agg(g.tag ORDER BY g.tag), '[]') FROM rma_tag g
            WHERE g.tenant_id = r.tenant_id AND g.rma_id = r.id),
  'card_holds', (SELECT coalesce(jsonb_agg(to_jsonb(h) - 'tenant_id' ORDER BY h.id), '[]') FROM card_hold h
                  WHERE h.tenant_id = r.tenant_id AND h.rma_id = r.id)) AS row
  FROM rma r WHERE r.tenant_id = current_tenant() AND r.person_id = $1 ORDER BY r.number
"""
MONEY: Final = """
SELECT to_jsonb(s) - 'tenant_id' || jsonb_build_object(
  'approvals', (SELECT coalesce(jsonb_agg(to_jsonb(a) - 'tenant_id' ORDER BY a.at), '[]') FROM second_approval a
                 WHERE a.tenant_id = s.tenant_id AND a.settlement_id = s.id),
  'exchange', (SELECT to_jsonb(x) - 'tenant_id' FROM exchange x
                WHERE x.tenant_id = s.tenant_id AND x.settlement_id = s.id)) AS row
  FROM settlement s JOIN rma r ON r.tenant_id = s.tenant_id AND r.id = s.rma_id
 WHERE s.tenant_id = current_tenant() AND r.person_id = $1 ORDER BY r.number, s.seq
"""
CALLS: Final = """
SELECT jsonb_build_object('id', e.id, 'rma_id', e.rma_id, 'order_id', e.order_id, 'kind', e.kind, 'state', e.state,
         'amount_minor', e.amount_minor, 'currency', e.currency, 'reference', e.reference, 'target', e.target,
         'message', e.message, 'result', e.result, 'created_at', e.created_at, 'settled_at', e.settled_at) AS row
  FROM effect e JOIN rma r ON r.tenant_id = e.tenant_id AND r.id = e.rma_id
 WHERE e.tenant_id = current_tenant() AND r.person_id = $1 ORDER BY e.created_at, e.id
"""
CREDIT: Final = """
SELECT to_jsonb(g) - 'tenant_id' || jsonb_build_object('source', s.path, 'destination', d.path, 'at', n.at,
         'reference', n.reference) AS row
  FROM posting g
  JOIN ledger_entry n ON n.tenant_id = g.tenant_id AND n.id = g.entry_id
  JOIN ledger_account s ON s.tenant_id = g.tenant_id AND s.id = g.source
  JOIN ledger_account d ON d.tenant_id = g.tenant_id AND d.id = g.destination
  LEFT JOIN effect e ON e.tenant_id = n.tenant_id AND e.id = n.effect_id
  LEFT JOIN rma r ON r.tenant_id = e.tenant_id AND r.id = e.rma_id
 WHERE g.tenant_id = current_tenant()
   AND (r.person_id = $1 OR position($1::text IN s.path || ' ' || d.path) > 0) ORDER BY n.at, g.entry_id, g.n
"""
MAILS: Final = """
SELECT to_jsonb(m) - '{tenant_id,sealed_address,sealed_data}'::text[] AS row FROM mail m
 WHERE m.tenant_id = current_tenant() AND m.person_id = $1 ORDER BY m.created_at, m.id
"""
EVENTS: Final = """
WITH own AS (
  SELECT 'return' AS kind, r.id FROM rma r WHERE r.tenant_id = current_tenant() AND r.person_id = $1
  UNION ALL SELECT 'order', o.id FROM sales_order o WHERE o.tenant_id = current_tenant() AND o.person_id = $1
  UNION ALL SELECT 'withdrawal', w.id FROM withdrawal w WHERE w.tenant_id = current_tenant() AND w.person_id = $1
  UNION ALL SELECT 'intake', i.id FROM intake i WHERE i.tenant_id = current_tenant() AND i.sealed_for = $1
  UNION ALL SELECT 'privacy_request', q.id FROM privacy_request q WHERE q.tenant_id = current_tenant() AND q.person_id = $1)
SELECT jsonb_build_object('resource_kind', v.resource_kind, 'resource_id', v.resource_id, 'type', v.type, 'actor', v.actor,
         'at', v.at, 'data', v.data) AS row
  FROM own JOIN event v ON v.tenant_id = current_tenant() AND v.resource_kind = own.kind AND v.resource_id = own.id
 ORDER BY v.at, v.id
"""
SIGNS: Final = """
SELECT jsonb_build_object('kind', k.kind, 'hash', encode(k.key, 'hex')) AS row FROM person_key k
 WHERE k.tenant_id = current_tenant() AND k.person_id = $1 ORDER BY k.kind, k.key
"""
LISTS: Final = """
SELECT jsonb_build_object('list', s.list, 'kind', s.kind, 'hint', s.hint, 'reason', s.reason, 'at', s.at,
         'removed_at', s.removed_at) AS row
  FROM shopper_list s JOIN person_key k ON k.tenant_id = s.tenant_id AND k.kind = s.kind AND k.key = s.key
 WHERE s.tenant_id = current_tenant() AND k.person_id = $1 ORDER BY s.at
"""
VISITS: Final = """
SELECT to_jsonb(v) - '{tenant_id,token_sha256,asked_sealed}'::text[] AS row FROM visit v
 WHERE v.tenant_id = current_tenant() AND v.person_id = $1 ORDER BY v.created_at
"""
REQUESTS: Final = """
SELECT to_jsonb(q) - 'tenant_id' AS row FROM privacy_request q
 WHERE q.tenant_id = current_tenant() AND q.person_id = $1 ORDER BY q.asked_at
"""
SECTIONS: Final = (
    ("person", PERSON), ("orders", ORDERS), ("returns", RETURNS), ("settlements", MONEY), ("payments", CALLS),
    ("store_credit", CREDIT), ("mails", MAILS), ("events", EVENTS), ("signs_of_abuse", SIGNS), ("lists", LISTS),
    ("visits", VISITS), ("requests", REQUESTS),
)  # fmt: skip

# Documents and files one at a time: together they may be larger than a process should be.
DOCUMENT_IDS: Final = """
SELECT 'orders/' || o.name || '-platform.json' AS path, 'raw' AS source, o.id
  FROM sales_order o WHERE o.tenant_id = current_tenant() AND o.person_id = $1 AND o.raw_sealed IS NOT NULL
UNION ALL
SELECT 'orders/' || o.name || '-sent-to.json', 'ship_to', o.id
  FROM sales_order o WHERE o.tenant_id = current_tenant() AND o.person_id = $1 AND o.ship_to_sealed IS NOT NULL
UNION ALL
SELECT 'returns/R-' || r.number || '-address.json', 'address', r.id
  FROM rma r WHERE r.tenant_id = current_tenant() AND r.person_id = $1 AND r.address_sealed IS NOT NULL
UNION ALL
SELECT 'labels/R-' || r.number || '-' || b.parcel || '.json', 'label', b.id
  FROM label b JOIN rma r ON r.tenant_id = b.tenant_id AND r.id = b.rma_id
 WHERE b.tenant_id = current_tenant() AND r.person_id = $1 AND b.content_sealed IS NOT NULL
UNION ALL
SELECT 'messages/' || i.id || '.json', 'inbox', i.id
  FROM inbox i WHERE i.tenant_id = current_tenant() AND i.person_id = $1 AND i.body_sealed IS NOT NULL
UNION ALL
SELECT 'sent_in/' || i.id || '.json', 'intake', i.id
  FROM intake i WHERE i.tenant_id = current_tenant() AND i.sealed_for = $1
UNION ALL
SELECT 'withdrawals/' || w.id || '.json', 'withdrawal', w.id
  FROM withdrawal w WHERE w.tenant_id = current_tenant() AND w.person_id = $1
 ORDER BY 1, 3
"""
DOCUMENT: Final[Mapping[str, str]] = {
    "raw": "SELECT raw_sealed FROM sales_order WHERE tenant_id = current_tenant() AND id = $1",
    "ship_to": "SELECT ship_to_sealed FROM sales_order WHERE tenant_id = current_tenant() AND id = $1",
    "address": "SELECT address_sealed FROM rma WHERE tenant_id = current_tenant() AND id = $1",
    "label": "SELECT content_sealed FROM label WHERE tenant_id = current_tenant() AND id = $1",
    "inbox": "SELECT body_sealed FROM inbox WHERE tenant_id = current_tenant() AND id = $1",
    "intake": "SELECT sealed FROM intake WHERE tenant_id = current_tenant() AND id = $1",
    "withdrawal": "SELECT sealed FROM withdrawal WHERE tenant_id = current_tenant() AND id = $1",
}
PHOTO_IDS: Final = """
SELECT f.id, f.media, f.sealed_for, r.number
  FROM photo f LEFT JOIN rma r ON r.tenant_id = f.tenant_id AND r.id = f.rma_id
 WHERE f.tenant_id = current_tenant()
   AND (r.person_id = $1 OR f.rma_id IS NULL AND f.sealed_for = $1)
 ORDER BY f.at, f.id
"""
PHOTO: Final = """
SELECT f.tenant_id, f.sealed, f.sealed_for, p.sealed_key
  FROM photo f LEFT JOIN person p ON p.tenant_id = f.tenant_id AND p.id = f.sealed_for
 WHERE f.tenant_id = current_tenant() AND f.id = $1
"""


@dataclass(frozen=True, slots=True, repr=False)
class Kept:
    """One file of an export: its path in the archive and its content."""

    path: str
    content: bytes


async def sections(db: Db, person_id: UUID) -> list[Kept]:
    """Return all rows about a person as JSON files, one for each subject; a subject without any is an empty list."""
    found = []
    for name, statement in SECTIONS:
        rows = [row["row"] for row in await db.fetch(statement, person_id)]
        found.append(Kept(f"{name}.json", msgspec.json.format(msgspec.json.encode(rows), indent=2)))
    return found


async def documents(db: Db, person_id: UUID) -> list[Record]:
    """Return the sealed documents of a person as (path, source, id)."""
    return await db.fetch(DOCUMENT_IDS, person_id)


async def document(db: Db, vault: Vault, person: Record, row: Record) -> Kept | None:
    """Return one sealed document, opened; nothing where another key sealed it, or where it went meanwhile."""
    sealed = await db.fetchval(DOCUMENT[row["source"]], row["id"])
    try:
        plain = vault.unlock_for_person(
            sealed or b"", person_key=person["sealed_key"], tenant_id=person["tenant_id"], person_id=person["id"]
        )
    except NotMyKey:
        return None
    return Kept(_safe(row["path"]), plain)


async def files(db: Db, person_id: UUID) -> list[Record]:
    """Return the photos and videos of a person as (id, media, sealed_for, number of the return), oldest first."""
    return await db.fetch(PHOTO_IDS, person_id)


async def file(db: Db, vault: Vault, photo_id: UUID) -> bytes | None:
    """Return the bytes of one photo or video, or nothing if its key is gone."""
    row = await db.fetchrow(PHOTO, photo_id)
    if row is None:
        return None
    try:
        if row["sealed_for"] is None:
            return vault.unlock(row["sealed"], tenant_id=row["tenant_id"], purpose="photo")
        return vault.unlock_for_person(
            row["sealed"], person_key=row["sealed_key"], tenant_id=row["tenant_id"], person_id=row["sealed_for"]
        )
    except NotMyKey:
        return None


def _safe(path: str) -> str:
    """Return a path without what leads elsewhere; an order may be called anything."""
    folder, _, name = path.partition("/")
    return f"{folder}/{''.join(c if c.isalnum() or c in '-_.' else '_' for c in name).lstrip('.')}"
