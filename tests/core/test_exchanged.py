"""What an exchange that took place means for orders: what was handed in, and what the new article is worth."""

from dataclasses import replace

from retour.core.exchange import Worth, as_carried, fees_of, given_of, sold_as, together
from retour.core.money import NOTHING
from retour.core.refund import FeeKind, FeeTerm, RefundRequest, RefundTerms, RequestedLine, RowKind, UnitRange, quote
from tests.core.builders import a_ledger, a_line, an_order, both
from tests.core.test_exchange import worth


def test_what_a_plan_pays_for_units_is_what_is_handed_in_line_by_line_with_damage_taken_off() -> None:
    line = replace(a_line(q=2, gross=11_330, tax=1_809), list_value=both(12_001))
    order = an_order(line, a_line("L2", gross=2_000))
    asked = RefundRequest(lines=(
        RequestedLine("L1", (UnitRange(1, 1), UnitRange(2, 2, deduction_bp=1_000))), RequestedLine("L2", (UnitRange(1, 1),)),
    ))  # fmt: skip
    plan = quote(order, a_ledger(order), asked, RefundTerms())

    found = given_of(order, (*plan.rows, *plan.adjustments))

    assert [(g.line_ref, g.quantity, g.worth.gross.presentment, g.listed.presentment) for g in found] == [
        ("L1", 2, 11_330 - 567, 12_001), ("L2", 1, 2_000, 2_000),
    ]  # fmt: skip
    assert given_of(order, [replace(plan.rows[0], kind=RowKind.SHIPPING), replace(plan.rows[0], ref=None)]) == []
    assert together(found).gross == plan.total
    assert sum(t.amount.presentment for t in together(found).taxes) == sum(t.amount.presentment for t in plan.taxes)
    assert fees_of((*plan.rows, *plan.adjustments)) == NOTHING


def test_fees_are_told_as_what_they_take() -> None:
    order = an_order(a_line(gross=5_000))
    terms = RefundTerms(
        fees=(FeeTerm(FeeKind.RESTOCKING, bp=1_000), FeeTerm(FeeKind.LABEL, fixed_minor=490, currency="EUR"))
    )
    asked = RefundRequest(lines=(RequestedLine("L1", (UnitRange(1, 1),)),))

    plan = quote(order, a_ledger(order), asked, terms)

    assert fees_of((*plan.rows, *plan.adjustments)) == both(990)


def test_a_new_article_counts_at_what_it_was_sold_for_and_if_for_nothing_at_its_list_price() -> None:
    sold = replace(a_line(gross=7_140, tax=1_140), list_value=both(8_000))
    free = replace(a_line(gross=0), list_value=both(3_000))
    nothing = replace(a_line(gross=0), list_value=NOTHING)
    paid = worth(5_665, 905)

    assert sold_as(sold, paid) == Worth(both(7_140), sold.taxes)
    assert sold_as(free, paid) == worth(3_000, 479)
    assert sold_as(nothing, paid) == Worth(NOTHING, nothing.taxes)


def test_an_order_is_worth_what_its_lines_carry_and_the_rest_stays_as_it_was() -> None:
    order = an_order(a_line("L1", gross=0), a_line("L2", gross=2_500))
    carried = {"L1": worth(5_665, 905), "gone": worth(1)}

    new_order = as_carried(order, carried)

    assert [(line.ref, line.gross.presentment, line.list_value.presentment) for line in new_order.lines] == [
        ("L1", 5_665, 5_665), ("L2", 2_500, order.lines[1].list_value.presentment),
    ]  # fmt: skip
    assert (new_order.lines[0].taxes, new_order.total) == (carried["L1"].taxes, order.total + both(5_665))
    assert as_carried(order, {}) == order
