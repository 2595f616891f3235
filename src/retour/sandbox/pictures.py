"""Draws the shop's product pictures: one simple shape for each kind of goods on a soft ground, the same every time."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Sequence
from functools import cache
from typing import Final

from PIL import Image, ImageDraw

SIZE: Final = 480
_FINE: Final = 3  # drawn larger and scaled down, so that edges are smooth
_GRID: Final = 120  # the shapes' own units

Colour = str
Points = Sequence[tuple[float, float]]


class Pen:
    """Draws on a ground in units of a 120 grid; `main` is the goods' colour, `deep` its shade, `pale` its light."""

    def __init__(self, ground: Colour, main: Colour, deep: Colour, pale: Colour) -> None:
        side = SIZE * _FINE
        self.image = Image.new("RGB", (side, side), ground)
        self._draw = ImageDraw.Draw(self.image)
        self._unit = side / _GRID
        self.ground, self.main, self.deep, self.pale = ground, main, deep, pale

    def shape(self, points: Points, colour: Colour) -> None:
        """Fill a polygon."""
        self._draw.polygon([(x * self._unit, y * self._unit) for x, y in points], fill=colour)

    def round(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        """Fill an ellipse."""
        self._draw.ellipse([v * self._unit for v in (left, top, right, bottom)], fill=colour)

    def block(self, left: float, top: float, right: float, bottom: float, colour: Colour, radius: float = 3) -> None:
        """Fill a rectangle with round corners."""
        box = [v * self._unit for v in (left, top, right, bottom)]
        self._draw.rounded_rectangle(box, radius * self._unit, fill=colour)

    def line(self, points: Points, colour: Colour, width: float = 2) -> None:
        """Draw a line with round joints."""
        dots = [(x * self._unit, y * self._unit) for x, y in points]
        self._draw.line(dots, fill=colour, width=round(width * self._unit), joint="curve")

    def ring(self, left: float, top: float, right: float, bottom: float, colour: Colour, width: float = 4) -> None:
        """Draw an open circle."""
        box = [v * self._unit for v in (left, top, right, bottom)]
        self._draw.ellipse(box, outline=colour, width=round(width * self._unit))


def _tee(pen: Pen) -> None:
    pen.shape([(42, 30), (26, 38), (16, 58), (30, 66), (36, 56), (36, 96), (84, 96), (84, 56), (90, 66), (104, 58),
               (94, 38), (78, 30)], pen.main)  # fmt: skip
    pen.round(48, 20, 72, 40, pen.ground)
    pen.line([(36, 56), (36, 70)], pen.deep, 1.2)
    pen.line([(84, 56), (84, 70)], pen.deep, 1.2)


def _jeans(pen: Pen) -> None:
    pen.shape([(40, 20), (80, 20), (88, 102), (66, 102), (60, 50), (54, 102), (32, 102)], pen.main)
    pen.shape([(40, 20), (80, 20), (80.8, 28), (39.2, 28)], pen.deep)
    pen.line([(60, 28), (60, 48)], pen.deep, 1.4)


def _coat(pen: Pen) -> None:
    pen.shape([(46, 20), (30, 30), (20, 74), (32, 78), (38, 50), (34, 104), (86, 104), (82, 50), (88, 78), (100, 74),
               (90, 30), (74, 20)], pen.main)  # fmt: skip
    pen.shape([(46, 20), (60, 46), (74, 20), (66, 17), (54, 17)], pen.deep)
    pen.line([(60, 46), (60, 104)], pen.deep, 1.4)
    for y in (58, 72, 86):
        pen.round(63, y, 66, y + 3, pen.deep)


def _shoe(pen: Pen) -> None:
    pen.shape([(20, 52), (44, 50), (58, 66), (92, 74), (102, 84), (102, 90), (18, 90)], pen.main)
    pen.block(17, 88, 103, 97, pen.deep, 4)
    for x, y in ((48, 56), (54, 62), (61, 66)):
        pen.line([(x - 4, y + 4), (x + 6, y - 3)], pen.pale, 2)


def _socks(pen: Pen) -> None:
    pen.shape([(48, 18), (74, 18), (74, 66), (98, 84), (96, 98), (80, 102), (48, 76)], pen.main)
    pen.round(80, 80, 100, 103, pen.main)
    pen.block(46, 16, 76, 28, pen.deep, 2)


def _pack(pen: Pen) -> None:
    pen.ring(46, 12, 74, 42, pen.deep, 4)
    pen.block(30, 26, 90, 104, pen.main, 16)
    pen.block(38, 66, 82, 94, pen.deep, 6)
    pen.line([(38, 54), (82, 54)], pen.deep, 1.6)


def _mug(pen: Pen) -> None:
    pen.ring(70, 44, 100, 78, pen.deep, 6)
    pen.block(30, 34, 82, 94, pen.main, 8)
    pen.round(30, 28, 82, 42, pen.pale)


def _teapot(pen: Pen) -> None:
    pen.ring(76, 44, 106, 80, pen.deep, 5)
    pen.shape([(34, 60), (14, 44), (10, 50), (34, 84)], pen.deep)
    pen.round(28, 40, 90, 98, pen.main)
    pen.block(40, 38, 78, 46, pen.deep, 4)
    pen.round(54, 28, 64, 38, pen.deep)


def _lamp(pen: Pen) -> None:
    pen.line([(42, 96), (42, 62), (70, 34)], pen.deep, 4)
    pen.shape([(62, 22), (96, 44), (82, 60), (52, 40)], pen.main)
    pen.block(26, 92, 60, 100, pen.main, 4)


def _candle(pen: Pen) -> None:
    pen.shape([(60, 22), (67, 36), (60, 44), (53, 36)], pen.pale)
    pen.line([(60, 42), (60, 50)], pen.deep, 1.6)
    pen.block(40, 50, 80, 100, pen.main, 6)
    pen.block(40, 66, 80, 86, pen.deep, 0)


def _earbuds(pen: Pen) -> None:
    for left in (30, 68):
        pen.round(left, 34, left + 24, 58, pen.main)
        pen.block(left + 8, 48, left + 16, 88, pen.main, 4)
        pen.round(left + 6, 40, left + 16, 50, pen.deep)


def _pouch(pen: Pen) -> None:
    pen.shape([(40, 36), (80, 36), (92, 100), (28, 100)], pen.main)
    pen.block(36, 30, 84, 42, pen.deep, 5)
    pen.line([(84, 36), (98, 48), (94, 58)], pen.deep, 2)


def _card(pen: Pen) -> None:
    pen.block(18, 36, 102, 88, pen.main, 7)
    pen.block(18, 50, 102, 60, pen.deep, 0)
    pen.block(26, 70, 54, 77, pen.pale, 2)


def _coffee(pen: Pen) -> None:
    pen.shape([(36, 26), (84, 26), (88, 102), (32, 102)], pen.main)
    pen.block(36, 20, 84, 30, pen.deep, 2)
    pen.block(44, 52, 76, 84, pen.pale, 4)
    pen.round(53, 60, 67, 77, pen.deep)


def _box(pen: Pen) -> None:
    pen.shape([(24, 44), (60, 28), (96, 44), (60, 60)], pen.pale)
    pen.shape([(24, 44), (60, 60), (60, 102), (24, 84)], pen.main)
    pen.shape([(96, 44), (60, 60), (60, 102), (96, 84)], pen.deep)


_SHAPES: Final[dict[str, tuple[Callable[[Pen], None], tuple[Colour, Colour, Colour, Colour]]]] = {
    "RT-TEE-BLK": (_tee, ("#e3e1dc", "#33363d", "#1d2026", "#4a4e57")),
    "RT-TEE-WHT": (_tee, ("#d5dbe0", "#fbfaf7", "#c9ccce", "#ffffff")),
    "RT-JEAN": (_jeans, ("#e6e2d8", "#45618c", "#324a70", "#6c87b0")),
    "RT-COAT": (_coat, ("#e2e4dd", "#8a6f55", "#6a523c", "#a98e73")),
    "RT-SHOE": (_shoe, ("#dfe5e2", "#c4623a", "#3c4046", "#f4e6dc")),
    "RT-SOCK": (_socks, ("#e8e1d7", "#b26e47", "#7f482b", "#d19a78")),
    "RT-BAG": (_pack, ("#dde3db", "#4f6b4e", "#374d37", "#7b957a")),
    "RT-MUG": (_mug, ("#e4e0ea", "#7d8aa5", "#5a6680", "#3d4557")),
    "RT-POT": (_teapot, ("#ebe4da", "#3f6f74", "#2a5054", "#6f9b9f")),
    "RT-LAMP": (_lamp, ("#e1e4ea", "#c79a5b", "#5b5148", "#e6c998")),
    "RT-CANDLE": (_candle, ("#e9dfdc", "#f3ead9", "#d3bd9c", "#e39a3b")),
    "RT-EARBUD": (_earbuds, ("#dce2e8", "#f7f7f5", "#8d949e", "#ffffff")),
    "RT-GIFT-POUCH": (_pouch, ("#e0e5df", "#d8c6a5", "#a98f66", "#efe3cb")),
    "RT-GIFTCARD": (_card, ("#e5e1e8", "#5d4a7a", "#45355d", "#c9bcdc")),
    "RT-COFFEE": (_coffee, ("#e9e3da", "#5a4433", "#3d2d21", "#d9c3a4")),
}
_PLAIN: Final = (
    ("#e3e1dc", "#9c8465", "#7d674c", "#bca688"),
    ("#dfe4e2", "#5f8078", "#47635c", "#8aa8a0"),
    ("#e4e0e6", "#83759a", "#65587b", "#aa9dbf"),
    ("#e8e0db", "#a8705a", "#865442", "#c99886"),
)


@cache
def picture(sku: str) -> bytes:
    """Return the PNG of that article, 480 px square; goods without a shape of their own are a parcel in some colour."""
    found = next((entry for prefix, entry in _SHAPES.items() if sku.startswith(prefix)), None)
    shape, colours = found or (_box, _PLAIN[zlib.crc32(sku.encode()) % len(_PLAIN)])
    pen = Pen(*colours)
    shape(pen)
    drawn = pen.image.resize((SIZE, SIZE), Image.Resampling.LANCZOS).quantize(64)
    out = io.BytesIO()
    drawn.save(out, "PNG", optimize=True)
    return out.getvalue()
