"""What every door for messages does: read the raw bytes with a limit, and refuse in the same words."""

from typing import Any, Final
from uuid import UUID, uuid4

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

BODY_LIMIT: Final = 1024 * 1024  # bytes

_REFUSALS: Final = {
    401: ("not_authentic", "The signature does not belong to this body and connection."),
    404: ("platform_not_found", "Nothing of that name sends messages here."),
    413: ("body_too_large", "The body is larger than 1 MB."),
}


async def raw_body(request: Request[Any, Any, Any]) -> bytes | None:
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


def known_id(text: str) -> UUID:
    """Return the id; a malformed one becomes an unknown one, and costs the same."""
    try:
        return UUID(text)
    except ValueError:
        return uuid4()


def refusal(status: int) -> Response[bytes]:
    code, detail = _REFUSALS[status]
    problem = {"type": "about:blank", "title": code.replace("_", " "), "status": status, "code": code, "detail": detail}
    return Response(msgspec.json.encode(problem), status_code=status, media_type="application/problem+json")
