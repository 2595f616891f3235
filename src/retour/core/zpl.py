"""A label as ZPL II, the language of label printers: 4 by 6 inches at 203 dots per inch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 812  # dots
HEIGHT: Final = 1_218  # dots
_MARGIN: Final = 40
_LINE: Final = 34  # dots from line to line of small text
_LONGEST: Final = 58  # characters of small text that fit on a line


@dataclass(frozen=True, slots=True)
class Printed:
    """The words of a label, each list one line of print after the other; `code` goes into both barcodes."""

    code: str
    parcel: str
    from_heading: str
    sender: Sequence[str]
    to_heading: str
    to: Sequence[str]
    instructions: Sequence[str]


def zpl(label: Printed) -> str:
    """Return a label as ZPL II; what people wrote can hold no command, for its commands are written as their bytes."""
    rows = ["^XA", "^CI28", f"^PW{WIDTH}", f"^LL{HEIGHT}", "^LH0,0"]
    y = _MARGIN
    rows.append(_text(_MARGIN, y, 24, label.from_heading))
    for line in label.sender:
        y += _LINE
        rows.append(_text(_MARGIN, y, 28, line))
    y += 2 * _LINE
    rows += [f"^FO{_MARGIN},{y}^GB{WIDTH - 2 * _MARGIN},3,3^FS"]
    y += 20
    rows.append(_text(_MARGIN, y, 24, label.to_heading))
    for line in label.to:
        y += 48
        rows.append(_text(_MARGIN, y, 42, line))
    y = max(y + 90, 620)
    rows += [f"^FO{_MARGIN},{y}^GB{WIDTH - 2 * _MARGIN},3,3^FS"]
    # Code 128 in its automatic mode, and QR code, model 2, error correction M.
    rows.append(f"^FO{_MARGIN},{y + 30}^BY3,3,150^BCN,150,N,N,N,A^FH_^FD{_safe(label.code)}^FS")
    rows.append(f"^FO{WIDTH - 210},{y + 20}^BQN,2,7^FH_^FDMA,{_safe(label.code)}^FS")
    rows.append(_text(_MARGIN, y + 200, 60, label.code))
    rows.append(_text(_MARGIN + 420, y + 220, 30, label.parcel))
    y += 290
    for line in label.instructions:
        rows.append(_text(_MARGIN, y, 26, line))
        y += _LINE
    return "\n".join([*rows, "^XZ", ""])


def wrapped(text: str, *, most: int = _LONGEST) -> list[str]:
    """Return a text in lines of at most so many characters, broken between words where one fits."""
    lines: list[str] = []
    for paragraph in text.splitlines():
        line = ""
        for word in paragraph.split():
            rest = word
            while rest:
                room = most - len(line) - bool(line)
                if len(rest) <= room:
                    line, rest = f"{line} {rest}".strip(), ""
                elif line:
                    lines.append(line)
                    line = ""
                else:
                    lines.append(rest[:most])
                    rest = rest[most:]
        lines += [line] if line else []
    return lines


def _text(x: int, y: int, size: int, text: str) -> str:
    return f"^FO{x},{y}^A0N,{size},{size}^FH_^FD{_safe(text)}^FS"


def _safe(text: str) -> str:
    """Return a text in which nothing is a command: its own escape, carets, tildes and control characters as bytes."""
    return "".join(
        "".join(f"_{byte:02X}" for byte in c.encode("utf-8", "replace")) if c in "_^~\\" or not c.isprintable() else c
        for c in text
    )
