"""Alarms: what a person must be told beyond the pages, written down with what happened and mailed by a job."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from retour.store.db import Db
from retour.store.ids import new_id
from retour.store.jobs import Job, Task

RAISE: Final = """
INSERT INTO alarm (tenant_id, id, store_id, kind, subject, facts, at, due_at)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $6)
ON CONFLICT (tenant_id, store_id, kind, subject) DO NOTHING
RETURNING id
"""
TAKE: Final = """
UPDATE alarm SET due_at = NULL, told_at = $2
 WHERE tenant_id = current_tenant() AND id = $1 AND due_at IS NOT NULL
RETURNING id, store_id, kind, subject, facts, at
"""
OWNERS: Final = """
SELECT email, name, language FROM staff
 WHERE tenant_id = current_tenant() AND disabled_at IS NULL
   AND (id = $1 OR role = 'owner' AND NOT EXISTS (
     SELECT FROM staff named WHERE named.tenant_id = current_tenant() AND named.id = $1 AND named.disabled_at IS NULL))
 ORDER BY email_folded
"""


class AlarmKind(StrEnum):
    """What an alarm is about."""

    PAYMENTS_STOPPED = "payments_stopped"
    PAYMENTS_RESUMED = "payments_resumed"
    GUARD_LOOSENED = "guard_loosened"
    WAITS_TOO_LONG = "waits_too_long"


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm that is about to be told; `facts` are codes and figures."""

    id: UUID
    store_id: UUID
    kind: AlarmKind
    subject: str
    facts: Mapping[str, object]
    at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """Whom an alarm goes to."""

    email: str
    name: str
    language: str | None


async def raise_(
    db: Db, kind: AlarmKind, *, store_id: UUID, subject: str, at: datetime, facts: Mapping[str, object] | None = None
) -> list[Job]:
    """Write an alarm down and return the job that tells it; nothing if its subject was raised before."""
    made: UUID | None = await db.fetchval(RAISE, new_id(), store_id, kind.value, subject, dict(facts or {}), at)
    return [] if made is None else [Job(Task.ALARM, made)]


async def take(db: Db, alarm_id: UUID, *, at: datetime) -> Alarm | None:
    """Mark an alarm as told and return it; nothing if somebody has told it already."""
    row = await db.fetchrow(TAKE, alarm_id, at)
    return Alarm(**{**row, "kind": AlarmKind(row["kind"])}) if row else None


async def recipients(db: Db, staff_id: UUID | None) -> list[Told]:
    """Return the named member of the staff, or every owner where nobody is named or may sign in."""
    return [Told(**row) for row in await db.fetch(OWNERS, staff_id)]
