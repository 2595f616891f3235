"""Documents of other systems: every wrong field is named, amounts are exact, and what is read is what was sent."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from retour.core.errors import Refused
from retour.core.intake import SCHEMAS, Item, problems, read_order, read_return
from retour.core.intake.document import ahead_of_time
from retour.core.intake.shape import MOST
from retour.core.money import Sides
from retour.core.order import ChargeKind, Person, TenderKind
from tests.core.intake.papers import a_return, an_order


def wrong(read: Any, plain: object) -> list[tuple[str, str | None]]:
    with pytest.raises(Refused) as caught:
        read(plain)
    assert caught.value.code == "invalid_document"
    assert caught.value.field == caught.value.objections[0].field
    return [(one.code, one.field) for one in caught.value.objections]


def item(**changes: Any) -> dict[str, Any]:
    return {"sku": "COAT", "quantity": 1} | changes


@pytest.mark.parametrize(
    ("plain", "found"),
    [
        ([], [("wrong_type", None)]),
        (a_return(schema="retour.return/2"), [("not_one_of", "schema")]),
        (a_return(status="lost"), [("not_one_of", "status")]),
        (a_return(id=""), [("out_of_range", "id")]),
        (a_return(id=7), [("wrong_type", "id")]),
        (a_return(id="a\0b"), [("malformed_text", "id")]),
        (a_return(id="\ud800"), [("malformed_text", "id")]),
        (a_return(colour="red"), [("unknown_field", "colour")]),
        (a_return(created_at="2026-02-30T10:00:00Z"), [("malformed_text", "created_at")]),
        (a_return(created_at="2026-02-28 10:00:00Z"), [("malformed_text", "created_at")]),
        (a_return(items=[]), [("out_of_range", "items")]),
        (a_return(items=[item(quantity=0)]), [("out_of_range", "items[0].quantity")]),
        (a_return(items=[item(quantity=1.5)]), [("wrong_type", "items[0].quantity")]),
        (a_return(items=[item(quantity=True)]), [("wrong_type", "items[0].quantity")]),
        (a_return(items=[item(), {"quantity": 1}]), [("missing_field", "items[1]")]),
        (a_return(items=[item(reason={"code": 1})]), [("wrong_type", "items[0].reason.code")]),
        (a_return(order={"total": "10.00"}), [("missing_field", "order.currency")]),
        (a_return(order={"total": "10.001", "currency": "EUR"}), [("malformed_text", "order.total")]),
        (a_return(refund={"amount": "1.5", "currency": "JPY"}), [("malformed_text", "refund.amount")]),
        (a_return(refund={"amount": "1"}), [("missing_field", "refund.currency")]),
        (a_return(shipping={"status": "delivered"}), [("missing_field", "shipping.tracking_number")]),
        (a_return(metadata={"a": 1}), [("wrong_type", "metadata.a")]),
        (a_return(metadata={"a\0": "x"}), [("malformed_text", "metadata.a\ufffd")]),
        (a_return(metadata={str(n): "x" for n in range(51)}), [("out_of_range", "metadata")]),
    ],
)  # fmt: skip
def test_a_return_that_is_none_names_its_fields(plain: object, found: list[tuple[str, str | None]]) -> None:
    assert wrong(read_return, plain) == found


def test_everything_that_is_missing_is_named_at_once_but_not_without_end() -> None:
    assert [field for _, field in wrong(read_return, {})] == [
        "schema", "id", "status", "created_at", "updated_at", "items",
    ]  # fmt: skip
    many = a_return(items=[{} for _ in range(100)])
    assert len(wrong(read_return, many)) == MOST


def test_a_whole_return_is_read_as_it_was_sent() -> None:
    read = read_return(
        a_return(
            kind="claim", channel="marketplace", notes="Ring twice", metadata={"ticket": "7"},
            order={"id": "O-1", "number": "#1001", "placed_on": "2026-02-24", "total": "64.97", "currency": "EUR"},
            items=[item(line="line-1", title="Coat", reason={"code": "damaged", "comment": "torn"}, resolution="exchange",
                        condition={"grade": "damaged", "notes": "a hole"})],
            refund={"amount": "19.99", "currency": "EUR", "method": "card", "reference": "RF-1",
                    "refunded_at": "2026-03-01T10:00:00+01:00"},
            shipping={"carrier": "dhl", "tracking_number": "T-1", "received_at": "2026-03-01T08:00:00Z"},
        )
    )  # fmt: skip

    assert read.items == (
        Item(1, "line-1", "COAT", "Coat", "damaged", "torn", "exchange", "damaged", "a hole"),
    )  # fmt: skip
    assert (read.kind, read.channel, read.notes, read.metadata) == (
        "claim",
        "marketplace",
        "Ring twice",
        {"ticket": "7"},
    )
    assert read.clues.skus == (("COAT", 1),)
    assert read.clues.lines == ("line-1",)
    assert (read.clues.placed_on, read.clues.total_minor) == (date(2026, 2, 24), 6_497)
    assert read.customer == Person(email="canary.shopper@example.com")
    assert read.refund is not None
    assert (read.refund.amount_minor, read.refund.at) == (1_999, datetime(2026, 3, 1, 9, tzinfo=UTC))
    assert read.shipping.received_at == datetime(2026, 3, 1, 8, tzinfo=UTC)


def test_a_bare_return_has_nothing_that_was_not_sent() -> None:
    read = read_return(a_return(order={}, customer={}, items=[{"title": "Coat", "quantity": 1}]))

    assert (read.order_id, read.total_minor, read.refund, read.shipping.number) == (None, None, None, None)
    assert read.items == (Item(1, title="Coat"),)
    assert read.clues.skus == ()


def changed(group: str, n: int, **changes: Any) -> dict[str, Any]:
    order = an_order()
    order[group] = [part | (changes if at == n else {}) for at, part in enumerate(order[group])]
    return order


@pytest.mark.parametrize(
    ("plain", "found"),
    [
        (an_order(total="64.98"), [("out_of_range", "total")]),
        (an_order(total="64.970"), [("malformed_text", "total")]),
        (an_order(currency="eur"), [("malformed_text", "currency")]),
        (an_order(lines=[]), [("out_of_range", "lines")]),
        (changed("lines", 1, id="line-1") | {"shipments": []}, [("not_one_of", "lines[1].id")]),
        (changed("lines", 0, cancelled=3) | {"shipments": []}, [("out_of_range", "lines[0].cancelled")]),
        (changed("lines", 0, tax="40.00"), [("out_of_range", "lines[0].tax")]),
        (changed("charges", 0, tax="5.00"), [("out_of_range", "charges[0].tax")]),
        (an_order(payments=an_order()["payments"] * 2), [("not_one_of", "payments[1].id")]),
        (changed("payments", 0, refunded="64.98"), [("out_of_range", "payments[0].refunded")]),
        (changed("shipments", 0, units=[{"line": "line-1", "quantity": 3}]), [("out_of_range", "shipments[0].units[0].quantity")]),
        (changed("shipments", 0, units=[{"line": "z", "quantity": 1}]), [("not_one_of", "shipments[0].units[0].line")]),
        (changed("lines", 0, requires_shipping="yes"), [("wrong_type", "lines[0].requires_shipping")]),
    ],
)  # fmt: skip
def test_an_order_that_contradicts_itself_names_its_fields(plain: object, found: list[tuple[str, str | None]]) -> None:
    assert wrong(read_order, plain) == found


def test_a_whole_order_becomes_the_one_shape_to_the_cent() -> None:
    fetched = read_order(an_order(cancelled_at="2026-02-27T09:00:00Z"))

    order = fetched.order
    assert (order.ref, order.name, order.total) == ("O-1", "#1001", Sides(6_497, 6_497))
    assert [(line.ref, line.gross, line.list_value) for line in order.lines] == [
        ("line-1", Sides(3_998, 3_998), Sides(4_998, 4_998)), ("line-2", Sides(2_000, 2_000), Sides(2_000, 2_000)),
    ]  # fmt: skip
    assert [tax.amount.presentment for line in order.lines for tax in line.taxes] == [638, 319]
    assert [share.amount.presentment for line in order.lines for share in line.discounts] == [1_000]
    assert [(c.kind, c.title, c.gross.presentment) for c in order.charges] == [(ChargeKind.SHIPPING, "shipping", 499)]
    assert [(c.kind, c.captured, c.refunded) for c in order.captures] == [(TenderKind.CARD, 6_497, 0)]
    assert order.sent() == {"line-1": 2, "line-2": 1}
    assert order.placed_at == datetime(2026, 2, 24, 8, tzinfo=UTC)
    assert order.cancelled_at == datetime(2026, 2, 27, 9, tzinfo=UTC)
    assert fetched.person.email == "canary.shopper@example.com"
    assert b'"#1001"' in fetched.raw


def test_a_bare_order_needs_no_tax_and_no_parcel() -> None:
    line = {"id": "a", "title": "Coat", "quantity": 1, "total": "0"}
    bare = {key: an_order()[key] for key in ("schema", "id", "number", "placed_at", "updated_at", "currency")}
    parcel = {"id": "p", "shipped_at": "2026-02-25T08:00:00Z", "units": [{"line": "a", "quantity": 1}]}

    order = read_order(bare | {"lines": [line], "total": "0.00", "shipments": [parcel]}).order

    assert (order.lines[0].taxes, order.lines[0].discounts, order.captures, order.cancelled_at) == ((), (), (), None)
    assert order.fulfilments[0].delivered_at is None


def test_every_pattern_of_the_schemas_is_one_that_browsers_and_servers_read_alike() -> None:
    def patterns(schema: Any) -> Any:
        if isinstance(schema, dict):
            if isinstance(schema.get("pattern"), str):
                yield schema["pattern"]
            for part in schema.values():
                yield from patterns(part)

    assert all(re.compile(p) and p.startswith("^") and p.endswith("$") for s in SCHEMAS.values() for p in patterns(s))


def test_a_name_that_is_too_long_is_cut_where_it_is_told() -> None:
    (found,) = problems(a_return(**{"x" * 500: 1}), SCHEMAS["retour.return/1"])

    assert found.field == "x" * 100


@pytest.mark.parametrize(
    "change", [{"order": {"number": "1", "currency": "EUR\n"}}, {"customer": {"country": "DE\n"}},
               {"refund": {"amount": "100\n", "currency": "JPY"}}],
)  # fmt: skip
def test_a_line_break_at_the_end_is_no_part_of_a_code_or_an_amount(change: dict[str, Any]) -> None:
    with pytest.raises(Refused) as caught:
        read_return(a_return(**change))

    assert caught.value.code == "invalid_document"


def test_a_change_of_more_than_a_day_from_now_is_refused_and_one_within_a_day_is_not() -> None:
    now = datetime(2026, 11, 1, 12, tzinfo=UTC)

    assert ahead_of_time(now + timedelta(days=1), now) is None
    no = ahead_of_time(now + timedelta(days=1, microseconds=1), now)

    assert no is not None
    assert (no.code, no.field) == ("invalid_document", "updated_at")
    assert [(one.code, one.field) for one in no.objections] == [("out_of_range", "updated_at")]
