"""The door for warehouses and carriers: kept whatever they hold, and the sender is told which field is wrong."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from retour.core.errors import Refused
from retour.core.platforms import CARRIER, WAREHOUSE
from retour.core.warehouse import TRACKING, check_shape
from retour.doors.hooks.body import known_id, raw_body, refusal
from retour.flows.webhook import Answer, Mailbox
from retour.web.problem import problem

_SIGNED: Final = "webhook-signature"


def partner_handlers(mailbox: Mailbox, clock: Callable[[], datetime]) -> list[HTTPRouteHandler]:
    """Return the handlers of POST /hooks/warehouse/{id} and /hooks/carrier/{id}, to be mounted in an app."""

    @post("/hooks/warehouse/{connection_id:str}", status_code=200, request_max_body_size=None)
    async def receive_report(request: Request[Any, Any, Any], connection_id: FromPath[str]) -> Response[Any]:
        """Keep an authentic message; 422 with the fields if it has none of the formats, 401 and 413 as for any webhook."""
        return await _receive(mailbox, request, WAREHOUSE, connection_id, clock())

    @post("/hooks/carrier/{connection_id:str}", status_code=200, request_max_body_size=None)
    async def receive_scan(request: Request[Any, Any, Any], connection_id: FromPath[str]) -> Response[Any]:
        """Keep an authentic scan; a message signed as Standard Webhooks has the published format."""
        return await _receive(mailbox, request, CARRIER, connection_id, clock())

    return [receive_report, receive_scan]


async def _receive(
    mailbox: Mailbox, request: Request[Any, Any, Any], platform: str, connection_id: str, at: datetime
) -> Response[Any]:
    if platform not in mailbox.platforms:
        return refusal(404)
    raw = await raw_body(request)
    if raw is None:
        return refusal(413)
    headers = dict(request.headers)
    answer = await mailbox.receive(
        platform=platform, connection_id=known_id(connection_id), headers=headers, raw=raw, at=at
    )
    if answer is Answer.NOT_AUTHENTIC:
        return refusal(401)
    no = _wrong(raw, platform) if platform == WAREHOUSE or _SIGNED in headers else None
    if no is not None:
        detail = f"The message is kept and nothing came of it: {no.message}."
        return problem(422, no.code, detail, field=no.field, objections=no.objections)
    return Response({"received": True, "known": answer is Answer.DUPLICATE}, status_code=200)


def _wrong(raw: bytes, platform: str) -> Refused | None:
    try:
        format_ = check_shape(json.loads(raw))
    except Refused as no:
        return no
    except (ValueError, RecursionError):
        return Refused("invalid_document", "the body is not JSON in UTF-8")
    if platform == CARRIER and format_ != TRACKING:
        return Refused("invalid_document", f"a carrier sends {TRACKING}", field="schema")
    return None
