"""What was received, as people and programs look it up: every message with what became of it, the newest first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.store.db import Db

# Questions and reminders of our own go through the inbox too; nobody has sent them.
LIST: Final = """
SELECT i.id, i.connection_id, c.store_id, c.platform, c.far_name, i.topic, i.object_ref, i.received_at, i.done_at, i.tries,
       i.outcome, i.problem, i.intake_id, r.number, i.body_sealed IS NOT NULL AS has_body
  FROM inbox i JOIN connection c ON c.tenant_id = i.tenant_id AND c.id = i.connection_id
  LEFT JOIN intake t ON t.tenant_id = i.tenant_id AND t.id = i.intake_id
  LEFT JOIN rma r ON r.tenant_id = i.tenant_id AND r.id = t.rma_id
 WHERE i.tenant_id = current_tenant() AND ($1::uuid IS NULL OR c.store_id = $1)
   AND ($2::uuid IS NULL OR i.connection_id = $2) AND ($3::uuid IS NULL OR i.id < $3) AND ($4::uuid IS NULL OR i.id = $4)
   AND CASE $5::text WHEN 'waiting' THEN i.done_at IS NULL WHEN 'nothing' THEN i.problem IS NOT NULL ELSE true END
   AND i.topic NOT IN ('order.asked', 'intake.order_arrived')
 ORDER BY i.id DESC LIMIT $6
"""


@dataclass(frozen=True, slots=True)
class Received:
    """One message: from where, about what, when it was worked on, and what became of it or why nothing did.

    `number` is that of the return it is about; without `has_body` its text is forgotten.
    """

    id: UUID
    connection_id: UUID
    store_id: UUID
    platform: str
    far_name: str
    topic: str
    object_ref: str | None
    received_at: datetime
    done_at: datetime | None
    tries: int
    outcome: str | None
    problem: str | None
    intake_id: UUID | None
    number: int | None
    has_body: bool


async def list_page(
    db: Db, *, store_id: UUID | None, connection_id: UUID | None = None, state: str | None = None,
    before: UUID | None = None, limit: int,
) -> list[Received]:  # fmt: skip
    """Return messages of a store and connection (or of all): those that wait, those of which nothing came, or every one."""
    return [Received(**row) for row in await db.fetch(LIST, store_id, connection_id, before, None, state, limit)]


async def get(db: Db, message_id: UUID, *, store_id: UUID | None) -> Received | None:
    """Return one message, or nothing."""
    row = await db.fetchrow(LIST, store_id, None, None, message_id, None, 1)
    return Received(**row) if row else None
