"""The words that things are found by: what is kept of a text, and what of a search is looked for."""

import re
import unicodedata
from typing import Final

LONGEST: Final = 60  # characters of a word that are compared
SHORTEST: Final = 2
MOST_KEPT: Final = 400  # words of one text
MOST_ASKED: Final = 6  # words of one search
_PART: Final = re.compile(r"[^\W_]+")
_LAST: Final = "\U0010ffff"  # sorts after every character that stands in a text


def words_of(*texts: str | None) -> tuple[str, ...]:
    """Return the words to keep of texts, sorted and each once: every piece between blanks, whole and in its parts.

    `TJ-MOS-M` is kept as tjmosm, tj and mos; of an e-mail address the domain stands only in the whole.
    """
    found: dict[str, None] = {}
    for chunk in " ".join(text for text in texts if text).split():
        for word in _kept(chunk):
            found.setdefault(word, None)
        if len(found) >= MOST_KEPT:
            break
    return tuple(sorted(found)[:MOST_KEPT])


def asked_of(text: str) -> tuple[tuple[str, str], ...]:
    """Return what a search looks for: for each of its words the bounds between which a kept word that begins so lies.

    The lower bound belongs to the range, the upper does not. Six words at most; single characters look for nothing.
    """
    words = dict.fromkeys(word for chunk in text.split() if len(word := _whole(chunk)) >= SHORTEST)
    return tuple((word, word + _LAST) for word in list(words)[:MOST_ASKED])


def fold(text: str) -> str:
    """Return a text in one case and without accents."""
    parted = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in parted if not unicodedata.combining(c))


def _kept(chunk: str) -> list[str]:
    local = chunk.partition("@")[0]
    words = (_whole(chunk), *(part[:LONGEST] for part in _PART.findall(fold(local))))
    return [word for word in words if len(word) >= SHORTEST]


def _whole(chunk: str) -> str:
    return "".join(_PART.findall(fold(chunk)))[:LONGEST]
