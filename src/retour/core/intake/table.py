"""A file of returns: the same schema, one line of CSV for each item; lines of one id are one return."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from retour.core.errors import Objection, Refused
from retour.core.intake.document import ReturnDocument, read_return
from retour.core.intake.schema import RETURN_FORMAT

MOST_LINES: Final = 5_000
# Where the value of a column belongs in the document; those of an item may differ from line to line.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("id",),
    "status": ("status",),
    "created_at": ("created_at",),
    "updated_at": ("updated_at",),
    "kind": ("kind",),
    "order_id": ("order", "id"),
    "order_number": ("order", "number"),
    "order_date": ("order", "placed_on"),
    "order_total": ("order", "total"),
    "order_currency": ("order", "currency"),
    "customer_id": ("customer", "id"),
    "customer_name": ("customer", "name"),
    "customer_email": ("customer", "email"),
    "customer_phone": ("customer", "phone"),
    "customer_postcode": ("customer", "postcode"),
    "refund_amount": ("refund", "amount"),
    "refund_currency": ("refund", "currency"),
    "refund_reference": ("refund", "reference"),
    "carrier": ("shipping", "carrier"),
    "tracking_number": ("shipping", "tracking_number"),
    "parcel_status": ("shipping", "status"),
    "notes": ("notes",),
}
ITEM_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "line": ("line",),
    "sku": ("sku",),
    "title": ("title",),
    "quantity": ("quantity",),
    "reason": ("reason", "code"),
    "comment": ("reason", "comment"),
    "resolution": ("resolution",),
    "grade": ("condition", "grade"),
}
NEEDED: Final = ("id", "created_at", "quantity")
_DAY: Final = len("2026-11-20")


@dataclass(frozen=True, slots=True)
class FileReturn:
    """One return of a file: the lines it stands on, and the document, or what is wrong with it by column."""

    id: str
    lines: tuple[int, ...]
    document: ReturnDocument | None
    objections: tuple[Objection, ...] = ()


def read_table(text: str, *, most_lines: int = MOST_LINES) -> tuple[FileReturn, ...]:
    """Return the returns of a file in the order of the file; each stands or falls by itself.

    Raises Refused(`file_invalid`) for a file that is no table of these columns, `file_too_long`.
    """
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    by_id: dict[str, list[tuple[int, dict[str, str]]]] = {}
    try:
        names = _columns(next(rows, []))
        for row in rows:
            if rows.line_num > most_lines:
                raise Refused("file_too_long", f"a file may have {most_lines} lines", field="csv")
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(names):
                raise _invalid(f"line {rows.line_num} has {len(row)} cells, not {len(names)}", f"line {rows.line_num}")
            cells = {name: cell.strip() for name, cell in zip(names, row, strict=True) if cell.strip()}
            by_id.setdefault(cells.get("id", ""), []).append((rows.line_num, cells))
    except csv.Error as error:
        raise _invalid(f"line {rows.line_num}: {error}", f"line {rows.line_num}") from None
    if not by_id:
        raise _invalid("the file has no lines", "csv")
    return tuple(_return(id_, found) for id_, found in by_id.items())


def _columns(head: Sequence[str]) -> list[str]:
    names = [name.strip().lower() for name in head]
    known = COLUMNS.keys() | ITEM_COLUMNS.keys()
    for name in names:
        if name not in known:
            raise _invalid(f"{name[:40]!r} is no column of this file", f"line 1.{name[:40]}")
        if names.count(name) > 1:
            raise _invalid(f"the column {name!r} stands there twice", f"line 1.{name}")
    for name in NEEDED:
        if name not in names:
            raise _invalid(f"the column {name!r} is missing", f"line 1.{name}")
    return names


def _return(id_: str, found: Sequence[tuple[int, Mapping[str, str]]]) -> FileReturn:
    lines = tuple(number for number, _ in found)
    contradictions = [*_contradictions(found)]
    if contradictions:
        return FileReturn(id_, lines, None, tuple(contradictions))
    try:
        return FileReturn(id_, lines, read_return(_plain(found)))
    except Refused as no:
        given = any("updated_at" in cells for _, cells in found)  # else it is what was said to be created_at
        objections = (one for one in no.objections if given or one.field != "updated_at")
        return FileReturn(id_, lines, None, tuple(_at(one, lines) for one in objections))


def _contradictions(found: Sequence[tuple[int, Mapping[str, str]]]) -> Iterator[Objection]:
    """Yield what the lines of one return say differently of the return itself; an empty cell says nothing."""
    said: dict[str, str] = {}
    for number, cells in found:
        for name in COLUMNS.keys() & cells.keys():
            if said.setdefault(name, cells[name]) != cells[name]:
                yield Objection("not_one_of", "differs from a line of the same return", f"line {number}.{name}")


def _plain(found: Sequence[tuple[int, Mapping[str, str]]]) -> dict[str, Any]:
    cells = {name: value for _, line in found for name, value in line.items() if name in COLUMNS}
    plain: dict[str, Any] = {"schema": RETURN_FORMAT, "status": "requested", "items": []}
    for name, value in cells.items():
        _put(plain, COLUMNS[name], _instant(value) if name in ("created_at", "updated_at") else value)
    plain.setdefault("updated_at", plain.get("created_at"))
    for _, line in found:
        item: dict[str, Any] = {}
        for name in ITEM_COLUMNS.keys() & line.keys():
            _put(item, ITEM_COLUMNS[name], _whole(line[name]) if name == "quantity" else line[name])
        plain["items"].append(item)
    return plain


def _put(plain: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    for name in path[:-1]:
        plain = plain.setdefault(name, {})
    plain[path[-1]] = value


def _instant(text: str) -> str:
    return f"{text}T00:00:00Z" if len(text) == _DAY else text


def _whole(text: str) -> int | str:
    """Return the number of a cell; what is none is left for the schema to name."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else text


def _at(objection: Objection, lines: Sequence[int]) -> Objection:
    """Return an objection at the line of the file that it is about, by the name of its column."""
    field = objection.field or ""
    index, rest = 0, field
    if field.startswith("items["):
        number, _, rest = field.removeprefix("items[").partition("]")
        index = int(number)
    path = tuple(part for part in rest.lstrip(".").split(".") if part)
    table = ITEM_COLUMNS if rest != field else COLUMNS
    name = next((column for column, place in table.items() if place == path), ".".join(path))
    return Objection(objection.code, objection.message, f"line {lines[index]}" + (f".{name}" if name else ""))


def _invalid(message: str, field: str) -> Refused:
    return Refused("file_invalid", message, field=field)
