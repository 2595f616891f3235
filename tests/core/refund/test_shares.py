"""What a plan paid for some of its lines, to the cent."""

from dataclasses import replace

import pytest

from retour.core.money import Sides
from retour.core.refund import Plan, RefundRequest, RefundTerms, RequestedLine, UnitRange, paid_for, quote
from tests.core.builders import a_ledger, a_line, an_order

ORDER = an_order(a_line("L1", q=2, gross=1_000), a_line("L2", q=1, gross=500), a_line("L3", q=1, gross=333))


def a_plan(*, bonus: int = 0) -> Plan:
    """Return a plan of 7.50 for the first line (one of its units damaged by half) and 5.00 for the second."""
    lines = (
        RequestedLine("L1", (UnitRange(1, 1, deduction_bp=5_000), UnitRange(2, 2))),
        RequestedLine("L2", (UnitRange(1, 1),)),
    )
    plan = quote(ORDER, a_ledger(ORDER), RefundRequest(lines, clamp=True), RefundTerms())
    return replace(plan, bonus=bonus)


@pytest.mark.parametrize(
    ("refs", "paid"),
    [
        (("L1",), 750 + 75),
        (("L2",), 500 + 50),
        (("L1", "L2"), 1_250 + 125),
        (("L1", "L2", "L3"), 1_250 + 125),
        (("L3",), None),
        ((), None),
    ],
)
def test_each_line_has_its_units_less_what_was_taken_off_and_its_part_of_the_bonus(
    refs: tuple[str, ...], paid: int | None
) -> None:
    assert paid_for(a_plan(bonus=125), refs) == paid


def test_a_bonus_is_parted_half_up() -> None:
    assert paid_for(a_plan(bonus=3), ("L1",)) == 752  # 1.8
    assert paid_for(a_plan(bonus=3), ("L2",)) == 501  # 1.2


def test_of_a_plan_that_paid_nothing_nothing_is_a_part() -> None:
    plan = a_plan(bonus=3)
    free = replace(plan, rows=tuple(replace(row, payable=Sides(0, 0)) for row in plan.rows), adjustments=())

    assert paid_for(free, ("L1",)) == 0
