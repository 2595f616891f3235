"""Keeping a merchant's resolutions: add, change, order, archive, and say which kinds are only told about."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core import resolution as core
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.policy import decode
from retour.core.policy.outcome import ResolutionKind
from retour.core.resolution import Resolution, Wording
from retour.core.rma.state import PAID_BY_US
from retour.store import event
from retour.store import resolution as resolutions
from retour.store.db import Db
from retour.store.ids import new_id

MISSING: Final = "resolution_not_found"


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a record; what is left out stays."""

    texts: Mapping[str, Wording] | None = None
    integration: str | None = None
    expect_version: int | None = None


async def create(
    db: Db,
    *,
    store_id: UUID,
    kind: ResolutionKind,
    texts: Mapping[str, Wording],
    integration: str | None,
    actor: str,
    now: datetime,
) -> Resolution:
    """Add a record at the end of the store's list and return it.

    Raises Refused: `store_not_found`, `too_many` (100 records), and whatever `core.resolution.check` refuses.
    """
    await _lock(db, store_id)
    known = await resolutions.of_store(db, store_id)
    _check_room(known)
    texts, integration = _clean(texts), _stripped(integration)
    await _check(db, store_id, kind, texts, integration)
    record = Resolution(
        id=new_id(), store_id=store_id, kind=kind, texts=texts, integration=integration, created_at=now,
        position=max((one.position for one in known), default=0) + 1,
    )  # fmt: skip
    await resolutions.add(db, record)
    await _tell(db, EventType.RESOLUTION_ADDED, record, actor, now, {"kind": kind.value})
    return record


async def change(db: Db, *, resolution_id: UUID, to: Change, actor: str, now: datetime) -> Resolution:
    """Change the words or the integration of a record; its kind never changes.

    Raises Refused: `resolution_not_found`, `state_changed` where somebody changed it since it was read,
    `move_not_allowed` for an archived one, and whatever `core.resolution.check` refuses.
    """
    record = await _locked(db, resolution_id)
    if to.expect_version is not None and to.expect_version != record.version:
        raise Refused("state_changed", "somebody changed the resolution since you read it")
    if not record.active:
        raise Refused("move_not_allowed", "the resolution is archived")
    texts = record.texts if to.texts is None else _clean(to.texts)
    integration = record.integration if to.integration is None else _stripped(to.integration)
    await _check(db, record.store_id, record.kind, texts, integration)
    changed = replace(record, texts=texts, integration=integration)
    if changed == record:
        return record
    return await _save(db, changed, EventType.RESOLUTION_CHANGED, actor, now, {"changed": _changed(record, changed)})


async def move(db: Db, *, resolution_id: UUID, up: bool, actor: str, now: datetime) -> Resolution:
    """Move a record one place up or down among those that are not archived; at the end of the list nothing changes."""
    record = await _locked(db, resolution_id)
    shown = [one for one in await resolutions.of_store(db, record.store_id) if one.active]
    at = next((n for n, one in enumerate(shown) if one.id == record.id), None)
    if at is None:
        raise Refused("move_not_allowed", "the resolution is archived")
    to = at - 1 if up else at + 1
    if not 0 <= to < len(shown):
        return record
    shown[at], shown[to] = shown[to], shown[at]
    for place, one in enumerate(shown, start=1):
        if one.position != place:
            moved = replace(one, position=place)
            await _save(db, moved, EventType.RESOLUTION_CHANGED, actor, now, {"changed": ["position"]})
    return await _again(db, resolution_id)


async def archive(db: Db, *, resolution_id: UUID, actor: str, now: datetime) -> Resolution:
    """Let no rule name a record any more; returns that chose it go on. Archived twice is archived once.

    Raises Refused: `resolution_not_found`, `resolution_in_use` with the rule of the published policy that names it.
    """
    record = await _locked(db, resolution_id)
    if not record.active:
        return record
    document = await resolutions.published_document(db, record.store_id)
    if document is not None:
        for named in core.named_in(decode(document)):
            if named.ref == str(record.id):
                said = "the published policy's defaults offer it" if named.rule is None else f"rule {named.rule!r}"
                raise Refused(
                    "resolution_in_use", f"it is in use: {said}", field=named.field,
                    facts={"rule": named.rule, "ref": named.ref},
                )  # fmt: skip
    return await _save(db, replace(record, archived_at=now), EventType.RESOLUTION_ARCHIVED, actor, now, {})


async def restore(db: Db, *, resolution_id: UUID, actor: str, now: datetime) -> Resolution:
    """Let rules name an archived record again, at the end of the list; raise Refused(resolution_not_found, too_many)."""
    record = await _locked(db, resolution_id)
    if record.active:
        return record
    known = await resolutions.of_store(db, record.store_id)
    _check_room(known)
    back = replace(record, archived_at=None, position=max(one.position for one in known) + 1)
    return await _save(db, back, EventType.RESOLUTION_RESTORED, actor, now, {})


async def set_notify_only(
    db: Db, *, store_id: UUID, kinds: Collection[str], actor: str, now: datetime
) -> frozenset[str]:
    """Say which kinds that Retour could pay are only told about in a store; what is quoted from now on follows it.

    Raises Refused: `store_not_found`, `unknown_kind` for one that Retour does not pay anyway.
    """
    await _lock(db, store_id)
    for kind in kinds:
        if kind not in PAID_BY_US:
            raise Refused("unknown_kind", f"{kind!r} is never paid by Retour itself", field="kinds")
    wanted, before = frozenset(kinds), await resolutions.notify_only(db, store_id)
    if wanted != before:
        await resolutions.set_notify_only(db, store_id, sorted(wanted))
        await event.put(
            db, EventType.STORE_CHANGED, resource_kind="store", resource_id=store_id, store_id=store_id, actor=actor,
            at=now, data={"notify_only": sorted(wanted)},
        )  # fmt: skip
    return wanted


def _check_room(known: Collection[Resolution]) -> None:
    if sum(one.active for one in known) >= core.STORE_MOST:
        raise Refused("too_many", f"a store keeps at most {core.STORE_MOST} resolutions", field="kind")


async def _check(
    db: Db, store_id: UUID, kind: ResolutionKind, texts: Mapping[str, Wording], integration: str | None
) -> None:
    core.check(
        kind=kind, texts=texts, integration=integration,
        default_language=await resolutions.default_language(db, store_id),
    )  # fmt: skip


def _clean(texts: Mapping[str, Wording]) -> dict[str, Wording]:
    """Return the languages in which anything is said; a description alone is kept, so that its name is asked for."""
    said = {language: Wording(one.name.strip(), one.description.strip()) for language, one in texts.items()}
    return {language: one for language, one in said.items() if one.name or one.description}


def _stripped(text: str | None) -> str | None:
    return (text or "").strip() or None


def _changed(before: Resolution, after: Resolution) -> list[str]:
    return [name for name in ("texts", "integration") if getattr(before, name) != getattr(after, name)]


async def _lock(db: Db, store_id: UUID) -> None:
    if not await resolutions.lock_store(db, store_id):
        raise Refused("store_not_found", "there is no such store", field="store_id")


async def _locked(db: Db, resolution_id: UUID) -> Resolution:
    found = await resolutions.get(db, resolution_id)
    if found is None:
        raise Refused(MISSING, "there is no such resolution")
    await resolutions.lock_store(db, found.store_id)
    return await _again(db, resolution_id)


async def _again(db: Db, resolution_id: UUID) -> Resolution:
    found = await resolutions.get(db, resolution_id)
    assert found is not None, "a record is never deleted"
    return found


async def _save(
    db: Db, record: Resolution, what: EventType, actor: str, now: datetime, data: Mapping[str, object]
) -> Resolution:
    await resolutions.save(db, record, at=now)
    await _tell(db, what, record, actor, now, data)
    return await _again(db, record.id)


async def _tell(
    db: Db, what: EventType, record: Resolution, actor: str, now: datetime, data: Mapping[str, object]
) -> None:
    await event.put(
        db, what, resource_kind="resolution", resource_id=record.id, store_id=record.store_id, actor=actor, at=now,
        data=data,
    )  # fmt: skip
