"""The invoice of a fee: what it comes to, which part of it is paid, and what goes back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retour.core import fee
from retour.core.draft import FeeLine
from retour.core.money import NOTHING, Sides
from retour.core.policy import compile_policy, decide, template
from retour.core.policy.outcome import Fee, Fees
from retour.core.policy.outcome import FeePer as PolicyFeePer
from retour.core.refund import Beforehand, FeeKind, FeeTax, FeeTerm, LedgerFee, Waiver
from retour.core.rma import Decision
from retour.core.rma.fee import FeePart
from retour.core.settling import Bearing, Standing
from tests.core.builders import both
from tests.core.refund.charging import charged
from tests.core.rma import builders as b
from tests.core.test_settling import ORDER, after, knowing

NOW = datetime(2026, 4, 1, 12, 0, tzinfo=UTC)
REFUNDED, KEPT = Beforehand.REFUNDED, Beforehand.KEPT
RETURN = FeePart(FeeKind.RETURN, both(690), REFUNDED, 1_900)
LABEL = FeePart(FeeKind.LABEL, both(400), KEPT)


def test_the_approved_lines_of_a_return_say_what_is_due() -> None:
    fees = Fees(return_fee=Fee(fixed_minor=690, per=PolicyFeePer.RETURN, beforehand=KEPT))
    document = template()
    document = replace(document, currency="EUR", defaults=replace(document.defaults, fees=fees))
    policy = compile_policy(document, version="1")
    rulings = {ref: decide(policy, [replace(knowing(), line_ref=ref)]).lines[0] for ref in ("A", "B")}
    bearing = Bearing(ahead=())
    at = Standing(policy, rulings, after, bearing)  # type: ignore[arg-type]
    lines = b.a_line(1, line_ref="A"), b.a_line(2, line_ref="B")

    assert fee.due_beforehand(b.a_return(*lines), ORDER, at) == (FeePart(FeeKind.RETURN, both(690), KEPT),)
    none = [replace(line, decision=Decision.REJECTED) for line in lines]
    assert fee.due_beforehand(b.a_return(*none), ORDER, at) == ()
    waived = replace(at, bearing=replace(bearing, waivers=(Waiver(reason="ours"),)))
    assert fee.due_beforehand(b.a_return(*lines), ORDER, waived) == ()


def test_fees_of_one_kind_and_tax_are_one_part() -> None:
    term = FeeTerm(FeeKind.RETURN, fixed_minor=690, beforehand=KEPT)
    supply = replace(term, tax=FeeTax.SUPPLY, tax_bp=1_900)
    steps = (
        LedgerFee(term, ahead=both(100)), LedgerFee(term, ahead=both(50)), LedgerFee(term),
        LedgerFee(supply, ahead=both(7)), LedgerFee(replace(term, beforehand=None), ahead=both(3)),
    )  # fmt: skip

    assert fee.parts_of([replace(charged(), fees=steps)]) == (
        FeePart(FeeKind.RETURN, both(150), KEPT), FeePart(FeeKind.RETURN, both(7), KEPT, 1_900),
        FeePart(FeeKind.RETURN, both(3), REFUNDED),
    )  # fmt: skip


def test_lines_of_an_invoice_have_no_tax_in_them_where_it_comes_on_top() -> None:
    assert fee.tax_of(RETURN) == 110
    assert fee.lines_of((RETURN, LABEL), taxes_included=True) == (
        FeeLine("Fee for the return", 690, taxable=True), FeeLine("Fee for the return label", 400, taxable=False),
    )  # fmt: skip
    assert [line.price_minor for line in fee.lines_of((RETURN, LABEL), taxes_included=False)] == [580, 400]
    assert fee.TITLES.keys() == set(FeeKind)


@given(st.integers(1, 10**7), st.integers(0, 3_000))
def test_an_invoice_of_net_prices_is_agreed_with_whatever_the_platform_rounds(minor: int, rate: int) -> None:
    part = FeePart(FeeKind.RETURN, both(minor), REFUNDED, rate)
    (line,) = fee.lines_of((part,), taxes_included=False)
    tax = (line.price_minor * rate + 5_000) // 10_000

    assert fee.is_agreed((part,), line.price_minor + tax)


def test_another_total_than_a_rounding_is_not_agreed() -> None:
    parts = (RETURN, LABEL)

    assert [fee.is_agreed(parts, minor) for minor in (1_087, 1_088, 1_090, 1_092, 1_093)] == [
        False,
        True,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("collected", "paid"), [(0, []), (690, [690]), (700, [690, 10]), (1_087, [690, 397]), (1_088, [690, 400])]
)
def test_what_was_collected_pays_the_first_parts_first(collected: int, paid: list[int]) -> None:
    parts = fee.paid_of((RETURN, LABEL), collected)

    assert [part.amount.presentment for part in parts] == paid


@given(st.lists(st.integers(1, 5_000), max_size=3), st.integers(0, 20_000))
def test_no_more_is_paid_than_was_asked_for(amounts: list[int], collected: int) -> None:
    parts = tuple(FeePart(FeeKind.RETURN, Sides(n, 2 * n)) for n in amounts)
    paid = fee.total(fee.paid_of(parts, collected))

    assert paid.presentment <= sum(amounts)
    assert paid.presentment <= collected + len(parts)
    assert paid.shop == 2 * paid.presentment


def test_the_terms_say_what_goes_back_and_a_waiver_gives_back_all() -> None:
    assert fee.given_back((RETURN, LABEL), whole=False) == ((RETURN,), (LABEL,))
    assert fee.given_back((RETURN, LABEL), whole=True) == ((RETURN, LABEL), ())
    assert fee.total(()) == NOTHING


def test_a_fee_is_waived_if_each_of_its_parts_is() -> None:
    parts = (RETURN, LABEL)

    assert [fee.is_waived(parts, kinds) for kinds in ([None], [FeeKind.RETURN], [FeeKind.RETURN, FeeKind.LABEL], [])] == [
        True, False, True, False,
    ]  # fmt: skip


def test_reminders_come_before_the_end_and_after_the_last_one() -> None:
    ends = NOW + timedelta(days=7)

    assert fee.reminders(None, [2], since=NOW) == ()
    assert fee.reminders(ends, [7, 5, 2], since=NOW) == (NOW + timedelta(days=2), NOW + timedelta(days=5))
    poll = NOW + timedelta(minutes=5)
    assert fee.next_look(None, [], poll_at=poll) == poll
    assert fee.next_look(NOW, [ends], poll_at=poll) == NOW


def test_every_effect_of_an_invoice_is_known_by_its_reference() -> None:
    assert fee.business_ref("r", 2) == f"{fee.REF}r:2"
