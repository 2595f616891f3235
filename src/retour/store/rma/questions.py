"""Questions to the shopper of a return: asked one at a time, answered, overtaken by a decision, or expired."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.store.db import Db
from retour.store.ids import new_id

ASK: Final = """
INSERT INTO info_request (tenant_id, id, rma_id, question, asked_by, asked_at, answer_by)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6)
"""
CLOSE: Final = """
UPDATE info_request SET outcome = $2, answer = $3, closed_by = $4, closed_at = $5
 WHERE tenant_id = current_tenant() AND rma_id = $1 AND closed_at IS NULL RETURNING id
"""
REMIND: Final = """
UPDATE info_request SET reminded_at = $2 WHERE tenant_id = current_tenant() AND rma_id = $1 AND closed_at IS NULL
"""
OF_RETURN: Final = """
SELECT id, question, asked_by, asked_at, answer_by, reminded_at, answer, outcome, closed_by, closed_at
  FROM info_request WHERE tenant_id = current_tenant() AND rma_id = $1 ORDER BY asked_at, id
"""


@dataclass(frozen=True, slots=True)
class InfoRequest:
    """One question with what became of it: `answered`, `overtaken` by a decision, `expired`, or nothing yet."""

    id: UUID
    question: str
    asked_by: str
    asked_at: datetime
    answer_by: datetime | None
    reminded_at: datetime | None
    answer: str | None
    outcome: str | None
    closed_by: str | None
    closed_at: datetime | None


async def ask(db: Db, rma_id: UUID, *, question: str, actor: str, at: datetime, answer_by: datetime | None) -> UUID:
    """Keep a question and return its id; the caller has seen under the return's lock that none is open."""
    question_id = new_id()
    await db.execute(ASK, question_id, rma_id, question, actor, at, answer_by)
    return question_id


async def close(
    db: Db, rma_id: UUID, *, outcome: str, actor: str, at: datetime, answer: str | None = None
) -> UUID | None:
    """Close the open question of a return and return its id, or nothing if none is open."""
    closed: UUID | None = await db.fetchval(CLOSE, rma_id, outcome, answer, actor, at)
    return closed


async def mark_reminded(db: Db, rma_id: UUID, *, at: datetime) -> None:
    """Write when the shopper was last reminded of the open question."""
    await db.execute(REMIND, rma_id, at)


async def of_return(db: Db, rma_id: UUID) -> list[InfoRequest]:
    """Return the questions of a return, oldest first."""
    return [InfoRequest(**row) for row in await db.fetch(OF_RETURN, rma_id)]
