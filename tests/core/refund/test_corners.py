"""Corners in which a small slip would go unseen: sides that differ, sums of several steps, parts worth nothing."""

from dataclasses import replace

from retour.core.money import NOTHING, Sides
from retour.core.order import Charge, ChargeKind, DiscountShare
from retour.core.refund import (
    BonusTerm,
    ChargeMode,
    FeeKind,
    FeeTax,
    FeeTerm,
    Goodwill,
    Ledger,
    LedgerCharge,
    LedgerCredit,
    LedgerFee,
    LedgerLine,
    LedgerPromotion,
    MoneyBasis,
    MoneyStep,
    Override,
    Plan,
    PromotionMode,
    PromotionTerm,
    RefundRequest,
    RefundTerms,
    RequestedLine,
    ShippingWish,
    UnitRange,
    bonus_step,
    booked,
    quote,
)
from retour.core.refund.fees import merged
from tests.core.builders import a_ledger, a_line, a_tax, an_order, both

CLAWBACK = PromotionTerm("SPRING", PromotionMode.CLAWBACK, minimum_minor=15_000)


def unit(ref: str, lo: int = 1, hi: int = 1, deduction_bp: int = 0) -> RequestedLine:
    return RequestedLine(ref, (UnitRange(lo, hi, deduction_bp=deduction_bp),))


def paying(
    order: object, *asked: RequestedLine, terms: RefundTerms | None = None, ledger: Ledger | None = None
) -> Plan:
    return quote(order, ledger or a_ledger(order), RefundRequest(asked), terms or RefundTerms())  # type: ignore[arg-type]


def test_what_two_steps_of_a_fee_come_to_is_the_sum_of_each_figure() -> None:
    first = LedgerFee(FeeTerm(), both(1), both(2), (("A", 1), ("B", 1)), 3, both(4), both(5), both(6))
    second = LedgerFee(FeeTerm(), both(10), both(20), (("B", -1), ("C", 2)), 30, both(40), both(50), both(60))

    assert merged(first, second) == LedgerFee(
        FeeTerm(), both(11), both(22), (("A", 1), ("C", 2)), 33, both(44), both(55), both(66)
    )


def test_the_tax_of_a_service_is_computed_on_each_side_of_large_amounts() -> None:
    order = an_order(a_line("A", gross=Sides(2_000_000, 300_000_000)), shop_currency="JPY")
    fee = FeeTerm(FeeKind.LABEL, fixed_minor=1_000_000, tax=FeeTax.SUPPLY, tax_bp=1_900)

    (row,) = paying(order, unit("A"), terms=RefundTerms(fees=(fee,))).adjustments

    assert row.payable == Sides(-1_000_000, -150_000_000)
    assert row.taxes == (a_tax(Sides(-159_664, -23_949_580), "supply:1900"),)


def test_a_gift_with_a_tax_of_nothing_is_charged_without_tax() -> None:
    gift = replace(
        a_line("G", gross=0, tax=[a_tax(0)]),
        list_value=both(1_500),
        discounts=(DiscountShare("SPRING", both(1_500)),),
    )
    order = an_order(a_line("A", gross=20_000, tax=3_193), gift)

    plan = paying(order, unit("A"), terms=RefundTerms(promotions=(CLAWBACK,)))

    assert (plan.adjustments[0].payable, plan.adjustments[0].taxes) == (both(-1_500), ())
    assert plan.taxes == (a_tax(3_193),)


def test_a_charge_is_released_with_all_its_tax_when_later_terms_find_the_condition_met() -> None:
    shared = replace(
        a_line("A", q=2, gross=16_000, tax=2_555),
        list_value=both(18_000),
        discounts=(DiscountShare("SPRING", both(2_000)),),
    )
    order = an_order(shared, a_line("B", gross=1_000))
    ledger = replace(a_ledger(order), promotions=(LedgerPromotion("SPRING", both(1_000), (a_tax(160),)),))

    plan = paying(order, unit("B"), terms=RefundTerms(promotions=(CLAWBACK,)), ledger=ledger)

    assert (plan.adjustments[0].payable, plan.adjustments[0].taxes) == (both(1_000), (a_tax(160),))
    assert booked(ledger, plan).promotions[0].charged == NOTHING


def test_only_a_percentage_counts_as_granted() -> None:
    order = an_order(a_line("A", gross=1_000))
    plan = paying(order, RequestedLine("A", money=MoneyStep(100, "agent-7", "late")))

    assert booked(a_ledger(order), plan).lines == (LedgerLine("A", (), both(100)),)


def test_a_credit_of_one_minor_unit_has_had_its_fixed_bonus_and_books_below_zero_earn_none() -> None:
    order = an_order(a_line("A", gross=Sides(1_000, 2_000)), shop_currency="USD")
    other, term = BonusTerm(fixed_minor=200), BonusTerm(bp=10_000, fixed_minor=200)

    after_one = bonus_step(order, Ledger(credited=(LedgerCredit(other, both(1)),)), term, Sides(100, 100))
    below = bonus_step(order, Ledger(), term, Sides(100, -5))

    assert (after_one, below) == (Sides(100, 100), Sides(300, 400))


def test_damage_of_several_units_sums_their_taxes_and_names_the_line() -> None:
    order = an_order(a_line("A", q=3, gross=3_000, tax=480), a_line("F", gross=0, tax=[a_tax(0)]))

    plan = paying(order, unit("A", 1, 2, 4_000), unit("F", 1, 1, 4_000))

    worn, free = plan.adjustments
    assert (worn.payable, worn.taxes, worn.of, worn.settled) == (both(-800), (a_tax(-128),), 3, both(3_000))
    assert (free.payable, free.taxes) == (NOTHING, (a_tax(0),))


def test_goodwill_takes_the_last_of_a_line_with_all_the_tax_that_is_left() -> None:
    order = an_order(a_line("A", gross=1_000, tax=160), a_line("B", gross=500))
    ledger = replace(
        a_ledger(order),
        lines=(LedgerLine("A", (), both(999), (a_tax(150),)), LedgerLine("B", ((1, 1),), both(500))),
        paid_back=both(1_499),
        taxes_paid_back=(a_tax(150),),
    )

    plan = quote(order, ledger, RefundRequest(goodwill=Goodwill(1, "agent-7", "sorry")), RefundTerms())

    (row,) = plan.rows
    assert (row.ref, row.payable, row.taxes, row.net) == ("A", both(1), (a_tax(10),), both(-9))


def test_goodwill_names_the_tax_of_each_side() -> None:
    line = a_line("A", gross=Sides(1_000, 150_000), tax=[a_tax(Sides(160, 24_000))])
    order = an_order(line, shop_currency="JPY")

    (row,) = quote(order, a_ledger(order), RefundRequest(goodwill=Goodwill(100, "a", "b")), RefundTerms()).rows

    assert (row.entitlement, row.entitled_tax) == (Sides(100, 15_000), Sides(16, 2_400))


def test_the_facts_of_a_charge_and_of_a_money_step_stand_on_their_rows() -> None:
    line = replace(
        a_line("A", gross=Sides(1_000, 150_000), tax=[a_tax(Sides(160, 24_000))]), list_value=Sides(1_200, 1)
    )
    shipping = Charge("S1", ChargeKind.SHIPPING, "Post", Sides(500, 75_100), (a_tax(Sides(80, 12_016)),))
    order = an_order(line, charges=(shipping,), shop_currency="JPY")
    ledger = replace(
        a_ledger(order),
        lines=(LedgerLine("A", (), Sides(100, 15_000), (a_tax(Sides(16, 2_400)),)),),
        charges=(LedgerCharge("S1", Sides(100, 15_020), (a_tax(Sides(16, 2_403)),)),),
        paid_back=Sides(200, 30_020),
    )
    asked = RequestedLine("A", money=MoneyStep(200, "agent-7", "late"))

    plan = quote(order, ledger, RefundRequest((asked,), ShippingWish(ChargeMode.ALL)), RefundTerms())

    money, post = plan.rows
    assert (money.payable, money.entitlement, money.entitled_tax) == (
        Sides(200, 30_000), Sides(200, 30_000), Sides(32, 4_800)
    )  # fmt: skip
    assert (money.settled, money.listed, money.paid_before) == (
        Sides(1_000, 150_000), Sides(1_200, 1), Sides(100, 15_000)
    )  # fmt: skip
    assert (money.reason, money.actor, money.basis_points) == ("late", "agent-7", None)
    assert (post.payable, post.entitlement, post.entitled_tax) == (
        Sides(400, 60_080), Sides(400, 60_080), Sides(64, 9_613)
    )  # fmt: skip
    assert (post.settled, post.paid_before) == (Sides(500, 75_100), Sides(100, 15_020))


def test_a_person_may_name_nothing_or_all_and_a_percentage_of_one_basis_point() -> None:
    order = an_order(a_line("A", gross=10_000, tax=1_597), a_line("F", gross=0))

    def named(ref: str, amount: int) -> Plan:
        return paying(order, RequestedLine(ref, (UnitRange(1, 1),), Override(amount, "agent-7", "worn")))

    assert (named("A", 0).total, named("A", 10_000).total, named("F", 0).total) == (NOTHING, both(10_000), NOTHING)
    assert named("A", 0).rows[0].withheld == both(10_000)
    one = paying(order, RequestedLine("A", money=MoneyStep(1, "a", "b", MoneyBasis.PERCENT)))
    assert one.total == both(1)


def test_an_amount_named_without_tax_goes_on_where_the_last_one_ended() -> None:
    order, ledger = an_order(a_line("A", gross=14_600, tax=2_535)), None
    seen = []
    for _ in range(2):
        step = RequestedLine("A", money=MoneyStep(3_333, "a", "b", MoneyBasis.NET))
        plan = paying(order, step, ledger=ledger)
        ledger = booked(ledger or a_ledger(order), plan)
        seen.append((plan.total.presentment, plan.taxes[0].amount.presentment))

    assert seen == [(4_033, 700), (4_034, 701)]


def test_free_goods_give_the_rounding_of_the_sale_back_with_the_last_unit() -> None:
    rounding = Charge("R1", ChargeKind.ORDER_ROUNDING, "Rounding", both(3))
    order = an_order(a_line("F", q=2, gross=0), charges=(rounding,))

    first = paying(order, unit("F", 1, 1))
    last = paying(order, unit("F", 2, 2), ledger=booked(a_ledger(order), first))
    tiny = paying(an_order(a_line("T", gross=1), a_line("F", gross=0), charges=(rounding,)), unit("F"))

    assert (first.total, last.total, tiny.total) == (NOTHING, both(3), NOTHING)


def test_charges_in_proportion_follow_the_value_of_each_side() -> None:
    lines = (a_line("A", gross=Sides(1, 3)), a_line("B", gross=Sides(1, 1)))
    shipping = Charge("S1", ChargeKind.SHIPPING, "Post", Sides(100, 100))
    order = an_order(*lines, charges=(shipping,), shop_currency="JPY")

    plan = paying(order, unit("A"), terms=RefundTerms(shipping=ChargeMode.PROPORTIONAL))

    assert plan.rows[1].payable == Sides(50, 75)
