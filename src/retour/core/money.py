"""Money: integer minor units, one rounding rule, and shares that always add up."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from retour.core.errors import Refused

# ISO 4217 minor-unit exponents that differ from 2 (six-letter-era and fund codes left out).
_EXPONENTS: Final = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
_DECIMAL: Final = re.compile(r"(-?)([0-9]{1,15})(?:\.([0-9]{1,12}))?")


def exponent(currency: str) -> int:
    """Return how many decimal digits the currency has (JPY 0, EUR 2, KWD 3)."""
    return _EXPONENTS.get(currency, 2)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of one currency."""

    minor: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + _same(self, other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - _same(self, other), self.currency)


@dataclass(frozen=True, slots=True)
class Sides:
    """One amount on its two sides: what the shopper saw (presentment) and the shop's books, each in minor units."""

    presentment: int
    shop: int

    def __add__(self, other: "Sides") -> "Sides":
        return Sides(self.presentment + other.presentment, self.shop + other.shop)

    def __sub__(self, other: "Sides") -> "Sides":
        return Sides(self.presentment - other.presentment, self.shop - other.shop)

    def __neg__(self) -> "Sides":
        return Sides(-self.presentment, -self.shop)

    def __bool__(self) -> bool:
        return self.presentment != 0 or self.shop != 0


NOTHING: Final = Sides(0, 0)


def half_up(n: int, d: int) -> int:
    """Return n/d rounded half up on the magnitude (half away from zero); the only rounding of the house."""
    if n >= 0 and d > 0:
        return (2 * n + d) // (2 * d)
    sign = -1 if (n < 0) != (d < 0) else 1
    return sign * ((2 * abs(n) + abs(d)) // (2 * abs(d)))


def first_units(component: int, k: int, q: int) -> int:
    """Return what the first `k` of `q` units are worth; `first_units(c, q, q) == c`."""
    return half_up(component * k, q)


def spread(amount: int, weights: Sequence[int]) -> list[int]:
    """Share an amount by largest remainder; ties go to the earlier line; all weights zero means equal shares."""
    sign, left, w = (-1 if amount < 0 else 1), abs(amount), [abs(x) for x in weights]
    if not w:
        return []
    if sum(w) == 0:
        w = [1] * len(w)
    total = sum(w)
    shares = [left * x // total for x in w]
    by_remainder = sorted(range(len(w)), key=lambda i: (-(left * w[i] % total), i))
    for i in by_remainder[: left - sum(shares)]:
        shares[i] += 1
    return [sign * x for x in shares]


def spread_capped(amount: int, weights: Sequence[int], caps: Sequence[int]) -> tuple[list[int], int]:
    """Share a non-negative amount like `spread`, no share above its cap; return the shares and what fits nowhere."""
    shares = [0] * len(weights)
    open_lines = [i for i, weight in enumerate(weights) if weight] or list(range(len(weights)))
    left = amount
    while open_lines and left:
        tried = spread(left, [weights[i] for i in open_lines])
        over = [i for i, share in zip(open_lines, tried, strict=True) if share > caps[i]]
        if not over:
            for i, share in zip(open_lines, tried, strict=True):
                shares[i] = share
            return shares, 0
        for i in over:
            shares[i] = caps[i]
            left -= caps[i]
        open_lines = [i for i in open_lines if i not in over]
    return shares, left


def parse_decimal(text: str, currency: str) -> int:
    """Return the minor units of a decimal string such as "12.500", half up; raise Refused(malformed_amount)."""
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise Refused("malformed_amount", f"{text[:40]!r} is not a decimal amount")
    sign, whole, fraction = match[1], match[2], match[3] or ""
    minor = half_up(int(whole + fraction) * 10 ** exponent(currency), 10 ** len(fraction))
    return -minor if sign else minor


def format_decimal(minor: int, currency: str) -> str:
    """Return minor units as a plain decimal string, as platforms expect it ("-12.50", "1200", "0.500")."""
    digits = exponent(currency)
    text = str(abs(minor)).rjust(digits + 1, "0")
    sign = "-" if minor < 0 else ""
    return sign + (f"{text[:-digits]}.{text[-digits:]}" if digits else text)


def _same(a: Money, b: Money) -> int:
    if a.currency != b.currency:
        raise Refused("currency_mismatch", f"{a.currency} and {b.currency} cannot be added")
    return b.minor
