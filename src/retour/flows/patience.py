"""How long a store waits for its shoppers: for a parcel, for an answer; and when it reminds them."""

from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.rma import Patience
from retour.store import event
from retour.store import patience as store
from retour.store.db import Db

DAYS_MOST: Final = 365
REMINDERS_MOST: Final = 5


async def change(db: Db, *, store_id: UUID, patience: Patience, actor: str, now: datetime) -> Patience:
    """Keep how long a store waits, in days, and return it as kept; what a shopper was told already stays.

    Raises Refused: `store_not_found`, `days_out_of_range` with its field.
    """
    known = await store.of_store(db, store_id)
    if known is None:
        raise Refused("store_not_found", "there is no such store")
    limits = {
        "unsent_days": patience.unsent_days,
        "unanswered_days": patience.unanswered_days,
        "unpaid_days": patience.unpaid_days,
    }
    for field, days in limits.items():
        if days is not None and not 1 <= days <= DAYS_MOST:
            raise Refused("days_out_of_range", f"give 1 to {DAYS_MOST} days", field=field)
    reminders = set(patience.remind_days)
    if len(reminders) > REMINDERS_MOST or any(not 1 <= days <= DAYS_MOST for days in reminders):
        raise Refused(
            "days_out_of_range",
            f"give at most {REMINDERS_MOST} reminders of 1 to {DAYS_MOST} days",
            field="remind_days",
        )
    kept = await store.save(db, store_id, patience)
    facts: dict[str, object] = {**limits, "remind_days": list(kept.remind_days)}
    if kept != known:
        await event.put(
            db, EventType.STORE_CHANGED, resource_kind="store", resource_id=store_id, store_id=store_id, actor=actor,
            at=now, data=facts,
        )  # fmt: skip
    return kept
