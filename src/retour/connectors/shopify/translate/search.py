"""Ask for orders in the platform's search language, and compare what comes back with what a shopper knows."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from retour.core.order import Person
from retour.core.ports import ContactProof

from .reading import one, text

PHONE_DIGITS = 7  # fewer prove nothing


def by_name(name: str) -> str:
    """Return the search for an order name; quoted, so that a name can never become another search."""
    plain = " ".join(name.split())[:64]
    return 'name:"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def changed_since(since: datetime) -> str:
    """Return the search for orders changed at or after an instant."""
    return f"updated_at:>='{since.astimezone(UTC).isoformat(timespec='seconds').replace('+00:00', 'Z')}'"


def same_name(found: str | None, asked: str) -> bool:
    """Return whether two order names are the same but for case and the leading number sign."""
    return found is not None and _plain(found) == _plain(asked)


def _plain(name: str) -> str:
    return "".join(name.split()).casefold().removeprefix("#")


def proven(person: Person, document: Mapping[str, Any], proof: ContactProof | None) -> bool:
    """Return whether the proof matches any contact of the order; no proof is asked where none is given."""
    if proof is None:
        return True
    customer, address = one(document, "customer"), one(document, "shippingAddress")
    if proof.email is not None:
        known = {person.email, text(document, "email"), text(one(customer, "defaultEmailAddress"), "emailAddress")}
        return proof.email.strip().casefold() in {email.strip().casefold() for email in known if email}
    if proof.phone is not None:
        account = text(one(customer, "defaultPhoneNumber"), "phoneNumber")
        return any(
            _same_phone(known, proof.phone) for known in (person.phone, account, text(address, "phone")) if known
        )
    if proof.postcode is not None:
        asked = "".join(proof.postcode.split()).casefold()
        return bool(asked) and "".join((text(address, "zip") or "").split()).casefold() == asked
    return False


def _same_phone(known: str, asked: str) -> bool:
    """Return whether one number is the other with or without its country: equal digits from the end."""
    ours, theirs = sorted((_digits(known), _digits(asked)), key=len)
    return len(ours) >= PHONE_DIGITS and theirs.endswith(ours)


def _digits(number: str) -> str:
    return "".join(c for c in number if c in "0123456789").lstrip("0")
