"""Effects: which moves their states may make, when they may be sent again, and their keys."""

import hashlib
import re
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest

from retour.core.effect import (
    MONEY_KINDS,
    MOVES,
    OPEN_STATES,
    STOCK_KINDS,
    TARGETS,
    Effect,
    EffectKind,
    EffectState,
    Note,
    Step,
    Timing,
    effect_key,
    next_step,
    request_hash,
)
from retour.core.errors import Objection, Refused

SCHEMA = Path(__file__).resolve().parents[2] / "src/retour/store/migrations/0005_effects.sql"
S = EffectState
ALLOWED = {
    (S.INTENT, S.SENDING),
    (S.INTENT, S.CANCELLED),
    (S.SENDING, S.INTENT),
    (S.SENDING, S.PENDING),
    (S.SENDING, S.CONFIRMED),
    (S.SENDING, S.FAILED),
    (S.SENDING, S.UNKNOWN),
    (S.PENDING, S.CONFIRMED),
    (S.PENDING, S.FAILED),
    (S.UNKNOWN, S.SENDING),
    (S.UNKNOWN, S.PENDING),
    (S.UNKNOWN, S.CONFIRMED),
    (S.UNKNOWN, S.FAILED),
}
T0 = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
TENANT = uuid.UUID(int=7)
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
KEYED = Timing(trusted_window=12 * HOUR, quiet_period=5 * MINUTE)
UNKEYED = Timing(trusted_window=timedelta(0), quiet_period=5 * MINUTE)


def an_effect(state: EffectState = S.UNKNOWN, *, sent: bool = True, absent_at: datetime | None = None) -> Effect:
    """Return an effect, first sent at T0 and last sent a minute later if `sent`."""
    return Effect(
        id=uuid.UUID(int=1),
        tenant_id=TENANT,
        connection_id=uuid.UUID(int=2),
        kind=EffectKind.NOTE,
        business_ref="note:1",
        seq=1,
        key="k",
        key_generation=0,
        reference="RT-1",
        target=Note("order/1", "hello"),
        state=state,
        first_sent_at=T0 if sent else None,
        last_sent_at=T0 + MINUTE if sent else None,
        readback_negative_at=absent_at,
    )


def step(
    effect: Effect, timing: Timing, now: datetime, *, readable: bool = True, harmless: bool = False
) -> tuple[Step, datetime]:
    """Return the next step; the far side can be read back and a repetition would be harmful unless said."""
    return next_step(effect, timing=timing, can_read_back=readable, repeat_harmless=harmless, now=now)


@pytest.mark.parametrize(("state", "to"), list(product(S, S)))
def test_an_effect_makes_the_moves_of_the_table_and_no_other(state: EffectState, to: EffectState) -> None:
    assert ((state, to) in ALLOWED) == (to in MOVES[state])


def test_the_database_allows_the_same_moves() -> None:
    sql = SCHEMA.read_text(encoding="utf-8")
    trigger = re.search(r"IF NOT \(\(OLD\.state, NEW\.state\) IN \((.*?)\)\) THEN", sql, re.DOTALL)

    assert trigger is not None
    named = re.findall(r"\('(\w+)', '(\w+)'\)", trigger.group(1))
    assert len(ALLOWED) == len(named)
    assert {(S(state), S(to)) for state, to in named} == ALLOWED


def test_the_database_knows_the_same_states() -> None:
    sql = SCHEMA.read_text(encoding="utf-8")
    check = re.search(r"DEFAULT 'intent' CHECK \(state IN \((.*?)\)\)", sql)

    assert check is not None
    assert set(S) == {S(name) for name in re.findall(r"'(\w+)'", check.group(1))}


def test_an_effect_is_open_exactly_while_it_can_move() -> None:
    assert {state for state in S if MOVES[state]} == OPEN_STATES
    assert set(S) == set(MOVES)


def test_every_kind_has_a_target_and_money_is_not_stock() -> None:
    assert set(EffectKind) == set(TARGETS)
    assert not MONEY_KINDS & STOCK_KINDS


@pytest.mark.parametrize("sent", [False, True])
@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (S.INTENT, Step.SEND),
        (S.PENDING, Step.POLL),
        (S.CONFIRMED, Step.NOTHING),
        (S.FAILED, Step.NOTHING),
        (S.CANCELLED, Step.NOTHING),
    ],
)
def test_a_state_that_is_known_decides_alone(state: EffectState, expected: Step, *, sent: bool) -> None:
    for timing, readable, harmless in product((KEYED, UNKEYED), (True, False), (True, False)):
        actual = step(an_effect(state, sent=sent), timing, T0 + HOUR, readable=readable, harmless=harmless)
        assert (expected, T0 + HOUR) == actual


@pytest.mark.parametrize("state", [S.UNKNOWN, S.SENDING])
class TestAnEffectThatMayHaveHappened:
    def test_is_sent_if_no_attempt_was_ever_made(self, state: EffectState) -> None:
        assert step(an_effect(state, sent=False), UNKEYED, T0, readable=False) == (Step.SEND, T0)

    def test_is_repeated_under_its_key_inside_the_trusted_window(self, state: EffectState) -> None:
        now = T0 + 12 * HOUR - SECOND

        assert (Step.SEND, now) == step(an_effect(state), KEYED, now, readable=False)

    def test_is_read_back_at_the_end_of_the_trusted_window(self, state: EffectState) -> None:
        assert step(an_effect(state), KEYED, T0 + 12 * HOUR) == (Step.READ_BACK, T0 + 12 * HOUR)

    def test_waits_out_the_quiet_period_of_its_last_attempt_without_a_key(self, state: EffectState) -> None:
        assert step(an_effect(state), UNKEYED, T0 + 6 * MINUTE - SECOND) == (Step.WAIT, T0 + 6 * MINUTE)
        assert step(an_effect(state), UNKEYED, T0 + 6 * MINUTE) == (Step.READ_BACK, T0 + 6 * MINUTE)

    def test_is_sent_again_once_a_late_enough_read_back_found_nothing(self, state: EffectState) -> None:
        absent = an_effect(state, absent_at=T0 + 6 * MINUTE)

        assert step(absent, UNKEYED, T0 + HOUR, readable=False) == (Step.SEND, T0 + HOUR)

    def test_is_read_back_again_if_nothing_was_found_too_early(self, state: EffectState) -> None:
        early = an_effect(state, absent_at=T0 + 6 * MINUTE - SECOND)

        assert step(early, UNKEYED, T0 + HOUR) == (Step.READ_BACK, T0 + HOUR)

    def test_a_read_back_before_the_last_attempt_says_nothing_about_it(self, state: EffectState) -> None:
        resent = replace(an_effect(state, absent_at=T0 + 6 * MINUTE), last_sent_at=T0 + 7 * MINUTE)

        assert step(resent, UNKEYED, T0 + 8 * MINUTE) == (Step.WAIT, T0 + 12 * MINUTE)

    def test_is_parked_if_it_cannot_be_read_back(self, state: EffectState) -> None:
        assert step(an_effect(state), UNKEYED, T0 + MINUTE, readable=False) == (Step.PARK, T0 + MINUTE)
        assert step(an_effect(state), KEYED, T0 + 13 * HOUR, readable=False) == (Step.PARK, T0 + 13 * HOUR)

    def test_is_simply_repeated_if_that_is_harmless(self, state: EffectState) -> None:
        assert step(an_effect(state), UNKEYED, T0 + HOUR, readable=False, harmless=True) == (Step.SEND, T0 + HOUR)

    def test_is_not_sent_blindly_when_a_clock_was_set_back(self, state: EffectState) -> None:
        assert step(an_effect(state), UNKEYED, T0 - HOUR) == (Step.WAIT, T0 + 6 * MINUTE)


def test_a_key_is_the_same_for_the_same_effect() -> None:
    assert effect_key(TENANT, "restock", "restock:1", 1, 0) == "d644e384-d2b7-500f-8dda-85feade7885b"
    assert effect_key(TENANT, "restock", "restock:1", 1, 0) == effect_key(TENANT, EffectKind.RESTOCK, "restock:1", 1, 0)


def test_whatever_tells_effects_apart_changes_the_key() -> None:
    keys = {
        effect_key(TENANT, "restock", "restock:1", 1, 0),
        effect_key(uuid.UUID(int=8), "restock", "restock:1", 1, 0),
        effect_key(TENANT, "tag", "restock:1", 1, 0),
        effect_key(TENANT, "restock", "restock:2", 1, 0),
        effect_key(TENANT, "restock", "restock:1", 2, 0),
        effect_key(TENANT, "restock", "restock:1", 1, 1),
    }

    assert len(keys) == 6
    assert {5} == {uuid.UUID(key).version for key in keys}


def test_the_request_hash_notices_a_changed_body() -> None:
    assert hashlib.sha256(b"{}").digest() == request_hash(b"{}")
    assert request_hash(b"{}") != request_hash(b"{ }")


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("order_not_found", 404),
        ("forbidden", 403),
        ("already_decided", 409),
        ("more_than_returnable", 409),
        ("quantity_invalid", 422),
    ],
)
def test_a_refusal_says_its_http_status(code: str, status: int) -> None:
    refusal = Refused(code, "no", field="lines", facts={"left": 1})

    assert (status, code, "no", "lines", {"left": 1}) == (
        refusal.status,
        refusal.code,
        str(refusal),
        refusal.field,
        refusal.facts,
    )


def test_a_refusal_without_facts_has_none() -> None:
    assert Refused("forbidden", "no").facts == {}
    assert Objection("window_closed", "too late").field is None
