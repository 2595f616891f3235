"""What the connected platforms are capable of, as data: flows and doors ask this, never which platform it is."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from retour.core.effect import EffectKind
from retour.core.ports import CapabilityRecord

CARRIER: Final = "carrier"
WAREHOUSE: Final = "warehouse"
FEED: Final = "feed"  # tells of orders and returns; nothing can be asked of it and nothing carried out there
MAILBOX: Final = "mailbox"  # is read for what shoppers write
STRIPE: Final = "stripe"  # holds amounts on cards
CARD_PROVIDERS: Final = frozenset({STRIPE})
# Connections that only speak, or are asked for something else than orders.
SPEAKING: Final = frozenset({CARRIER, WAREHOUSE, FEED, MAILBOX, STRIPE})


@dataclass(frozen=True, slots=True)
class Platforms:
    """What each platform is capable of; `quiet_period` and `trusted_window`, if set, stand in for the records' own."""

    records: Mapping[str, Mapping[EffectKind, CapabilityRecord]]
    http_timeout: timedelta
    quiet_period: timedelta | None = None
    trusted_window: timedelta | None = None
    push: CapabilityRecord | None = None  # what telling a return to another returns system is capable of
    cards: Mapping[str, Mapping[EffectKind, CapabilityRecord]] = field(default_factory=dict)  # of card providers

    def quiet(self, record: CapabilityRecord) -> timedelta:
        """Return how long silence must last before a read-back counts."""
        if self.quiet_period is not None:
            return self.quiet_period
        return self.http_timeout + timedelta(seconds=record.far_timeout_s + record.list_lag_s)

    def window(self, record: CapabilityRecord) -> timedelta:
        """Return how long the key of an effect is relied on; nothing where there are no keys."""
        if record.key == "none":
            return timedelta(0)
        return record.trusted_window if self.trusted_window is None else self.trusted_window


def serial_key(capability: CapabilityRecord, order_id: uuid.UUID) -> str | None:
    """Return the key under which effects wait for each other: the order's, unless a repeat can do no harm."""
    return None if capability.serialise_by == "none" or capability.repeat_harmless else f"order:{order_id}"
