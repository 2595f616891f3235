"""A file of returns: one line an item, each return by itself, and every mistake at its line and column."""

import pytest

from retour.core.errors import Refused
from retour.core.intake import Item, read_table

HEAD = "id,created_at,order_number,customer_email,sku,quantity,reason"


def table(*lines: str, head: str = HEAD) -> str:
    return "\n".join([head, *lines]) + "\n"


def test_lines_of_one_id_are_one_return() -> None:
    found = read_table(
        "\ufeff"
        + table(
            "A,2026-02-28,#1001,cara@example.com,COAT,1,too_small",
            "B,2026-02-28T10:00:00Z,#1002,,HAT,2,",
            ",,,,,,",
            "A,,,,HAT,1,damaged",
        )
    )

    assert [(one.id, one.lines) for one in found] == [("A", (2, 5)), ("B", (3,))]
    first = found[0].document
    assert first is not None
    assert first.items == (Item(1, sku="COAT", reason="too_small"), Item(1, sku="HAT", reason="damaged"))
    assert (first.order_number, first.customer.email, first.status) == ("#1001", "cara@example.com", "requested")
    assert first.updated_at == first.created_at


@pytest.mark.parametrize(
    ("lines", "fields"),
    [
        (["A,2026-02-28,#1,,COAT,none,"], ["line 2.quantity"]),
        (["A,yesterday,#1,,COAT,1,"], ["line 2.created_at"]),
        (["A,2026-02-28,#1,,COAT,1,", "A,2026-02-28,#2,,HAT,1,"], ["line 3.order_number"]),
        (["A,2026-02-28,#1,,COAT,1,", "A,,,,,1,"], ["line 3"]),
        (["A,2026-02-28,#1,,,,"], ["line 2.quantity"]),
        ([",2026-02-28,#1,,COAT,1,"], ["line 2.id"]),
        (["A,2026-02-28,#1,,COAT,1234567890,"], ["line 2.quantity"]),
    ],
)
def test_a_mistake_stands_at_its_line_and_column_and_spares_the_others(lines: list[str], fields: list[str]) -> None:
    *_, good = read_table(table(*lines, "Z,2026-02-28,#1,,COAT,1,"))
    wrong = read_table(table(*lines))[0]

    assert [one.field for one in wrong.objections] == fields
    assert wrong.document is None
    assert good.document is not None


def test_a_field_of_no_column_is_named_as_the_schema_does() -> None:
    head = "id,created_at,quantity,sku,order_total"

    (found,) = read_table(table("A,2026-02-28,1,COAT,10.00", head=head))

    assert [one.field for one in found.objections] == ["line 2.order_currency"]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "line 1.id"),
        (table(), "csv"),
        (table(head="id,created_at,quantity,colour"), "line 1.colour"),
        (table(head="id,created_at,quantity,id"), "line 1.id"),
        (table(head="id,created_at"), "line 1.quantity"),
        (table("A,2026"), "line 2"),
        (table('A,"2026'), "line 2"),
    ],
)
def test_what_is_no_table_is_refused_whole(text: str, field: str) -> None:
    with pytest.raises(Refused) as caught:
        read_table(text)

    assert (caught.value.code, caught.value.field) == ("file_invalid", field)


def test_a_file_has_an_end() -> None:
    with pytest.raises(Refused) as caught:
        read_table(table(*["A,2026-02-28,#1,,COAT,1,"] * 3), most_lines=3)

    assert caught.value.code == "file_too_long"
