"""Postal addresses as the country they lead to writes them (Universal Postal Union, S42), the country in the reader's words."""

from dataclasses import dataclass
from typing import Final

from babel import Locale

from retour.web.reader import Reader

# Where the town comes before the postcode, on its line or on the next; everywhere else the postcode comes first.
_TOWN_REGION_POSTCODE: Final = frozenset({"AU", "CA", "US"})
_TOWN_THEN_POSTCODE: Final = frozenset({"GB", "IE"})


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """Where a parcel goes; `country` is the code of ISO 3166-1 with two letters, `region` a state or province."""

    name: str
    street: tuple[str, ...]
    town: str
    country: str
    postcode: str = ""
    region: str = ""


def postal_lines(address: PostalAddress, reader: Reader, *, home: str | None = None) -> list[str]:
    """Return the lines of an address; its country stands last unless it is the country of whoever sends (`home`)."""
    lines = [address.name, *address.street, *_town(address)]
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
