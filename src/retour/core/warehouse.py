"""What a warehouse system reports: receipts, verdicts and restocks of a return, in published shapes (JSON Schema)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from retour.core.errors import Objection, Refused
from retour.core.intake.schema import INSTANT, PARCEL_STATUSES
from retour.core.intake.shape import problems
from retour.core.order import Order
from retour.core.rma import Decision, Disposition, Grade, Inspection, Return, ReturnLine, count

Json = dict[str, Any]
RECEIPT: Final = "retour.receipt/1"
INSPECTION: Final = "retour.inspection/1"
RESTOCK: Final = "retour.restock/1"
TRACKING: Final = "retour.tracking/1"
REPORTS: Final = frozenset({RECEIPT, INSPECTION, RESTOCK})
MOST_LINES: Final = 200
_NO_NUL: Final = r"^[^\u0000]*$"


def _text(most: int = 100, *, about: str = "") -> Json:
    told = {"description": about} if about else {}
    return {"type": "string", "minLength": 1, "maxLength": most, "pattern": _NO_NUL, **told}


def _message(format_: str, about: str, properties: Json, *required: str) -> Json:
    known = {"schema": {"type": "string", "const": format_}, "occurred_at": INSTANT, **properties}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": format_, "description": about,
        "type": "object", "properties": known, "required": ["schema", *required], "additionalProperties": False,
    }  # fmt: skip


def _lines(**more: Json) -> Json:
    line = {
        "line_id": {
            "type": "string", "minLength": 36, "maxLength": 36,
            "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
            "description": "The id of the line as `return.expected` told it; it or `sku` is needed.",
        },
        "sku": _text(200, about="The article, where one line of the return alone has it."),
        "quantity": {"type": "integer", "minimum": 1, "maximum": 10_000},
        **more,
    }  # fmt: skip
    required = ["quantity", *(name for name in ("grade",) if name in more)]
    items = {"type": "object", "properties": line, "required": required, "additionalProperties": False}
    return {"type": "array", "items": items, "minItems": 1, "maxItems": MOST_LINES}


_RETURN: Final[Json] = {
    "type": "string", "minLength": 3, "maxLength": 20, "pattern": "^R-[1-9][0-9]{0,17}$",
    "description": "The number of the return, such as R-10482.",
}  # fmt: skip
_GRADES: Final[Json] = {"type": "string", "enum": [grade.value for grade in Grade]}
_DISPOSITIONS: Final[Json] = {"type": "string", "enum": [one.value for one in Disposition]}
SCHEMAS: Final[Mapping[str, Json]] = {
    RECEIPT: _message(
        RECEIPT, "Units of a return arrived.",
        {
            "return": _RETURN, "lines": _lines(), "location": _text(about="Where they are."),
            "complete": {"type": "boolean", "description": "Whether nothing more comes with it; true if left out."},
        },
        "return", "lines",
    ),
    INSPECTION: _message(
        INSPECTION, "Units that arrived were judged; what is left out follows the store's policy for the grade.",
        {
            "return": _RETURN,
            "lines": _lines(
                grade=_GRADES, disposition=_DISPOSITIONS, accepted={"type": "boolean"}, location=_text(),
                note=_text(2_000),
                deduction_basis_points={
                    "type": "integer", "minimum": 0, "maximum": 10_000,
                    "description": "Hundredths of a percent off the refund.",
                },
            ),
        },
        "return", "lines",
    ),
    RESTOCK: _message(
        RESTOCK, "Units that were judged `restock` are back in stock.",
        {"return": _RETURN, "lines": _lines(), "location": _text(about="Where they can be sold again.")},
        "return", "lines", "location",
    ),
    TRACKING: _message(
        TRACKING, "A carrier scanned a parcel.",
        {
            "tracking_number": _text(60), "carrier": _text(60), "status": {"type": "string", "enum": list(PARCEL_STATUSES)},
            "reference": _text(about="What the label says beside the number: the number of the return."),
            "place": _text(200), "id": _text(200),
        },
        "tracking_number", "status",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReportedLine:
    """Units of one line, named by its id or its article; the rest as the kind of report has it."""

    quantity: int
    line_id: UUID | None = None
    sku: str | None = None
    grade: Grade | None = None
    disposition: Disposition | None = None
    accepted: bool | None = None
    deduction_basis_points: int | None = None
    location: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """One report of a warehouse: what (`format`), about which return, when (aware UTC, if it says)."""

    format: str
    number: int
    lines: tuple[ReportedLine, ...]
    occurred_at: datetime | None = None
    location: str | None = None
    complete: bool = True


def check_shape(plain: object) -> str:
    """Return the format of a message; raise Refused(invalid_document) with every field that is wrong."""
    if not isinstance(plain, Mapping):
        raise Refused("invalid_document", "the body is not a JSON object")
    format_ = plain.get("schema")
    if not isinstance(format_, str) or format_ not in SCHEMAS:
        raise Refused("invalid_document", f"schema must be one of {', '.join(SCHEMAS)}", field="schema")
    found = [*problems(plain, SCHEMAS[format_])]
    if not found and format_ in REPORTS:
        found = [
            Objection("missing_field", "line_id or sku is needed", f"lines[{n}].line_id")
            for n, line in enumerate(plain["lines"])
            if "line_id" not in line and "sku" not in line
        ]
    if found:
        raise Refused(
            "invalid_document", f"{found[0].field}: {found[0].message}", field=found[0].field, objections=found
        )  # fmt: skip
    return format_


def read_report(plain: object) -> Report:
    """Return what a warehouse reports; raise Refused(invalid_document) with every field that is wrong."""
    format_ = check_shape(plain)
    assert isinstance(plain, Mapping), "its shape was checked"
    if format_ not in REPORTS:
        raise Refused("invalid_document", "that is no report of a warehouse", field="schema")
    at = plain.get("occurred_at")
    return Report(
        format=format_,
        number=int(plain["return"].removeprefix("R-")),
        lines=tuple(_line(line) for line in plain["lines"]),
        occurred_at=datetime.fromisoformat(at).astimezone(UTC) if at else None,
        location=plain.get("location"),
        complete=plain.get("complete", True),
    )


def lines_of(report: Report, ret: Return, order: Order) -> tuple[ReturnLine, ...]:
    """Return the line of the return that each reported one means; raise Refused(line_unknown, line_ambiguous)."""
    found = []
    for n, reported in enumerate(report.lines):
        fits = [line for line in ret.lines if _means(reported, line, order)]
        if not fits:
            raise Refused("line_unknown", "the return has no such line", field=f"lines[{n}]")
        if len(fits) > 1:
            raise Refused("line_ambiguous", "several lines have that article; name one by line_id", field=f"lines[{n}]")
        found.append(fits[0])
    return tuple(found)


def to_restock(line: ReturnLine, quantity: int) -> tuple[Inspection, ...]:
    """Return the verdicts of a line whose units a report puts back, oldest first.

    Raise Refused(not_inspected) if fewer units wait to go back, Refused(restock_not_whole) if a verdict would be split.
    """
    waiting = [i for i in line.inspections if i.disposition is Disposition.RESTOCK and not i.restocked]
    if sum(count((i.span,)) for i in waiting) < quantity:
        raise Refused("not_inspected", "fewer units of the line wait to go back into stock")
    taken, left = [], quantity
    for inspection in waiting:
        units = count((inspection.span,))
        if units <= left:
            taken.append(inspection)
            left -= units
    if left:
        raise Refused("restock_not_whole", "units that were judged together go back together")
    return tuple(taken)


def expected(ret: Return) -> dict[str, int]:
    """Return the units of each line (by its id) that a warehouse has to expect, or has received; empty for none."""
    return {
        str(line.id): line.quantity
        for line in ret.lines
        if line.decision in (Decision.APPROVED, Decision.RESOLVED) and not line.kept and line.quantity
    }


def announcement(ret: Return, order: Order) -> list[dict[str, object]]:
    """Return the lines of the message that announces a return: id, article, units and where they go."""
    units = expected(ret)
    found: list[dict[str, object]] = []
    for line in ret.lines:
        if str(line.id) in units:
            sold = order.line(line.line_ref)
            found.append(
                {
                    "line_id": str(line.id), "line_ref": line.line_ref, "sku": sold.sku if sold else None,
                    "title": sold.title if sold else None, "quantity": units[str(line.id)],
                    "destination": line.destination, "method": line.method,
                }
            )  # fmt: skip
    return found


def _line(plain: Mapping[str, Any]) -> ReportedLine:
    return ReportedLine(
        quantity=plain["quantity"],
        line_id=UUID(plain["line_id"]) if "line_id" in plain else None,
        sku=plain.get("sku"),
        grade=Grade(plain["grade"]) if "grade" in plain else None,
        disposition=Disposition(plain["disposition"]) if "disposition" in plain else None,
        accepted=plain.get("accepted"),
        deduction_basis_points=plain.get("deduction_basis_points"),
        location=plain.get("location"),
        note=plain.get("note"),
    )


def _means(reported: ReportedLine, line: ReturnLine, order: Order) -> bool:
    if reported.line_id is not None:
        return line.id == reported.line_id
    sold = order.line(line.line_ref)
    return sold is not None and sold.sku == reported.sku
