"""What may be sent along: counted, weighed, and a video known by its container alone."""

import pytest

from retour.core.attachment import (
    MOST_BYTES_OF_A_REQUEST,
    MOST_OF_A_LINE,
    MOST_OF_A_NOTE,
    MOST_OF_A_REQUEST,
    Held,
    Media,
    check_count,
    check_room,
    video_of,
)
from retour.core.errors import Refused

WEBM_HEAD = b"\x42\x86\x81\x01\x42\x82\x84webm"
SEGMENT = b"\x18\x53\x80\x67\x01"


def box(kind: bytes, body: bytes = b"", *, wide: bool = False) -> bytes:
    if wide:
        return (1).to_bytes(4, "big") + kind + (len(body) + 16).to_bytes(8, "big") + body
    return (len(body) + 8).to_bytes(4, "big") + kind + body


def a_video(brand: bytes = b"isom", *more: bytes) -> bytes:
    return b"".join((box(b"ftyp", brand + bytes(4)), box(b"moov", b"tracks"), box(b"mdat", b"frames"), *more))


@pytest.mark.parametrize(
    ("raw", "media"),
    [
        (a_video(), Media.MP4),
        (a_video(b"mp42"), Media.MP4),
        (a_video(b"qt  "), Media.QUICKTIME),
        (a_video(b"isom", box(b"free", b"x", wide=True)), Media.MP4),
        (a_video(b"isom", bytes(4) + b"mdat" + b"to the end"), Media.MP4),
        (b"\x1a\x45\xdf\xa3" + bytes([0x80 | len(WEBM_HEAD)]) + WEBM_HEAD + SEGMENT, Media.WEBM),
        (b"\x1a\x45\xdf\xa3\x01" + len(WEBM_HEAD).to_bytes(7, "big") + WEBM_HEAD + SEGMENT, Media.WEBM),
    ],
)
def test_a_video_is_known_by_its_container(raw: bytes, media: Media) -> None:
    assert video_of(raw) is media


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<svg onload=alert(1)>",
        box(b"ftyp"),
        box(b"ftyp", b"isom" + bytes(4)),
        a_video(b"heic"),
        a_video(b"isom", b"<script>alert(1)</script>"),
        a_video(b"isom", box(b"evil", b"x")),
        a_video()[:-1],
        a_video(b"isom", b"\x00\x00\x00\x07mdat"),
        a_video(b"isom", b"\x00\x00\x00\x01mdat\x00"),
        b"\x1a\x45\xdf\xa3",
        b"\x1a\x45\xdf\xa3\x02",
        b"\x1a\x45\xdf\xa3\xff" + bytes(200),
        b"\x1a\x45\xdf\xa3\x8b" + WEBM_HEAD + b"PK\x03\x04",
        b"\x1a\x45\xdf\xa3\x8b" + WEBM_HEAD.replace(b"webm", b"html") + SEGMENT,
        b"\x1a\x45\xdf\xa3\x84" + b"abcd" + SEGMENT,
    ],
)
def test_what_is_no_video_from_end_to_end_is_none(raw: bytes) -> None:
    assert video_of(raw) is None


@pytest.mark.parametrize(
    ("held", "code", "limit"),
    [
        (Held(MOST_OF_A_REQUEST, 0), "too_many_photos", ("limit", MOST_OF_A_REQUEST)),
        (Held(MOST_OF_A_LINE, 0, MOST_OF_A_LINE), "too_many_photos", ("limit", MOST_OF_A_LINE)),
        (Held(1, MOST_BYTES_OF_A_REQUEST), "photos_too_large", ("limit_mb", 80)),
    ],
)
def test_a_request_holds_so_much_and_no_more(held: Held, code: str, limit: tuple[str, int]) -> None:
    with pytest.raises(Refused) as refused:
        check_room(held, 1)

    assert (refused.value.code, *refused.value.facts.items()) == (code, limit)
    check_room(Held(MOST_OF_A_REQUEST - 1, MOST_BYTES_OF_A_REQUEST - 1, MOST_OF_A_LINE - 1), 1)


def test_a_note_has_so_many_photos_and_no_more() -> None:
    check_count(MOST_OF_A_NOTE)

    with pytest.raises(Refused) as refused:
        check_count(MOST_OF_A_NOTE + 1)

    assert (refused.value.code, refused.value.field, refused.value.facts) == (
        "too_many_photos", "photos", {"limit": MOST_OF_A_NOTE},
    )  # fmt: skip
