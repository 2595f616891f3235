"""Parcels on their way back: who carries one under which number, and what a carrier tells of it."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from retour.core.errors import Refused

MOST_PARCELS: Final = 20  # that one return announces
NUMBER_MOST: Final = 60  # characters
CARRIER_MOST: Final = 60
# Carriers that many shops meet: how they are called, and where a parcel can be followed (their public pages).
CARRIERS: Final[Mapping[str, tuple[str, str]]] = {
    "dhl": ("DHL", "https://www.dhl.com/global-en/home/tracking.html?tracking-id={number}"),
    "dpd": ("DPD", "https://tracking.dpd.de/status/en_US/parcel/{number}"),
    "fedex": ("FedEx", "https://www.fedex.com/fedextrack/?trknbr={number}"),
    "gls": ("GLS", "https://gls-group.com/track/{number}"),
    "hermes": ("Hermes", "https://www.myhermes.de/empfangen/sendungsverfolgung/sendungsinformation/#{number}"),
    "ups": ("UPS", "https://www.ups.com/track?tracknum={number}"),
    "usps": ("USPS", "https://tools.usps.com/go/TrackConfirmAction?tLabels={number}"),
}
_TRACKING: Final = re.compile(r"(?=.*[0-9])[A-Z0-9][A-Z0-9./_-]*")
_CARRIER: Final = re.compile(r"[^\W_][\w .&+-]*")
_NUMBER: Final = re.compile(r"[Rr]-([1-9][0-9]{0,17})", re.ASCII)


@dataclass(frozen=True, slots=True)
class TrackingEvent:
    """What a carrier says about a parcel; `status` is its word for it, `occurred_at` aware UTC.

    `reference` is what the sender wrote on the label, where the carrier tells.
    """

    carrier: str
    tracking_number: str
    status: str
    occurred_at: datetime
    reference: str = ""


def carrier_code(text: str) -> str:
    """Return a carrier as it is compared: a known one by its short name; raise Refused(invalid_carrier)."""
    name = " ".join(unicodedata.normalize("NFKC", text).split()).casefold()
    if len(name) > CARRIER_MOST or not _CARRIER.fullmatch(name):
        raise Refused("invalid_carrier", f"a carrier has a name of at most {CARRIER_MOST} characters", field="carrier")
    return next((code for code, (shown, _) in CARRIERS.items() if name == shown.casefold()), name)


def tracking_number(text: str) -> str:
    """Return a number as it is compared, in capitals and without blanks; raise Refused(invalid_tracking_number)."""
    number = "".join(unicodedata.normalize("NFKC", text).split()).upper()
    if len(number) > NUMBER_MOST or not _TRACKING.fullmatch(number):
        raise Refused(
            "invalid_tracking_number", "a tracking number has letters and digits, such as 00340434161094042557",
            field="tracking_number",
        )  # fmt: skip
    return number


def carrier_name(code: str) -> str:
    """Return how a carrier is called."""
    return CARRIERS[code][0] if code in CARRIERS else code if " " in code else code.upper()


def tracking_url(code: str, number: str) -> str | None:
    """Return where a parcel can be followed, or nothing for a carrier that is not known."""
    kept = number.replace("/", "%2F")  # all else that a number has stands in an address as it is
    return CARRIERS[code][1].format(number=kept) if code in CARRIERS else None


def return_number(reference: str) -> int | None:
    """Return the number of the return that a label's reference names (`R-10482`), or nothing if it names none."""
    found = _NUMBER.fullmatch(reference.strip())
    return int(found[1]) if found else None
