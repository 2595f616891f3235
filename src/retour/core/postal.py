"""Postal addresses: where a parcel comes from and where it goes."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from retour.core.errors import Refused

MOST: Final = 100  # characters of one line
MOST_STREET: Final = 3  # lines
_COUNTRY: Final = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """Where a parcel goes; `country` is the code of ISO 3166-1 with two letters, `region` a state or province."""

    name: str
    street: tuple[str, ...]
    town: str
    country: str
    postcode: str = ""
    region: str = ""
    company: str = ""

    @property
    def usable(self) -> bool:
        """Return whether a parcel can be sent there: somebody, a street, a town and a country."""
        return bool(self.name and any(self.street) and self.town and _COUNTRY.fullmatch(self.country))


def tidied(address: PostalAddress) -> PostalAddress:
    """Return an address without blanks around its parts, empty lines of a street left out, the country in capitals."""
    return PostalAddress(
        name=_one(address.name),
        street=tuple(line for line in map(_one, address.street) if line),
        town=_one(address.town),
        country=_one(address.country).upper(),
        postcode=_one(address.postcode),
        region=_one(address.region),
        company=_one(address.company),
    )


def check_postal(address: PostalAddress) -> None:
    """Raise Refused(invalid_address) with the part that cannot be printed, is missing or too long (100 characters)."""
    parts = {
        "name": address.name, "company": address.company, "town": address.town, "postcode": address.postcode,
        "region": address.region, "country": address.country, **{f"street[{n}]": s for n, s in enumerate(address.street)},
    }  # fmt: skip
    for part in ("name", "town"):
        if not parts[part]:
            raise Refused("invalid_address", "an address has a name, a street, a town and a country", field=part)
    if not address.street or len(address.street) > MOST_STREET:
        raise Refused("invalid_address", f"a street has 1 to {MOST_STREET} lines", field="street")
    if not _COUNTRY.fullmatch(address.country):
        raise Refused("invalid_address", "a country is a code of two letters, such as DE", field="country")
    for part, text in parts.items():
        if len(text) > MOST or any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in text):
            raise Refused("invalid_address", f"at most {MOST} characters, none of them invisible", field=part)


def _one(text: str) -> str:
    return " ".join(text.split())
