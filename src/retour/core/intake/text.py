"""What can be read for certain in what somebody wrote: by simple rules, each with the words it was read from."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from retour.core.intake.document import OTHER, Item, ReturnDocument
from retour.core.intake.draft import Read
from retour.core.order import Person

MOST_ITEMS: Final = 20
_WORDS_MOST: Final = 120  # characters
_EMAIL: Final = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}")
_NUMBER: Final = re.compile(
    r"(?:\b(?:order|purchase|bestell\w*|auftrag\w*|commande|pedido)\b[ \t]*"
    r"(?:number|no\b\.?|nr\b\.?|nummer|id|n°)?[ \t]*[:#]?[ \t]*#?|#)(?P<number>[A-Z]{0,5}-?\d[\dA-Z-]{2,19})\b",
    re.IGNORECASE,
)
_THREE_THREE_FOUR: Final = re.compile(r"(?:1[ .-])?\(?\d{3}\)?[ .-]{1,2}\d{3}[ .-]\d{4}")  # North America, without +1
_PHONE: Final = re.compile(r"(?<![\w#-])\+?\d[\d ()/.-]{7,20}\d(?![\w-])")
_COUNTED: Final = re.compile(
    r"\b(?P<n>\d{1,3})[ \t]*[x×][ \t]*(?P<sku>[A-Z0-9][A-Z0-9._-]*[-._0-9][A-Z0-9._-]*)\b", re.IGNORECASE
)
_SKU: Final = re.compile(
    r"\b(?:sku|article|artikel(?:nr|nummer)?|item|art)\b[ \t]*(?:number|no\b\.?|nr\b\.?|nummer)?\.?[ \t]*[:#]?[ \t]*"
    r"(?P<sku>[A-Z0-9][A-Z0-9._-]*[-._0-9][A-Z0-9._-]*)(?:[ \t]*[(,]?[ \t]*(?P<n>\d{1,3})[ \t]*(?:x|×|pcs|stück|units)\b)?",
    re.IGNORECASE,
)
# The first that is found is the reason; what harms most is looked for first.
_REASONS: Final[Mapping[str, str]] = {
    "damaged": r"damaged|broken|torn|besch(?:ä|ae)digt|kaputt|zerrissen",
    "defective": r"defective|faulty|does not work|doesn['’]t work|defekt|funktioniert nicht",
    "wrong_item": r"wrong (?:item|article|product|size was sent)|falsche[rsn]? (?:artikel|ware|produkt)",
    "too_small": r"too (?:small|tight|short)|zu (?:klein|eng|kurz)",
    "too_large": r"too (?:big|large|wide|long)|zu (?:gro(?:ß|ss)|weit|lang)",
    "not_as_described": r"not as described|nicht wie beschrieben",
    "changed_mind": r"changed my mind|do(?:es)? not like|don['’]t like|gef(?:ä|ae)llt (?:mir )?nicht",
}
_PHONE_LEAST: Final = 8  # digits


@dataclass(frozen=True, slots=True)
class TextRead:
    """What was read in a text: a document that lacks what nobody said, and where each value stood."""

    document: ReturnDocument
    read: tuple[Read, ...]


def read_text(
    text: str, *, reference: str, at: datetime, sender: str | None = None, code: str | None = None
) -> TextRead:
    """Return what can be read; `sender` is the address it came from, `code` what was scanned on a parcel.

    Nothing is guessed: two different order numbers are none.
    """
    items, read_items = _items(text)
    numbers = dict.fromkeys(match["number"].upper() for match in _NUMBER.finditer(text))
    read: list[Read] = []
    number = None
    if len(numbers) == 1:
        match = next(_NUMBER.finditer(text))
        number = match["number"]
        read.append(Read("order_number", number, _line(text, match)))
    email = sender
    found = _EMAIL.search(text)
    if found is not None and email is None:
        email = found[0]
        read.append(Read("email", email, _line(text, found)))
    phone = _phone(text, read)
    read += read_items
    document = ReturnDocument(
        id=reference, status="requested", created_at=at, updated_at=at, items=items,
        order_number=number if number is not None else code, customer=Person(email=email, phone=phone),
    )  # fmt: skip
    return TextRead(document, tuple(read))


def _phone(text: str, read: list[Read]) -> str | None:
    for match in _PHONE.finditer(text):
        marked = match[0].startswith(("+", "0")) or _THREE_THREE_FOUR.fullmatch(match[0])
        if marked and sum(c.isdigit() for c in match[0]) >= _PHONE_LEAST:
            read.append(Read("phone", match[0], _line(text, match)))
            return match[0]
    return None


def _items(text: str) -> tuple[tuple[Item, ...], tuple[Read, ...]]:
    """Return the articles that the text names with their units, one unit where it names none, and the reason."""
    counted = dict[str, int]()
    read = list[Read]()
    for match in _articles(text):
        sku, n = match["sku"].rstrip("."), int(match["n"] or 1)
        if sku in counted or n == 0 or len(counted) == MOST_ITEMS:
            continue
        counted[sku] = n
        read.append(Read("sku", sku, _line(text, match)))
        if match["n"]:
            read.append(Read("quantity", str(n), match[0].strip()))
    reason, said = OTHER, None
    for code, pattern in _REASONS.items():
        said = re.search(rf"\b(?:{pattern})\b", text, re.IGNORECASE)
        if said is not None:
            reason = code
            read.append(Read("reason", code, _line(text, said)))
            break
    return tuple(Item(n, sku=sku, reason=reason) for sku, n in counted.items()), tuple(read)


def _articles(text: str) -> Iterator[re.Match[str]]:
    yield from _COUNTED.finditer(text)
    yield from _SKU.finditer(text)


def _line(text: str, match: re.Match[str]) -> str:
    """Return the line that a match stands on, around it if it is long."""
    start = text.rfind("\n", 0, match.start()) + 1
    end = text.find("\n", match.end())
    line = text[start : end if end >= 0 else len(text)]
    if len(line) <= _WORDS_MOST:
        return line.strip()
    at = max(0, match.start() - start - 40)
    return line[at : at + _WORDS_MOST].strip()
