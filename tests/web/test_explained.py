"""The money explained in words: every row adds up to what is paid, for shopper and staff alike."""

from dataclasses import replace

from retour.core.money import Money
from retour.core.order import Capture, DiscountShare, Order, TenderKind
from retour.core.refund import Plan, PlannedLeg, Row, RowKind
from retour.web.explained import compared, explained
from retour.web.parts import MoneyRow
from tests.core.builders import PLACED, a_line, a_tax, an_order, both
from tests.web.readers import a_reader, shown

CARD = Capture("visa", TenderKind.CARD, "stripe", 12_130, PLACED)
GIFT = Capture("gift", TenderKind.GIFT_CARD, "shop", 2_000, PLACED)


def the_order() -> Order:
    jacket = replace(
        a_line("jacket", gross=11_610, tax=1_854), title="Trail jacket", list_value=both(12_900),
        discounts=(DiscountShare("SPRING10", both(1_290)),),
    )  # fmt: skip
    socks = replace(a_line("socks", q=2, gross=2_520, tax=402), title="Merino socks")
    return an_order(jacket, socks, captures=(GIFT, CARD))


def units(order: Order, ref: str, n: int = 1, **more: object) -> Row:
    line = next(line for line in order.lines if line.ref == ref)
    worth = line.gross.presentment * n // line.quantity
    row = Row(
        RowKind.UNITS, ref, both(worth), both(worth), (a_tax(worth * 19 // 119),), ((1, n),), both(worth),
        settled=line.gross, listed=line.list_value,
    )  # fmt: skip
    return replace(row, **more)  # type: ignore[arg-type] # fields of a row


def a_plan(*rows: Row, fee: int = 0, **more: object) -> Plan:
    taken = (Row(RowKind.RESTOCKING_FEE, None, both(-fee), both(-fee)),) if fee else ()
    total = sum(row.payable.presentment for row in (*rows, *taken))
    tax = sum(t.amount.presentment for row in rows for t in row.taxes)
    legs = (
        PlannedLeg("gift", TenderKind.GIFT_CARD, "shop", 2_000),
        PlannedLeg("visa", TenderKind.CARD, "stripe", total - 2_000),
    )
    plan = Plan("O1", "EUR", "EUR", rows, taken, both(total), (a_tax(tax),), legs, 0, (), both(total), "hash")
    return replace(plan, **more)  # type: ignore[arg-type] # fields of a plan


def told(rows: tuple[MoneyRow, ...]) -> list[tuple[str, str, int | None]]:
    return [(row.kind, str(row.label), row.amount.minor if row.amount else None) for row in rows]


def test_a_plan_is_told_from_the_price_to_where_the_money_goes() -> None:
    order = the_order()
    plan = a_plan(units(order, "jacket"), units(order, "socks"), fee=390)

    rows = explained([plan], order, a_reader())

    assert told(rows) == [
        ("item", "Trail jacket", 12_900),
        ("less", "Its share of SPRING10", -1_290),
        ("item", "Merino socks, 1 of 2", 1_260),
        ("sum", "Items, as you paid them", 12_870),
        ("less", "Handling fee of the shop", -390),
        ("paid", "You get back", 12_480),
        ("to", "to the gift card you paid with", 2_000),
        ("to", "to your card", 10_480),
    ]
    assert all(row.why is None for row in rows)


def test_items_and_what_is_taken_off_add_up_to_what_is_paid_and_so_do_its_legs() -> None:
    order = the_order()
    held = units(order, "jacket", payable=both(9_000), withheld=both(2_610), reason="already_paid")

    rows = explained([a_plan(held, units(order, "socks", 2), fee=390)], order, a_reader("de"))

    amounts = {kind: [row.amount.minor for row in rows if row.kind == kind and row.amount] for kind in ("paid", "to")}
    parts = [row.amount.minor for row in rows if row.kind in ("item", "less") and row.amount]
    assert amounts["paid"] == [sum(parts)] == [sum(amounts["to"])] == [11_130]
    assert ("less", "Schon erstattet", -2_610) in told(rows)


def test_a_price_set_by_hand_is_not_called_already_paid() -> None:
    order = the_order()
    lowered = units(order, "jacket", payable=both(9_000), reason="worn at the sleeve")

    rows = explained([a_plan(lowered)], order, a_reader())

    assert ("less", "Not paid back", -2_610) in told(rows)


def test_staff_read_the_same_amounts_with_the_facts_behind_them_and_are_not_addressed_as_the_shopper() -> None:
    order = the_order()
    plan = a_plan(units(order, "jacket"), units(order, "socks"), fee=390)

    rows = explained([plan], order, a_reader(), staff=True)

    shoppers = explained([plan], order, a_reader())
    assert [row.amount for row in rows] == [row.amount for row in shoppers]
    assert [str(row.label) for row in rows[-3:]] == ["To pay out", "to the gift card", "to the card"]
    assert rows[0].why == "Paid for the line: €116.10. Paid back before: €0.00."
    assert [row.why is not None for row in rows] == [True, False, True, False, False, False, False, False]


def test_money_without_a_way_back_and_what_is_still_owed_are_named() -> None:
    order = the_order()
    plan = a_plan(units(order, "jacket"), legs=(), unallocated=11_610, billed=both(200))

    rows = explained([plan], order, a_reader())

    assert told(rows)[-2:] == [("to", "the shop will ask you how", 11_610), ("to", "still owed to the shop", 200)]


def test_what_is_paid_stands_beside_what_was_promised_and_differences_are_marked() -> None:
    order, reader = the_order(), a_reader()
    promised = explained([a_plan(units(order, "jacket"), units(order, "socks"))], order, reader)
    paid = explained([a_plan(units(order, "jacket"), fee=390)], order, reader)

    rows = compared(promised, paid)

    marked = [
        (row.label, row.promised and row.promised.minor, row.amount and row.amount.minor) for row in rows if row.changed
    ]
    assert marked == [
        ("Merino socks, 1 of 2", 1_260, 0),
        ("Items, as you paid them", 0, 11_610),
        ("Handling fee of the shop", 0, -390),
        ("You get back", 12_870, 11_220),
    ]
    assert [row.label for row in rows if row.kind == "to"] == ["to the gift card you paid with", "to your card"]


def test_a_closed_sum_and_nothing_else_has_the_double_rule() -> None:
    rows = [
        MoneyRow("item", "Jacket", Money(100, "EUR")),
        MoneyRow("less", "Fee", Money(-10, "EUR")),
        MoneyRow("paid", "You get back", Money(90, "EUR")),
    ]

    table = shown("{{ ui.money_table(rows, 'How it is calculated') }}", rows=rows)

    assert table.count('class="closed"') == 1
    assert '<span class="closed"><bdi dir="ltr">€0.90</bdi></span>' in table
    assert (
        '<tr class="less"><th scope="row">Fee</th><td class="number"><bdi dir="ltr">\N{MINUS SIGN}€0.10</bdi></td></tr>'
        in table
    )
