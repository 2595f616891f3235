"""The process that reads one picture from its input and writes a clean WebP; run by `encoding`, never imported.

Arguments: longest side in pixels, most pixels of the source, most bytes of the result (0: any). Output: width and height
as 32-bit big-endian numbers, then the WebP. Exit codes: 0 done, 3 too many pixels, 4 unreadable.
"""

import io
import resource
import struct
import sys
from typing import Final

MEMORY_BYTES: Final = 640 * 1024 * 1024
CPU_S: Final = 15
TOO_LARGE: Final = 3
UNREADABLE: Final = 4
QUALITIES: Final = (80, 65, 50, 35, 20)


def confine() -> None:
    """Give up memory, time, and the right to write a file or leave a core."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def develop(raw: bytes, longest_px: int, most_pixels: int, most_bytes: int) -> bytes:
    """Return width, height and the WebP of a picture; raise SystemExit with the code of the refusal."""
    # Imported after the memory is limited; the plug-ins by name, because later nothing can be loaded any more.
    from PIL import Image, ImageOps, MpoImagePlugin, TiffImagePlugin, WebPImagePlugin  # noqa: F401, PLC0415

    Image.preinit()
    # From here on no file, socket or pipe can be opened.
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
    Image.MAX_IMAGE_PIXELS = most_pixels
    try:
        with Image.open(io.BytesIO(raw), formats=("JPEG", "PNG", "WEBP")) as source:
            if source.width * source.height > most_pixels:
                raise SystemExit(TOO_LARGE)
            image: Image.Image = source
            if image.mode in {"1", "P", "PA"}:
                image = image.convert("RGBA")
            image.thumbnail((longest_px, longest_px), Image.Resampling.LANCZOS)
            upright = ImageOps.exif_transpose(image)
            mode = "RGBA" if upright.has_transparency_data else "RGB"
            pixels = upright.convert(mode)
    except Image.DecompressionBombError:
        raise SystemExit(TOO_LARGE) from None
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, struct.error, KeyError, TypeError, IndexError):
        # What decoders are known to raise for broken input; anything else ends the process with a code of its own.
        raise SystemExit(UNREADABLE) from None
    clean = Image.new(mode, pixels.size)
    clean.paste(pixels)
    return struct.pack(">II", *clean.size) + encode(clean, most_bytes)


def encode(clean: "object", most_bytes: int) -> bytes:
    """Return the picture as WebP in the best quality that fits."""
    out = b""
    for quality in QUALITIES:
        into = io.BytesIO()
        clean.save(into, "WEBP", quality=quality, method=4)  # type: ignore[attr-defined]
        out = into.getvalue()
        if most_bytes == 0 or len(out) <= most_bytes:
            break
    return out


if __name__ == "__main__":
    confine()
    sys.stdout.buffer.write(develop(sys.stdin.buffer.read(), *(int(word) for word in sys.argv[1:4])))
