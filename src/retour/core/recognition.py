"""Whom a received text is about: a person's own address or number in it, or their name beside where they live."""

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from retour.core.mailbox.whole import everything_in
from retour.core.order import Person
from retour.core.phone import Known
from retour.core.postal import PostalAddress

_PLACE_LEAST: Final = 4  # letters of a street or a postcode; a shorter one stands in every other text
_NAME_LEAST: Final = 2


@dataclass(frozen=True, slots=True, repr=False)
class Signs:
    """What a person is recognised by, folded: one of `emails`, the `number`, or one of `names` with one of `places`."""

    emails: tuple[str, ...] = ()
    number: Known | None = None
    names: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


def signs_of(person: Person, addresses: Sequence[PostalAddress] = (), *, postcode: str | None = None) -> Signs:
    """Return what a person is recognised by: `addresses` are where their orders went, `postcode` the one of their row.

    The number is known in every usual spelling; without its country it is one of theirs: of an address, or their own.
    """
    return Signs(
        emails=_told([person.email], least=3),
        number=Known.of(person.phone, [person.home_country, *(one.country for one in addresses)]),
        names=_told([person.name, *(one.name for one in addresses)], least=_NAME_LEAST),
        places=_told(
            [postcode, *(place for one in addresses for place in (one.postcode, *one.street))], least=_PLACE_LEAST
        ),
    )


def is_about(said: str, signs: Signs) -> bool:
    """Return whether a text is about a person: as whole words, in any case; a name alone is also somebody else's."""
    text = _folded(said)
    return (
        any(_stands(one, text, r"(?<![\w.+%-])", r"(?![\w-]|\.\w)") for one in signs.emails)
        or (signs.number is not None and signs.number.stands_in(said))
        or (any(_is_word(one, text) for one in signs.names) and any(_is_word(one, text) for one in signs.places))
    )  # fmt: skip


def mentions(said: str, texts: Iterable[str | Known]) -> bool:
    """Return whether one of the texts stands in another as whole words, in any case, or a number in any spelling."""
    text = _folded(said)
    return any(one.stands_in(said) if isinstance(one, Known) else _is_word(_folded(one), text) for one in texts)


def said_in(raw: bytes) -> str:
    """Return what a received body says without its encodings: the strings and numbers of JSON, the words of a mail, the text."""
    text = raw.decode("utf-8", "replace")
    try:
        return "\n".join(_leaves(json.loads(text)))
    except (ValueError, RecursionError):
        return f"{text}\n{everything_in(raw)}"


def _leaves(value: object) -> list[str]:
    found, left = list[str](), [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            left += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            left += one
        else:
            found.append(str(one))
    return found


def _told(texts: Iterable[str | None], *, least: int) -> tuple[str, ...]:
    folded = (_folded(text) for text in texts if text)
    return tuple(dict.fromkeys(text for text in folded if len(text) >= least))


def _folded(text: str) -> str:
    """Return a text in one case, with one space wherever there are several or a line ends."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _is_word(one: str, text: str) -> bool:
    return _stands(one, text, r"(?<!\w)", r"s?(?!\w)")  # a genitive as well


def _stands(one: str, text: str, before: str, after: str) -> bool:
    return one in text and re.search(f"{before}{re.escape(one)}{after}", text) is not None
