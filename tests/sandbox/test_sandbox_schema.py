"""The sandbox's schema file is contained in the published one, and every field of it works."""

from __future__ import annotations

import gzip
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    OperationDefinitionNode,
    parse,
    print_ast,
    validate,
)

from retour.sandbox.shopify.schema import SDL, executable_schema
from tests.sandbox.desk import a_sandbox, an_order, gql

CONTRACTS = Path(__file__).resolve().parents[2].parent / "shared" / "contracts" / "shopify"
needs_contracts = pytest.mark.skipif(not CONTRACTS.exists(), reason="published contracts are not present")

Names = dict[str, Any]


def _names(tree: DocumentNode) -> Names:
    """Return {"Type.field": "Type!", "Type.field(arg)": "ID!", "Enum.VALUE": "", "Union|Member": ""}."""
    found: Names = {}
    for node in tree.definitions:
        name = getattr(getattr(node, "name", None), "value", "")
        found[name] = type(node).__name__
        for field in getattr(node, "fields", None) or ():
            found[f"{name}.{field.name.value}"] = print_ast(field.type)
            for arg in getattr(field, "arguments", None) or ():
                found[f"{name}.{field.name.value}({arg.name.value})"] = print_ast(arg.type)
        for value in getattr(node, "values", None) or ():
            found[f"{name}.{value.name.value}"] = ""
        for member in getattr(node, "types", None) or ():
            found[f"{name}|{member.name.value}"] = ""
        for interface in getattr(node, "interfaces", None) or ():
            found[f"{name}:{interface.name.value}"] = ""
    return found


@needs_contracts
@pytest.mark.parametrize("version", ["2026-10", "2026-07", "2026-04"])
def test_every_name_of_the_sandbox_schema_is_published_with_the_same_type(version: str) -> None:
    text = gzip.decompress((CONTRACTS / f"admin_{version}.nodesc.graphql.gz").read_bytes()).decode()
    ours = _names(parse(SDL.read_text(), no_location=True))

    published = _names(_definitions_of(text, {name.split(".")[0].split("|")[0].split(":")[0] for name in ours}))

    assert {name: kind for name, kind in ours.items() if published.get(name) != kind} == {}
    assert len(ours) > 600


def _definitions_of(text: str, names: set[str]) -> DocumentNode:
    """Parse only the named definitions of a large schema text, which is much faster."""
    blocks = re.split(r"\n(?=(?:type|interface|union|enum|input|scalar|directive|schema)\b)", "\n" + text)
    wanted = [b for b in blocks if (m := re.match(r"\w+ @?(\w+)", b)) and (m[1] in names or b.startswith("directive"))]
    return parse("\n".join([*wanted, re.search(r"^schema \{.*?\}", text, re.M | re.S)[0]]), no_location=True)  # type: ignore[index]


@cache
def _published_operations() -> dict[str, str]:
    """Return every published example operation by name, each with the fragments that it needs."""
    fragments: dict[str, FragmentDefinitionNode] = {}
    operations: dict[str, OperationDefinitionNode] = {}
    for path in sorted((CONTRACTS / "example-operations").glob("*.graphql")):
        for node in parse(path.read_text(), no_location=True).definitions:
            if isinstance(node, FragmentDefinitionNode):
                fragments[node.name.value] = node
            elif isinstance(node, OperationDefinitionNode) and node.name:
                operations[node.name.value] = node

    def needed(text: str, seen: list[str]) -> list[str]:
        for name in re.findall(r"\.\.\.\s?(\w+)", text):
            if name in fragments and name not in seen:
                seen.append(name)
                needed(print_ast(fragments[name]), seen)
        return seen

    return {
        name: "\n".join([print_ast(node), *(print_ast(fragments[f]) for f in needed(print_ast(node), []))])
        for name, node in operations.items()
    }


IMPLEMENTED = {
    "OrderLookup", "OrderDetail", "OrderRefunds", "ReturnableItems", "OrdersSince", "SuggestRefund", "OpenReturn",
    "RequestReturn", "ApproveReturn", "DeclineReturn", "ReturnById", "ProcessReturn", "CreateRefund", "Dispose",
    "AttachLabel", "CloseReturn", "DropLines", "CancelReturn", "ReopenReturn", "AdjustStock", "StockAt", "Locations", "TagOrder",
    "UntagOrder", "Subscribe", "Subscriptions", "Unsubscribe", "Installation", "NoteOnOrder", "ReturnReasons",
}  # fmt: skip


@needs_contracts
def test_the_published_example_operations_validate() -> None:
    schema = executable_schema()

    valid = {name for name, text in _published_operations().items() if not validate(schema, parse(text))}

    assert valid >= IMPLEMENTED


@needs_contracts
def test_a_whole_return_runs_on_the_published_example_operations() -> None:
    app = a_sandbox()
    order = an_order(app, shipping={"price": "4.90", "taxes": [["VAT", "0.19"]]})
    ops = _published_operations()

    def run(name: str, **variables: Any) -> Any:
        answer = gql(app, ops[name], variables)
        assert "errors" not in answer, (name, answer)
        (root,) = answer["data"].values()
        assert not (isinstance(root, dict) and root.get("userErrors")), (name, root)
        return root

    assert run("OrderLookup", search=f"name:{order['name']} email:ann@example.com")["nodes"][0]["id"] == order["id"]
    assert run("OrderDetail", id=order["id"])["lineItems"]["nodes"][0]["refundableQuantity"] == 2
    row = run("ReturnableItems", orderId=order["id"])["nodes"][0]["returnableFulfillmentLineItems"]["nodes"][0]
    place = run("Locations")["nodes"][0]["id"]
    line = {"fulfillmentLineItemId": row["fulfillmentLineItem"]["id"], "quantity": 1}
    ret = run("RequestReturn", **{"in": {"orderId": order["id"], "returnLineItems": [line]}})["return"]
    run("ApproveReturn", id=ret["id"], notify=False)
    state = run("ReturnById", id=ret["id"])
    rfo = state["reverseFulfillmentOrders"]["nodes"][0]
    run("AttachLabel", rfo=rfo["id"], items=[], tracking={"number": "SBXR1"}, notify=False)
    run("TagOrder", id=order["id"], tags=["return-in-transit"])
    run("UntagOrder", id=order["id"], tags=["return-in-transit"])
    disposition = {
        "reverseFulfillmentOrderLineItemId": rfo["lineItems"]["nodes"][0]["id"], "quantity": 1,
        "dispositionType": "RESTOCKED", "locationId": place,
    }  # fmt: skip
    done = {"id": state["returnLineItems"]["nodes"][0]["id"], "quantity": 1, "dispositions": [disposition]}
    run("ProcessReturn", **{"in": {"returnId": ret["id"], "returnLineItems": [done]}})
    wish = [{"lineItemId": order["lines"][0]["id"], "quantity": 1, "restockType": "NO_RESTOCK"}]
    quote = run("SuggestRefund", orderId=order["id"], lines=wish)["suggestedRefund"]
    legs = [
        {"orderId": order["id"], "parentId": s["parentTransaction"]["id"], "gateway": s["gateway"], "kind": "REFUND",
         "amount": s["amountSet"]["presentmentMoney"]["amount"]}
        for s in quote["suggestedTransactions"]
    ]  # fmt: skip
    run("CreateRefund", key="k1", **{"in": {"orderId": order["id"], "refundLineItems": wish, "transactions": legs}})
    run("CloseReturn", id=ret["id"])
    run("ReopenReturn", id=ret["id"])
    run("NoteOnOrder", **{"in": {"id": order["id"], "note": "RMA-1 done"}})

    refunds = run("OrderRefunds", id=order["id"])["refunds"]
    assert [r["totalRefundedSet"]["presentmentMoney"]["amount"] for r in refunds] == ["19.99"]
    seen = run("ReturnById", id=ret["id"])["returnLineItems"]["nodes"][0]
    assert (seen["processedQuantity"], seen["refundedQuantity"]) == (1, 1)
