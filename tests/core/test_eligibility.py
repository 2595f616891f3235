"""What can still come back is computed from rows: shipped, claimed, refunded."""

from retour.core.eligibility import Returnable, returnable
from tests.core.policy.builders import a_line, a_parcel, an_order


def test_left_is_what_was_shipped_and_neither_claimed_nor_refunded() -> None:
    order = an_order(a_line("L1", quantity=5), a_line("L2"), fulfilments=(a_parcel("L1", quantity=4),))

    answer = returnable(order, claimed={"L1": 1}, refunded_without_return={"L1": 2})

    assert {"L1": Returnable("L1", 4, 1, 2, 1), "L2": Returnable("L2", 0, 0, 0, 0)} == answer


def test_surplus_fulfilments_and_cancelled_units_open_no_gate() -> None:
    order = an_order(a_line("L1", quantity=3, cancelled=1), fulfilments=(a_parcel("L1", quantity=9),))

    assert returnable(order, claimed={}, refunded_without_return={})["L1"].left == 2


def test_left_is_never_below_zero() -> None:
    answer = returnable(an_order(), claimed={"L1": 2}, refunded_without_return={"L1": 2})

    assert (answer["L1"].shipped, answer["L1"].left) == (2, 0)
    assert returnable(an_order(a_line(cancelled=9)), claimed={}, refunded_without_return={})["L1"].shipped == 0


def test_each_reason_why_units_cannot_come_back_has_its_code() -> None:
    line = Returnable("L1", shipped=3, claimed=1, refunded=1, left=1)

    assert line.objections(1) == ()
    assert [no.code for no in line.objections(2)] == ["more_than_returnable"]
    assert [no.code for no in line.objections(0)] == ["quantity_not_positive"]
    assert [no.code for no in Returnable("L1", 3, 3, 0, 0).objections(1)] == ["nothing_left"]
    assert [no.code for no in Returnable("L1", 0, 0, 0, 0).objections(1)] == ["not_shipped"]
    assert line.objections(2)[0].field == "lines[L1].quantity"
