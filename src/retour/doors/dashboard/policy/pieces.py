"""Forms described as data: what is asked, how it is typed, and when it matters; typed texts to plain JSON and back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from retour.core.errors import Refused
from retour.core.money import Money
from retour.doors.dashboard.policy.typed import Tree, part_of, rows_of, text_of, texts_of
from retour.doors.dashboard.policy.values import (
    Wrong,
    country_code,
    country_name,
    day,
    percent,
    read_list,
    typed_list,
    whole,
)
from retour.doors.dashboard.settings.policy_form import typed_percent
from retour.web.forms import FormErrors, read_money, typed_money
from retour.web.reader import Reader

MOST_MINOR: Final = 10**12
ABSENT: Final = object()  # what an optional field says that was left empty


class How(StrEnum):
    """How one field is typed."""

    CHOICE = "choice"
    NUMBER = "number"
    PERCENT = "percent"
    MONEY = "money"
    TEXT = "text"
    LONG = "long"
    FLAG = "flag"
    DAY = "day"
    LIST = "list"
    COUNTRIES = "countries"
    DAYS = "days"
    RECORD = "record"
    ROWS = "rows"
    ORDER = "order"
    HIDDEN = "hidden"
    SOME = "some"


@dataclass(frozen=True, slots=True)
class Piece:
    """One field: its name in the JSON, its label, and what it takes.

    `when` names a field beside it and the values of that field with which it matters; a record that is `optional` has
    a box to tick; `default` is what an absent one means; `parts` are the fields of a record or of each row.
    """

    name: str
    label: str
    how: How
    options: tuple[tuple[str, str], ...] = ()
    hint: str = ""
    optional: bool = False
    default: object = None
    least: int = 0
    most: int = 1_000_000
    parts: tuple["Piece", ...] = ()
    when: tuple[str, tuple[str, ...]] | None = None
    add: str = ""  # what the button says that adds a row
    row: str = ""  # what a row is called
    source: str = ""  # where the page finds more options ("resolutions", "locations")


@dataclass(frozen=True, slots=True)
class Reading:
    """Where typed texts are read: by whom, in which currency, with which zones, and where what is wrong is kept."""

    reader: Reader
    currency: str
    errors: FormErrors
    zones: tuple[str, ...] = ()
    reasons: tuple[tuple[str, str], ...] = ()  # (code, name) of the store's own


def read_record(parts: Sequence[Piece], tree: Mapping[str, object], path: str, by: Reading) -> dict[str, object]:
    """Return the plain JSON of some fields; what is wrong is added to the errors under the path of its field."""
    found: dict[str, object] = {}
    for piece in parts:
        if not matters(piece, tree):
            continue
        value = _read(piece, tree, f"{path}.{piece.name}", by)
        if value is not ABSENT:
            _store(found, piece.name, value)
    return found


def matters(piece: Piece, tree: Mapping[str, object]) -> bool:
    """Return whether a field matters beside what was chosen in another one."""
    return piece.when is None or text_of(tree, piece.when[0]) in piece.when[1]


def typed_record(parts: Sequence[Piece], said: Mapping[str, object], reader: Reader, currency: str) -> Tree:
    """Return plain JSON as it stands in the fields."""
    return {piece.name: _typed(piece, _fetch(said, piece.name), reader, currency) for piece in parts}


def _read(piece: Piece, tree: Mapping[str, object], path: str, by: Reading) -> object:
    if piece.how is How.FLAG:
        return bool(text_of(tree, piece.name))
    if piece.how is How.RECORD:
        return _read_inner(piece, tree, path, by)
    if piece.how is How.ROWS:
        rows = rows_of(tree, piece.name)
        if not rows and piece.least:
            by.errors.add(path, by.reader.say("Add at least one"))
        return [read_record(piece.parts, row, f"{path}.{n}", by) for n, row in enumerate(rows)]
    if piece.how is How.ORDER:
        return [text_of(row, "value") for row in rows_of(tree, piece.name)] or ABSENT
    if piece.how is How.SOME:
        return sorted({int(text) for text in texts_of(tree, piece.name) if text in dict(piece.options)})
    text = text_of(tree, piece.name)
    if not text and piece.optional:
        if isinstance(piece.default, tuple):
            return list(piece.default)
        return ABSENT if piece.default is None else piece.default
    try:
        return _READ[piece.how](piece, text, by)
    except Wrong as wrong:
        by.errors.add(path, wrong.message)
        return ABSENT


def _read_inner(piece: Piece, tree: Mapping[str, object], path: str, by: Reading) -> object:
    inner = part_of(tree, piece.name)
    if piece.optional and not text_of(inner, "on"):
        return ABSENT
    return read_record(piece.parts, inner, path, by)


def _typed(piece: Piece, value: object, reader: Reader, currency: str) -> object:
    if piece.how is How.RECORD:
        said = value if isinstance(value, dict) else {}
        return {**typed_record(piece.parts, said, reader, currency), "on": "1" if isinstance(value, dict) else ""}
    if piece.how is How.ROWS:
        rows = value if isinstance(value, list) else []
        return [typed_record(piece.parts, row, reader, currency) for row in rows]
    if piece.how is How.ORDER:
        names = value if isinstance(value, list) else [name for name, _ in piece.options]
        return [{"value": str(name)} for name in names]
    if value is None:
        value = piece.default
    if piece.how is How.SOME:
        return [str(one) for one in value] if isinstance(value, (list, tuple)) else []
    if value is None:
        return piece.options[0][0] if piece.how is How.CHOICE and piece.options and not piece.optional else ""
    return _TYPED.get(piece.how, _typed_text)(value, reader, currency)


def _store(found: dict[str, object], name: str, value: object) -> None:
    """Put a value where its name says; `deduction_bp__opened` lies one deeper."""
    outer, mark, inner = name.partition("__")
    if not mark:
        found[name] = value
        return
    deeper = found.setdefault(outer, {})
    assert isinstance(deeper, dict)
    deeper[inner] = value


def _fetch(said: Mapping[str, object], name: str) -> object:
    outer, mark, inner = name.partition("__")
    value = said.get(outer)
    return value.get(inner) if mark and isinstance(value, dict) else (None if mark else value)


def _choice(piece: Piece, text: str, by: Reading) -> object:
    if piece.source or any(text == value for value, _ in piece.options):
        return text
    raise Wrong(by.reader.say("Choose one of the answers"))


def _number(piece: Piece, text: str, by: Reading) -> object:
    return whole(text, by.reader, least=piece.least, most=piece.most)


def _share(piece: Piece, text: str, by: Reading) -> object:
    return percent_up_to(text, by.reader, piece.most if piece.most <= 100_000 else 10_000)


def percent_up_to(text: str, reader: Reader, most: int) -> int:
    """Return a percentage as basis points, also above 100 where `most` allows it; raise Wrong."""
    if most <= 10_000:
        return percent(text, reader)
    try:
        minor = read_money(text, "EUR", reader).minor  # two decimals, as amounts are typed
    except Refused:
        minor = most + 1
    if minor > most:
        raise Wrong(reader.say("Enter a percentage up to %(most)s", most=reader.percent(most)))
    return minor


def _money(_piece: Piece, text: str, by: Reading) -> object:
    try:
        minor = read_money(text, by.currency, by.reader).minor
    except Refused as refused:
        raise Wrong(refused.message) from None
    if minor > MOST_MINOR:
        raise Wrong(by.reader.say("This amount is too large"))
    return minor


def _text(piece: Piece, text: str, by: Reading) -> object:
    text = " ".join(text.split())
    most = piece.most if piece.most < 1_000_000 else 200
    if not text:
        raise Wrong(by.reader.say("Say it in a few words"))
    if len(text) > most:
        raise Wrong(by.reader.say("At most %(most)s characters fit here", most=by.reader.number(most)))
    return text


def _day(_piece: Piece, text: str, by: Reading) -> object:
    return day(text, by.reader)


def _list(_piece: Piece, text: str, by: Reading) -> object:
    return read_list(text, by.reader)


def _countries(_piece: Piece, text: str, by: Reading) -> object:
    return list(dict.fromkeys(country_code(name, by.reader) for name in read_list(text, by.reader)))


def _days(_piece: Piece, text: str, by: Reading) -> object:
    return sorted({day(one, by.reader) for one in read_list(text.replace(" ", ","), by.reader)})


def _typed_text(value: object, _reader: Reader, _currency: str) -> object:
    return typed_list([str(item) for item in value]) if isinstance(value, (list, tuple)) else str(value)


def _typed_flag(value: object, _reader: Reader, _currency: str) -> object:
    return "1" if value else ""


def _typed_share(value: object, reader: Reader, _currency: str) -> object:
    return typed_percent(value, reader) if isinstance(value, int) else ""


def _typed_money(value: object, reader: Reader, currency: str) -> object:
    return typed_money(Money(value, currency), reader) if isinstance(value, int) and value else ""


def _typed_number(value: object, _reader: Reader, _currency: str) -> object:
    return str(value)


def _typed_countries(value: object, reader: Reader, _currency: str) -> object:
    return typed_list([country_name(str(code), reader) for code in value]) if isinstance(value, list) else ""


_READ: Final[Mapping[How, Callable[[Piece, str, Reading], object]]] = {
    How.CHOICE: _choice,
    How.NUMBER: _number,
    How.PERCENT: _share,
    How.MONEY: _money,
    How.TEXT: _text,
    How.LONG: _text,
    How.HIDDEN: _text,
    How.DAY: _day,
    How.LIST: _list,
    How.COUNTRIES: _countries,
    How.DAYS: _days,
}
_TYPED: Final[Mapping[How, Callable[[object, Reader, str], object]]] = {
    How.FLAG: _typed_flag,
    How.PERCENT: _typed_share,
    How.MONEY: _typed_money,
    How.NUMBER: _typed_number,
    How.COUNTRIES: _typed_countries,
}
