"""What the kinds of a return change: what travels, who approves, which units were never sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retour.core.errors import Refused
from retour.core.kind import (
    Kind,
    check_gift,
    decider,
    highest,
    is_granted,
    levels_of,
    own_reasons,
    unoffered_ways,
    unsent,
    usual_reasons,
    was_sent,
    way_of,
)
from retour.core.policy import compile_policy, decide, template
from retour.core.rma.state import Span, count
from retour.core.ways import Way, Ways
from retour.core.why import Level, Standard
from tests.core.policy.builders import an_order, facts_of
from tests.core.test_why import a_reason


def test_only_a_withdrawal_is_granted_and_the_law_is_named_as_who_decided() -> None:
    assert [is_granted(kind) for kind in Kind] == [False, False, True, False]
    assert (decider("withdrawal"), decider("claim")) == ("statute", "policy")


@pytest.mark.parametrize(
    ("kind", "reason", "resolution", "way"),
    [
        ("return", "damaged", "refund_original", None),
        ("return", "damaged", "keep_item", Way("keep_item")),
        ("return", "never_arrived", "refund_original", None),
        ("claim", "never_arrived", "refund_original", Way("nothing")),
        ("claim", "missing", "keep_item", Way("nothing")),
        ("claim", "damaged", "refund_original", None),
        ("claim", "damaged", "keep_item", Way("keep_item")),
        ("withdrawal", "withdrawal", "refund_original", None),
        ("cancellation", "changed_mind", "refund_original", Way("nothing")),
    ],
)
def test_what_is_kept_never_arrived_or_was_never_sent_does_not_travel(
    kind: str, reason: str, resolution: str, way: Way | None
) -> None:
    assert way_of(kind, reason, resolution) == way


def test_what_the_policy_offers_no_way_for_is_sent_with_a_carrier_of_choice() -> None:
    lines = decide(compile_policy(template(), version="1"), facts_of(an_order())).lines

    assert unoffered_ways(lines) == Ways((Way("own_carrier"),))


@pytest.mark.parametrize(
    ("ordered", "fulfilled", "cancelled", "claimed", "left"),
    [
        (3, 1, 0, (), ((2, 3),)),
        (3, 3, 0, (), ()),
        (3, 0, 0, (), ((1, 3),)),
        (3, 1, 1, (), ((2, 2),)),  # one was cancelled on the platform: the last
        (3, 1, 1, ((3, 3),), ((2, 2),)),  # that one is ours
        (3, 1, 2, ((3, 3),), ()),  # ours, and one of theirs
        (3, 1, 0, ((1, 1), (3, 3)), ((2, 2),)),  # unit 1 is in a return
        (3, 4, 0, (), ()),
    ],
)
def test_units_that_can_be_cancelled(
    ordered: int, fulfilled: int, cancelled: int, claimed: tuple[Span, ...], left: tuple[Span, ...]
) -> None:
    assert unsent(ordered, fulfilled, cancelled, claimed) == left


def test_the_last_units_are_taken_first() -> None:
    assert highest(((2, 4), (6, 6)), 2) == ((4, 4), (6, 6))
    assert highest(((2, 4),), 9) == ((2, 4),)
    assert highest((), 1) == ()


def test_a_unit_was_sent_once_as_many_left_as_its_number() -> None:
    assert not was_sent(1, ((2, 3),))
    assert was_sent(2, ((2, 3),))
    assert not was_sent(3, ())


@given(st.integers(1, 6), st.integers(0, 6), st.integers(0, 6), st.sets(st.integers(1, 6)))
def test_nothing_that_was_sent_or_is_claimed_is_ever_cancelled(
    ordered: int, fulfilled: int, cancelled: int, claimed: set[int]
) -> None:
    free = unsent(ordered, fulfilled, cancelled, tuple((u, u) for u in sorted(claimed)))

    units = {u for lo, hi in free for u in range(lo, hi + 1)}
    assert not units & claimed
    assert all(fulfilled < u <= ordered for u in units)
    ours = len({u for u in claimed if fulfilled < u <= ordered})
    assert count(free) == max(0, ordered - fulfilled - max(cancelled, ours))


def test_a_gift_becomes_credit_and_nothing_else() -> None:
    check_gift("return", ["gift_card", "store_credit"])

    with pytest.raises(Refused) as refused:
        check_gift("return", ["store_credit", "refund_original"])
    assert (refused.value.code, refused.value.field) == ("resolution_not_offered", "lines[1].resolution")


def test_a_claim_is_about_what_is_wrong_and_a_cancellation_about_what_is_not_wanted() -> None:
    levels = [Level(a_reason(n, group.value, standard_group=group), ()) for n, group in enumerate(Standard)]

    def groups(kind: str) -> list[str]:
        return [level.group.code for level in levels_of(kind, levels)]

    assert groups("return") == ["fit", "quality", "mistake", "preference", "other"]
    assert groups("claim") == ["quality", "mistake"]
    assert groups("cancellation") == ["preference", "other"]


def test_what_never_arrived_can_be_claimed_in_every_shop() -> None:
    assert (own_reasons("claim"), own_reasons("return")) == (("missing", "never_arrived"), ())
    assert usual_reasons("cancellation") == ("changed_mind", "other")
    assert set(own_reasons("claim")) < set(usual_reasons("claim") or ())
    assert usual_reasons("return") is None


@pytest.mark.parametrize("kind", ["cancellation", "withdrawal"])
def test_what_nobody_was_given_is_no_gift(kind: str) -> None:
    check_gift("claim", ["store_credit"])
    with pytest.raises(Refused) as refused:
        check_gift(kind, ["store_credit"])
    assert (refused.value.code, refused.value.field) == ("invalid_kind", "kind")
