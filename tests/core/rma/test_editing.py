"""What a change makes of each line of a return, and when it is too late for one."""

from dataclasses import replace

import pytest

from retour.core.effect import EffectState
from retour.core.errors import Refused
from retour.core.rma import Decision, Return, SettlementState
from retour.core.rma.editing import Wanted, check_edit, edit_of
from retour.core.rma.shopper import shopper_may_edit
from retour.core.rma.state import join_spans
from tests.core.rma import builders as b

D, S, E = Decision, SettlementState, EffectState
ONE = b.a_line(1, 2, decision=D.REQUESTED)
TWO = b.a_line(2, 1, decision=D.APPROVED)


def wanted(n: int = 1, quantity: int = 2, **different: object) -> Wanted:
    """Return a wish that says what line n says already, with another quantity or more."""
    same = Wanted(f"L{n}", quantity, "too_small", resolution="refund")
    return replace(same, **different)  # type: ignore[arg-type]


def test_a_wish_continues_the_open_line_of_its_order_line() -> None:
    gone = b.a_line(3, 0, decision=D.REJECTED)
    ret = b.a_return(gone, ONE, TWO)

    edit = edit_of(ret, [wanted(1), wanted(3, 1)])

    assert [(c.index, c.line and c.line.id, c.is_same) for c in edit.changes] == [(0, ONE.id, True), (1, None, False)]
    assert (edit.removed, edit.grows) == ((TWO,), True)


@pytest.mark.parametrize(
    ("wish", "is_same", "grows"),
    [
        (wanted(), True, False),
        (wanted(quantity=1), False, False),
        (wanted(quantity=3), False, True),
        (wanted(reason="damaged"), False, False),
        (wanted(note="torn"), False, False),
        (wanted(resolution="exchange"), False, False),
        (wanted(resolution_ref="r1"), False, False),
        (wanted(answers={"q": "a"}), False, False),
    ],
)
def test_anything_that_differs_is_a_change(wish: Wanted, is_same: bool, grows: bool) -> None:
    edit = edit_of(b.a_return(ONE), [wish])

    assert ([c.is_same for c in edit.changes], edit.grows) == ([is_same], grows)


def test_a_record_that_is_not_named_stays_the_one_that_was_chosen() -> None:
    chosen = replace(ONE, resolution_ref="r1")

    assert edit_of(b.a_return(chosen), [wanted()]).changes[0].is_same


@pytest.mark.parametrize(
    ("ret", "wishes", "code"),
    [
        (b.a_return(ONE), [wanted()], "nothing_changed"),
        (b.a_return(ONE, settlements=(b.a_settlement(state=S.SETTLED),)), [wanted(quantity=1)], "already_paid"),
        (b.a_return(ONE, settlements=(b.a_settlement(state=S.DUE),)), [wanted(quantity=1)], "already_paid"),
        (b.a_return(ONE, effects=(b.opened("L1/1"),)), [wanted(quantity=3)], "opened_on_platform"),
        (b.a_return(ONE, effects=(b.opened("L1/1", state=E.SENDING),)), [wanted(quantity=3)], "opened_on_platform"),
        (b.a_return(ONE, effects=(b.opened("L1/1", state=E.FAILED),)), [wanted(quantity=3)], None),
        (b.a_return(ONE, effects=(b.opened("L1/1"),)), [wanted(quantity=1)], None),
        (b.a_return(ONE, settlements=(b.a_settlement(),)), [wanted(quantity=3)], None),
        (b.a_return(ONE, TWO), [wanted()], None),
    ],
)
def test_money_and_the_platform_end_the_time_for_changes(ret: Return, wishes: list[Wanted], code: str | None) -> None:
    edit = edit_of(ret, wishes)
    if code is None:
        check_edit(ret, edit)
        return
    with pytest.raises(Refused) as no:
        check_edit(ret, edit)
    assert no.value.code == code


@pytest.mark.parametrize(
    ("ret", "may"),
    [
        (b.a_return(ONE), True),
        (b.a_return(), True),
        (b.a_return(ONE, held=True), False),
        (b.a_return(in_transit_at=b.SCANNED_AT), False),
        (b.a_return(b.a_line(decision=D.REJECTED)), False),
        (b.a_return(settlements=(b.a_settlement(state=S.REVERSED),)), True),
        (b.a_return(settlements=(b.a_settlement(state=S.PENDING),)), False),
    ],
)
def test_a_shopper_changes_what_is_neither_sent_nor_paid_nor_held(ret: Return, may: bool) -> None:
    assert shopper_may_edit(ret) is may


def test_spans_are_joined_where_they_touch() -> None:
    assert join_spans(((1, 2), (6, 6)), ((3, 4),)) == ((1, 4), (6, 6))
