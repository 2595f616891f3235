"""What the platform and the history tell becomes facts; what they do not tell stays unknown."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from retour.core.money import Sides
from retour.core.order import (
    Bundle,
    Capture,
    Charge,
    ChargeKind,
    DiscountShare,
    Figures,
    Fulfilment,
    Order,
    Person,
    PlatformRefund,
    Product,
    PromotionKind,
    Risk,
    TenderKind,
)
from retour.core.policy import FACTS, Asked, History, LineFacts
from retour.core.policy.document import FactValue
from retour.core.policy.facts import Level, ParcelDays
from retour.core.policy.history import CustomerPast, LinePast
from retour.core.policy.order_facts import email_domain, last_days, postcode_prefix
from tests.core.policy.builders import DELIVERED, NOW, PLACED, SHIPPED, a_line, a_parcel, an_order, facts_of

PAST = CustomerPast(
    orders_read=3,
    first_order_at=datetime(2025, 3, 10, 23, 30, tzinfo=UTC),
    units_bought=12,
    units_returned=5,
    exchanges=2,
    kept_items=1,
    partial_credits=1,
    bonus=450,
    rejected=1,
    not_accepted=2,
    wrong_items=1,
    failed_payments=4,
)


def known(order: Order, *names: str, **context: Any) -> list[FactValue]:
    """Return some facts of the order's first line."""
    return [facts_of(order, **context)[0].values[name] for name in names]


def test_where_and_how_an_order_was_bought_are_facts() -> None:
    order = an_order(
        province="NY",
        channel="pos",
        app="Point of Sale",
        company=True,
        risk=Risk.HIGH,
        failed_payments=2,
        test=True,
        cancelled_at=NOW,
    )

    assert known(order, "order.province", "order.channel", "order.app", "customer.type") == [
        "NY",
        "pos",
        "Point of Sale",
        "company",
    ]
    assert known(order, "order.risk", "order.failed_payments", "order.test", "order.cancelled") == [
        "high",
        2,
        True,
        True,
    ]
    assert known(an_order(company=False), "customer.type") == ["person"]


def test_what_was_paid_and_paid_back_is_in_the_books_currency() -> None:
    order = an_order(
        charges=(
            Charge("S1", ChargeKind.SHIPPING, "Standard", Sides(590, 490)),
            Charge("S2", ChargeKind.SHIPPING, "Island", Sides(300, 250)),
            Charge("T", ChargeKind.TIP, "tip", Sides(100, 90)),
        ),
        captures=(
            Capture("C1", TenderKind.GIFT_CARD, "gift_card", 2_000, PLACED),
            Capture("C2", TenderKind.CARD, "shopify_payments", 8_000, PLACED),
        ),
        refunds=(PlatformRefund("R1", NOW, Sides(1_200, 1_000)), PlatformRefund("R2", NOW, Sides(1, 1))),
    )

    assert known(order, "order.shipping_paid", "order.refunded", "order.gift_card_paid") == [740, 1_001, True]
    assert known(order, "order.paid_with", "order.gateways") == [
        ("card", "gift_card"),
        ("gift_card", "shopify_payments"),
    ]


def test_discounts_of_the_order_are_summed_over_its_lines() -> None:
    free = a_line("L2", list_value=Sides(0, 0), gross=Sides(0, 0), discounts=())

    assert known(an_order(a_line(), free), "order.discount", "order.discount_bp") == [2_500, 2_000]
    assert known(an_order(free), "order.discount", "order.discount_bp", "line.discount", "line.promotions") == [
        0,
        0,
        0,
        (),
    ]


@pytest.mark.parametrize(
    ("sent", "cancelled", "fulfilment"),
    [(0, 0, "none"), (1, 0, "partly"), (2, 0, "fully"), (1, 1, "fully"), (0, 2, "none")],
)
def test_an_order_is_shipped_not_at_all_partly_or_fully(sent: int, cancelled: int, fulfilment: str) -> None:
    parcels = (a_parcel("L1", quantity=sent),) if sent else ()
    order = an_order(a_line(cancelled=cancelled), fulfilments=parcels)

    assert known(order, "order.fulfilment", "order.item_count") == [fulfilment, 2 - cancelled]


def test_an_order_has_arrived_when_its_last_parcel_has() -> None:
    lines = (a_line("L1"), a_line("L2"))
    late = a_parcel("L2", shipped=datetime(2026, 3, 4, tzinfo=UTC), delivered=None, ref="G")
    order = an_order(*lines, fulfilments=(a_parcel("L1"), late))
    names = ("order.fulfilled_on", "order.delivered_on", "order.days_since_fulfilled", "order.days_since_delivered")

    assert known(order, *names) == [date(2026, 3, 4), None, 6, None]
    arrived = replace(late, delivered_at=datetime(2026, 3, 8, tzinfo=UTC))
    assert known(replace(order, fulfilments=(a_parcel("L1"), arrived)), *names) == [
        date(2026, 3, 4),
        date(2026, 3, 8),
        6,
        2,
    ]


def test_a_line_knows_the_places_it_was_shipped_from() -> None:
    parcels = tuple(
        Fulfilment(ref, SHIPPED, DELIVERED, place, a_parcel("L1").units)
        for ref, place in (("F", "A"), ("G", None), ("H", "A"))
    )

    assert known(an_order(fulfilments=parcels), "line.shipped_from") == [("A",)]


def test_one_parcel_with_two_rows_of_a_line_is_one_parcel() -> None:
    twice = replace(a_parcel("L1", quantity=1), units=a_parcel("L1", quantity=1).units * 2)

    assert facts_of(an_order(fulfilments=(twice,)))[0].parcels == (ParcelDays(date(2026, 3, 2), date(2026, 3, 5)),)


def test_only_codes_are_codes_and_old_orders_tell_by_the_codes_of_the_order() -> None:
    shares = (
        DiscountShare("SPRING", Sides(100, 100), PromotionKind.CODE),
        DiscountShare("Season", Sides(100, 100), PromotionKind.AUTOMATIC),
        DiscountShare("OLD", Sides(100, 100)),
        DiscountShare("Sorry", Sides(100, 100)),
        DiscountShare("SPRING", Sides(1, 1), PromotionKind.CODE),
    )
    order = an_order(a_line(discounts=shares), discount_codes=("SPRING", "OLD", "Season"))

    assert known(order, "line.discount_codes", "line.promotions") == [
        ("SPRING", "OLD"),
        ("SPRING", "Season", "OLD", "Sorry"),
    ]


def test_what_a_line_says_of_its_article_is_a_fact() -> None:
    line = a_line(
        variant_ref="V1",
        weight_g=415,
        properties=("Engraving",),
        bundle_ref="B1",
        bundle=Bundle("Breakfast set"),
        product=Product(collections=None, gift_card=True),
    )

    assert known(an_order(line), "line.variant", "line.weight_g", "line.customised", "line.properties") == [
        "V1",
        415,
        True,
        ("Engraving",),
    ]
    assert known(an_order(line), "line.bundled", "line.bundle", "product.collections", "product.gift_card") == [
        True,
        "Breakfast set",
        None,
        True,
    ]
    assert known(an_order(a_line(properties=())), "line.customised") == [False]


def test_the_customer_is_known_by_the_platform_and_by_what_they_did() -> None:
    person = Person(
        email="Ann@Example.COM",
        postcode="sw1a 1aa",
        home_country="GB",
        figures=Figures(3, 81_240, PLACED),
        tags=("vip",),
    )
    values = facts_of(person=person, history=History(returns_of_customer=4, customer=PAST))[0].values

    assert {name: value for name, value in values.items() if name.startswith("customer.")} == {
        "customer.tags": ("vip",),
        "customer.country": "GB",
        "customer.type": None,
        "customer.email_domain": "example.com",
        "customer.orders_placed": 3,
        "customer.total_spent": 81_240,
        "customer.days_since_first_order": 364,
        "customer.days_known": 9,
        "customer.earlier_returns": 4,
        "customer.units_bought": 12,
        "customer.units_returned": 5,
        "customer.return_share_bp": 4_167,
        "customer.exchanges": 2,
        "customer.kept_items": 1,
        "customer.partial_credits": 1,
        "customer.bonus_credit": 450,
        "customer.rejected_returns": 1,
        "customer.returns_not_accepted": 2,
        "customer.returns_with_wrong_items": 1,
        "customer.failed_payments": 4,
        "customer.risk_score": None,
    }
    assert values["order.postcode_prefix"] == "SW1A"


@pytest.mark.parametrize(("placed", "days"), [(None, None), (4, None), (3, 364), (2, 364)])
def test_the_first_order_is_known_once_no_order_can_be_missing(placed: int | None, days: int | None) -> None:
    person, history = Person(figures=Figures(placed)), History(customer=PAST)

    assert known(an_order(), "customer.days_since_first_order", person=person, history=history) == [days]


def test_a_customer_who_bought_nothing_that_was_read_has_no_share_of_returns() -> None:
    history = History(customer=CustomerPast())

    assert known(an_order(), "customer.units_returned", "customer.return_share_bp", history=history) == [0, None]


def test_a_line_without_a_past_was_never_returned_once_somebody_looked() -> None:
    lines = an_order(a_line("L1"), a_line("L2"))
    names = ("line.times_returned", "line.times_exchanged")

    looked = facts_of(lines, history=History(lines={"L2": LinePast(2, 1)}))

    assert [[facts.values[name] for name in names] for facts in looked] == [[0, 0], [2, 1]]
    assert known(lines, *names, history=History()) == [None, None]


@pytest.mark.parametrize(
    ("address", "domain"),
    [("a@b.example", "b.example"), ("a@b@C.Example ", "c.example"), ("nobody", None), ("a@", None), (None, None)],
)
def test_the_domain_of_an_address_follows_its_last_at(address: str | None, domain: str | None) -> None:
    assert email_domain(address) == domain


@pytest.mark.parametrize(("postcode", "prefix"), [("10969", "1096"), ("d-1", "D1"), ("--", None), (None, None)])
def test_a_postcode_is_kept_to_its_first_four_signs(postcode: str | None, prefix: str | None) -> None:
    assert postcode_prefix(postcode) == prefix


def test_no_parcel_has_no_days() -> None:
    assert last_days(()) == (None, None)


def test_facts_of_order_customer_and_return_are_the_same_objects_for_all_lines() -> None:
    one, two = facts_of(an_order(a_line("L1"), a_line("L2")))
    of_all = {fact.name for fact in FACTS.values() if fact.level not in (Level.LINE, Level.PRODUCT)}

    assert all(one.values[name] is two.values[name] for name in of_all)
    assert list(one.values) == list(two.values)


def of_return(facts: LineFacts) -> dict[str, FactValue]:
    return {name.removeprefix("return."): value for name, value in facts.values.items() if name.startswith("return.")}


def test_the_whole_request_is_weighed_once_every_weight_is_known() -> None:
    shirt, ebook, mug = a_line("L1", weight_g=300), a_line("L2", requires_shipping=False), a_line("L3")
    order = an_order(shirt, ebook, mug)

    assert of_return(facts_of(order, Asked("L1", 2), Asked("L2", 1))[0])["weight_g"] == 600
    assert of_return(facts_of(order, Asked("L1", 2), Asked("L3", 1))[0])["weight_g"] is None


def test_a_request_for_every_unit_that_was_not_cancelled_is_the_whole_order() -> None:
    order = an_order(a_line("L1"), a_line("L2", cancelled=1), a_line("L3", cancelled=2))

    assert of_return(facts_of(order, Asked("L1", 2), Asked("L2", 1))[0])["whole_order"] is True
    assert of_return(facts_of(order, Asked("L1", 2))[0])["whole_order"] is False
    assert of_return(facts_of(order, Asked("L1", 1), Asked("L2", 1))[0])["whole_order"] is False
