"""What a policy may ask about beside the money: told as it is, and not known where the platform does not say."""

import copy
from typing import Any

import pytest

from retour.connectors.shopify.translate import order as orders
from retour.core.order import DiscountShare, Figures, Order, OrderLine, PromotionKind, Risk
from tests.connectors.shopify.builders import GID, ORDER, recorded


def document(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(recorded("whole_order")["data"]["order"]) | changes


def told(**changes: Any) -> Order:
    return orders.fetched(document(**changes)).order


def line(**changes: Any) -> tuple[OrderLine, tuple[str, ...]]:
    """Return the first line of the recorded order with some of its fields changed, and what was found."""
    changed = document()
    changed["lineItems"]["nodes"][0] |= changes
    found = orders.fetched(changed)
    return found.order.lines[0], found.findings


def a_variant(unit: str, value: object) -> dict[str, Any]:
    measured = {"weight": {"unit": unit, "value": value}}
    return {"id": f"{GID}/ProductVariant/1", "inventoryItem": {"id": f"{GID}/InventoryItem/1", "measurement": measured}}


@pytest.mark.parametrize(
    ("unit", "value", "grams"),
    [
        ("GRAMS", 320.0, 320),
        ("KILOGRAMS", 1.25, 1_250),
        ("POUNDS", 1.0, 454),
        ("OUNCES", 0.5, 14),
        ("GRAMS", 0.4, None),
        ("KILOGRAMS", 0, None),
    ],
)
def test_a_weight_is_whole_grams_and_zero_is_no_weight(unit: str, value: object, grams: int | None) -> None:
    found, findings = line(variant=a_variant(unit, value))

    assert (found.weight_g, [f for f in findings if "weight" in f]) == (grams, [])


@pytest.mark.parametrize(
    ("unit", "value"), [("STONES", 1), ("GRAMS", "heavy"), ("GRAMS", -1), ("GRAMS", "NaN"), ("POUNDS", 1e12)]
)
def test_a_weight_that_is_none_is_found(unit: str, value: object) -> None:
    found, findings = line(variant=a_variant(unit, value))

    assert found.weight_g is None
    assert f"malformed_weight {GID}/LineItem/11 {value}" in findings


def test_collections_that_were_not_all_named_are_not_known() -> None:
    product = document()["lineItems"]["nodes"][0]["product"]
    product["collections"]["pageInfo"]["hasNextPage"] = True

    found, findings = line(product=product)

    assert found.product.collections is None
    assert f"collections_cut {GID}/LineItem/11" in findings
    assert line(product=product | {"collections": None})[0].product.collections is None


def test_an_article_in_no_collection_is_known_to_be_in_none() -> None:
    product = document()["lineItems"]["nodes"][0]["product"]
    product["collections"]["nodes"] = []

    assert line(product=product)[0].product.collections == ()


@pytest.mark.parametrize(
    ("kind", "said", "share"),
    [
        ("AutomaticDiscountApplication", {"title": "Season"}, ("Season", PromotionKind.AUTOMATIC)),
        ("ManualDiscountApplication", {"title": "Sorry"}, ("Sorry", PromotionKind.MANUAL)),
        ("ScriptDiscountApplication", {"title": "Volume"}, ("Volume", PromotionKind.SCRIPT)),
        ("TelepathicDiscountApplication", {"index": 3}, ("discount 3", None)),
    ],
)
def test_a_promotion_says_how_it_came_onto_the_order(
    kind: str, said: dict[str, Any], share: tuple[str, PromotionKind | None]
) -> None:
    allocation = document()["lineItems"]["nodes"][0]["discountAllocations"][0]
    allocation["discountApplication"] = {"__typename": kind, "index": 0} | said

    (found,) = line(discountAllocations=[allocation])[0].discounts

    assert found == DiscountShare(share[0], found.amount, share[1])


@pytest.mark.parametrize(
    ("levels", "risk"),
    [(["LOW", "HIGH", "NONE"], Risk.HIGH), (["NONE"], Risk.NONE), (["PENDING"], None), ([], None)],
)
def test_the_highest_assessment_that_is_done_counts(levels: list[str], risk: Risk | None) -> None:
    assert told(risk={"assessments": [{"riskLevel": level} for level in levels]}).risk is risk


def test_an_unknown_level_of_risk_is_found() -> None:
    found = orders.fetched(document(risk={"assessments": [{"riskLevel": "DOOM"}, {"riskLevel": "LOW"}]}))

    assert (found.order.risk, f"unknown_risk_level {ORDER} DOOM" in found.findings) == (Risk.LOW, True)


def test_only_tries_to_pay_that_failed_are_counted() -> None:
    tries = [
        ("SALE", "FAILURE"),
        ("AUTHORIZATION", "ERROR"),
        ("SALE", "PENDING"),
        ("CAPTURE", "FAILURE"),
        ("REFUND", "FAILURE"),
    ]
    rows = [{"id": f"{GID}/OrderTransaction/{n}", "kind": k, "status": s} for n, (k, s) in enumerate(tries)]

    assert told(transactions=rows).failed_payments == 2
    assert told(transactions=None).failed_payments is None


@pytest.mark.parametrize(
    ("entity", "company"),
    [({"__typename": "PurchasingCompany"}, True), ({"__typename": "Customer"}, False), (None, None)],
)
def test_a_company_that_buys_is_told_from_a_person(entity: object, company: bool | None) -> None:
    assert told(purchasingEntity=entity).company is company


def test_an_order_without_a_customer_has_no_figures() -> None:
    person = orders.fetched(document(customer=None)).person

    assert (person.figures, person.home_country) == (Figures(), None)


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ({"numberOfOrders": 7}, (7, 61_240)),
        ({"numberOfOrders": "-1"}, (None, 61_240)),
        ({"numberOfOrders": "9" * 20}, (None, 61_240)),
        ({"amountSpent": {"amount": "5.00", "currencyCode": "USD"}}, (7, None)),
        ({"amountSpent": {"amount": "much", "currencyCode": "EUR"}}, (7, None)),
    ],
)
def test_figures_that_cannot_be_read_are_not_known(said: dict[str, Any], known: tuple[int | None, int | None]) -> None:
    changed = document()
    changed["customer"] |= said

    figures = orders.fetched(changed).person.figures

    assert (figures.orders_placed, figures.spent) == known


def test_what_was_not_asked_for_is_not_known() -> None:
    changed = document()
    for name in ("sourceName", "app", "risk", "purchasingEntity"):
        del changed[name]
    for name in ("customAttributes", "variant"):
        del changed["lineItems"]["nodes"][0][name]
    order = orders.fetched(changed).order

    assert (order.channel, order.app, order.risk, order.company) == (None, None, None, None)
    assert (order.lines[0].properties, order.lines[0].weight_g) == (None, None)


def test_a_bundle_of_an_odd_number_is_one() -> None:
    group = {"id": f"{GID}/LineItemGroup/5", "title": "Set", "quantity": 0, "variantSku": None}
    found = line(lineItemGroup=group)[0].bundle

    assert found is not None
    assert (found.title, found.quantity, found.sku) == ("Set", 1, None)
