"""What comes out of a photo is a small upright WebP and nothing else; what is no photo does not come in."""

import asyncio
import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from retour.core.errors import Refused
from retour.flows.photo.encoding import MOST_BYTES, Photo, reencode

pytestmark = pytest.mark.anyio
SECRET = b"GPS-52.52-13.40"


def a_picture(kind: str = "JPEG", size: tuple[int, int] = (60, 40), mode: str = "RGB", **more: object) -> bytes:
    into = io.BytesIO()
    Image.effect_noise(size, 40).convert(mode).save(into, kind, **more)
    return into.getvalue()


def turned(orientation: int) -> bytes:
    """Return a wide JPEG, red on the left, whose EXIF tells how it was held and where it was taken."""
    picture = Image.new("RGB", (80, 40), "blue")
    picture.paste("red", (0, 0, 40, 40))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = SECRET.decode()
    into = io.BytesIO()
    picture.save(into, "JPEG", exif=exif, icc_profile=b"ICC" + SECRET, comment=SECRET, quality=95)
    return into.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def opened(photo: Photo) -> Image.Image:
    return Image.open(io.BytesIO(photo.webp))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_every_kind_becomes_webp_of_the_asked_size(kind: str) -> None:
    photo = await reencode(a_picture(kind, (600, 300)), longest_px=200)

    assert (photo.width, photo.height) == (200, 100)
    assert (opened(photo).format, opened(photo).size) == ("WEBP", (200, 100))


async def test_a_small_picture_is_never_blown_up() -> None:
    photo = await reencode(a_picture(size=(60, 40)), longest_px=2000)

    assert (photo.width, photo.height) == (60, 40)


async def test_orientation_is_applied_and_everything_hidden_is_gone() -> None:
    raw = turned(6)
    assert raw.count(SECRET) == 3

    photo = await reencode(raw, longest_px=400)

    assert (photo.width, photo.height) == (40, 80)
    red, _, blue = opened(photo).convert("RGB").getpixel((20, 10))  # type: ignore[misc]
    assert red > 200
    assert blue < 60
    assert SECRET not in photo.webp
    assert not {b"EXIF", b"ICCP", b"XMP ", b"VP8X"} & {photo.webp[i : i + 4] for i in range(len(photo.webp))}
    assert dict(opened(photo).getexif()) == {}


async def test_png_texts_and_what_is_appended_are_gone_and_transparency_stays() -> None:
    told = PngImagePlugin.PngInfo()
    told.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    into = io.BytesIO()
    Image.new("RGBA", (20, 20), (255, 0, 0, 0)).save(into, "PNG", pnginfo=told)

    photo = await reencode(into.getvalue() + b"<script>alert(1)</script>PK\x03\x04", longest_px=100)

    assert SECRET not in photo.webp
    assert b"<script" not in photo.webp
    assert opened(photo).mode == "RGBA"


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA"])
async def test_odd_modes_are_read(mode: str) -> None:
    assert (await reencode(a_picture("PNG", (30, 30), mode), longest_px=20)).width == 20


async def test_a_printers_jpeg_is_read() -> None:
    assert (await reencode(a_picture("JPEG", (30, 30), "CMYK"), longest_px=20)).width == 20


async def test_of_a_phones_double_picture_the_first_is_taken() -> None:
    into = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(
        into, "MPO", save_all=True, append_images=[Image.new("RGB", (30, 20), "blue")]
    )

    photo = await reencode(into.getvalue(), longest_px=30)

    assert opened(photo).convert("RGB").getpixel((5, 5))[0] > 200  # type: ignore[index]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"GIF89a" + b"\0" * 40,
        b"%PDF-1.7\n",
        b"RIFF\x10\0\0\0WAVEfmt ",
        b"\0\0\0\x18ftypheic",
    ],
)
async def test_what_is_no_photo_is_refused_by_its_first_bytes(raw: bytes) -> None:
    with pytest.raises(Refused) as refused:
        await reencode(raw, longest_px=100)

    assert (refused.value.code, refused.value.status) == ("photo_wrong_type", 422)


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff\xd8\xff" + b"<script>" * 100,
        b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
        b"RIFF\x10\0\0\0WEBPVP8 ",
        a_picture()[:-200],
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 10, 10, 8, 2, 0, 0, 0)) + chunk(b"IEND", b""),
    ],
)
async def test_a_broken_picture_is_refused(raw: bytes) -> None:
    with pytest.raises(Refused) as refused:
        await reencode(raw, longest_px=100)

    assert refused.value.code == "photo_unreadable"


@pytest.mark.parametrize("size", [(6400, 6400), (60_000, 60_000), (40_000_001, 1)])
async def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(size: tuple[int, int]) -> None:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")

    with pytest.raises(Refused) as refused:
        await reencode(bomb, longest_px=100)

    assert refused.value.code == "photo_too_large"


async def test_a_text_that_swells_is_refused() -> None:
    swollen = chunk(b"zTXt", b"k\0\0" + zlib.compress(b"\0" * 200_000_000, 1))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))

    with pytest.raises(Refused) as refused:
        await reencode(b"\x89PNG\r\n\x1a\n" + head + swollen + chunk(b"IEND", b""), longest_px=100)

    assert refused.value.code == "photo_unreadable"


async def test_more_than_ten_megabytes_are_refused() -> None:
    with pytest.raises(Refused) as refused:
        await reencode(a_picture() + bytes(MOST_BYTES), longest_px=100)

    assert refused.value.code == "photo_too_large"


async def test_the_largest_allowed_picture_is_read() -> None:
    into = io.BytesIO()
    Image.new("RGBA", (8000, 5000), (1, 2, 3, 128)).save(into, "PNG", compress_level=1)

    photo = await reencode(into.getvalue(), longest_px=1600)

    assert (photo.width, photo.height) == (1600, 1000)


async def test_quality_gives_way_to_the_size_that_is_asked_for() -> None:
    raw = a_picture(size=(400, 400))
    full = await reencode(raw, longest_px=112)

    small = await reencode(raw, longest_px=112, most_bytes=len(full.webp) // 2)

    assert len(small.webp) <= len(full.webp) // 2


async def test_many_at_once_are_all_answered() -> None:
    photos = await asyncio.gather(*(reencode(a_picture(size=(50 + i, 50)), longest_px=500) for i in range(6)))

    assert [photo.width for photo in photos] == [50 + i for i in range(6)]


async def test_a_request_that_is_given_up_leaves_no_process() -> None:
    raw = a_picture(size=(2000, 2000), quality=95)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reencode(raw, longest_px=1600), 0.03)

    assert [command for command in commands_of_children() if b"encoder.py" in command] == []


def commands_of_children() -> list[bytes]:
    own = Path("/proc/self")
    pids = [pid for task in (own / "task").iterdir() for pid in (task / "children").read_text().split()]
    return [path.read_bytes() for pid in pids if (path := Path("/proc") / pid / "cmdline").exists()]
