"""Refunds in the sandbox shop: keys, guards, arithmetic, pending money."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from tests.sandbox.desk import ADJUST, BAG, a_sandbox, an_order, control, gql, money_of, refund, refund_wish

NOTHING = ("0.00", 0)


def _code(answer: dict[str, Any]) -> str:
    return str(answer["errors"][0]["extensions"]["code"])


def _errors(answer: dict[str, Any]) -> list[str]:
    return [e["message"] for e in answer["data"]["refundCreate"]["userErrors"]]


def test_the_same_key_and_wish_refund_once_and_answer_the_same() -> None:
    app = a_sandbox()
    order = an_order(app)

    first = refund(app, refund_wish(order, "5.00"), key="k")
    again = refund(app, refund_wish(order, "5.00"), key="k")

    assert first["data"] == again["data"]
    assert money_of(app, order) == ("5.00", 1)
    assert control(app, "/_sandbox/counts")["refunds_by_reference"] == {"RMA-1 / 7d1f4d0e": 1}


def test_a_missing_or_blank_key_is_refused_and_nothing_moves() -> None:
    app = a_sandbox()
    order = an_order(app)
    query = "mutation ($in: RefundInput!) { refundCreate(input: $in) { refund { id } userErrors { message } } }"

    missing = gql(app, query, {"in": refund_wish(order, "5.00")})
    blank = refund(app, refund_wish(order, "5.00"), key="  ")

    assert (_code(missing), _code(blank)) == ("BAD_REQUEST", "BAD_REQUEST")
    assert money_of(app, order) == NOTHING


def test_the_same_key_with_another_amount_is_a_mismatch() -> None:
    app = a_sandbox()
    order = an_order(app)
    refund(app, refund_wish(order, "5.00"), key="k")

    answer = refund(app, refund_wish(order, "6.00"), key="k")

    assert _code(answer) == "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"
    assert money_of(app, order) == ("5.00", 1)


def test_a_key_whose_attempt_was_refused_stays_failed() -> None:
    app = a_sandbox()
    order = an_order(app)
    refund(app, refund_wish(order, "500.00"), key="k")

    answer = refund(app, refund_wish(order, "500.00"), key="k")

    assert _code(answer) == "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"
    assert money_of(app, order) == NOTHING


def test_a_key_is_forgotten_after_its_window_and_then_refunds_again() -> None:
    app = a_sandbox(key_window_s=100)
    order = an_order(app)
    refund(app, refund_wish(order, "5.00"), key="k")

    control(app, "/_sandbox/settings", {"advance_s": 101})
    refund(app, refund_wish(order, "5.00"), key="k")

    assert money_of(app, order) == ("10.00", 2)
    assert control(app, "/_sandbox/counts")["broken"]["double_refunds"] == {"RMA-1 / 7d1f4d0e": 2}


def test_forgetting_keys_is_possible_at_once() -> None:
    app = a_sandbox()
    order = an_order(app)
    refund(app, refund_wish(order, "5.00"), key="k")

    assert control(app, "/_sandbox/forget-keys", {}) == {"forgotten": 1}
    refund(app, refund_wish(order, "5.00"), key="k")

    assert money_of(app, order) == ("10.00", 2)


def test_key_errors_of_a_refund_can_show_as_user_errors() -> None:
    app = a_sandbox(refund_keys="user_errors")
    order = an_order(app)
    refund(app, refund_wish(order, "5.00"), key="k")

    answer = refund(app, refund_wish(order, "6.00"), key="k")

    assert _errors(answer)[0].startswith("IDEMPOTENCY_KEY_PARAMETER_MISMATCH")


def test_key_errors_of_an_adjustment_have_codes() -> None:
    app = a_sandbox()
    item, place = next(iter(app.shop.items)), next(iter(app.shop.locations))
    change = {"inventoryItemId": item, "locationId": place, "delta": 1, "changeFromQuantity": None}
    wish = {"name": "available", "reason": "restock", "referenceDocumentUri": "gid://retour/Rma/1", "changes": [change]}

    first = gql(app, ADJUST, {"in": wish, "key": "k"})["data"]["inventoryAdjustQuantities"]
    again = gql(app, ADJUST, {"in": wish, "key": "k"})["data"]["inventoryAdjustQuantities"]
    other = gql(app, ADJUST, {"in": {**wish, "reason": "damaged"}, "key": "k"})["data"]["inventoryAdjustQuantities"]
    stale = gql(app, ADJUST, {"in": {**wish, "changes": [{**change, "changeFromQuantity": 7}]}, "key": "k2"})["data"]

    assert first == again
    assert first["inventoryAdjustmentGroup"]["changes"] == [{"delta": 1, "quantityAfterChange": 101}]
    assert other["userErrors"][0]["code"] == "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"
    assert stale["inventoryAdjustQuantities"]["userErrors"][0]["code"] == "CHANGE_FROM_QUANTITY_STALE"
    assert app.shop.items[item].levels[place]["available"] == 101


@pytest.mark.parametrize(
    ("amount", "more", "message"),
    [
        ("39.99", {}, "Refund amount exceeds what is left on the payment"),
        ("0.00", {}, "Amount must be greater than 0"),
        ("1.001", {}, "Amount has too many decimal places for the currency"),
        ("1.00", {"currency": "USD"}, "Currency must be EUR"),
        ("1.00", {"shipping": {"amount": "1.00"}}, "Shipping refund exceeds the amount that is left"),
        (None, {}, "Refund must have at least one line item, shipping or transaction"),
    ],
)
def test_a_wrong_refund_is_refused_and_nothing_moves(amount: str | None, more: dict[str, Any], message: str) -> None:
    app = a_sandbox()
    order = an_order(app)

    answer = refund(app, refund_wish(order, amount, **more), key="k")

    assert _errors(answer) == [message]
    assert answer["data"]["refundCreate"]["refund"] is None
    assert money_of(app, order) == NOTHING


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"quantity": 3}, "Quantity cannot refund more items than were purchased"),
        ({"quantity": 0}, "Quantity must be greater than 0"),
        ({"quantity": 1, "restockType": "RETURN"}, "Location is required to restock"),
        ({"quantity": 1, "restockType": "CANCEL", "locationId": "PLACE"}, "Only unfulfilled items can be cancelled"),
        ({"quantity": 1, "restockType": "LEGACY_RESTOCK"}, "Restock type is not accepted"),
        ({"quantity": 1, "lineItemId": "gid://shopify/LineItem/1"}, "Line item does not belong to the order"),
    ],
)
def test_a_wrong_refund_line_is_refused_and_no_stock_moves(entry: dict[str, Any], message: str) -> None:
    app = a_sandbox()
    order = an_order(app)
    place = next(iter(app.shop.locations))
    line = {"lineItemId": order["lines"][0]["id"], **entry}
    line["locationId"] = place if line.get("locationId") else None

    answer = refund(app, refund_wish(order, "1.00", refundLineItems=[line]), key="k")

    assert _errors(answer) == [message]
    assert money_of(app, order) == NOTHING
    assert control(app, "/_sandbox/counts")["restocked_units"] == 0


def test_twelve_partial_refunds_never_exceed_the_payment() -> None:
    app = a_sandbox()
    order = an_order(app)

    answers = [refund(app, refund_wish(order, "4.00"), key=f"k{n}") for n in range(12)]

    assert [not _errors(a) for a in answers] == [True] * 9 + [False] * 3
    assert money_of(app, order) == ("36.00", 9)
    assert control(app, "/_sandbox/counts")["broken"]["over_refunds"] == {}


def test_over_refunding_is_possible_only_on_demand_and_is_reported() -> None:
    app = a_sandbox()
    order = an_order(app)

    refund(app, refund_wish(order, "40.00", allowOverRefunding=True), key="k")

    assert control(app, "/_sandbox/counts")["broken"]["over_refunds"] == {order["name"]: "0.02"}


def test_a_pending_refund_holds_the_money_and_a_failed_one_gives_it_back() -> None:
    app = a_sandbox(refund_pending="FAILURE", refund_pending_s=60)
    order = an_order(app)
    wish = refund_wish(order, "39.98")
    made = refund(app, wish, key="k")["data"]["refundCreate"]["refund"]

    assert made["transactions"]["nodes"][0]["status"] == "PENDING"
    assert _errors(refund(app, refund_wish(order, "1.00"), key="k2")) != []
    control(app, "/_sandbox/settings", {"advance_s": 61})

    assert money_of(app, order)[0] == "0.00"
    assert _errors(refund(app, wish, key="k3")) == []


def test_a_refund_lags_in_the_list_but_not_in_the_quantities() -> None:
    app = a_sandbox(list_lag_s=30)
    order = an_order(app)
    line = {"lineItemId": order["lines"][0]["id"], "quantity": 1, "restockType": "NO_RESTOCK"}
    refund(app, refund_wish(order, "19.99", refundLineItems=[line]), key="k")
    query = (
        "query ($id: ID!) { order(id: $id) { refunds(first: 5) { note }"
        " lineItems(first: 1) { nodes { refundableQuantity } } } }"
    )

    early = gql(app, query, {"id": order["id"]})["data"]["order"]
    control(app, "/_sandbox/settings", {"advance_s": 31})
    late = gql(app, query, {"id": order["id"]})["data"]["order"]

    assert early == {"refunds": [], "lineItems": {"nodes": [{"refundableQuantity": 1}]}}
    assert late["refunds"] == [{"note": "RMA-1 / 7d1f4d0e"}]


def _suggest(app: Any, order_id: str, line_id: str, quantity: int) -> dict[str, Any]:
    query = (
        "query ($id: ID!, $lines: [RefundLineItemInput!]) { order(id: $id) { suggestedRefund(refundLineItems: $lines)"
        f" {{ subtotalSet {BAG} totalTaxSet {BAG} amountSet {BAG} }} }} }}"
    )
    lines = [{"lineItemId": line_id, "quantity": quantity}]
    found: dict[str, Any] = gql(app, query, {"id": order_id, "lines": lines})["data"]["order"]["suggestedRefund"]
    return found


def test_a_complete_line_is_quoted_to_the_minor_unit_and_a_part_within_one() -> None:
    app = a_sandbox()
    spec = {"sku": "A", "price": "9.99", "quantity": 7, "taxes": [["State", "0.0625"], ["City", "0.01"]]}
    order = an_order(app, lines=[spec], taxes_included=False, order_discount={"amount": "5.00"}, currency="USD")
    line = app.shop.lines[order["lines"][0]["id"]]
    gross = (line.discounted + line.tax).amount

    for quantity in range(1, 8):
        found = _suggest(app, order["id"], line.id, quantity)
        amount = Decimal(found["amountSet"]["presentmentMoney"]["amount"])
        fair = (gross * quantity / 7).quantize(Decimal("0.01"), ROUND_HALF_UP)
        assert abs(amount - fair) <= Decimal("0.01")
    assert amount == gross == Decimal(order["total"])
    assert found["totalTaxSet"]["presentmentMoney"]["amount"] == str(line.tax.amount)


def test_refunds_in_another_currency_close_in_shop_money_too() -> None:
    app = a_sandbox()
    spec = {"sku": "A", "price": "1999", "quantity": 3, "taxes": [["CT", "0.1"]]}
    order = an_order(app, lines=[spec], currency="JPY")
    for n, amount in enumerate(("1999", "1999", "1999")):
        assert _errors(refund(app, refund_wish(order, amount, currency="JPY"), key=f"k{n}")) == []

    book = app.shop.orders[order["id"]]

    assert (book.paid - book.given_back).shop_money.amount == 0
    assert _errors(refund(app, refund_wish(order, "1"), key="x")) == [
        "Currency is required when it differs from the shop currency"
    ]
