"""The new order of an exchange as a return sees it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ExchangeState(StrEnum):
    """Where the new order of an exchange stands."""

    PREPARING = "preparing"  # the articles are looked up, priced and compared with the stock
    STUCK = "stuck"  # a person decides
    DRAFTING = "drafting"
    RELEASING = "releasing"
    INVOICING = "invoicing"
    UNPAID = "unpaid"  # the shopper pays the difference
    LINKING = "linking"  # it is there; what its lines carry is written
    PAYING_REST = "paying_rest"
    MADE = "made"
    DROPPING = "dropping"  # it is being taken back
    CANCELLED = "cancelled"
    BY_HAND = "by_hand"  # the merchant carries the exchange out


# What does not keep the merchant from reporting: nothing is under way.
AT_REST: frozenset[ExchangeState] = frozenset({ExchangeState.MADE, ExchangeState.CANCELLED, ExchangeState.BY_HAND})


@dataclass(frozen=True, slots=True)
class ExchangeView:
    """The new order of a settlement's exchange; amounts in minor units of the return's currency."""

    state: ExchangeState
    since: datetime
    problem: str | None = None
    collect_minor: int | None = None
    expires_at: datetime | None = None

    @property
    def is_under_way(self) -> bool:
        """Return whether Retour still carries it out."""
        return self.state not in AT_REST
