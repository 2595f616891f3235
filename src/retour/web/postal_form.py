"""The form of a postal address: what is typed as an address, an address as it was typed, and what is said of a refusal."""

import re
from typing import Final

from babel import Locale

from retour.core.errors import Refused
from retour.core.postal import MOST_STREET, PostalAddress
from retour.web.forms import Form
from retour.web.reader import Reader

STREETS: Final = tuple(f"street-{n}" for n in range(MOST_STREET))
_PLACES: Final = frozenset({"EU", "EZ", "UN", "QO", "ZZ", "XA", "XB"})  # codes of groups and of nothing; no country


def countries(reader: Reader) -> list[tuple[str, str]]:
    """Return (code, name) of every country in the reader's words, after a choice of none."""
    names = Locale.parse(reader.language).territories
    found = [(code, str(name)) for code, name in names.items() if re.fullmatch(r"[A-Z]{2}", code)]
    known = sorted((pair for pair in found if pair[0] not in _PLACES), key=lambda pair: pair[1].casefold())
    return [("", reader.say("Choose a country")), *known]


def typed(sent: Form) -> PostalAddress:
    """Return what was typed as an address; nothing of it is checked."""
    return PostalAddress(
        name=sent.text("name"), company=sent.text("company"), street=tuple(sent.text(name) for name in STREETS),
        town=sent.text("town"), postcode=sent.text("postcode"), region=sent.text("region"), country=sent.text("country"),
    )  # fmt: skip


def filled(address: PostalAddress | None) -> Form:
    """Return a form with an address in it, an empty one without."""
    if address is None:
        return Form({})
    fields = {
        "name": address.name, "company": address.company, "town": address.town, "postcode": address.postcode,
        "region": address.region, "country": address.country, **dict(zip(STREETS, address.street, strict=False)),
    }  # fmt: skip
    return Form({name: [text] for name, text in fields.items()})


def wrong(refused: Refused, reader: Reader) -> tuple[str, str]:
    """Return the field of the form that an `invalid_address` is about, and what is said there."""
    say, part, told = reader.say, (refused.field or "").removeprefix("address."), refused.message
    missing = {
        "name": say("Enter a name"), "street": say("Enter the street"), "town": say("Enter the town"),
        "country": say("Choose a country"),
    }  # fmt: skip
    if part in missing and not told.startswith("at most"):
        return ("street-0" if part == "street" else part), missing[part]
    return part.replace("[", "-").removesuffix("]"), say("At most 100 characters, none of them invisible")
