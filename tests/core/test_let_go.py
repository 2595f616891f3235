"""An authorisation that is gone at the provider: held anew like any other, unless it went as soon as it was there."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retour.core import hold as h
from retour.core.hold import Act, Decided, End, Goods
from retour.core.let_go import gone
from retour.core.rma.hold import HoldState, Owes
from tests.core.test_hold import BACK, NOW, OUT, a_hold

S = HoldState
HOUR = timedelta(hours=1)


def test_what_stood_for_an_hour_has_lapsed_now_and_is_made_anew() -> None:
    hold = gone(a_hold(), OUT, NOW + HOUR)

    assert (hold.state, hold.lapses_at, hold.due_at, hold.stands(NOW + HOUR)) == (
        S.AUTHORISED, NOW + HOUR, NOW + HOUR, False,
    )  # fmt: skip
    assert h.next_move(hold, OUT, NOW + HOUR).act is Act.REAUTHORISE


def test_what_went_sooner_is_asked_of_the_shopper() -> None:
    soon = NOW + HOUR - timedelta(seconds=1)

    hold = gone(a_hold(), OUT, soon)

    assert (hold.state, hold.owes, hold.problem) == (S.DUNNING, Owes.CONFIRM, "canceled")
    assert h.next_move(hold, OUT, soon).act is Act.DUN


def test_what_a_person_wanted_captured_is_asked_for_all_the_same() -> None:
    hold = gone(a_hold(decided=Decided.CAPTURE, decided_minor=500), OUT, NOW)

    move = h.next_move(hold, OUT, NOW)

    assert (hold.state, move.act, move.amount_minor) == (S.DUNNING, Act.DEMAND, 500)


@pytest.mark.parametrize(("goods", "decided"), [(BACK, None), (OUT, Decided.RELEASE)])
def test_what_is_to_be_released_anyway_is_asked_of_nobody(goods: Goods, decided: Decided | None) -> None:
    hold = gone(a_hold(decided=decided), goods, NOW)

    assert (hold.state, h.next_move(hold, goods, NOW).act) == (S.AUTHORISED, Act.RELEASE)


@pytest.mark.parametrize("state", [S.DUNNING, S.FAILED])
def test_where_the_shopper_is_asked_already_it_only_stands_no_longer(state: HoldState) -> None:
    before = a_hold(state, owes=Owes.CONFIRM, problem="expired_card", dunned=1)

    hold = gone(before, OUT, NOW)

    assert (hold.state, hold.problem, hold.dunned, hold.stands(NOW)) == (state, "expired_card", 1, False)


@pytest.mark.parametrize(
    ("captured", "goods", "ends"),
    [
        (1_999, OUT, True),
        (1_998, OUT, False),
        (1_999, replace(OUT, on_its_way=True), False),
        (1_999, replace(OUT, given_at=None), False),
        (1_999, BACK, False),
        (1_999, replace(OUT, end=End.OUT), False),
    ],
)
def test_what_was_charged_whole_for_what_is_out_is_not_waited_for(captured: int, goods: Goods, ends: bool) -> None:
    assert h.ends_lines(a_hold(S.CAPTURED, captured_minor=captured), goods, NOW) is ends


def test_what_was_charged_in_part_is_waited_for_until_its_day() -> None:
    part = a_hold(S.CAPTURED, captured_minor=500)

    assert not h.ends_lines(part, OUT, NOW + timedelta(days=13))
    assert h.ends_lines(part, OUT, NOW + timedelta(days=14))


@given(
    st.sampled_from([S.AUTHORISED, S.DUNNING, S.FAILED]), st.integers(0, 60 * 24), st.sampled_from([OUT, BACK]),
    st.booleans(),
)  # fmt: skip
def test_whenever_it_goes_nobody_goes_on_as_if_it_were_held(
    state: HoldState, hours: int, goods: Goods, releases: bool
) -> None:
    now = NOW + timedelta(hours=hours)
    before = a_hold(state, owes=None if state is S.AUTHORISED else Owes.CONFIRM, lapses_at=now + timedelta(days=6))

    hold = gone(replace(before, decided=Decided.RELEASE if releases else None), goods, now)

    act = h.next_move(hold, goods, now).act
    assert act is not Act.CAPTURE
    assert state is S.FAILED or act in (Act.REAUTHORISE, Act.RELEASE, Act.DUN, Act.DEMAND, Act.GIVE_UP)
