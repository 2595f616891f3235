"""Photos and videos of returns as answers: private, kept nowhere on the way, never read as anything else than they are."""

from typing import Final

from litestar import Response

from retour.core.attachment import Media

HEADERS: Final = {
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
}


def as_attachment(content: bytes, media: Media, name: str) -> Response[bytes]:
    """Return a picture to be shown in place, or a video to be saved under that name: nobody looked inside of it."""
    shown = "inline" if media is Media.PICTURE else f'attachment; filename="{name}"'
    return Response(content, media_type=media.value, headers={**HEADERS, "Content-Disposition": shown})
