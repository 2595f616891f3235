"""The page of all components in all states, for whoever builds pages."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from retour.web.pages import Pages


def design_handlers(pages: Pages, clock: Callable[[], datetime]) -> list[HTTPRouteHandler]:
    """Return the handler of /design."""

    @get("/design", sync_to_thread=False, include_in_schema=False)
    def design(request: Request[Any, Any, Any]) -> Response[str]:
        """Answer every component as staff see it."""
        return pages.render("web/design.html", reader=pages.reader(request, now=clock()))

    return [design]
