"""Credit and its bonus, the order of tenders, and the FX difference."""

from dataclasses import replace

import pytest

from retour.core.errors import Refused
from retour.core.money import NOTHING, Money, Sides
from retour.core.order import TenderKind
from retour.core.refund import (
    BonusTerm,
    CaptureOrder,
    ChargeMode,
    FeeTerm,
    Ledger,
    LedgerCredit,
    Plan,
    PlannedLeg,
    Posting,
    RefundRequest,
    RefundTerms,
    RequestedLine,
    Tender,
    UnitRange,
    bonus_step,
    booked,
    fx_difference,
    of_this_return,
    quote,
    same_parts,
)
from retour.core.refund.tenders import legs, tender_rests
from tests.core.builders import a_charge, a_ledger, a_line, a_tender, an_order, both

ORDER = an_order(a_line("A", q=3, gross=3000), charges=(a_charge(gross=500),))


def credited(amount: int, term: BonusTerm) -> Ledger:
    return Ledger(credited=(LedgerCredit(term, both(amount)),))


def planned(bonus: BonusTerm | None, unit: int, ledger: Ledger | None = None, *fees: FeeTerm) -> Plan:
    terms = RefundTerms(bonus=bonus, fees=fees, shipping=ChargeMode.ON_FULL_RETURN)
    asked = RefundRequest((RequestedLine("A", (UnitRange(unit, unit),)),))
    return quote(ORDER, ledger or a_ledger(ORDER), asked, terms)


# --- the bonus ---


@pytest.mark.parametrize(
    ("term", "before", "amount", "bonus"),
    [
        (BonusTerm(bp=1_000), 0, 1_000, 100),
        (BonusTerm(fixed_minor=250), 0, 1_000, 250),
        (BonusTerm(fixed_minor=250), 1_000, 1_000, 0),
        (BonusTerm(bp=1_000, fixed_minor=250), 0, 1_000, 350),
        (BonusTerm(bp=1_000, fixed_minor=250, at_most_minor=300), 0, 1_000, 300),
        (BonusTerm(bp=1_000, fixed_minor=250, at_most_minor=300), 1_000, 1_000, 0),
        (BonusTerm(bp=1_000, at_most_minor=150), 1_000, 1_000, 50),
        (BonusTerm(bp=1_000, fixed_minor=250), 1_000, -1_000, -350),
        (BonusTerm(bp=1_000, fixed_minor=250), 1_000, -400, -40),
        (BonusTerm(bp=1_000), 0, 0, 0),
        (BonusTerm(fixed_minor=250), 0, 0, 0),
        (BonusTerm(fixed_minor=250), 0, 1, 250),
    ],
)
def test_a_bonus_is_what_the_whole_credit_earns_less_what_was_given(
    term: BonusTerm, before: int, amount: int, bonus: int
) -> None:
    assert bonus_step(ORDER, credited(before, term), term, both(amount)) == both(bonus)


def test_a_fixed_bonus_is_given_once_a_return_whatever_bonuses_its_lines_have() -> None:
    low, high = BonusTerm(bp=100, fixed_minor=200), BonusTerm(bp=200, fixed_minor=500)

    assert bonus_step(ORDER, credited(1_000, low), high, both(1_000)) == both(320)
    assert bonus_step(ORDER, credited(1_000, high), low, both(1_000)) == both(10)
    assert bonus_step(ORDER, credited(0, low), high, both(1_000)) == both(520)


def test_a_bonus_in_the_shops_currency_and_on_the_books_own_value() -> None:
    order = an_order(a_line(gross=Sides(1_000, 150_000)), shop_currency="JPY")
    term = BonusTerm(bp=1_000, fixed_minor=3_000, at_most_minor=16_500, currency="JPY")

    assert bonus_step(order, Ledger(), term, Sides(100, 14_000)) == Sides(30, 4_400)
    assert bonus_step(order, Ledger(), term, Sides(1_000, 150_000)) == Sides(110, 16_500)
    assert bonus_step(order, Ledger(), term, Sides(100, -5)) == Sides(30, 3_000)
    with pytest.raises(Refused):
        bonus_step(order, Ledger(), replace(term, currency="USD"), Sides(100, 100))


def test_a_bonus_stands_beside_the_refund_and_is_never_part_of_it() -> None:
    term = BonusTerm(bp=825, fixed_minor=100)

    first = planned(term, 1, None, FeeTerm(fixed_minor=50))
    second = planned(term, 2, booked(a_ledger(ORDER), first))
    without = planned(None, 1)

    assert (first.total, first.bonus, first.bonus_shop) == (both(950), 178, 178)  # 78.375 and 100
    assert (first.credited, second.bonus) == (LedgerCredit(term, both(950)), 83)  # 160.875 less 78
    assert sum(leg.amount_minor for leg in first.legs) == 950
    assert (without.bonus, without.bonus_shop, without.credited) == (0, 0, None)


def test_what_earlier_plans_credited_is_added_up_by_bonus() -> None:
    one, two = BonusTerm(bp=825), BonusTerm(bp=500)
    plans = [planned(one, 1), planned(two, 1), planned(one, 2), planned(None, 3)]

    ledger = of_this_return(a_ledger(ORDER), plans)

    assert ledger.credited == (LedgerCredit(one, both(2_000)), LedgerCredit(two, both(1_000)))


def test_credit_goes_back_in_the_parts_it_was_spent() -> None:
    steps, gone = [], 0
    for amount in (1, 1, 1, 2, 5):
        steps.append(same_parts(9, 1, gone, amount))
        gone += amount

    assert steps == [(1, 0), (1, 0), (1, 0), (2, 0), (4, 1)]  # half a unit goes to base
    assert same_parts(3_600, 400, 0, 4_000) == (3_600, 400)
    assert same_parts(1, 1, 0, 1) == (1, 0)


# --- tenders ---

TENDERS = (
    a_tender("b", 100, day=1),
    a_tender("a", 100, day=1),
    a_tender("old", 100),
    a_tender("gift", 100, kind=TenderKind.GIFT_CARD, day=9),
    a_tender("hand", 100, kind=TenderKind.OTHER),
)


@pytest.mark.parametrize(
    ("kinds", "captures", "order"),
    [
        ((TenderKind.CARD, TenderKind.GIFT_CARD), CaptureOrder.NEWEST, ["a", "b", "old", "gift"]),
        ((TenderKind.CARD, TenderKind.GIFT_CARD), CaptureOrder.OLDEST, ["old", "a", "b", "gift"]),
        ((TenderKind.OTHER, TenderKind.CARD), CaptureOrder.NEWEST, ["hand", "a", "b", "old"]),
        ((), CaptureOrder.NEWEST, []),
    ],
)
def test_tenders_are_used_by_kind_and_then_by_age(
    kinds: tuple[TenderKind, ...], captures: CaptureOrder, order: list[str]
) -> None:
    ledger = Ledger(tenders=TENDERS)
    terms = RefundTerms(tender_order=kinds, capture_order=captures)

    plan = quote(ORDER, ledger, RefundRequest((RequestedLine("A", (UnitRange(1, 1),)),)), terms)

    assert [leg.capture_ref for leg in plan.tender_rests] == order
    assert (plan.unallocated, sum(leg.amount_minor for leg in plan.legs)) == (
        1_000 - 100 * len(order),
        100 * len(order),
    )


def test_a_credit_that_was_part_bonus_says_what_can_still_go_back_as_what() -> None:
    credit = Tender(
        "c", TenderKind.STORE_CREDIT, "store_credit", 4_000, 500, 300, 200, TENDERS[0].captured_at, bonus=400
    )

    rests = tender_rests((credit, replace(credit, capture_ref="p", bonus=0)), (TenderKind.STORE_CREDIT,))
    taken, left = legs(1_500, rests)

    assert rests == (
        PlannedLeg("c", TenderKind.STORE_CREDIT, "store_credit", 3_000, 300, (3_600, 400, 1_000)),
        PlannedLeg("p", TenderKind.STORE_CREDIT, "store_credit", 3_000),
    )
    assert (taken, left) == ((PlannedLeg("c", TenderKind.STORE_CREDIT, "store_credit", 1_500, 150),), 0)
    assert legs(0, rests) == ((), 0)
    assert legs(6_001, rests)[1] == 1


def test_a_tender_gives_what_is_left_of_it_unless_a_dispute_holds_it() -> None:
    tender = a_tender("c", 1_000, refunded=100, reserved=20, external=3)

    assert (tender.gone, tender.rest) == (123, 877)
    assert replace(tender, blocked=True).rest == 0
    assert replace(tender, external_refunded=881).rest == 0


# --- the FX difference ---


@pytest.mark.parametrize(
    ("shop", "settled", "posting"),
    [
        (3_040, 3_052, Posting("merchant:fx", "merchant:clearing", Money(12, "EUR"))),
        (3_040, 3_039, Posting("merchant:clearing", "merchant:fx", Money(1, "EUR"))),
        (3_040, 3_040, None),
    ],
)
def test_the_difference_to_what_the_provider_settled_is_posted(
    shop: int, settled: int, posting: Posting | None
) -> None:
    assert fx_difference(Money(shop, "EUR"), Money(settled, "EUR")) == posting


def test_two_currencies_have_no_difference() -> None:
    with pytest.raises(Refused) as refused:
        fx_difference(Money(1, "EUR"), Money(1, "USD"))

    assert refused.value.code == "currency_mismatch"
    assert bonus_step(ORDER, Ledger(), BonusTerm(bp=1_000), NOTHING) == NOTHING
