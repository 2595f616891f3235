"""The event feed: everything that happened in the account, in an order in which nothing appears late."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from retour.doors.api.cursor import make_cursor, read_cursor, read_number, read_uuid
from retour.doors.api.operation import Call, Operation
from retour.doors.api.shapes import PageQuery, Told
from retour.store import event
from retour.store.event import Event

_START: Final = ("0", UUID(int=0))


class ResourceOut(Told):
    """What an event is about."""

    kind: str
    id: UUID


class EventOut(Told):
    """One thing that happened; `sequence` has no gaps within its resource."""

    id: UUID
    type: str
    resource: ResourceOut
    sequence: int
    store_id: UUID | None
    actor: str
    cause: str | None
    data: Mapping[str, Any]
    at: datetime


class EventPage(Told):
    """A part of the feed; `next` is where to go on, also when nothing is there yet."""

    items: list[EventOut]
    next: str | None


async def list_events(call: Call, query: PageQuery) -> EventPage:
    """Return the account's events after a position."""
    after = _START if query.after is None else _position(query.after)
    found = await event.feed(call.db, after_xact=after[0], after_id=after[1], limit=query.limit)
    last = make_cursor(found[-1].xact, found[-1].id) if found else query.after
    return EventPage(items=[event_out(e) for e in found], next=last)


def event_out(happened: Event) -> EventOut:
    """Return an event as the API tells it."""
    e = happened
    return EventOut(
        id=e.id, type=e.type, resource=ResourceOut(kind=e.resource_kind, id=e.resource_id), sequence=e.seq,
        store_id=e.store_id, actor=e.actor, cause=e.cause, data=e.data, at=e.at,
    )  # fmt: skip


def _position(cursor: str) -> tuple[str, UUID]:
    xact, event_id = read_cursor(cursor, parts=2)
    return str(read_number(xact)), read_uuid(event_id)


OPERATIONS: Final = (
    Operation(
        id="list_events", method="GET", path="/events", tag="Events", summary="List what happened since a cursor",
        query=PageQuery, answer=EventPage, do=list_events,
        description="Keep `next` and ask again with it: no event is skipped and none comes twice.",
    ),
)  # fmt: skip
