"""A file of past returns: one line of CSV for each article that came back, read strictly, kept for its simulation alone."""

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Final

from retour.core.errors import Objection, Refused
from retour.core.money import parse_decimal
from retour.core.policy.facts import KINDS

MOST_LINES: Final = 200_000
MOST_TOLD: Final = 50  # objections that are listed
MOST_UNITS: Final = 100_000
MOST_MINOR: Final = 10**13  # minor units of one line: the sums of a whole file stay within 64 bits
LONGEST: Final = 200  # characters of one text


@dataclass(frozen=True, slots=True)
class ImportedLine:
    """One article of one return, as the file tells it; amounts in minor units of the books' currency, for one unit.

    Lines of one order and one requested day are one return.
    """

    order: str
    placed_on: date
    requested_on: date
    sku: str
    quantity: int
    price_minor: int
    shipped_on: date | None = None
    delivered_on: date | None = None
    country: str | None = None
    title: str | None = None
    product_type: str | None = None
    vendor: str | None = None
    product_tags: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    order_tags: tuple[str, ...] = ()
    customer_tags: tuple[str, ...] = ()
    discount_codes: tuple[str, ...] = ()
    gift_card: bool = False
    ordered_quantity: int | None = None
    list_price_minor: int | None = None
    shipping_minor: int = 0
    reason: str | None = None
    resolution: str | None = None
    method: str | None = None
    kind: str = "return"
    refunded_minor: int | None = None
    customer_earlier_returns: int | None = None


_ISO_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

Reader = Callable[[str, str], Any]


def read_csv(text: str, *, currency: str, most_lines: int = MOST_LINES) -> tuple[tuple[ImportedLine, ...], ...]:
    """Return the lines of a file by order, in the order of the file; amounts are decimals in the given currency.

    Raises Refused(`file_invalid`) with an objection per mistake, its field `line 7.price_paid`: unknown or missing columns,
    an empty field that is needed, a value of another shape, days in the wrong order, an article twice in one return.
    """
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    try:
        head = next(rows, [])
        columns = _columns(head)
        orders: dict[str, list[ImportedLine]] = {}
        mistakes: list[Objection] = []
        seen: set[tuple[str, date, str]] = set()
        for row in rows:
            if not row:
                continue
            line = _line(row, columns, rows.line_num, currency, mistakes)
            if line is not None:
                _check(line, seen, rows.line_num, mistakes)
                orders.setdefault(line.order, []).append(line)
            if len(mistakes) >= MOST_TOLD:
                break
            if rows.line_num > most_lines:
                raise Refused("file_too_long", f"a file may have {most_lines} lines", field="csv")
    except csv.Error as error:
        raise Refused("file_invalid", f"line {rows.line_num}: {error}", field=f"line {rows.line_num}") from None
    if mistakes:
        first = mistakes[0]
        raise Refused("file_invalid", f"{first.field}: {first.message}", field=first.field, objections=mistakes)
    if not orders:
        raise Refused("file_invalid", "the file has no lines", field="csv")
    return tuple(tuple(lines) for lines in orders.values())


def _columns(head: Sequence[str]) -> list[str]:
    names = [name.strip().lower() for name in head]
    unknown = [name for name in names if name not in COLUMNS]
    missing = [name for name, (needed, _, _) in COLUMNS.items() if needed and name not in names]
    twice = sorted({name for name in names if names.count(name) > 1})
    said = [
        *(
            Objection("unknown_column", f"{name[:40]!r} is no column of this file", f"line 1.{name[:40]}")
            for name in unknown
        ),
        *(Objection("missing_column", f"the column {name!r} is missing", f"line 1.{name}") for name in missing),
        *(
            Objection("duplicate_column", f"the column {name!r} stands there twice", f"line 1.{name[:40]}")
            for name in twice
        ),
    ]
    if said:
        raise Refused("file_invalid", f"line 1: {said[0].message}", field="line 1", objections=said[:MOST_TOLD])
    return names


def _line(
    row: Sequence[str], columns: Sequence[str], number: int, currency: str, mistakes: list[Objection]
) -> ImportedLine | None:
    if len(row) != len(columns):
        said = f"the line has {len(row)} fields and the head {len(columns)}"
        mistakes.append(Objection("wrong_number_of_fields", said, f"line {number}"))
        return None
    values: dict[str, Any] = {}
    before = len(mistakes)
    for column, text in zip(columns, row, strict=True):
        needed, field, read = COLUMNS[column]
        stripped = text.strip()
        try:
            if stripped or needed:
                values[field] = (read if stripped else _missing)(stripped, currency)
        except (ValueError, Refused) as error:
            mistakes.append(Objection("invalid_value", str(error), f"line {number}.{column}"))
    return ImportedLine(**values) if len(mistakes) == before else None


def _check(line: ImportedLine, seen: set[tuple[str, date, str]], number: int, mistakes: list[Objection]) -> None:
    key = (line.order, line.requested_on, line.sku)
    if key in seen:
        said = "the article stands in this return already; add the quantities"
        mistakes.append(Objection("duplicate_line", said, f"line {number}.sku"))
    seen.add(key)
    days = [
        (name, day)
        for name, day in (
            ("placed_on", line.placed_on),
            ("shipped_on", line.shipped_on),
            ("delivered_on", line.delivered_on),
            ("requested_on", line.requested_on),
        )
        if day is not None
    ]
    for (earlier, a), (later, b) in pairwise(days):
        if b < a:
            said = f"{later} lies before {earlier}"
            mistakes.append(Objection("days_in_wrong_order", said, f"line {number}.{later}"))
    if max(line.quantity, line.ordered_quantity or 0) * max(line.price_minor, line.list_price_minor or 0) > MOST_MINOR:
        mistakes.append(Objection("invalid_value", "the line is worth too much", f"line {number}.price_paid"))
    if line.ordered_quantity is not None and line.ordered_quantity < line.quantity:
        said = "more came back than was ordered"
        mistakes.append(Objection("more_than_ordered", said, f"line {number}.quantity"))


# --- one value each; a ValueError says what is wrong ---


def _missing(_: str, __: str) -> Any:
    raise ValueError("a value is needed")


def _text(text: str, _: str) -> str:
    if len(text) > LONGEST or "\0" in text:
        raise ValueError(f"a text may have {LONGEST} characters")
    return text


def _texts(text: str, currency: str) -> tuple[str, ...]:
    return tuple(_text(part.strip(), currency) for part in text.split("|") if part.strip())


def _day(text: str, _: str) -> date:
    if not _ISO_DAY.fullmatch(text):
        raise ValueError("a day is written YYYY-MM-DD")
    return date.fromisoformat(text)


def _number(text: str, _: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and int(text) <= MOST_UNITS):
        raise ValueError(f"a whole number from 0 to {MOST_UNITS} is needed")
    return int(text)


def _units(text: str, currency: str) -> int:
    units = _number(text, currency)
    if units < 1:
        raise ValueError("at least one unit")
    return units


def _amount(text: str, currency: str) -> int:
    minor = parse_decimal(text, currency)
    if minor < 0:
        raise ValueError("an amount is not negative")
    if minor > MOST_MINOR:
        raise ValueError("the amount is too large")
    return minor


def _country(text: str, _: str) -> str:
    if not (len(text) == 2 and text.isascii() and text.isalpha()):
        raise ValueError("a country is two letters (ISO 3166)")
    return text.upper()


def _kind(text: str, _: str) -> str:
    if text not in KINDS:
        raise ValueError(f"one of {', '.join(KINDS)}")
    return text


def _flag(text: str, _: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError("yes or no")
    return text == "yes"


# Column -> whether it is needed, the field it fills, how it is read.
COLUMNS: Final[Mapping[str, tuple[bool, str, Reader]]] = {
    "order": (True, "order", _text),
    "placed_on": (True, "placed_on", _day),
    "shipped_on": (False, "shipped_on", _day),
    "delivered_on": (False, "delivered_on", _day),
    "requested_on": (True, "requested_on", _day),
    "country": (False, "country", _country),
    "sku": (True, "sku", _text),
    "title": (False, "title", _text),
    "product_type": (False, "product_type", _text),
    "vendor": (False, "vendor", _text),
    "product_tags": (False, "product_tags", _texts),
    "collections": (False, "collections", _texts),
    "gift_card": (False, "gift_card", _flag),
    "order_tags": (False, "order_tags", _texts),
    "customer_tags": (False, "customer_tags", _texts),
    "customer_earlier_returns": (False, "customer_earlier_returns", _number),
    "discount_codes": (False, "discount_codes", _texts),
    "quantity": (True, "quantity", _units),
    "ordered_quantity": (False, "ordered_quantity", _units),
    "price_paid": (True, "price_minor", _amount),
    "list_price": (False, "list_price_minor", _amount),
    "shipping_paid": (False, "shipping_minor", _amount),
    "reason": (False, "reason", _text),
    "resolution": (False, "resolution", _text),
    "method": (False, "method", _text),
    "kind": (False, "kind", _kind),
    "refunded": (False, "refunded_minor", _amount),
}
