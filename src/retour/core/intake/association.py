"""Which order a return of another system belongs to: points with their reasons, and a winner only when it is clear.

An id decides alone. Else every clue gives points for agreeing and takes points for contradicting; the order with the
most is associated if it has enough and leads by enough. Anything else waits for a person who sees the candidates.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from retour.core.intake.ref import same_ref
from retour.core.order import Order, Person
from retour.core.phone import same_number

ENOUGH: Final = 60
LEAD: Final = 25
CERTAIN: Final = 100
MOST_SHOWN: Final = 5
# What agreeing is worth, and what contradicting costs, by the clue.
AGREES: Final = {
    "id": CERTAIN, "number": 50, "customer": 30, "email": 30, "phone": 25, "name": 10, "postcode": 5, "goods": 20,
    "some_goods": 10, "same_day": 10, "near_day": 5, "amount": 10,
}  # fmt: skip
CONTRADICTS: Final = {
    "number": -40, "email": -20, "phone": -10, "name": -5, "goods": -30, "day": -10, "amount": -5,
}  # fmt: skip
NOBODY: Final = Person()
_NEAR: Final = timedelta(days=3)


class Verdict(StrEnum):
    """What became of the search."""

    FOUND = "found"
    AMBIGUOUS = "ambiguous"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Clues:
    """What is known of the order: ids and numbers as they were given, SKUs with quantities, refs of lines, a day."""

    order_id: str | None = None
    number: str | None = None
    customer: Person = NOBODY
    skus: tuple[tuple[str, int], ...] = ()
    lines: tuple[str, ...] = ()
    placed_on: date | None = None
    total_minor: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """An order that it may be, with the person who placed it."""

    id: UUID
    order: Order
    person: Person


@dataclass(frozen=True, slots=True)
class Point:
    """What one clue is worth for one order; `by` names the clue, negative points say that it contradicts."""

    by: str
    points: int


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate with its points."""

    order_id: UUID
    points: tuple[Point, ...]

    @property
    def score(self) -> int:
        """Return the sum of the points."""
        return sum(point.points for point in self.points)


@dataclass(frozen=True, slots=True)
class Association:
    """The verdict: `chosen` is the order if there is a clear one; `ranked` are at most five, the best first."""

    verdict: Verdict
    chosen: UUID | None
    ranked: tuple[Scored, ...]


def associate(clues: Clues, candidates: Sequence[Candidate]) -> Association:
    """Return the order the clues point to, if they point to one alone; the order of the candidates is of no account."""
    scored = sorted((_scored(clues, one) for one in candidates), key=lambda s: (-s.score, s.order_id))
    ranked = tuple(s for s in scored if s.score > 0)[:MOST_SHOWN]
    if not ranked:
        return Association(Verdict.NONE, None, ())
    best, rival = ranked[0].score, ranked[1].score if len(ranked) > 1 else 0
    if best >= ENOUGH and best - rival >= LEAD:
        return Association(Verdict.FOUND, ranked[0].order_id, ranked)
    return Association(Verdict.AMBIGUOUS, None, ranked)


def _scored(clues: Clues, one: Candidate) -> Scored:
    return Scored(
        one.id,
        (
            *_of_ids(clues, one),
            *_of_person(clues.customer, one.person, one.order.country),
            *_of_content(clues, one.order),
        ),
    )


def _of_ids(clues: Clues, one: Candidate) -> Iterator[Point]:
    if clues.order_id is not None and (clues.order_id == str(one.id) or same_ref(clues.order_id, one.order.ref)):
        yield Point("id", AGREES["id"])
    if clues.number is not None:
        yield _point("number", fold_number(clues.number) == fold_number(one.order.name))


def _of_person(asked: Person, known: Person, sent_to: str | None) -> Iterator[Point]:
    if asked.ref and known.ref and same_ref(asked.ref, known.ref):
        yield Point("customer", AGREES["customer"])
    if asked.email and known.email:
        yield _point("email", _plain(asked.email) == _plain(known.email))
    if asked.phone and known.phone:
        yield _point("phone", _same_phone(asked, known, sent_to))
    if asked.name and known.name:
        yield _point("name", _words(asked.name) == _words(known.name))
    if asked.postcode and known.postcode and _letters(asked.postcode) == _letters(known.postcode):
        yield Point("postcode", AGREES["postcode"])


def _of_content(clues: Clues, order: Order) -> Iterator[Point]:
    yield from _of_goods(clues, order)
    if clues.placed_on is not None:
        apart = abs(clues.placed_on - order.placed_at.date())
        if apart <= _NEAR:
            yield Point("day", AGREES["near_day"] if apart else AGREES["same_day"])
        else:
            yield Point("day", CONTRADICTS["day"])
    if clues.total_minor is not None and clues.currency == order.currency:
        yield _point("amount", clues.total_minor == order.total.presentment)


def _of_goods(clues: Clues, order: Order) -> Iterator[Point]:
    bought: dict[str, int] = {}
    for line in order.lines:
        if line.sku:
            bought[_plain(line.sku)] = bought.get(_plain(line.sku), 0) + line.quantity
    found = [bought.get(_plain(sku), 0) >= quantity for sku, quantity in clues.skus]
    found += [any(same_ref(ref, line.ref) for line in order.lines) for ref in clues.lines]
    if found and all(found):
        yield Point("goods", AGREES["goods"])
    elif any(found):
        yield Point("goods", AGREES["some_goods"])
    elif found:
        yield Point("goods", CONTRADICTS["goods"])


def _point(by: str, agrees: bool) -> Point:  # noqa: FBT001 - the answer of a comparison
    return Point(by, AGREES[by] if agrees else CONTRADICTS[by])


def fold_number(number: str) -> str:
    """Return an order number as it is compared: without blanks and a leading #, in one case."""
    return _plain(number).removeprefix("#")


def _same_phone(asked: Person, known: Person, sent_to: str | None) -> bool:
    """Return whether two people have one number; without its country it is one of where they live or the order went."""
    countries = (sent_to, known.home_country, asked.home_country)
    return same_number(asked.phone or "", known.phone or "", countries=countries)


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()


def _words(text: str) -> frozenset[str]:
    return frozenset(re.sub(r"[^\w\s]", " ", text).casefold().split())


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())
