"""The list of returns over the API: searched, narrowed, page by page; and how many there are of each kind."""

from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Meta

from retour.core.attention import LONGEST_TAG, Priority, tag_of
from retour.core.errors import Refused
from retour.core.policy.outcome import ResolutionKind
from retour.core.rma import Decision
from retour.doors.api.cursor import make_cursor, read_cursor, read_uuid
from retour.doors.api.operation import Call, Operation
from retour.doors.api.shapes import NO_NUL, PageQuery, Short, Told
from retour.doors.api.summaries import ReturnOut, facts
from retour.store import views
from retour.store.desk import listing
from retour.store.desk.narrowed import Filters

Search = Annotated[
    str,
    Meta(
        min_length=1, max_length=200, pattern=NO_NUL,
        description="The number of a return, order or parcel; an e-mail address or phone number; or words of goods,"
        " notes and names, each by its beginning. At most the newest 1,000 that fit are found.",
    ),
]  # fmt: skip
Moment = Annotated[
    str,
    Meta(
        pattern="^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z$",
        description="A moment in UTC to the second, such as 2026-11-22T09:30:00Z.",
    ),
]
Tag = Annotated[str, Meta(min_length=1, max_length=LONGEST_TAG, pattern=NO_NUL)]


class ReturnsQuery(PageQuery):
    """Which returns are wanted; every filter narrows."""

    q: Search | None = None
    status: Decision | None = None
    blocked_by: Annotated[Short, Meta(description="The code of `blocked_by`, such as decision_needed.")] | None = None
    waits_for: Annotated[Short, Meta(description="The actor of `blocked_by`, such as agent.")] | None = None
    order_id: UUID | None = None
    channel: Short | None = None
    kind: Literal["claim", "withdrawal", "cancellation"] | None = None
    resolution: ResolutionKind | None = None
    priority: Priority | None = None
    tag: Tag | None = None
    assignee_id: UUID | None = None
    requested_since: Moment | None = None
    requested_before: Moment | None = None


class ReturnPage(Told):
    """A part of the list, in the order of opening; no `next` means that it is the last."""

    items: list[ReturnOut]
    next: str | None


class CountOut(Told):
    """How many returns have this status and wait for this actor for this reason; closed ones wait for nobody."""

    status: Decision
    waits_for: str | None
    blocked_by: str | None
    count: int


class CountsOut(Told):
    """How many returns there are at this moment, in all and by where they stand."""

    total: int
    items: list[CountOut]


async def list_returns(call: Call, query: ReturnsQuery) -> ReturnPage:
    """Return the returns in the order they were opened."""
    after = UUID(int=0) if query.after is None else read_uuid(read_cursor(query.after, parts=1)[0])
    filters = _filters(call, query)
    plain = Filters(call.store, statuses=filters.statuses, blockers=filters.blockers, order_id=query.order_id)
    if filters == plain:  # one statement, planned once
        rows = await views.returns(
            call.db, after_id=after, limit=query.limit + 1, store_id=call.store,
            status=query.status.value if query.status else None, blocked_by=query.blocked_by, order_id=query.order_id,
        )  # fmt: skip
    else:
        ids = await listing.opened(call.db, filters, after_id=after, limit=query.limit + 1)
        rows = await views.these_returns(call.db, ids)
    shown = rows[: query.limit]
    more = make_cursor(shown[-1]["id"]) if len(rows) > query.limit else None
    return ReturnPage(items=[ReturnOut(**facts(row)) for row in shown], next=more)


def _filters(call: Call, query: ReturnsQuery) -> Filters:
    q = query
    return Filters(
        store_id=call.store, text=q.q, statuses=(q.status.value,) if q.status else (),
        blockers=(q.blocked_by,) if q.blocked_by else (), actors=(q.waits_for,) if q.waits_for else (),
        channels=(q.channel,) if q.channel else (), resolutions=(q.resolution.value,) if q.resolution else (),
        kinds=(q.kind,) if q.kind else (), priorities=(q.priority.value,) if q.priority else (),
        tags=(tag_of(q.tag),) if q.tag else (),
        assignee_id=q.assignee_id, order_id=q.order_id, since=_moment(q.requested_since, "requested_since"),
        until=_moment(q.requested_before, "requested_before"),
    )  # fmt: skip


def _moment(text: str | None, field: str) -> datetime | None:
    """Return a moment; raise Refused(invalid_time) for a day or an hour that there is not."""
    try:
        return None if text is None else datetime.fromisoformat(text)
    except ValueError:
        raise Refused("invalid_time", "there is no such day or hour", field=field) from None


async def count_returns(call: Call, _: None) -> CountsOut:
    """Return how many returns there are by where they stand."""
    found = await listing.standing(call.db, store_id=call.store)
    items = [CountOut(status=s.status, waits_for=s.actor, blocked_by=s.code, count=s.count) for s in found]
    return CountsOut(total=sum(one.count for one in items), items=items)


OPERATIONS: Final = (
    Operation(
        id="list_returns", method="GET", path="/returns", tag="Returns", query=ReturnsQuery, answer=ReturnPage,
        summary="List and search returns", do=list_returns,
        description="With X-Shop-Name: of that store alone. To follow changes read `/events`.",
    ),
    Operation(
        id="count_returns", method="GET", path="/return-counts", tag="Returns", answer=CountsOut,
        summary="Count returns by where they stand", do=count_returns,
        description="Counted when asked, not kept: the figures are those of this moment.",
    ),
)  # fmt: skip
