"""The money explanation in words: every row adds up to what is paid."""

from retour.core.money import Money, Sides
from retour.core.order import Tax, TenderKind
from retour.core.refund.plan import Plan, PlannedLeg, Row, RowKind
from retour.web.money import LineWords, compared_rows, money_rows
from retour.web.parts import MoneyRow
from tests.web.readers import a_reader, shown

LINES = {"jacket": LineWords("Trail jacket", 1), "socks": LineWords("Merino socks", 2)}


def both(minor: int) -> Sides:
    return Sides(minor, minor)


def units(ref: str, worth: int, *, settled: int, listed: int, tax: int, n: int = 1, payable: int | None = None) -> Row:
    paid = worth if payable is None else payable
    return Row(
        RowKind.UNITS, ref, both(paid), both(paid - tax), (Tax("DE VAT", both(tax)),), ((1, n),), both(worth),
        both(tax), both(worth - paid), both(listed), both(settled), reason=None if paid == worth else "already_paid",
    )  # fmt: skip


def a_plan(*rows: Row, fee: int = 0, **more: object) -> Plan:
    adjustments = (Row(RowKind.RESTOCKING_FEE, None, both(-fee), both(-fee), basis_points=None),) if fee else ()
    total = sum(row.payable.presentment for row in (*rows, *adjustments))
    tax = sum(t.amount.presentment for row in rows for t in row.taxes)
    legs = (
        PlannedLeg("gift", TenderKind.GIFT_CARD, "shop", 2_000),
        PlannedLeg("visa", TenderKind.CARD, "x", total - 2_000),
    )
    return Plan(
        "o-1", "EUR", "EUR", rows, adjustments, both(total), (Tax("DE VAT", both(tax)),), legs, 0, (), both(total), "h",
        **more,  # type: ignore[arg-type] # the fields of a plan
    )  # fmt: skip


def told(rows: list[MoneyRow]) -> list[tuple[str, str, int | None]]:
    return [(row.kind, str(row.label), row.amount.minor if row.amount else None) for row in rows]


def test_a_plan_is_told_from_the_price_to_the_payout() -> None:
    jacket = units("jacket", 11_610, settled=11_610, listed=12_900, tax=1_854)
    socks = units("socks", 1_260, settled=2_520, listed=2_800, tax=201)

    rows = money_rows(
        a_plan(jacket, socks, fee=390), reader=a_reader(), lines=LINES, legs={"visa": "to Visa ending 4242"}
    )

    assert told(rows) == [
        ("item", "Trail jacket", 12_900),
        ("less", "Discounts on it", -1_290),
        ("item", "Merino socks, 1 of 2", 1_260),
        ("sum", "Items, as you paid them", 12_870),
        ("less", "Return fee", -390),
        ("paid", "You get back", 12_480),
        ("to", "to the gift card you paid with", 2_000),
        ("to", "to Visa ending 4242", 10_480),
    ]
    assert rows[2].notes == ('Its share of <bdi dir="ltr">€25.20</bdi> paid for all of them',)
    assert rows[3].notes == ('Includes <bdi dir="ltr">€20.55</bdi> VAT',)
    assert all(row.why is None for row in rows)


def test_items_and_fees_sum_up_to_what_is_paid() -> None:
    jacket = units("jacket", 11_610, settled=11_610, listed=12_900, tax=1_854, payable=9_000)

    rows = money_rows(a_plan(jacket, fee=390), reader=a_reader("de"), lines=LINES)

    parts = [row.amount.minor for row in rows if row.kind in ("item", "less") and row.amount]
    (paid,) = [row.amount.minor for row in rows if row.kind == "paid" and row.amount]
    assert sum(parts) == paid == 8_610
    assert ("less", "Nicht erstattet", -2_610) in told(rows)
    assert rows[2].notes == ("Bereits erstattet",)


def test_one_item_alone_needs_no_subtotal() -> None:
    rows = money_rows(
        a_plan(units("jacket", 11_610, settled=11_610, listed=11_610, tax=1_854)), reader=a_reader(), lines=LINES
    )

    assert [row.kind for row in rows] == ["item", "paid", "to", "to"]
    assert rows[1].notes == ('Includes <bdi dir="ltr">€18.54</bdi> VAT',)


def test_staff_read_the_facts_behind_a_row() -> None:
    plan = a_plan(units("socks", 1_260, settled=2_520, listed=2_800, tax=201))

    rows = money_rows(plan, reader=a_reader(), lines=LINES, staff=True)

    assert str(rows[0].why) == (
        'Paid for the line: <bdi dir="ltr">€25.20</bdi>. Refunded before: <bdi dir="ltr">€0.00</bdi>.'
    )
    assert rows[1].label == "To pay out"


def test_money_without_a_way_back_and_fees_still_owed_are_named() -> None:
    plan = a_plan(units("jacket", 11_610, settled=11_610, listed=11_610, tax=0), billed=both(200))
    rows = money_rows(plan, reader=a_reader(), lines={})

    assert rows[0].label == "Returned items"
    assert told(rows)[-1] == ("to", "still owed to the shop", 200)


def test_what_is_paid_stands_beside_what_was_promised_and_differences_are_marked() -> None:
    whole = a_plan(units("jacket", 11_610, settled=11_610, listed=11_610, tax=1_854))
    less = a_plan(units("jacket", 11_610, settled=11_610, listed=11_610, tax=1_854), fee=390)
    reader = a_reader()

    rows = compared_rows(money_rows(whole, reader=reader, lines=LINES), money_rows(less, reader=reader, lines=LINES))

    marked = [
        (row.label, row.promised and row.promised.minor, row.amount and row.amount.minor) for row in rows if row.changed
    ]
    assert marked == [("Items, as you paid them", 0, 11_610), ("Return fee", 0, -390), ("You get back", 11_610, 11_220)]


def test_a_closed_sum_and_nothing_else_has_the_double_rule() -> None:
    rows = [MoneyRow("item", "Jacket", Money(100, "EUR")), MoneyRow("less", "Fee", Money(-10, "EUR")),
            MoneyRow("paid", "You get back", Money(90, "EUR"))]  # fmt: skip

    table = shown("{{ ui.money_table(rows, 'How it is calculated') }}", rows=rows)

    assert table.count('class="closed"') == 1
    assert '<span class="closed"><bdi dir="ltr">€0.90</bdi></span>' in table
    assert '<tr class="less"><th scope="row">Fee</th><td class="number"><bdi dir="ltr">−€0.10</bdi></td></tr>' in table
