"""Files that come with a form of the staff: made harmless before anything is written, or refused in words."""

from collections.abc import Mapping
from typing import Final

from retour.core.attachment import MOST_BYTES_OF_A_VIDEO, MOST_OF_A_NOTE
from retour.core.errors import Refused
from retour.flows.photo import evidence
from retour.flows.photo.encoding import Photo, Video, take
from retour.web.forms import Form, FormErrors
from retour.web.reader import Reader

LIMIT_BYTES: Final = MOST_BYTES_OF_A_VIDEO + 8 * 1024 * 1024
FIELD: Final = "photo"


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


_SAID: Final[Mapping[str, str]] = {
    "photo_too_large": _("The photo is too large (limit 10 MB). Choose it again smaller"),
    "video_too_large": _("The video is too large (limit 50 MB). Choose another"),
    "photo_wrong_type": _("This is no photo or video. Choose a JPEG, PNG, WebP or MP4"),
    "photo_unreadable": _("The photo cannot be read. Choose another"),
}


async def taken(sent: Form, errors: FormErrors, reader: Reader) -> tuple[Photo | Video, ...]:
    """Return the files of a form as they are kept; what is refused is said at the field."""
    files = sent.uploads(FIELD)
    if len(files) > MOST_OF_A_NOTE:
        errors.add(FIELD, reader.say("Choose %(most)s files at most", most=reader.number(MOST_OF_A_NOTE)))
        return ()
    found: list[Photo | Video] = []
    for upload in files:
        try:
            found.append(await take(await upload.read(), longest_px=evidence.LONGEST_PX))
        except Refused as refused:
            if refused.code not in _SAID:
                raise
            errors.add(FIELD, reader.say(_SAID[refused.code]))
    return tuple(found)
