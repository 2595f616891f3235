"""A card behind a return that staff hold: nothing is taken or asked for, what stands is kept, a person's word counts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4 as new_id

import pytest

from retour.core.hold import Act, Decided, Goods, Hold, HoldState, Owes, next_move

NOW = datetime(2026, 3, 20, tzinfo=UTC)
DAY = timedelta(days=1)
GOODS = Goods(worth=1_000, missing=1_000, given_at=NOW - 15 * DAY)
CARD = Hold(
    new_id(), new_id(), new_id(), HoldState.AUTHORISED, "EUR", (new_id(),), (("L1", 1, 1),), 14, 10, NOW,
    amount_minor=1_000, intent_ref="pi_1", authorised_at=NOW - 15 * DAY, lapses_at=NOW + 5 * DAY,
    send_by=NOW - DAY, arrive_by=NOW + 9 * DAY,
)  # fmt: skip
ASKED = replace(
    CARD, state=HoldState.DUNNING, owes=Owes.PAY, owed_minor=1_000, dunning_since=NOW - 30 * DAY, lapses_at=None
)


def held_up(goods: Goods) -> Goods:
    return replace(goods, is_held_up=True)


def test_what_is_owed_is_captured_unless_the_return_is_held() -> None:
    assert next_move(CARD, GOODS, NOW).act is Act.CAPTURE
    assert next_move(CARD, held_up(GOODS), NOW).act is Act.WAIT


def test_the_authorisation_is_made_anew_all_the_same() -> None:
    assert next_move(replace(CARD, lapses_at=NOW + timedelta(minutes=1)), held_up(GOODS), NOW).act is Act.REAUTHORISE


def test_nobody_is_reminded_meanwhile() -> None:
    soon = replace(CARD, send_by=NOW + timedelta(hours=3))
    assert next_move(soon, GOODS, NOW).act is Act.REMIND
    assert next_move(soon, held_up(GOODS), NOW).act is Act.WAIT


def test_what_came_back_whole_is_released_all_the_same() -> None:
    assert next_move(CARD, held_up(Goods(worth=1_000)), NOW).act is Act.RELEASE


@pytest.mark.parametrize(("do", "act"), [(Decided.CAPTURE, Act.CAPTURE), (Decided.RELEASE, Act.RELEASE)])
def test_a_persons_word_is_carried_out(do: Decided, act: Act) -> None:
    assert next_move(replace(CARD, decided=do, decided_minor=300), held_up(GOODS), NOW).act is act


def test_a_shopper_who_owes_is_not_written_to_and_may_pay_nonetheless() -> None:
    assert next_move(ASKED, GOODS, NOW).act is Act.GIVE_UP
    assert next_move(ASKED, held_up(GOODS), NOW).act is Act.WAIT
    assert next_move(replace(ASKED, wants_page=True), held_up(GOODS), NOW).act is Act.OPEN
