"""Looking after a return: assign it, watch it, tag it, say how urgent it is; each written with its event, none moves it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from retour.core.attention import MOST_TAGS, MOST_WATCHERS, Priority, tag_of
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.store import account, event
from retour.store.db import Db
from retour.store.rma import attention, lock_head
from retour.store.rma.attention import Marks


async def assign(db: Db, *, rma_id: UUID, staff_id: UUID | None, actor: str, now: datetime) -> Marks:
    """Give a return to a member of the staff, or with None to nobody; to whom it belongs already changes nothing.

    Raises Refused: `return_not_found`, `staff_not_found` for somebody who is not there or no longer active.
    """
    before = await _locked(db, rma_id)
    if staff_id is not None:
        await _member(db, staff_id)
    if before.assignee_id == staff_id:
        return before
    await attention.assign(db, rma_id, staff_id)
    return await _told(db, rma_id, EventType.RETURN_ASSIGNED, actor, now, {"staff_id": staff_id})


async def watch(db: Db, *, rma_id: UUID, staff_id: UUID, watching: bool, actor: str, now: datetime) -> Marks:
    """Let a member of the staff watch a return, or no longer.

    Raises Refused: `return_not_found`, `staff_not_found`, `too_many_watchers` beyond 20.
    """
    before = await _locked(db, rma_id)
    if watching:
        await _member(db, staff_id)
    if (staff_id in before.watchers) == watching:
        return before
    if watching and len(before.watchers) >= MOST_WATCHERS:
        raise Refused("too_many_watchers", f"at most {MOST_WATCHERS} people watch a return")
    await attention.watch(db, rma_id, staff_id, on=watching)
    facts: dict[str, object] = {"staff_id": staff_id, "watching": watching}
    return await _told(db, rma_id, EventType.RETURN_WATCHED, actor, now, facts)


async def retag(db: Db, *, rma_id: UUID, add: Sequence[str], remove: Sequence[str], actor: str, now: datetime) -> Marks:
    """Put tags on a return and take others off; what it has, or lacks, already changes nothing.

    Raises Refused: `return_not_found`, `tag_not_valid`, `too_many_tags` beyond 20 on one return.
    """
    wanted, unwanted = {tag_of(tag) for tag in add}, {tag_of(tag) for tag in remove}
    before = await _locked(db, rma_id)
    added = sorted(wanted - unwanted - set(before.tags))
    removed = sorted((unwanted - wanted) & set(before.tags))
    if not added and not removed:
        return before
    if len(before.tags) + len(added) - len(removed) > MOST_TAGS:
        raise Refused("too_many_tags", f"a return has at most {MOST_TAGS} tags", field="add")
    await attention.retag(db, rma_id, add=added, remove=removed)
    return await _told(db, rma_id, EventType.RETURN_TAGGED, actor, now, {"added": added, "removed": removed})


async def prioritise(db: Db, *, rma_id: UUID, priority: Priority, actor: str, now: datetime) -> Marks:
    """Say how urgent a return is; raise Refused(return_not_found)."""
    before = await _locked(db, rma_id)
    if before.priority is priority:
        return before
    await attention.prioritise(db, rma_id, priority)
    facts: dict[str, object] = {"before": before.priority.value, "priority": priority.value}
    return await _told(db, rma_id, EventType.RETURN_PRIORITISED, actor, now, facts)


async def _locked(db: Db, rma_id: UUID) -> Marks:
    if await lock_head(db, rma_id) is None:
        raise Refused("return_not_found", "there is no such return")
    found = await attention.marks(db, rma_id)
    assert found is not None, "a return that is locked exists"
    return found


async def _member(db: Db, staff_id: UUID) -> None:
    """Raise Refused(staff_not_found) unless somebody of that id works here."""
    if not any(member.id == staff_id and member.disabled_at is None for member in await account.staff(db)):
        raise Refused("staff_not_found", "there is nobody of that id in the staff", field="staff_id")


async def _told(db: Db, rma_id: UUID, what: EventType, actor: str, now: datetime, facts: Mapping[str, object]) -> Marks:
    head = await lock_head(db, rma_id)
    assert head is not None
    await event.tell(
        db, [(what, actor)], resource_kind="return", resource_id=rma_id, at=now, store_id=head.store_id,
        data={"number": head.number, **facts},
    )  # fmt: skip
    found = await attention.marks(db, rma_id)
    assert found is not None
    return found
