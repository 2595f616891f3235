"""Refusals as pages: what happened, what is safe, what to do; the same reading of exceptions as problem+json."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.types import ExceptionHandlersMap

from retour.web import problem
from retour.web.pages import Pages
from retour.web.problem import Problem
from retour.web.reader import Reader

_JSON_ONLY: Final = ("/api/", "/hooks/", "/healthz", "/readyz", "/metrics", "/assets/", "/theme/", "/pictures/")


@dataclass(frozen=True, slots=True)
class Said:
    """A refusal in words."""

    heading: str
    text: list[str]
    links: list[tuple[str, str]]


def page_exception_handlers(pages: Pages, clock: Callable[[], datetime]) -> ExceptionHandlersMap:
    """Return what turns every exception of a door of pages into a page."""

    def answer(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        return as_page(pages, request, error, now=clock())

    return {Exception: answer}


def either_exception_handlers(pages: Pages, clock: Callable[[], datetime]) -> ExceptionHandlersMap:
    """Return the handlers of the application: a page for a browser that asks for one, problem+json for the rest."""

    def answer(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        accepts_page = "text/html" in request.headers.get("accept", "")
        if accepts_page and not request.url.path.startswith(_JSON_ONLY):
            return as_page(pages, request, error, now=clock())
        return problem.answer(request, error)

    return {Exception: answer}


def as_page(pages: Pages, request: Request[Any, Any, Any], error: Exception, *, now: datetime) -> Response[Any]:
    """Return the page of an exception, with the status that its problem would have."""
    answered = problem.answer(request, error)
    told = msgspec.json.decode(answered.content, type=Problem)
    reader = pages.reader(request, now=now)
    said = in_words(told, reader, at=request.url.path)
    return pages.render(
        "web/error.html",
        reader=reader,
        status=told.status,
        headers={name: value for name, value in answered.headers.items() if name.lower() == "retry-after"},
        heading=said.heading,
        text=said.text,
        links=said.links,
        for_shopper=request.url.path.startswith("/returns/"),
        reference=told.instance.rpartition(":")[2] if told.instance else None,
    )


def in_words(told: Problem, reader: Reader, *, at: str) -> Said:
    """Return what a problem says to whoever opened the page at this path."""
    say = reader.say
    again = [(say("Open the page again"), at)]
    home = [(say("Go to the start"), _start_of(at))]
    match told.status:
        case 403 if told.code in ("form_expired", "foreign_form"):
            text = [say("Nothing was changed. The form was from an earlier visit or from another site.")]
            return Said(
                say("This form cannot be used any more"), [*text, say("Open the page and send it again.")], again
            )
        case 403:
            text = [say("Nothing was changed. Your account has no right to this page."), say("An owner can grant it.")]
            return Said(say("This page is not open to you"), text, home)
        case 404 | 405:
            text = [say("The address may be mistyped, or what stood here is gone.")]
            return Said(say("There is no page here"), text, home)
        case 409:
            text = [say("Your change was not saved: this has changed since you opened the page.")]
            return Said(say("Somebody was faster"), [*text, say("Look at it as it is now and decide again.")], again)
        case 411 | 413:
            text = [say("Nothing was saved. What was sent is larger than this page takes.")]
            return Said(say("That is too large"), text, again)
        case 429:
            text = [say("Nothing was changed. Too many tries came in a short time."), say("Wait a few minutes.")]
            return Said(say("One moment"), text, again)
        case 503:
            text = [say("Nothing was changed. The database is busy or restarting."), say("Try again in a few seconds.")]
            return Said(say("Retour is busy"), text, again)
        case status if status >= 500:
            text = [say("Nothing was changed. The error is in the log and will be looked at.")]
            return Said(say("Something went wrong on our side"), text, again)
        case _:
            text = [say("Nothing was changed. Part of what was sent does not fit.")]
            return Said(say("This could not be read"), text, again)


def _start_of(path: str) -> str:
    """Return the start of the rooms that a path belongs to."""
    parts = path.strip("/").split("/")
    if parts[0] == "returns" and len(parts) > 1:
        return f"/returns/{parts[1]}"
    return f"/{parts[0]}" if parts[0] in ("dashboard", "warehouse") else "/"
