"""A file of past returns is read strictly, line by line, and becomes orders with returns."""

from dataclasses import replace
from datetime import date

import pytest

from retour.core.errors import Refused
from retour.core.money import Sides
from retour.core.order import PlatformRefund, RefundedLine
from retour.core.simulation import replay_file, replay_order
from retour.core.simulation.imported import MOST_MINOR, ImportedLine, read_csv
from retour.core.simulation.past import Recorded
from tests.core.policy import builders as p
from tests.core.simulation import builders as b

HEAD = "order,placed_on,requested_on,sku,quantity,price_paid"
LEAST = "#1,2026-01-02,2026-01-10,S1,1,10.50"


def refusal(text: str) -> Refused:
    with pytest.raises(Refused) as refused:
        read_csv(text, currency="EUR")
    return refused.value


def mistakes(text: str) -> list[tuple[str, str | None]]:
    return [(one.code, one.field) for one in refusal(text).objections]


def test_the_least_file_has_six_columns() -> None:
    orders = read_csv(f"{HEAD}\n{LEAST}\n", currency="EUR")

    assert orders == ((ImportedLine("#1", date(2026, 1, 2), date(2026, 1, 10), "S1", 1, 1_050),),)


def test_what_is_optional_may_be_left_empty() -> None:
    ((told,),) = read_csv(f"{HEAD},country\n{LEAST},\n", currency="EUR")

    assert told.country is None


def test_every_column_is_read() -> None:
    head = (
        "Order,placed_on,shipped_on,delivered_on,requested_on,country,sku,title,product_type,vendor,product_tags,"
        "collections,gift_card,order_tags,customer_tags,customer_earlier_returns,discount_codes,quantity,"
        "ordered_quantity,price_paid,list_price,shipping_paid,reason,resolution,method,kind,refunded"
    )
    row = (
        "\ufeff"
        + head
        + '\n#1,2026-01-02,2026-01-03,2026-01-05,2026-01-10,de,S1,"Shirt, red",Shirt,Loom,a| b |,c,no,o,vip,2,TEN,'
        "1,2,10.5,12,4.90,too_small,store_credit,label,claim,9.99\n\n"
    )

    ((line,),) = read_csv(row, currency="EUR")

    assert line == ImportedLine(
        order="#1", placed_on=date(2026, 1, 2), shipped_on=date(2026, 1, 3), delivered_on=date(2026, 1, 5),
        requested_on=date(2026, 1, 10), country="DE", sku="S1", title="Shirt, red", product_type="Shirt", vendor="Loom",
        product_tags=("a", "b"), collections=("c",), gift_card=False, order_tags=("o",), customer_tags=("vip",),
        customer_earlier_returns=2, discount_codes=("TEN",), quantity=1, ordered_quantity=2, price_minor=1_050,
        list_price_minor=1_200, shipping_minor=490, reason="too_small", resolution="store_credit", method="label",
        kind="claim", refunded_minor=999,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("placed_on", "02.01.2026"), ("placed_on", "2026-W01-5"), ("placed_on", "2026-02-30"),
        ("requested_on", ""), ("quantity", "0"), ("quantity", "1.5"),
        ("quantity", "200000"), ("price_paid", "-1"), ("price_paid", "ten"), ("sku", "x" * 201), ("order", ""),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_with_its_line_and_column(column: str, value: str) -> None:
    values = dict(zip(HEAD.split(","), LEAST.split(","), strict=True)) | {column: value}

    assert mistakes(f"{HEAD}\n{LEAST}\n{','.join(values.values())}\n")[0] == ("invalid_value", f"line 3.{column}")


@pytest.mark.parametrize(("column", "value"), [("country", "DEU"), ("kind", "gift"), ("gift_card", "1")])
def test_an_optional_value_must_be_right_too(column: str, value: str) -> None:
    assert mistakes(f"{HEAD},{column}\n{LEAST},{value}\n") == [("invalid_value", f"line 2.{column}")]


@pytest.mark.parametrize(
    ("quantity", "price", "told"),
    [
        ("1", "100000000000.01", [("invalid_value", "line 2.price_paid")]),
        ("100000", "1000000.01", [("invalid_value", "line 2.price_paid")]),
    ],
)
def test_a_line_is_worth_what_can_be_summed(quantity: str, price: str, told: list[tuple[str, str]]) -> None:
    assert mistakes(f"{HEAD}\n#1,2026-01-02,2026-01-10,S1,{quantity},{price}\n") == told


def test_the_dearest_line_is_read() -> None:
    ((line,),) = read_csv(f"{HEAD}\n#1,2026-01-02,2026-01-10,S1,100000,1000000.00\n", currency="EUR")

    assert line.quantity * line.price_minor == MOST_MINOR


def test_days_stand_in_their_order() -> None:
    text = f"{HEAD},delivered_on\n{LEAST},2026-01-11\n"

    assert mistakes(text) == [("days_in_wrong_order", "line 2.requested_on")]


def test_an_article_stands_once_in_a_return_and_no_more_comes_back_than_was_ordered() -> None:
    text = f"{HEAD},ordered_quantity\n{LEAST},1\n{LEAST},1\n#2,2026-01-02,2026-01-10,S1,3,10.50,2\n"

    assert mistakes(text) == [("duplicate_line", "line 3.sku"), ("more_than_ordered", "line 4.quantity")]


def test_columns_are_known_needed_and_unique() -> None:
    assert [one.code for one in refusal("order,colour,order\n").objections] == [
        "unknown_column", "missing_column", "missing_column", "missing_column", "missing_column", "missing_column",
        "duplicate_column",
    ]  # fmt: skip


def test_a_line_has_as_many_fields_as_the_head() -> None:
    assert mistakes(f"{HEAD}\n{LEAST},more\n") == [("wrong_number_of_fields", "line 2")]


@pytest.mark.parametrize("text", ["", HEAD, f'{HEAD}\n"#1,open'])
def test_a_file_without_lines_or_with_a_broken_quote_is_refused(text: str) -> None:
    assert refusal(text).code == "file_invalid"


def test_fifty_mistakes_are_enough() -> None:
    assert len(mistakes(HEAD + "\n" + f"{LEAST},x\n" * 70)) == 50


def test_a_file_has_an_end() -> None:
    rows = "".join(f"#{n},2026-01-02,2026-01-10,S1,1,10.50\n" for n in range(9))

    with pytest.raises(Refused) as refused:
        read_csv(f"{HEAD}\n{rows}", currency="EUR", most_lines=3)

    assert (refused.value.code, refused.value.message) == ("file_too_long", "a file may have 3 lines")


def line(**changes: object) -> ImportedLine:
    told = ImportedLine("#1", date(2026, 1, 2), date(2026, 1, 10), "S1", 1, 1_000)
    return replace(told, **changes)  # type: ignore[arg-type]


def test_lines_of_one_order_and_day_are_one_return() -> None:
    lines = (
        line(
            ordered_quantity=3,
            shipping_minor=490,
            delivered_on=date(2026, 1, 6),
            refunded_minor=900,
            reason="too_small",
        ),
        line(sku="S2", price_minor=500, refunded_minor=400, list_price_minor=600),
        line(requested_on=date(2026, 1, 20), quantity=2),
    )

    replay = replay_file(lines, currency="EUR")

    assert [(x.ref, x.quantity, x.gross.shop, x.list_value.shop) for x in replay.order.lines] == [
        ("S1", 3, 3_000, 3_000), ("S2", 1, 500, 600),
    ]  # fmt: skip
    assert (replay.order.total.shop, replay.order.charges[0].gross.shop, replay.order.captures[0].captured) == (
        3_990,
        490,
        3_990,
    )
    first, second = replay.returns
    assert (first.reference, first.recorded, len(first.lines)) == ("#1", Recorded(1_300), 2)
    assert (second.reference, second.recorded, second.requested_on) == ("#1 (2)", None, date(2026, 1, 20))
    facts = [one.values for one in (*first.lines, *second.lines)]
    assert [f["line.days_since_delivered"] for f in facts] == [4, None, 14]
    assert [f["line.units_left"] for f in facts] == [3, 1, 2]
    assert [f["order.earlier_returns"] for f in facts] == [0, 0, 1]
    assert facts[0]["line.reason"] == "too_small"


def test_a_file_that_tells_nothing_of_shipping_charges_none() -> None:
    assert replay_file((line(),), currency="EUR").order.charges == ()


def test_an_order_without_returns_is_asked_for_what_is_left_of_it() -> None:
    order = b.an_order(b.a_line("L1", 10_000, quantity=2), b.a_line("L2", 5_000))
    refunded = PlatformRefund("R", p.NOW, Sides(5_000, 5_000), lines=(RefundedLine("L2", 1, Sides(5_000, 5_000)),))

    (past,) = replay_order(
        replace(order, refunds=(refunded,)), ["vip"], on=date(2026, 3, 9), zone_name="Europe/Berlin"
    ).returns

    assert [(one.line_ref, one.quantity, one.values["line.days_since_delivered"]) for one in past.lines] == [
        ("L1", 2, 4)
    ]
    assert (past.lines[0].values["customer.tags"], past.reference, past.requested_on) == (
        ("vip",),
        "#1001",
        date(2026, 3, 9),
    )


def test_an_order_that_has_nothing_left_is_no_return() -> None:
    order = b.an_order(b.a_line("L1", 10_000))

    assert replay_order(replace(order, fulfilments=()), [], on=date(2026, 3, 9), zone_name="UTC").returns == ()
