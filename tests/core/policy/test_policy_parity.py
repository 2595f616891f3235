"""Whatever ReturnGO and Loop let a merchant ask for can be asked here: each of their conditions as one of ours."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from retour.core.money import Sides
from retour.core.order import Bundle, Capture, Figures, Person, Product, Risk, TenderKind
from retour.core.policy import (
    Asked,
    CustomerPast,
    History,
    LineFacts,
    LinePast,
    Request,
    compile_policy,
    decide,
    decode,
    encode,
    gather,
    time_zone,
)
from retour.core.policy.document import Zone
from tests.core.policy.builders import NEVER, NOW, PLACED, a_line, a_parcel, a_policy, a_rule, an_order

Json = dict[str, Any]


@dataclass(frozen=True)
class Parity:
    """A condition of a product and how it is written here."""

    product: str
    condition: str
    written: Json


def is_(fact: str, op: str, value: object) -> Json:
    return {"fact": fact, "op": op, "value": value}


_WINDOW_BEGAN = {
    "any": [
        is_("line.days_since_delivered", "gte", 3),
        {"all": [is_("line.days_since_delivered", "known", False), is_("line.days_since_fulfilled", "gte", 3)]},
    ]
}

RETURNGO = (
    Parity("ReturnGO", "order: creation date, relative", is_("order.days_since_ordered", "lte", 30)),
    Parity("ReturnGO", "order: creation date, absolute", is_("order.placed_on", "gte", "2026-03-01")),
    Parity("ReturnGO", "order: fulfilment date", is_("order.days_since_fulfilled", "gte", 5)),
    Parity("ReturnGO", "order: fulfilment date, absolute", is_("order.fulfilled_on", "eq", "2026-03-02")),
    Parity("ReturnGO", "order: delivery date", is_("order.days_since_delivered", "lte", 14)),
    Parity("ReturnGO", "order: delivery date, absolute", is_("order.delivered_on", "lt", "2026-03-06")),
    Parity("ReturnGO", "order: delivery date or its fallback", _WINDOW_BEGAN),
    Parity("ReturnGO", "order: tags", is_("order.tags", "has_any", ["wholesale"])),
    Parity("ReturnGO", "order: payment type", is_("order.paid_with", "has_any", ["gift_card"])),
    Parity("ReturnGO", "order: payment type by gateway", is_("order.gateways", "has_any", ["klarna"])),
    Parity("ReturnGO", "customer: location", is_("customer.country", "in", ["AT", "CH"])),
    Parity("ReturnGO", "customer: location of the shipment", is_("order.country", "eq", "US")),
    Parity("ReturnGO", "customer: location by region", is_("order.province", "in", ["NY", "NJ"])),
    Parity("ReturnGO", "customer: type", is_("customer.type", "eq", "company")),
    Parity("ReturnGO", "customer: tags", is_("customer.tags", "has_any", ["vip"])),
    Parity("ReturnGO", "item: tags", is_("product.tags", "has_any", ["final-sale"])),
    Parity("ReturnGO", "item: price paid", is_("line.price_paid", "gte", 5_000)),
    Parity("ReturnGO", "item: discount code", is_("line.discount_codes", "has_any", ["spring"])),
    Parity("ReturnGO", "item: vendor", is_("product.vendor", "eq", "Loom")),
    Parity("ReturnGO", "item: return reason", is_("line.reason", "in", ["too_small", "too_large"])),
    Parity("ReturnGO", "item: times already exchanged", is_("line.times_exchanged", "gte", 1)),
    Parity("ReturnGO", "item: times already returned", is_("line.times_returned", "gte", 2)),
    Parity("ReturnGO", "RMA: total value", is_("return.value", "gte", 5_000)),
    Parity("ReturnGO", "RMA: total weight", is_("return.weight_g", "gte", 800)),
)
LOOP = (
    Parity("Loop", "customer: tags", is_("customer.tags", "has_any", ["vip"])),
    Parity("Loop", "customer: orders placed", is_("customer.orders_placed", "gte", 7)),
    Parity("Loop", "customer: returns placed", is_("customer.earlier_returns", "gte", 4)),
    Parity("Loop", "customer: bonus credit received", is_("customer.bonus_credit", "gte", 450)),
    Parity("Loop", "customer: failed payment attempts", is_("customer.failed_payments", "gte", 3)),
    Parity("Loop", "customer: keep-item outcomes", is_("customer.kept_items", "gte", 1)),
    Parity("Loop", "customer: partial return credit issued", is_("customer.partial_credits", "gte", 1)),
    Parity(
        "Loop", "customer: returns with missing or incorrect items", is_("customer.returns_with_wrong_items", "gte", 1)
    ),
    Parity("Loop", "order: shipping country", is_("order.country", "eq", "US")),
    Parity("Loop", "order: date", is_("order.placed_on", "eq", "2026-03-01")),
    Parity("Loop", "order: days since window began", _WINDOW_BEGAN),
    Parity("Loop", "order: discount code", is_("order.discount_codes", "has_any", ["SPRING"])),
    Parity("Loop", "order: discount total", is_("order.discount", "gte", 2_500)),
    Parity("Loop", "order: discount percentage", is_("order.discount_bp", "gte", 2_000)),
    Parity("Loop", "order: returns on the order", is_("order.earlier_returns", "gte", 2)),
    Parity("Loop", "order: tag", is_("order.tags", "has_any", ["wholesale"])),
    Parity("Loop", "order: total value", is_("order.total", "gte", 10_000)),
    Parity("Loop", "product: id", is_("product.ref", "in", ["P1"])),
    Parity("Loop", "product: SKU", is_("line.sku", "starts_with", "SHIRT-")),
    Parity("Loop", "product: tag", is_("product.tags", "has_all", ["linen", "final-sale"])),
    Parity("Loop", "product: type", is_("product.type", "eq", "Shirt")),
    Parity("Loop", "product: vendor", is_("product.vendor", "eq", "Loom")),
    Parity("Loop", "product: return reason", is_("line.reason_group", "eq", "fit")),
    Parity("Loop", "return: item count", is_("return.item_count", "gte", 2)),
    Parity("Loop", "return: method", is_("return.method", "eq", "own_label")),
    Parity("Loop", "return: outcome", is_("line.resolution", "eq", "exchange")),
    Parity("Loop", "return: outcome of any line", is_("return.resolutions", "has_any", ["exchange"])),
    Parity("Loop", "return: total value", is_("return.value", "gte", 10_000)),
    Parity("Loop", "return: full or partial", is_("return.whole_order", "eq", True)),
    Parity(
        "Loop", "return: high fraud risk", {"any": [is_("return.risk", "eq", "high"), is_("order.risk", "eq", "high")]}
    ),
    Parity("Loop", "return: restock location", is_("return.destination", "eq", "Berlin")),
    Parity("Loop", "return: channel", is_("return.channel", "eq", "portal")),
    Parity("Loop", "policy zones: returning from", is_("order.zone", "eq", "overseas")),
)
MORE = (
    Parity("both", "collections", is_("product.collections", "has_any", ["spring"])),
    Parity("both", "gift cards", {"not": is_("product.gift_card", "eq", False)}),
    Parity("both", "customer value", is_("customer.total_spent", "gte", 80_000)),
    Parity("both", "share of what was bought that was returned", is_("customer.return_share_bp", "gte", 4_000)),
    Parity("both", "postcode", is_("order.postcode_prefix", "starts_with", "100")),
    Parity("both", "sales channel", is_("order.channel", "eq", "pos")),
    Parity("both", "discount share of the item", is_("line.discount_bp", "gte", 2_000)),
    Parity("both", "personalised articles", is_("line.customised", "eq", True)),
    Parity("both", "bundles", is_("line.bundled", "eq", True)),
    Parity("both", "weight of the item", is_("line.weight_g", "gte", 400)),
    Parity("both", "e-mail domain", is_("customer.email_domain", "in", ["example.com"])),
)
TABLE = (*RETURNGO, *LOOP, *MORE)


def rich() -> LineFacts:
    """Return facts of a request that fulfils every condition of the table."""
    line = a_line(
        weight_g=415,
        properties=("Engraving",),
        bundle_ref="B1",
        bundle=Bundle("Set"),
        product=Product("P1", "Shirt", "Loom", ("linen", "final-sale"), ("spring",), gift_card=True),
    )
    order = an_order(
        line,
        country="US",
        province="NY",
        channel="pos",
        tags=("wholesale",),
        discount_codes=("SPRING",),
        company=True,
        risk=Risk.HIGH,
        captures=(
            Capture("C1", TenderKind.GIFT_CARD, "gift_card", 1_000, PLACED),
            Capture("C2", TenderKind.OTHER, "klarna", 9_000, PLACED),
        ),
    )
    past = CustomerPast(3, PLACED, 12, 5, 2, 1, 1, 450, 1, 2, 1, 4)
    return gather(
        order,
        person=Person(
            email="ann@example.com",
            postcode="10001",
            tags=("VIP",),
            home_country="AT",
            figures=Figures(7, 81_240, PLACED),
        ),
        request=Request(
            (Asked("L1", 2, "too_small", "exchange", "fit"),),
            channel="portal",
            method="own_label",
            destination="Berlin",
        ),
        history=History({}, {}, 2, 4, {"L1": LinePast(2, 1)}, past),
        now=NOW,
        zone=time_zone("Europe/Berlin"),
    )[0]


def poor() -> LineFacts:
    """Return facts of a request that fulfils none of them."""
    product = Product("P2", "Mug", "Ferro", (), ())
    sixth = datetime(2026, 3, 6, tzinfo=UTC)
    line = a_line(
        sku="MUG", quantity=4, gross=Sides(4, 4), list_value=Sides(4, 4), discounts=(), properties=(), product=product
    )
    order = an_order(
        replace(line, weight_g=1),
        country="DE",
        total=Sides(4, 4),
        placed_at=datetime(2025, 12, 1, tzinfo=UTC),
        fulfilments=(a_parcel("L1", shipped=sixth, delivered=None),),
    )
    return gather(
        order,
        person=Person(figures=Figures(0, 0)),
        request=Request((Asked("L1", 1, "other"),), channel="api"),
        history=History(lines={}, customer=CustomerPast(failed_payments=0)),
        now=datetime(2026, 3, 8, tzinfo=UTC),
        zone=time_zone("Europe/Berlin"),
    )[0]


def holds(written: Json, facts: LineFacts) -> bool:
    """Return whether the condition, written as JSON and read as any policy is, decides the line."""
    document = encode(a_policy(a_rule("asked", NEVER), currency="EUR", zones=(Zone("overseas", ("US",)),)))
    (rule,) = document["rules"]  # type: ignore[misc]
    rule["when"] = written  # type: ignore[has-type]
    decision = decide(compile_policy(decode(document), version="1"), [facts]).lines[0]
    return decision.eligibility.rule == "asked"


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.product} {row.condition}")
def test_a_condition_of_the_field_can_be_written_and_decides(row: Parity) -> None:
    assert holds(row.written, rich())
    assert not holds(row.written, poor())


def test_the_table_names_each_condition_once() -> None:
    names = [(row.product, row.condition) for row in TABLE]

    assert len(names) == len(set(names)) == 68
