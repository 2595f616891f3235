"""Which order a return belongs to: a clear winner or a person, never a silent guess."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retour.core.intake.association import (
    ENOUGH,
    LEAD,
    MOST_SHOWN,
    Candidate,
    Clues,
    Point,
    Verdict,
    associate,
)
from retour.core.money import Sides
from retour.core.order import Order, OrderLine, Person

PLACED = datetime(2026, 2, 24, 9, 0, tzinfo=UTC)
CARA = Person(ref="c-1", name="Cara Canary", email="Cara@Example.com", phone="+49 170 5550123", postcode="10115 B")


def one(
    n: int = 1, *, number: str = "#1001", sku: str = "COAT", person: Person = CARA, total: int = 2_000
) -> Candidate:
    line = OrderLine("line-1", 0, "Coat", 2, Sides(total, total), Sides(total, total), sku=sku)
    bare = OrderLine("line-2", 1, "Wrapping", 1, Sides(0, 0), Sides(0, 0))
    order = Order(f"O-{n}", number, "EUR", "EUR", PLACED, PLACED, Sides(total, total), (line, bare))
    return Candidate(UUID(int=n), order, person)


def points(clues: Clues, candidate: Candidate) -> dict[str, int]:
    ranked = associate(clues, [candidate]).ranked
    return {point.by: point.points for point in ranked[0].points} if ranked else {}


@pytest.mark.parametrize(
    ("clues", "wanted"),
    [
        (Clues(order_id="O-1"), {"id": 100}),
        (Clues(order_id=str(UUID(int=1))), {"id": 100}),
        (Clues(number=" 1001 "), {"number": 50}),
        (Clues(number="#1001", order_id="O-9"), {"number": 50}),
        (Clues(order_id="O-1", number="#9"), {"id": 100, "number": -40}),
        (Clues(customer=Person(ref="c-1")), {"customer": 30}),
        (Clues(customer=Person(email=" cara@example.COM ")), {"email": 30}),
        (Clues(order_id="O-1", customer=Person(email="other@example.com")), {"id": 100, "email": -20}),
        (Clues(customer=Person(phone="0170 5550123")), {"phone": 25}),
        (Clues(customer=Person(phone="+49 170 5550123")), {"phone": 25}),
        (Clues(order_id="O-1", customer=Person(phone="---")), {"id": 100, "phone": -10}),
        (Clues(order_id="O-1", customer=Person(phone="0123")), {"id": 100, "phone": -10}),
        (Clues(customer=Person(name="canary, Cara")), {"name": 10}),
        (Clues(order_id="O-1", customer=Person(name="Carl")), {"id": 100, "name": -5}),
        (Clues(customer=Person(postcode="10115b")), {"postcode": 5}),
        (Clues(order_id="O-1", customer=Person(postcode="2")), {"id": 100}),
        (Clues(skus=(("coat", 2),)), {"goods": 20}),
        (Clues(skus=(("coat", 3), ("COAT", 1))), {"goods": 10}),
        (Clues(order_id="O-1", skus=(("HAT", 1),)), {"id": 100, "goods": -30}),
        (Clues(lines=("line-1",)), {"goods": 20}),
        (Clues(placed_on=date(2026, 2, 24)), {"day": 10}),
        (Clues(placed_on=date(2026, 2, 27)), {"day": 5}),
        (Clues(order_id="O-1", placed_on=date(2026, 2, 28)), {"id": 100, "day": -10}),
        (Clues(total_minor=2_000, currency="EUR"), {"amount": 10}),
        (Clues(order_id="O-1", total_minor=1, currency="EUR"), {"id": 100, "amount": -5}),
        (Clues(order_id="O-1", total_minor=2_000, currency="USD"), {"id": 100}),
        (Clues(number="#9"), {}),
        (Clues(), {}),
    ],
)
def test_every_clue_is_worth_what_the_table_says(clues: Clues, wanted: dict[str, int]) -> None:
    assert points(clues, one()) == wanted


def test_a_person_of_whom_nothing_is_known_neither_agrees_nor_contradicts() -> None:
    asked = Clues(order_id="O-1", customer=replace(CARA, ref=None))

    assert points(asked, one(person=Person())) == {"id": 100}


def test_number_and_contact_are_enough_and_one_of_them_alone_is_not() -> None:
    both = associate(Clues(number="#1001", customer=Person(email="cara@example.com")), [one()])
    alone = associate(Clues(number="#1001"), [one()])
    contact = associate(Clues(customer=Person(email="cara@example.com"), skus=(("COAT", 1),)), [one()])

    assert (both.verdict, both.chosen) == (Verdict.FOUND, UUID(int=1))
    assert (alone.verdict, alone.chosen) == (Verdict.AMBIGUOUS, None)
    assert (contact.verdict, contact.chosen) == (Verdict.AMBIGUOUS, None)


def test_two_orders_that_agree_alike_are_nobodys() -> None:
    clues = Clues(number="#1001", customer=Person(email="cara@example.com"))

    said = associate(clues, [one(1), one(2)])

    assert (said.verdict, said.chosen) == (Verdict.AMBIGUOUS, None)
    assert [scored.score for scored in said.ranked] == [80, 80]


def test_an_id_that_is_contradicted_by_number_and_mail_is_not_believed() -> None:
    clues = Clues(order_id="O-1", number="#2002", customer=Person(email="other@example.com"))

    assert associate(clues, [one()]).verdict is Verdict.AMBIGUOUS


def test_nothing_that_agrees_is_no_candidate() -> None:
    said = associate(Clues(number="#9"), [one()])

    assert (said.verdict, said.ranked) == (Verdict.NONE, ())


CLUES = st.builds(
    Clues,
    order_id=st.sampled_from([None, "O-1", "O-2", "O-9"]),
    number=st.sampled_from([None, "#1001", "#1002", "#9"]),
    customer=st.builds(
        Person, ref=st.sampled_from([None, "c-1"]), email=st.sampled_from([None, "cara@example.com", "x@example.com"]),
        phone=st.sampled_from([None, "0170 5550123", "1"]), name=st.sampled_from([None, "Cara Canary", "Carl"]),
    ),
    skus=st.lists(st.tuples(st.sampled_from(["COAT", "HAT"]), st.integers(1, 3)), max_size=2).map(tuple),
    placed_on=st.sampled_from([None, date(2026, 2, 24), date(2026, 2, 20)]),
)  # fmt: skip
CANDIDATES = st.lists(
    st.builds(
        one, st.integers(1, 8), number=st.sampled_from(["#1001", "#1002"]), sku=st.sampled_from(["COAT", "HAT"]),
        person=st.sampled_from([CARA, Person(ref="c-2", email="x@example.com"), Person()]),
    ),
    unique_by=lambda c: c.id, max_size=8,
)  # fmt: skip


@given(CLUES, CANDIDATES, st.randoms())
def test_the_order_of_the_candidates_is_of_no_account(clues: Clues, found: list[Candidate], chance: object) -> None:
    mixed = list(found)
    chance.shuffle(mixed)  # type: ignore[attr-defined]

    assert associate(clues, mixed) == associate(clues, found)


@given(CLUES, CANDIDATES)
def test_a_winner_has_enough_and_leads_and_everything_is_explained(clues: Clues, found: list[Candidate]) -> None:
    said = associate(clues, found)

    scores = [scored.score for scored in said.ranked]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) <= MOST_SHOWN
    assert all(any(point.points > 0 for point in scored.points) for scored in said.ranked)
    assert (said.chosen is not None) == (said.verdict is Verdict.FOUND)
    if said.chosen is not None:
        assert said.chosen == said.ranked[0].order_id
        assert scores[0] >= ENOUGH
        assert scores[0] - max([*scores[1:], 0]) >= LEAD


@given(CLUES, CANDIDATES)
def test_a_twin_of_the_winner_takes_the_win_away(clues: Clues, found: list[Candidate]) -> None:
    said = associate(clues, found)
    winner = next((c for c in found if c.id == said.chosen), None)
    if winner is None or clues.order_id == str(winner.id):
        return

    twin = replace(winner, id=UUID(int=99))

    assert associate(clues, [*found, twin]).verdict is Verdict.AMBIGUOUS


@given(CLUES, CANDIDATES)
def test_a_clue_that_agrees_never_costs_points(clues: Clues, found: list[Candidate]) -> None:
    for candidate in found:
        before = associate(clues, [candidate]).ranked
        after = associate(replace(clues, order_id=candidate.order.ref), [candidate]).ranked
        assert not before or (Point("id", 100) in after[0].points and after[0].score >= before[0].score)


def test_an_order_that_is_contradicted_more_than_it_agrees_is_no_candidate() -> None:
    clues = Clues(number="#9", customer=Person(email="cara@example.com"))

    assert associate(clues, [one()]).verdict is Verdict.NONE
