"""Every address of the portal, below /returns/<handle>."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final

from litestar import Request, Response, Router, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from retour.doors.portal import (
    answering,
    changing,
    choosing,
    each,
    editing,
    explaining,
    files,
    following,
    gifts,
    instant,
    kinds,
    looking,
    moving,
    parcels,
    sending,
    swapping,
    visiting,
    why,
    withdrawing,
)
from retour.doors.portal.desk import AnyRequest, Desk, Elsewhere
from retour.flows.photo.beforehand import LIMIT_BYTES
from retour.store.db import Database
from retour.store.policy import PolicyCache
from retour.store.vault import Vault
from retour.web.error_pages import as_page
from retour.web.pages import Pages, see

Answer = Callable[[Desk, AnyRequest, str], Awaitable[Response[Any]]]

PAGES: Final[tuple[tuple[str, Answer, Answer | None], ...]] = (
    ("", looking.show_start, looking.find_order),
    ("/code", looking.show_code, looking.try_code),
    ("/code/again", looking.show_code, looking.send_again),
    ("/link", looking.follow_link, None),
    ("/waiting", looking.show_waiting, None),
    ("/leave", looking.show_start, looking.leave),
    ("/kind", choosing.show_items, kinds.take_kind),
    ("/items", choosing.show_items, choosing.take_items),
    ("/reasons", why.show_reasons, why.take_reasons),
    ("/files/{name:str}", files.show_file, None),
    ("/offers", choosing.show_offers, choosing.take_offer),
    ("/offers/each", each.show_each, each.take_each),
    ("/articles", swapping.show_articles, swapping.take_article),
    ("/articles/find", swapping.show_articles, swapping.find_article),
    ("/review", sending.show_review, sending.send),
    ("/way", sending.show_way, sending.take_way),
    ("/withdraw", withdrawing.show_statement, withdrawing.check_statement),
    ("/withdraw/confirm", withdrawing.show_statement, withdrawing.confirm_statement),
    ("/withdraw/{id:str}", withdrawing.show_received, None),
    ("/gift", gifts.show_gift, gifts.find_gift),
    ("/gift/link", gifts.show_link, gifts.take_link),
    ("/gift/given", gifts.show_given, None),
    ("/gift/back", gifts.come_back, None),
    ("/list", following.list_returns, None),
    ("/{name:str}", following.show_return, None),
    ("/{name:str}/explanation.pdf", explaining.show_paper, None),
    ("/{name:str}/papers/{file:str}", parcels.show_file, None),
    ("/{name:str}/code.svg", visiting.show_code, None),
    ("/{name:str}/parcel", parcels.ask_number, parcels.take_number),
    ("/{name:str}/edit", editing.show, editing.take),
    ("/{name:str}/address", moving.show, moving.take),
    ("/{name:str}/article", changing.show, changing.take),
    ("/{name:str}/article/find", changing.show, changing.find),
    ("/{name:str}/answer", answering.show, answering.take),
    ("/{name:str}/at-once", following.show_return, instant.ask),
    ("/{name:str}/cancel", following.ask_cancel, following.cancel),
)

# Forms that bring files: a little more than they may weigh, so that too large a one is refused in words.
LARGE: Final[Mapping[str, int]] = {"/reasons": LIMIT_BYTES + 1024}


def route_handlers(
    database: Database, vault: Vault, pages: Pages, policies: PolicyCache, *, clock: Callable[[], datetime],
    public_url: str,
) -> list[Router]:  # fmt: skip
    """Return the portal's routes, to be mounted in an app."""
    desk = Desk(database, vault, pages, policies, clock=clock, public_url=public_url)
    handlers: list[HTTPRouteHandler] = []
    for path, shows, takes in PAGES:
        handlers.append(_handler(get, path, shows, desk))
        if takes is not None:
            handlers.append(_handler(post, path, takes, desk, LARGE.get(path)))

    def on_error(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        return _elsewhere(desk, request, error)

    return [Router("/returns", route_handlers=handlers, exception_handlers={Exception: on_error})]


def _handler(verb: Any, path: str, answer: Answer, desk: Desk, most_bytes: int | None = None) -> HTTPRouteHandler:
    async def answer_request(request: AnyRequest, handle: FromPath[str]) -> Response[Any]:
        return await answer(desk, request, handle)

    size = {} if most_bytes is None else {"request_max_body_size": most_bytes}
    made: HTTPRouteHandler = verb("/{handle:str}" + path, status_code=200, include_in_schema=False, **size)(
        answer_request
    )
    return made


def _elsewhere(desk: Desk, request: AnyRequest, error: Exception) -> Response[Any]:
    """Lead a shopper to the page that is theirs now; tell everything else as a page."""
    if isinstance(error, Elsewhere):
        return see(f"/returns/{request.path_params.get('handle', '')}{error.path}")
    return as_page(desk.pages, request, error, now=desk.clock())
