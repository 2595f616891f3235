"""Postal addresses as the country they lead to writes them (Universal Postal Union, S42), the country in the reader's words."""

from typing import Final

from babel import Locale

from retour.core.postal import PostalAddress
from retour.web.reader import Reader

__all__ = ["PostalAddress", "postal_lines"]

# Where the town comes before the postcode, on its line or on the next; everywhere else the postcode comes first.
_TOWN_REGION_POSTCODE: Final = frozenset({"AU", "CA", "US"})
_TOWN_THEN_POSTCODE: Final = frozenset({"GB", "IE"})


def postal_lines(address: PostalAddress, reader: Reader, *, home: str | None = None) -> list[str]:
    """Return the lines of an address; its country stands last unless it is the country of whoever sends (`home`)."""
    lines = [address.name, address.company, *address.street, *_town(address)]
    if address.country != home:
        lines.append(Locale.parse(reader.language).territories.get(address.country, address.country))
    return [line for line in lines if line]


def _town(address: PostalAddress) -> list[str]:
    if address.country in _TOWN_REGION_POSTCODE:
        comma = "," if address.country == "US" and address.region else ""
        return [" ".join(part for part in (f"{address.town}{comma}", address.region, address.postcode) if part)]
    if address.country in _TOWN_THEN_POSTCODE:
        return [address.town, address.postcode]
    return [f"{address.postcode} {address.town}".strip(), address.region]
