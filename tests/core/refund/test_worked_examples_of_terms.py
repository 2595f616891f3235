"""The worked examples of discounts, bundles, fees, promotions, the bonus, and what is promised and paid; to the cent."""

from dataclasses import replace
from datetime import timedelta

import pytest

from retour.core.money import NOTHING, Money, Sides, spread, spread_capped
from retour.core.order import BundlePart, DiscountShare, Order, TenderKind
from retour.core.refund import (
    BonusTerm,
    ChargeMode,
    FeeKind,
    FeePer,
    FeeTax,
    FeeTerm,
    Ledger,
    LedgerCredit,
    OrderDiscount,
    PromotionMode,
    PromotionTerm,
    RefundRequest,
    RefundTerms,
    RequestedLine,
    Row,
    RowKind,
    Shortfall,
    Tender,
    UnitRange,
    bonus_step,
    booked,
    components,
    fx_difference,
    quote,
    shared,
)
from tests.core.builders import PLACED, a_charge, a_ledger, a_line, a_tax, an_order, both

LABEL = FeeTerm(FeeKind.LABEL, fixed_minor=690, per=FeePer.PARCEL, tax=FeeTax.SUPPLY, tax_bp=1_900)


def units(ref: str, lo: int, hi: int) -> RequestedLine:
    return RequestedLine(ref, (UnitRange(lo, hi),))


def of(rows: tuple[Row, ...], kind: RowKind) -> list[tuple[int, int]]:
    """Return payable and the sum of taxes of the rows of a kind, in presentment."""
    return [
        (row.payable.presentment, sum(tax.amount.presentment for tax in row.taxes)) for row in rows if row.kind is kind
    ]


# --- sharing ---


def test_an_order_discount_is_shared_and_the_earlier_line_takes_the_odd_cent() -> None:
    assert spread(-700, [2490, 2490, 2490, 0]) == [-234, -233, -233, 0]
    assert spread_capped(1500, [4200, 1900, 900], [350, 1900, 900]) == ([350, 780, 370], 0)


def test_a_discount_nobody_shared_becomes_shares_of_the_lines_within_their_minimum() -> None:
    lines = (a_line("A", gross=4200, tax=671), a_line("B", gross=1900, tax=303), a_line("C", gross=900))
    order = replace(an_order(*lines), total=both(5500))

    spread_over = shared(order, [OrderDiscount("MINUS15", both(1500), minimums={"A": both(3850)})])

    assert [line.gross.presentment for line in spread_over.lines] == [3850, 1120, 530]
    assert [line.discounts for line in spread_over.lines] == [
        (DiscountShare("MINUS15", both(350)),),
        (DiscountShare("MINUS15", both(780)),),
        (DiscountShare("MINUS15", both(370)),),
    ]
    assert [line.taxes for line in spread_over.lines] == [(a_tax(615),), (a_tax(179),), ()]
    assert spread_over.charges == ()
    assert spread_over.total == both(5500)


def test_a_bundles_price_is_shared_over_its_components_and_their_units() -> None:
    parts = (
        BundlePart("pot", "Teapot", both(4500), inventory_ref="I1"),
        BundlePart("cup", "Cup", both(2750), quantity=2, inventory_ref="I2"),
    )
    pot, cup = components(replace(a_line("K", gross=8450, tax=553), components=parts))

    assert (pot.gross, cup.gross) == (both(3803), both(4647))
    assert (pot.taxes, cup.taxes) == ((a_tax(249),), (a_tax(304),))
    order = an_order(pot, cup)
    ledger, seen = a_ledger(order), []
    for unit in (1, 2):
        plan = quote(order, ledger, RefundRequest((units("K/cup", unit, unit),)), RefundTerms())
        ledger = booked(ledger, plan)
        seen.append((plan.total.presentment, plan.taxes[0].amount.presentment))
    assert seen == [(2324, 152), (2323, 152)]


# --- fees of their own ---


def label_order() -> Order:
    return an_order(
        a_line("A", q=2, gross=5990, tax=956),
        a_line("B", q=1, gross=3450, tax=551),
        charges=(a_charge(gross=995, tax=159),),
    )


def test_a_label_fee_has_its_own_tax_and_is_charged_once_a_parcel() -> None:
    order, ledger = label_order(), a_ledger(label_order())
    terms = RefundTerms(shipping=ChargeMode.PROPORTIONAL, fees=(LABEL,))

    seen = []
    for parcels, asked in enumerate((units("A", 1, 1), units("B", 1, 1), units("A", 2, 2)), start=1):
        plan = quote(order, ledger, RefundRequest((asked,), parcels=parcels), terms)
        ledger = booked(ledger, plan)
        seen.append(
            (of(plan.rows, RowKind.UNITS), of(plan.rows, RowKind.SHIPPING), of(plan.adjustments, RowKind.LABEL_FEE),
             plan.total.presentment)
        )  # fmt: skip

    assert seen == [
        ([(2995, 478)], [(316, 50)], [(-690, -110)], 2621),
        ([(3450, 551)], [(363, 59)], [(-690, -110)], 3123),
        ([(2995, 478)], [(316, 50)], [(-690, -110)], 2621),
    ]


@pytest.mark.parametrize(("shortfall", "billed"), [(Shortfall.FLOOR, 0), (Shortfall.BILLED, 240)])
def test_a_label_fee_above_the_goods_is_charged_as_far_as_they_go(shortfall: Shortfall, billed: int) -> None:
    order = an_order(a_line("A", gross=450))
    plan = quote(
        order,
        a_ledger(order),
        RefundRequest((units("A", 1, 1),)),
        RefundTerms(fees=(LABEL,), shortfall=shortfall),
    )

    assert of(plan.adjustments, RowKind.LABEL_FEE) == [(-450, -72)]
    assert (plan.total, plan.billed) == (NOTHING, both(billed))


# --- promotions ---


def test_a_lost_promotion_is_charged_and_released_as_the_kept_goods_come_back_too() -> None:
    def line(ref: str, q: int, listed: int, share: int) -> object:
        return replace(
            a_line(ref, q=q, gross=listed - share),
            list_value=both(listed),
            discounts=(DiscountShare("SPRING15", both(share)),),
        )

    order = an_order(line("A", 2, 9600, 1440), line("B", 1, 3600, 540), line("C", 1, 4200, 630))  # type: ignore[arg-type]
    terms = RefundTerms(promotions=(PromotionTerm("SPRING15", PromotionMode.CLAWBACK, minimum_minor=15_000),))
    ledger, seen = a_ledger(order), []
    for asked in (units("C", 1, 1), units("A", 1, 1), units("B", 1, 1), units("A", 2, 2)):
        plan = quote(order, ledger, RefundRequest((asked,)), terms)
        ledger = booked(ledger, plan)
        seen.append((plan.rows[0].payable.presentment, plan.adjustments[0].payable.presentment, plan.total.presentment))

    assert seen == [(3570, -1980, 1590), (4080, 720, 4800), (3060, 540, 3600), (4080, 720, 4800)]
    assert ledger.paid_back == both(14_790)
    assert ledger.promotions[0].charged == NOTHING


# --- credit and its bonus ---


def test_tenders_go_back_in_the_order_of_the_policy_and_credit_in_the_parts_it_was() -> None:
    order = an_order(a_line(gross=17_125))
    tenders = (
        Tender("card-a", TenderKind.CARD, "stripe", 5500, 0, 0, 0, PLACED),
        Tender("card-b", TenderKind.CARD, "stripe", 6000, 1500, 500, 0, PLACED + timedelta(days=1)),
        Tender("gift", TenderKind.GIFT_CARD, "gift_card", 3000, 0, 0, 0, PLACED),
        Tender("credit", TenderKind.STORE_CREDIT, "store_credit", 4000, 0, 0, 0, PLACED, bonus=400),
    )
    terms = RefundTerms(tender_order=(TenderKind.STORE_CREDIT, TenderKind.GIFT_CARD, TenderKind.CARD))

    plan = quote(order, Ledger(tenders=tenders), RefundRequest((units("L1", 1, 1),)), terms)

    assert [(leg.capture_ref, leg.amount_minor, leg.bonus_minor) for leg in plan.legs] == [
        ("credit", 4000, 400),
        ("gift", 3000, 0),
        ("card-b", 4000, 0),
        ("card-a", 5500, 0),
    ]
    assert plan.unallocated == 625


def test_the_bonus_is_cumulative_over_what_the_return_credited() -> None:
    order, term = an_order(a_line(gross=10_000)), BonusTerm(bp=800)

    first = bonus_step(order, Ledger(), term, both(3131))
    later = bonus_step(order, Ledger(credited=(LedgerCredit(term, both(3131)),)), term, both(1231))
    taken_back = bonus_step(order, Ledger(credited=(LedgerCredit(term, both(4362)),)), term, both(-1231))

    assert (first, later, taken_back) == (both(250), both(99), both(-99))


# --- two currencies ---


def test_yen_and_euro_close_each_to_its_own_total_and_the_provider_settles_a_third_figure() -> None:
    line = a_line(q=3, gross=Sides(14980, 9119), tax=[a_tax(Sides(1362, 829))])
    order = an_order(line, currency="JPY", shop_currency="EUR")
    plan = quote(order, a_ledger(order), RefundRequest((units("L1", 1, 1),)), RefundTerms())

    assert plan.total == Sides(4993, 3040)
    loss = fx_difference(Money(plan.total.shop, "EUR"), Money(3052, "EUR"))
    assert loss is not None
    assert (loss.source, loss.destination, loss.amount) == ("merchant:fx", "merchant:clearing", Money(12, "EUR"))
