"""Units of a line as ranges of ordinals: what they are worth, joined, counted, and taken from each other."""

from collections.abc import Iterable

from retour.core.refund.ledger import Ordinals


def merged(ranges: Iterable[tuple[int, int]]) -> Ordinals:
    """Return the ranges in ascending order, neighbours and what overlaps joined."""
    joined: list[tuple[int, int]] = []
    for lo, hi in sorted(ranges):
        if joined and lo <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(hi, joined[-1][1]))
        else:
            joined.append((lo, hi))
    return tuple(joined)


def count(ordinals: Ordinals) -> int:
    """Return how many units the ranges hold."""
    return sum(hi - lo + 1 for lo, hi in ordinals)


def worth(component: int, ordinals: Ordinals, q: int) -> int:
    """Return what these units of `q` are worth: unit u is worth what the first u are, less the first u - 1."""
    if component <= 0:
        return -worth(-component, ordinals, q) if component else 0
    twice, total = 2 * component, 0
    for lo, hi in ordinals:  # half_up(component * u, q), written out: nothing is computed more often
        total += (twice * hi + q) // (2 * q) - (twice * (lo - 1) + q) // (2 * q)
    return total


def complement(quantity: int, gone: Iterable[tuple[int, int]]) -> Ordinals:
    """Return the units of 1 to `quantity` that are in none of the ranges."""
    kept: list[tuple[int, int]] = []
    first = 1
    for lo, hi in sorted(gone):
        if first < lo:
            kept.append((first, lo - 1))
        first = max(first, hi + 1)
    if first <= quantity:
        kept.append((first, quantity))
    return tuple(kept)


def without(units: Ordinals, gone: Ordinals) -> Ordinals:
    """Return the units that are not among those gone, as ranges in ascending order."""
    for lo, hi in gone:
        kept: list[tuple[int, int]] = []
        for first, last in units:
            kept += [(a, b) for a, b in ((first, min(last, lo - 1)), (max(first, hi + 1), last)) if a <= b]
        units = tuple(kept)
    return units
