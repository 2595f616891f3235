"""Keeping a merchant's reasons: add, change, order within their level, archive."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core import why as core
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.why import EVERYTHING, Applies, Ask, Reason, Standard
from retour.store import event
from retour.store import resolution as resolutions
from retour.store import why as reasons
from retour.store.db import Db
from retour.store.ids import new_id

MISSING: Final = "reason_not_found"
_FIELDS: Final = ("parent_id", "standard_group", "texts", "applies", "questions", "note_required", "platform_reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Everything about a reason but its code and its place."""

    texts: Mapping[str, str]
    standard_group: Standard = Standard.OTHER
    parent_id: UUID | None = None
    applies: Applies = EVERYTHING
    questions: Sequence[Ask] = ()
    note_required: bool = False
    platform_reason: str | None = None


async def create(db: Db, *, store_id: UUID, code: str, said: Said, actor: str, now: datetime) -> Reason:
    """Add a record at the end of its level and return it.

    Raises Refused: `store_not_found`, `already_exists` for a code that the store has, `too_many`, and whatever
    `core.why.check` refuses.
    """
    await _lock(db, store_id)
    known = await reasons.of_store(db, store_id)
    _check_room(known)
    if any(one.code == code for one in known):
        raise Refused("already_exists", "the store has a reason of that code, in its archive perhaps", field="code")
    place = max((one.position for one in known), default=0) + 1
    new = Reason(new_id(), store_id, code, said.standard_group, {}, place, now)
    record = await _checked(db, _with(new, said), known)
    await reasons.add(db, record)
    await _tell(db, EventType.REASON_ADDED, record, actor, now, {})
    return record


async def change(
    db: Db, *, reason_id: UUID, said: Said, expect_version: int | None, actor: str, now: datetime
) -> Reason:
    """Say a record anew; its code never changes, as returns and policies know it.

    Raises Refused: `reason_not_found`, `state_changed` where somebody changed it since it was read,
    `move_not_allowed` for an archived one, and whatever `core.why.check` refuses.
    """
    record = await _locked(db, reason_id)
    if expect_version is not None and expect_version != record.version:
        raise Refused("state_changed", "somebody changed the reason since you read it")
    if not record.active:
        raise Refused("move_not_allowed", "the reason is archived")
    changed = await _checked(db, _with(record, said), await reasons.of_store(db, record.store_id))
    names = [name for name in _FIELDS if getattr(record, name) != getattr(changed, name)]
    return await _save(db, changed, EventType.REASON_CHANGED, actor, now, {"changed": names}) if names else record


async def move(db: Db, *, reason_id: UUID, up: bool, actor: str, now: datetime) -> Reason:
    """Move a record one place up or down in its level; at the end of the list nothing changes."""
    record = await _locked(db, reason_id)
    if not record.active:
        raise Refused("move_not_allowed", "the reason is archived")
    known = await reasons.of_store(db, record.store_id)
    level = [one for one in known if one.active and one.parent_id == record.parent_id]
    at = next(n for n, one in enumerate(level) if one.id == record.id)
    to = at - 1 if up else at + 1
    if not 0 <= to < len(level):
        return record
    # Both change places, so that nothing else moves.
    data: Mapping[str, object] = {"changed": ["position"]}
    await _save(db, replace(level[to], position=record.position), EventType.REASON_CHANGED, actor, now, data)
    return await _save(db, replace(record, position=level[to].position), EventType.REASON_CHANGED, actor, now, data)


async def archive(db: Db, *, reason_id: UUID, actor: str, now: datetime) -> Reason:
    """Let no shopper give a reason any more; returns that have it keep its name. Archived twice is archived once.

    Raises Refused: `reason_not_found`, `reason_in_use` for a group that still holds reasons, `last_reason` where nothing
    would be left to choose.
    """
    record = await _locked(db, reason_id)
    if not record.active:
        return record
    known = await reasons.of_store(db, record.store_id)
    if any(one.parent_id == record.id and one.active for one in known):
        raise Refused("reason_in_use", "archive the reasons in the group first")
    if sum(one.active for one in known) == 1:
        raise Refused("last_reason", "shoppers need one reason to choose")
    return await _save(db, replace(record, archived_at=now), EventType.REASON_ARCHIVED, actor, now, {})


async def restore(db: Db, *, reason_id: UUID, actor: str, now: datetime) -> Reason:
    """Offer an archived record again, at the end of its level; one whose group is archived becomes a group.

    Raises Refused: `reason_not_found`, `too_many`.
    """
    record = await _locked(db, reason_id)
    if record.active:
        return record
    known = await reasons.of_store(db, record.store_id)
    _check_room(known)
    parent = next((one for one in known if one.id == record.parent_id and one.active), None)
    place = max(one.position for one in known) + 1
    back = replace(record, archived_at=None, position=place, parent_id=parent.id if parent else None)
    return await _save(db, back, EventType.REASON_RESTORED, actor, now, {})


def _with(record: Reason, said: Said) -> Reason:
    """Return the record as it is said; blank texts are not said."""
    questions = tuple(
        replace(one, texts=_clean(one.texts), choices=tuple(replace(c, texts=_clean(c.texts)) for c in one.choices))
        for one in said.questions
    )
    return replace(
        record, texts=_clean(said.texts), standard_group=said.standard_group, parent_id=said.parent_id,
        applies=said.applies, questions=questions, note_required=said.note_required,
        platform_reason=(said.platform_reason or "").strip() or None,
    )  # fmt: skip


async def _checked(db: Db, record: Reason, known: Sequence[Reason]) -> Reason:
    core.check(
        record,
        next((one for one in known if one.id == record.parent_id), None),
        default_language=await resolutions.default_language(db, record.store_id),
        has_reasons=any(one.parent_id == record.id and one.active for one in known),
    )
    return record


def _clean(texts: Mapping[str, str]) -> dict[str, str]:
    return {language: text.strip() for language, text in texts.items() if text.strip()}


def _check_room(known: Sequence[Reason]) -> None:
    if sum(one.active for one in known) >= core.STORE_MOST:
        raise Refused("too_many", f"a store keeps at most {core.STORE_MOST} reasons", field="code")


async def _lock(db: Db, store_id: UUID) -> None:
    if not await resolutions.lock_store(db, store_id):
        raise Refused("store_not_found", "there is no such store", field="store_id")


async def _locked(db: Db, reason_id: UUID) -> Reason:
    found = await reasons.get(db, reason_id)
    if found is None:
        raise Refused(MISSING, "there is no such reason")
    await resolutions.lock_store(db, found.store_id)
    again = await reasons.get(db, reason_id)
    assert again is not None, "a record is never deleted"
    return again


async def _save(
    db: Db, record: Reason, what: EventType, actor: str, now: datetime, data: Mapping[str, object]
) -> Reason:
    await reasons.save(db, record, at=now)
    await _tell(db, what, record, actor, now, data)
    return replace(record, version=record.version + 1)


async def _tell(db: Db, what: EventType, record: Reason, actor: str, now: datetime, data: Mapping[str, object]) -> None:
    await event.put(
        db, what, resource_kind="reason", resource_id=record.id, store_id=record.store_id, actor=actor, at=now,
        data={"code": record.code, **data},
    )  # fmt: skip
