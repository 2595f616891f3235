"""Returns in the sandbox shop: quantities, states, dispositions and the restock ledger."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.desk import ADJUST, a_sandbox, an_order, control, gql, money_of, refund, refund_wish

STATE = """
  id status returnLineItems(first: 5) { nodes { id processableQuantity processedQuantity refundedQuantity } }
  reverseFulfillmentOrders(first: 2) { nodes { id status lineItems(first: 5) { nodes { id dispositions { type } } } } }
"""
CREATE = f"""mutation ($in: ReturnInput!) {{ returnCreate(returnInput: $in) {{
  return {{ {STATE} }} userErrors {{ field message code }} }} }}"""
REQUEST = f"""mutation ($in: ReturnRequestInput!) {{ returnRequest(input: $in) {{
  return {{ {STATE} }} userErrors {{ code }} }} }}"""
PROCESS = f"""mutation ($in: ReturnProcessInput!) {{ returnProcess(input: $in) {{
  return {{ {STATE} }} userErrors {{ field message code }} }} }}"""
LEFT = """query ($id: ID!) { returnableFulfillments(orderId: $id, first: 5) { nodes {
  returnableFulfillmentLineItems(first: 5) { nodes { quantity } } } } }"""


def _open(app: Any, order: dict[str, Any], quantity: int, *, query: str = CREATE) -> dict[str, Any]:
    line = {"fulfillmentLineItemId": order["fulfillment_lines"][0]["id"], "quantity": quantity}
    answer = gql(app, query, {"in": {"orderId": order["id"], "returnLineItems": [line]}})
    (payload,) = answer["data"].values()
    return payload  # type: ignore[no-any-return]


def _left(app: Any, order: dict[str, Any]) -> list[int]:
    nodes = gql(app, LEFT, {"id": order["id"]})["data"]["returnableFulfillments"]["nodes"]
    return [row["quantity"] for node in nodes for row in node["returnableFulfillmentLineItems"]["nodes"]]


def _process(app: Any, ret: dict[str, Any], quantity: int, *, restock: int = 0, **more: Any) -> dict[str, Any]:
    row = {"id": ret["returnLineItems"]["nodes"][0]["id"], "quantity": quantity}
    if restock:
        reverse = ret["reverseFulfillmentOrders"]["nodes"][0]["lineItems"]["nodes"][0]["id"]
        place = next(iter(app.shop.locations))
        row["dispositions"] = [
            {
                "reverseFulfillmentOrderLineItemId": reverse, "quantity": restock, "dispositionType": "RESTOCKED",
                "locationId": place,
            }
        ]  # fmt: skip
    wish = {"returnId": ret["id"], "returnLineItems": [row], **more}
    return gql(app, PROCESS, {"in": wish})["data"]["returnProcess"]  # type: ignore[no-any-return]


def _stock(app: Any) -> int:
    place = next(iter(app.shop.locations))
    return app.shop.variants["RT-TEE-BLK-M"].inventory_item.levels[place]["available"]  # type: ignore[no-any-return]


def test_the_same_unit_cannot_be_returned_twice() -> None:
    app = a_sandbox()
    order = an_order(app)

    answers = [_open(app, order, 1) for _ in range(3)]

    assert [a["userErrors"] for a in answers[:2]] == [[], []]
    assert answers[2]["userErrors"][0]["code"] == "INVALID"
    assert answers[2]["return"] is None
    assert _left(app, order) == []


def test_declined_and_cancelled_returns_free_their_units() -> None:
    app = a_sandbox()
    order = an_order(app)
    asked = _open(app, order, 1, query=REQUEST)["return"]
    opened = _open(app, order, 1)["return"]

    gql(app, f'mutation {{ returnDeclineRequest(input: {{id: "{asked["id"]}", declineReason: OTHER}}) '
             "{ return { status } userErrors { code } } }")  # fmt: skip
    gql(app, f'mutation {{ returnCancel(id: "{opened["id"]}") {{ return {{ status }} userErrors {{ code }} }} }}')

    assert _left(app, order) == [2]
    assert [r.status for r in app.shop.returns.values()] == ["DECLINED", "CANCELED"]


def test_processing_restocks_only_what_a_disposition_says() -> None:
    app = a_sandbox()
    ret = _open(app, an_order(app), 2)["return"]

    done = _process(app, ret, 2, restock=1)

    assert done["return"]["returnLineItems"]["nodes"][0]["processedQuantity"] == 2
    assert _stock(app) == 101
    assert control(app, "/_sandbox/counts")["broken"]["restocked_more_than_once"] == {}


@pytest.mark.parametrize(("quantity", "restock"), [(3, 0), (0, 0), (1, 2)])
def test_over_processing_is_refused_and_nothing_moves(quantity: int, restock: int) -> None:
    app = a_sandbox()
    order = an_order(app)
    ret = _open(app, order, 2)["return"]

    done = _process(app, ret, quantity, restock=restock)

    assert done["userErrors"][0]["code"] in {"LESS_THAN_OR_EQUAL_TO", "GREATER_THAN"}
    assert app.shop.returns[ret["id"]].lines[0].processed == 0
    assert _stock(app) == 100
    assert money_of(app, order) == ("0.00", 0)


def test_processing_a_whole_line_twice_refuses_itself() -> None:
    app = a_sandbox()
    ret = _open(app, an_order(app), 2)["return"]
    _process(app, ret, 2, restock=2)

    again = _process(app, ret, 2, restock=2)

    assert again["userErrors"][0]["code"] == "LESS_THAN_OR_EQUAL_TO"
    assert _stock(app) == 102


def test_processing_with_a_transfer_refunds_and_refuses_too_much_money() -> None:
    app = a_sandbox()
    order = an_order(app)
    ret = _open(app, order, 1)["return"]

    def transfer(amount: str) -> dict[str, Any]:
        money = {"amount": amount, "currencyCode": "EUR"}
        legs = [{"parentId": order["transactions"][0]["id"], "transactionAmount": money}]
        return {"issueRefund": {"orderTransactions": legs, "allowOverRefunding": False}}

    refused = _process(app, ret, 1, restock=1, financialTransfer=transfer("39.99"))
    assert refused["userErrors"][0]["code"] == "LESS_THAN_OR_EQUAL_TO"
    assert (_stock(app), money_of(app, order)) == (100, ("0.00", 0))

    done = _process(app, ret, 1, restock=1, financialTransfer=transfer("19.99"))
    assert done["return"]["returnLineItems"]["nodes"][0]["refundedQuantity"] == 1
    assert (_stock(app), money_of(app, order)) == (101, ("19.99", 1))


def test_a_refund_after_processing_counts_for_the_return_and_not_twice() -> None:
    app = a_sandbox()
    order = an_order(app)
    ret = _open(app, order, 1)["return"]
    _process(app, ret, 1, restock=1)
    line = {"lineItemId": order["lines"][0]["id"], "quantity": 1, "restockType": "NO_RESTOCK"}

    refund(app, refund_wish(order, "19.99", refundLineItems=[line]), key="k")

    assert app.shop.returns[ret["id"]].lines[0].refunded == 1
    assert _left(app, order) == [1]
    assert control(app, "/_sandbox/counts")["broken"] == {
        "double_refunds": {}, "over_refunds": {}, "restocked_more_than_once": {}, "over_processed": [],
        "drafted_twice": {},
    }  # fmt: skip


def test_a_refund_without_a_return_takes_the_unit_out_of_what_may_come_back() -> None:
    app = a_sandbox()
    order = an_order(app)
    line = {"lineItemId": order["lines"][0]["id"], "quantity": 1, "restockType": "NO_RESTOCK"}

    refund(app, refund_wish(order, "19.99", refundLineItems=[line]), key="k")

    assert _left(app, order) == [1]


def test_a_unit_refunded_while_it_waits_in_a_return_is_one_unit() -> None:
    app = a_sandbox()
    order = an_order(app)
    line = {"lineItemId": order["lines"][0]["id"], "quantity": 1, "restockType": "NO_RESTOCK"}
    ret = _open(app, order, 1)["return"]

    refund(app, refund_wish(order, "19.99", refundLineItems=[line]), key="k")

    assert _left(app, order) == [1]
    assert _process(app, ret, 1)["userErrors"] == []
    assert _left(app, order) == [1]


@pytest.mark.parametrize("way", ["refund", "adjustment"])
def test_a_unit_restocked_by_two_ways_is_reported(way: str) -> None:
    app = a_sandbox()
    order = an_order(app)
    place = next(iter(app.shop.locations))
    _process(app, _open(app, order, 1)["return"], 1, restock=1)

    if way == "refund":
        line = {"lineItemId": order["lines"][0]["id"], "quantity": 1, "restockType": "RETURN", "locationId": place}
        refund(app, refund_wish(order, "19.99", refundLineItems=[line]), key="k")
    else:
        item = app.shop.variants["RT-TEE-BLK-M"].inventory_item.id
        change = {"inventoryItemId": item, "locationId": place, "delta": 1, "changeFromQuantity": None}
        gql(app, ADJUST, {"in": {"name": "available", "reason": "restock", "changes": [change]}, "key": "k"})

    assert _stock(app) == 102
    assert set(control(app, "/_sandbox/counts")["broken"]["restocked_more_than_once"].values()) == {1}


def test_a_return_that_was_inspected_cannot_be_cancelled() -> None:
    app = a_sandbox()
    ret = _open(app, an_order(app), 2)["return"]
    _process(app, ret, 1)

    answer = gql(app, f'mutation {{ returnCancel(id: "{ret["id"]}") {{ userErrors {{ code }} }} }}')

    assert answer["data"]["returnCancel"]["userErrors"] == [{"code": "INVALID_STATE"}]
    assert app.shop.returns[ret["id"]].status == "OPEN"


def test_closing_twice_is_an_invalid_state() -> None:
    app = a_sandbox()
    ret = _open(app, an_order(app), 1)["return"]
    close = f'mutation {{ returnClose(id: "{ret["id"]}") {{ return {{ status }} userErrors {{ code }} }} }}'

    first, again = gql(app, close)["data"]["returnClose"], gql(app, close)["data"]["returnClose"]

    assert (first["return"]["status"], again["userErrors"]) == ("CLOSED", [{"code": "INVALID_STATE"}])


def test_what_a_closed_return_did_not_process_may_be_asked_for_again_and_then_it_stays_closed() -> None:
    app = a_sandbox()
    order = an_order(app)
    ret = _open(app, order, 2)["return"]
    _process(app, ret, 1)
    assert _left(app, order) == []

    gql(app, f'mutation {{ returnClose(id: "{ret["id"]}") {{ userErrors {{ code }} }} }}')
    assert _left(app, order) == [1]
    reopen = f'mutation {{ returnReopen(id: "{ret["id"]}") {{ return {{ status }} userErrors {{ code }} }} }}'
    assert gql(app, reopen)["data"]["returnReopen"]["return"] == {"status": "OPEN"}
    assert _left(app, order) == []
    gql(app, f'mutation {{ returnClose(id: "{ret["id"]}") {{ userErrors {{ code }} }} }}')
    _open(app, order, 1)

    assert gql(app, reopen)["data"]["returnReopen"]["userErrors"] == [{"code": "INVALID_STATE"}]
    assert _left(app, order) == []


def test_the_same_line_twice_in_one_return_cannot_exceed_it() -> None:
    app = a_sandbox()
    order = an_order(app)
    line = {"fulfillmentLineItemId": order["fulfillment_lines"][0]["id"], "quantity": 2}

    answer = gql(app, CREATE, {"in": {"orderId": order["id"], "returnLineItems": [line, {**line, "quantity": 1}]}})

    assert answer["data"]["returnCreate"]["userErrors"][0]["code"] == "INVALID"
    assert app.shop.returns == {}
    assert _left(app, order) == [2]


def test_units_disposed_of_before_cannot_be_restocked_again_by_processing() -> None:
    app = a_sandbox()
    ret = _open(app, an_order(app), 2)["return"]
    entry = {
        "reverseFulfillmentOrderLineItemId": ret["reverseFulfillmentOrders"]["nodes"][0]["lineItems"]["nodes"][0]["id"],
        "quantity": 1,
        "dispositionType": "PROCESSING_REQUIRED",
    }
    query = """mutation ($in: [ReverseFulfillmentOrderDisposeInput!]!) { reverseFulfillmentOrderDispose(
      dispositionInputs: $in) { userErrors { code } } }"""

    assert gql(app, query, {"in": [entry]})["data"]["reverseFulfillmentOrderDispose"]["userErrors"] == []
    refused = _process(app, ret, 2, restock=2)

    assert refused["userErrors"][0]["code"] == "LESS_THAN_OR_EQUAL_TO"
    assert (_stock(app), app.shop.returns[ret["id"]].lines[0].processed) == (100, 0)
    assert _process(app, ret, 2, restock=1)["userErrors"] == []
    assert _stock(app) == 101
