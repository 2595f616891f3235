"""Items of a document as lines of an order: for certain or not at all."""

from retour.core.intake import Item, Unmatched, Wanted, match_items
from retour.core.intake.items import asked_units
from retour.core.money import Sides
from retour.core.order import Order, OrderLine
from tests.core.intake.test_association import PLACED


def an_order(*lines: tuple[str, str | None, str]) -> Order:
    made = tuple(
        OrderLine(ref, n, title, 2, Sides(1, 1), Sides(1, 1), sku=sku) for n, (ref, sku, title) in enumerate(lines)
    )
    return Order("O", "#1", "EUR", "EUR", PLACED, PLACED, Sides(1, 1), made)


ORDER = an_order(
    ("a", "COAT", "Coat"), ("b", "HAT", "Hat"), ("c", "COAT", "Coat"), ("d", None, "Box"), ("e", None, "Box")
)
LEFT = {"a": 1, "b": 2, "c": 2, "d": 1, "e": 1}


def test_a_line_is_named_by_its_id_its_sku_or_its_title() -> None:
    found, unmatched = match_items([Item(1, line="b"), Item(1, sku="coat"), Item(1, title=" COAT ")], ORDER, LEFT)

    assert unmatched == ()
    assert [(w.line_ref, w.quantity) for w in found] == [("b", 1), ("a", 1), ("c", 1)]


def test_of_several_lines_of_an_article_the_first_with_enough_units_left_is_taken() -> None:
    found, _ = match_items([Item(2, sku="COAT")], ORDER, LEFT)

    assert [w.line_ref for w in found] == ["c"]


def test_what_is_not_on_the_order_or_on_too_many_lines_is_left_to_a_person() -> None:
    items = [Item(1, sku="SCARF"), Item(3, sku="COAT"), Item(1, title="Box"), Item(1, line="z"), Item(1)]

    found, unmatched = match_items(items, ORDER, LEFT)

    assert found == ()
    assert unmatched == (
        Unmatched(0, "not_on_the_order"), Unmatched(1, "too_many_of_it"), Unmatched(2, "not_on_the_order"),
        Unmatched(3, "not_on_the_order"), Unmatched(4, "not_on_the_order"),
    )  # fmt: skip


def test_the_only_line_is_asked_for_even_if_too_few_are_left() -> None:
    found, unmatched = match_items([Item(5, sku="HAT")], ORDER, {})

    assert (found, unmatched) == ((Wanted("b", 5),), ())


def test_items_of_one_line_become_one_and_keep_what_was_said() -> None:
    items = [
        Item(1, sku="HAT", reason="damaged", comment="torn", resolution="exchange"),
        Item(1, sku="HAT", reason="damaged", comment="dull", resolution="exchange"),
    ]

    found, _ = match_items(items, ORDER, LEFT)

    assert found == (Wanted("b", 2, "damaged", "torn\ndull", "exchange"),)


def test_units_of_one_line_that_ask_for_different_things_are_left_to_a_person() -> None:
    cash, credit = Item(1, sku="HAT"), Item(1, sku="HAT", resolution="store_credit")
    torn = Item(1, sku="HAT", reason="damaged")

    assert match_items([cash, credit], ORDER, LEFT)[1] == (Unmatched(1, "asked_in_two_ways"),)
    assert match_items([cash, torn], ORDER, LEFT)[1] == (Unmatched(1, "asked_in_two_ways"),)


def test_a_line_and_an_article_that_contradict_each_other_are_left_to_a_person() -> None:
    assert match_items([Item(1, line="b", sku="COAT")], ORDER, LEFT) == ((), (Unmatched(0, "contradicts_itself"),))
    assert match_items([Item(1, line="b", sku=" hat"), Item(1, line="d", sku="X")], ORDER, LEFT)[1] == ()


def test_what_is_asked_for_is_counted_by_article_and_resolution() -> None:
    items = [
        Item(1, sku="HAT"),
        Item(2, sku="hat "),
        Item(1, line="b", resolution="store_credit"),
        Item(1, title="Box"),
    ]

    assert asked_units(items) == {("hat", ""): 3, ("b", "store_credit"): 1, ("box", ""): 1}


def test_an_unknown_reason_is_kept_as_what_was_said() -> None:
    found, _ = match_items([Item(1, sku="HAT", reason="not_nice", comment="dull")], ORDER, LEFT)

    assert found == (Wanted("b", 1, "other", "not_nice: dull"),)
