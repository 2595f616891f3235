"""Barcodes as pictures: Code 128 for scanners, QR for phones; black on white with the quiet zones they need."""

import io
from typing import Final

_HIGH: Final = 40  # modules
_QUIET: Final = 10  # modules on each side (ISO/IEC 15417)
_QUIET_QR: Final = 4  # modules (ISO/IEC 18004)


def code_128(text: str) -> str:
    """Return a text as the SVG of a Code 128; raise ValueError for what it cannot hold."""
    import zint  # noqa: PLC0415 - only a process that draws labels carries it

    symbol = zint.Symbol()
    symbol.symbology = zint.Symbology.CODE128
    symbol.encode(text)
    symbol.buffer_vector()
    drawn = symbol.vector
    if drawn is None:
        raise ValueError("the text fits no Code 128")
    bars = "".join(
        f'<rect x="{_QUIET + bar.x / 2:g}" y="0" width="{bar.width / 2:g}" height="{_HIGH}"/>'
        for bar in drawn.rectangles
    )
    width = drawn.width / 2 + 2 * _QUIET
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {_HIGH}" preserveAspectRatio="none" '
        f'shape-rendering="crispEdges"><rect width="{width:g}" height="{_HIGH}" fill="#fff"/>{bars}</svg>'
    )


def qr_svg(text: str) -> str:
    """Return a text as the SVG of a QR code."""
    return _qr(text, "svg", scale=10, svgclass=None, lineclass=None, xmldecl=False, light="#fff").decode()


def qr_png(text: str) -> bytes:
    """Return a text as the PNG of a QR code, at least 300 pixels wide."""
    return _qr(text, "png", scale=12, light="#fff")


def _qr(text: str, kind: str, **how: object) -> bytes:
    import segno  # noqa: PLC0415 - only a process that draws labels carries it

    out = io.BytesIO()
    segno.make_qr(text, error="m").save(out, kind=kind, border=_QUIET_QR, **how)
    return out.getvalue()
