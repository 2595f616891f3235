"""Turns an uploaded picture into a small WebP of our own making, in a process that can do nothing else.

Each photo gets a process of its own: 0.15 s to start, and whatever a crafted file does to the decoder ends with it. The
process has no environment, no files beyond its pipes, and limits on memory and time (`encoder.py`).
"""

import asyncio
import contextlib
import hashlib
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from weakref import WeakKeyDictionary

from retour.core.attachment import MOST_BYTES_OF_A_VIDEO, Media, video_of
from retour.core.errors import Refused

MOST_BYTES: Final = 10 * 1024 * 1024  # of an upload
MOST_PIXELS: Final = 40_000_000
TIMEOUT_S: Final = 20.0
AT_ONCE: Final = 2  # processes; a decoded picture of 40 megapixels holds 160 MB

_ENCODER: Final = Path(__file__).with_name("encoder.py")
_SIZE: Final = struct.Struct(">II")
_TYPES: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_turns: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture as it is kept: WebP without any metadata, upright; sizes in pixels."""

    webp: bytes
    width: int
    height: int

    @property
    def content(self) -> bytes:
        """Return the bytes."""
        return self.webp

    @property
    def media(self) -> Media:
        """Return what it is."""
        return Media.PICTURE

    @property
    def sha256(self) -> bytes:
        """Return the fingerprint of the bytes."""
        return hashlib.sha256(self.webp).digest()


@dataclass(frozen=True, slots=True)
class Video:
    """A video as it was received: only its container was looked at."""

    content: bytes
    media: Media

    width: None = None
    height: None = None

    @property
    def sha256(self) -> bytes:
        """Return the fingerprint of the bytes."""
        return hashlib.sha256(self.content).digest()


async def take(raw: bytes, *, longest_px: int, videos: bool = True) -> Photo | Video:
    """Return what was sent as it is kept: a picture made anew, or a video whose container is what it says.

    Raises Refused as `reencode` does, `video_too_large` above 50 MB.
    """
    media = video_of(raw) if videos and not is_photo(raw) else None
    if media is None:
        return await reencode(raw, longest_px=longest_px)
    if len(raw) > MOST_BYTES_OF_A_VIDEO:
        limit = MOST_BYTES_OF_A_VIDEO >> 20
        raise Refused("video_too_large", f"a video may have {limit} MB", facts={"limit_mb": limit})
    return Video(raw, media)


def is_photo(raw: bytes) -> bool:
    """Return whether the bytes begin like a JPEG, PNG or WebP; the sender's word on the type is never asked."""
    return raw.startswith(_TYPES) or (raw[:4] == b"RIFF" and raw[8:12] == b"WEBP")


async def reencode(raw: bytes, *, longest_px: int, most_bytes: int | None = None) -> Photo:
    """Return the picture as WebP, its longer side at most `longest_px`, upright, without EXIF, ICC, XMP or anything hidden.

    With `most_bytes` the quality is lowered until the result fits. Raises Refused: `photo_wrong_type` for anything
    but JPEG, PNG and WebP, `photo_too_large` above 10 MB or 40 megapixels, `photo_unreadable` for a broken picture
    or one that costs more than 20 seconds or 640 MB.
    """
    if len(raw) > MOST_BYTES:
        raise Refused("photo_too_large", "a photo may have 10 MB", facts={"limit_mb": MOST_BYTES >> 20})
    if not is_photo(raw):
        raise Refused("photo_wrong_type", "a photo is a JPEG, PNG or WebP picture")
    async with _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE)):
        ended, out = await _encode(raw, longest_px, most_bytes or 0)
    if ended == 3:
        raise Refused("photo_too_large", "a photo may have 40 megapixels", facts={"limit_megapixels": 40})
    if ended != 0 or len(out) <= _SIZE.size:
        raise Refused("photo_unreadable", "the picture cannot be read")
    width, height = _SIZE.unpack_from(out)
    return Photo(out[_SIZE.size :], width, height)


async def _encode(raw: bytes, longest_px: int, most_bytes: int) -> tuple[int, bytes]:
    """Return how the process ended (negative: by a signal) and what it wrote."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-B", str(_ENCODER), str(longest_px), str(MOST_PIXELS), str(most_bytes),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env={}, cwd="/", start_new_session=True,
    )  # fmt: skip
    try:
        out, _ = await asyncio.wait_for(process.communicate(raw), TIMEOUT_S)
    except TimeoutError:
        return -1, b""
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    assert process.returncode is not None
    return process.returncode, out
