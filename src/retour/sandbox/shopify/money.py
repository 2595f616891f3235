"""Amounts as a platform keeps them: decimals of the currency's exponent, shop and presentment side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import NamedTuple

_DIGITS = {"JPY": 0, "KRW": 0, "KWD": 3, "BHD": 3, "TND": 3}


def digits(currency: str) -> int:
    """Return how many decimal places the currency has."""
    return _DIGITS.get(currency, 2)


def smallest(currency: str) -> Decimal:
    """Return one minor unit of the currency."""
    return Decimal(1).scaleb(-digits(currency))


def rounded(value: Decimal | Fraction, currency: str, *, mode: str = ROUND_HALF_UP) -> Decimal:
    """Return the value in whole minor units."""
    if isinstance(value, Fraction):
        scale = 10 ** digits(currency)
        value = _whole(value * scale, mode) / Decimal(scale)
    return value.quantize(smallest(currency), rounding=mode)


def _whole(value: Fraction, mode: str) -> Decimal:
    floor, rest = divmod(value.numerator, value.denominator)
    if mode == ROUND_DOWN:
        return Decimal(floor)
    twice = 2 * rest
    up = twice > value.denominator or (twice == value.denominator and (mode != ROUND_HALF_EVEN or floor % 2 == 1))
    return Decimal(floor + 1 if up else floor)


def reached(total: Decimal, part: int, whole: int, currency: str, *, mode: str) -> Decimal:
    """Return how much of `total` belongs to the first `part` of `whole` units."""
    if part >= whole:
        return total
    return rounded(Fraction(total) * part / whole, currency, mode=mode)


def spread(total: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Return `total` split in proportion to the weights; the largest remainders take the odd minor units."""
    whole = sum(weights, Decimal(0))
    if not whole:
        return [Decimal(0) for _ in weights]
    exact = [Fraction(total) * Fraction(w) / Fraction(whole) for w in weights]
    shares = [rounded(e, currency, mode=ROUND_DOWN) for e in exact]
    step = smallest(currency)
    odd = int((total - sum(shares, Decimal(0))) / step)
    by_remainder = sorted(range(len(weights)), key=lambda i: (Fraction(shares[i]) - exact[i], i))
    for i in by_remainder[:odd]:
        shares[i] += step
    return shares


class Money(NamedTuple):
    """An amount in one currency, in major units."""

    amount: Decimal
    currency_code: str


@dataclass(frozen=True, slots=True)
class Bag:
    """One amount twice: in the shop's currency and in the one the customer saw; each is computed on its own."""

    shop_money: Money
    presentment_money: Money

    def __add__(self, other: Bag) -> Bag:
        return self.zipped(other, lambda a, b: a + b)

    def __sub__(self, other: Bag) -> Bag:
        return self.zipped(other, lambda a, b: a - b)

    def zipped(self, other: Bag, join: Callable[[Decimal, Decimal], Decimal]) -> Bag:
        """Return the bag of `join` applied on each side."""
        (s, sc), (p, pc) = self.shop_money, self.presentment_money
        return Bag(Money(join(s, other.shop_money.amount), sc), Money(join(p, other.presentment_money.amount), pc))

    def each(self, change: Callable[[Decimal, str], Decimal]) -> Bag:
        """Return the bag of `change(amount, currency)` on each side."""
        (s, sc), (p, pc) = self.shop_money, self.presentment_money
        return Bag(Money(change(s, sc), sc), Money(change(p, pc), pc))

    def zero(self) -> Bag:
        """Return nothing, in the same two currencies."""
        return self.each(lambda _, currency: Decimal(0).quantize(smallest(currency)))

    @property
    def amount(self) -> Decimal:
        """Return the presentment amount."""
        return self.presentment_money.amount


def total(bags: Iterable[Bag], start: Bag) -> Bag:
    """Return the sum of the bags on each side, from `start`'s zero."""
    shop, presentment = Decimal(0), Decimal(0)
    for bag in bags:
        shop += bag.shop_money.amount
        presentment += bag.presentment_money.amount
    none = start.zero()
    return Bag(
        Money(shop + none.shop_money.amount, start.shop_money.currency_code),
        Money(presentment + none.presentment_money.amount, start.presentment_money.currency_code),
    )


def text(amount: Decimal) -> str:
    """Return the amount as the API writes it, never in exponent form."""
    return f"{amount:f}"
