"""What the web process serves for every door of pages: assets, brand colours and the page of all components."""

from collections.abc import Callable
from datetime import datetime

from litestar.handlers import HTTPRouteHandler

from retour.web.assets import asset_handlers
from retour.web.brand_sheet import brand_handlers
from retour.web.design import design_handlers
from retour.web.pages import Pages


def kit_handlers(pages: Pages, clock: Callable[[], datetime]) -> list[HTTPRouteHandler]:
    """Return the handlers of /assets/…, /theme/… and /design."""
    return [*asset_handlers(pages.assets), *brand_handlers(), *design_handlers(pages, clock)]
