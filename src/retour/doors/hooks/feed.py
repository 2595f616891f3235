"""The door for documents of other systems: kept whatever they hold, and the sender is told which field is wrong."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from retour.core.platforms import FEED
from retour.doors.hooks.body import known_id, raw_body, refusal
from retour.flows.intake import refused_document
from retour.flows.webhook import Answer, Mailbox
from retour.web.problem import problem


def feed_handlers(mailbox: Mailbox, clock: Callable[[], datetime]) -> list[HTTPRouteHandler]:
    """Return the handler of POST /hooks/feed/{source_id}, to be mounted in an app."""

    @post("/hooks/feed/{source_id:str}", status_code=200, request_max_body_size=None)
    async def receive_document(request: Request[Any, Any, Any], source_id: FromPath[str]) -> Response[Any]:
        """Keep an authentic document; 422 with the fields if it is none of ours, 401 and 413 as for any webhook."""
        if FEED not in mailbox.platforms:
            return refusal(404)
        raw = await raw_body(request)
        if raw is None:
            return refusal(413)
        answer = await mailbox.receive(
            platform=FEED, connection_id=known_id(source_id), headers=dict(request.headers), raw=raw, at=clock()
        )
        if answer is Answer.NOT_AUTHENTIC:
            return refusal(401)
        no = refused_document(raw)
        if no is not None:
            detail = f"The message is kept and nothing came of it: {no.message}."
            return problem(422, no.code, detail, field=no.field, objections=no.objections)
        return Response({"received": True, "known": answer is Answer.DUPLICATE}, status_code=200)

    return [receive_document]
