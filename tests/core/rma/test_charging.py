"""A fee that is paid beforehand, as the return sees it: whom it waits for, what it wants, and that nothing goes on."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from retour.core.label import unlabelled
from retour.core.money import Sides
from retour.core.refund import Ahead, FeeKind
from retour.core.rma import NO_STEPS, Decision, FeeWish, Return, awaits_fee, blocked_by, deadline, fee_wish, next_steps
from retour.core.rma.charging import is_lapsed
from retour.core.rma.deadline import Because, Turn, next_turn, sends_by, turn_due
from retour.core.rma.fee import FeeBack, FeePart, FeeState, FeeView, paid_ahead
from retour.core.rma.merging import merge_objection
from retour.core.rma.state import Patience, Question
from tests.core.rma import builders as b

S = FeeState
SINCE = b.DECIDED_AT + timedelta(hours=1)
PART = FeePart(FeeKind.RETURN, Sides(690, 690))
AWAITED = (S.DUE, S.DRAFTING, S.INVOICING, S.UNPAID, S.STUCK, S.DROPPING, S.LAPSED)


def a_fee(state: FeeState = S.UNPAID, **more: Any) -> FeeView:
    return FeeView(state, SINCE, **{"parts": (PART,), **more})


def charged(fee: FeeView | None, decision: Decision = Decision.APPROVED, **more: Any) -> Return:
    line = b.a_line(decision=decision)
    return b.a_return(line, fee=fee, **more)


@pytest.mark.parametrize("state", FeeState)
def test_an_approved_return_goes_on_unless_its_fee_is_awaited(state: FeeState) -> None:
    ret, awaited = charged(a_fee(state)), state in AWAITED

    assert awaits_fee(ret) is awaited
    assert (next_steps(ret, b.an_order(), b.a_store()) == NO_STEPS) is awaited
    assert not awaits_fee(charged(a_fee(state), Decision.REQUESTED))
    assert not awaits_fee(charged(None))


def test_freed_by_a_person_it_is_not_awaited_while_its_invoice_is_withdrawn() -> None:
    for back, awaited in ((None, True), *((back, back not in (FeeBack.FREE, FeeBack.WITHHELD)) for back in FeeBack)):
        assert a_fee(S.DROPPING, back=back).is_awaited is awaited


def test_no_label_is_made_before_the_fee_is_paid() -> None:
    ret = charged(a_fee())
    ret = replace(ret, lines=tuple(replace(line, method="label") for line in ret.lines))

    assert unlabelled(ret) == ()
    assert len(unlabelled(replace(ret, fee=a_fee(S.PAID)))) == 1


def test_it_says_whom_it_waits_for() -> None:
    def waits(fee: FeeView, **more: Any) -> tuple[str, str, dict[str, object]]:
        found = blocked_by(charged(fee, **more), b.a_store(), NO_STEPS, now=b.NOW)
        assert found is not None
        return found.actor, found.code, dict(found.evidence)

    until = b.NOW + timedelta(days=3)
    assert waits(a_fee()) == ("shopper", "fee_unpaid", {"amount_minor": "690"})
    assert waits(a_fee(expires_at=until))[2] == {"amount_minor": "690", "pay_by": until.isoformat()}
    assert waits(a_fee(S.STUCK, problem="draft_gone")) == ("agent", "fee_stuck", {"problem": "draft_gone"})
    assert waits(a_fee(S.DRAFTING))[:2] == ("retour", "work_in_progress")
    assert waits(a_fee(S.PAID))[:2] == ("shopper", "awaiting_shipment")
    assert waits(a_fee(), held=True)[:2] == ("agent", "held")


def test_what_lies_at_the_dock_is_inspected_first() -> None:
    ret = b.a_return(b.a_line(received=1), fee=a_fee())

    found = blocked_by(ret, b.a_store(), NO_STEPS, now=b.NOW)

    assert found is not None
    assert found.code == "awaiting_inspection"


def test_a_closed_return_says_that_its_fee_could_not_be_given_back() -> None:
    for state, code in ((S.UNREFUNDED, "fee_stuck"), (S.REFUNDED, None), (S.STUCK, None)):
        found = blocked_by(charged(a_fee(state), Decision.CANCELLED), b.a_store(), NO_STEPS, now=b.NOW)
        assert (found.code if found else None) == code
    assert blocked_by(charged(None, Decision.CANCELLED), b.a_store(), NO_STEPS, now=b.NOW) is None


OPEN_WISHES = {
    S.DUE: FeeWish.BEGIN, S.ENDED: FeeWish.BEGIN, S.REFUNDED: FeeWish.BEGIN, S.KEPT: FeeWish.RESTORE,
    S.UNREFUNDED: FeeWish.RESTORE,
}  # fmt: skip
CLOSED_WISHES = dict.fromkeys(
    (S.DUE, S.DRAFTING, S.INVOICING, S.UNPAID, S.STUCK, S.DROPPING), FeeWish.END
) | {S.PAID: FeeWish.GIVE_BACK}  # fmt: skip


@pytest.mark.parametrize("state", FeeState)
def test_what_a_return_wants_of_its_fee_in_every_state(state: FeeState) -> None:
    fee = a_fee(state)

    assert fee_wish(charged(fee)) == OPEN_WISHES.get(state)
    for closed in (Decision.CANCELLED, Decision.REJECTED, Decision.EXPIRED):
        assert fee_wish(charged(fee, closed)) == CLOSED_WISHES.get(state)
    assert fee_wish(charged(fee, Decision.RESOLVED)) is None


def test_it_wants_nothing_twice_and_nothing_while_somebody_decides() -> None:
    due = replace(a_fee(S.DUE), due_at=b.NOW)
    asked = Question(b.uid(9), b.NOW)

    assert fee_wish(charged(None)) is None
    assert fee_wish(charged(due)) is None
    assert fee_wish(charged(a_fee(S.DUE), Decision.REQUESTED)) is None
    assert fee_wish(charged(a_fee(S.DUE), held=True)) is None
    assert fee_wish(charged(a_fee(S.DUE), asked=asked)) is None
    assert fee_wish(charged(a_fee(S.KEPT, back=FeeBack.FREE))) is None
    assert fee_wish(charged(replace(a_fee(S.PAID), due_at=b.NOW), Decision.CANCELLED)) is None
    for back in (FeeBack.ENDED, FeeBack.FREE):
        assert fee_wish(charged(a_fee(S.DROPPING, back=back), Decision.CANCELLED)) is None
    both = b.a_return(b.a_line(1), b.a_line(2, decision=Decision.REQUESTED), fee=a_fee(S.DUE))
    assert fee_wish(both) is None


def test_what_was_not_paid_in_time_expires_and_what_is_approved_anew_has_another_try() -> None:
    lapsed = charged(a_fee(S.LAPSED))
    anew = replace(lapsed, lines=tuple(replace(ln, decided_at=SINCE + timedelta(hours=1)) for ln in lapsed.lines))

    found = deadline(lapsed)
    assert found is not None
    assert (found.because, found.at) == (Because.NOT_PAID, SINCE)
    assert turn_due(lapsed, now=b.NOW) is Turn.EXPIRE
    assert next_turn(lapsed) == SINCE
    assert (is_lapsed(lapsed), is_lapsed(anew), is_lapsed(charged(a_fee()))) == (True, False, False)
    assert deadline(anew) is None
    assert fee_wish(anew) is FeeWish.RENEW
    assert deadline(charged(a_fee(S.LAPSED), in_transit_at=b.NOW)) is None


def test_the_time_to_send_the_parcel_begins_once_the_fee_is_paid() -> None:
    patience = Patience(unsent_days=14)

    assert sends_by(charged(a_fee(), patience=patience)) is None
    assert sends_by(charged(a_fee(S.PAID), patience=patience)) == SINCE + timedelta(days=14)
    assert deadline(charged(a_fee(), patience=patience, send_by=b.NOW)) is None


@pytest.mark.parametrize("state", FeeState)
def test_a_return_whose_fee_is_invoiced_or_paid_is_not_merged(state: FeeState) -> None:
    source, target = charged(a_fee(state), Decision.REQUESTED), replace(charged(None), id=b.uid(2))
    found = merge_objection(source, target)

    assert (found.code if found else None) == (None if state in (S.DUE, S.FREE) else "merge_has_money")


def test_what_counts_as_paid_when_money_is_quoted() -> None:
    known = (Ahead(FeeKind.RETURN, Sides(690, 690)),)

    assert paid_ahead(None) == ()
    for state in FeeState:
        wanted = None if state in AWAITED else known if state in (S.PAID, S.KEPT) else ()
        assert paid_ahead(a_fee(state)) == wanted


def test_no_money_goes_out_while_a_fee_that_the_refund_bears_may_have_been_paid() -> None:
    assert a_fee(S.UNPAID, back=FeeBack.WITHHELD).is_unsure
    assert not a_fee(S.WITHHELD).is_unsure
    assert not a_fee(S.UNPAID, back=FeeBack.FREE).is_unsure
