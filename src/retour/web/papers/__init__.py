"""Papers: PDF documents set from data alone, away from the event loop and within a time."""

import asyncio
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from retour.core.errors import Refused

FOLDER: Final = Path(__file__).parent
TIME_S: Final = 20.0
_AT_ONCE: Final = 2
_LOGO_MOST: Final = 4_000  # pixels a side; a small file can hold a very large picture
_LOGO_SHOWN: Final = (900, 240)  # pixels
_slots: Final = asyncio.Semaphore(_AT_ONCE)


async def render(name: str, data: Mapping[str, Any], *, logo: bytes | None = None, time_s: float = TIME_S) -> bytes:
    """Return the PDF of a template of this folder; the same data gives the same bytes.

    A logo that cannot be drawn is left out. Raise Refused(paper_not_ready) if it takes too long.
    """
    async with _slots:
        try:
            return await asyncio.wait_for(asyncio.to_thread(_render, name, data, logo), time_s)
        except TimeoutError:
            raise Refused("paper_not_ready", "the document takes too long; try again") from None


def _render(name: str, data: Mapping[str, Any], logo: bytes | None) -> bytes:
    import typst  # noqa: PLC0415 - 40 MB that only a process which sets papers carries

    picture = _drawable(logo) if logo else None
    told = {**data, **({"logo": list(picture)} if picture else {})}
    made: bytes = typst.compile(
        (FOLDER / f"{name}.typ").read_bytes(),
        format="pdf",
        ignore_system_fonts=True,
        sys_inputs={"data": msgspec.json.encode(told).decode()},
    )
    return made


def _drawable(logo: bytes) -> bytes | None:
    """Return a logo as a small PNG, or nothing for bytes that are no picture or hold too large a one."""
    from PIL import Image  # noqa: PLC0415 - only a process which draws logos carries it

    try:
        with Image.open(io.BytesIO(logo), formats=("PNG", "JPEG", "WEBP")) as found:
            if max(found.size) > _LOGO_MOST:
                return None
            picture = found.convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    picture.thumbnail(_LOGO_SHOWN)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
