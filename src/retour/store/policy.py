"""Policy versions as rows, and what a store is: whose calendar, who masters what, which platform."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.effect import EffectKind
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.policy import CompiledPolicy, compile_policy, decode
from retour.core.rma import Ownership
from retour.store import event
from retour.store.db import Db, Record
from retour.store.ids import new_id

CONTEXT: Final = """
SELECT s.id, s.timezone, s.currency, s.return_master, s.refund_master, s.restock_master, s.tag_on, s.location_ref,
       s.notify_only, s.payments_paused OR a.payments_paused AS paused, p.id AS policy_version_id, p.version AS policy_version
  FROM store s
  JOIN account a ON a.tenant_id = s.tenant_id
  LEFT JOIN policy_version p ON p.tenant_id = s.tenant_id AND p.store_id = s.id AND p.state = 'published'
 WHERE s.tenant_id = current_tenant() AND s.id = $1
"""
DOCUMENT: Final = "SELECT version, document FROM policy_version WHERE tenant_id = current_tenant() AND id = $1"
NEXT_DRAFT: Final = """
INSERT INTO policy_version (tenant_id, id, store_id, version, document, author)
SELECT current_tenant(), $1, $2, coalesce(max(version), 0) + 1, $3, $4
  FROM policy_version WHERE tenant_id = current_tenant() AND store_id = $2
RETURNING version
"""
RETIRE: Final = """
UPDATE policy_version SET state = 'retired' WHERE tenant_id = current_tenant() AND store_id = $1 AND state = 'published'
"""
PUBLISH: Final = """
UPDATE policy_version SET state = 'published', published_at = $3
 WHERE tenant_id = current_tenant() AND store_id = $1 AND id = $2 AND state = 'draft' RETURNING version
"""
LIST: Final = """
SELECT id, version, state, author, created_at, published_at
  FROM policy_version WHERE tenant_id = current_tenant() AND store_id = $1 ORDER BY version DESC
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


class PolicyCache:
    """Compiled policy versions of this process; a version never changes, so nothing goes stale."""

    def __init__(self) -> None:
        self._compiled: dict[UUID, CompiledPolicy] = {}

    async def get(self, db: Db, version_id: UUID) -> CompiledPolicy:
        """Return the compiled version; raise Refused(policy_not_found)."""
        compiled = self._compiled.get(version_id)
        if compiled is None:
            found = await document(db, version_id)
            if found is None:
                raise Refused("policy_not_found", "there is no such policy version")
            compiled = compile_policy(decode(found[1]), version=str(found[0]))
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


async def add_draft(db: Db, *, store_id: UUID, document: object, author: str) -> tuple[UUID, int]:
    """Store a new draft and return its id and number."""
    version_id = new_id()
    await db.fetchval(LOCK_STORE, store_id)
    version: int = await db.fetchval(NEXT_DRAFT, version_id, store_id, document, author)
    return version_id, version


async def lock_store(db: Db, store_id: UUID) -> None:
    """Let nobody else publish a policy of the store until the transaction ends."""
    await db.fetchval(LOCK_STORE, store_id)


async def publish(db: Db, *, store_id: UUID, version_id: UUID, actor: str, at: datetime) -> int | None:
    """Publish a draft in place of the published version and return its number; nothing if it is no draft."""
    await db.fetchval(LOCK_STORE, store_id)
    await db.execute(RETIRE, store_id)
    version: int | None = await db.fetchval(PUBLISH, store_id, version_id, at)
    if version is not None:
        await event.put(
            db,
            EventType.POLICY_PUBLISHED,
            resource_kind="policy",
            resource_id=version_id,
            store_id=store_id,
            actor=actor,
            at=at,
            data={"version": version},
        )
    return version


async def list_versions(db: Db, store_id: UUID) -> list[Record]:
    """Return the versions of a store's policy, newest first."""
    return await db.fetch(LIST, store_id)
