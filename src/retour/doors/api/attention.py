"""Who looks after a return, over the API: assignment, watchers, tags, priority, duplicates; and who the staff are."""

from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, field

from retour.core.account import Role
from retour.core.attention import MOST_TAGS, Priority
from retour.doors.api.operation import Call, Operation
from retour.doors.api.return_list import Tag
from retour.doors.api.shapes import Asked, Told
from retour.doors.api.summaries import MISSING, ReturnOut, check_store, summary
from retour.flows import rma as flow
from retour.store import account

Tags = Annotated[list[Tag], Meta(max_length=MOST_TAGS)]


class AssigneeWish(Asked):
    """Whom the return belongs to; nobody if left out."""

    staff_id: UUID | None = None


class TagWish(Asked):
    """Tags to put on and to take off; a tag that is named twice stays as it is."""

    add: Tags = field(default_factory=list)
    remove: Tags = field(default_factory=list)


class PriorityWish(Asked):
    """How urgent the return is."""

    priority: Priority


class WatchWish(Asked):
    """Who watches the return, or no longer does."""

    staff_id: UUID
    watching: bool = True


class MergeWish(Asked):
    """The return that takes the lines over, and the version of the one that goes that this was decided on."""

    into: UUID
    expect_version: int | None = None


class StaffOut(Told):
    """Somebody of the staff."""

    id: UUID
    name: str
    role: Role


class StaffList(Told):
    """Everybody of the staff who may sign in."""

    items: list[StaffOut]


async def assign_return(call: Call, wish: AssigneeWish) -> ReturnOut:
    """Give the return to somebody."""
    await check_store(call)
    await flow.assign(call.db, rma_id=call.resource_id, staff_id=wish.staff_id, actor=call.actor, now=call.now)
    return await summary(call, call.resource_id)


async def tag_return(call: Call, wish: TagWish) -> ReturnOut:
    """Put tags on and take tags off."""
    await check_store(call)
    await flow.retag(call.db, rma_id=call.resource_id, add=wish.add, remove=wish.remove, actor=call.actor, now=call.now)
    return await summary(call, call.resource_id)


async def prioritise_return(call: Call, wish: PriorityWish) -> ReturnOut:
    """Say how urgent the return is."""
    await check_store(call)
    await flow.prioritise(call.db, rma_id=call.resource_id, priority=wish.priority, actor=call.actor, now=call.now)
    return await summary(call, call.resource_id)


async def watch_return(call: Call, wish: WatchWish) -> ReturnOut:
    """Let somebody watch the return."""
    await check_store(call)
    await flow.watch(
        call.db, rma_id=call.resource_id, staff_id=wish.staff_id, watching=wish.watching, actor=call.actor, now=call.now
    )
    return await summary(call, call.resource_id)


async def merge_return(call: Call, wish: MergeWish) -> ReturnOut:
    """Merge a duplicate into another return of its order."""
    await check_store(call)
    await flow.merge(
        call.db, rma_id=call.resource_id, into=wish.into, actor=call.actor, now=call.now,
        expect_version=wish.expect_version,
    )  # fmt: skip
    return await summary(call, wish.into)


async def list_staff(call: Call, _: None) -> StaffList:
    """Return who may sign in."""
    found = await account.staff(call.db)
    return StaffList(items=[StaffOut(id=s.id, name=s.name, role=s.role) for s in found if s.disabled_at is None])


OPERATIONS: Final = (
    Operation(
        id="assign_return", method="POST", path="/returns/{id}/assign", tag="Return actions", missing=MISSING,
        body=AssigneeWish, answer=ReturnOut, summary="Give a return to somebody, or to nobody", do=assign_return,
    ),
    Operation(
        id="tag_return", method="POST", path="/returns/{id}/tags", tag="Return actions", missing=MISSING, body=TagWish,
        answer=ReturnOut, summary="Put tags on a return or take them off", do=tag_return,
        description="Tags are kept in one case; 20 at most on one return.",
    ),
    Operation(
        id="prioritise_return", method="POST", path="/returns/{id}/priority", tag="Return actions", missing=MISSING,
        body=PriorityWish, answer=ReturnOut, summary="Say how urgent a return is", do=prioritise_return,
    ),
    Operation(
        id="watch_return", method="POST", path="/returns/{id}/watch", tag="Return actions", missing=MISSING,
        body=WatchWish, answer=ReturnOut, summary="Let somebody watch a return, or no longer", do=watch_return,
    ),
    Operation(
        id="merge_return", method="POST", path="/returns/{id}/merge", tag="Return actions", missing=MISSING,
        body=MergeWish, answer=ReturnOut, summary="Merge a duplicate into another return of its order",
        do=merge_return,
        description="Answers the return that goes on. Its lines, units and promise are those of both; the one that goes"
        " is cancelled and names it in `merged_into`.",
    ),
    Operation(
        id="list_staff", method="GET", path="/staff", tag="Account", answer=StaffList, summary="List the staff",
        do=list_staff, description="Those who may sign in, for `assign` and `watch`.",
    ),
)  # fmt: skip
