"""Received messages over the API: what every source, platform and mailbox has sent, and what became of each."""

from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from retour.core.errors import Refused
from retour.doors.api.cursor import make_cursor, read_cursor, read_uuid
from retour.doors.api.operation import Call, Operation
from retour.doors.api.shapes import PageQuery, Told
from retour.store import received, webhook
from retour.store.received import Received

MISSING: Final = "message_not_found"
BODY_MOST: Final = 200_000  # characters


class MessageQuery(PageQuery):
    """Which messages are wanted: of one source or connection, those that wait, or those of which nothing came."""

    source: UUID | None = None
    state: Literal["waiting", "nothing"] | None = None


class MessageOut(Told):
    """One message; `outcome` is what became of it, `problem` why nothing did or why it is tried again."""

    id: UUID
    store_id: UUID
    source_id: UUID
    source: str
    platform: str
    topic: str
    about: str | None
    received_at: datetime
    done_at: datetime | None
    tries: int
    outcome: str | None
    problem: str | None
    intake_id: UUID | None
    return_number: str | None


class MessageWhole(MessageOut):
    """The same with what was received, as text; nothing once it is forgotten."""

    body: str | None


class MessagePage(Told):
    """A part of the list, the newest first; no `next` means that it is the last."""

    items: list[MessageOut]
    next: str | None


async def list_received(call: Call, query: MessageQuery) -> MessagePage:
    """Return received messages, the newest first."""
    before = None if query.after is None else read_uuid(read_cursor(query.after, parts=1)[0])
    found = await received.list_page(
        call.db,
        store_id=call.store,
        connection_id=query.source,
        state=query.state,
        before=before,
        limit=query.limit + 1,
    )
    shown = found[: query.limit]
    more = make_cursor(shown[-1].id) if len(found) > query.limit else None
    return MessagePage(items=[MessageOut(**_facts(row)) for row in shown], next=more)


async def get_received(call: Call, _: None) -> MessageWhole:
    """Return one message with its body."""
    row = await received.get(call.db, call.resource_id, store_id=call.store)
    if row is None:
        raise Refused(MISSING, "there is no such message")
    raw = await webhook.body(call.db, call.vault, row.id)
    text = None if raw is None else raw.decode("utf-8", "replace").replace("\0", "\ufffd")[:BODY_MOST]
    return MessageWhole(**_facts(row), body=text)


def _facts(row: Received) -> dict[str, Any]:
    return {
        "id": row.id, "store_id": row.store_id, "source_id": row.connection_id, "source": row.far_name,
        "platform": row.platform, "topic": row.topic, "about": row.object_ref, "received_at": row.received_at,
        "done_at": row.done_at, "tries": row.tries, "outcome": row.outcome, "problem": row.problem,
        "intake_id": row.intake_id, "return_number": None if row.number is None else f"R-{row.number}",
    }  # fmt: skip


OPERATIONS: Final = (
    Operation(
        id="list_received", method="GET", path="/received", tag="Received messages", query=MessageQuery,
        answer=MessagePage, summary="List what was received, with what became of it", do=list_received,
        description="Every authentic message of a source, platform, warehouse, carrier or mailbox, also one of which "
        "nothing came. `source` is the id of a source or connection.",
    ),
    Operation(
        id="get_received", method="GET", path="/received/{id}", tag="Received messages", answer=MessageWhole,
        missing=MISSING, summary="Read a received message", do=get_received,
        description="With its body as it came, until it is forgotten (docs/privacy.md).",
    ),
)  # fmt: skip
