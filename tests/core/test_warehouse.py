"""The published shapes of a warehouse's reports, which line each means, and what a warehouse is told to expect."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from retour.core.errors import Refused
from retour.core.rma import Decision, Disposition, Grade
from retour.core.warehouse import (
    INSPECTION,
    RECEIPT,
    RESTOCK,
    SCHEMAS,
    TRACKING,
    announcement,
    check_shape,
    expected,
    lines_of,
    read_report,
    to_restock,
)
from tests.core.rma import builders as b

LINE = {"sku": "S", "quantity": 2}


def a_report(format_: str = RECEIPT, **different: Any) -> dict[str, Any]:
    return {"schema": format_, "return": "R-10482", "lines": [LINE]} | different


def test_a_receipt_is_read() -> None:
    said = read_report(a_report(location="Bin 4", complete=False, occurred_at="2026-03-02T12:00:00+02:00"))

    assert (said.format, said.number, said.location, said.complete) == (RECEIPT, 10_482, "Bin 4", False)
    assert said.occurred_at == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert [(line.sku, line.line_id, line.quantity) for line in said.lines] == [("S", None, 2)]


def test_a_verdict_is_read() -> None:
    line = {
        "line_id": str(b.uid(7)), "quantity": 1, "grade": "opened", "disposition": "refurbish", "accepted": False,
        "deduction_basis_points": 500, "location": "Bench", "note": "scratched",
    }  # fmt: skip

    (said,) = read_report(a_report(INSPECTION, lines=[line])).lines

    assert (said.line_id, said.grade, said.disposition, said.accepted) == (
        b.uid(7), Grade.OPENED, Disposition.REFURBISH, False,
    )  # fmt: skip
    assert (said.deduction_basis_points, said.location, said.note) == (500, "Bench", "scratched")


@pytest.mark.parametrize(
    ("plain", "field"),
    [
        ([], None),
        ({}, "schema"),
        ({"schema": 5}, "schema"),
        ({"schema": "retour.receipt/2"}, "schema"),
        (a_report(lines=[]), "lines"),
        (a_report(lines=[{"quantity": 1}]), "lines[0].line_id"),
        (a_report(lines=[LINE, {"sku": "S", "quantity": 0}]), "lines[1].quantity"),
        (a_report(lines=[{"line_id": "7", "quantity": 1}]), "lines[0].line_id"),
        (a_report(**{"return": "10482"}), "return"),
        (a_report(shelf="9"), "shelf"),
        (a_report(INSPECTION), "lines[0].grade"),
        (a_report(RESTOCK), "location"),
        (a_report(occurred_at="yesterday morning, I think"), "occurred_at"),
    ],
)
def test_what_is_wrong_is_told_by_its_field(plain: Any, field: str | None) -> None:
    with pytest.raises(Refused) as refused:
        check_shape(plain)

    assert (refused.value.code, refused.value.field) == ("invalid_document", field)


def test_a_scan_is_a_message_but_no_report() -> None:
    scan = {"schema": TRACKING, "tracking_number": "JD1", "status": "in_transit"}

    assert check_shape(scan) == TRACKING
    with pytest.raises(Refused) as refused:
        read_report(scan)
    assert refused.value.field == "schema"


def test_every_format_has_its_schema() -> None:
    assert sorted(SCHEMAS) == sorted([RECEIPT, INSPECTION, RESTOCK, TRACKING])


def test_a_line_is_meant_by_its_id_or_by_its_article() -> None:
    order, ret = b.an_order(), b.a_return(b.a_line(1), b.a_line(2))
    first, second = ret.lines
    sold = order.line(first.line_ref)
    assert sold is not None
    alike = replace(order, lines=tuple(replace(line, sku="SAME") for line in order.lines))
    by_id = read_report(a_report(lines=[{"line_id": str(second.id), "quantity": 1}]))
    by_sku = read_report(a_report(lines=[{"sku": "SAME", "quantity": 1}]))

    assert lines_of(by_id, ret, order) == (second,)
    assert lines_of(by_sku, replace(ret, lines=(first,)), alike) == (first,)
    for at, code in ((alike, "line_ambiguous"), (order, "line_unknown")):
        with pytest.raises(Refused) as refused:
            lines_of(by_sku, ret, at)
        assert (refused.value.code, refused.value.field) == (code, "lines[0]")


def test_units_judged_together_go_back_together() -> None:
    line = b.a_line(1)
    one = b.an_inspection(1, (1, 1))
    two = replace(one, id=b.uid(71), span=(2, 3))
    thrown = replace(one, id=b.uid(72), span=(4, 4), disposition=Disposition.DISPOSE)
    back = replace(one, id=b.uid(73), span=(5, 5), restocked=True)
    line = replace(line, inspections=(one, two, thrown, back))

    assert to_restock(line, 3) == (one, two)
    assert to_restock(line, 1) == (one,)
    assert to_restock(replace(line, inspections=(two, one)), 1) == (one,)
    with pytest.raises(Refused, match="fewer units"):
        to_restock(line, 4)
    with pytest.raises(Refused, match="go back together"):
        to_restock(replace(line, inspections=(two,)), 1)


def test_a_warehouse_expects_what_is_approved_and_comes_back() -> None:
    sent = replace(b.a_line(1), destination="mugs", method="label")
    kept = replace(b.a_line(2), resolution="keep_item")
    gone = replace(b.a_line(3), decision=Decision.REJECTED)
    strange = replace(b.a_line(4), line_ref="gone", decision=Decision.RESOLVED)
    ret, order = b.a_return(sent, kept, gone, strange), b.an_order()
    sold = order.line(sent.line_ref)
    assert sold is not None

    assert expected(ret) == {str(sent.id): sent.quantity, str(strange.id): strange.quantity}
    assert announcement(ret, order) == [
        {"line_id": str(sent.id), "line_ref": sent.line_ref, "sku": sold.sku, "title": sold.title,
         "quantity": sent.quantity, "destination": "mugs", "method": "label"},
        {"line_id": str(strange.id), "line_ref": "gone", "sku": None, "title": None, "quantity": strange.quantity,
         "destination": None, "method": None},
    ]  # fmt: skip


def test_the_published_schemas_are_the_ones_that_are_checked() -> None:
    docs = Path(__file__).resolve().parents[2] / "docs"

    for name, schema in SCHEMAS.items():
        assert json.loads((docs / f"{name.replace('/', '-')}.schema.json").read_text(encoding="utf-8")) == schema
