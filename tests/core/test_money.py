"""Money: one rounding, shares that add up, decimals in and out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retour.core.errors import Refused
from retour.core.money import (
    NOTHING,
    Money,
    Sides,
    exponent,
    first_units,
    format_decimal,
    half_up,
    parse_decimal,
    spread,
    spread_capped,
)

AMOUNTS = st.integers(-300_000, 300_000)
WEIGHTS = st.lists(st.integers(0, 50_000), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("n", "d", "expected"), [(5, 2, 3), (-5, 2, -3), (5, -2, -3), (-5, -2, 3), (4, 3, 1), (5, 3, 2), (0, 7, 0)]
)
def test_half_is_rounded_away_from_zero(n: int, d: int, expected: int) -> None:
    assert half_up(n, d) == expected


def test_the_first_of_seven_units_are_worth_a_cumulative_share() -> None:
    assert [first_units(6499, k, 7) for k in range(8)] == [0, 928, 1857, 2785, 3714, 4642, 5571, 6499]


def test_a_discount_is_shared_by_largest_remainder_and_ties_go_to_the_earlier_line() -> None:
    assert spread(-700, [2490, 2490, 2490, 0]) == [-234, -233, -233, 0]


def test_a_share_above_its_cap_is_fixed_and_the_excess_goes_to_the_others() -> None:
    assert spread(1500, [4200, 1900, 900]) == [900, 407, 193]
    assert spread_capped(1500, [4200, 1900, 900], [350, 1500, 900]) == ([350, 780, 370], 0)


def test_what_fits_under_no_cap_is_named() -> None:
    assert spread_capped(1000, [1, 1], [100, 200]) == ([100, 200], 700)
    assert spread_capped(0, [1, 1], [100, 200]) == ([0, 0], 0)


def test_a_line_without_weight_takes_nothing_that_the_others_cannot_bear() -> None:
    assert spread_capped(1000, [10, 0], [300, 5000]) == ([300, 0], 700)


def test_shares_without_any_weight_are_equal_and_without_lines_are_none() -> None:
    assert spread(5, [0, 0, 0]) == [2, 2, 1]
    assert spread(5, []) == []


@given(AMOUNTS, WEIGHTS)
def test_shares_add_up_and_stay_within_one_minor_unit_of_the_exact_share(amount: int, weights: list[int]) -> None:
    shares = spread(amount, weights)

    total = sum(weights)
    assert sum(shares) == amount
    assert all(share * amount >= 0 for share in shares)
    if total:
        assert all(abs(share * total - amount * w) < total for share, w in zip(shares, weights, strict=True))
        assert all(share == 0 for share, w in zip(shares, weights, strict=True) if w == 0)


@given(st.integers(0, 300_000), st.lists(st.tuples(st.integers(0, 9_000), st.integers(0, 9_000)), max_size=12))
def test_capped_shares_and_what_is_left_add_up(amount: int, lines: list[tuple[int, int]]) -> None:
    shares, left = spread_capped(amount, [w for w, _ in lines], [cap for _, cap in lines])

    assert sum(shares) + left == amount
    assert all(0 <= share <= cap for share, (_, cap) in zip(shares, lines, strict=True))
    weighted = any(w for w, _ in lines)
    full = [share == cap for share, (w, cap) in zip(shares, lines, strict=True) if w or not weighted]
    assert left == 0 or all(full)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("12.50", "EUR", 1250),
        ("-0.01", "EUR", -1),
        ("-0", "EUR", 0),
        ("1200", "JPY", 1200),
        ("1199.5", "JPY", 1200),
        ("12.500", "KWD", 12500),
        ("0.0005", "KWD", 1),
        ("10.005", "USD", 1001),
        ("10.0049", "USD", 1000),
        ("7", "USD", 700),
    ],
)
def test_decimals_become_minor_units_half_up(text: str, currency: str, minor: int) -> None:
    assert parse_decimal(text, currency) == minor


@pytest.mark.parametrize("text", ["", "1,50", "+1", "1.", ".5", "1e3", "NaN", "١٢", "1.5\n", "9" * 16])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_decimal(text, "EUR")

    assert refused.value.code == "malformed_amount"


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(1250, "EUR", "12.50"), (-1, "EUR", "-0.01"), (1200, "JPY", "1200"), (500, "KWD", "0.500"), (0, "USD", "0.00")],
)
def test_minor_units_are_written_with_the_digits_of_the_currency(minor: int, currency: str, text: str) -> None:
    assert format_decimal(minor, currency) == text


@given(AMOUNTS, st.sampled_from(["JPY", "EUR", "KWD"]))
def test_writing_and_reading_an_amount_changes_nothing(minor: int, currency: str) -> None:
    assert parse_decimal(format_decimal(minor, currency), currency) == minor


def test_exponents_are_those_of_the_currencies() -> None:
    assert [exponent(code) for code in ("JPY", "EUR", "KWD", "ISK", "TND")] == [0, 2, 3, 0, 3]


def test_amounts_of_one_currency_add_and_of_two_are_refused() -> None:
    euro = Money(100, "EUR")

    assert euro + Money(50, "EUR") == Money(150, "EUR")
    assert euro - Money(150, "EUR") == Money(-50, "EUR")
    with pytest.raises(Refused) as refused:
        euro + Money(1, "USD")
    assert refused.value.code == "currency_mismatch"


def test_sides_add_each_on_its_own_and_are_nothing_only_if_both_are() -> None:
    assert Sides(1, 2) + Sides(3, 4) == Sides(4, 6)
    assert Sides(1, 2) - Sides(3, 5) == Sides(-2, -3)
    assert -Sides(1, -2) == Sides(-1, 2)
    assert [bool(NOTHING), bool(Sides(0, 1)), bool(Sides(1, 0))] == [False, True, True]
