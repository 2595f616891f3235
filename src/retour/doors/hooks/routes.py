"""The door for webhooks: read the raw bytes with a limit, let the mailbox decide, answer at once."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from retour.doors.hooks.body import known_id, raw_body, refusal
from retour.doors.hooks.feed import feed_handlers
from retour.doors.hooks.partner import partner_handlers
from retour.flows.webhook import Answer, Mailbox


def route_handlers(mailbox: Mailbox, clock: Callable[[], datetime]) -> list[HTTPRouteHandler]:
    """Return the handlers of POST /hooks/{platform}/{connection_id}, to be mounted in an app."""

    @post("/hooks/{platform:str}/{connection_id:str}", status_code=200, request_max_body_size=None)
    async def receive_webhook(
        request: Request[Any, Any, Any], platform: FromPath[str], connection_id: FromPath[str]
    ) -> Response[bytes]:
        """Keep an authentic delivery (200, also when it is known already); 401 for any other, 413 beyond 1 MB."""
        if platform not in mailbox.platforms:
            return refusal(404)
        raw = await raw_body(request)
        if raw is None:
            return refusal(413)
        answer = await mailbox.receive(
            platform=platform, connection_id=known_id(connection_id), headers=dict(request.headers), raw=raw, at=clock()
        )  # fmt: skip
        if answer is Answer.NOT_AUTHENTIC:
            return refusal(401)
        return Response(b'{"received":true}', media_type="application/json")

    return [*feed_handlers(mailbox, clock), *partner_handlers(mailbox, clock), receive_webhook]
