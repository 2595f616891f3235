"""Shows the pictures of goods from this server, so that a page asks no other one."""

from typing import Final
from uuid import UUID

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from retour.store import picture as pictures
from retour.store.db import Database

SUFFIX: Final = ".webp"
_KEPT: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_MISSING: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def picture_handlers(database: Database) -> list[HTTPRouteHandler]:
    """Return the handler of /pictures/<id>.webp; it answers whoever has the id, which no one can guess."""

    @get("/pictures/{name:str}")
    async def picture(name: FromPath[str]) -> Response[bytes]:
        """Return a picture that is kept, else 404 without a word."""
        webp = await _read(database, name)
        if webp is None:
            return Response(b"", status_code=404, media_type="text/plain", headers=_MISSING)
        return Response(webp, media_type="image/webp", headers=_KEPT)

    return [picture]


async def _read(database: Database, name: str) -> bytes | None:
    try:
        id_ = UUID(name.removesuffix(SUFFIX)) if name.endswith(SUFFIX) else None
    except ValueError:
        id_ = None
    if id_ is None:
        return None
    async with database.tx(None) as db:
        tenant_id = await pictures.find_tenant(db, id_)
    if tenant_id is None:
        return None
    async with database.tx(tenant_id) as db:
        return await pictures.read(db, id_)
