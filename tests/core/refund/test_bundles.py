"""Bundles: shared prices, whole kits, stock; discounts of the whole order; a part of the value."""

from dataclasses import replace

import pytest

from retour.core.errors import Refused
from retour.core.money import NOTHING, Sides
from retour.core.order import (
    Bundle,
    BundlePart,
    ChargeKind,
    DiscountShare,
    FulfilledUnits,
    Fulfilment,
    OrderLine,
    PlatformRefund,
    RefundedLine,
)
from retour.core.ports import PlatformQuote
from retour.core.refund import (
    Agreement,
    Ledger,
    LedgerLine,
    OrderDiscount,
    Override,
    RefundRequest,
    RefundTerms,
    RequestedLine,
    RowKind,
    UnitRange,
    booked,
    compare,
    component_ref,
    components,
    quote,
    restock,
    shared,
    with_components,
    with_kits,
)
from tests.core.builders import PLACED, a_charge, a_ledger, a_line, a_tax, an_order, both

POT = BundlePart("pot", "Teapot", Sides(4500, 4000), sku="POT", inventory_ref="I-pot")
CUPS = BundlePart("cup", "Cup", Sides(2750, 3000), quantity=2, sku="CUP", inventory_ref="I-cup")
KIT = replace(
    a_line("K", q=2, gross=Sides(8450, 8000), tax=[a_tax(553), a_tax(100, "city")]),
    list_value=Sides(10_000, 9_000),
    discounts=(DiscountShare("SET", Sides(1550, 1000)),),
    sku="KIT",
    cancelled=1,
    components=(POT, CUPS),
)


def units(ref: str, lo: int, hi: int, **more: int) -> RequestedLine:
    return RequestedLine(ref, (UnitRange(lo, hi, **more),))


# --- components ---


def test_components_are_lines_of_their_own_that_add_up_to_the_bundle_on_both_sides() -> None:
    pot, cup = components(KIT)

    assert (pot.ref, pot.title, pot.quantity, pot.cancelled, pot.sku) == ("K/pot", "Teapot", 2, 1, "POT")
    assert (cup.ref, cup.title, cup.quantity, cup.cancelled, cup.sku) == ("K/cup", "Cup", 4, 2, "CUP")
    assert (pot.gross, cup.gross) == (Sides(3803, 3200), Sides(4647, 4800))
    assert (pot.list_value, cup.list_value) == (Sides(4500, 3600), Sides(5500, 5400))
    assert (pot.taxes, cup.taxes) == (
        (a_tax(Sides(249, 221)), a_tax(Sides(45, 40), "city")),
        (a_tax(Sides(304, 332)), a_tax(Sides(55, 60), "city")),
    )
    assert pot.discounts == (DiscountShare("SET", Sides(698, 400)),)  # 697.5: the earlier component
    assert cup.discounts == (DiscountShare("SET", Sides(852, 600)),)
    assert {(part.bundle_ref, part.bundle, part.components) for part in (pot, cup)} == {
        ("K", Bundle("Article K", 2, "KIT"), ())
    }
    assert (pot.inventory_ref, cup.inventory_ref) == ("I-pot", "I-cup")


def test_a_component_without_a_price_gets_nothing_and_equal_shares_if_none_has_one() -> None:
    free = BundlePart("box", "Box", NOTHING)
    some = components(replace(a_line("K", gross=1001), components=(POT, free)))
    none = components(replace(a_line("K", gross=1001), components=(free, replace(free, ref="bag"))))

    assert [part.gross for part in some] == [both(1001), NOTHING]
    assert [part.gross for part in none] == [both(501), both(500)]


def test_an_order_with_components_keeps_its_other_lines_and_its_total() -> None:
    order = an_order(a_line("L1"), replace(KIT, ref="K"), a_line("L2"))
    plain = an_order(a_line("L1"))

    split = with_components(order)

    assert [(line.ref, line.position) for line in split.lines] == [("L1", 1), ("K/pot", 2), ("K/cup", 3), ("L2", 4)]
    assert split.total == order.total
    assert with_components(plain) is plain
    assert component_ref("K", "pot") == "K/pot"


def test_whole_kits_go_back_to_stock_part_by_part() -> None:
    loose = BundlePart("note", "Note", NOTHING)
    spare = replace(CUPS, ref="spare", quantity=1)

    assert restock((POT, CUPS, loose, spare), 3) == (("I-pot", 3), ("I-cup", 9))
    assert restock((), 3) == ()


# --- whole kits ---


def kit_lines(*, known: bool = True) -> tuple[OrderLine, ...]:
    bundle = Bundle("Tea set", 2) if known else None
    return (
        replace(a_line("P", q=2, gross=4000), bundle_ref="K", bundle=bundle),
        replace(a_line("C", q=4, gross=4000), bundle_ref="K", bundle=bundle),
        a_line("X", gross=500),
    )


WHOLE_KITS = RefundTerms(whole_kit=True)


@pytest.mark.parametrize("known", [True, False])
def test_a_policy_may_take_back_whole_kits_only(known: bool) -> None:
    order = an_order(*kit_lines(known=known))

    def total(*asked: RequestedLine, ledger: Ledger | None = None, terms: RefundTerms = WHOLE_KITS) -> Sides:
        return quote(order, ledger or a_ledger(order), RefundRequest(asked), terms).total

    for half in ((units("P", 1, 1),), (units("P", 1, 1), units("C", 1, 1)), (units("P", 1, 2), units("C", 1, 2)),
                 (units("C", 1, 2),)):  # fmt: skip
        with pytest.raises(Refused) as refused:
            total(*half)
        assert (refused.value.code, refused.value.field) == ("policy_forbids", "K")
        assert total(*half, terms=RefundTerms()).presentment > 0
    assert total(units("P", 1, 1), units("C", 1, 2)) == both(4000)
    assert total(units("P", 1, 2), units("C", 1, 4)) == both(8000)
    assert total(units("X", 1, 1)) == both(500)
    missing = replace(a_ledger(order), lines=(LedgerLine("P", ((1, 1),)),))
    assert total(units("C", 1, 2), ledger=missing) == both(2000)


def test_lines_of_different_bundles_do_not_wait_for_each_other() -> None:
    order = an_order(
        replace(a_line("P", gross=4000), bundle_ref="K1"), replace(a_line("C", gross=1000), bundle_ref="K2")
    )

    assert quote(order, a_ledger(order), RefundRequest((units("P", 1, 1),)), WHOLE_KITS).total == both(4000)


def test_kits_of_three_that_do_not_divide_are_whole_only_together() -> None:
    bundle = Bundle("Set", 2)
    order = an_order(
        replace(a_line("P", q=3, gross=3000), bundle_ref="K", bundle=bundle),
        replace(a_line("C", q=2, gross=2000), bundle_ref="K", bundle=bundle),
    )

    with pytest.raises(Refused):
        quote(order, a_ledger(order), RefundRequest((units("P", 1, 1), units("C", 1, 1))), WHOLE_KITS)
    whole = quote(order, a_ledger(order), RefundRequest((units("P", 1, 3), units("C", 1, 2))), WHOLE_KITS)
    assert whole.total == both(5000)


# --- discounts that nobody shared ---


def test_what_fits_on_no_line_stays_on_the_rounding_of_the_order() -> None:
    order = replace(an_order(a_line("A", gross=1000), a_line("B", gross=500)), total=both(900))
    discount = OrderDiscount("ALL", both(600), minimums={"A": both(800), "B": both(250)})

    less = shared(order, [discount])

    assert [line.gross for line in less.lines] == [both(800), both(250)]
    (rounding,) = less.charges
    assert (rounding.ref, rounding.kind, rounding.title, rounding.gross) == (
        "order_rounding",
        ChargeKind.ORDER_ROUNDING,
        "Rounding",
        both(-150),
    )
    whole = RefundRequest((units("A", 1, 1), units("B", 1, 1)))
    assert quote(less, a_ledger(less), whole, RefundTerms()).total == both(900)


def test_a_rounding_that_is_there_already_takes_the_rest() -> None:
    rounding = a_charge("R1", gross=2, kind=ChargeKind.ORDER_ROUNDING)
    shipping = a_charge("S1", gross=300)
    order = replace(an_order(a_line("A", gross=1000), charges=(shipping, rounding)), total=both(1002))

    less = shared(order, [OrderDiscount("ALL", both(300), minimums={"A": both(900)})])

    assert [(charge.ref, charge.gross) for charge in less.charges] == [("S1", both(300)), ("R1", both(-198))]


def test_a_rounding_is_made_beside_other_charges_and_free_lines_bear_nothing() -> None:
    order = replace(
        an_order(a_line("A", gross=1000), a_line("F", gross=0), charges=(a_charge("S1", gross=300),)), total=both(100)
    )

    less = shared(order, [OrderDiscount("ALL", both(1200))])

    assert [line.gross for line in less.lines] == [NOTHING, NOTHING]
    assert less.lines[1].discounts == ()
    assert [(charge.ref, charge.gross) for charge in less.charges] == [
        ("S1", both(300)),
        ("order_rounding", both(-200)),
    ]


def test_a_discount_concerns_the_lines_it_names_and_never_a_discount_line() -> None:
    order = an_order(a_line("A", gross=1000, tax=160), a_line("B", gross=500, tax=80), a_line("N", gross=-100))
    named = shared(order, [OrderDiscount("ONE", both(250), lines=("B",), is_taxed=False)])
    every = shared(order, [OrderDiscount("ONE", both(150)), OrderDiscount("TWO", both(135))])

    assert [line.gross.presentment for line in named.lines] == [1000, 250, -100]
    assert named.lines[1].taxes == (a_tax(80),)
    assert named.lines[0] is order.lines[0]
    assert [line.gross.presentment for line in every.lines] == [810, 405, -100]
    assert [[share.promotion for share in line.discounts] for line in every.lines] == [["ONE", "TWO"]] * 2 + [[]]
    assert every.lines[0].taxes == (a_tax(130),)  # 160 less 16, 144 less 14
    assert every.charges == ()


def test_a_discount_takes_its_share_of_the_tax_on_each_side() -> None:
    order = an_order(a_line("A", gross=Sides(1000, 0), tax=[a_tax(Sides(160, 0))]))
    books = an_order(a_line("A", gross=Sides(0, 1000), tax=[a_tax(Sides(0, 160))]))

    (mine,) = shared(order, [OrderDiscount("ONE", Sides(500, 0))]).lines
    (shop,) = shared(books, [OrderDiscount("ONE", Sides(0, 250))]).lines

    assert (mine.gross, mine.taxes) == (Sides(500, 0), (a_tax(Sides(80, 0)),))
    assert (shop.gross, shop.taxes) == (Sides(0, 750), (a_tax(Sides(0, 120)),))


# --- a part of the value ---


def test_goods_that_stay_are_paid_in_part_and_never_the_rest_later() -> None:
    order = an_order(a_line("A", q=3, gross=1000, tax=160))
    ledger, seen = a_ledger(order), []
    for unit in (1, 2, 3):
        plan = quote(order, ledger, RefundRequest((units("A", unit, unit),)), RefundTerms(share_bp=5_000))
        ledger = booked(ledger, plan)
        (row,) = plan.adjustments
        seen.append((row.payable.presentment, row.taxes[0].amount.presentment, plan.total.presentment))
        assert (row.kind, row.ref, row.ordinals, row.basis_points, row.reason) == (
            RowKind.SHARE,
            "A",
            ((unit, unit),),
            5_000,
            None,
        )

    assert seen == [(-167, -27, 166), (-167, -27, 167), (-166, -26, 167)]
    assert (ledger.paid_back, ledger.lines[0].paid) == (both(500), both(1000))


@pytest.mark.parametrize(("share", "paid", "tax"), [(0, 0, 0), (2_500, 250, 40), (9_999, 1_000, 160)])
def test_any_share_is_paid(share: int, paid: int, tax: int) -> None:
    order = an_order(a_line("A", gross=1000, tax=160))

    plan = quote(order, a_ledger(order), RefundRequest((units("A", 1, 1),)), RefundTerms(share_bp=share))

    assert (plan.total, plan.taxes) == (both(paid), (a_tax(tax),))


def test_a_share_is_of_what_damage_leaves() -> None:
    order = an_order(a_line("A", q=2, gross=2000, tax=320))
    asked = RequestedLine("A", (UnitRange(2, 2, deduction_bp=4_000, grade="damaged"), UnitRange(1, 1)))

    plan = quote(order, a_ledger(order), RefundRequest((asked,)), RefundTerms(share_bp=7_500))

    assert [(row.kind, row.payable, row.taxes) for row in plan.adjustments] == [
        (RowKind.DAMAGE, both(-400), (a_tax(-64),)),
        (RowKind.SHARE, both(-400), (a_tax(-64),)),  # a quarter of 10.00 and of 6.00
    ]
    assert plan.total == both(1200)


def test_an_amount_that_a_person_names_is_paid_as_it_is() -> None:
    order = an_order(a_line("A", gross=1000))
    asked = RequestedLine("A", (UnitRange(1, 1),), Override(600, "agent-7", "worn"))

    plan = quote(order, a_ledger(order), RefundRequest((asked,)), RefundTerms(share_bp=5_000))

    assert (plan.adjustments, plan.total) == ((), both(600))


# --- kits that only the merchant knows ---


def test_a_kit_is_taken_apart_with_all_that_was_shipped_refunded_and_charged_for_it() -> None:
    kit, other = replace(KIT, components=()), a_line("B", q=1, gross=500)
    sent = Fulfilment("F", PLACED, units=(FulfilledUnits("fk", "K", 2), FulfilledUnits("fb", "B", 1)))
    lines = (RefundedLine("K", 1, Sides(4225, 4000), Sides(277, 270), restocked=True), RefundedLine("B", 1, both(500)))
    duty, fee = a_charge("D", kind=ChargeKind.DUTY, gross=300), a_charge("S", gross=100)
    order = replace(
        an_order(kit, other, charges=(replace(duty, line_ref="K"), replace(fee, line_ref="B"))),
        fulfilments=(sent,),
        refunds=(PlatformRefund("P", PLACED, both(4725), lines=lines),),
    )

    apart = with_kits(order, {"KIT": (POT, CUPS)})

    assert [(line.ref, line.part_of, line.weight_g) for line in apart.lines] == [
        ("K/pot", "K", None),
        ("K/cup", "K", None),
        ("B", None, None),
    ]
    assert apart.shares == {"K/pot", "K/cup"}
    assert apart.sent() == {"K/pot": 2, "K/cup": 4, "B": 1}
    assert [units.ref for units in apart.fulfilments[0].units] == ["fk/pot", "fk/cup", "fb"]
    assert apart.refunds[0].lines == (
        RefundedLine("K/pot", 1, Sides(1901, 1600), Sides(125, 108), restocked=True),
        RefundedLine("K/cup", 2, Sides(2324, 2400), Sides(152, 162), restocked=True),
        RefundedLine("B", 1, both(500)),
    )
    assert [(charge.ref, charge.line_ref) for charge in apart.charges] == [("D", None), ("S", "B")]
    assert apart.total == order.total


def test_what_the_platform_took_apart_itself_or_what_is_no_kit_stays_as_it_is() -> None:
    own = replace(a_line("A", gross=500), sku="KIT", bundle_ref="G", bundle=Bundle("Set"))
    order = an_order(own, replace(a_line("B", gross=500), sku="TEE"), a_line("C", gross=500))

    assert with_kits(order, {"KIT": (POT, CUPS)}) is order
    assert with_kits(order, {}) is order


def test_the_parts_of_a_kit_are_not_compared_with_the_platform() -> None:
    order = with_kits(an_order(replace(KIT, components=()), a_line("B", gross=500)), {"KIT": (POT, CUPS)})
    asked = RefundRequest((units("K/cup", 1, 1), units("B", 1, 1)))
    plan = quote(order, a_ledger(order), asked, RefundTerms())
    theirs = PlatformQuote({"B": (both(500), NOTHING)}, NOTHING, plan.total.presentment)

    assert compare(plan, theirs, apart=order.shares).agreement is Agreement.AGREED
    assert compare(plan, theirs).agreement is Agreement.DISCREPANCY
