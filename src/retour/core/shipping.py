"""Parcels on their way back, as a carrier tells of them."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

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


def return_number(reference: str) -> int | None:
    """Return the number of the return that a label's reference names (`R-10482`), or nothing if it names none."""
    found = _NUMBER.fullmatch(reference.strip())
    return int(found[1]) if found else None
