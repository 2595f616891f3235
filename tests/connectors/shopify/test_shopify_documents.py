"""Every document is valid where it will be used, affordable, and answered by the recorded payloads."""

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    build_schema,
    get_named_type,
    is_list_type,
    is_non_null_type,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values

from retour.connectors.shopify import ShopifyConnector, operation
from retour.connectors.shopify.translate import catalogue, exchange, search
from tests.connectors.shopify.builders import KINDS, NAMES, PAYLOADS, an_effect, recorded
from tests.connectors.shopify.pricing_of_documents import price

ROOT = Path(__file__).resolve().parents[3]
CONTRACTS = ROOT.parent / "shared" / "contracts" / "shopify"
SANDBOX = ROOT / "src" / "retour" / "sandbox" / "shopify" / "schema.graphql"
SCHEMAS = ("sandbox", "2026-04", "2026-07", "2026-10")
ANSWERS = {
    "WholeOrder": ["whole_order"],
    "MoreLines": ["more_lines"],
    "Parcel": ["parcel_6_rest", "parcel_7"],
    "WholeRefund": ["whole_refund"],
    "MoreRefundMovements": ["more_movements"],
    "FindOrders": ["find_orders"],
    "OrdersSince": ["orders_since"],
    "SuggestRefund": ["suggest_refund"],
    "CurrencyOf": ["currency_of"],
    "Installation": ["installation"],
    "Locations": ["locations"],
    "RequestReturn": ["request_return", "request_return_error"],
    "ApproveReturn": ["approve_return", "approve_return_error"],
    "DeclineReturn": ["decline_return", "decline_return_error"],
    "OpenReturn": ["open_return", "open_return_error"],
    "ProcessReturn": ["process_return", "process_return_error"],
    "CloseReturn": ["close_return", "close_return_error"],
    "CancelReturn": ["cancel_return", "cancel_return_error"],
    "RemoveFromReturn": ["remove_from_return", "remove_from_return_error"],
    "CreateRefund": ["create_refund", "create_refund_pending", "create_refund_failed", "create_refund_error"],
    "AdjustStock": ["adjust_stock", "adjust_stock_error"],
    "AddTag": ["add_tag", "add_tag_error"],
    "RemoveTag": ["remove_tag", "remove_tag_error"],
    "WriteNote": ["write_note", "write_note_error"],
    "ReturnsBefore": ["returns_before"],
    "NewestReturns": ["newest_returns"],
    "ReturnNow": ["return_now"],
    "RefundsOfOrder": ["refunds_of_order"],
    "StockLevel": ["stock_level"],
    "TagsOf": ["tags_of"],
    "NoteOf": ["note_of"],
    "FindArticle": ["find_article"],
    "VariantsOf": ["variants_of"],
    "SearchArticles": ["search_articles"],
    "BuyerOf": ["buyer_of"],
    "DraftNow": ["draft_now"],
    "DraftsTagged": ["drafts_tagged"],
    "OrderNow": ["order_now"],
    "DraftExchange": ["draft_exchange", "draft_exchange_error", "draft_fee", "draft_fee_error"],
    "ReleaseExchange": ["release_exchange", "release_exchange_error"],
    "InvoiceExchange": ["invoice_exchange", "invoice_exchange_error"],
    "DropExchange": ["drop_exchange", "drop_exchange_error"],
    "CancelExchange": ["cancel_exchange", "cancel_exchange_error"],
}


@cache
def schema_of(name: str) -> GraphQLSchema:
    if name == "sandbox":
        return build_schema(SANDBOX.read_text())
    file = CONTRACTS / f"admin_{name}.nodesc.graphql.gz"
    if not file.exists():
        pytest.skip("published contracts are not present")
    return build_schema(gzip.decompress(file.read_bytes()).decode(), assume_valid=True)


def operations() -> list[str]:
    return sorted(name for name, text in operation.definitions().items() if not text.startswith("fragment"))


@pytest.mark.parametrize("version", SCHEMAS)
def test_every_document_is_valid(version: str) -> None:
    schema = schema_of(version)

    assert {n: e for n in operations() if (e := validate(schema, parse(operation.text(n))))} == {}


@pytest.mark.parametrize("version", ["sandbox", "2026-10"])
def test_the_price_list_is_right_and_nothing_costs_more_than_900_points(version: str) -> None:
    schema = schema_of(version)
    counted = {name: price(schema, parse(operation.text(name))) for name in operations()}

    assert counted == operation.COSTS
    assert max(counted.values()) <= 900


def sample_requests() -> dict[str, dict[str, Any]]:
    """Return the variables of every operation as the connector itself makes them, or as its reads would."""
    connector = ShopifyConnector.__new__(ShopifyConnector)
    connector._version = "2026-10"
    made = {}
    for kind in KINDS:
        effect = an_effect(kind)
        for request in (connector.build(effect), connector.build_guard(effect), connector.build_readback(effect)):
            if request is not None:
                made[request.operation] = json.loads(request.body)["variables"]
    order = {"id": "gid://shopify/Order/1"}
    lines = [{"lineItemId": "gid://shopify/LineItem/1", "quantity": 1, "restockType": "NO_RESTOCK"}]
    return made | {
        "FindOrders": {"search": search.by_name("#1042")},
        "OrdersSince": {"search": "updated_at:>='2026-10-01T00:00:00Z'", "after": None},
        "WholeOrder": order,
        "MoreLines": order | {"after": "x"},
        "MoreShippingLines": order | {"after": "x"},
        "MoreReturns": order | {"after": "x"},
        "Parcel": order | {"after": None},
        "WholeRefund": order,
        "MoreRefundLines": order | {"after": "x"},
        "MoreRefundMovements": order | {"after": "x"},
        "SuggestRefund": order | {"lines": lines, "shipping": "2.00"},
        "CurrencyOf": order,
        "CancelNow": order | {"job": "gid://shopify/Job/1"},
        "Installation": {},
        "Locations": {},
        "FindArticle": {"search": exchange.search_of("RT-LAMP-O"), "country": "DE"},
        "VariantsOf": {"search": catalogue.variants_of("gid://shopify/Product/7"), "country": "DE"},
        "SearchArticles": {"search": catalogue.by_words("oak lamp"), "country": None},
    }


@pytest.mark.parametrize("version", SCHEMAS)
def test_the_variables_of_every_operation_are_accepted(version: str) -> None:
    schema, samples = schema_of(version), sample_requests()

    assert set(samples) == set(operations())
    for name, variables in samples.items():
        definition = parse(operation.text(name)).definitions[0]
        assert isinstance(definition, OperationDefinitionNode)
        got = get_variable_values(schema, definition.variable_definitions or (), variables)
        assert not (got if isinstance(got, list) else getattr(got, "errors", None)), (name, got)


def test_every_recorded_payload_answers_an_operation() -> None:
    assert sorted(n for names in ANSWERS.values() for n in names) == sorted(p.stem for p in PAYLOADS.glob("*.json"))


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_recorded_payloads_have_the_shape_of_the_schema(name: str) -> None:
    schema, document = schema_of("sandbox"), parse(operation.text(name))
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    root = document.definitions[0]
    assert isinstance(root, OperationDefinitionNode)
    top = schema.get_root_type(root.operation)
    assert top is not None

    def check(selection: Any, on: str, value: Any, path: str) -> None:
        for node in selection.selections:
            if isinstance(node, FieldNode):
                key = (node.alias or node.name).value
                assert key in value or on == "Node", f"{path}.{key} is missing"
                if key not in value or node.name.value == "__typename":
                    continue
                field = schema.type_map[on].fields[node.name.value]
                down(field.type, node, value[key], f"{path}.{key}")
            else:
                inner = node if isinstance(node, InlineFragmentNode) else fragments[node.name.value]
                narrow = inner.type_condition.name.value
                if narrow == value.get("__typename", narrow) and (narrow == on or fits(inner, value)):
                    check(inner.selection_set, narrow, value, path)

    def fits(inner: Any, value: Any) -> bool:
        return any(isinstance(n, FieldNode) and n.name.value in value for n in inner.selection_set.selections) or any(
            not isinstance(n, FieldNode) and fits(fragments[n.name.value], value)
            for n in inner.selection_set.selections
        )

    def down(type_: Any, node: FieldNode, value: Any, path: str) -> None:
        if value is None:
            assert not is_non_null_type(type_), f"{path} may not be null"
            return
        bare = type_.of_type if is_non_null_type(type_) else type_
        if is_list_type(bare):
            assert isinstance(value, list), path
            for each in value:
                down(bare.of_type, node, each, path)
        elif node.selection_set:
            check(node.selection_set, get_named_type(bare).name, value, path)

    for payload in ANSWERS[name]:
        check(root.selection_set, top.name, recorded(payload)["data"], payload)


def test_no_two_kinds_share_a_recorded_name() -> None:
    assert len(set(NAMES.values())) == len(KINDS)
