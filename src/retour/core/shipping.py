"""Parcels on their way back, as a carrier tells of them."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TrackingEvent:
    """What a carrier says about a parcel; `status` is its word for it, `occurred_at` aware UTC."""

    carrier: str
    tracking_number: str
    status: str
    occurred_at: datetime
