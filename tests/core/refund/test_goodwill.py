"""Goodwill on the order as a whole, and charges: gift wrapping, duties and tips of their own line."""

from dataclasses import replace

import pytest

from retour.core.errors import Refused
from retour.core.money import NOTHING, Sides
from retour.core.order import Charge, ChargeKind, DiscountShare
from retour.core.refund import (
    ChargeMode,
    Goodwill,
    Ledger,
    LedgerCharge,
    LedgerLine,
    MoneyStep,
    Plan,
    PromotionMode,
    PromotionTerm,
    RefundRequest,
    RefundTerms,
    RequestedLine,
    RowKind,
    UnitRange,
    booked,
    quote,
)
from tests.core.builders import a_charge, a_ledger, a_line, a_tax, an_order, both

ORDER = an_order(
    a_line("A", q=2, gross=6000, tax=958),
    a_line("B", gross=3000),
    a_line("F", gross=0),
    a_line("N", gross=-500),
    charges=(a_charge("S1", gross=1000, tax=160), a_charge("R1", gross=1, kind=ChargeKind.ORDER_ROUNDING)),
)


def granted(amount: int, *asked: RequestedLine, ledger: Ledger | None = None, clamp: bool = False) -> Plan:
    kind = Goodwill(amount, "agent-7", "sorry")
    return quote(ORDER, ledger or a_ledger(ORDER), RefundRequest(asked, goodwill=kind, clamp=clamp), RefundTerms())


def told(plan: Plan) -> list[tuple[RowKind, str | None, int]]:
    return [(row.kind, row.ref, row.payable.presentment) for row in plan.rows]


def test_goodwill_is_shared_by_what_each_part_has_left_and_taxed_like_it() -> None:
    plan = granted(1000)

    assert told(plan) == [(RowKind.MONEY, "A", 600), (RowKind.MONEY, "B", 300), (RowKind.SHIPPING, "S1", 100)]
    assert [row.taxes for row in plan.rows] == [(a_tax(96),), (), (a_tax(16),)]
    assert {(row.reason, row.actor) for row in plan.rows} == {("sorry", "agent-7")}
    assert [(row.entitlement, row.settled) for row in plan.rows] == [
        (both(600), both(6000)),
        (both(300), both(3000)),
        (both(100), both(1000)),
    ]
    assert plan.rows[0].entitled_tax == both(96)
    assert plan.total == both(1000)


def test_goodwill_counts_what_was_paid_before_and_what_this_plan_pays() -> None:
    ledger = replace(
        a_ledger(ORDER),
        lines=(LedgerLine("B", ((1, 1),), both(3000)),),
        charges=(LedgerCharge("S1", both(400), (a_tax(64),)),),
        paid_back=both(3400),
    )
    asked = RequestedLine("A", (UnitRange(1, 1), UnitRange(2, 2, accepted=False)), money=MoneyStep(600, "a", "late"))

    plan = granted(300, asked, ledger=ledger)

    assert told(plan)[-2:] == [(RowKind.MONEY, "A", 240), (RowKind.SHIPPING, "S1", 60)]  # 24.00 and 6.00 are left
    assert [row.paid_before for row in plan.rows[-2:]] == [both(3600), both(400)]


def test_all_that_is_left_can_be_given_and_no_more() -> None:
    lines = (RequestedLine("N", (UnitRange(1, 1),)),)

    whole = granted(10_000, *lines)
    with pytest.raises(Refused) as refused:
        granted(10_001, *lines)
    clamped = granted(10_001, *lines, clamp=True)

    assert whole.total == clamped.total == both(9_500)
    assert whole.taxes == (a_tax(958 + 160),)
    assert (refused.value.code, refused.value.field, refused.value.facts) == (
        "order_exhausted",
        "goodwill",
        {"left": 10_000},
    )


@pytest.mark.parametrize("amount", [0, -1])
def test_goodwill_gives(amount: int) -> None:
    with pytest.raises(Refused) as refused:
        granted(amount)

    assert (refused.value.code, refused.value.field) == ("wrong_sign", "goodwill")


def test_goodwill_moves_the_books_by_the_same_fraction_of_each_part() -> None:
    order = an_order(a_line("A", gross=Sides(1000, 147_333)), charges=(a_charge(gross=Sides(500, 75_000)),))
    order = replace(order, shop_currency="JPY")

    plan = quote(order, a_ledger(order), RefundRequest(goodwill=Goodwill(150, "a", "b")), RefundTerms())

    assert [row.payable for row in plan.rows] == [Sides(100, 14_733), Sides(50, 7_500)]


# --- charges of one line ---


def wrapped(kind: ChargeKind = ChargeKind.GIFT_WRAPPING) -> Charge:
    return a_charge("W1", gross=300, tax=48, kind=kind, line_ref="A")


@pytest.mark.parametrize(
    ("mode", "steps"),
    [
        (ChargeMode.NONE, [0, 0, 0]),
        (ChargeMode.ALL, [0, 300, 0]),
        (ChargeMode.ON_FULL_RETURN, [0, 0, 300]),
        (ChargeMode.PROPORTIONAL, [0, 150, 150]),
    ],
)
@pytest.mark.parametrize("kind", [ChargeKind.GIFT_WRAPPING, ChargeKind.DUTY])
def test_a_charge_of_a_line_comes_back_with_its_units(kind: ChargeKind, mode: ChargeMode, steps: list[int]) -> None:
    order = an_order(a_line("A", q=2, gross=6000), a_line("B", gross=3000), charges=(wrapped(kind),))
    terms = RefundTerms(gift_wrapping=mode, duties=mode)
    ledger, seen = a_ledger(order), []
    for ref, unit in (("B", 1), ("A", 1), ("A", 2)):
        asked = RefundRequest((RequestedLine(ref, (UnitRange(unit, unit),)),))
        plan = quote(order, ledger, asked, terms)
        ledger = booked(ledger, plan)
        seen.append(sum(row.payable.presentment for row in plan.rows if row.ref == "W1"))

    assert seen == steps


@pytest.mark.parametrize(
    ("kind", "terms"),
    [
        (ChargeKind.SHIPPING, RefundTerms(shipping=ChargeMode.ALL)),
        (ChargeKind.DUTY, RefundTerms(duties=ChargeMode.ALL)),
        (ChargeKind.TIP, RefundTerms(tips=ChargeMode.ALL)),
        (ChargeKind.FEE, RefundTerms(sale_fees=ChargeMode.ALL)),
        (ChargeKind.GIFT_WRAPPING, RefundTerms(gift_wrapping=ChargeMode.ALL)),
    ],
)
def test_each_kind_of_charge_has_a_mode_of_its_own(kind: ChargeKind, terms: RefundTerms) -> None:
    order = an_order(
        a_line("A"), charges=tuple(a_charge(f"X{k}", gross=100, kind=k) for k in ChargeKind if k != "order_rounding")
    )

    plan = quote(order, a_ledger(order), RefundRequest((RequestedLine("A", (UnitRange(1, 1),)),)), terms)

    assert [(row.kind.value, row.payable) for row in plan.rows[1:]] == [(kind.value, both(100))]


def test_a_charge_of_a_line_that_is_not_there_follows_the_whole_order() -> None:
    order = an_order(a_line("A", gross=3000), a_line("B", gross=1000), charges=(replace(wrapped(), line_ref="GONE"),))
    asked = RefundRequest((RequestedLine("A", (UnitRange(1, 1),)),))

    share = quote(order, a_ledger(order), asked, RefundTerms(gift_wrapping=ChargeMode.PROPORTIONAL))
    every = quote(order, a_ledger(order), asked, RefundTerms(gift_wrapping=ChargeMode.ALL))

    assert (share.rows[1].payable, every.rows[1].payable) == (both(225), both(300))


def test_a_rounding_that_one_step_could_not_take_is_taken_with_the_next() -> None:
    rounding = a_charge("R1", gross=-300, kind=ChargeKind.ORDER_ROUNDING)
    order = an_order(a_line("A", gross=500), a_line("B", gross=500), charges=(rounding,))
    paid = replace(a_ledger(order), lines=(LedgerLine("A", (), both(500)),), paid_back=both(500))

    first = quote(order, paid, RefundRequest((RequestedLine("A", (UnitRange(1, 1),)),)), RefundTerms())
    ledger = booked(paid, first)
    second = quote(order, ledger, RefundRequest((RequestedLine("B", (UnitRange(1, 1),)),)), RefundTerms())

    assert (told(first), first.total) == ([(RowKind.UNITS, "A", 0)], NOTHING)
    assert told(second) == [(RowKind.UNITS, "B", 500), (RowKind.ORDER_ROUNDING, "R1", -300)]
    assert booked(ledger, second).paid_back == order.total


def test_a_step_takes_as_much_of_a_rounding_as_it_can_so_that_a_later_one_never_exceeds_the_order() -> None:
    spring = PromotionTerm("SPRING", PromotionMode.CLAWBACK, minimum_units=2)
    rounding = a_charge("R1", gross=-900, kind=ChargeKind.ORDER_ROUNDING)
    order = an_order(
        a_line("A", gross=600),
        replace(a_line("B", gross=400), discounts=(DiscountShare("SPRING", both(1000)),)),
        charges=(rounding, a_charge("S1", gross=200)),
    )
    terms = RefundTerms(shipping=ChargeMode.ALL, promotions=(spring,))

    first = quote(order, a_ledger(order), RefundRequest((RequestedLine("A", (UnitRange(1, 1),)),)), terms)
    ledger = booked(a_ledger(order), first)
    second = quote(order, ledger, RefundRequest((RequestedLine("B", (UnitRange(1, 1),)),)), terms)

    assert told(first) == [
        (RowKind.UNITS, "A", 600),
        (RowKind.ORDER_ROUNDING, "R1", -200),
        (RowKind.SHIPPING, "S1", 200),
    ]
    assert [row.payable for row in first.adjustments] == [both(-600)]
    assert first.total == NOTHING
    assert told(second) == [(RowKind.UNITS, "B", 400), (RowKind.ORDER_ROUNDING, "R1", -700)]
    assert [row.payable for row in second.adjustments] == [both(600)]
    assert booked(ledger, second).paid_back == order.total == both(300)
