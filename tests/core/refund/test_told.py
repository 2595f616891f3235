"""What fees, promotions, shares and the bonus look like in the explanation, the comparison and the hash."""

from dataclasses import replace

import pytest

from retour.core.money import NOTHING
from retour.core.order import DiscountShare, TenderKind
from retour.core.ports import PlatformQuote
from retour.core.refund import (
    Agreement,
    BonusTerm,
    CaptureOrder,
    ChargeMode,
    FeeKind,
    FeeOf,
    FeePer,
    FeeTax,
    FeeTerm,
    Goodwill,
    Ledger,
    LedgerCredit,
    LedgerFee,
    LedgerPromotion,
    Plan,
    PromotionMode,
    PromotionTerm,
    RefundRequest,
    RefundTerms,
    RequestedLine,
    RowKind,
    UnitRange,
    Waiver,
    booked,
    compare,
    explain,
    quote,
)
from retour.core.refund.explain import LABELS
from tests.core.builders import a_charge, a_ledger, a_line, a_tax, a_tender, an_order, both


def discounted(ref: str, q: int, listed: int, share: int, tax: int = 0) -> object:
    shares = (DiscountShare("SPRING", both(share)),)
    return replace(a_line(ref, q=q, gross=listed - share, tax=tax), list_value=both(listed), discounts=shares)


ORDER = an_order(
    discounted("A", 2, 10_000, 1_000, 1_437),  # type: ignore[arg-type]
    discounted("B", 1, 5_000, 500, 718),  # type: ignore[arg-type]
    charges=(a_charge(gross=600, tax=96),),
)
LABEL = FeeTerm(FeeKind.LABEL, fixed_minor=690, tax=FeeTax.SUPPLY, tax_bp=1_900)
TERMS = RefundTerms(
    shipping=ChargeMode.PROPORTIONAL,
    fees=(FeeTerm(bp=1_000), LABEL, FeeTerm(FeeKind.RETURN, fixed_minor=100)),
    waivers=(Waiver(FeeKind.RETURN, "faulty goods"),),
    promotions=(PromotionTerm("SPRING", PromotionMode.CLAWBACK, minimum_minor=12_000),),
    bonus=BonusTerm(bp=1_000),
    share_bp=9_000,
)
ASKED = RefundRequest((RequestedLine("B", (UnitRange(1, 1, deduction_bp=2_000, grade="opened"),)),))


def a_plan(request: RefundRequest = ASKED, terms: RefundTerms = TERMS, ledger: Ledger | None = None) -> Plan:
    return quote(ORDER, ledger or a_ledger(ORDER), request, terms)


# --- the explanation ---


def test_every_deduction_fee_and_bonus_is_a_row_of_the_explanation() -> None:
    rows = explain(a_plan())

    assert [(row.code, row.ref, row.amount.presentment, row.tax.presentment, row.adds, row.reason) for row in rows] == [
        ("listed", "B", 5_000, 0, False, None),
        ("discounts", "B", -500, 0, False, None),
        ("settled", "B", 4_500, 0, False, None),
        ("units", "B", 4_500, 718, True, None),
        ("settled", "S1", 600, 0, False, None),
        ("shipping", "S1", 200, 32, True, None),
        ("damage", "B", -900, -144, True, "opened"),
        ("share", "B", -360, -58, True, None),
        ("clawback", "SPRING", -1_000, -160, True, None),
        ("restocking_fee", None, -224, -36, True, None),
        ("label_fee", None, -690, -110, True, None),
        ("return_fee", None, 0, 0, True, "faulty goods"),
        ("waived", "return_fee", 100, 0, False, "faulty goods"),
        ("total", None, 1_526, 242, False, None),
        ("tax", "vat", 352, 0, False, None),
        ("tax", "supply:1900", -110, 0, False, None),
        ("leg", "C1", 1_526, 0, False, None),
        ("bonus", None, 153, 0, False, None),
    ]
    assert sum(row.amount.presentment for row in rows if row.adds) == 1_526
    assert [row.label for row in rows] == [LABELS[row.code] for row in rows]


def test_what_was_charged_for_a_promotion_and_is_given_back_is_told_as_such() -> None:
    ledger = booked(a_ledger(ORDER), a_plan())
    rows = explain(a_plan(RefundRequest((RequestedLine("A", (UnitRange(1, 1),)),)), ledger=ledger))

    (given,) = [row for row in rows if row.code == "clawback_released"]
    assert (given.ref, given.amount, given.tax, given.adds) == ("SPRING", both(500), both(80), True)
    assert "clawback" not in {row.code for row in rows}


def test_every_kind_of_row_and_every_code_has_an_english_name() -> None:
    assert {kind.value for kind in RowKind} <= LABELS.keys()
    assert {
        "listed", "discounts", "settled", "paid_before", "withheld", "waived", "clawback_released", "total", "tax",
        "leg", "unallocated", "billed", "bonus", "ahead",
    } == LABELS.keys() - {kind.value for kind in RowKind}  # fmt: skip
    assert len(set(LABELS.values())) == len(LABELS)


# --- the comparison ---


def theirs(gross: int = 4_500, tax: int = 718, shipping: int = 200) -> PlatformQuote:
    return PlatformQuote({"B": (both(gross), both(tax))}, both(shipping), 100_000)


def test_the_platform_s_figure_is_compared_before_deductions_fees_and_promotions() -> None:
    plan = a_plan()

    assert compare(plan, theirs()).reconciled is plan
    assert compare(plan, theirs(gross=4_498)).agreement is Agreement.DISCREPANCY


def test_a_rounding_of_the_platform_moves_a_refund_with_fees_by_one() -> None:
    plan = a_plan()
    compared = compare(plan, theirs(gross=4_501))

    assert compared.agreement is Agreement.RECONCILED
    assert compared.reconciled is not None
    assert compared.reconciled.total == plan.total + both(1)
    assert compared.reconciled.legs[0].amount_minor == plan.legs[0].amount_minor + 1
    assert (compared.reconciled.fees, compared.reconciled.bonus) == (plan.fees, plan.bonus)
    assert compared.reconciled.notes == ("fee_waived", "clawed_back", "platform_rounding")
    assert compared.reconciled.unallocated == 0
    again, other = compare(plan, theirs(gross=4_501)).reconciled, compare(plan, theirs(gross=4_499)).reconciled
    assert again is not None
    assert other is not None
    assert len({plan.hash, compared.reconciled.hash, other.hash}) == 3
    assert (again.hash, len(again.hash)) == (compared.reconciled.hash, 64)
    assert sum(row.amount.presentment for row in explain(compared.reconciled) if row.adds) == 1_527


def test_a_credit_that_was_part_bonus_keeps_its_parts_when_the_platform_rounds() -> None:
    credit = replace(a_tender("c", 20_000, kind=TenderKind.STORE_CREDIT), bonus=2_000)
    plan = a_plan(ledger=Ledger(tenders=(credit,)))

    reconciled = compare(plan, theirs(gross=4_501)).reconciled

    assert reconciled is not None
    assert (plan.legs[0].bonus_minor, reconciled.legs[0].bonus_minor) == (153, 153)
    assert reconciled.legs[0].amount_minor == 1_527


# --- the hash ---


def changed_fee(**change: object) -> RefundTerms:
    return replace(TERMS, fees=(replace(LABEL, **change),))  # type: ignore[arg-type]


def changed_promotion(**change: object) -> RefundTerms:
    return replace(TERMS, promotions=(replace(TERMS.promotions[0], **change),))  # type: ignore[arg-type]


def changed_bonus(**change: object) -> RefundTerms:
    return replace(TERMS, bonus=replace(BonusTerm(bp=1_000), **change))  # type: ignore[arg-type]


def test_every_term_that_moves_money_has_another_hash() -> None:
    terms = [
        TERMS,
        *(replace(TERMS, **{mode: ChargeMode.ALL}) for mode in ("duties", "sale_fees", "tips", "gift_wrapping")),
        replace(TERMS, rounding=ChargeMode.NONE),
        replace(TERMS, tender_order=(TenderKind.CARD,)),
        replace(TERMS, capture_order=CaptureOrder.OLDEST),
        replace(TERMS, waivers=()),
        replace(TERMS, waivers=(Waiver(None, "faulty goods"),)),
        replace(TERMS, waivers=(Waiver(FeeKind.RETURN, "faulty goods", "agent-7"),)),
        replace(TERMS, legal_floor=True),
        replace(TERMS, share_bp=9_001),
        replace(TERMS, whole_kit=True),
        changed_fee(),
        changed_fee(kind=FeeKind.CANCELLATION),
        changed_fee(bp=1),
        changed_fee(of=FeeOf.LISTED),
        changed_fee(fixed_minor=691),
        changed_fee(cost_minor=0),
        changed_fee(currency="EUR"),
        changed_fee(per=FeePer.LINE),
        changed_fee(tax=FeeTax.REDUCTION),
        changed_fee(tax_bp=700),
        changed_fee(tax_included=False),
        changed_fee(at_most_minor=9_999),
        replace(TERMS, promotions=()),
        changed_promotion(promotion="AUTUMN"),
        changed_promotion(mode=PromotionMode.KEEP),
        changed_promotion(minimum_minor=12_001),
        changed_promotion(minimum_units=1),
        changed_promotion(currency="EUR"),
        changed_promotion(lines=("A", "B")),
        replace(TERMS, bonus=None),
        changed_bonus(bp=1_001),
        changed_bonus(fixed_minor=1),
        changed_bonus(at_most_minor=9_999),
        changed_bonus(currency="EUR"),
    ]

    assert len({a_plan(terms=each).hash for each in terms}) == len(terms)
    reworded = replace(TERMS, waivers=(Waiver(FeeKind.RETURN, "other words"),))
    assert a_plan(terms=reworded).hash == a_plan().hash


def test_every_wish_and_every_entry_of_the_ledger_has_another_hash() -> None:
    ledger = a_ledger(ORDER)
    fee = LedgerFee(LABEL, both(1), both(2), (("A", 1),), 1, both(3), both(4), both(5))
    fees = [
        fee,
        replace(fee, term=replace(LABEL, bp=1)),
        *(replace(fee, **{name: both(9)}) for name in ("value", "listed", "charged", "billed", "waived")),
        replace(fee, lines=(("A", 2),)),
        replace(fee, lines=(("B", 1),)),
        replace(fee, parcels=2),
    ]
    charged = LedgerPromotion("SPRING", both(1), (a_tax(1),))
    credit = LedgerCredit(BonusTerm(bp=1), both(1))
    ledgers = [
        ledger,
        *(replace(ledger, fees=(each,)) for each in fees),
        replace(ledger, promotions=(charged,)),
        replace(ledger, promotions=(replace(charged, charged=both(2)),)),
        replace(ledger, promotions=(replace(charged, taxes=()),)),
        replace(ledger, credited=(credit,)),
        replace(ledger, credited=(replace(credit, amount=both(2)),)),
        replace(ledger, credited=(replace(credit, term=BonusTerm(bp=2)),)),
        replace(ledger, credited=(replace(credit, term=BonusTerm(bp=1, fixed_minor=1)),)),
        replace(ledger, credited=(replace(credit, term=BonusTerm(bp=1, at_most_minor=1)),)),
        replace(ledger, credited=(replace(credit, term=BonusTerm(bp=1, currency="EUR")),)),
        replace(ledger, tenders=(replace(ledger.tenders[0], kind=TenderKind.STORE_CREDIT),)),
        replace(ledger, tenders=(replace(ledger.tenders[0], bonus=10),)),
    ]
    wishes = [
        replace(ASKED, parcels=2),
        replace(ASKED, waivers=(Waiver(None, "kind", "agent-7"),)),
        replace(ASKED, waivers=(Waiver(None, "kind", "agent-8"),)),
        replace(ASKED, goodwill=Goodwill(1, "agent-7", "sorry")),
        replace(ASKED, goodwill=Goodwill(2, "agent-7", "sorry")),
        replace(ASKED, goodwill=Goodwill(2, "agent-8", "sorry")),
    ]

    hashes = [a_plan(ledger=each).hash for each in ledgers] + [a_plan(wish).hash for wish in wishes]
    assert len(set(hashes)) == len(hashes)
    other_words = replace(ASKED, goodwill=Goodwill(2, "agent-8", "again"))
    assert a_plan(other_words).hash == a_plan(wishes[-1]).hash


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_order_in_which_a_ledger_was_read_changes_nothing(order: tuple[int, int]) -> None:
    promotions = (LedgerPromotion("A", both(1)), LedgerPromotion("B", both(2)))
    fees = (LedgerFee(LABEL), LedgerFee(FeeTerm(bp=1)))
    read = [
        replace(a_ledger(ORDER), promotions=(promotions[i], promotions[1 - i]), fees=(fees[i], fees[1 - i]))
        for i in order
    ]

    assert len({a_plan(ledger=ledger).hash for ledger in read}) == 1
    assert a_plan().bonus > 0
    assert a_plan().billed == NOTHING
    assert a_plan().notes == ("fee_waived", "clawed_back")


# --- the comparison, to the unit ---


def of_two_taxes() -> tuple[Plan, PlatformQuote]:
    order = an_order(a_line("A", gross=10_000, tax=[a_tax(700, "state"), a_tax(300, "city")]))
    plan = quote(order, a_ledger(order), RefundRequest((RequestedLine("A", (UnitRange(1, 1),)),)), RefundTerms())
    return plan, PlatformQuote({"A": (both(9_998), both(998))}, NOTHING, 10_000)


def test_a_line_with_two_taxes_may_be_off_by_two_on_both_sides() -> None:
    plan, platform = of_two_taxes()

    reconciled = compare(plan, platform).reconciled

    assert reconciled is not None
    (row,) = reconciled.adjustments
    assert (row.payable, row.taxes, row.net) == (both(-2), (a_tax(-2, "state"),), NOTHING)
    assert (row.settled, row.ref) == (both(10_000), "A")


def test_shipping_may_be_off_by_one_and_no_more() -> None:
    assert compare(a_plan(), theirs(shipping=201)).agreement is Agreement.RECONCILED
    assert compare(a_plan(), theirs(shipping=202)).agreement is Agreement.DISCREPANCY


def test_what_fits_on_no_payment_need_not_be_refundable() -> None:
    plan, _ = of_two_taxes()
    order = an_order(a_line("A", gross=10_000))
    little = Ledger(tenders=(a_tender("C1", 4_000),))
    plan = quote(order, little, RefundRequest((RequestedLine("A", (UnitRange(1, 1),)),)), RefundTerms())

    agreed = compare(plan, PlatformQuote({"A": (both(10_000), NOTHING)}, NOTHING, 4_000))
    beyond = compare(plan, PlatformQuote({"A": (both(10_000), NOTHING)}, NOTHING, 3_999))

    assert (plan.unallocated, agreed.agreement) == (6_000, Agreement.AGREED)
    assert [(d.component, d.ours, d.theirs) for d in beyond.differences] == [("maximum_refundable", 10_000, 3_999)]


def test_a_refund_of_nothing_agrees_and_no_rounding_makes_it_something() -> None:
    order = an_order(a_line("A", gross=450))
    terms = RefundTerms(fees=(FeeTerm(fixed_minor=690),))
    plan = quote(order, a_ledger(order), RefundRequest((RequestedLine("A", (UnitRange(1, 1),)),)), terms)

    same = compare(plan, PlatformQuote({"A": (both(450), NOTHING)}, NOTHING, 450))
    off = compare(plan, PlatformQuote({"A": (both(451), NOTHING)}, NOTHING, 450))

    assert (same.agreement, same.reconciled) == (Agreement.AGREED, plan)
    assert (off.agreement, off.reconciled) == (Agreement.AGREED, plan)
    assert [(d.component, d.ours, d.theirs) for d in off.differences] == [("gross", 450, 451)]
