"""What has to be taken back of a line that was carried out and is rejected in the end."""

from dataclasses import replace

import pytest

from retour.core.effect import EffectKind, EffectState, Restock
from retour.core.rma import Decision, SettlementState, next_steps
from retour.core.rma.reversal import owed_back, stock_to_redo, stock_to_undo
from retour.core.rma.state import EffectView
from tests.core.rma import builders as b

D, K, S = Decision, EffectKind, SettlementState
RESTOCKS = b.a_store(capable_of=b.PLATFORM | {K.RESTOCK})
DONE = b.a_line(1, 1, decision=D.REJECTED, inspected=1, verdicts={"restocked": True})


@pytest.mark.parametrize("state", [S.SETTLED, S.SENDING, S.PENDING, S.UNKNOWN, S.HANDED_OVER, S.DUE])
def test_what_is_out_or_may_be_is_owed_back(state: SettlementState) -> None:
    ret = b.an_inspected_return(DONE, settlements=(b.a_settlement(state=state),))

    (owed,) = owed_back(ret, ret.lines)

    assert (owed.settlement.id, owed.line_refs, owed.by_payer) == (b.uid(701), ("L1",), False)


@pytest.mark.parametrize("state", [S.QUOTED, S.FAILED, S.REVERSED])
def test_what_never_left_is_not(state: SettlementState) -> None:
    ret = b.an_inspected_return(DONE, settlements=(b.a_settlement(state=state),))

    assert owed_back(ret, ret.lines) == ()


def test_whoever_issued_it_takes_it_back_and_early_money_counts_by_its_units() -> None:
    early = b.a_settlement(2, S.SETTLED, units=(("L1", 1, 1),), handed_to="merchant")
    other = b.a_settlement(3, S.SETTLED, units=(("L2", 1, 1),))
    ret = b.an_inspected_return(DONE, settlements=(early, other))

    assert [(o.settlement.id, o.by_payer) for o in owed_back(ret, ret.lines)] == [(early.id, True)]


def test_of_an_order_line_in_two_lines_either_is_owed_back() -> None:
    lost = replace(DONE, id=b.uid(99), inspections=(), lost_at=b.NOW)
    ret = b.an_inspected_return(DONE, lost, settlements=(b.a_settlement(state=S.SETTLED),))

    assert [o.settlement.id for o in owed_back(ret, ret.lines)] == [b.uid(701)]


def test_what_was_paid_for_lost_units_is_not_owed_for_the_others_of_their_order_line() -> None:
    lost = replace(DONE, id=b.uid(99), inspections=(), claimed=((2, 2),), lost_at=b.NOW)
    mine = b.a_settlement(2, S.SETTLED, units=(("L1", 1, 1),))
    theirs = b.a_settlement(3, S.SETTLED, units=(("L1", 2, 2),))
    ret = b.an_inspected_return(DONE, lost, settlements=(mine, theirs))

    assert [o.settlement.id for o in owed_back(ret, [DONE])] == [mine.id]
    assert [o.settlement.id for o in owed_back(ret, [lost])] == [theirs.id]


def test_a_restock_of_a_rejected_line_is_taken_out_again_once() -> None:
    ret = b.an_inspected_return(DONE, b.a_line(2, 1, inspected=1, verdicts={"restocked": True}))
    (inspection,) = DONE.inspections
    order = b.an_order()

    ((found, due),) = stock_to_undo(ret, order, RESTOCKS)

    assert found == inspection
    assert due is not None
    assert (due.kind, due.business_ref) == (K.RESTOCK, f"unrestock:{inspection.id}")
    assert due.target == Restock("L1/inv", "store/loc", -1)
    assert due in next_steps(ret, order, RESTOCKS).effects
    planned = b.an_effect(K.RESTOCK, due.business_ref, EffectState.INTENT)
    assert list(stock_to_undo(replace(ret, effects=(planned,)), order, RESTOCKS)) == []


@pytest.mark.parametrize(
    ("store", "tracked"),
    [
        (b.a_store(), True),
        (replace(RESTOCKS, restocks="warehouse"), True),
        (RESTOCKS, False),
        (replace(RESTOCKS, location_ref=None), True),
    ],
)
def test_where_nobody_but_a_person_can_there_is_no_adjustment(store: object, tracked: bool) -> None:
    order = b.an_order(tracked=tracked)
    if store == replace(RESTOCKS, location_ref=None):  # and nobody knows whence it was sent
        order = replace(order, fulfilments=())
    ret = b.an_inspected_return(DONE)

    assert [due for _, due in stock_to_undo(ret, order, store)] == [None]  # type: ignore[arg-type]


def test_what_never_went_back_into_stock_stays_out_of_it() -> None:
    ret = b.an_inspected_return(b.a_line(1, 1, decision=D.REJECTED, inspected=1))

    assert list(stock_to_undo(ret, b.an_order(), RESTOCKS)) == []


def test_what_was_taken_out_is_put_back_once_the_line_is_approved_and_taken_out_again_if_it_is_rejected() -> None:
    order, (inspection,) = b.an_order(), DONE.inspections
    approved, ret = replace(DONE, decision=D.APPROVED), b.an_inspected_return(DONE)
    names = [f"unrestock:{inspection.id}", f"restock_again:{inspection.id}"]
    names += [f"{name}:2" for name in names]
    effects: tuple[EffectView, ...] = ()
    for n, name in enumerate(names):
        rejected = n % 2 == 0
        ret = replace(ret, lines=(DONE if rejected else approved,), effects=effects)
        dues = [due for _, due in stock_to_undo(ret, order, RESTOCKS) if due] + list(
            stock_to_redo(ret, order, RESTOCKS)
        )
        assert [(due.business_ref, due.target) for due in dues] == [
            (name, Restock("L1/inv", "store/loc", -1 if rejected else 1))
        ]
        assert dues[0] in next_steps(ret, order, RESTOCKS).effects
        effects = (*effects, b.an_effect(K.RESTOCK, name))
        ret = replace(ret, effects=effects)
        assert [due for _, due in stock_to_undo(ret, order, RESTOCKS)] + list(stock_to_redo(ret, order, RESTOCKS)) == []


@pytest.mark.parametrize("state", [EffectState.FAILED, EffectState.CANCELLED])
def test_what_could_not_be_taken_out_is_not_put_back(state: EffectState) -> None:
    (inspection,) = DONE.inspections
    out = b.an_effect(K.RESTOCK, f"unrestock:{inspection.id}", state)
    ret = b.an_inspected_return(replace(DONE, decision=D.APPROVED), effects=(out,))

    assert list(stock_to_redo(ret, b.an_order(), RESTOCKS)) == []


def test_where_nobody_but_a_person_can_nothing_is_put_back_by_us() -> None:
    (inspection,) = DONE.inspections
    out = b.an_effect(K.RESTOCK, f"unrestock:{inspection.id}")
    ret = b.an_inspected_return(replace(DONE, decision=D.APPROVED), effects=(out,))

    assert list(stock_to_redo(ret, b.an_order(), b.a_store())) == []
