"""How a page and a form of the staff are let in: a path, who may, and what answers."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from retour.core.account import Role
from retour.doors.dashboard.desk import Desk, Visit, visit
from retour.web.session import DESK

_MOST_BYTES: Final = 10_000_000
Do = Callable[[Visit], Awaitable[Response[Any]]]


def page(desk: Desk, path: str, do: Do, roles: Sequence[Role] = DESK) -> HTTPRouteHandler:
    """Return the handler of a page that some roles may read."""

    @get(path, guards=[desk.sessions.require(*roles)], include_in_schema=False, name=f"GET {path}")
    async def answer(request: Request[Any, Any, Any]) -> Response[Any]:
        return await do(visit(desk, request))

    return answer


def form(desk: Desk, path: str, do: Do, roles: Sequence[Role], *, most_bytes: int = _MOST_BYTES) -> HTTPRouteHandler:
    """Return the handler of a form that some roles may send; the guard has checked where it comes from.

    The guard reads the form for its token: one of more than `most_bytes` has none.
    """

    @post(
        path, guards=[desk.sessions.require(*roles)], include_in_schema=False, status_code=200, name=f"POST {path}",
        request_max_body_size=most_bytes,
    )  # fmt: skip
    async def answer(request: Request[Any, Any, Any]) -> Response[Any]:
        return await do(visit(desk, request))

    return answer
