"""The document that a return is told as, and where it may stand here once it is over there."""

from dataclasses import replace
from datetime import timedelta

from retour.core.intake.document import read_return
from retour.core.push import agrees, business_ref, pushed_document
from retour.core.rma import Decision
from tests.core.rma.builders import REQUESTED_AT, RETURN, a_line, a_return, an_order


def test_the_document_is_one_of_ours_and_has_the_open_lines_alone() -> None:
    order = an_order()
    named = replace(order, lines=(replace(order.lines[0], sku="SKU-1"), *order.lines[1:]))
    paid = {"resolution": "refund_original"}
    lines = (
        a_line(1, 2, note="the left sleeve", **paid),
        a_line(2, 3, decision=Decision.REJECTED),
        a_line(3, 1, **paid),
    )

    document = pushed_document(a_return(*lines), named)
    read = read_return(document)

    assert (read.id, read.status, read.kind) == (str(RETURN), "approved", "return")
    assert [(i.line, i.sku, i.quantity, i.reason, i.comment) for i in read.items] == [
        ("L1", "SKU-1", 2, "too_small", None),
        ("L3", None, 1, "too_small", None),
    ]
    assert (read.order_id, read.order_number, read.metadata["retour_return"]) == ("order/1", "#1001", str(RETURN))
    assert (read.created_at, read.updated_at) == (REQUESTED_AT, REQUESTED_AT + timedelta(hours=1))
    assert "sleeve" not in str(document)


def test_what_nobody_has_decided_is_told_as_requested() -> None:
    ret = a_return(a_line(decision=Decision.REQUESTED), decided_at=None)

    document = pushed_document(ret, an_order())

    assert (document["status"], document["updated_at"]) == ("requested", document["created_at"])
    assert business_ref(ret) == f"push:{RETURN}"


def test_where_a_return_may_stand_here_once_it_is_over_there() -> None:
    apart = {
        there: sorted(here.value for here in Decision if not agrees(there, here))
        for there in ("requested", "approved", "received", "rejected", "cancelled", "refunded", "closed")
    }
    still_open = ["approved", "in_review", "reopened", "requested"]

    assert apart == {
        "requested": [],
        "approved": [],
        "received": [],
        "rejected": sorted([*still_open, "resolved"]),
        "cancelled": sorted([*still_open, "resolved"]),
        "refunded": ["cancelled", "expired", "rejected"],
        "closed": still_open,
    }
