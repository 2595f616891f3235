"""How long a return may wait for the same reason before somebody is told, where its store says nothing else."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

HOURS_MOST: Final = 8_760  # a year
# Hours per blocker. What has no limit here waits for its own time, or moves by itself.
USUAL_HOURS: Final[Mapping[str, int]] = {
    "effect_unknown": 4,
    "effect_failed": 24,
    "payout_failed": 24,
    "platform_disagrees": 24,
    "payments_paused": 4,
    "second_approval": 24,
    "awaiting_payout": 72,
    "awaiting_repair": 72,
    "in_repair": 336,
    "awaiting_replacement": 72,
    "needs_reconnect": 4,
    "decision_needed": 24,
    "fraud_review": 24,
    "held": 120,
    "label_failed": 4,
    "parcel_exception": 48,
    "awaiting_receipt": 48,
    "awaiting_inspection": 48,
    "awaiting_restock": 48,
    "nowhere_to_restock": 24,
    "effect_in_flight": 1,
    "work_in_progress": 1,
    "in_transit": 504,
    "awaiting_shipment": 504,
    "awaiting_visit": 504,
    "awaiting_rest": 336,
    "info_needed": 168,
    "fee_unpaid": 168,
    "withdrawal_waiting": 24,
    # The money goes back within 14 days (Directive 2011/83/EU, art. 13): a day is left when somebody is told.
    "withdrawal_unpaid": 312,
    "exchange_unpaid": 336,
    "exchange_stuck": 24,
    "card_refused": 168,
    "card_failed": 24,
}
WITHDRAWALS: Final = ("withdrawal_waiting", "withdrawal_unpaid")


def hours_of(code: str, own: Mapping[str, int | None]) -> int | None:
    """Return how many hours a blocker may last; `own` are the store's limits, none there: for ever."""
    return own[code] if code in own else USUAL_HOURS.get(code)


def overdue_at(code: str, since: datetime, own: Mapping[str, int | None]) -> datetime | None:
    """Return when a wait becomes too long, or nothing for one that never does."""
    hours = hours_of(code, own)
    return None if hours is None else since + timedelta(hours=hours)
