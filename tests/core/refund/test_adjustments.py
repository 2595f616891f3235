"""Damage, fees, charges and tenders of a quote."""

from dataclasses import replace

import pytest

from retour.core.errors import Refused
from retour.core.money import NOTHING, Sides
from retour.core.order import ChargeKind, Order, TenderKind
from retour.core.refund import (
    ChargeMode,
    FeePer,
    FeeTerm,
    Ledger,
    LedgerCharge,
    LedgerLine,
    MoneyBasis,
    MoneyStep,
    Plan,
    RefundRequest,
    RefundTerms,
    RequestedLine,
    Row,
    RowKind,
    ShippingWish,
    Shortfall,
    UnitRange,
    booked,
    quote,
)
from tests.core.builders import a_charge, a_ledger, a_line, a_tax, a_tender, an_order, both

TERMS = RefundTerms()


def units(ref: str, lo: int, hi: int) -> RequestedLine:
    return RequestedLine(ref, (UnitRange(lo, hi),))


def money(amount: int, basis: MoneyBasis = MoneyBasis.GROSS) -> RequestedLine:
    return RequestedLine("L1", money=MoneyStep(amount, "agent-7", "late", basis))


def asking(*lines: RequestedLine, clamp: bool = False, shipping: ShippingWish | None = None) -> RefundRequest:
    return RefundRequest(lines, shipping, clamp=clamp)


def planned(order: Order, *lines: RequestedLine, terms: RefundTerms = TERMS) -> Plan:
    return quote(order, a_ledger(order), asking(*lines), terms)


def amounts(rows: tuple[Row, ...]) -> list[tuple[RowKind, int]]:
    return [(row.kind, row.payable.presentment) for row in rows]


ORDER = an_order(
    a_line("L1", q=4, gross=14600, tax=2535), a_line("L2", q=1, gross=0), charges=(a_charge(gross=900, tax=144),)
)


# --- damage and fees ---


def test_a_worthless_unit_takes_its_whole_tax_along() -> None:
    order = an_order(a_line(q=3, gross=1000, tax=159))
    asked = RequestedLine("L1", (UnitRange(1, 3, deduction_bp=10_000),))

    plan = planned(order, asked)

    assert (plan.total, plan.taxes, plan.legs) == (NOTHING, (a_tax(0),), ())


def test_damage_takes_no_more_than_is_paid_for_the_units() -> None:
    order = an_order(a_line(q=2, gross=2000, tax=320))
    ledger = replace(a_ledger(order), lines=(LedgerLine("L1", (), both(1900), (a_tax(304),)),), paid_back=both(1900))
    asked = RequestedLine("L1", (UnitRange(1, 1, deduction_bp=5_000), UnitRange(2, 2, deduction_bp=5_000)))

    plan = quote(order, ledger, asking(asked), TERMS)

    assert amounts(plan.rows) == [(RowKind.UNITS, 100)]
    assert amounts(plan.adjustments) == [(RowKind.DAMAGE, -100), (RowKind.DAMAGE, 0)]
    assert (plan.total, plan.taxes) == (NOTHING, (a_tax(0),))


def test_damage_that_takes_all_that_is_paid_takes_all_its_tax() -> None:
    order = an_order(a_line(q=2, gross=2000, tax=320))
    ledger = replace(a_ledger(order), lines=(LedgerLine("L1", (), both(1900), (a_tax(200),)),), paid_back=both(1900))

    plan = quote(order, ledger, asking(RequestedLine("L1", (UnitRange(1, 1, deduction_bp=1_000),))), TERMS)

    assert [row.taxes for row in (*plan.rows, *plan.adjustments)] == [(a_tax(120),), (a_tax(-120),)]
    assert plan.total == NOTHING


@pytest.mark.parametrize(("per", "fee"), [(FeePer.RETURN, 500), (FeePer.LINE, 1000), (FeePer.UNIT, 1500)])
def test_a_fixed_fee_is_charged_per_return_line_or_unit(per: FeePer, fee: int) -> None:
    order = an_order(a_line("L1", q=2, gross=4000, tax=639), a_line("L2", q=2, gross=2000, tax=319))

    plan = planned(
        order,
        units("L1", 1, 2),
        units("L2", 1, 1),
        terms=RefundTerms(fees=(FeeTerm(fixed_minor=500, currency="EUR", per=per),)),
    )

    (row,) = plan.adjustments
    assert row.payable == both(-fee)
    assert row.taxes == (a_tax({500: -80, 1000: -160, 1500: -240}[fee]),)


def test_a_fee_in_the_shops_currency_takes_the_same_fraction_from_the_shopper() -> None:
    order = an_order(a_line(gross=Sides(1000, 150_000)), shop_currency="JPY")
    terms = RefundTerms(fees=(FeeTerm(fixed_minor=30_000, currency="JPY"),))

    plan = planned(order, units("L1", 1, 1), terms=terms)

    assert plan.adjustments[0].payable == Sides(-200, -30_000)


def test_a_fee_in_a_third_currency_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        planned(ORDER, units("L1", 1, 1), terms=RefundTerms(fees=(FeeTerm(fixed_minor=1, currency="USD"),)))

    assert refused.value.code == "currency_mismatch"


def test_a_fee_in_the_shops_currency_needs_books_with_a_value() -> None:
    order = an_order(a_line(gross=Sides(1, 0)), shop_currency="JPY")
    terms = RefundTerms(fees=(FeeTerm(fixed_minor=300, currency="JPY"),))

    assert planned(order, units("L1", 1, 1), terms=terms).adjustments == ()
    assert planned(order, units("L1", 1, 1), terms=RefundTerms(fees=(FeeTerm(bp=10_000),))).total == NOTHING


@pytest.mark.parametrize(
    ("shortfall", "billed", "notes"),
    [(Shortfall.FLOOR, NOTHING, ("fee_reduced",)), (Shortfall.BILLED, both(240), ("fee_reduced", "fee_billed"))],
)
def test_a_fee_above_the_refund_is_reduced_or_billed(
    shortfall: Shortfall, billed: Sides, notes: tuple[str, ...]
) -> None:
    order = an_order(a_line(gross=450, tax=72))
    terms = RefundTerms(fees=(FeeTerm(fixed_minor=690),), shortfall=shortfall)

    plan = planned(order, units("L1", 1, 1), terms=terms)

    assert amounts(plan.adjustments) == [(RowKind.RESTOCKING_FEE, -450)]
    assert (plan.total, plan.taxes, plan.billed, plan.notes) == (NOTHING, (a_tax(0),), billed, notes)


def test_a_fee_above_the_goods_takes_from_the_rest_of_the_refund() -> None:
    order = an_order(a_line(gross=450, tax=72), charges=(a_charge(gross=550),))
    terms = RefundTerms(shipping=ChargeMode.ALL, fees=(FeeTerm(fixed_minor=690),))

    plan = planned(order, units("L1", 1, 1), terms=terms)

    assert (plan.total, plan.taxes) == (both(310), (a_tax(22),))


def test_a_fee_that_takes_the_whole_refund_leaves_nothing_in_the_books() -> None:
    shipping = a_charge(gross=Sides(550, 56_000))
    order = an_order(a_line(gross=Sides(450, 45_001)), charges=(shipping,), shop_currency="JPY")
    terms = RefundTerms(shipping=ChargeMode.ALL, fees=(FeeTerm(fixed_minor=1000),))

    assert planned(order, units("L1", 1, 1), terms=terms).total == NOTHING


def test_no_fee_is_charged_where_no_unit_came_back_or_nothing_is_worth_it() -> None:
    terms = RefundTerms(fees=(FeeTerm(bp=1_000),))

    goodwill = planned(ORDER, money(500), terms=terms)
    free = planned(ORDER, units("L2", 1, 1), terms=terms)
    tiny = planned(an_order(a_line(gross=4)), units("L1", 1, 1), terms=terms)

    assert [plan.adjustments for plan in (goodwill, free, tiny)] == [(), (), ()]


# --- charges ---


@pytest.mark.parametrize(
    ("mode", "steps"),
    [
        (ChargeMode.NONE, [0, 0, 0]),
        (ChargeMode.ALL, [900, 0, 0]),
        (ChargeMode.ON_FULL_RETURN, [0, 0, 900]),
        (ChargeMode.PROPORTIONAL, [450, 450, 0]),
    ],
)
def test_shipping_comes_back_by_its_mode(mode: ChargeMode, steps: list[int]) -> None:
    ledger, terms, seen = a_ledger(ORDER), RefundTerms(shipping=mode), []
    for asked in (units("L1", 1, 2), units("L1", 3, 4), units("L2", 1, 1)):
        plan = quote(ORDER, ledger, asking(asked), terms)
        ledger = booked(ledger, plan)
        seen.append(sum(row.payable.presentment for row in plan.rows if row.kind is RowKind.SHIPPING))

    assert seen == steps


def test_shipping_that_was_paid_by_hand_is_not_paid_again() -> None:
    wish = ShippingWish(amount_minor=600, actor="agent-7", reason="late")

    first = quote(ORDER, a_ledger(ORDER), asking(shipping=wish), TERMS)
    ledger = booked(a_ledger(ORDER), first)
    last = quote(ORDER, ledger, asking(units("L1", 1, 4)), RefundTerms(shipping=ChargeMode.PROPORTIONAL))

    assert (first.total, first.rows[0].reason, first.rows[0].actor) == (both(600), "late", "agent-7")
    assert ledger.charges == (LedgerCharge("S1", both(600), (a_tax(96),)),)
    assert amounts(last.rows) == [(RowKind.UNITS, 14600), (RowKind.SHIPPING, 300)]


def test_proportional_shipping_closes_the_books_after_an_amount_by_hand() -> None:
    goods, shipping = Sides(1000, 147_333), a_charge(gross=Sides(1000, 147_333))
    order = an_order(a_line(q=3, gross=goods), charges=(shipping,), shop_currency="JPY")
    ledger = booked(
        a_ledger(order), quote(order, a_ledger(order), asking(shipping=ShippingWish(amount_minor=333)), TERMS)
    )
    ledger = booked(ledger, quote(order, ledger, asking(units("L1", 1, 1)), TERMS))

    plan = quote(order, ledger, asking(units("L1", 2, 3)), RefundTerms(shipping=ChargeMode.PROPORTIONAL))

    assert plan.rows[1].payable == Sides(667, 98_271)
    assert booked(ledger, plan).paid_back == order.total


def test_a_wish_for_all_shipping_needs_no_unit_but_the_terms_do() -> None:
    wished = quote(ORDER, a_ledger(ORDER), asking(shipping=ShippingWish(ChargeMode.ALL)), TERMS)
    by_terms = quote(ORDER, a_ledger(ORDER), asking(money(100)), RefundTerms(shipping=ChargeMode.ALL))

    assert amounts(wished.rows) == [(RowKind.SHIPPING, 900)]
    assert amounts(by_terms.rows) == [(RowKind.MONEY, 100)]


def test_an_explicit_amount_is_shared_over_the_shipping_lines() -> None:
    order = an_order(a_line(), charges=(a_charge("S1", gross=300), a_charge("S2", gross=600), a_charge("S3", gross=0)))

    plan = quote(order, a_ledger(order), asking(shipping=ShippingWish(amount_minor=100)), TERMS)

    assert [(row.ref, row.payable.presentment) for row in plan.rows] == [("S1", 33), ("S2", 67)]


def test_the_duty_of_a_line_follows_its_units_and_free_goods_give_charges_back_at_the_end() -> None:
    order = an_order(
        a_line("L1", q=3, gross=0),
        charges=(
            a_charge("D1", gross=100, kind=ChargeKind.DUTY, line_ref="L1"),
            a_charge("S1", gross=500),
            a_charge("T1", gross=50, kind=ChargeKind.TIP),
        ),
    )
    terms = RefundTerms(duties=ChargeMode.PROPORTIONAL, shipping=ChargeMode.PROPORTIONAL)

    first = planned(order, units("L1", 1, 1), terms=terms)
    last = quote(order, booked(a_ledger(order), first), asking(units("L1", 2, 3)), terms)

    assert amounts(first.rows) == [(RowKind.UNITS, 0), (RowKind.DUTY, 33)]
    assert amounts(last.rows) == [(RowKind.UNITS, 0), (RowKind.DUTY, 67), (RowKind.SHIPPING, 500)]


def test_a_rounding_of_the_sale_closes_the_order_and_never_costs_money() -> None:
    rounding = a_charge("R1", gross=-1, kind=ChargeKind.ORDER_ROUNDING)
    order = an_order(a_line("L1", q=1, gross=1000), charges=(rounding,))
    paid = replace(a_ledger(order), lines=(LedgerLine("L1", (), both(1000)),), paid_back=both(999))

    whole = planned(order, units("L1", 1, 1))
    later = quote(order, paid, asking(units("L1", 1, 1)), TERMS)

    assert whole.total == order.total
    assert (amounts(later.rows), later.total) == ([(RowKind.UNITS, 0)], NOTHING)


# --- tenders ---


def test_blocked_unlisted_and_empty_tenders_take_nothing() -> None:
    order = an_order(a_line(gross=1000))
    ledger = Ledger(
        tenders=(
            a_tender("disputed", 1000, blocked=True),
            a_tender("spent", 1000, refunded=400, reserved=300, external=400),
            a_tender("gift", 1000, kind=TenderKind.GIFT_CARD),
            a_tender("card", 300),
        )
    )

    plan = quote(order, ledger, asking(units("L1", 1, 1)), RefundTerms(tender_order=(TenderKind.CARD,)))

    assert [(leg.capture_ref, leg.amount_minor) for leg in plan.legs] == [("card", 300)]
    assert (plan.unallocated, plan.notes) == (700, ("tender_blocked", "unallocated"))


def test_store_credit_goes_back_first_then_the_newest_card_then_gift_cards() -> None:
    order = an_order(a_line(gross=1000))
    ledger = Ledger(
        tenders=(
            a_tender("gift", 1000, kind=TenderKind.GIFT_CARD),
            a_tender("old", 200),
            a_tender("other", 200, kind=TenderKind.OTHER),
            a_tender("new", 200, day=3),
            a_tender("credit", 200, kind=TenderKind.STORE_CREDIT),
        )
    )

    plan = quote(order, ledger, asking(units("L1", 1, 1)), TERMS)

    assert [leg.capture_ref for leg in plan.legs] == ["credit", "new", "old", "gift"]
    assert [rest.amount_minor for rest in plan.tender_rests] == [200, 200, 200, 1000, 200]
