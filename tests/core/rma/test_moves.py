"""Every pair of a decision and a move, and the status that follows from the lines."""

from itertools import chain, combinations, product

import pytest

from retour.core.errors import Refused
from retour.core.rma import Decision, decide_line, derive_status
from retour.core.rma.moves import FREEING, MOVES, OPEN, UNDECIDED

D = Decision
ALLOWED = {
    (D.REQUESTED, D.IN_REVIEW),
    (D.REQUESTED, D.APPROVED),
    (D.REQUESTED, D.REJECTED),
    (D.REQUESTED, D.CANCELLED),
    (D.REQUESTED, D.EXPIRED),
    (D.IN_REVIEW, D.APPROVED),
    (D.IN_REVIEW, D.REJECTED),
    (D.IN_REVIEW, D.CANCELLED),
    (D.IN_REVIEW, D.EXPIRED),
    (D.IN_REVIEW, D.REQUESTED),
    (D.APPROVED, D.REQUESTED),
    (D.APPROVED, D.RESOLVED),
    (D.APPROVED, D.CANCELLED),
    (D.APPROVED, D.EXPIRED),
    (D.REJECTED, D.REOPENED),
    (D.EXPIRED, D.REOPENED),
    (D.RESOLVED, D.REOPENED),
    (D.REOPENED, D.APPROVED),
    (D.REOPENED, D.REJECTED),
    (D.REOPENED, D.CANCELLED),
    (D.REOPENED, D.EXPIRED),
}
MOST_OPEN_FIRST = (
    D.REOPENED, D.REQUESTED, D.IN_REVIEW, D.APPROVED, D.RESOLVED, D.REJECTED, D.EXPIRED, D.CANCELLED,
)  # fmt: skip
SUBSETS = list(chain.from_iterable(combinations(D, n) for n in range(1, 1 + len(D))))


@pytest.mark.parametrize(("current", "to"), list(product(D, D)))
def test_a_line_makes_the_moves_of_the_table_and_no_other(current: Decision, to: Decision) -> None:
    if (current, to) in ALLOWED:
        assert to is decide_line(current, to)
        return

    with pytest.raises(Refused) as refusal:
        decide_line(current, to)

    assert ("already_decided" if current is to else "move_not_allowed") == refusal.value.code
    assert {"decision": current.value} == refusal.value.facts
    assert refusal.value.status == 409


def test_every_decision_has_its_row_of_moves() -> None:
    assert set(D) == set(MOVES)


def test_a_cancelled_line_never_moves_again() -> None:
    assert frozenset() == MOVES[D.CANCELLED]


def test_a_decision_that_frees_the_units_is_not_open() -> None:
    assert not FREEING & OPEN
    assert OPEN - {D.APPROVED} == UNDECIDED


@pytest.mark.parametrize("decisions", SUBSETS, ids="+".join)
def test_the_status_is_the_most_open_decision_among_the_lines(decisions: tuple[Decision, ...]) -> None:
    expected = min(decisions, key=MOST_OPEN_FIRST.index)

    assert expected is derive_status(decisions)
    assert expected is derive_status(reversed(decisions + decisions))
    assert (expected in OPEN) == any(decision in OPEN for decision in decisions)


def test_a_return_without_lines_has_no_status() -> None:
    with pytest.raises(StopIteration):
        derive_status(())
