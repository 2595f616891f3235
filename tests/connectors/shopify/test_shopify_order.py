"""An order document becomes the one shape: exact on both sides, and never a crash."""

import asyncio
import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retour.connectors.http import Http
from retour.connectors.shopify import ShopifyConnector
from retour.connectors.shopify.translate import order as orders
from retour.core.errors import Refused
from retour.core.money import NOTHING, Sides
from retour.core.order import (
    Bundle,
    Capture,
    Charge,
    ChargeKind,
    DiscountShare,
    Fetched,
    Figures,
    FulfilledUnits,
    Fulfilment,
    Person,
    PlatformRefund,
    PlatformReturn,
    Product,
    PromotionKind,
    RefundedLine,
    RefundMovement,
    Risk,
    Tax,
    TenderKind,
)
from retour.core.ports import Credential
from retour.core.postal import PostalAddress
from tests.connectors.far_side import Asked, far_side, http
from tests.connectors.shopify.builders import GID, ORDER, PAYLOADS, recorded

PAGES = {
    ("WholeOrder", ORDER): "whole_order",
    ("MoreLines", ORDER): "more_lines",
    ("Parcel", f"{GID}/Fulfillment/6"): "parcel_6_rest",
    ("Parcel", f"{GID}/Fulfillment/7"): "parcel_7",
    ("WholeRefund", f"{GID}/Refund/8"): "whole_refund",
    ("MoreRefundMovements", f"{GID}/Refund/8"): "more_movements",
}


def _page(asked: Asked) -> bytes:
    name, variables = asked.json["operationName"], asked.json["variables"]
    return http((PAYLOADS / f"{PAGES[name, variables['id']]}.json").read_bytes())


@pytest.fixture(scope="module")
def read() -> tuple[Fetched, list[Asked]]:
    async def story() -> tuple[Fetched, list[Asked]]:
        async with far_side(_page) as side, Http(internal=True) as way:
            found = await ShopifyConnector(way).get_order(Credential(side.url, "t0ken"), ref=ORDER)
            assert found is not None
            return found, side.asked

    return asyncio.run(story())


def test_every_page_of_everything_is_read(read: tuple[Fetched, list[Asked]]) -> None:
    assert [(a.json["operationName"], a.json["variables"].get("after")) for a in read[1]] == [
        ("WholeOrder", None),
        ("MoreLines", "line-1"),
        ("Parcel", None),
        ("Parcel", None),
        ("WholeRefund", None),
        ("MoreRefundMovements", "move-4"),
    ]


def test_a_line_carries_its_settled_gross_with_every_tax_and_discount(read: tuple[Fetched, list[Asked]]) -> None:
    line = read[0].order.lines[0]

    assert (line.gross, line.list_value) == (Sides(5_859, 5_420), Sides(6_000, 5_550))
    assert line.taxes == (Tax("State tax 0.07", Sides(378, 350)), Tax("City tax 0.015", Sides(81, 75)))
    assert line.discounts == (DiscountShare("SPRING", Sides(600, 555), PromotionKind.CODE),)
    assert (line.quantity, line.cancelled, line.sku, line.inventory_ref) == (3, 0, "LIN-M", f"{GID}/InventoryItem/1")
    assert line.product == Product(
        f"{GID}/Product/1", "Shirts", "Fjord", ("linen", "summer"), ("summer", "shirts"), gift_card=False
    )
    assert (line.weight_g, line.properties, line.bundle) == (227, ("Engraving",), None)


def test_a_line_carries_the_address_of_its_picture_and_a_deleted_article_has_none(
    read: tuple[Fetched, list[Asked]],
) -> None:
    pictures = [line.image_url for line in read[0].order.lines]

    assert pictures == ["https://cdn.example.test/s/files/1/0001/products/linen-m_448x448.png?v=1759305600", None]


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:image/png;base64,AAAA", "//cdn.example.test/a.png", f"https://a/{'x' * 2_000}", 7],
)
def test_what_is_no_address_of_a_picture_is_left_out(url: object) -> None:
    document = recorded("whole_order")["data"]["order"]
    document["lineItems"]["nodes"][0]["image"] = {"url": url}

    assert orders.fetched(document).order.lines[0].image_url is None


def test_units_neither_sent_nor_waiting_are_cancelled(read: tuple[Fetched, list[Asked]]) -> None:
    line = read[0].order.lines[1]

    assert (line.quantity, line.cancelled, read[0].order.fulfilled(line.ref)) == (2, 1, 1)
    assert (line.gross, line.inventory_ref, line.bundle_ref) == (Sides(3_798, 3_514), None, f"{GID}/LineItemGroup/5")
    assert (line.bundle, line.weight_g, line.properties) == (Bundle("Breakfast set", 1, "SET-BR"), None, ())


def test_the_order_tells_where_it_was_bought_how_far_it_is_trusted_and_what_was_declined(
    read: tuple[Fetched, list[Asked]],
) -> None:
    order = read[0].order

    assert (order.country, order.province) == ("US", "NY")
    assert (order.channel, order.app, order.company) == ("web", "Online Store", False)
    assert (order.risk, order.failed_payments) == (Risk.MEDIUM, 1)


def test_charges_close_the_order_on_both_sides(read: tuple[Fetched, list[Asked]]) -> None:
    order = read[0].order

    assert order.charges == (
        Charge(
            f"{GID}/ShippingLine/3",
            ChargeKind.SHIPPING,
            "Standard",
            Sides(845, 782),
            (Tax("State tax 0.07", Sides(55, 51)),),
        ),
        Charge(f"{GID}/Duty/1", ChargeKind.DUTY, "duty", Sides(400, 370), (), f"{GID}/LineItem/11"),
        Charge(f"{ORDER}#tip", ChargeKind.TIP, "tip", Sides(200, 185)),
        Charge(f"{ORDER}#rounding", ChargeKind.ORDER_ROUNDING, "rounding", Sides(1, 0)),
    )
    parts = [line.gross for line in order.lines] + [charge.gross for charge in order.charges]
    assert sum(parts, NOTHING) == order.total == Sides(11_103, 10_271)


def test_only_money_taken_is_a_capture_and_pending_refunds_are_told_apart(read: tuple[Fetched, list[Asked]]) -> None:
    at = datetime(2026, 10, 1, 8, tzinfo=UTC)

    assert read[0].order.captures == (
        Capture(f"{GID}/OrderTransaction/1", TenderKind.GIFT_CARD, "gift_card", 3_000, at),
        Capture(f"{GID}/OrderTransaction/3", TenderKind.CARD, "shopify_payments", 8_103, at, 1_899, 500),
    )


def test_only_parcels_that_left_count_and_their_rows_are_named(read: tuple[Fetched, list[Asked]]) -> None:
    assert read[0].order.fulfilments == (
        Fulfilment(
            f"{GID}/Fulfillment/6",
            datetime(2026, 10, 2, 12, tzinfo=UTC),
            datetime(2026, 10, 5, 9, 15, tzinfo=UTC),
            f"{GID}/Location/1",
            (
                FulfilledUnits(f"{GID}/FulfillmentLineItem/61", f"{GID}/LineItem/11", 3),
                FulfilledUnits(f"{GID}/FulfillmentLineItem/62", f"{GID}/LineItem/12", 1),
            ),
        ),
    )


def test_refunds_keep_their_note_their_lines_and_every_movement(read: tuple[Fetched, list[Asked]]) -> None:
    capture = f"{GID}/OrderTransaction/3"

    assert read[0].order.refunds == (
        PlatformRefund(
            f"{GID}/Refund/8",
            datetime(2026, 10, 10, 10, tzinfo=UTC),
            Sides(2_399, 2_220),
            "RMA-7 / 0a1b2c3d",
            (RefundedLine(f"{GID}/LineItem/12", 1, Sides(1_899, 1_757), Sides(149, 138)),),
            (
                RefundMovement(f"{GID}/OrderTransaction/4", capture, 1_899, "success"),
                RefundMovement(f"{GID}/OrderTransaction/5", capture, 500, "pending"),
            ),
        ),
    )
    assert read[0].order.returns == (PlatformReturn(f"{GID}/Return/4", "#1042-R1", "open"),)


def test_the_person_stays_apart_from_the_order(read: tuple[Fetched, list[Asked]]) -> None:
    assert read[0].person == Person(
        f"{GID}/Customer/9",
        "Mara Lind",
        "mara@example.test",
        "+4915550100",
        "10001",
        ("loyal",),
        "DE",
        Figures(7, 61_240, datetime(2025, 3, 2, 11, tzinfo=UTC)),
        PostalAddress("Mara Lind", ("12 Canal Street",), "New York", "US", "10001", "NY", "Lind & Daughters"),
    )
    assert "Mara" not in repr(read[0].order)


def test_what_is_odd_is_found_and_the_raw_document_is_whole(read: tuple[Fetched, list[Asked]]) -> None:
    found, raw = read[0], json.loads(read[0].raw)

    assert found.findings == (f"sku_missing {GID}/LineItem/12",)
    assert (len(raw["lineItems"]), len(raw["refunds"][0]["transactions"]), "parcels" in raw) == (2, 2, False)
    assert found.raw == json.dumps(raw, sort_keys=True, separators=(",", ":")).encode()


def _document(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(recorded("whole_order")["data"]["order"]) | changes


def test_prices_that_include_tax_are_not_taxed_again() -> None:
    line = orders.fetched(_document(taxesIncluded=True)).order.lines[0]

    assert (line.gross, line.taxes[0].amount) == (Sides(5_400, 4_995), Sides(378, 350))


def test_two_taxes_of_one_name_are_two_buckets() -> None:
    document = _document()
    document["lineItems"]["nodes"][0]["taxLines"] *= 2

    buckets = [tax.bucket for tax in orders.fetched(document).order.lines[0].taxes]

    assert buckets == ["State tax 0.07", "City tax 0.015", "State tax 0.07 #2", "City tax 0.015 #2"]


def test_a_tip_that_is_already_a_line_is_not_charged_twice() -> None:
    document = _document()
    gap = orders.fetched(document).order
    known = [c.gross for c in gap.charges if c.kind not in (ChargeKind.TIP, ChargeKind.ORDER_ROUNDING)]
    closed = sum([line.gross for line in gap.lines] + known, NOTHING)
    money = {"amount": f"{closed.presentment / 100:.2f}", "currencyCode": "USD"}
    document["totalPriceSet"] = {"presentmentMoney": money, "shopMoney": document["totalPriceSet"]["shopMoney"]}

    assert ChargeKind.TIP not in {charge.kind for charge in orders.fetched(document).order.charges}


def test_sums_far_apart_are_closed_and_found() -> None:
    document = _document(totalTipReceivedSet=None)
    document["totalPriceSet"]["presentmentMoney"]["amount"] = "900.00"

    found = orders.fetched(document)

    assert f"sums_do_not_close {ORDER}" in found.findings
    parts = [line.gross for line in found.order.lines] + [charge.gross for charge in found.order.charges]
    assert sum(parts, NOTHING) == found.order.total


@pytest.mark.parametrize(
    ("currency", "amount", "minor"), [("JPY", "1200", 1_200), ("KWD", "0.5", 500), ("USD", "7", 700)]
)
def test_every_currency_has_its_own_minor_unit(currency: str, amount: str, minor: int) -> None:
    document = _document()
    document["totalPriceSet"]["presentmentMoney"] = {"amount": amount, "currencyCode": currency}

    assert orders.fetched(document).order.total.presentment == minor


def test_unknown_words_of_the_platform_are_found_not_guessed() -> None:
    document = _document()
    document["transactions"][3]["status"] = "HOVERING"
    document["transactions"][0]["kind"] = "BARTER"
    document["fulfillments"][0]["status"] = "TELEPORTED"
    document["returns"]["nodes"][0]["status"] = "PROCESSED"

    found = orders.fetched(document)

    assert {finding.split()[0] for finding in found.findings} >= {
        "unknown_transaction_status",
        "unknown_transaction_kind",
        "unknown_fulfilment_status",
        "unknown_return_status",
    }
    assert [(c.gateway, c.refunded, c.pending) for c in found.order.captures] == [("shopify_payments", 0, 2_399)]


def test_a_refund_of_no_known_capture_is_found() -> None:
    document = _document()
    document["transactions"][3]["parentTransaction"] = None

    assert f"refund_without_capture {GID}/OrderTransaction/4" in orders.fetched(document).findings


@pytest.mark.parametrize("document", [{}, {"id": "x"}, {"name": "#1"}])
def test_a_document_without_id_and_name_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        orders.fetched(document)

    assert refused.value.code == "malformed_order"


_JUNK = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.builds(list)
    | st.builds(dict)
    | st.builds(lambda: [{}])
)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_spoilt_document_crashes_the_translation(data: st.DataObject) -> None:
    document = _document()
    for _ in range(data.draw(st.integers(1, 4))):
        at: Any = document
        while isinstance(at, dict | list) and at:
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            key = data.draw(st.sampled_from(keys))
            if not isinstance(at[key], dict | list) or data.draw(st.integers(0, 3)) == 0:
                at[key] = data.draw(_JUNK)
                break
            at = at[key]
    document |= {"id": ORDER, "name": "#1042"}

    order = orders.fetched(document).order

    parts = [line.gross for line in order.lines] + [charge.gross for charge in order.charges]
    assert sum(parts, NOTHING) == order.total
