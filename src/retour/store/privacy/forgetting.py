"""Erasing a person: the key goes first, then everything in plain columns; figures, ids and what happened stay."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import unquote_plus
from uuid import UUID

import msgspec

from retour.core.phone import Known
from retour.core.postal import PostalAddress
from retour.core.privacy import blanked, scrubbed
from retour.core.recognition import mentions
from retour.store.db import Db, Record
from retour.store.vault import NotMyKey, Vault

# What the database lets happen to append-only rows in this transaction alone (migration 0038).
ERASING: Final = "SELECT set_config('app.erasing', 'on', true)"
LOCK: Final = "SELECT id, erased_at FROM person WHERE tenant_id = current_tenant() AND id = $1 FOR UPDATE"
ADDRESSES: Final = """
SELECT ship_to_sealed FROM sales_order
 WHERE tenant_id = current_tenant() AND person_id = $1 AND ship_to_sealed IS NOT NULL
UNION ALL
SELECT address_sealed FROM rma
 WHERE tenant_id = current_tenant() AND person_id = $1 AND address_sealed IS NOT NULL
"""
# Destroying the key makes every document under it unreadable, in this database and in every later copy of it.
SHRED: Final = """
UPDATE person SET far_ref = NULL, name = NULL, email = NULL, email_folded = NULL, phone = NULL, phone_digits = NULL,
       postcode_folded = NULL, tags = '{}', home_country = NULL, orders_placed = NULL, spent_minor = NULL,
       known_since = NULL, sealed_key = '', erased_at = $2
 WHERE tenant_id = current_tenant() AND id = $1 AND erased_at IS NULL
"""

# Whole texts and documents of theirs: each statement gets the person and counts for one class.
BLANKED: Final = (
    ("orders", """
UPDATE sales_order SET raw_sealed = NULL, ship_to_sealed = NULL WHERE tenant_id = current_tenant() AND person_id = $1
"""),
    ("addresses", """
UPDATE rma SET address_sealed = NULL
 WHERE tenant_id = current_tenant() AND person_id = $1 AND address_sealed IS NOT NULL
"""),
    ("labels", """
UPDATE label SET content_sealed = '' FROM rma r
 WHERE label.tenant_id = current_tenant() AND r.tenant_id = label.tenant_id AND r.id = label.rma_id AND r.person_id = $1
   AND length(label.content_sealed) > 0
"""),
    ("photos", """
DELETE FROM photo
 WHERE tenant_id = current_tenant()
   AND (sealed_for = $1 OR rma_id IN (SELECT id FROM rma WHERE tenant_id = current_tenant() AND person_id = $1)
        OR rma_id IS NULL AND order_id IN (SELECT id FROM sales_order WHERE tenant_id = current_tenant() AND person_id = $1))
"""),
    ("lines", """
UPDATE return_line SET note = CASE WHEN note IS NULL THEN NULL ELSE '[erased]' END,
       message = CASE WHEN message IS NULL THEN NULL ELSE '[erased]' END, answers = '{}'
  FROM rma r
 WHERE return_line.tenant_id = current_tenant() AND r.tenant_id = return_line.tenant_id AND r.id = return_line.rma_id
   AND r.person_id = $1
"""),
    ("notes", """
UPDATE rma_note SET body = '[erased]' FROM rma r
 WHERE rma_note.tenant_id = current_tenant() AND r.tenant_id = rma_note.tenant_id AND r.id = rma_note.rma_id
   AND r.person_id = $1
"""),
    ("questions", """
UPDATE info_request SET question = '[erased]', answer = CASE WHEN answer IS NULL THEN NULL ELSE '[erased]' END
  FROM rma r
 WHERE info_request.tenant_id = current_tenant() AND r.tenant_id = info_request.tenant_id AND r.id = info_request.rma_id
   AND r.person_id = $1
"""),
    ("withdrawals", """
UPDATE withdrawal SET sealed = '', token_sha256 = NULL, reason = CASE WHEN reason IS NULL THEN NULL ELSE '[erased]' END
 WHERE tenant_id = current_tenant() AND person_id = $1
"""),
    (
        "intake_photos",
        """
DELETE FROM intake_photo
 WHERE tenant_id = current_tenant() AND intake_id IN (
   SELECT id FROM intake
    WHERE tenant_id = current_tenant()
      AND (sealed_for = $1 OR rma_id IN (SELECT id FROM rma WHERE tenant_id = current_tenant() AND person_id = $1)))
""",
    ),
    (
        "invoices",
        """
UPDATE exchange_order SET pay_url = NULL FROM rma r
 WHERE exchange_order.tenant_id = current_tenant() AND r.tenant_id = exchange_order.tenant_id
   AND r.id = exchange_order.rma_id AND r.person_id = $1 AND exchange_order.pay_url IS NOT NULL
""",
    ),
    (
        "card holds",
        """
UPDATE card_hold SET page_url = NULL, customer_ref = NULL, method_ref = NULL, back_url = NULL FROM rma r
 WHERE card_hold.tenant_id = current_tenant() AND r.tenant_id = card_hold.tenant_id
   AND r.id = card_hold.rma_id AND r.person_id = $1
""",
    ),
    ("fees", """
UPDATE fee_invoice SET pay_url = NULL FROM rma r
 WHERE fee_invoice.tenant_id = current_tenant() AND r.tenant_id = fee_invoice.tenant_id
   AND r.id = fee_invoice.rma_id AND r.person_id = $1 AND fee_invoice.pay_url IS NOT NULL
"""),
    ("intakes", """
UPDATE intake SET sealed = '', facts = '{}', reason = CASE WHEN reason IS NULL THEN NULL ELSE '[erased]' END
 WHERE tenant_id = current_tenant()
   AND (sealed_for = $1 OR rma_id IN (SELECT id FROM rma WHERE tenant_id = current_tenant() AND person_id = $1))
"""),
    ("messages", """
UPDATE inbox SET body_sealed = NULL, facts = '{}'
 WHERE tenant_id = current_tenant()
   AND (person_id = $1
        OR intake_id IN (SELECT id FROM intake
                          WHERE tenant_id = current_tenant()
                            AND (sealed_for = $1
                                 OR rma_id IN (SELECT id FROM rma WHERE tenant_id = current_tenant() AND person_id = $1))))
"""),
    ("mails", """
UPDATE mail SET last_problem = NULL, sealed_data = NULL, sealed_address = NULL, lease_until = NULL,
       state = CASE WHEN state = 'due' THEN 'failed' ELSE state END
 WHERE tenant_id = current_tenant() AND person_id = $1 AND state <> 'sending' AND (state = 'due' OR last_problem IS NOT NULL)
"""),
    ("visits", """
DELETE FROM visit
 WHERE tenant_id = current_tenant()
   AND (person_id = $1
        OR order_id IN (SELECT id FROM sales_order WHERE tenant_id = current_tenant() AND person_id = $1))
"""),
    ("exports", """
DELETE FROM privacy_archive WHERE tenant_id = current_tenant() AND request_id IN (
  SELECT id FROM privacy_request WHERE tenant_id = current_tenant() AND person_id = $1)
"""),
    ("asks", """
UPDATE discrepancy SET details = details - 'typed_sealed'
 WHERE tenant_id = current_tenant() AND details ? 'typed_sealed' AND resource_kind = 'order'
   AND resource_id IN (SELECT id FROM sales_order WHERE tenant_id = current_tenant() AND person_id = $1)
"""),
    ("lists", """
DELETE FROM shopper_list s USING person_key k
 WHERE s.tenant_id = current_tenant() AND k.tenant_id = s.tenant_id AND k.kind = s.kind AND k.key = s.key AND k.person_id = $1
   AND NOT EXISTS (SELECT FROM person_key o JOIN person p ON p.tenant_id = o.tenant_id AND p.id = o.person_id
                    WHERE o.tenant_id = s.tenant_id AND o.kind = s.kind AND o.key = s.key AND o.person_id <> $1
                      AND p.erased_at IS NULL)
"""),
    ("keys", "DELETE FROM person_key WHERE tenant_id = current_tenant() AND person_id = $1"),
)  # fmt: skip

# Texts of others in which the person may be named: read, and written back where a name or an address stood in them.
SCRUBBED: Final = (
    ("""
SELECT v.id, v.data AS said FROM event v
 WHERE v.tenant_id = current_tenant()
   AND ((v.resource_kind, v.resource_id) IN (
          SELECT 'return', id FROM rma WHERE tenant_id = current_tenant() AND person_id = $1
          UNION ALL SELECT 'order', id FROM sales_order WHERE tenant_id = current_tenant() AND person_id = $1
          UNION ALL SELECT 'withdrawal', id FROM withdrawal WHERE tenant_id = current_tenant() AND person_id = $1
          UNION ALL SELECT 'intake', id FROM intake WHERE tenant_id = current_tenant() AND sealed_for = $1
          UNION ALL SELECT 'discrepancy', d.id FROM discrepancy d JOIN rma r
                      ON r.tenant_id = d.tenant_id AND r.id = d.resource_id
                     WHERE d.tenant_id = current_tenant() AND r.person_id = $1))
""", "UPDATE event SET data = $2 WHERE tenant_id = current_tenant() AND id = $1"),
    ("""
SELECT i.id, i.note AS said FROM inspection i JOIN rma r ON r.tenant_id = i.tenant_id AND r.id = i.rma_id
 WHERE i.tenant_id = current_tenant() AND r.person_id = $1 AND i.note IS NOT NULL
""", "UPDATE inspection SET note = $2 WHERE tenant_id = current_tenant() AND id = $1"),
    ("""
SELECT g.id, g.note AS said FROM goods_observation g JOIN rma r ON r.tenant_id = g.tenant_id AND r.id = g.rma_id
 WHERE g.tenant_id = current_tenant() AND r.person_id = $1 AND g.note IS NOT NULL
""", "UPDATE goods_observation SET note = $2 WHERE tenant_id = current_tenant() AND id = $1"),
    ("""
SELECT w.id, w.reason AS said FROM fee_waiver w JOIN rma r ON r.tenant_id = w.tenant_id AND r.id = w.rma_id
 WHERE w.tenant_id = current_tenant() AND r.person_id = $1
""", "UPDATE fee_waiver SET reason = $2 WHERE tenant_id = current_tenant() AND id = $1"),
    ("""
SELECT a.id, a.note AS said FROM second_approval a JOIN rma r ON r.tenant_id = a.tenant_id AND r.id = a.rma_id
 WHERE a.tenant_id = current_tenant() AND r.person_id = $1 AND a.note IS NOT NULL
""", "UPDATE second_approval SET note = $2 WHERE tenant_id = current_tenant() AND id = $1"),
    ("""
SELECT x.id, x.message AS said FROM effect_observation x
  JOIN effect e ON e.tenant_id = x.tenant_id AND e.id = x.effect_id
  JOIN sales_order o ON o.tenant_id = e.tenant_id AND o.id = e.order_id
 WHERE x.tenant_id = current_tenant() AND o.person_id = $1 AND x.message IS NOT NULL
""", "UPDATE effect_observation SET message = $2 WHERE tenant_id = current_tenant() AND id = $1"),
    ("""
SELECT e.id, e.message AS said FROM effect e JOIN sales_order o ON o.tenant_id = e.tenant_id AND o.id = e.order_id
 WHERE e.tenant_id = current_tenant() AND o.person_id = $1 AND e.message IS NOT NULL
""", "UPDATE effect SET message = $2 WHERE tenant_id = current_tenant() AND id = $1"),
    (
        """
SELECT e.id, e.target AS said FROM effect e JOIN sales_order o ON o.tenant_id = e.tenant_id AND o.id = e.order_id
 WHERE e.tenant_id = current_tenant() AND o.person_id = $1
""",
        "UPDATE effect SET target = $2 WHERE tenant_id = current_tenant() AND id = $1",
    ),
    ("""
SELECT e.id, e.result AS said FROM effect e JOIN sales_order o ON o.tenant_id = e.tenant_id AND o.id = e.order_id
 WHERE e.tenant_id = current_tenant() AND o.person_id = $1
""", "UPDATE effect SET result = $2 WHERE tenant_id = current_tenant() AND id = $1"),
    ("""
SELECT s.id, s.report_note AS said FROM settlement s JOIN rma r ON r.tenant_id = s.tenant_id AND r.id = s.rma_id
 WHERE s.tenant_id = current_tenant() AND r.person_id = $1 AND s.report_note IS NOT NULL
""", "UPDATE settlement SET report_note = $2 WHERE tenant_id = current_tenant() AND id = $1"),
    ("""
SELECT s.id, s.report_ref AS said FROM settlement s JOIN rma r ON r.tenant_id = s.tenant_id AND r.id = s.rma_id
 WHERE s.tenant_id = current_tenant() AND r.person_id = $1 AND s.report_ref IS NOT NULL
""", "UPDATE settlement SET report_ref = $2 WHERE tenant_id = current_tenant() AND id = $1"),
    # What the platform said when it refused is kept beside the call as well.
    ("""
SELECT x.settlement_id AS id, x.problem AS said FROM exchange_order x
  JOIN rma r ON r.tenant_id = x.tenant_id AND r.id = x.rma_id
 WHERE x.tenant_id = current_tenant() AND r.person_id = $1 AND x.problem IS NOT NULL
""", "UPDATE exchange_order SET problem = $2 WHERE tenant_id = current_tenant() AND settlement_id = $1"),
    ("""
SELECT f.rma_id AS id, f.problem AS said FROM fee_invoice f JOIN rma r ON r.tenant_id = f.tenant_id AND r.id = f.rma_id
 WHERE f.tenant_id = current_tenant() AND r.person_id = $1 AND f.problem IS NOT NULL
""", "UPDATE fee_invoice SET problem = $2 WHERE tenant_id = current_tenant() AND rma_id = $1"),
    ("""
SELECT d.id, d.details AS said FROM discrepancy d
 WHERE d.tenant_id = current_tenant()
   AND d.resource_id IN (
     SELECT id FROM rma WHERE tenant_id = current_tenant() AND person_id = $1
     UNION ALL SELECT id FROM sales_order WHERE tenant_id = current_tenant() AND person_id = $1
     UNION ALL SELECT e.id FROM effect e JOIN sales_order o ON o.tenant_id = e.tenant_id AND o.id = e.order_id
                WHERE e.tenant_id = current_tenant() AND o.person_id = $1)
""", "UPDATE discrepancy SET details = $2 WHERE tenant_id = current_tenant() AND id = $1"),
)  # fmt: skip
# Documents that are computed with: only the free texts in them.
DOCUMENTS: Final = (
    ("""
SELECT o.id, o.document AS said FROM sales_order o WHERE o.tenant_id = current_tenant() AND o.person_id = $1
""", "UPDATE sales_order SET document = $2 WHERE tenant_id = current_tenant() AND id = $1"),
    ("""
SELECT r.id, r.decision AS said FROM rma r
 WHERE r.tenant_id = current_tenant() AND r.person_id = $1 AND r.decision IS NOT NULL
""", "UPDATE rma SET decision = $2 WHERE tenant_id = current_tenant() AND id = $1"),
    ("""
SELECT r.id, r.decision_before AS said FROM rma r
 WHERE r.tenant_id = current_tenant() AND r.person_id = $1 AND r.decision_before IS NOT NULL
""", "UPDATE rma SET decision_before = $2 WHERE tenant_id = current_tenant() AND id = $1"),
)  # fmt: skip
TAGS: Final = """
SELECT g.rma_id, g.tag FROM rma_tag g JOIN rma r ON r.tenant_id = g.tenant_id AND r.id = g.rma_id
 WHERE g.tenant_id = current_tenant() AND r.person_id = $1
"""
DROP_TAG: Final = "DELETE FROM rma_tag WHERE tenant_id = current_tenant() AND rma_id = $1 AND tag = $2"
# A server that refuses a mail repeats the address; mail to a typed address has no person.
PROBLEMS: Final = """
SELECT m.id, m.last_problem AS said FROM mail m JOIN person p ON p.tenant_id = m.tenant_id AND p.store_id = m.store_id
 WHERE m.tenant_id = current_tenant() AND p.id = $1 AND m.person_id IS NULL AND m.last_problem IS NOT NULL
   AND m.state <> 'sending'
"""
DROP_PROBLEM: Final = "UPDATE mail SET last_problem = NULL WHERE tenant_id = current_tenant() AND id = $1"
VIEWS: Final = "SELECT id, name, query FROM saved_view WHERE tenant_id = current_tenant()"
DROP_VIEW: Final = "DELETE FROM saved_view WHERE tenant_id = current_tenant() AND id = $1"


async def lock(db: Db, person_id: UUID) -> Record | None:
    """Lock a person's row and return (id, erased_at), or nothing."""
    return await db.fetchrow(LOCK, person_id)


async def addresses(db: Db, vault: Vault, person: Record) -> list[PostalAddress]:
    """Return where the orders of a person were sent and where their returns come from, as long as their key is there."""
    found = []
    for row in await db.fetch(ADDRESSES, person["id"]):
        try:
            plain = vault.unlock_for_person(
                row["ship_to_sealed"], person_key=person["sealed_key"], tenant_id=person["tenant_id"],
                person_id=person["id"],
            )  # fmt: skip
        except NotMyKey:
            continue
        found.append(msgspec.json.decode(plain, type=PostalAddress))
    return found


async def erase(db: Db, person_id: UUID, *, texts: Sequence[str | Known], at: datetime) -> Mapping[str, int]:
    """Destroy a person's key and take out what identifies them (`texts`) everywhere; return counts by class.

    The caller holds the locks of the orders and of the person. Money, units, ids, codes and times stay as they are.
    """
    await db.execute(ERASING)
    counts = {name: _rows(await db.execute(statement, person_id)) for name, statement in BLANKED}
    counts["texts"] = 0
    for statements, without in ((SCRUBBED, _scrubbed), (DOCUMENTS, blanked)):
        for read, write in statements:
            for row in await db.fetch(read, person_id):
                new = without(row["said"], texts)
                if new != row["said"]:
                    await db.execute(write, row["id"], new)
                    counts["texts"] += 1
    for row in await db.fetch(TAGS, person_id):
        if mentions(row["tag"], texts):
            await db.execute(DROP_TAG, row["rma_id"], row["tag"])
    for row in await db.fetch(PROBLEMS, person_id):
        if mentions(row["said"], texts):
            await db.execute(DROP_PROBLEM, row["id"])
    for row in await db.fetch(VIEWS):
        if mentions(f"{row['name']} {unquote_plus(row['query'])}", texts):
            await db.execute(DROP_VIEW, row["id"])
    await db.execute(SHRED, person_id, at)
    return {name: count for name, count in counts.items() if count}


def _scrubbed(said: object, texts: Sequence[str | Known]) -> object:
    new = scrubbed(said, texts)
    grown = isinstance(said, str) and isinstance(new, str) and len(new) > len(said)
    return "[erased]" if grown else new


def _rows(status: str) -> int:
    return int(status.rpartition(" ")[2])
