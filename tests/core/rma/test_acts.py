"""The table of acts and stages: complete, without a dead stage, every stage with a way to an end; and the stage itself."""

from collections.abc import Iterable

import pytest

from retour.core.errors import Refused
from retour.core.rma import Act, Decision, Question, Return, Stage, allow, stage_of
from retour.core.rma.acts import BY_ITSELF, CLOSED, NOTHING_DUE, TABLE
from retour.core.rma.moves import MOVES, OPEN
from tests.core.rma import builders as b

D, S = Decision, Stage
# What the world does beside the acts: a carrier scans, a part arrives, a restock or a payment is confirmed.
WORLD = {
    S.APPROVED: {S.IN_TRANSIT, S.PARTLY_RECEIVED},
    S.IN_TRANSIT: {S.PARTLY_RECEIVED},
    S.REQUESTED: {S.IN_REVIEW},  # a platform may say so of a return it masters
}
ASKED = Question(b.uid(9), b.REQUESTED_AT)


def leads_to(stage: Stage) -> set[Stage]:
    """Return the stages that one act, or the world, brings a return to."""
    acts = {row[stage] for row in TABLE.values()}
    return {one for one in acts if isinstance(one, Stage)} | WORLD.get(stage, set())


def reachable(start: Iterable[Stage]) -> set[Stage]:
    """Return the stages that any number of acts brings a return to."""
    seen, waiting = set[Stage](), list(start)
    while waiting:
        stage = waiting.pop()
        if stage not in seen:
            seen.add(stage)
            waiting += leads_to(stage)
    return seen


def test_every_act_has_a_word_for_every_stage() -> None:
    assert {act: set(row) for act, row in TABLE.items()} == {act: set(Stage) for act in Act}


def test_every_stage_can_be_reached_from_a_request() -> None:
    assert reachable([S.REQUESTED]) == set(Stage)


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage not in CLOSED])
def test_no_stage_is_dead_every_open_one_has_a_way_to_an_end(stage: Stage) -> None:
    assert reachable([stage]) & set(CLOSED)


@pytest.mark.parametrize("stage", Stage)
def test_what_happens_by_itself_refuses_nothing(stage: Stage) -> None:
    for act in BY_ITSELF:
        assert isinstance(TABLE[act][stage], Stage) or TABLE[act][stage] == NOTHING_DUE


@pytest.mark.parametrize("decision", Decision)
def test_every_decision_of_a_line_has_a_way_to_an_end(decision: Decision) -> None:
    seen, waiting = set[Decision](), [decision]
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            waiting += MOVES[one]

    assert seen - OPEN


def test_every_decision_of_a_line_can_be_reached_from_a_request() -> None:
    assert set(D) == {D.REQUESTED}.union(*MOVES.values())


@pytest.mark.parametrize(
    ("ret", "stage"),
    [
        (b.a_return(b.a_line(decision=D.REQUESTED)), S.REQUESTED),
        (b.a_return(b.a_line(decision=D.REQUESTED), asked=ASKED), S.ASKED),
        (b.a_return(b.a_line(decision=D.IN_REVIEW)), S.IN_REVIEW),
        (b.a_return(b.a_line(), b.a_line(2, decision=D.REQUESTED)), S.REQUESTED),
        (b.a_return(b.a_line(decision=D.REOPENED)), S.REOPENED),
        (b.a_return(), S.APPROVED),
        (b.a_return(b.a_line(resolution="keep_item")), S.APPROVED),
        (b.a_return(in_transit_at=b.SCANNED_AT), S.IN_TRANSIT),
        (b.a_return(delivered_at=b.DELIVERED_AT), S.IN_TRANSIT),
        (b.a_return(b.a_line(1, 2, received=1)), S.PARTLY_RECEIVED),
        (b.a_return(b.a_line(1, 2, received=2, inspected=1)), S.RECEIVED),
        (b.a_return(b.a_line(1, 2, inspected=2)), S.INSPECTED),
        (b.a_return(b.a_line(1, 1, inspected=1), b.a_line(2, 0, decision=D.REJECTED)), S.INSPECTED),
        (b.a_return(b.a_line(decision=D.REJECTED)), S.REJECTED),
        (b.a_return(b.a_line(decision=D.CANCELLED)), S.CANCELLED),
        (b.a_return(b.a_line(decision=D.EXPIRED)), S.EXPIRED),
        (b.a_return(b.a_line(decision=D.RESOLVED)), S.RESOLVED),
    ],
)
def test_the_stage_is_read_from_decision_and_goods(ret: Return, stage: Stage) -> None:
    assert stage_of(ret) is stage


def test_an_act_that_fits_leads_on() -> None:
    assert allow(Act.APPROVE, b.a_return(b.a_line(decision=D.REQUESTED)), version=1) is S.APPROVED


@pytest.mark.parametrize(
    ("act", "ret", "code", "said"),
    [
        (Act.APPROVE, b.a_return(), "already_decided", "the return is already approved"),
        (Act.ANSWER, b.a_return(), "nothing_asked", "nobody asked the shopper anything, or it was answered"),
    ],
)
def test_an_act_that_does_not_fit_is_refused_with_what_the_return_is(
    act: Act, ret: Return, code: str, said: str
) -> None:
    with pytest.raises(Refused) as refused:
        allow(act, ret, version=7)

    no = refused.value
    assert (no.code, no.message, no.facts, no.status) == (code, said, {"status": "approved", "version": 7}, 409)
