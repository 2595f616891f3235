"""Adding up: parts make the whole, groups are cut where they get long, currencies stay apart."""

from dataclasses import replace

from retour.core.simulation import REST, Against, Fate, Mode, Tally, summed
from tests.core.simulation import builders as b

SHIRT, SHOES = b.a_line("L1", 10_000, tax=1_597), b.a_line("L2", 5_000)
THEN = b.automatic()


def test_parts_of_a_simulation_add_up_to_the_whole() -> None:
    order = b.an_order(SHIRT, SHOES)
    court = b.a_court(b.with_fee(THEN, 1_000), THEN)
    found = [b.compared(court, b.a_past(order, key=f"r{n}", recorded=15_000), order) for n in range(5)]
    halves = []
    for some in (found[:2], found[2:]):
        counted = Tally()
        for one in some:
            counted.add(one)
        halves.append(counted.plain())

    merged = summed(halves, mode=Mode.RETURNS, against=Against.RECORDED, listed=0, rules={})

    assert merged == b.told(found)
    assert merged.read == 5
    assert merged.changes == {"pays_less": 5}


def test_of_many_products_the_least_changed_become_one_row() -> None:
    court = b.a_court(THEN, THEN)
    found = []
    for n in range(4):
        order = b.an_order(replace(SHIRT, product=replace(SHIRT.product, ref=f"P{n}"), title=f"Shirt {n}"))
        found.append(b.compared(court, b.a_past(order, recorded=10_000), order))

    rows = b.told(found, most_rows=2).books[0].by["product"]

    assert [(row.key, row.before.lines) for row in rows] == [("P0", 1), ("P1", 1), (REST, 2)]


def test_two_currencies_of_the_books_are_never_added() -> None:
    order = b.an_order(SHIRT)
    court = b.a_court(THEN, THEN)
    yen = replace(order, currency="JPY", shop_currency="JPY")
    found = [b.compared(court, b.a_past(one, recorded=10_000), one) for one in (order, yen, yen)]

    assert [(books.currency, books.before.counts.returns) for books in b.told(found).books] == [("JPY", 2), ("EUR", 1)]


def test_shapes_of_returns_are_forgotten_before_they_grow_without_end() -> None:
    order = b.an_order(SHIRT, SHOES)
    court = b.a_court(b.with_fee(THEN, 1_000), THEN)
    whole: dict[str, Fate] = {}
    half = {"L1": Fate.REJECTED}
    found = [b.compared(court, b.a_past(order, recorded=15_000, held=held), order) for held in (whole, half) * 3]
    few, many = Tally(most=1), Tally()

    for one in found:
        few.add(one)
        many.add(one)

    assert few.plain() == many.plain()
    assert few.affected == 6
