"""Words of people inside ours: one line, no marks that turn the direction, and kept apart where the script changes."""

import unicodedata
from typing import Final

from retour.core.letter import one_line
from retour.web.reader import Reader

ISOLATE: Final = "\N{FIRST STRONG ISOLATE}"
POP: Final = "\N{POP DIRECTIONAL ISOLATE}"


def theirs(text: str, reader: Reader) -> str:
    """Return a name or title as it may stand in a sentence of ours; isolated if it could turn its neighbours around."""
    line = one_line(text)
    return f"{ISOLATE}{line}{POP}" if _mixes(line, reader) else line


def their_lines(text: str, reader: Reader) -> tuple[str, ...]:
    """Return the lines of a longer text, each safe as `theirs` makes it, without the empty ones."""
    return tuple(theirs(line, reader) for line in text.splitlines() if one_line(line))


def _mixes(text: str, reader: Reader) -> bool:
    kinds = {unicodedata.bidirectional(c) for c in text}
    turned = bool(kinds & {"R", "AL", "AN"})
    return turned if reader.dir == "ltr" else bool(kinds & {"L", "EN"})
