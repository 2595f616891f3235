"""A merchant's colour made legible: the palette of the portal computed from one colour, for light and dark.

Contrast is that of WCAG 2.2 (relative luminance); lightness, chroma and hue are those of OKLCH, as CSS Color 4 has them.
Colours are the one thing of the core that is not counted in integers.
"""

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from retour.core.errors import Refused

TEXT: Final = 4.5  # WCAG 2.2, 1.4.3
MARK: Final = 3.0  # WCAG 2.2, 1.4.11
WHITE: Final = "#ffffff"
NEAR_BLACK: Final = "#101216"
DEFAULT: Final = "#1f4d3a"
_HEX: Final = re.compile(r"#?([0-9a-fA-F]{6})")
_SHORT: Final = re.compile(r"#?([0-9a-fA-F]{3})")
_STEP: Final = 0.01
_HALVINGS: Final = 24

Rgb = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Ground:
    """What the colours of one theme must be legible on; `towards` is where lightness moves, -1 down or +1 up."""

    canvas: str
    surface: str
    sunken: str
    hover: str
    ink: str
    towards: int
    tint_lightness: float
    tint_chroma: float


LIGHT: Final = Ground("#faf9f7", "#ffffff", "#f3f2ef", "#eeede9", "#151922", -1, 0.957, 0.022)
DARK: Final = Ground("#0c0e13", "#14171d", "#101318", "#1f232a", "#ededea", 1, 0.285, 0.05)


@dataclass(frozen=True, slots=True)
class Shades:
    """A brand in one theme, as `#rrggbb`: `on` stands on `fill` and `hover`, `edge` around, `text` on all grounds."""

    fill: str
    on: str
    hover: str
    edge: str
    tint: str
    text: str


@dataclass(frozen=True, slots=True)
class Palette:
    """A brand in both themes."""

    light: Shades
    dark: Shades


def read_colour(text: str) -> str:
    """Return a colour as `#rrggbb`, lower case; raise Refused(malformed_colour) for anything but 3 or 6 hex digits."""
    typed = text.strip()
    if match := _HEX.fullmatch(typed):
        return f"#{match[1].lower()}"
    if match := _SHORT.fullmatch(typed):
        return "#" + "".join(digit * 2 for digit in match[1].lower())
    raise Refused("malformed_colour", "a colour is written as # and six digits or letters a to f", field="brand_hex")


def palette(brand: str) -> Palette:
    """Return the palette of a colour; every pair of it is legal, whatever the colour."""
    colour = read_colour(brand)
    return Palette(_shades(colour, LIGHT), _shades(colour, DARK))


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21."""
    a, b = _luminance(one), _luminance(other)
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)


def _shades(brand: str, ground: Ground) -> Shades:
    lightness, chroma, hue = _oklch(brand)
    tint = _hex(ground.tint_lightness, min(chroma, ground.tint_chroma), hue)
    text = _moved(brand, ground.towards, _legible((ground.canvas, ground.surface, ground.sunken, ground.hover, tint)))
    if ground is DARK and chroma < 0.02 and lightness < 0.35:
        fill, on = ground.ink, NEAR_BLACK  # a black button on a black page is none
    else:
        fill, on = _fill(brand)
    edge = _moved(fill, ground.towards, _visible((ground.canvas, ground.surface, ground.sunken)))
    return Shades(fill, on, _hover(fill, on), edge, tint, text)


def _fill(brand: str) -> tuple[str, str]:
    """Return the brand itself and what is legible on it; a brand too light for white and too dark for black, darker."""
    for on in (WHITE, NEAR_BLACK):
        if contrast(brand, on) >= TEXT:
            return brand, on
    return _moved(brand, -1, _legible((WHITE,))), WHITE


def _hover(fill: str, on: str) -> str:
    lightness, chroma, hue = _oklch(fill)
    tries = (_hex(lightness - 0.05, chroma, hue), _hex(lightness + 0.04, chroma, hue))
    return next((tried for tried in tries if contrast(tried, on) >= TEXT), fill)


def _moved(colour: str, towards: int, is_legal: Callable[[str], bool]) -> str:
    """Return the colour, or the nearest lightness in that direction that is legal; black and white always are."""
    if is_legal(colour):
        return colour
    lightness, chroma, hue = _oklch(colour)
    tried = colour
    while not is_legal(tried):
        lightness += towards * _STEP
        tried = _hex(lightness, chroma, hue)
    return tried


def _legible(grounds: Iterable[str]) -> Callable[[str], bool]:
    kept = tuple(grounds)
    return lambda colour: all(contrast(colour, ground) >= TEXT for ground in kept)


def _visible(grounds: Iterable[str]) -> Callable[[str], bool]:
    kept = tuple(grounds)
    return lambda colour: all(contrast(colour, ground) >= MARK for ground in kept)


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(colour: str) -> Rgb:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return red, green, blue


def _oklch(colour: str) -> Rgb:
    """Return lightness 0 to 1, chroma and hue in radians."""
    red, green, blue = _linear(colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return lightness, math.hypot(a, b), math.atan2(b, a)


def _from_oklch(lightness: float, chroma: float, hue: float) -> Rgb:
    """Return linear red, green and blue, which leave 0 to 1 outside the gamut."""
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _hex(lightness: float, chroma: float, hue: float) -> str:
    """Return the colour; its chroma is lowered where the gamut has less."""
    lightness = min(max(lightness, 0.0), 1.0)
    low, high = 0.0, chroma
    if _fits(_from_oklch(lightness, chroma, hue)):
        low = chroma
    else:
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if _fits(_from_oklch(lightness, middle, hue)) else (low, middle)
    return "#" + "".join(f"{_byte(channel):02x}" for channel in _from_oklch(lightness, low, hue))


def _fits(colour: Rgb) -> bool:
    return all(-1e-4 <= channel <= 1.0001 for channel in colour)


def _byte(channel: float) -> int:
    bounded = min(max(channel, 0.0), 1.0)
    encoded = 12.92 * bounded if bounded <= 0.0031308 else 1.055 * bounded ** (1 / 2.4) - 0.055
    return int(encoded * 255 + 0.5)
