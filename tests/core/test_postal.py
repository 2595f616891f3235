"""Postal addresses: tidied, checked part by part, and usable or not."""

from dataclasses import replace
from typing import Any

import pytest

from retour.core.errors import Refused
from retour.core.postal import PostalAddress, check_postal, tidied

HERE = PostalAddress("Ann", ("Lindenweg 4",), "Berlin", "DE", "10969")


def test_an_address_is_kept_without_what_nobody_reads() -> None:
    typed = PostalAddress(" Ann  Lind ", ("Lindenweg 4 ", " ", "Hof"), " Berlin", "de ", " 10969", "", " Lind  & Co ")

    assert tidied(typed) == PostalAddress("Ann Lind", ("Lindenweg 4", "Hof"), "Berlin", "DE", "10969", "", "Lind & Co")


def test_a_whole_address_is_in_order() -> None:
    check_postal(HERE)
    assert HERE.usable


@pytest.mark.parametrize(
    ("different", "part"),
    [
        ({"name": ""}, "name"),
        ({"town": ""}, "town"),
        ({"street": ()}, "street"),
        ({"street": ("a", "b", "c", "d")}, "street"),
        ({"street": ("a", "x" * 101)}, "street[1]"),
        ({"country": "Germany"}, "country"),
        ({"country": "de"}, "country"),
        ({"name": "Ann\u202e"}, "name"),
        ({"postcode": "10\n69"}, "postcode"),
        ({"company": "x" * 101}, "company"),
    ],
)
def test_a_part_that_cannot_be_printed_is_named(different: dict[str, Any], part: str) -> None:
    with pytest.raises(Refused) as refused:
        check_postal(replace(HERE, **different))

    assert (refused.value.code, refused.value.field) == ("invalid_address", part)
