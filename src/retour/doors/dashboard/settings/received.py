"""What a source or a mailbox has sent: every message with what became of it, the newest first."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.errors import Refused
from retour.core.platforms import FEED, MAILBOX
from retour.doors.dashboard.desk import Desk, Visit, uuid_of
from retour.doors.dashboard.intake_words import OUTCOMES
from retour.doors.dashboard.route import page
from retour.doors.dashboard.settings.area import OWNER, ROOT, show
from retour.doors.dashboard.told import word
from retour.store import connection as connections
from retour.store import received, webhook
from retour.store.received import Received
from retour.web.reader import Reader

PAGE: Final = 50
BODY_MOST: Final = 50_000  # characters
_MISSING: Final = "source_not_found"
_AREAS: Final[Mapping[str, str]] = {FEED: "sources", MAILBOX: "mailboxes"}


def received_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of the list and of one message."""
    at = f"{ROOT}/received/{{source_id:str}}"
    return [page(desk, at, _list), page(desk, f"{at}/{{message_id:str}}", _one, OWNER)]


async def _list(seen: Visit) -> Response[Any]:
    source_id = uuid_of(seen.request.path_params["source_id"], _MISSING)
    before = seen.request.query_params.get("before")
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        source = await _source(db, seen, source_id)
        found = await received.list_page(
            db, store_id=seen.staff.store_id, connection_id=source_id, limit=PAGE + 1,
            state="nothing" if seen.request.query_params.get("state") == "nothing" else None,
            before=uuid_of(before, _MISSING) if before else None,
        )  # fmt: skip
    shown = found[:PAGE]
    state = "&state=nothing" if seen.request.query_params.get("state") == "nothing" else ""
    more = f"?before={shown[-1].id}{state}" if len(found) > PAGE else None
    rows = [(one, _became(one, seen.reader)) for one in shown]
    return await show(
        seen,
        _AREAS[source.platform],
        template="received",
        source=source,
        rows=rows,
        next_url=more,
        only_nothing=bool(state),
    )


async def _one(seen: Visit) -> Response[Any]:
    source_id = uuid_of(seen.request.path_params["source_id"], _MISSING)
    message_id = uuid_of(seen.request.path_params["message_id"], "message_not_found")
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        source = await _source(db, seen, source_id)
        found = await received.get(db, message_id, store_id=seen.staff.store_id)
        if found is None or found.connection_id != source_id:
            raise Refused("message_not_found", "there is no such message")
        raw = await webhook.body(db, seen.desk.vault, message_id)
    text = None if raw is None else raw.decode("utf-8", "replace")[:BODY_MOST]
    return await show(
        seen, _AREAS[source.platform], template="received_one", source=source, each=found,
        became=_became(found, seen.reader), body=text,
    )  # fmt: skip


async def _source(db: Any, seen: Visit, source_id: UUID) -> connections.Connection:
    found = await connections.get(db, source_id)
    if found is None or found.platform not in _AREAS or seen.staff.store_id not in (None, found.store_id):
        raise Refused(_MISSING, "there is no such source")
    return found


def _became(one: Received, reader: Reader) -> tuple[str, str]:
    """Return what became of a message in words, and the code that says more, if there is one."""
    if one.done_at is None:
        return reader.say("Waits to be worked on"), one.problem or ""
    outcome, _, more = (one.outcome or "").partition(": ")
    if one.problem:
        return reader.say("Nothing came of it"), one.problem
    return word(reader, OUTCOMES, outcome), more
