"""Effects become requests, and answers become verdicts that never claim more than they know."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from retour.connectors.http import Http
from retour.connectors.shopify import ShopifyConnector, operation, records
from retour.core.effect import (
    Disposed,
    DraftExchange,
    EffectKind,
    Note,
    OnReturn,
    OpenReturn,
    ProcessReturn,
    ReturnedUnits,
)
from retour.core.errors import Refused
from retour.core.money import format_decimal
from retour.core.ports import Outcome, Verdict, WireAnswer
from tests.connectors.shopify.builders import (
    DRAFT,
    EFFECT_ID,
    FEE_INPUT,
    GID,
    GUARDS,
    KINDS,
    NAMES,
    NEW_ORDER,
    ORDER,
    REFERENCE,
    RETURN,
    TARGETS,
    an_effect,
    answered,
    saying,
)

CONNECTOR = ShopifyConnector(Http())
OPENED = {
    "return_ref": RETURN,
    "name": "#1042-R1",
    "status": "open",
    "lines": [
        {
            "fulfilled_ref": f"{GID}/FulfillmentLineItem/61",
            "return_line_ref": f"{GID}/ReturnLineItem/41",
            "reverse_ref": f"{GID}/ReverseFulfillmentOrderLineItem/46",
            "quantity": 2,
        }
    ],
}
REQUESTED = OPENED | {"status": "requested", "lines": [OPENED["lines"][0] | {"reverse_ref": None}]}  # type: ignore[index,operator]
MOVEMENT = {
    "ref": f"{GID}/OrderTransaction/21",
    "capture_ref": f"{GID}/OrderTransaction/3",
    "status": "success",
    "amount_minor": 1_000,
}
REVERSE = f"{GID}/ReverseFulfillmentOrderLineItem/46"
VARIABLES: dict[EffectKind, dict[str, Any]] = {
    EffectKind.OPEN_RETURN: {
        "input": {
            "orderId": ORDER,
            "returnLineItems": [
                {
                    "fulfillmentLineItemId": f"{GID}/FulfillmentLineItem/61",
                    "quantity": 2,
                    "returnReasonDefinitionId": f"{GID}/ReturnReasonDefinition/5",
                    "returnReasonNote": "[RMA-42 / 5f1c0b7e] too small",
                }
            ],
        }
    },
    EffectKind.REQUEST_RETURN: {
        "input": {
            "orderId": ORDER,
            "returnLineItems": [
                {
                    "fulfillmentLineItemId": f"{GID}/FulfillmentLineItem/61",
                    "quantity": 2,
                    "returnReasonDefinitionId": f"{GID}/ReturnReasonDefinition/5",
                    "customerNote": "[RMA-42 / 5f1c0b7e] too small",
                }
            ],
        }
    },
    EffectKind.APPROVE_RETURN: {"input": {"id": RETURN, "notifyCustomer": False}},
    EffectKind.DECLINE_RETURN: {
        "input": {"id": RETURN, "declineReason": "OTHER", "declineNote": "Worn.", "notifyCustomer": False}
    },
    EffectKind.PROCESS_RETURN: {
        "input": {
            "returnId": RETURN,
            "notifyCustomer": False,
            "returnLineItems": [
                {
                    "id": f"{GID}/ReturnLineItem/41",
                    "quantity": 2,
                    "dispositions": [
                        {
                            "reverseFulfillmentOrderLineItemId": REVERSE,
                            "quantity": 1,
                            "dispositionType": kind,
                            "locationId": f"{GID}/Location/1",
                        }
                        for kind in ("RESTOCKED", "NOT_RESTOCKED")
                    ],
                }
            ],
        }
    },
    EffectKind.REMOVE_FROM_RETURN: {
        "id": RETURN,
        "lines": [{"returnLineItemId": f"{GID}/ReturnLineItem/41", "quantity": 1}],
    },
    EffectKind.CLOSE_RETURN: {"id": RETURN},
    EffectKind.CANCEL_RETURN: {"id": RETURN},
    EffectKind.REFUND_TENDER: {
        "key": "0b0f9f5a-6e58-5c0e-8a3d-1f7f4d1e2b90",
        "input": {
            "orderId": ORDER,
            "note": REFERENCE,
            "notify": False,
            "allowOverRefunding": False,
            "currency": "USD",
            "shipping": {"amount": "2.00"},
            "refundLineItems": [{"lineItemId": f"{GID}/LineItem/11", "quantity": 2, "restockType": "NO_RESTOCK"}],
            "transactions": [
                {
                    "orderId": ORDER,
                    "parentId": f"{GID}/OrderTransaction/3",
                    "gateway": "shopify_payments",
                    "kind": "REFUND",
                    "amount": "10.00",
                }
            ],
        },
    },
    EffectKind.RESTOCK: {
        "key": "0b0f9f5a-6e58-5c0e-8a3d-1f7f4d1e2b90",
        "input": {
            "name": "available",
            "reason": "restock",
            "referenceDocumentUri": f"gid://retour/Effect/{EFFECT_ID}",
            "changes": [
                {
                    "inventoryItemId": f"{GID}/InventoryItem/1",
                    "locationId": f"{GID}/Location/1",
                    "delta": 2,
                    "changeFromQuantity": None,
                }
            ],
        },
    },
    EffectKind.TAG: {"id": ORDER, "tags": ["return-in-transit"]},
    EffectKind.UNTAG: {"id": ORDER, "tags": ["return-in-transit"]},
    EffectKind.NOTE: {
        "input": {"id": ORDER, "note": "Ring twice\nParcel is on its way [RMA-42 / 5f1c0b7e]"},
    },
    EffectKind.DRAFT_EXCHANGE: {
        "input": {
            "lineItems": [{"variantId": f"{GID}/ProductVariant/12", "quantity": 2}],
            "presentmentCurrencyCode": "USD",
            "appliedDiscount": {
                "title": "Exchange RMA-42",
                "valueType": "FIXED_AMOUNT",
                "value": 20.0,
                "amountWithCurrency": {"amount": "20.00", "currencyCode": "USD"},
            },
            "tags": ["retour-5f1c0b7e000040008000000000000001", "exchange"],
            "note": "[RMA-42 / 5f1c0b7e]",
            "customAttributes": [{"key": "retour", "value": REFERENCE}],
            "acceptAutomaticDiscounts": False,
            "allowDiscountCodesInCheckout": False,
            "reserveInventoryUntil": "2026-10-13T00:00:00+00:00",
            "email": "ann@example.com",
            "purchasingEntity": {"customerId": f"{GID}/Customer/2"},
            "shippingAddress": {"lastName": "Example", "countryCode": "DE"},
        }
    },
    EffectKind.DRAFT_FEE: {"input": FEE_INPUT},
    EffectKind.RELEASE_EXCHANGE: {"id": DRAFT},
    EffectKind.INVOICE_EXCHANGE: {"id": DRAFT},
    EffectKind.DROP_EXCHANGE: {"input": {"id": DRAFT}},
    EffectKind.CANCEL_EXCHANGE: {"id": NEW_ORDER},
}
DRAFTED = {
    "draft_ref": DRAFT, "name": "#D8", "status": "open", "pay_url": "https://acme.example.com/invoices/8",
    "order_ref": None, "total_minor": 1_073, "total_shop_minor": 1_073,
}  # fmt: skip
ORDERED = DRAFTED | {"status": "completed", "order_ref": NEW_ORDER}
OUTCOMES: dict[EffectKind, Outcome] = {
    EffectKind.REQUEST_RETURN: Outcome(Verdict.OK, RETURN, result=REQUESTED),
    EffectKind.APPROVE_RETURN: Outcome(Verdict.OK, RETURN, result=OPENED),
    EffectKind.DECLINE_RETURN: Outcome(Verdict.OK, RETURN, result={"return_ref": RETURN, "status": "declined"}),
    EffectKind.OPEN_RETURN: Outcome(Verdict.OK, RETURN, result=OPENED),
    EffectKind.PROCESS_RETURN: Outcome(Verdict.OK, RETURN, result={"return_ref": RETURN, "status": "open"}),
    EffectKind.REMOVE_FROM_RETURN: Outcome(
        Verdict.OK,
        RETURN,
        result={"return_ref": RETURN, "status": "open", "quantities": {f"{GID}/ReturnLineItem/41": 1}},
    ),
    EffectKind.CLOSE_RETURN: Outcome(Verdict.OK, RETURN, result={"return_ref": RETURN, "status": "closed"}),
    EffectKind.CANCEL_RETURN: Outcome(Verdict.OK, RETURN, result={"return_ref": RETURN, "status": "canceled"}),
    EffectKind.REFUND_TENDER: Outcome(
        Verdict.OK, f"{GID}/Refund/9", 1_000, result={"refund_ref": f"{GID}/Refund/9", "movements": [MOVEMENT]}
    ),
    EffectKind.RESTOCK: Outcome(
        Verdict.OK,
        f"{GID}/InventoryAdjustmentGroup/77",
        result={"adjustment_ref": f"{GID}/InventoryAdjustmentGroup/77", "available_after": 12},
    ),
    EffectKind.TAG: Outcome(Verdict.OK, ORDER, result={"object_ref": ORDER}),
    EffectKind.UNTAG: Outcome(Verdict.OK, ORDER, result={"object_ref": ORDER}),
    EffectKind.NOTE: Outcome(Verdict.OK, ORDER, result={"object_ref": ORDER}),
    EffectKind.DRAFT_EXCHANGE: Outcome(Verdict.OK, DRAFT, result=DRAFTED),
    EffectKind.RELEASE_EXCHANGE: Outcome(Verdict.OK, DRAFT, result=ORDERED),
    EffectKind.INVOICE_EXCHANGE: Outcome(Verdict.OK, DRAFT, result=DRAFTED | {"status": "invoice_sent"}),
    EffectKind.DROP_EXCHANGE: Outcome(Verdict.OK, DRAFT),
    EffectKind.CANCEL_EXCHANGE: Outcome(Verdict.PENDING, f"{GID}/Job/3"),
    EffectKind.DRAFT_FEE: Outcome(Verdict.OK, DRAFT, result=DRAFTED),
}
ERRORS: dict[EffectKind, tuple[Verdict, str]] = {
    EffectKind.REQUEST_RETURN: (Verdict.REJECTED, "INVALID"),
    EffectKind.APPROVE_RETURN: (Verdict.UNKNOWN, "INVALID_STATE"),
    EffectKind.DECLINE_RETURN: (Verdict.REJECTED, "TOO_LONG"),
    EffectKind.OPEN_RETURN: (Verdict.REJECTED, "INVALID"),
    EffectKind.PROCESS_RETURN: (Verdict.REJECTED, "LESS_THAN_OR_EQUAL_TO"),
    EffectKind.REMOVE_FROM_RETURN: (Verdict.REJECTED, "LESS_THAN_OR_EQUAL_TO"),
    EffectKind.CLOSE_RETURN: (Verdict.OK, "INVALID_STATE"),
    EffectKind.CANCEL_RETURN: (Verdict.REJECTED, "INVALID_STATE"),
    EffectKind.REFUND_TENDER: (Verdict.REJECTED, "user_error"),
    EffectKind.RESTOCK: (Verdict.REJECTED, "NON_MUTABLE_INVENTORY_ITEM"),
    EffectKind.TAG: (Verdict.REJECTED, "user_error"),
    EffectKind.UNTAG: (Verdict.REJECTED, "user_error"),
    EffectKind.NOTE: (Verdict.REJECTED, "user_error"),
    EffectKind.DRAFT_EXCHANGE: (Verdict.REJECTED, "user_error"),
    EffectKind.RELEASE_EXCHANGE: (Verdict.UNKNOWN, "user_error"),
    EffectKind.INVOICE_EXCHANGE: (Verdict.UNKNOWN, "user_error"),
    EffectKind.DROP_EXCHANGE: (Verdict.UNKNOWN, "user_error"),
    EffectKind.CANCEL_EXCHANGE: (Verdict.REJECTED, "NO_REFUND_PERMISSION"),
    EffectKind.DRAFT_FEE: (Verdict.REJECTED, "user_error"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_effect_is_asked_for_exactly(kind: EffectKind) -> None:
    body = json.loads(CONNECTOR.build(an_effect(kind)).body)

    assert body["variables"] == VARIABLES[kind]
    assert body["query"].startswith(f"mutation {body['operationName']}(")


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_effect_is_always_the_same_bytes(kind: EffectKind) -> None:
    first, again = CONNECTOR.build(an_effect(kind)), CONNECTOR.build(an_effect(kind, attempts=7))

    assert first == again
    assert (first.method, first.path) == ("POST", "/admin/api/2026-10/graphql.json")
    assert first.cost == operation.COSTS[first.operation]


@pytest.mark.parametrize("kind", KINDS)
def test_each_done_effect_is_read_with_its_facts(kind: EffectKind) -> None:
    assert CONNECTOR.classify(an_effect(kind), answered(NAMES[kind])) == OUTCOMES[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_each_user_error_gets_its_verdict(kind: EffectKind) -> None:
    outcome = CONNECTOR.classify(an_effect(kind), answered(f"{NAMES[kind]}_error"))

    assert (outcome.verdict, outcome.far_code) == ERRORS[kind]
    assert outcome.message


def test_keyed_mutations_carry_the_key_as_a_directive_and_nothing_else_does() -> None:
    keyed = {name for name, text in operation.definitions().items() if "@idempotent(key: $key)" in text}

    assert keyed == {"CreateRefund", "AdjustStock"}
    assert {kind for kind, record in records().items() if record.key == "directive"} == {
        EffectKind.REFUND_TENDER,
        EffectKind.RESTOCK,
    }


def test_guards_are_built_exactly_where_the_record_says_so() -> None:
    guarded = {kind for kind in KINDS if CONNECTOR.build_guard(an_effect(kind)) is not None}

    assert guarded == {kind for kind, record in CONNECTOR.records.items() if record.guarded}
    assert set(CONNECTOR.records) == set(KINDS)


def test_a_reason_the_shop_does_not_know_falls_back_to_the_old_list() -> None:
    lines = (ReturnedUnits(f"{GID}/LineItem/11", f"{GID}/FulfillmentLineItem/61", 1, "damaged"),)
    effect = an_effect(EffectKind.OPEN_RETURN, target=OpenReturn(ORDER, lines), guard_before={})

    line = json.loads(CONNECTOR.build(effect).body)["variables"]["input"]["returnLineItems"][0]

    assert (line["returnReason"], line["returnReasonNote"]) == ("DEFECTIVE", "[RMA-42 / 5f1c0b7e]")


@pytest.mark.parametrize(
    ("kind", "field", "limit"),
    [(EffectKind.OPEN_RETURN, "returnReasonNote", 255), (EffectKind.REQUEST_RETURN, "customerNote", 300)],
)
def test_a_long_note_is_cut_behind_the_reference(kind: EffectKind, field: str, limit: int) -> None:
    lines = (ReturnedUnits(f"{GID}/LineItem/11", f"{GID}/FulfillmentLineItem/61", 1, note="x" * 400),)
    effect = an_effect(kind, target=OpenReturn(ORDER, lines))

    note = json.loads(CONNECTOR.build(effect).body)["variables"]["input"]["returnLineItems"][0][field]

    assert (len(note), note[:22]) == (limit, "[RMA-42 / 5f1c0b7e] xx")


@pytest.mark.parametrize(("message", "note"), [("x" * 501, "x" * 500), (None, None), ("", None)])
def test_a_request_is_declined_with_as_much_of_the_message_as_fits(message: str | None, note: str | None) -> None:
    effect = an_effect(EffectKind.DECLINE_RETURN, target=OnReturn(RETURN, message))

    assert json.loads(CONNECTOR.build(effect).body)["variables"]["input"].get("declineNote") == note


def test_what_opening_answered_makes_processing_independent_of_a_guard() -> None:
    disposed = Disposed(f"{GID}/ReturnLineItem/41", "", 2, False, reverse_ref="gid://x")
    effect = an_effect(EffectKind.PROCESS_RETURN, target=ProcessReturn(ORDER, RETURN, (disposed,)), guard_before={})

    line = json.loads(CONNECTOR.build(effect).body)["variables"]["input"]["returnLineItems"][0]

    assert line["dispositions"] == [
        {"reverseFulfillmentOrderLineItemId": "gid://x", "quantity": 2, "dispositionType": "NOT_RESTOCKED"}
    ]


@pytest.mark.parametrize("kind", [EffectKind.PROCESS_RETURN, EffectKind.NOTE, EffectKind.DRAFT_EXCHANGE])
def test_without_the_guard_that_it_needs_nothing_is_built(kind: EffectKind) -> None:
    with pytest.raises(Refused) as refused:
        CONNECTOR.build(an_effect(kind, guard_before={}))

    assert refused.value.code == "guard_missing"


def test_a_note_already_there_is_not_added_again() -> None:
    before = "Ring twice\nParcel is on its way [RMA-42 / 5f1c0b7e]\nCalled"
    effect = an_effect(EffectKind.NOTE, guard_before={"note": before})

    assert json.loads(CONNECTOR.build(effect).body)["variables"]["input"]["note"] == before


def test_the_first_note_of_an_order_has_no_empty_line() -> None:
    effect = an_effect(EffectKind.NOTE, target=Note(ORDER, f"Received ({REFERENCE})"), guard_before={"note": ""})

    assert json.loads(CONNECTOR.build(effect).body)["variables"]["input"]["note"] == f"Received ({REFERENCE})"


@pytest.mark.parametrize(("currency", "minor", "text"), [("JPY", 1_200, "1200"), ("KWD", 1_500, "1.500")])
def test_amounts_are_written_in_the_currency_s_own_decimals(currency: str, minor: int, text: str) -> None:
    target = TARGETS[EffectKind.REFUND_TENDER]
    leg = target.legs[0].__class__("c", "g", minor)  # type: ignore[union-attr]
    effect = an_effect(
        EffectKind.REFUND_TENDER, target=target.__class__(ORDER, (), (leg,)), amount_minor=minor, currency=currency
    )

    refund = json.loads(CONNECTOR.build(effect).body)["variables"]["input"]

    assert (refund["currency"], refund["transactions"][0]["amount"], "shipping" in refund) == (currency, text, False)


def test_guards_of_the_tests_are_what_the_answers_give() -> None:
    for kind, name in (
        (EffectKind.OPEN_RETURN, "returns_before"),
        (EffectKind.REQUEST_RETURN, "returns_before"),
        (EffectKind.PROCESS_RETURN, "return_now"),
        (EffectKind.RESTOCK, "stock_level"),
        (EffectKind.NOTE, "note_of"),
    ):
        assert CONNECTOR.read_guard(an_effect(kind), answered(name)) == GUARDS[kind]
        assert CONNECTOR.read_guard(an_effect(kind), WireAnswer(500)) is None
        assert CONNECTOR.read_guard(an_effect(kind), saying({"data": {"order": None}})) is None


@pytest.mark.parametrize(
    ("minor", "currency"), [(7, "EUR"), (1_000_000_019, "EUR"), (3, "JPY"), (123_456_789_011, "KWD")]
)
def test_the_discount_of_a_draft_has_its_digits_however_it_is_written(minor: int, currency: str) -> None:
    effect = an_effect(EffectKind.DRAFT_EXCHANGE)
    assert isinstance(effect.target, DraftExchange)
    target = replace(effect.target, discount_minor=minor, currency=currency)

    sent = json.loads(CONNECTOR.build(replace(effect, target=target)).body, parse_float=Decimal)

    said = sent["variables"]["input"]["appliedDiscount"]
    assert said["value"] == Decimal(said["amountWithCurrency"]["amount"]) == Decimal(format_decimal(minor, currency))
