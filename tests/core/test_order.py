"""The order answers two questions: which line has this ref, and how many of its units were shipped."""

from dataclasses import fields

from retour.core.order import Order, Person
from tests.core.rma.builders import an_order


def test_a_line_is_found_by_its_ref() -> None:
    order = an_order({"L1": (1,), "L2": (2,)})

    assert order.lines[1] is order.line("L2")


def test_an_unknown_ref_is_no_line() -> None:
    assert an_order({"L1": (1,)}).line("L9") is None


def test_shipped_units_of_a_line_add_up_over_parcels() -> None:
    order = an_order({"L1": (2, 3), "L2": (4,)})

    assert order.fulfilled("L1") == 5
    assert order.fulfilled("L2") == 4
    assert order.fulfilled("L9") == 0


def test_an_order_holds_nothing_of_its_shopper_but_the_country() -> None:
    personal = {field.name for field in fields(Person)} - {"ref", "name", "tags"}

    assert not personal & {field.name for field in fields(Order)}
