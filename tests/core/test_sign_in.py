"""Vain tries make the next one wait, longer each time, and are forgotten."""

from datetime import UTC, datetime, timedelta

import pytest

from retour.core.sign_in import HELD_FROM, Subject, Tries, is_held, set_up_code, token_sha256, wait

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("subject", "failures", "seconds"),
    [
        (Subject.PAIR, 4, 0),
        (Subject.PAIR, 5, 2),
        (Subject.PAIR, 6, 4),
        (Subject.PAIR, 9, 32),
        (Subject.PAIR, 10, 60),
        (Subject.PAIR, 10**6, 60),
        (Subject.ADDRESS, 49, 0),
        (Subject.ADDRESS, 50, 2),
        (Subject.DEVICE, 9, 0),
        (Subject.DEVICE, 10, 2),
        (Subject.ACCOUNT, 10**6, 0),
    ],
)
def test_the_free_tries_are_free_and_the_pauses_double(subject: Subject, failures: int, seconds: int) -> None:
    assert wait(subject, Tries(failures, NOW), NOW) == timedelta(seconds=seconds)


def test_a_pause_runs_from_the_last_try_and_ends() -> None:
    tries = Tries(7, NOW)

    assert wait(Subject.PAIR, tries, NOW + timedelta(seconds=3)) == timedelta(seconds=5)
    assert wait(Subject.PAIR, tries, NOW + timedelta(seconds=8)) == timedelta(0)
    assert wait(Subject.PAIR, tries, NOW + timedelta(minutes=14)) == timedelta(0)


def test_tries_are_forgotten_after_a_quarter_of_an_hour() -> None:
    tries = Tries(100, NOW)

    assert tries.counted(NOW + timedelta(minutes=15)) == 100
    assert tries.counted(NOW + timedelta(minutes=15, seconds=1)) == 0


def test_an_account_is_held_from_the_twentieth_try() -> None:
    assert [is_held(Tries(n, NOW), NOW) for n in (HELD_FROM - 1, HELD_FROM)] == [False, True]


def test_a_token_is_known_by_its_hash() -> None:
    assert token_sha256("abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_the_set_up_code_is_the_installations_own_and_can_be_typed() -> None:
    code = set_up_code(b"k" * 32)

    assert code == set_up_code(b"k" * 32)
    assert code != set_up_code(b"j" * 32)
    assert len(code) == 20
    assert set(code) <= set("abcdefghijklmnopqrstuvwxyz234567")
