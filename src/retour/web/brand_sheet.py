"""The style sheet of a merchant's colour, made from the colour that stands in its address."""

import hashlib
import re
from dataclasses import fields
from functools import lru_cache
from typing import Any, Final

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from retour.core.brand import Shades, palette, read_colour

_ADDRESS: Final = re.compile(r"([0-9a-f]{6})-[0-9a-f]{8}\.css")


@lru_cache(maxsize=512)
def brand_sheet(colour: str) -> str:
    """Return the style sheet that gives a page the palette of a colour; it wins over the tokens by its place."""
    made = palette(colour)
    return (
        f":root{{{_tokens(made.light)}}}\n"
        f"@media (prefers-color-scheme:dark){{:root:not([data-theme]){{{_tokens(made.dark)}}}}}\n"
        f":root[data-theme=dark]{{{_tokens(made.dark)}}}\n"
    )


@lru_cache(maxsize=512)
def brand_url(colour: str) -> str:
    """Return the address of a colour's style sheet, which changes when the palette would."""
    read = read_colour(colour)
    return f"/theme/{read[1:]}-{hashlib.sha256(brand_sheet(read).encode()).hexdigest()[:8]}.css"


def brand_handlers() -> list[HTTPRouteHandler]:
    """Return the handler of /theme/…."""

    @get("/theme/{name:str}", sync_to_thread=False, include_in_schema=False)
    def theme(name: FromPath[str], request: Request[Any, Any, Any]) -> Response[str]:  # noqa: ARG001 - a handler
        """Answer the style sheet of the colour in the address."""
        match = _ADDRESS.fullmatch(name)
        if match is None:
            raise NotFoundException
        is_current = brand_url(match[1]).endswith(name)
        return Response(
            brand_sheet(f"#{match[1]}"),
            media_type="text/css",
            headers={
                "Cache-Control": "public, max-age=31536000, immutable" if is_current else "no-cache",
                "X-Content-Type-Options": "nosniff",
            },
        )

    return [theme]


def _tokens(shades: Shades) -> str:
    return "".join(f"--brand-{token.name}:{getattr(shades, token.name)};" for token in fields(shades))
