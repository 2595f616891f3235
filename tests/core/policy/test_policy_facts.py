"""Facts are gathered from the order, the shopper and what happened before."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest

from retour.core.errors import Refused
from retour.core.money import NOTHING, Sides
from retour.core.order import Capture, Person, TenderKind
from retour.core.policy import FACTS, Asked, History
from retour.core.policy.document import FactValue, Op
from retour.core.policy.facts import OPS, FactType
from tests.core.policy.builders import PLACED, a_line, an_order, facts_of

PLAIN: Mapping[str, FactValue] = {
    "order.country": "DE",
    "order.province": None,
    "order.postcode_prefix": None,
    "order.zone": None,
    "order.currency": "EUR",
    "order.tags": ("wholesale",),
    "order.channel": None,
    "order.app": None,
    "order.discount_codes": ("SPRING",),
    "order.discount": 2_500,
    "order.discount_bp": 2_000,
    "order.paid_with": ("card",),
    "order.gateways": ("stripe",),
    "order.gift_card_paid": False,
    "order.failed_payments": None,
    "order.total": 10_000,
    "order.shipping_paid": 0,
    "order.refunded": 0,
    "order.item_count": 2,
    "order.line_count": 1,
    "order.fulfilment": "fully",
    "order.test": False,
    "order.cancelled": False,
    "order.risk": None,
    "order.placed_on": date(2026, 3, 1),
    "order.fulfilled_on": date(2026, 3, 2),
    "order.delivered_on": date(2026, 3, 5),
    "order.days_since_ordered": 9,
    "order.days_since_fulfilled": 8,
    "order.days_since_delivered": 5,
    "order.earlier_returns": 1,
    "customer.tags": ("vip",),
    "customer.country": None,
    "customer.type": None,
    "customer.email_domain": None,
    "customer.orders_placed": None,
    "customer.total_spent": None,
    "customer.days_since_first_order": None,
    "customer.days_known": None,
    "customer.earlier_returns": 3,
    "customer.units_bought": None,
    "customer.units_returned": None,
    "customer.return_share_bp": None,
    "customer.exchanges": None,
    "customer.kept_items": None,
    "customer.partial_credits": None,
    "customer.bonus_credit": None,
    "customer.rejected_returns": None,
    "customer.returns_not_accepted": None,
    "customer.returns_with_wrong_items": None,
    "customer.failed_payments": None,
    "customer.risk_score": None,
    "line.sku": "SHIRT-1",
    "line.variant": None,
    "line.title": "Linen shirt",
    "line.quantity": 1,
    "line.ordered_quantity": 2,
    "line.shipped_quantity": 2,
    "line.units_left": 1,
    "line.list_price": 6_250,
    "line.price_paid": 5_000,
    "line.discount": 1_250,
    "line.discount_bp": 2_000,
    "line.discount_codes": ("SPRING",),
    "line.promotions": ("SPRING",),
    "line.weight_g": None,
    "line.earlier_returned": 1,
    "line.times_returned": None,
    "line.times_exchanged": None,
    "line.requires_shipping": True,
    "line.bundled": False,
    "line.bundle": None,
    "line.customised": None,
    "line.properties": None,
    "line.shipped_from": (),
    "line.fulfilled_on": date(2026, 3, 2),
    "line.delivered_on": date(2026, 3, 5),
    "line.days_since_fulfilled": 8,
    "line.days_since_delivered": 5,
    "line.reason": "too_small",
    "line.reason_group": "fit",
    "line.resolution": None,
    "product.ref": "P1",
    "product.type": "Shirt",
    "product.vendor": "Loom",
    "product.tags": ("linen",),
    "product.collections": ("spring",),
    "product.gift_card": False,
    "return.kind": "return",
    "return.channel": "portal",
    "return.opened_by": "shopper",
    "return.item_count": 1,
    "return.value": 5_000,
    "return.weight_g": None,
    "return.whole_order": False,
    "return.reasons": ("too_small",),
    "return.method": None,
    "return.destination": None,
    "return.resolutions": None,
    "return.risk": None,
    "return.risk_score": None,
    "return.flags": None,
}


def test_every_fact_of_the_catalogue_is_gathered_and_nothing_else() -> None:
    assert set(FACTS) == set(facts_of()[0].values)


def test_the_facts_of_a_plain_request_are_what_the_order_says() -> None:
    capture = Capture("C1", TenderKind.CARD, "stripe", 10_000, PLACED)
    order = an_order(tags=("wholesale",), discount_codes=("SPRING",), captures=(capture, capture))
    history = History({"L1": 1}, {}, returns_of_order=1, returns_of_customer=3)

    facts = facts_of(order, history=history, person=Person(tags=("vip",)))[0]

    assert ("L1", date(2026, 3, 10), "EUR") == (facts.line_ref, facts.today, facts.books_currency)
    assert facts.values == PLAIN


def test_count_and_value_of_the_return_cover_all_its_lines() -> None:
    order = an_order(a_line("L1"), a_line("L2", gross=Sides(999, 999), quantity=3))

    one, two = facts_of(order, Asked("L1", 2), Asked("L2", 1))

    assert (one.values["return.item_count"], one.values["return.value"]) == (3, 10_333)
    assert (
        two.values["return.item_count"],
        two.values["return.value"],
        two.values["line.price_paid"],
    ) == (3, 10_333, 333)


def test_a_free_line_and_a_line_of_no_units_are_worth_nothing() -> None:
    free = a_line(gross=NOTHING, list_value=NOTHING, discounts=())
    none = a_line("L2", quantity=0)

    one, two = facts_of(an_order(free, none))

    assert (one.values["line.price_paid"], one.values["line.discount_bp"]) == (0, 0)
    assert two.values["line.price_paid"] == 0


def test_money_facts_are_those_of_the_books() -> None:
    line = a_line(gross=Sides(1_498_000, 9_119))

    facts = facts_of(an_order(line, currency="JPY", total=Sides(1_498_000, 9_119)))[0]

    assert (facts.values["order.total"], facts.values["line.price_paid"]) == (9_119, 4_560)


def test_nothing_is_known_about_days_of_a_line_that_never_left() -> None:
    facts = facts_of(an_order(fulfilments=()))[0]

    assert facts.parcels == ()
    assert [
        facts.values[f"line.{name}"]
        for name in ("fulfilled_on", "delivered_on", "days_since_fulfilled", "days_since_delivered")
    ] == [None] * 4


@pytest.mark.parametrize(
    ("lines", "code", "field"),
    [
        ((Asked("L9", 1),), "line_not_found", "lines[0].line"),
        ((Asked("L1", 1), Asked("L1", 1)), "duplicate_line", "lines[1].line"),
    ],
)
def test_a_foreign_line_and_a_line_named_twice_are_refused(lines: tuple[Asked, ...], code: str, field: str) -> None:
    with pytest.raises(Refused) as refused:
        facts_of(an_order(), *lines)

    assert (code, field) == (refused.value.code, refused.value.field)


def test_the_catalogue_lists_what_an_editor_needs() -> None:
    assert all(fact.description and fact.name.startswith(f"{fact.level}.") for fact in FACTS.values())
    assert FACTS["product.tags"].ops == (Op.HAS_ANY, Op.HAS_ALL, Op.HAS_NONE, Op.KNOWN)
    assert set(FactType) == set(OPS)
    assert FACTS["return.kind"].choices == ("return", "claim", "withdrawal", "cancellation")


def test_gathering_changes_with_the_history_alone() -> None:
    before, after = facts_of()[0], facts_of(history=History(returns_of_customer=2))[0]

    assert replace(before, values={**before.values, "customer.earlier_returns": 2}) == after
