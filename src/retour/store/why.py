"""Reasons as rows: the merchant's own records in their order, and what a given code stands for."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from retour.core.why import Applies, Ask, Given, Reason, Standard, requirements
from retour.store.db import Db, Record

GET: Final = """
SELECT id, store_id, code, parent_id, standard_group, texts, applies, questions, note_required, platform_reason, position,
       version, created_at, archived_at
  FROM reason WHERE tenant_id = current_tenant() AND id = $1
"""
OF_STORE: Final = """
SELECT id, store_id, code, parent_id, standard_group, texts, applies, questions, note_required, platform_reason, position,
       version, created_at, archived_at
  FROM reason WHERE tenant_id = current_tenant() AND store_id = $1 ORDER BY position, id
"""
ALL: Final = """
SELECT id, store_id, code, parent_id, standard_group, texts, applies, questions, note_required, platform_reason, position,
       version, created_at, archived_at
  FROM reason WHERE tenant_id = current_tenant() ORDER BY store_id, position, id
"""
ADD: Final = """
INSERT INTO reason (tenant_id, id, store_id, code, parent_id, standard_group, texts, applies, questions, note_required,
                    platform_reason, position, created_at, changed_at)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)
"""
CHANGE: Final = """
UPDATE reason SET parent_id = $2, standard_group = $3, texts = $4, applies = $5, questions = $6, note_required = $7,
       platform_reason = $8, position = $9, archived_at = $10, changed_at = $11, version = version + 1
 WHERE tenant_id = current_tenant() AND id = $1
"""
PLATFORM: Final = """
SELECT code, platform_reason FROM reason
 WHERE tenant_id = current_tenant() AND store_id = $1 AND code = ANY ($2::text[]) AND platform_reason IS NOT NULL
"""


async def get(db: Db, reason_id: UUID) -> Reason | None:
    """Return one record, archived or not, or nothing."""
    row = await db.fetchrow(GET, reason_id)
    return _reason(row) if row else None


async def of_store(db: Db, store_id: UUID) -> list[Reason]:
    """Return the records of a store in the merchant's order, archived ones too."""
    return [_reason(row) for row in await db.fetch(OF_STORE, store_id)]


async def names(db: Db, store_id: UUID | None, *, language: str, default: str) -> Mapping[str, str]:
    """Return what the reasons of a store, or of the account, are called, by code."""
    rows = await (db.fetch(ALL) if store_id is None else db.fetch(OF_STORE, store_id))
    return {row["code"]: _reason(row).name(language, default) for row in reversed(rows)}


async def add(db: Db, record: Reason) -> None:
    """Write a new record; the database refuses a code that the store has already."""
    await db.execute(
        ADD, record.id, record.store_id, record.code, record.parent_id, record.standard_group.value, dict(record.texts),
        _plain(record.applies), _plain(record.questions), record.note_required, record.platform_reason,
        record.position, record.created_at,
    )  # fmt: skip


async def save(db: Db, record: Reason, *, at: datetime) -> None:
    """Write what may change of a record: everything but its code."""
    await db.execute(
        CHANGE, record.id, record.parent_id, record.standard_group.value, dict(record.texts), _plain(record.applies),
        _plain(record.questions), record.note_required, record.platform_reason, record.position, record.archived_at, at,
    )  # fmt: skip


async def on_platform(db: Db, store_id: UUID, codes: Sequence[str]) -> Mapping[str, str]:
    """Return what the platform calls reasons, by code; a code that is called nothing else there is left out."""
    rows = await db.fetch(PLATFORM, store_id, sorted(set(codes)))
    return {row["code"]: row["platform_reason"] for row in rows}


def given_of(row: Mapping[str, Any]) -> Given:
    """Return what a reason that was given stands for, as `glance.GLANCE` reads it."""
    if not row["active"] or not (row["note"] or row["questions"]):
        return Given(row["code"], row["standard_group"])
    questions = {one.id: one for one in msgspec.convert(row["questions"], tuple[Ask, ...])}
    wanted = requirements(tuple(questions.values()), note=row["note"], language=row["language"] or "en")
    return Given(row["code"], row["standard_group"], wanted)


def _reason(row: Record) -> Reason:
    fields: dict[str, Any] = dict(row)
    fields["standard_group"] = Standard(fields["standard_group"])
    fields["applies"] = msgspec.convert(fields["applies"], Applies)
    fields["questions"] = msgspec.convert(fields["questions"], tuple[Ask, ...])
    return Reason(**fields)


def _plain(value: object) -> Any:
    return msgspec.to_builtins(value)
