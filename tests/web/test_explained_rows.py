"""The money in words: every amount is one of the plan, and the rows above the double rule add up to it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from retour.core.money import NOTHING, Money, Sides
from retour.core.order import DiscountShare, Order, Tax, TenderKind
from retour.core.refund import (
    FeeTerm,
    Ledger,
    Plan,
    RefundRequest,
    RefundTerms,
    RequestedLine,
    Row,
    RowKind,
    Tender,
    UnitRange,
    quote,
)
from retour.web.explained import explained, keyed, marked
from retour.web.parts import MoneyRow
from retour.web.reader import Reader, Readers
from retour.web.texts import Texts
from tests.flows.order.shop import a_line, an_order

READERS = Readers(Texts.load())
NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


def reader(language: str = "en") -> Reader:
    return READERS.make(language, timezone="UTC", now=NOW)


def jacket_and_socks() -> Order:
    jacket = replace(
        a_line("jacket", quantity=1, gross=11_610), title="Trail jacket", list_value=Sides(12_900, 12_900),
        discounts=(DiscountShare("SPRING10", Sides(1_290, 1_290)),), taxes=(Tax("VAT", Sides(1_854, 1_854)),),
    )  # fmt: skip
    socks = replace(
        a_line("socks", quantity=2, gross=2_520), title="Merino socks", list_value=Sides(2_800, 2_800),
        discounts=(DiscountShare("SPRING10", Sides(280, 280)),), taxes=(Tax("VAT", Sides(402, 402)),),
    )  # fmt: skip
    total = Sides(14_130, 14_130)
    capture = an_order().captures[0]
    return an_order(lines=(jacket, socks), total=total, captures=(replace(capture, captured=14_130),))


def plan_of(order: Order, units: dict[str, int], *, fee: FeeTerm | None = None) -> Plan:
    tenders = tuple(Tender(c.ref, c.kind, c.gateway, c.captured, 0, 0, 0, c.captured_at) for c in order.captures)
    asked = RefundRequest(tuple(RequestedLine(ref, (UnitRange(1, n),)) for ref, n in units.items()))
    return quote(order, Ledger(tenders=tenders), asked, RefundTerms(fees=(fee,) if fee else ()))


def told(rows: tuple[MoneyRow, ...]) -> list[tuple[str, str, int]]:
    return [(row.kind, str(row.label), row.amount.minor if row.amount else 0) for row in rows]


def test_price_and_discount_lead_to_the_payout_to_the_cent() -> None:
    order = jacket_and_socks()

    rows = explained([plan_of(order, {"jacket": 1, "socks": 1})], order, reader())

    assert told(rows) == [
        ("item", "Trail jacket", 12_900),
        ("less", "Its share of SPRING10", -1_290),
        ("item", "Merino socks, 1 of 2", 1_260),
        ("paid", "You get back", 12_870),
        ("to", "to your card", 12_870),
    ]
    assert rows[2].notes == ("€25.20 paid for 2", "after its share of SPRING10")
    assert rows[3].notes == ("includes €20.55 tax",)


def test_a_fee_stands_below_a_subtotal() -> None:
    order = jacket_and_socks()

    rows = explained([plan_of(order, {"jacket": 1}, fee=FeeTerm(bp=1_000))], order, reader())

    assert told(rows)[2:5] == [
        ("sum", "Items, as you paid them", 11_610),
        ("less", "Handling fee of the shop", -1_161),
        ("paid", "You get back", 10_449),
    ]
    assert rows[3].notes == ("10%",)


@pytest.mark.parametrize("units", [{"jacket": 1}, {"socks": 1}, {"socks": 2}, {"jacket": 1, "socks": 2}])
@pytest.mark.parametrize("fee", [None, FeeTerm(bp=733)])
def test_the_rows_above_the_rule_add_up_and_the_legs_below_it_too(units: dict[str, int], fee: FeeTerm | None) -> None:
    order = jacket_and_socks()
    plan = plan_of(order, units, fee=fee)

    rows = explained([plan], order, reader())

    parts = sum(row.amount.minor for row in rows if row.kind in ("item", "less") and row.amount)
    legs = sum(row.amount.minor for row in rows if row.kind == "to" and row.amount)
    assert parts == legs == plan.total.presentment


def test_every_kind_of_row_has_words_in_every_language() -> None:
    order = jacket_and_socks()
    plan = plan_of(order, {"jacket": 1})
    amount = Sides(100, 100)
    extra = tuple(Row(kind, "jacket", amount, amount) for kind in RowKind if kind is not RowKind.UNITS)
    legs = tuple(replace(plan.legs[0], kind=kind, amount_minor=1) for kind in TenderKind)
    whole = replace(
        plan, rows=(*plan.rows, *extra, Row(RowKind.UNITS, "gone", amount, amount)), legs=legs, unallocated=5
    )

    for language in ("en", "de", "ar"):
        rows = explained([whole], order, reader(language))
        assert all(row.label for row in rows)
        assert len({row.label for row in rows if row.kind == "to"}) == 5
    assert Sides(0, 0) == NOTHING


def test_only_what_changed_is_marked() -> None:
    order = jacket_and_socks()
    before = explained([plan_of(order, {"jacket": 1, "socks": 1})], order, reader())
    after = explained([plan_of(order, {"jacket": 1, "socks": 2})], order, reader())

    marks = [(str(row.label), row.changed) for row in marked(keyed(before), after)]

    assert marks[:2] == [("Trail jacket", False), ("Its share of SPRING10", False)]
    assert dict(marks)["You get back"] is True
    assert all(not row.changed for row in marked(keyed(before), before))


def test_a_title_of_another_direction_is_kept_apart() -> None:
    order = jacket_and_socks()

    rows = explained([plan_of(order, {"socks": 1})], order, reader("ar"))

    assert str(rows[0].label) == "\u2068Merino socks\u2069، 1 من 2"
    assert rows[0].amount == Money(1_260, "EUR")
