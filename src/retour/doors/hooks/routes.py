"""The door for webhooks: read the raw bytes with a limit, let the mailbox decide, answer at once."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec
from litestar import Request, Response, post
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from retour.flows.webhook import Answer, Mailbox

BODY_LIMIT: Final = 1024 * 1024  # bytes

_REFUSALS: Final = {
    401: ("not_authentic", "The signature does not belong to this body and connection."),
    404: ("platform_not_found", "Nothing of that name sends messages here."),
    413: ("body_too_large", "The body is larger than 1 MB."),
}


def route_handlers(mailbox: Mailbox, clock: Callable[[], datetime]) -> list[HTTPRouteHandler]:
    """Return the handlers of POST /hooks/{platform}/{connection_id}, to be mounted in an app."""

    @post("/hooks/{platform:str}/{connection_id:str}", status_code=200, request_max_body_size=None)
    async def receive_webhook(
        request: Request[Any, Any, Any], platform: FromPath[str], connection_id: FromPath[str]
    ) -> Response[bytes]:
        """Keep an authentic delivery (200, also when it is known already); 401 for any other, 413 beyond 1 MB."""
        if platform not in mailbox.platforms:
            return _refusal(404)
        raw = await _raw_body(request)
        if raw is None:
            return _refusal(413)
        answer = await mailbox.receive(
            platform=platform, connection_id=_uuid(connection_id), headers=dict(request.headers), raw=raw, at=clock()
        )  # fmt: skip
        if answer is Answer.NOT_AUTHENTIC:
            return _refusal(401)
        return Response(b'{"received":true}', media_type="application/json")

    return [receive_webhook]


async def _raw_body(request: Request[Any, Any, Any]) -> bytes | None:
    """Return the bytes as sent (never decompressed), or nothing as soon as they exceed the limit."""
    if _declared(request) > BODY_LIMIT:
        return None
    chunks, size = [], 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > BODY_LIMIT:
                return None
            chunks.append(chunk)
    except HTTPException as error:
        if error.status_code == 413:
            return None
        raise
    return b"".join(chunks)


def _declared(request: Request[Any, Any, Any]) -> int:
    length = request.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 20 else 0


def _uuid(text: str) -> UUID:
    """Return the id; a malformed one becomes an unknown one, and costs the same."""
    try:
        return UUID(text)
    except ValueError:
        return uuid4()


def _refusal(status: int) -> Response[bytes]:
    code, detail = _REFUSALS[status]
    problem = {"type": "about:blank", "title": code.replace("_", " "), "status": status, "code": code, "detail": detail}
    return Response(msgspec.json.encode(problem), status_code=status, media_type="application/problem+json")
