"""What a refusal says: its words and its facts, for whoever has to act on it."""

from dataclasses import replace

import pytest

from retour.core.errors import Refused, Scalar
from retour.core.money import Money, Sides, parse_decimal
from retour.core.refund import (
    FeeTerm,
    Goodwill,
    LedgerLine,
    MoneyBasis,
    MoneyStep,
    Override,
    PromotionMode,
    PromotionTerm,
    RefundRequest,
    RefundTerms,
    RequestedLine,
    ShippingWish,
    UnitRange,
    fx_difference,
    quote,
)
from tests.core.builders import a_charge, a_ledger, a_line, a_tax, an_order, both

ORDER = an_order(
    a_line("L1", q=4, gross=14600, tax=2535),
    a_line("L2", gross=0),
    replace(a_line("K", gross=1000), bundle_ref="SET"),
    replace(a_line("N", gross=-500), bundle_ref="SET"),
    charges=(a_charge(gross=900, tax=144),),
)
LEDGER = replace(a_ledger(ORDER), lines=(LedgerLine("L1", ((1, 1),), both(10_000), (a_tax(1736),)),))
Facts = dict[str, Scalar]


def line(*units: UnitRange, ref: str = "L1", **more: object) -> RequestedLine:
    return RequestedLine(ref, units, **more)  # type: ignore[arg-type]


def money(amount: int, basis: MoneyBasis = MoneyBasis.GROSS, ref: str = "L1") -> RequestedLine:
    return RequestedLine(ref, money=MoneyStep(amount, "a", "b", basis))


def asking(*lines: RequestedLine, **more: object) -> RefundRequest:
    return RefundRequest(lines, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("request_", "message", "facts"),
    [
        (asking(line(UnitRange(1, 1), ref="L9")), "the order has no such line", {}),
        (asking(line(UnitRange(2, 2)), line(UnitRange(3, 3))), "a line can be named only once", {}),
        (asking(line(UnitRange(2, 3), UnitRange(3, 4))), "unit 3 is named twice", {}),
        (asking(line(UnitRange(1, 2))), "units 1 to 2 are already paid for", {}),
        (asking(line(UnitRange(2, 5))), "units 2 to 5 are not on the line", {}),
        (asking(line(UnitRange(2, 2, deduction_bp=-1))), "a deduction cannot be negative", {}),
        (asking(line(UnitRange(2, 2, deduction_bp=10_001))), "a deduction cannot exceed the unit", {}),
        (
            asking(line(UnitRange(2, 2), override=Override(-1, "a", "b"))),
            "the amount points the other way than the line",
            {},
        ),
        (asking(line(UnitRange(2, 2), override=Override(3651, "a", "b"))), "the units are worth 3650", {}),
        (asking(line(UnitRange(2, 4), override=Override(4601, "a", "b"))), "4600 is left on the line", {"left": 4600}),
        (asking(line(override=Override(1, "a", "b"))), "no accepted unit to name an amount for", {}),
        (asking(money(0)), "the amount must not be zero or point the other way", {}),
        (asking(money(0, MoneyBasis.PERCENT)), "a percentage must be above zero", {}),
        (asking(money(4601)), "4600 is left on the line", {"left": 4600}),
        (asking(money(1, MoneyBasis.NET, "L2")), "the line has no net value", {"left": 0}),
        (asking(shipping=ShippingWish(amount_minor=-1)), "shipping cannot be negative", {}),
        (asking(shipping=ShippingWish(amount_minor=901)), "900 is left on shipping", {"left": 900}),
        (asking(goodwill=Goodwill(0, "a", "b")), "goodwill must be above zero", {}),
        (asking(goodwill=Goodwill(6501, "a", "b")), "6500 is left on the order", {"left": 6500}),
        (asking(line(UnitRange(1, 1), ref="N")), "what is asked for would cost the shopper money", {}),
        (asking(currency="USD"), "the order is in EUR", {}),
    ],
)
def test_a_refusal_says_what_is_wrong_and_what_is_left(request_: RefundRequest, message: str, facts: Facts) -> None:
    with pytest.raises(Refused) as refused:
        quote(ORDER, LEDGER, request_, RefundTerms())

    assert (refused.value.message, refused.value.facts) == (message, facts)


@pytest.mark.parametrize(
    ("terms", "code", "message", "field"),
    [
        (RefundTerms(whole_kit=True), "policy_forbids", "the parts of a kit come back together", "SET"),
        (
            RefundTerms(fees=(FeeTerm(fixed_minor=1, currency="USD"),)),
            "currency_mismatch",
            "an amount in USD on an order in EUR",
            "currency",
        ),
        (
            RefundTerms(promotions=(PromotionTerm("P", PromotionMode.KEEP, minimum_minor=1, currency="USD"),)),
            "currency_mismatch",
            "a minimum in USD on an order in EUR",
            "P",
        ),
    ],
)
def test_terms_that_cannot_be_met_say_why(terms: RefundTerms, code: str, message: str, field: str) -> None:
    with pytest.raises(Refused) as refused:
        quote(ORDER, LEDGER, asking(line(UnitRange(1, 1), ref="K")), terms)

    assert (refused.value.code, refused.value.message, refused.value.field) == (code, message, field)


def test_a_limit_of_the_order_says_what_is_left_and_what_is_due() -> None:
    order = an_order(a_line("A", q=2, gross=2000, tax=300), a_line("B", gross=2000))
    little = replace(a_ledger(order), paid_back=both(3500))
    untaxed = replace(a_ledger(order), paid_back=both(100), taxes_paid_back=(a_tax(100),))
    asked = asking(line(UnitRange(1, 2), ref="A"))

    with pytest.raises(Refused) as money_left:
        quote(order, little, asked, RefundTerms())
    with pytest.raises(Refused) as tax_left:
        quote(order, untaxed, asked, RefundTerms())

    assert money_left.value.message == "500 is left on the order, 2000 is due"
    assert (money_left.value.field, money_left.value.facts) == ("order", {"left": 500, "due": 2000})
    assert tax_left.value.message == "200 of vat is left, 300 is due"
    assert (tax_left.value.field, tax_left.value.facts) == ("vat", {"left": 200, "due": 300})


def test_amounts_that_do_not_belong_together_say_so() -> None:
    with pytest.raises(Refused) as posted:
        fx_difference(Money(1, "EUR"), Money(1, "USD"))
    with pytest.raises(Refused) as summed:
        Money(1, "EUR") + Money(1, "USD")
    with pytest.raises(Refused) as read:
        parse_decimal("x" * 50, "EUR")

    assert posted.value.message == "EUR and USD have no difference"
    assert summed.value.message == "EUR and USD cannot be added"
    assert read.value.message == f"{'x' * 40!r} is not a decimal amount"
    assert Sides(1, 2) != Sides(2, 1)
