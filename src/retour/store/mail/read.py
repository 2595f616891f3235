"""Mail as staff see it: what went to whom about a return, and how it stands; never an address."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.mail import MailKind, MailState
from retour.store.db import Db, Record

GET: Final = """
SELECT id, kind, resource_kind, resource_id, person_id, state, tries, due_at, expires_at, last_code, last_problem, created_at,
       delivered_at
  FROM mail WHERE tenant_id = current_tenant() AND id = $1
"""
OF_RESOURCE: Final = """
SELECT id, kind, resource_kind, resource_id, person_id, state, tries, due_at, expires_at, last_code, last_problem, created_at,
       delivered_at
  FROM mail WHERE tenant_id = current_tenant() AND resource_kind = $1 AND resource_id = $2 ORDER BY created_at, id
"""


@dataclass(frozen=True, slots=True)
class MailView:
    """One mail and how it stands; `last_problem` is what the server said last, `last_code` its reply code."""

    id: UUID
    kind: MailKind
    resource_kind: str
    resource_id: UUID
    person_id: UUID | None
    state: MailState
    tries: int
    due_at: datetime
    expires_at: datetime
    last_code: int | None
    last_problem: str | None
    created_at: datetime
    delivered_at: datetime | None


async def get(db: Db, mail_id: UUID) -> MailView | None:
    """Return one mail, or nothing."""
    row = await db.fetchrow(GET, mail_id)
    return _view(row) if row else None


async def list_of_resource(db: Db, *, resource_kind: str, resource_id: UUID) -> list[MailView]:
    """Return the mails about a resource (`return`, `order`, `staff`), oldest first."""
    return [_view(row) for row in await db.fetch(OF_RESOURCE, resource_kind, resource_id)]


def _view(row: Record) -> MailView:
    return MailView(**{**row, "kind": MailKind(row["kind"]), "state": MailState(row["state"])})
