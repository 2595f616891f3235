"""Decoding what a policy declares beside its rules: zones of countries, working days, the conditions of promotions."""

import re
from typing import Final

from retour.core.policy.charge_decoding import MAX_MINOR
from retour.core.policy.document import (
    ELSEWHERE,
    MAX_COUNTRIES,
    MAX_HOLIDAYS,
    MAX_PROMOTIONS,
    MAX_ZONES,
    PromotionCondition,
    WorkCalendar,
    Zone,
)
from retour.core.policy.reading import Node

MAX_UNITS: Final = 100_000
COUNTRY: Final = re.compile(r"[A-Z]{2}")


def zones(node: Node) -> tuple[Zone, ...]:
    """Read the zones; a name appears once, and a country is in one zone at most."""
    read: list[Zone] = []
    names = {ELSEWHERE}
    zone_of: dict[str, str] = {}
    for item in node.items(most=MAX_ZONES):
        fields = item.fields(required=("name", "countries"))
        name = fields["name"].text()
        if name.casefold() in names:
            raise fields["name"].refusal("duplicate", f"{name} is already taken")
        names.add(name.casefold())
        countries = []
        for country in fields["countries"].items(least=1, most=MAX_COUNTRIES):
            code = country.text(pattern=COUNTRY)
            if code in zone_of:
                raise country.refusal("overlapping_zones", f"{code} is in {zone_of[code]} already")
            zone_of[code] = name
            countries.append(code)
        read.append(Zone(name, tuple(countries)))
    return tuple(read)


def calendar(node: Node) -> WorkCalendar:
    """Read the days that are not worked; at least one day of the week is."""
    fields = node.fields(optional=("holidays", "weekend"))
    holidays = tuple(item.day() for item in fields["holidays"].items(most=MAX_HOLIDAYS)) if "holidays" in fields else ()
    if len(set(holidays)) < len(holidays):
        raise fields["holidays"].refusal("duplicate", "names a day twice")
    if "weekend" not in fields:
        return WorkCalendar(holidays)
    weekend = tuple(item.whole(least=1, most=7) for item in fields["weekend"].items(most=6))
    if len(set(weekend)) < len(weekend):
        raise fields["weekend"].refusal("duplicate", "names a day twice")
    return WorkCalendar(holidays, weekend)


def promotions(node: Node, currency: str | None) -> tuple[PromotionCondition, ...]:
    """Read what baskets must hold for a discount; a code appears once and has a condition."""
    read: list[PromotionCondition] = []
    for item in node.items(most=MAX_PROMOTIONS):
        fields = item.fields(required=("code",), optional=("minimum_minor", "minimum_units"))
        if len(fields) == 1:
            raise item.refusal("incomplete", "must have a minimum of value or units")
        code = fields["code"].text()
        if any(known.code.casefold() == code.casefold() for known in read):
            raise fields["code"].refusal("duplicate", f"{code} has a condition already")
        if "minimum_minor" in fields and currency is None:
            raise fields["minimum_minor"].refusal("missing_currency", "an amount needs the currency of the document")
        read.append(
            PromotionCondition(
                code,
                fields["minimum_minor"].whole(least=1, most=MAX_MINOR) if "minimum_minor" in fields else None,
                fields["minimum_units"].whole(least=1, most=MAX_UNITS) if "minimum_units" in fields else None,
            )
        )
    return tuple(read)
