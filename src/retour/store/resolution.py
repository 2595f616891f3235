"""Resolutions as rows: what a merchant offers, in order, with its words in each language."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from retour.core.policy import PolicyDocument
from retour.core.policy.outcome import ResolutionKind
from retour.core.resolution import Resolution, Wording, check_named, named_in
from retour.store.db import Db, Record

# Whoever changes the records of a store holds this lock, as whoever publishes its policy does: a record that a policy
# is about to name is not archived meanwhile.
LOCK_STORE: Final = "SELECT id FROM store WHERE tenant_id = current_tenant() AND id = $1 FOR NO KEY UPDATE"
GET: Final = """
SELECT id, store_id, kind, texts, integration, position, version, created_at, archived_at
  FROM resolution WHERE tenant_id = current_tenant() AND id = $1
"""
OF_STORE: Final = """
SELECT id, store_id, kind, texts, integration, position, version, created_at, archived_at
  FROM resolution WHERE tenant_id = current_tenant() AND store_id = $1 ORDER BY position, id
"""
ALL: Final = """
SELECT id, store_id, kind, texts, integration, position, version, created_at, archived_at
  FROM resolution WHERE tenant_id = current_tenant() ORDER BY store_id, position, id
"""
ADD: Final = """
INSERT INTO resolution (tenant_id, id, store_id, kind, texts, integration, position, created_at, changed_at)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $7, $7)
"""
CHANGE: Final = """
UPDATE resolution SET texts = $2, integration = $3, position = $4, archived_at = $5, changed_at = $6, version = version + 1
 WHERE tenant_id = current_tenant() AND id = $1
"""
NOTIFY_ONLY: Final = "SELECT notify_only FROM store WHERE tenant_id = current_tenant() AND id = $1"
SET_NOTIFY_ONLY: Final = "UPDATE store SET notify_only = $2 WHERE tenant_id = current_tenant() AND id = $1"
PUBLISHED: Final = """
SELECT document FROM policy_version WHERE tenant_id = current_tenant() AND store_id = $1 AND state = 'published'
"""
DEFAULT_LANGUAGE: Final = "SELECT default_language FROM look WHERE tenant_id = current_tenant() AND store_id = $1"


async def lock_store(db: Db, store_id: UUID) -> bool:
    """Let nobody else change the store's records or publish its policy until the transaction ends; False without one."""
    return await db.fetchval(LOCK_STORE, store_id) is not None


async def get(db: Db, resolution_id: UUID) -> Resolution | None:
    """Return one record, archived or not, or nothing."""
    row = await db.fetchrow(GET, resolution_id)
    return _resolution(row) if row else None


async def of_store(db: Db, store_id: UUID) -> list[Resolution]:
    """Return the records of a store in the merchant's order, archived ones too."""
    return [_resolution(row) for row in await db.fetch(OF_STORE, store_id)]


async def names(db: Db, store_id: UUID | None) -> Mapping[str, Resolution]:
    """Return the records of a store, or of the account, by their ids as texts."""
    rows = await (db.fetch(ALL) if store_id is None else db.fetch(OF_STORE, store_id))
    return {str(row["id"]): _resolution(row) for row in rows}


async def add(db: Db, record: Resolution) -> None:
    """Write a new record."""
    await db.execute(
        ADD, record.id, record.store_id, record.kind.value, told(record.texts), record.integration, record.position,
        record.created_at,
    )  # fmt: skip


async def save(db: Db, record: Resolution, *, at: datetime) -> None:
    """Write what may change of a record: its words, its integration, its place, whether it is archived."""
    await db.execute(CHANGE, record.id, told(record.texts), record.integration, record.position, record.archived_at, at)


async def notify_only(db: Db, store_id: UUID) -> frozenset[str]:
    """Return the kinds that Retour could pay and in this store only tells about."""
    return frozenset(await db.fetchval(NOTIFY_ONLY, store_id) or ())


async def set_notify_only(db: Db, store_id: UUID, kinds: Sequence[str]) -> None:
    """Write the kinds that are only told about."""
    await db.execute(SET_NOTIFY_ONLY, store_id, sorted(kinds))


async def published_document(db: Db, store_id: UUID) -> object | None:
    """Return the JSON document of the store's published policy, or nothing."""
    found: object | None = await db.fetchval(PUBLISHED, store_id)
    return found


async def default_language(db: Db, store_id: UUID) -> str:
    """Return the language that a store speaks when nobody asks for another."""
    found: str | None = await db.fetchval(DEFAULT_LANGUAGE, store_id)
    return found or "en"


async def check_refs(db: Db, store_id: UUID, document: PolicyDocument) -> None:
    """Hold a policy to the records it names: each exists in the store, is active and of the kind the offer says.

    Raises Refused(resolution_not_usable) with the field, and the rule in its facts. The caller holds the store's lock,
    so that nobody archives one meanwhile.
    """
    wanted = list(named_in(document))
    if wanted:
        known = await names(db, store_id)
        for named in wanted:
            check_named(named, known)


def told(texts: Mapping[str, Wording]) -> dict[str, dict[str, str]]:
    """Return words per language as they are kept and as the API tells them."""
    return {language: {"name": said.name, "description": said.description} for language, said in texts.items()}


def _resolution(row: Record) -> Resolution:
    fields: dict[str, Any] = dict(row)
    fields["kind"] = ResolutionKind(fields["kind"])
    fields["texts"] = {language: Wording(**said) for language, said in fields["texts"].items()}
    return Resolution(**fields)
