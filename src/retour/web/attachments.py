"""Photos and videos of returns as answers: private, kept nowhere on the way, never read as anything else than they are."""

from typing import Final

from litestar import Response

from retour.core.attachment import Media
from retour.core.errors import Refused
from retour.web.reader import Reader

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


def refusal_text(refused: Refused, reader: Reader) -> str | None:
    """Return why a file that was sent beforehand was not kept, or nothing for a refusal of another kind."""
    say, limit = reader.say, refused.facts.get("limit")
    texts = {
        "photo_too_large": say("The photo is too large (limit 10 MB). Everything else is kept. Choose another."),
        "video_too_large": say("The video is too large (limit 50 MB). Everything else is kept. Choose another."),
        "photo_wrong_type": say("This is no photo or video. Everything else is kept. Choose a JPEG, PNG, WebP or MP4."),
        "photo_unreadable": say("The photo cannot be read. Everything else is kept. Choose another."),
        "too_many_photos": say("That is more than %(most)s photos. Everything else is kept.", most=limit),
        "photos_too_large": say("All files together are too large. Everything else is kept. Remove one first."),
        "too_many_tries": say("That were many files in a short time. Everything else is kept. Wait a minute."),
    }
    return texts.get(refused.code)
