"""Quantities are sums over spans of units: counting, taking away, taking the lowest, joining."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from retour.core.effect import EffectKind, EffectState
from retour.core.rma import Span, count, lowest, minus
from retour.core.rma.due import fulfilled_spans
from retour.core.rma.state import join
from tests.core.rma.builders import EXAMPLES, a_line, a_return, an_effect, an_inspection, an_order

UNITS = st.frozensets(st.integers(1, 12))


def units(spans: tuple[Span, ...]) -> list[int]:
    """Return the ordinals of the spans."""
    return [unit for lo, hi in spans for unit in range(lo, hi + 1)]


def test_a_span_counts_both_its_ends() -> None:
    assert count(()) == 0
    assert count([(4, 4)]) == 1
    assert count([(1, 3), (7, 8)]) == 5


def test_taking_units_from_the_middle_leaves_two_spans() -> None:
    assert minus([(1, 6)], [(3, 4)]) == ((1, 2), (5, 6))


def test_taking_everything_leaves_nothing() -> None:
    assert minus([(1, 2), (4, 4)], [(1, 9)]) == ()


def test_the_lowest_units_are_taken_across_spans_in_any_order() -> None:
    assert lowest([(5, 6), (1, 2)], 3) == ((1, 2), (5, 5))


def test_no_more_units_are_taken_than_there_are() -> None:
    assert lowest([(1, 2)], 5) == ((1, 2),)
    assert lowest([(1, 2)], 0) == ()


def test_neighbours_join_into_one_span() -> None:
    assert join([3, 1, 2, 5]) == ((1, 3), (5, 5))


@settings(max_examples=EXAMPLES)
@given(units_held=UNITS, units_taken=UNITS)
def test_spans_behave_like_sets_of_units(units_held: frozenset[int], units_taken: frozenset[int]) -> None:
    held, taken = join(units_held), join(units_taken)

    assert sorted(units_held) == units(held)
    assert len(units_held) == count(held)
    assert sorted(units_held - units_taken) == units(minus(held, taken))
    assert all(a[1] + 1 < b[0] for a, b in itertools.pairwise(held)), "spans do not touch"


@settings(max_examples=EXAMPLES)
@given(units_held=UNITS, n=st.integers(0, 14))
def test_the_lowest_units_are_a_part_and_nothing_left_is_lower(units_held: frozenset[int], n: int) -> None:
    taken = units(lowest(join(units_held), n))

    assert sorted(units_held)[:n] == taken


def test_a_unit_is_found_in_the_parcel_that_shipped_it() -> None:
    order = an_order({"L1": (2, 3), "L2": (1,)})

    assert list(fulfilled_spans(order, "L1", ((2, 4),))) == [("L1/1", "loc/1", 1), ("L1/2", "loc/2", 2)]
    assert list(fulfilled_spans(order, "L1", ((5, 5),))) == [("L1/2", "loc/2", 1)]
    assert list(fulfilled_spans(order, "L2", ((1, 1),))) == [("L2/1", "loc/1", 1)]


def test_several_spans_in_one_parcel_are_one_quantity() -> None:
    assert list(fulfilled_spans(an_order({"L1": (9,)}), "L1", ((1, 1), (4, 5)))) == [("L1/1", "loc/1", 3)]


def test_units_that_were_never_shipped_are_in_no_parcel() -> None:
    assert list(fulfilled_spans(an_order({"L1": (2,)}), "L1", ((3, 4),))) == []
    assert list(fulfilled_spans(an_order({"L1": (2,)}), "L9", ((1, 1),))) == []


def test_a_line_claims_as_many_units_as_its_spans_hold() -> None:
    line = a_line(claimed=((1, 2), (5, 5)), inspections=(an_inspection(1, (5, 5)), an_inspection(2, (1, 1))))

    assert line.quantity == 3
    assert line.inspected == ((5, 5), (1, 1))


def test_a_deliberate_retry_replaces_the_effect_before_it() -> None:
    failed = an_effect(EffectKind.TAG, "tag:1", EffectState.FAILED)
    other = an_effect(EffectKind.TAG, "tag:2", EffectState.PENDING)
    retry = an_effect(EffectKind.TAG, "tag:1", EffectState.INTENT)

    ret = a_return(effects=(failed, other, retry))

    assert retry is ret.effect(EffectKind.TAG, "tag:1")
    assert (retry, other) == ret.standing()
    assert ret.effect(EffectKind.NOTE, "tag:1") is None
