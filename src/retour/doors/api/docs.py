"""The API explained: the OpenAPI document and Swagger UI, all from this server and without inline script."""

from pathlib import Path
from typing import Any, Final

import msgspec
from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from retour import web

ASSETS: Final = Path(web.__file__).parent / "assets"
_VENDOR: Final = ASSETS / "vendor" / "swagger-ui"
FILES: Final = {
    "swagger-ui.css": (_VENDOR / "swagger-ui.css", "text/css"),
    "swagger-ui-bundle.js": (_VENDOR / "swagger-ui-bundle.js", "text/javascript"),
    "favicon-32x32.png": (_VENDOR / "favicon-32x32.png", "image/png"),
    "start.js": (ASSETS / "swagger-start.js", "text/javascript"),
}
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Retour API</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" type="image/png" href="docs/favicon-32x32.png">
<script src="docs/swagger-ui-bundle.js" defer></script>
<script src="docs/start.js" defer></script>
</head>
<body>
<main id="docs"><noscript>The description of the API is at <a href="openapi.json">openapi.json</a>.</noscript></main>
</body>
</html>
"""
_MISSING: Final = (
    "The browser's files of the API documentation are not here: run `make setup`, which fetches them.\n"
    "The description of the API is at /api/v1/openapi.json.\n"
)
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def docs_handlers(document: dict[str, Any]) -> list[HTTPRouteHandler]:
    """Return the handlers of /openapi.json, /docs and the files of the page."""
    described = msgspec.json.encode(document)

    @get("/openapi.json", sync_to_thread=False)
    def openapi() -> Response[bytes]:
        """Return the OpenAPI 3.1 document."""
        return Response(described, media_type="application/json", headers={"X-Content-Type-Options": "nosniff"})

    return [openapi, docs, docs_file]


@get("/docs", sync_to_thread=False)
def docs() -> Response[str]:
    """Return the page of Swagger UI, or in plain words why it is not there."""
    if not all(path.is_file() for path, _ in FILES.values()):
        return Response(_MISSING, status_code=200, media_type="text/plain", headers=HEADERS)
    return Response(_PAGE, media_type="text/html", headers=HEADERS)


@get("/docs/{name:str}", sync_to_thread=True)
def docs_file(name: FromPath[str]) -> Response[bytes]:
    """Return one of the page's files; there are no others."""
    path, media_type = FILES.get(name, (None, ""))
    if path is None or not path.is_file():
        raise NotFoundException
    return Response(path.read_bytes(), media_type=media_type, headers=HEADERS | {"Cache-Control": "max-age=3600"})
