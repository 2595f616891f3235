"""What may be sent along with a request or a note: how many, how large, and what a video must begin like."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from retour.core.errors import Refused
from retour.core.visit import Limit

MOST_OF_A_LINE: Final = 10  # pictures and videos
MOST_OF_A_REQUEST: Final = 24
MOST_OF_A_NOTE: Final = 5
MOST_OF_A_RETURN: Final = 40
MOST_BYTES_OF_A_REQUEST: Final = 80 * 1024 * 1024  # as they are kept
MOST_BYTES_OF_A_VIDEO: Final = 50 * 1024 * 1024
UNUSED_LIFE: Final = timedelta(hours=24)  # of what a program sent and no request named
# A file costs a process of its own for up to 20 seconds, whatever comes of it.
TRIES: Final = Limit(timedelta(minutes=1), 30)


class Media(StrEnum):
    """What is kept: a picture as we make it, a video as it was received."""

    PICTURE = "image/webp"
    MP4 = "video/mp4"
    WEBM = "video/webm"
    QUICKTIME = "video/quicktime"


@dataclass(frozen=True, slots=True)
class Held:
    """What a request, or an order's uploads, hold already; `size` in bytes."""

    count: int
    size: int
    of_line: int = 0


def check_room(held: Held, size: int) -> None:
    """Raise Refused unless one more of that size may be kept: `too_many_photos`, `photos_too_large`."""
    if held.count >= MOST_OF_A_REQUEST:
        raise Refused(
            "too_many_photos", f"a request has {MOST_OF_A_REQUEST} photos at most", facts={"limit": MOST_OF_A_REQUEST}
        )
    if held.of_line >= MOST_OF_A_LINE:
        raise Refused("too_many_photos", f"a line has {MOST_OF_A_LINE} photos at most", facts={"limit": MOST_OF_A_LINE})
    if held.size + size > MOST_BYTES_OF_A_REQUEST:
        limit = MOST_BYTES_OF_A_REQUEST >> 20
        raise Refused("photos_too_large", f"all files of a request have {limit} MB", facts={"limit_mb": limit})


def check_count(count: int) -> None:
    """Raise Refused(too_many_photos) for more than go with one note."""
    if count > MOST_OF_A_NOTE:
        raise Refused(
            "too_many_photos", f"a note has {MOST_OF_A_NOTE} photos at most", field="photos",
            facts={"limit": MOST_OF_A_NOTE},
        )  # fmt: skip


# --- videos ------------------------------------------------------------------------------------------------------------

_EBML: Final = b"\x1a\x45\xdf\xa3"
_DOC_TYPE: Final = b"\x42\x82"
# Brands of ISO 14496-12 files that hold video for people: https://mp4ra.org/registered-types/brands
_MP4: Final = frozenset({b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"MSNV", b"3gp4",
                         b"3gp5", b"3gp6"})  # fmt: skip
_BOXES: Final = frozenset({b"moov", b"mdat", b"free", b"skip", b"wide", b"moof", b"uuid", b"meta", b"sidx", b"styp", b"mfra",
                           b"pdin", b"ssix", b"prft", b"emsg", b"udta", b"pnot"})  # fmt: skip


def video_of(raw: bytes) -> Media | None:
    """Return which video the bytes are by their container from beginning to end, or nothing.

    ISO base media files (mp4, QuickTime) must consist of known boxes alone, one of them `moov`; WebM must begin with an
    EBML head that says so. The sender's word on the type is never asked.
    """
    if raw.startswith(_EBML):
        return Media.WEBM if _is_webm(raw) else None
    return _boxed(raw)


def _boxed(raw: bytes) -> Media | None:
    if raw[4:8] != b"ftyp" or len(raw) < 16:
        return None
    at, kinds = 0, set[bytes]()
    while at < len(raw):
        size = _box_size(raw, at)
        if size is None or at + size > len(raw):
            return None
        kind = raw[at + 4 : at + 8]
        if at > 0 and kind not in _BOXES:
            return None
        kinds.add(kind)
        at += size
    if b"moov" not in kinds:
        return None
    brand = raw[8:12]
    return Media.QUICKTIME if brand == b"qt  " else Media.MP4 if brand in _MP4 else None


def _box_size(raw: bytes, at: int) -> int | None:
    """Return the size of the box at a place, head and all; nothing for one that cannot be."""
    size, head = int.from_bytes(raw[at : at + 4], "big"), 8
    if size == 1:
        size, head = int.from_bytes(raw[at + 8 : at + 16], "big"), 16
    elif size == 0:
        size = len(raw) - at  # to the end of the file
    return size if size >= head else None


def _is_webm(raw: bytes) -> bool:
    """Return whether the EBML head (of at most 64 bytes) says `webm` and a segment follows it."""
    size = raw[4] & 0x7F if len(raw) > 4 and raw[4] & 0x80 else None
    if size is None and raw[4:5] == b"\x01":
        size, start = int.from_bytes(raw[5:12], "big"), 12
    else:
        start = 5
    if size is None or size > 64:
        return False
    head = raw[start : start + size]
    at = head.find(_DOC_TYPE)
    named = at >= 0 and head[at + 2 : at + 7] == b"\x84webm"
    return named and raw[start + size : start + size + 4] == b"\x18\x53\x80\x67"
