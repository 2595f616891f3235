"""Promised and paid: both kept, and the reasons between them add up."""

from dataclasses import replace

from retour.core.money import NOTHING, Sides
from retour.core.promise import kept
from retour.core.refund import Plan, RefundRequest, RefundTerms, RequestedLine, UnitRange, quote
from retour.core.rma import Decision, Return, ReturnLine
from tests.core.builders import a_ledger, a_line, an_order
from tests.core.rma import builders as b

ORDER = an_order(a_line("L1", q=3, gross=1_000))


def a_plan(*units: UnitRange) -> Plan:
    return quote(ORDER, a_ledger(ORDER), RefundRequest((RequestedLine("L1", units),)), RefundTerms())


PROMISED = a_plan(UnitRange(1, 3))


def a_return(line: ReturnLine) -> Return:
    return b.a_return(line)


def told(ret: Return, *paid: Plan) -> list[tuple[str, int, int | None]]:
    found = kept(ret, [PROMISED], paid)
    assert sum((part.amount for part in found.parts), NOTHING) == found.paid - found.promised
    return [(part.code, part.amount.presentment, part.units) for part in found.parts]


def test_a_promise_that_is_kept_has_nothing_to_explain() -> None:
    ret = a_return(b.a_line(units=3, decision=Decision.RESOLVED))

    assert told(ret, PROMISED) == []
    assert kept(ret, [PROMISED], [PROMISED]).is_over


def test_units_on_their_way_are_outstanding_until_the_return_is_over() -> None:
    line = b.a_line(units=3, received=2)

    assert told(a_return(line), a_plan(UnitRange(1, 2))) == [("unit_outstanding", -333, 1)]
    over = replace(line, decision=Decision.RESOLVED)
    assert told(a_return(over), a_plan(UnitRange(1, 2))) == [("unit_missing", -333, 1)]


def test_units_that_were_refused_are_told_as_such_also_where_nothing_is_paid() -> None:
    refused = b.an_inspection(1, (3, 3), accepted=False)
    ret = a_return(b.a_line(units=3, decision=Decision.RESOLVED, inspections=(refused,)))

    assert told(ret, a_plan(UnitRange(1, 2))) == [("unit_rejected", -333, 1)]
    assert told(ret) == [("unit_rejected", -333, 1), ("unit_missing", -667, 2)]


def test_a_deduction_is_told_by_its_amount() -> None:
    ret = a_return(b.a_line(units=3, decision=Decision.RESOLVED))

    found = kept(ret, [PROMISED], [a_plan(UnitRange(1, 1, deduction_bp=5_000), UnitRange(2, 3))])

    assert [(part.code, part.amount.presentment) for part in found.parts] == [("grade_deduction", -167)]
    assert (found.promised, found.paid) == (Sides(1_000, 1_000), Sides(833, 833))


def test_a_bonus_belongs_to_what_was_promised_and_to_what_is_paid() -> None:
    ret = a_return(b.a_line(units=3, decision=Decision.RESOLVED))
    more = replace(PROMISED, bonus=80, bonus_shop=80)

    assert kept(ret, [more], [PROMISED]).promised == Sides(1_080, 1_080)
    assert [(part.code, part.amount) for part in kept(ret, [more], [PROMISED]).parts] == [("bonus", Sides(-80, -80))]
    assert kept(ret, [more], [more]).parts == ()
