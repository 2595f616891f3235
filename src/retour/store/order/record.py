"""Orders as rows: the document in and out of jsonb, and the ways to find one."""

import hmac
import zlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Self
from uuid import UUID

import msgspec

from retour.core.exchange import Worth, as_carried
from retour.core.order import Order
from retour.core.ports import ContactProof
from retour.store.db import Db, Record
from retour.store.order.people import fold_email, fold_phone, fold_postcode
from retour.store.vault import Vault

# The document is read as text: one typed decoding instead of an untyped one and a conversion.
LOAD: Final = """
SELECT id, store_id, connection_id, person_id, version, document::text AS document, carried::text AS carried, synced_at
  FROM sales_order WHERE tenant_id = current_tenant() AND id = $1
"""
LOCK: Final = """
SELECT id, store_id, connection_id, person_id, version, document::text AS document, carried::text AS carried, synced_at
  FROM sales_order WHERE tenant_id = current_tenant() AND id = $1 FOR NO KEY UPDATE
"""
FIND_BY_NAME: Final = """
SELECT id, store_id, connection_id, person_id, version, document::text AS document, carried::text AS carried, synced_at
  FROM sales_order WHERE tenant_id = current_tenant() AND store_id = $1 AND name_folded = $2
 ORDER BY placed_at DESC, id LIMIT 1
"""
FIND_BY_FAR_REF: Final = """
SELECT id, store_id, connection_id, person_id, version, document::text AS document, carried::text AS carried, synced_at
  FROM sales_order WHERE tenant_id = current_tenant() AND connection_id = $1 AND far_ref = $2
"""
# A few orders may share a name (two connections, a re-used number); the proof decides among them.
SEARCH: Final = """
SELECT o.id, o.store_id, o.connection_id, o.person_id, o.version, o.document::text AS document,
       o.carried::text AS carried, o.synced_at,
       p.email_folded, p.phone_digits, p.postcode_folded
  FROM sales_order o JOIN person p ON p.tenant_id = o.tenant_id AND p.id = o.person_id
 WHERE o.tenant_id = current_tenant() AND o.store_id = $1 AND o.name_folded = $2
 ORDER BY o.placed_at DESC, o.id LIMIT 10
"""
RAW: Final = """
SELECT o.tenant_id, o.raw_sealed, p.id AS person_id, p.sealed_key
  FROM sales_order o JOIN person p ON p.tenant_id = o.tenant_id AND p.id = o.person_id
 WHERE o.tenant_id = current_tenant() AND o.id = $1 AND o.raw_sealed IS NOT NULL AND p.erased_at IS NULL
"""
OPEN_RETURNS: Final = """
SELECT id FROM rma WHERE tenant_id = current_tenant() AND order_id = $1
   AND status IN ('requested', 'in_review', 'approved', 'reopened') ORDER BY id
"""

NATIONAL_LEAST: Final = 8  # digits of a number that may stand without its country code
_DECODER: Final = msgspec.json.Decoder(Order)
_CARRIED: Final = msgspec.json.Decoder(dict[str, Worth])
_ENCODER: Final = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """A mirrored order: the one shape, whose it is, and how often its settled figures have changed (`version`)."""

    id: UUID
    store_id: UUID
    connection_id: UUID
    person_id: UUID
    version: int
    order: Order
    synced_at: datetime

    @classmethod
    def of(cls, row: Record) -> Self:
        """Return the record of a row that has the document, and what its lines carry, as text."""
        return cls(
            id=row["id"],
            store_id=row["store_id"],
            connection_id=row["connection_id"],
            person_id=row["person_id"],
            version=row["version"],
            order=decode(row["document"], row["carried"]),
            synced_at=row["synced_at"],
        )


def encode(order: Order) -> str:
    """Return the JSON document of an order; what jsonb cannot hold (NUL) is shown as U+FFFD."""
    text = _ENCODER.encode(order).decode()
    if "\\u0000" in text:
        return msgspec.json.encode(cleaned(msgspec.to_builtins(order))).decode()
    return text


def decode(document: str | bytes, carried: str | None = None) -> Order:
    """Return the order of a JSON document, with the value that lines carry after an exchange.

    Raises msgspec.ValidationError for another shape.
    """
    order = _DECODER.decode(document)
    return as_carried(order, _CARRIED.decode(carried)) if carried else order


def cleaned(value: object) -> object:
    """Return JSON data without NUL characters, which PostgreSQL refuses in text and jsonb."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, dict):
        return {str(cleaned(k)): cleaned(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(v) for v in value]
    return value


def fold_name(name: str) -> str:
    """Return an order name as it is looked up: without blanks and a leading #, in one case."""
    return "".join(name.replace("\0", "\ufffd").split()).casefold().removeprefix("#")


async def load(db: Db, order_id: UUID) -> OrderRecord | None:
    """Return the order of that id, or nothing."""
    row = await db.fetchrow(LOAD, order_id)
    return OrderRecord.of(row) if row else None


async def lock(db: Db, order_id: UUID) -> OrderRecord | None:
    """Return the order of that id with its row locked; captures come after it, counters last."""
    row = await db.fetchrow(LOCK, order_id)
    return OrderRecord.of(row) if row else None


async def find_by_name(db: Db, store_id: UUID, name: str) -> OrderRecord | None:
    """Return the newest order of that name in a store, or nothing."""
    row = await db.fetchrow(FIND_BY_NAME, store_id, fold_name(name))
    return OrderRecord.of(row) if row else None


async def find_by_far_ref(db: Db, connection_id: UUID, far_ref: str) -> OrderRecord | None:
    """Return the order that a connection's platform knows under that ref, or nothing."""
    row = await db.fetchrow(FIND_BY_FAR_REF, connection_id, far_ref.replace("\0", "\ufffd"))
    return OrderRecord.of(row) if row else None


async def search(db: Db, *, store_id: UUID, name: str, proof: ContactProof | None = None) -> OrderRecord | None:
    """Return the order of that name whose person matches the proof; nothing for a wrong name and a wrong proof alike.

    Every field that the proof gives must match; an empty proof matches nobody; no proof asks for the name alone.
    """
    rows = await db.fetch(SEARCH, store_id, fold_name(name))
    return next((OrderRecord.of(row) for row in rows if proof is None or _proves(proof, row)), None)


async def find_only(db: Db, store_id: UUID, name: str) -> OrderRecord | None:
    """Return the order of that name if the store has exactly one; a name that two orders share names none."""
    rows = await db.fetch(SEARCH, store_id, fold_name(name))
    return OrderRecord.of(rows[0]) if len(rows) == 1 else None


def _proves(proof: ContactProof, row: Record) -> bool:
    given = (fold_email(proof.email), fold_phone(proof.phone), fold_postcode(proof.postcode))
    known = (row["email_folded"], row["phone_digits"], row["postcode_folded"])
    if all(value is None for value in given):
        return False
    same = (_same, _same_phone, _same)
    return all(
        mine is not None and alike(asked, mine)
        for asked, mine, alike in zip(given, known, same, strict=True)
        if asked is not None
    )


def _same(asked: str, known: str) -> bool:
    return hmac.compare_digest(asked.encode("utf-8", "replace"), known.encode())


def _same_phone(asked: str, known: str) -> bool:
    """Compare two numbers of which one may lack the country code: 0170 5550123 is +49 170 5550123."""
    a, b = sorted((asked.lstrip("0"), known.lstrip("0")), key=len)
    return _same(a, b) or (len(a) >= NATIONAL_LEAST and len(b) - len(a) <= 3 and _same(a, b[-len(a) :]))


async def raw(db: Db, vault: Vault, order_id: UUID) -> bytes | None:
    """Return the platform's own document of an order, or nothing once its person was erased."""
    row = await db.fetchrow(RAW, order_id)
    if row is None:
        return None
    return zlib.decompress(
        vault.unlock_for_person(
            row["raw_sealed"], person_key=row["sealed_key"], tenant_id=row["tenant_id"], person_id=row["person_id"]
        )
    )


async def open_returns(db: Db, order_id: UUID) -> list[UUID]:
    """Return the ids of the order's returns that are not over."""
    return [row["id"] for row in await db.fetch(OPEN_RETURNS, order_id)]


def settled(order: Order) -> Order:
    """Return what the version of an order stands for: its figures, quantities and refunds in a fixed order.

    Tags, titles, pictures, facts about products and customers, the platform's own returns and the time of the last
    change do not count: they move without any money or goods moving.
    """
    return replace(
        order,
        name="",
        updated_at=order.placed_at,
        tags=(),
        returns=(),
        province=None,
        channel=None,
        app=None,
        company=None,
        risk=None,
        failed_payments=None,
        discount_codes=tuple(sorted(order.discount_codes)),
        lines=tuple(
            replace(
                line,
                position=0,
                title="",
                image_url=None,
                inventory_ref=None,
                product=type(line.product)(),
                bundle=None,
                weight_g=None,
                properties=None,
                taxes=tuple(sorted(line.taxes, key=lambda tax: (tax.bucket, tax.amount.presentment))),
                discounts=tuple(
                    sorted(
                        (replace(share, kind=None) for share in line.discounts),
                        key=lambda d: (d.promotion, d.amount.presentment),
                    )
                ),
            )
            for line in sorted(order.lines, key=lambda line: line.ref)
        ),
        charges=tuple(
            replace(charge, title="", taxes=tuple(sorted(charge.taxes, key=lambda t: (t.bucket, t.amount.presentment))))
            for charge in sorted(order.charges, key=lambda charge: charge.ref)
        ),
        captures=tuple(sorted(order.captures, key=lambda capture: capture.ref)),
        fulfilments=tuple(
            replace(parcel, units=tuple(sorted(parcel.units, key=lambda u: (u.ref, u.line_ref))))
            for parcel in sorted(order.fulfilments, key=lambda parcel: parcel.ref)
        ),
        refunds=tuple(
            replace(
                refund,
                note=None,
                lines=tuple(sorted(refund.lines, key=lambda x: (x.line_ref, x.quantity))),
                movements=tuple(sorted(refund.movements, key=lambda m: m.ref)),
            )
            for refund in sorted(order.refunds, key=lambda refund: refund.ref)
        ),
    )
