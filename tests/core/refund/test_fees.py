"""Fees of every kind: what they come to, how they are taxed, capped, waived, and what a small refund can bear."""

from dataclasses import replace

import pytest

from retour.core.errors import Refused
from retour.core.money import NOTHING, Sides
from retour.core.refund import (
    ChargeMode,
    FeeKind,
    FeeOf,
    FeePer,
    FeeTax,
    FeeTerm,
    RefundRequest,
    RefundTerms,
    RequestedLine,
    RowKind,
    Shortfall,
    UnitRange,
    booked,
)
from retour.core.refund.fees import sides_of
from tests.core.builders import a_charge, a_ledger, a_line, a_tax, an_order, both
from tests.core.refund.charging import ORDER, charged, told, units

# --- what a fee comes to ---


@pytest.mark.parametrize(
    ("fee", "amount"),
    [
        (FeeTerm(bp=1_000), 200),
        (FeeTerm(bp=1_000, of=FeeOf.LISTED), 250),
        (FeeTerm(fixed_minor=150), 150),
        (FeeTerm(cost_minor=75), 75),
        (FeeTerm(bp=1_000, fixed_minor=150, cost_minor=75), 425),
        (FeeTerm(bp=1_000, fixed_minor=150, cost_minor=75, at_most_minor=300), 300),
        (FeeTerm(bp=1_000, at_most_minor=201), 200),
        (FeeTerm(bp=1_000, at_most_minor=200), 200),
        (FeeTerm(bp=1_000, at_most_minor=199), 199),
    ],
)
def test_a_fee_is_a_share_of_the_value_and_a_fixed_amount_and_a_cost_up_to_its_cap(fee: FeeTerm, amount: int) -> None:
    (row,) = charged(fee).adjustments

    assert row.payable == both(-amount)
    assert row.basis_points == (fee.bp or None)
    assert (row.ref, row.reason, row.actor, row.waived) == (None, None, None, NOTHING)


@pytest.mark.parametrize(
    ("per", "amount"),
    [(FeePer.RETURN, 100), (FeePer.LINE, 200), (FeePer.UNIT, 300), (FeePer.PARCEL, 400)],
)
def test_a_fixed_fee_is_charged_for_what_it_is_charged_for(per: FeePer, amount: int) -> None:
    asked = (units("A", 1, 2), units("B", 1, 1))

    plan = charged(FeeTerm(fixed_minor=100, per=per), asked=asked, request=RefundRequest(parcels=4))

    assert told(plan.adjustments) == [(RowKind.RESTOCKING_FEE, -amount)]
    (fee,) = plan.fees
    assert (fee.value, fee.listed, fee.lines, fee.units) == (both(5000), NOTHING, (("A", 2), ("B", 1)), 3)
    assert (fee.parcels, fee.charged, fee.billed, fee.waived) == (4, both(amount), NOTHING, NOTHING)


def test_fees_are_taken_in_the_order_of_their_kinds() -> None:
    kinds = (FeeKind.CANCELLATION, FeeKind.RETURN, FeeKind.LABEL, FeeKind.RESTOCKING)

    plan = charged(*(FeeTerm(kind, fixed_minor=10 * n) for n, kind in enumerate(kinds, 1)))

    assert told(plan.adjustments) == [
        (RowKind.RESTOCKING_FEE, -40),
        (RowKind.LABEL_FEE, -30),
        (RowKind.RETURN_FEE, -20),
        (RowKind.CANCELLATION_FEE, -10),
    ]
    assert plan.total == both(1900)


def test_a_share_is_taken_of_the_value_after_damage() -> None:
    worn = (RequestedLine("A", (UnitRange(1, 1, deduction_bp=2_500),)),)

    plan = charged(FeeTerm(bp=1_000), asked=worn)

    assert told(plan.adjustments) == [(RowKind.DAMAGE, -500), (RowKind.RESTOCKING_FEE, -150)]
    assert plan.fees[0].value == both(1500)


# --- tax ---


@pytest.mark.parametrize(
    ("fee", "gross", "tax"),
    [
        (FeeTerm(FeeKind.LABEL, fixed_minor=690, tax=FeeTax.SUPPLY, tax_bp=1_900), 690, 110),
        (FeeTerm(FeeKind.LABEL, fixed_minor=580, tax=FeeTax.SUPPLY, tax_bp=1_900, tax_included=False), 690, 110),
        (FeeTerm(FeeKind.LABEL, fixed_minor=600, tax=FeeTax.SUPPLY, tax_bp=700, tax_included=False), 642, 42),
        (
            FeeTerm(
                FeeKind.LABEL, fixed_minor=690, tax=FeeTax.SUPPLY, tax_bp=1_900, tax_included=False, at_most_minor=500
            ),
            595,
            95,
        ),
    ],
)
def test_a_service_has_a_rate_of_its_own_in_the_amount_or_on_top_of_it(fee: FeeTerm, gross: int, tax: int) -> None:
    plan = charged(fee)

    (row,) = plan.adjustments
    assert (row.payable, row.net) == (both(-gross), both(tax - gross))
    assert row.taxes == (a_tax(-tax, f"supply:{fee.tax_bp}"),)
    assert plan.taxes == (a_tax(320), a_tax(-tax, f"supply:{fee.tax_bp}"))


def test_a_service_without_a_rate_has_no_tax_and_a_reduction_that_of_the_goods() -> None:
    untaxed = charged(FeeTerm(fixed_minor=690, tax=FeeTax.SUPPLY))
    reduction = charged(FeeTerm(fixed_minor=690, tax_included=False, tax_bp=1_900))

    assert (untaxed.adjustments[0].taxes, untaxed.adjustments[0].net) == ((), both(-690))
    assert reduction.adjustments[0].payable == both(-690)
    assert reduction.adjustments[0].taxes == (a_tax(-110),)  # 320 · 690 / 2000


def test_the_tax_of_a_service_is_no_tax_of_the_order_and_has_no_limit_there() -> None:
    order = an_order(a_line("A", gross=2000))

    plan = charged(FeeTerm(fixed_minor=690, tax=FeeTax.SUPPLY, tax_bp=1_900), order=order)

    assert plan.taxes == (a_tax(-110, "supply:1900"),)
    assert plan.notes == ()


def test_a_limit_of_the_order_cuts_no_tax_of_a_service() -> None:
    order = an_order(a_line("A", gross=2000, tax=319))
    ledger = replace(a_ledger(order), paid_back=both(1500))
    fee = FeeTerm(FeeKind.LABEL, fixed_minor=500, tax=FeeTax.SUPPLY, tax_bp=1_900)

    plan = charged(fee, order=order, ledger=ledger, request=RefundRequest(clamp=True))

    label, cap = plan.adjustments
    assert (label.payable, label.taxes) == (both(-500), (a_tax(-80, "supply:1900"),))
    # 1500 is due: net 1261 and tax 319 bear the 1000
    assert (cap.kind, cap.payable, cap.net) == (RowKind.CAP_ORDER, both(-1000), both(-798))
    assert cap.taxes == (a_tax(-202), a_tax(0, "supply:1900"))
    assert (plan.total, plan.taxes) == (both(500), (a_tax(117), a_tax(-80, "supply:1900")))


# --- what a refund can bear ---


def test_later_fees_are_reduced_before_earlier_ones_and_a_service_gets_the_tax_of_what_is_left() -> None:
    order = an_order(a_line("A", gross=1000, tax=160))
    fees = (
        FeeTerm(fixed_minor=300),
        FeeTerm(FeeKind.RETURN, fixed_minor=400),
        FeeTerm(FeeKind.CANCELLATION, fixed_minor=100, tax=FeeTax.SUPPLY, tax_bp=1_900),
        FeeTerm(FeeKind.LABEL, fixed_minor=500, tax=FeeTax.SUPPLY, tax_bp=1_900),
    )

    plan = charged(*fees, order=order)

    assert [(row.payable, row.taxes, row.reason) for row in plan.adjustments] == [
        (both(-300), (a_tax(-48),), None),
        (both(-500), (a_tax(-80, "supply:1900"),), None),
        (both(-200), (a_tax(-32),), "reduced_to_refund"),
    ]
    assert (plan.total, plan.billed) == (NOTHING, NOTHING)
    assert plan.notes == ("fee_reduced",)
    assert [fee.charged for fee in plan.fees] == [both(300), both(500), both(200), NOTHING]


def test_what_the_refund_cannot_bear_is_billed_if_the_policy_says_so() -> None:
    order = an_order(a_line("A", gross=1000, tax=160))
    fees = (FeeTerm(fixed_minor=900), FeeTerm(FeeKind.LABEL, fixed_minor=500), FeeTerm(FeeKind.RETURN, fixed_minor=50))

    plan = charged(*fees, order=order, terms=RefundTerms(shortfall=Shortfall.BILLED))

    assert told(plan.adjustments) == [(RowKind.RESTOCKING_FEE, -900), (RowKind.LABEL_FEE, -100)]
    assert [fee.billed for fee in plan.fees] == [NOTHING, both(400), both(50)]
    assert plan.billed == both(450)
    assert plan.notes == ("fee_reduced", "fee_billed")
    assert plan.taxes == (a_tax(0),)


def test_a_fee_above_the_goods_takes_of_the_shipping_with_its_tax() -> None:
    order = an_order(a_line("A", gross=450, tax=72), charges=(a_charge(gross=1000, tax=160),))
    fees = (FeeTerm(fixed_minor=100), FeeTerm(FeeKind.RETURN, fixed_minor=600))

    plan = charged(*fees, order=order, terms=RefundTerms(shipping=ChargeMode.ALL))

    assert [row.taxes for row in plan.adjustments] == [(a_tax(-16),), (a_tax(-96),)]  # 216 · 600 / 1350
    assert plan.total == both(750)


def test_what_one_refund_could_not_bear_is_taken_from_the_next_of_the_same_return() -> None:
    order = an_order(a_line("A", gross=450), a_line("B", gross=2000))
    fee = FeeTerm(FeeKind.LABEL, fixed_minor=690)
    first = charged(fee, order=order)

    again = charged(fee, asked=(units("B", 1, 1),), order=order, ledger=booked(a_ledger(order), first))
    another = charged(fee, asked=(units("B", 1, 1),), order=order)

    assert (first.adjustments[0].payable, again.adjustments[0].payable) == (both(-450), both(-240))
    assert another.adjustments[0].payable == both(-690)


def test_what_was_billed_is_not_taken_again() -> None:
    order = an_order(a_line("A", gross=450), a_line("B", gross=2000))
    fee, billed = FeeTerm(FeeKind.LABEL, fixed_minor=690), RefundTerms(shortfall=Shortfall.BILLED)
    first = charged(fee, order=order, terms=billed)

    again = charged(fee, asked=(units("B", 1, 1),), order=order, ledger=booked(a_ledger(order), first), terms=billed)

    assert (first.billed, again.adjustments, again.billed) == (both(240), (), NOTHING)


def test_books_that_bear_less_than_the_shopper_are_charged_less() -> None:
    order = an_order(a_line("A", gross=Sides(1000, 400)), shop_currency="USD")

    plan = charged(FeeTerm(FeeKind.LABEL, fixed_minor=500, currency="USD"), order=order)

    assert plan.adjustments[0].payable == Sides(-1000, -400)
    assert plan.total == NOTHING


# --- two currencies ---


def test_an_amount_in_either_currency_is_the_same_fraction_of_the_order_s_two_totals() -> None:
    order = an_order(a_line("A", gross=Sides(1_000, 150_001)), shop_currency="JPY")

    assert sides_of(order, 100, None) == Sides(100, 15_000)
    assert sides_of(order, 100, "EUR") == Sides(100, 15_000)
    assert sides_of(order, 15_000, "JPY") == Sides(100, 15_000)
    assert sides_of(order, 0, "XXX") == NOTHING
    with pytest.raises(Refused) as refused:
        sides_of(order, 1, "USD")
    assert (refused.value.code, refused.value.field) == ("currency_mismatch", "currency")
    assert sides_of(ORDER, 100, "EUR") == both(100)
    assert sides_of(an_order(a_line("A", gross=Sides(1, 150)), shop_currency="JPY"), 2, None) == Sides(2, 300)


def test_an_order_whose_books_say_nothing_gives_an_amount_no_other_side() -> None:
    empty = an_order(a_line("A", gross=Sides(1_000, 0)), shop_currency="JPY")
    negative = an_order(a_line("A", gross=Sides(1_000, -5)), shop_currency="JPY")

    assert sides_of(empty, 100, "JPY") == Sides(0, 100)
    assert sides_of(empty, 1_000, "EUR") == Sides(1_000, 0)
    assert sides_of(negative, 100, "EUR") == Sides(100, 0)


def test_a_share_is_taken_of_each_side_s_own_value() -> None:
    order = an_order(a_line("A", q=3, gross=Sides(1_000, 147_333)), shop_currency="JPY")

    plan = charged(FeeTerm(bp=1_000), order=order)

    assert plan.rows[0].payable == Sides(333, 49_111)
    assert plan.adjustments[0].payable == Sides(-33, -4_911)
