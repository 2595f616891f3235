"""The rules of a visit: its moves, the tries of its code, and what a text may prove."""

from datetime import UTC, datetime, timedelta

import pytest

from retour.core.errors import Refused
from retour.core.ports import ContactProof
from retour.core.visit import (
    CODE_LIFE,
    MOVES,
    CodeAnswer,
    Limit,
    Tried,
    VisitState,
    code_of,
    fold_code,
    judge,
    masked_email,
    move,
    network_of,
    proofs_of,
    wait_s,
)

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("current", VisitState)
@pytest.mark.parametrize("to", VisitState)
def test_a_visit_makes_the_moves_of_its_table_and_no_other(current: VisitState, to: VisitState) -> None:
    if to in MOVES[current]:
        assert move(current, to) is to
        return
    with pytest.raises(Refused) as refused:
        move(current, to)
    assert refused.value.code == "move_not_allowed"


def test_every_visit_that_is_not_closed_can_ask_again_and_be_closed() -> None:
    for state in set(VisitState) - {VisitState.CLOSED}:
        assert {VisitState.ASKED, VisitState.CLOSED} <= MOVES[state]


def tried(tries: int, *, fits: bool = False, used: bool = False, after: timedelta = timedelta()) -> Tried:
    return judge(fits=fits, tries=tries, used=used, expires_at=NOW + CODE_LIFE, now=NOW + after)


def test_a_wrong_code_says_how_many_tries_are_left() -> None:
    assert [tried(n) for n in (1, 2, 3, 4)] == [Tried(CodeAnswer.WRONG, left) for left in (4, 3, 2, 1)]


def test_the_fifth_wrong_code_was_the_last() -> None:
    assert tried(5) == Tried(CodeAnswer.SPENT)
    assert tried(6, fits=True) == Tried(CodeAnswer.SPENT)


def test_the_right_code_fits_until_the_fifth_try() -> None:
    assert tried(1, fits=True) == tried(5, fits=True) == Tried(CodeAnswer.FITS)


def test_a_code_is_over_after_ten_minutes_and_after_its_use() -> None:
    assert tried(1, fits=True, after=timedelta(minutes=10)) == Tried(CodeAnswer.EXPIRED)
    assert tried(1, fits=True, after=timedelta(minutes=9, seconds=59)) == Tried(CodeAnswer.FITS)
    assert tried(1, fits=True, used=True) == Tried(CodeAnswer.EXPIRED)


def test_codes_have_eight_digits() -> None:
    assert [code_of(n) for n in (0, 42, 99_999_999)] == ["00000000", "00000042", "99999999"]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("12345678", "12345678"), (" 1234 5678\n", "12345678"), ("1234-5678", "12345678"), ("\u200e1234\u00a05678", "12345678"),
        ("١٢٣٤٥٦٧٨", "12345678"), ("1234567", None), ("123456789", None), ("1234567a", None), ("", None),
        ("１２３４５６７８", None), ("1" * 1_000_000, None),
    ],
)  # fmt: skip
def test_a_code_is_read_however_it_was_pasted(typed: str, code: str | None) -> None:
    assert fold_code(typed) == code


def test_a_text_proves_as_an_address_or_else_as_a_number_or_a_postcode() -> None:
    assert proofs_of("ann@example.com") == (ContactProof(email="ann@example.com"),)
    assert proofs_of("10115") == (ContactProof(phone="10115"), ContactProof(postcode="10115"))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"), ("", "unknown"), ("testclient", "unknown"),
    ],
)  # fmt: skip
def test_look_ups_are_counted_by_household(address: str, network: str) -> None:
    assert network_of(address) == network


def test_a_bucket_reaches_as_far_ahead_as_it_is_deep() -> None:
    assert Limit(timedelta(seconds=12), 25).reach == timedelta(minutes=5)


def test_the_time_to_wait_is_rounded_up() -> None:
    assert wait_s(NOW + timedelta(milliseconds=1), NOW) == 1
    assert wait_s(NOW + timedelta(seconds=2), NOW) == 2
    assert wait_s(NOW - timedelta(seconds=2), NOW) == 0


def test_an_address_is_masked_but_for_its_first_letter_and_its_domain() -> None:
    assert masked_email("mara@example.com") == "m…@example.com"
    assert masked_email("a@b@example.com") == "a…@example.com"
    assert masked_email("nobody") is None
    assert masked_email(None) is None
