"""Discrepancies over the API: every difference between two systems, with owner and next step."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from retour.doors.api.cursor import make_cursor, read_cursor, read_uuid
from retour.doors.api.operation import Call, Operation
from retour.doors.api.shapes import PageQuery, Told
from retour.store import views
from retour.store.discrepancy import Owner
from retour.store.views import DiscrepancyView


class DiscrepancyQuery(PageQuery):
    """Which discrepancies are wanted; open ones by default."""

    state: Literal["open", "resolved"] = "open"
    owner: Owner | None = None


class DiscrepancyOut(Told):
    """A difference between two systems, whose it is to look at, and what to do next."""

    id: UUID
    store_id: UUID | None
    kind: str
    resource_kind: str
    resource_id: UUID
    owner: str
    next_step: str
    details: Mapping[str, Any]
    state: str
    opened_at: datetime
    resolved_at: datetime | None
    resolved_by: str | None


class DiscrepancyPage(Told):
    """A part of the list; no `next` means that it is the last."""

    items: list[DiscrepancyOut]
    next: str | None


async def list_discrepancies(call: Call, query: DiscrepancyQuery) -> DiscrepancyPage:
    """Return discrepancies in the order they were opened."""
    after = UUID(int=0) if query.after is None else read_uuid(read_cursor(query.after, parts=1)[0])
    found = await views.discrepancies(
        call.db, after_id=after, limit=query.limit + 1, store_id=call.store, state=query.state,
        owner=query.owner.value if query.owner else None,
    )  # fmt: skip
    shown = found[: query.limit]
    more = make_cursor(shown[-1].id) if len(found) > query.limit else None
    return DiscrepancyPage(items=[_out(d) for d in shown], next=more)


def _out(d: DiscrepancyView) -> DiscrepancyOut:
    return DiscrepancyOut(
        id=d.id, store_id=d.store_id, kind=d.kind, resource_kind=d.resource_kind, resource_id=d.resource_id,
        owner=d.owner, next_step=d.next_step, details=d.details, state=d.state, opened_at=d.opened_at,
        resolved_at=d.resolved_at, resolved_by=d.resolved_by,
    )  # fmt: skip


OPERATIONS: Final = (
    Operation(
        id="list_discrepancies", method="GET", path="/discrepancies", tag="Discrepancies", query=DiscrepancyQuery,
        answer=DiscrepancyPage, summary="List differences between systems", do=list_discrepancies,
    ),
)  # fmt: skip
