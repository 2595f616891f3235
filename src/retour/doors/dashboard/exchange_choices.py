"""What may be decided about the new orders of a return's exchanges, as they stand."""

from collections.abc import Iterable, Sequence
from typing import Final

from retour.core.exchange_order import Do, choices
from retour.core.policy.outcome import ResolutionKind
from retour.core.rma import ReturnLine
from retour.core.rma.exchange import ExchangeState
from retour.core.rma.moves import OPEN
from retour.store.exchange_order import ExchangeOrder

_MAY_NAME: Final = (ExchangeState.STUCK, ExchangeState.BY_HAND)


def acts(lines: Iterable[ReturnLine], orders: Sequence[ExchangeOrder]) -> set[str]:
    """Return the acts that a desk may do about them, by the names of their pages."""
    found = set()
    if nameable(lines, orders):
        found.add("exchange-article")
    if choosable(orders):
        found.add("exchange-decide")
    return found


def nameable(lines: Iterable[ReturnLine], orders: Sequence[ExchangeOrder]) -> list[ReturnLine]:
    """Return the lines whose new article may be named: none while an order is being made."""
    if any(order.state not in _MAY_NAME or order.draft_ref is not None for order in orders):
        return []
    return [line for line in lines if line.resolution == ResolutionKind.EXCHANGE and line.decision in OPEN]


def choosable(orders: Sequence[ExchangeOrder]) -> tuple[ExchangeOrder, Sequence[Do]] | None:
    """Return the first new order about which something can be decided, with what."""
    for order in orders:
        found = choices(order.state, order.back)
        if found:
            return order, found
    return None
