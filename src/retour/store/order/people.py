"""The shopper of an order: found by the platform's ref, filled in, and never filled in again after erasure."""

import re
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from retour.core.order import Figures, Person
from retour.store import words
from retour.store.db import Db, Record
from retour.store.ids import new_id
from retour.store.vault import Vault

# A new person, or the one that another transaction was faster to add.
ADD: Final = """
INSERT INTO person (tenant_id, id, store_id, far_ref, name, email, email_folded, phone, phone_digits, postcode_folded,
                    tags, home_country, orders_placed, spent_minor, known_since, sealed_key)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT (tenant_id, store_id, far_ref) WHERE far_ref IS NOT NULL DO UPDATE SET far_ref = excluded.far_ref
RETURNING id, sealed_key, erased_at
"""
BY_FAR_REF: Final = """
SELECT id, sealed_key, erased_at FROM person WHERE tenant_id = current_tenant() AND store_id = $1 AND far_ref = $2
"""
BY_ID: Final = """
SELECT id, sealed_key, erased_at, far_ref FROM person WHERE tenant_id = current_tenant() AND id = $1
"""
FILL: Final = """
UPDATE person SET far_ref = coalesce($2, far_ref), name = $3, email = $4, email_folded = $5, phone = $6,
       phone_digits = $7, postcode_folded = $8, tags = $9, home_country = $10, orders_placed = $11, spent_minor = $12,
       known_since = $13
 WHERE tenant_id = current_tenant() AND id = $1 AND erased_at IS NULL
   AND (far_ref, name, email, email_folded, phone, phone_digits, postcode_folded, tags, home_country, orders_placed,
        spent_minor, known_since)
       IS DISTINCT FROM (coalesce($2, far_ref), $3, $4, $5, $6, $7, $8, $9::text[], $10, $11, $12, $13)
"""
UNCHANGED: Final = "UPDATE 0"
LOAD: Final = """
SELECT far_ref, name, email, phone, postcode_folded, tags, home_country, orders_placed, spent_minor, known_since
  FROM person WHERE tenant_id = current_tenant() AND id = $1
"""
RECEIVER: Final = """
SELECT r.person_id FROM rma r JOIN person p ON p.tenant_id = r.tenant_id AND p.id = r.person_id
 WHERE r.tenant_id = current_tenant() AND r.order_id = $1 AND r.gift AND p.email_folded = $2
 ORDER BY r.number DESC LIMIT 1
"""
IS_RECEIVER: Final = """
SELECT EXISTS (SELECT FROM rma r JOIN person p ON p.tenant_id = r.tenant_id AND p.id = r.person_id
                WHERE r.tenant_id = current_tenant() AND r.order_id = $1 AND r.gift AND r.person_id = $2
                  AND p.erased_at IS NULL
                  AND (NOT $3 OR r.status IN ('requested', 'in_review', 'approved', 'reopened')))
"""

_NO_DIGIT: Final = re.compile(r"\D+")


@dataclass(frozen=True, slots=True, repr=False)
class Keeper:
    """A person's row as the mirror needs it: whose key locks the documents, and whether the person was erased."""

    id: UUID
    sealed_key: bytes
    erased: bool

    @classmethod
    def of(cls, row: Record) -> "Keeper":
        """Return the keeper of a row."""
        return cls(row["id"], row["sealed_key"], row["erased_at"] is not None)


def fold_email(email: str | None) -> str | None:
    """Return an address as it is compared, or nothing."""
    folded = "".join((email or "").replace("\0", "").split()).casefold()
    return folded or None


def fold_phone(phone: str | None) -> str | None:
    """Return the digits of a number without a leading international 00, or nothing."""
    return _NO_DIGIT.sub("", phone or "").removeprefix("00") or None


def fold_postcode(postcode: str | None) -> str | None:
    """Return letters and digits of a postcode in one case, or nothing."""
    return "".join(c for c in (postcode or "").casefold() if c.isalnum()) or None


async def keep(db: Db, vault: Vault, person: Person, *, tenant_id: UUID, store_id: UUID, known: UUID | None) -> Keeper:
    """Return the person's row, added or brought up to date; an erased person stays empty.

    `known` is the person of the order so far. The platform's ref finds a person across orders; without one the order
    keeps the person it has.
    """
    values = _values(person)
    row = await db.fetchrow(BY_ID, known) if known else None
    if (
        values[0] is not None
        and (row is None or row["erased_at"] is None)
        and (row is None or row["far_ref"] != values[0])
    ):
        # Somebody else than before, or the first time that this person has a ref: the ref decides whose row it is.
        found = await db.fetchrow(BY_FAR_REF, store_id, values[0])
        row = found or (row if row is not None and row["far_ref"] is None else None)
    if row is None:
        person_id = new_id()
        key = vault.new_person_key(tenant_id=tenant_id, person_id=person_id)
        row = await db.fetchrow(ADD, person_id, store_id, *values, key)
        assert row is not None
        if row["id"] == person_id:
            await words.of_person(db, person_id, name=values[1], email=values[2])
            return Keeper.of(row)
    if row["erased_at"] is None and await db.execute(FILL, row["id"], *values) != UNCHANGED:
        await words.of_person(db, row["id"], name=values[1], email=values[2])
    return Keeper.of(row)


def _values(person: Person) -> tuple[Any, ...]:
    """Return the columns of a person from far_ref to known_since."""
    figures = person.figures
    return (
        _text(person.ref),
        _text(person.name),
        _text(person.email),
        fold_email(person.email),
        _text(person.phone),
        fold_phone(person.phone),
        fold_postcode(person.postcode),
        [tag.replace("\0", "\ufffd") for tag in person.tags],
        _text(person.home_country),
        figures.orders_placed,
        figures.spent,
        figures.since,
    )


def _text(value: str | None) -> str | None:
    return value.replace("\0", "\ufffd") if value else None


async def load_person(db: Db, person_id: UUID) -> Person | None:
    """Return the person of that id (postcode as it is compared), or nothing; an erased one has no values."""
    row = await db.fetchrow(LOAD, person_id)
    if row is None:
        return None
    return Person(
        row["far_ref"], row["name"], row["email"], row["phone"], row["postcode_folded"], tuple(row["tags"]),
        row["home_country"], Figures(row["orders_placed"], row["spent_minor"], row["known_since"]),
    )  # fmt: skip


async def add_receiver(db: Db, vault: Vault, *, tenant_id: UUID, store_id: UUID, name: str | None, email: str) -> UUID:
    """Add the receiver of a gift, whom no platform knows, and return their id."""
    person_id = new_id()
    key = vault.new_person_key(tenant_id=tenant_id, person_id=person_id)
    await db.execute(ADD, person_id, store_id, *_values(Person(name=name, email=email)), key)
    return person_id


async def receiver_of(db: Db, order_id: UUID, email: str) -> UUID | None:
    """Return who returned a gift of the order under that address last, or nobody; the address must be proven."""
    person_id: UUID | None = await db.fetchval(RECEIVER, order_id, fold_email(email))
    return person_id


async def is_receiver(db: Db, *, order_id: UUID, person_id: UUID, open_only: bool) -> bool:
    """Return whether that person returned a gift of the order (which is not over) and is not erased."""
    return bool(await db.fetchval(IS_RECEIVER, order_id, person_id, open_only))
