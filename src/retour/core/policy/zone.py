"""Zones: which of a policy's sets of countries an order belongs to, as a fact of its lines."""

from collections.abc import Mapping
from typing import Final

from retour.core.policy.document import ELSEWHERE, PolicyDocument
from retour.core.policy.facts import LineFacts

ZONE: Final = "order.zone"


def zones_by_country(document: PolicyDocument) -> Mapping[str, str]:
    """Return the name of the zone of each country that is in one."""
    return {country: zone.name for zone in document.zones for country in zone.countries}


def in_zone(facts: LineFacts, zones: Mapping[str, str]) -> LineFacts:
    """Return the facts with the zone that these zones put the order's country in; not known if the country is not.

    Zones belong to a version of the policy: facts frozen under another version get the zone of this one.
    """
    country = facts.values.get("order.country")
    zone = zones.get(country.upper(), ELSEWHERE) if zones and isinstance(country, str) else None
    if facts.values.get(ZONE) == zone:
        return facts
    values = {**facts.values, ZONE: zone}
    return LineFacts(facts.line_ref, facts.today, facts.books_currency, values, facts.parcels)
