"""Units leave an open return of the sandbox shop, and may be asked for again at once."""

from __future__ import annotations

from typing import Any

import pytest

from retour.sandbox.shopify.announce import _body
from tests.sandbox.desk import a_sandbox, an_order, control, gql
from tests.sandbox.test_sandbox_returns import _left, _open, _process

REMOVE = """mutation ($id: ID!, $lines: [ReturnLineItemRemoveFromReturnInput!],
  $exchanges: [ExchangeLineItemRemoveFromReturnInput!]) {
  removeFromReturn(returnId: $id, returnLineItems: $lines, exchangeLineItems: $exchanges) {
    return { status returnLineItems(first: 5) { nodes { quantity processableQuantity } } }
    userErrors { field message code } } }"""


def _remove(app: Any, ret: dict[str, Any], *quantities: int, **more: Any) -> dict[str, Any]:
    line = more.pop("line", ret["returnLineItems"]["nodes"][0]["id"])
    lines = [{"returnLineItemId": line, "quantity": n} for n in quantities]
    answer = gql(app, REMOVE, {"id": ret["id"], "lines": lines, **more})
    return answer["data"]["removeFromReturn"]  # type: ignore[no-any-return]


def test_units_that_leave_are_free_at_once_and_the_rest_is_processed_as_ever() -> None:
    app = a_sandbox()
    order = an_order(app)
    ret = _open(app, order, 2)["return"]

    said = _remove(app, ret, 1)

    assert said["return"] == {
        "status": "OPEN", "returnLineItems": {"nodes": [{"quantity": 1, "processableQuantity": 1}]},
    }  # fmt: skip
    assert _left(app, order) == [1]
    assert _open(app, order, 1)["userErrors"] == []
    assert _process(app, ret, 2)["userErrors"][0]["code"] == "LESS_THAN_OR_EQUAL_TO"
    assert _process(app, ret, 1, restock=1)["userErrors"] == []
    assert app.shop.returns[ret["id"]].reverse_orders[0].status == "CLOSED"
    assert control(app, "/_sandbox/counts")["effects"]["removal"] == 1


def test_a_line_of_which_nothing_is_left_goes_with_its_units() -> None:
    app = a_sandbox()
    order = an_order(app)
    ret = _open(app, order, 2)["return"]

    said = _remove(app, ret, 1, 1)

    assert said["return"] == {"status": "OPEN", "returnLineItems": {"nodes": []}}
    assert _left(app, order) == [2]
    assert app.shop.returns[ret["id"]].reverse_orders[0].lines == []


def test_taking_out_the_units_that_were_still_out_ends_the_warehouses_part() -> None:
    app = a_sandbox()
    ret = _open(app, an_order(app), 2)["return"]
    _process(app, ret, 1, restock=1)

    assert _remove(app, ret, 1)["userErrors"] == []

    assert app.shop.returns[ret["id"]].reverse_orders[0].status == "CLOSED"
    assert control(app, "/_sandbox/counts")["broken"]["over_processed"] == []


@pytest.mark.parametrize(
    ("quantities", "more", "field", "code"),
    [
        ((), {}, ["returnLineItems"], "BLANK"),
        ((0,), {}, ["returnLineItems", "0", "quantity"], "GREATER_THAN"),
        ((2,), {}, ["returnLineItems", "0", "quantity"], "LESS_THAN_OR_EQUAL_TO"),
        ((1, 1), {}, ["returnLineItems", "1", "quantity"], "LESS_THAN_OR_EQUAL_TO"),
        ((1,), {"line": "gid://shopify/ReturnLineItem/1"}, ["returnLineItems", "0", "returnLineItemId"], "NOT_FOUND"),
        ((1,), {"exchanges": [{"exchangeLineItemId": "gid://shopify/ExchangeLineItem/1", "quantity": 1}]},
         ["exchangeLineItems", "0"], "NOT_FOUND"),
    ],
)  # fmt: skip
def test_what_cannot_leave_is_refused_and_nothing_moves(
    quantities: tuple[int, ...], more: dict[str, Any], field: list[str], code: str
) -> None:
    app = a_sandbox()
    order = an_order(app)
    ret = _open(app, order, 2)["return"]
    _process(app, ret, 1)

    (error,) = _remove(app, ret, *quantities, **more)["userErrors"]

    assert (error["field"], error["code"]) == (field, code)
    assert app.shop.returns[ret["id"]].lines[0].quantity == 2
    assert _left(app, order) == []


@pytest.mark.parametrize(("end", "said"), [("returnClose", "closed"), ("returnCancel", "canceled")])
def test_a_return_that_is_over_lets_nothing_go(end: str, said: str) -> None:
    app = a_sandbox()
    ret = _open(app, an_order(app), 2)["return"]
    gql(app, f'mutation {{ {end}(id: "{ret["id"]}") {{ userErrors {{ code }} }} }}')

    assert _remove(app, ret, 1)["userErrors"] == [
        {"field": ["returnId"], "message": f"Return is {said}.", "code": "INVALID_STATE"}
    ]


def test_the_webhook_tells_what_left() -> None:
    app = a_sandbox()
    ret = _open(app, an_order(app), 2)["return"]
    made = app.shop.returns[ret["id"]]

    assert _body("RETURNS_UPDATE", {"ret": made, "removed": [("gid://shopify/ReturnLineItem/9", 1)]}) == {
        "admin_graphql_api_id": ret["id"],
        "return_line_items": {"removals": [{"admin_graphql_api_id": "gid://shopify/ReturnLineItem/9", "delta": 1}]},
        "restocking_fees": {"updates": [], "removals": []},
        "return_shipping_fees": {"updates": [], "removals": []},
    }
