"""Every figure in the tables of docs/money.md is one that the code computes."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from retour.core import exchange as swap
from retour.core.money import Money, Sides, format_decimal, half_up, spread, spread_capped
from retour.core.order import BundlePart, DiscountShare, Order, OrderLine, Tax, TenderKind
from retour.core.policy.charge import ExchangeItems, ExchangeTerms
from retour.core.refund import (
    BonusTerm,
    ChargeMode,
    FeeKind,
    FeePer,
    FeeTax,
    FeeTerm,
    Goodwill,
    Ledger,
    MoneyStep,
    Override,
    Plan,
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
    booked,
    components,
    difference,
    fx_difference,
    quote,
)
from tests.core.builders import PLACED, a_charge, a_ledger, a_line, a_tax, an_order, both

PAGE = Path(__file__).resolve().parents[3] / "docs" / "money.md"
Table = list[tuple[str, ...]]
PLAIN = RefundTerms()
LABEL = FeeTerm(FeeKind.LABEL, fixed_minor=690, per=FeePer.PARCEL, tax=FeeTax.SUPPLY, tax_bp=1_900)


def euro(minor: int, currency: str = "EUR") -> str:
    return format_decimal(minor, currency).replace("-", "−")


def units(ref: str, lo: int, hi: int, **more: int) -> RequestedLine:
    return RequestedLine(ref, (UnitRange(lo, hi, **more),))


def tax_of(row: Row) -> int:
    return sum(tax.amount.presentment for tax in row.taxes)


def steps(
    order: Order, *asked: RequestedLine, terms: RefundTerms = PLAIN, ledger: Ledger | None = None
) -> list[tuple[Plan, Ledger]]:
    """Return each plan with the ledger after it."""
    ledger, done = ledger or a_ledger(order), []
    for one in asked:
        plan = quote(order, ledger, RefundRequest((one,)), terms)
        ledger = booked(ledger, plan)
        done.append((plan, ledger))
    return done


def of(plan: Plan, kind: RowKind) -> int:
    return sum(row.payable.presentment for row in (*plan.rows, *plan.adjustments) if row.kind is kind)


def units_of_a_line() -> Table:
    order = an_order(a_line("L", q=7, gross=6499, tax=1038))
    seen = steps(order, units("L", 1, 2), units("L", 3, 3), units("L", 4, 7))
    return [
        (name, euro(p.total.presentment), euro(tax_of(p.rows[0])), euro(p.rows[0].net.presentment),
         euro(ledger.paid_back.presentment))
        for name, (p, ledger) in zip(("2 units", "1 unit", "4 units"), seen, strict=True)
    ]  # fmt: skip


def two_taxes() -> Table:
    order = an_order(a_line("L", q=3, gross=12811, tax=[a_tax(743, "state"), a_tax(178, "city")]))
    return [
        (str(n), euro(p.total.presentment), *(euro(tax.amount.presentment) for tax in p.rows[0].taxes),
         euro(p.rows[0].net.presentment))
        for n, (p, _) in enumerate(steps(order, *(units("L", n, n) for n in (1, 2, 3))), 1)
    ]  # fmt: skip


def withheld() -> Table:
    order = an_order(a_line("L", q=3, gross=13400, tax=2326))
    granted = RequestedLine("L", (UnitRange(1, 1),), Override(3000, "agent-7", "worn"))
    return [
        (str(n), euro(row.entitlement.presentment), euro(row.payable.presentment), euro(tax_of(row)),
         euro(row.withheld.presentment))
        for n, (p, _) in enumerate(steps(order, granted, units("L", 2, 2), units("L", 3, 3)), 1)
        for row in p.rows
    ]  # fmt: skip


def goodwill_first() -> Table:
    order = an_order(a_line("L", q=4, gross=14600, tax=2535))
    goodwill = RequestedLine("L", money=MoneyStep(6150, "agent-7", "late"))
    names = ("goodwill", "2 units", "2 more")
    return [
        (name, euro(p.rows[0].entitlement.presentment), euro(p.total.presentment), euro(tax_of(p.rows[0])),
         euro(ledger.paid_back.presentment))
        for name, (p, ledger) in zip(names, steps(order, goodwill, units("L", 1, 2), units("L", 3, 4)), strict=True)
    ]  # fmt: skip


def goodwill_on_the_order() -> Table:
    order = an_order(
        a_line("A", q=2, gross=6000, tax=958), a_line("B", gross=3000), charges=(a_charge(gross=1000, tax=160),)
    )
    plan = quote(order, a_ledger(order), RefundRequest(goodwill=Goodwill(1000, "agent-7", "late")), PLAIN)
    names = ("article A", "article B", "shipping")
    return [
        (name, euro(row.settled.presentment), euro(row.payable.presentment), euro(tax_of(row)))
        for name, row in zip(names, plan.rows, strict=True)
    ]


def shared_discounts() -> Table:
    first, second = spread(-700, [2490, 2490, 2490, 0]), spread_capped(1500, [4200, 1900, 900], [350, 1900, 900])[0]
    return [
        ("7.00 over 24.90, 24.90, 24.90 and a free gift", ", ".join(euro(share) for share in first)),
        (
            "15.00 over 42.00 (at most 3.50), 19.00, 9.00",
            ", ".join(euro(-share) for share in second),
        ),
    ]


def bundles() -> Table:
    parts = (BundlePart("pot", "Teapot", both(4500)), BundlePart("cup", "Cup", both(2750), quantity=2))
    pot, cup = components(replace(a_line("K", gross=8450, tax=553), components=parts))
    one, other = (p for p, _ in steps(an_order(pot, cup), units("K/cup", 1, 1), units("K/cup", 2, 2)))
    return [
        ("teapot", euro(pot.gross.presentment), euro(pot.taxes[0].amount.presentment)),
        ("two cups", euro(cup.gross.presentment), euro(cup.taxes[0].amount.presentment)),
        ("one cup returned", euro(one.total.presentment), euro(tax_of(one.rows[0]))),
        ("the other cup", euro(other.total.presentment), euro(tax_of(other.rows[0]))),
    ]


def damage() -> Table:
    order = an_order(a_line("L", q=5, gross=21245, tax=3392))
    asked = RequestedLine("L", (UnitRange(1, 3), UnitRange(4, 4, deduction_bp=4_000, grade="damaged")))
    plan = quote(order, a_ledger(order), RefundRequest((asked,)), RefundTerms(fees=(FeeTerm(bp=1_000),)))
    names = ("4 units received", "40 % off the damaged one", "restocking fee, 10 % of what is left")
    rows = [
        (name, euro(row.payable.presentment), euro(tax_of(row)))
        for name, row in zip(names, (*plan.rows, *plan.adjustments), strict=True)
    ]
    return [*rows, ("**refund**", euro(plan.total.presentment), euro(plan.taxes[0].amount.presentment))]


def label_order() -> Order:
    return an_order(
        a_line("A", q=2, gross=5990, tax=956), a_line("B", gross=3450, tax=551), charges=(a_charge(gross=995, tax=159),)
    )


def shipping_and_label() -> Table:
    order, ledger, rows = label_order(), a_ledger(label_order()), []
    terms = RefundTerms(shipping=ChargeMode.PROPORTIONAL, fees=(LABEL,))
    for parcel, (name, asked) in enumerate(
        (("one A", units("A", 1, 1)), ("B", units("B", 1, 1)), ("the other A", units("A", 2, 2))), 1
    ):
        plan = quote(order, ledger, RefundRequest((asked,), parcels=parcel), terms)
        ledger = booked(ledger, plan)
        parts = (*plan.rows, *plan.adjustments)
        rows.append(
            (name, *(f"{euro(x.payable.presentment)} ({euro(abs(tax_of(x)))})" for x in parts),
             euro(plan.total.presentment))
        )  # fmt: skip
    return rows


def a_small_refund() -> Table:
    order, rows = an_order(a_line("A", gross=450, tax=72)), []
    for name, shortfall in (("ends at nothing", Shortfall.FLOOR), ("bills the rest", Shortfall.BILLED)):
        plan = quote(
            order, a_ledger(order), RefundRequest((units("A", 1, 1),)), RefundTerms(fees=(LABEL,), shortfall=shortfall)
        )
        fee = plan.adjustments[0]
        rows.append(
            (name, euro(fee.payable.presentment), euro(tax_of(fee)), euro(plan.total.presentment),
             euro(plan.billed.presentment))
        )  # fmt: skip
    return rows


def a_fee_over_two_refunds() -> Table:
    order = an_order(a_line("A", gross=450), a_line("B", gross=2000))
    terms = RefundTerms(fees=(FeeTerm(FeeKind.RETURN, fixed_minor=690),))
    return [
        (name, euro(of(p, RowKind.UNITS)), euro(of(p, RowKind.RETURN_FEE)), euro(p.total.presentment))
        for name, (p, _) in zip(
            ("A, worth 4.50", "B, worth 20.00"),
            steps(order, units("A", 1, 1), units("B", 1, 1), terms=terms),
            strict=True,
        )
    ]


def promotion_line(ref: str, q: int, listed: int, share: int) -> OrderLine:
    shares = (DiscountShare("15 %", both(share)),)
    return replace(a_line(ref, q=q, gross=listed - share), list_value=both(listed), discounts=shares)


def promotions() -> Table:
    order = an_order(
        promotion_line("A", 2, 9600, 1440), promotion_line("B", 1, 3600, 540), promotion_line("C", 1, 4200, 630)
    )
    terms = RefundTerms(promotions=(PromotionTerm("15 %", PromotionMode.CLAWBACK, minimum_minor=15_000),))
    asked = (
        ("C", units("C", 1, 1)),
        ("one A", units("A", 1, 1)),
        ("B", units("B", 1, 1)),
        ("the other A", units("A", 2, 2)),
    )
    return [
        (name, euro(of(p, RowKind.UNITS)), euro(of(p, RowKind.CLAWBACK)), euro(p.total.presentment),
         euro(sum(x.charged.presentment for x in ledger.promotions)))
        for (name, _), (p, ledger) in zip(asked, steps(order, *(a for _, a in asked), terms=terms), strict=True)
    ]  # fmt: skip


def three_for_two() -> Table:
    order = an_order(promotion_line("M", 3, 3000, 1000))
    terms = RefundTerms(promotions=(PromotionTerm("15 %", PromotionMode.CLAWBACK, minimum_units=3),))
    seen = steps(order, *(units("M", n, n) for n in (1, 2, 3)), terms=terms)
    return [
        (name, euro(of(p, RowKind.UNITS)), euro(of(p, RowKind.CLAWBACK)), euro(p.total.presentment))
        for name, (p, _) in zip(("first", "second", "third"), seen, strict=True)
    ]


def the_bonus() -> Table:
    order = an_order(a_line("A", gross=3131), a_line("B", gross=1231))
    seen = steps(order, units("A", 1, 1), units("B", 1, 1), terms=RefundTerms(bonus=BonusTerm(bp=800)))
    return [(euro(p.total.presentment), euro(p.bonus)) for p, _ in seen]


def part_of_the_value() -> Table:
    order = an_order(a_line("L", q=3, gross=1000, tax=160))
    seen = steps(order, *(units("L", n, n) for n in (1, 2, 3)), terms=RefundTerms(share_bp=5_000))
    return [
        (str(n), euro(of(p, RowKind.UNITS)), euro(of(p, RowKind.SHARE)), euro(p.total.presentment))
        for n, (p, _) in enumerate(seen, 1)
    ]


def tenders() -> Table:
    ledger = Ledger(
        tenders=(
            Tender("card A", TenderKind.CARD, "x", 5500, 0, 0, 0, PLACED),
            Tender("card B", TenderKind.CARD, "x", 6000, 1500, 500, 0, PLACED + timedelta(days=1)),
            Tender("gift card", TenderKind.GIFT_CARD, "x", 3000, 0, 0, 0, PLACED),
            Tender("store credit", TenderKind.STORE_CREDIT, "x", 4000, 0, 0, 0, PLACED, bonus=400),
        )
    )
    order = an_order(a_line("L", gross=17_125))
    terms = RefundTerms(tender_order=(TenderKind.STORE_CREDIT, TenderKind.GIFT_CARD, TenderKind.CARD))
    plan = quote(order, ledger, RefundRequest((units("L", 1, 1),)), terms)
    rows = [(leg.capture_ref, euro(leg.amount_minor), euro(leg.bonus_minor)) for leg in plan.legs]
    return [*rows, ("no payment to go back to", euro(plan.unallocated), euro(0))]


def two_currencies() -> Table:
    line = a_line("L", q=3, gross=Sides(14980, 9119), tax=[a_tax(Sides(1362, 829))])
    order = an_order(line, currency="JPY", shop_currency="EUR")
    return [
        (str(n), euro(p.total.presentment, "JPY"), euro(p.taxes[0].amount.presentment, "JPY"),
         euro(p.total.shop), euro(p.taxes[0].amount.shop))
        for n, (p, _) in enumerate(steps(order, *(units("L", n, n) for n in (1, 2, 3))), 1)
    ]  # fmt: skip


def fx() -> Table:
    rows = []
    for settled in (3052, 3029):
        posting = fx_difference(Money(3040, "EUR"), Money(settled, "EUR"))
        assert posting is not None
        rows.append((euro(3040), euro(settled), posting.source, posting.destination, euro(posting.amount.minor)))
    return rows


def exchanges() -> Table:
    taxes = (Tax("vat", both(905)),)
    terms = ExchangeTerms(items=ExchangeItems.ANY_PRODUCT)
    rows = []
    for name, price, most in (
        ("same price", 5665, None),
        ("dearer", 7140, None),
        ("dearer, 10.00 collected", 7140, 1000),
    ):
        given = swap.Given("L", 1, swap.Worth(both(5665), taxes), both(5665), "p1")
        new = swap.Wanted("N", 1, swap.Worth(both(price), (Tax("vat", both(price * 19 // 119)),)), "p2")
        done = swap.exchange([given], [new], terms, collect_at_most=most)
        rows.append((name, euro(price), euro(done.collect.presentment), euro(done.carried[0].worth.gross.presentment)))
    return rows


def promised_and_paid() -> Table:
    order = an_order(a_line("A", q=3, gross=1000), a_line("B", gross=2000))
    promised = quote(order, a_ledger(order), RefundRequest((units("A", 1, 3), units("B", 1, 1))), PLAIN)
    judged = (
        RequestedLine("A", (UnitRange(1, 1), UnitRange(2, 2, accepted=False))), units("B", 1, 1, deduction_bp=2_500)
    )  # fmt: skip
    paid = quote(order, a_ledger(order), RefundRequest(judged), RefundTerms(fees=(FeeTerm(bp=1_000),)))
    rows = [
        (part.because.value, part.ref or "", euro(part.amount.presentment)) for part in difference([promised], [paid])
    ]
    return [
        ("promised", "", euro(promised.total.presentment)), *rows, ("paid", "", euro(paid.total.presentment))
    ]  # fmt: skip


SECTIONS: dict[str, Callable[[], Table]] = {
    "Units of a line": units_of_a_line,
    "Several taxes": two_taxes,
    "Less than a unit is worth": withheld,
    "Money without goods": goodwill_first,
    "Goodwill on the whole order": goodwill_on_the_order,
    "Discounts of the whole order": shared_discounts,
    "Bundles": bundles,
    "Damage and a share as a fee": damage,
    "Shipping in proportion, and a fee that is a service": shipping_and_label,
    "A refund that cannot bear its fees": a_small_refund,
    "A fee is charged once a return": a_fee_over_two_refunds,
    "Promotions with a condition": promotions,
    "Buy three, pay two": three_for_two,
    "Keep it for a part of the money": part_of_the_value,
    "The bonus for taking credit": the_bonus,
    "Where the money goes": tenders,
    "Two currencies": two_currencies,
    "The FX difference": fx,
    "Exchanges": exchanges,
    "Promised and paid": promised_and_paid,
}


def tables() -> dict[str, Table]:
    """Return the body rows of every table of the page by the heading above it."""
    found: dict[str, Table] = {}
    title = ""
    for line in PAGE.read_text().splitlines():
        if line.startswith("#"):
            title = line.lstrip("# ")
        elif line.startswith("|"):
            cells = tuple(cell.strip() for cell in line.strip("|").split("|"))
            found.setdefault(title, []).append(cells)
    return {title: rows[2:] for title, rows in found.items()}


@pytest.mark.parametrize("title", SECTIONS)
def test_a_table_shows_what_the_code_computes(title: str) -> None:
    assert tables()[title] == SECTIONS[title]()


def test_every_table_of_the_page_is_computed_and_every_amount_in_its_text_is_an_input_or_computed() -> None:
    assert list(tables()) == list(SECTIONS)
    told = {amount for table in tables().values() for row in table for cell in row for amount in amounts(cell)}
    inputs = {euro(int(digits.replace("_", ""))) for digits in re.findall(r"\b\d[\d_]*\b", Path(__file__).read_text())}
    text = "\n".join(line for line in PAGE.read_text().splitlines() if not line.startswith("|"))
    assert set(amounts(text)) - told - inputs - {euro(minor) for minor in otherwise()} == set()


def otherwise() -> list[int]:
    """Return the sums that the text names, and what other ways to compute would have come to."""
    rounded_price = 7 * half_up(6499, 7)
    by_rate = sum(half_up(yen * 9119, 14980) for yen in (4993, 4994, 4993))
    bonus_alone = half_up(1231 * 800, 10_000)
    label_tax = half_up(690 * 1_900, 11_900)
    listed, paid = 9600 + 3600 + 4200, 9600 + 3600 + 4200 - 1440 - 540 - 630
    return [rounded_price, by_rate, bonus_alone, label_tax, listed, paid, 4000 - 400, 3000 // 3]


def amounts(text: str) -> list[str]:
    return re.findall(r"\d+\.\d{2}(?!\d)", text)
