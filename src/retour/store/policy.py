"""Policy versions as rows, and what a store is: whose calendar, who masters what, which platform."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.effect import EffectKind
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.policy import CompiledPolicy, VersionState, compile_policy, decode
from retour.core.rma import Ownership
from retour.store import event
from retour.store.db import Db, Record
from retour.store.expression import Cel
from retour.store.ids import new_id

CONTEXT: Final = """
SELECT s.id, s.timezone, s.currency, s.return_master, s.refund_master, s.restock_master, s.tag_on, s.location_ref,
       s.notify_only, s.payments_paused OR a.payments_paused AS paused, p.id AS policy_version_id, p.version AS policy_version
  FROM store s
  JOIN account a ON a.tenant_id = s.tenant_id
  LEFT JOIN policy_version p ON p.tenant_id = s.tenant_id AND p.store_id = s.id AND p.state = 'published'
 WHERE s.tenant_id = current_tenant() AND s.id = $1
"""
DOCUMENT: Final = "SELECT version, document, state FROM policy_version WHERE tenant_id = current_tenant() AND id = $1"
NEXT_DRAFT: Final = """
INSERT INTO policy_version (tenant_id, id, store_id, version, document, author, created_at, changed_by, changed_at, origin_version)
SELECT current_tenant(), $1, $2, coalesce(max(version), 0) + 1, $3, $4, $5, $4, $5, $6
  FROM policy_version WHERE tenant_id = current_tenant() AND store_id = $2
RETURNING version
"""
SAVE: Final = """
UPDATE policy_version SET document = $4, changed_by = $5, changed_at = $6, revision = revision + 1
 WHERE tenant_id = current_tenant() AND store_id = $1 AND id = $2 AND state = 'draft' AND revision = $3
RETURNING revision
"""
DISCARD: Final = """
UPDATE policy_version SET state = 'discarded', changed_by = $3, changed_at = $4
 WHERE tenant_id = current_tenant() AND store_id = $1 AND id = $2 AND state = 'draft' RETURNING version
"""
RETIRE: Final = """
UPDATE policy_version SET state = 'retired' WHERE tenant_id = current_tenant() AND store_id = $1 AND state = 'published'
"""
PUBLISH: Final = """
UPDATE policy_version p SET state = 'published', published_at = $3, published_by = $4,
       version = CASE WHEN p.version > newest.published THEN p.version ELSE newest.version + 1 END
  FROM (SELECT max(version) AS version, coalesce(max(version) FILTER (WHERE state IN ('published', 'retired')), 0) AS published
          FROM policy_version WHERE tenant_id = current_tenant() AND store_id = $1) newest
 WHERE p.tenant_id = current_tenant() AND p.store_id = $1 AND p.id = $2 AND p.state = 'draft' RETURNING p.version
"""
LIST: Final = """
SELECT id, version, state, author, created_at, published_at, published_by, revision, origin_version,
       coalesce(changed_by, author) AS changed_by, coalesce(changed_at, created_at) AS changed_at, document->>'name' AS name
  FROM policy_version WHERE tenant_id = current_tenant() AND store_id = $1 AND state <> 'discarded' ORDER BY version DESC
"""
GET: Final = """
SELECT id, store_id, version, state, author, created_at, published_at, published_by, revision, origin_version,
       coalesce(changed_by, author) AS changed_by, coalesce(changed_at, created_at) AS changed_at, document
  FROM policy_version WHERE tenant_id = current_tenant() AND store_id = $1 AND id = $2
"""
NUMBERED: Final = """
SELECT id FROM policy_version WHERE tenant_id = current_tenant() AND store_id = $1 AND version = $2 AND state <> 'discarded'
"""
PUBLISHED: Final = """
SELECT id, version FROM policy_version WHERE tenant_id = current_tenant() AND store_id = $1 AND state = 'published'
"""
_KEEP: Final = 256  # versions

LOCK_STORE: Final = "SELECT id FROM store WHERE tenant_id = current_tenant() AND id = $1 FOR NO KEY UPDATE"


@dataclass(frozen=True, slots=True)
class StoreContext:
    """What every use case asks about the store: its calendar, its masters, its published policy."""

    id: UUID
    timezone: str
    currency: str
    return_master: str
    refund_master: str
    restock_master: str
    tag_on: str
    location_ref: str | None
    paused: bool
    policy_version_id: UUID | None
    policy_version: int | None
    notify_only: Sequence[str] = ()

    def ownership(self, capable_of: frozenset[EffectKind] = frozenset()) -> Ownership:
        """Return who masters what, where the platform is capable of these effects."""
        return Ownership(
            returns=self.return_master,
            refunds=self.refund_master,
            restocks=self.restock_master,
            tag_on=self.tag_on,
            location_ref=self.location_ref,
            capable_of=capable_of,
            paused=self.paused,
            notify_only=frozenset(self.notify_only),
        )


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One version with its document as plain JSON; `revision` counts the saves, `origin_version` is the number it began with.

    The numbers of published versions grow in the order of publication; a draft may get a new one when it is published.
    """

    id: UUID
    store_id: UUID
    version: int
    state: str
    author: str
    created_at: datetime
    changed_by: str
    changed_at: datetime
    published_by: str | None
    published_at: datetime | None
    revision: int
    origin_version: int | None
    document: object


class PolicyCache:
    """Compiled policy versions of this process; a published version never changes, so nothing goes stale."""

    def __init__(self) -> None:
        self._compiled: dict[UUID, CompiledPolicy] = {}

    async def get(self, db: Db, version_id: UUID) -> CompiledPolicy:
        """Return the compiled version; raise Refused(policy_not_found)."""
        compiled = self._compiled.get(version_id)
        if compiled is None:
            found = await db.fetchrow(DOCUMENT, version_id)
            if found is None:
                raise Refused("policy_not_found", "there is no such policy version")
            compiled = compile_policy(decode(found["document"]), version=str(found["version"]), expressions=Cel())
            if found["state"] == VersionState.DRAFT:
                return compiled
            if len(self._compiled) >= _KEEP:
                self._compiled.clear()
            self._compiled[version_id] = compiled
        return compiled


async def context(db: Db, store_id: UUID) -> StoreContext | None:
    """Return what the store is, or nothing."""
    row = await db.fetchrow(CONTEXT, store_id)
    return StoreContext(**row) if row else None


async def document(db: Db, version_id: UUID) -> tuple[int, object] | None:
    """Return the number and the JSON document of a policy version, or nothing."""
    row = await db.fetchrow(DOCUMENT, version_id)
    return (row["version"], row["document"]) if row else None


async def add_draft(
    db: Db, *, store_id: UUID, document: object, author: str, at: datetime, origin_version: int | None = None
) -> tuple[UUID, int]:
    """Store a new draft and return its id and number."""
    version_id = new_id()
    await db.fetchval(LOCK_STORE, store_id)
    version: int = await db.fetchval(NEXT_DRAFT, version_id, store_id, document, author, at, origin_version)
    return version_id, version


async def lock_store(db: Db, store_id: UUID) -> None:
    """Let nobody else change or publish a policy of the store until the transaction ends."""
    await db.fetchval(LOCK_STORE, store_id)


async def save(
    db: Db, *, store_id: UUID, version_id: UUID, document: object, after: int, actor: str, at: datetime
) -> int | None:
    """Write a draft over its revision `after` and return the new revision; nothing if it has moved on."""
    revision: int | None = await db.fetchval(SAVE, store_id, version_id, after, document, actor, at)
    return revision


async def discard(db: Db, *, store_id: UUID, version_id: UUID, actor: str, at: datetime) -> int | None:
    """Put a draft aside and return its number; nothing if it is no draft."""
    version: int | None = await db.fetchval(DISCARD, store_id, version_id, actor, at)
    return version


async def publish(db: Db, *, store_id: UUID, version_id: UUID, actor: str, at: datetime) -> int | None:
    """Publish a draft in place of the published version and return its number; nothing if it is no draft.

    Who gets nothing rolls back: the version that was published is retired by then.
    """
    await db.fetchval(LOCK_STORE, store_id)
    await db.execute(RETIRE, store_id)
    version: int | None = await db.fetchval(PUBLISH, store_id, version_id, at, actor)
    if version is not None:
        await tell(db, EventType.POLICY_PUBLISHED, store_id, version_id, actor, at, {"version": version})
    return version


async def tell(
    db: Db, what: EventType, store_id: UUID, version_id: UUID, actor: str, at: datetime, data: Mapping[str, object]
) -> None:
    """Append an event of a policy version; the caller holds the store's lock."""
    await event.put(
        db, what, resource_kind="policy", resource_id=version_id, store_id=store_id, actor=actor, at=at, data=data
    )


async def list_versions(db: Db, store_id: UUID) -> list[Record]:
    """Return the versions of a store's policy without their documents, newest first; discarded drafts are left out."""
    return await db.fetch(LIST, store_id)


async def get_version(db: Db, store_id: UUID, version_id: UUID) -> PolicyVersion | None:
    """Return one version of the store's policy, whatever its state, or nothing."""
    row = await db.fetchrow(GET, store_id, version_id)
    return PolicyVersion(**row) if row else None


async def numbered(db: Db, store_id: UUID, version: int) -> UUID | None:
    """Return the id of a version by its number, or nothing; a discarded draft is not found."""
    version_id: UUID | None = await db.fetchval(NUMBERED, store_id, version)
    return version_id


async def published(db: Db, store_id: UUID) -> tuple[UUID, int] | None:
    """Return the id and the number of the version in force, or nothing."""
    row = await db.fetchrow(PUBLISHED, store_id)
    return (row["id"], row["version"]) if row else None
