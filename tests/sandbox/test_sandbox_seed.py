"""The 200 orders of a fresh sandbox shop: believable, repeatable, and closed to the minor unit."""

from __future__ import annotations

from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cache
from typing import Any

from retour.sandbox.app import Sandbox, create_app
from retour.sandbox.shopify import pricing
from retour.sandbox.shopify.building import add_order
from retour.sandbox.shopify.model import Order
from retour.sandbox.shopify.money import digits, smallest
from retour.sandbox.shopify.report import books, stories
from tests.sandbox.desk import gql


@cache
def _shop() -> Sandbox:
    return create_app(seed=1, orders=200)


def _orders() -> list[Order]:
    return list(_shop().shop.orders.values())


def test_there_are_two_hundred_orders_with_every_story() -> None:
    told = Counter(story for order in _orders() for story in order.stories)

    assert [o.name for o in _orders()[:2]] == ["#1001", "#1002"]
    assert len(_orders()) == 200
    assert {
        "EUR", "USD", "GBP", "JPY", "KWD", "tax included", "tax on top", "two currencies", "several taxes",
        "order discount in percent", "order discount as amount", "line discounts", "line and order discounts",
        "partly fulfilled", "unfulfilled", "gift card and card", "already partly refunded", "phone only",
        "several locations", "bundle", "free gift", "many units", "free shipping",
    } <= set(told)  # fmt: skip
    assert min(told.values()) >= 8


def test_the_same_seed_makes_the_same_orders_and_another_seed_others() -> None:
    again, other = create_app(seed=1, orders=20), create_app(seed=2, orders=20)

    assert stories(again.shop) == stories(_shop().shop)[:20]
    assert [s["total"] for s in stories(other.shop)] != [s["total"] for s in stories(again.shop)]


def test_every_total_closes_on_both_sides() -> None:
    for order in _orders():
        for side in ("shop_money", "presentment_money"):

            def amount(bag: Any, side: str = side) -> Decimal:
                return getattr(bag, side).amount  # type: ignore[no-any-return]

            def summed(bags: list[Any]) -> Decimal:
                return sum(map(amount, bags), Decimal(0))

            gross = sum((i.quantity * amount(i.original_unit_price) for i in order.line_items), Decimal(0))
            lines = gross - summed([a.allocated_amount for i in order.line_items for a in i.discount_allocations])
            shipping = summed([s.discounted_price for s in order.shipping_lines])
            line_taxes = [t for i in order.line_items for t in i.tax_lines]
            taxes = summed([t.price for t in [*line_taxes, *(t for s in order.shipping_lines for t in s.tax_lines)]])
            on_top = Decimal(0) if order.taxes_included else taxes
            assert lines == amount(order.subtotal_price)
            assert taxes == amount(order.total_tax) == summed([t.price for t in order.tax_lines])
            assert lines + shipping + on_top == amount(order.total_price) == amount(order.paid)
            assert amount(order.given_back) <= amount(order.paid)


def test_amounts_have_the_decimals_of_their_currency() -> None:
    book = books(_shop().shop)["orders"]

    for row in book.values():
        decimals = row["total"].partition(".")[2]
        assert len(decimals) == digits(row["currency"])


def test_every_complete_line_is_quoted_exactly_and_every_part_within_one_minor_unit() -> None:
    query = """query ($id: ID!, $lines: [RefundLineItemInput!]) { order(id: $id) {
      suggestedRefund(refundLineItems: $lines) { refundLineItems {
        subtotalSet { presentmentMoney { amount } } totalTaxSet { presentmentMoney { amount } } } } } }"""
    _shop().shop.settings.cost_points_per_s = None
    for order in _orders():
        fresh = [i for i in order.line_items if not i.refunded]
        wish = [{"lineItemId": i.id, "quantity": i.quantity} for i in fresh]
        answer = gql(_shop(), query, {"id": order.id, "lines": wish})["data"]["order"]["suggestedRefund"]
        for line, row in zip(fresh, answer["refundLineItems"], strict=True):
            assert Decimal(row["subtotalSet"]["presentmentMoney"]["amount"]) == line.discounted.amount
            assert Decimal(row["totalTaxSet"]["presentmentMoney"]["amount"]) == line.tax.amount


def test_any_steps_through_a_line_add_up_and_stay_within_one_minor_unit() -> None:
    for order in _orders():
        unit = smallest(order.presentment_currency_code)
        for line in order.line_items:
            gross = line.discounted.amount if order.taxes_included else (line.discounted + line.tax).amount
            seen = Decimal(0)
            for already in range(line.quantity):
                part = pricing.part_of(line, 1, already=already, included=order.taxes_included)
                paid = part.subtotal.amount if order.taxes_included else (part.subtotal + part.tax).amount
                fair = Fraction(gross) * (already + 1) / line.quantity - Fraction(gross) * already / line.quantity
                assert abs(Fraction(paid) - fair) <= Fraction(unit)
                seen += paid
            assert seen == gross


def test_half_up_running_totals_never_differ_by_more_than_one() -> None:
    for order in _orders():
        unit = smallest(order.presentment_currency_code)
        for line in order.line_items:
            gross = line.discounted.amount if order.taxes_included else (line.discounted + line.tax).amount

            def upto(count: int, gross: Decimal = gross, of: int = line.quantity, unit: Decimal = unit) -> Decimal:
                return (gross * count / of).quantize(unit, ROUND_HALF_UP)

            for already in range(line.quantity):
                for quantity in range(1, line.quantity - already + 1):
                    part = pricing.part_of(line, quantity, already=already, included=order.taxes_included)
                    paid = part.subtotal.amount if order.taxes_included else (part.subtotal + part.tax).amount
                    assert abs(paid - (upto(already + quantity) - upto(already))) <= unit


def test_an_order_discount_is_spread_to_the_last_minor_unit_on_both_sides() -> None:
    app = create_app(orders=0)
    lines = [{"sku": sku, "price": price} for sku, price in (("A", "10.00"), ("B", "10.00"), ("C", "10.00"))]

    order = add_order(app.shop, {"lines": lines, "currency": "USD", "order_discount": {"amount": "10.00"}})

    shares = [i.discount_allocations[0].allocated_amount for i in order.line_items]
    assert [str(s.amount) for s in shares] == ["3.34", "3.33", "3.33"]
    assert [str(s.shop_money.amount) for s in shares] == ["2.87", "2.87", "2.86"]
    assert (str(order.total_price.amount), str(order.total_price.shop_money.amount)) == ("20.00", "17.20")
