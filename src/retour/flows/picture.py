"""Fetches a picture of goods once, makes it small and harmless, and keeps it; runs in the worker, never in the web."""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.errors import Refused
from retour.core.picture import LONGEST_PX, MOST_BYTES, pause_after
from retour.core.ports import PictureSource, Silence, WireAnswer
from retour.flows.photo.encoding import Photo, reencode
from retour.store import picture as pictures
from retour.store.db import Database

Clock = Callable[[], datetime]
GONE: Final = frozenset({400, 401, 403, 404, 410, 451})


async def fetch(
    database: Database, source: PictureSource, *, tenant_id: UUID, picture_id: UUID, clock: Clock
) -> str | None:
    """Fetch a picture that is due and keep it; return what went wrong, or nothing when it is kept or was not due.

    What can never be a picture is given up at once; anything else is tried again, later each time.
    """
    async with database.tx(tenant_id) as db:
        due = await pictures.due(db, picture_id)
    if due is None:
        return None
    answer = await source.fetch_picture(url=due["url"])
    problem, photo = await _developed(answer)
    async with database.tx(tenant_id) as db:
        if photo is not None:
            await pictures.keep(
                db, picture_id, webp=photo.webp, width=photo.width, height=photo.height, at=clock()
            )  # fmt: skip
        else:
            pause = None if problem in _FINAL else pause_after(due["tries"] + 1)
            await pictures.miss(
                db, picture_id, problem=problem, again_at=None if pause is None else clock() + pause
            )  # fmt: skip
    return problem or None


_FINAL: Final = frozenset({"gone", "forbidden_address", "not_a_picture", "too_large"})


async def _developed(answer: WireAnswer) -> tuple[str, Photo | None]:
    """Return the small picture in an answer, or in one word why there is none."""
    if answer.silence is Silence.NOT_SENT and answer.headers:
        return "forbidden_address", None
    if answer.silence is not None:
        return "no_answer", None
    if answer.status in GONE:
        return "gone", None
    if answer.status != 200:
        return f"status_{answer.status}", None
    try:
        photo = await reencode(answer.body, longest_px=LONGEST_PX, most_bytes=MOST_BYTES)
    except Refused as refused:
        return "too_large" if refused.code == "photo_too_large" else "not_a_picture", None
    return ("", photo) if len(photo.webp) <= 2 * MOST_BYTES else ("too_large", None)
