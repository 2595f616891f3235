"""Addresses as the country they lead to writes them."""

import pytest

from retour.web.postal import PostalAddress, postal_lines
from tests.web.readers import a_reader


@pytest.mark.parametrize(
    ("country", "town", "region", "postcode", "lines"),
    [
        ("DE", "Hamburg", "", "20457", ["20457 Hamburg"]),
        ("FR", "Lyon", "", "69001", ["69001 Lyon"]),
        ("US", "New York", "NY", "10001", ["New York, NY 10001"]),
        ("CA", "Montréal", "QC", "H3Z 2Y7", ["Montréal QC H3Z 2Y7"]),
        ("GB", "London", "", "SW1A 1AA", ["London", "SW1A 1AA"]),
        ("AE", "Dubai", "", "", ["Dubai"]),
    ],
)
def test_town_and_postcode_stand_as_the_country_writes_them(
    country: str, town: str, region: str, postcode: str, lines: list[str]
) -> None:
    address = PostalAddress("Fjellhus returns", ("Kai 4",), town, country, postcode, region)

    assert postal_lines(address, a_reader(), home=country) == ["Fjellhus returns", "Kai 4", *lines]


def test_a_foreign_country_is_named_in_the_readers_words() -> None:
    address = PostalAddress("Fjellhus", ("Kai 4", ""), "Hamburg", "DE", "20457")

    assert postal_lines(address, a_reader(), home="GB")[-1] == "Germany"
    assert postal_lines(address, a_reader("de"), home="GB") == ["Fjellhus", "Kai 4", "20457 Hamburg", "Deutschland"]
    assert postal_lines(address, a_reader("ar"))[-1] == "ألمانيا"
