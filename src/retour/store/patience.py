"""How long a store waits for its shoppers, and when it reminds them; and what that means for one return."""

from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.rma.state import Patience
from retour.store.db import Db

GET: Final = """
SELECT unsent_days, unanswered_days, remind_days, unpaid_days FROM store WHERE tenant_id = current_tenant() AND id = $1
"""
SET: Final = """
UPDATE store SET unsent_days = $2, unanswered_days = $3, remind_days = $4, unpaid_days = $5
 WHERE tenant_id = current_tenant() AND id = $1
"""
SEND_BY: Final = """
UPDATE rma SET send_by = $2, send_reminded_at = NULL WHERE tenant_id = current_tenant() AND id = $1
"""
REMINDED: Final = "UPDATE rma SET send_reminded_at = $2 WHERE tenant_id = current_tenant() AND id = $1"


async def of_store(db: Db, store_id: UUID) -> Patience | None:
    """Return how long a store waits, or nothing for a store that does not exist."""
    row = await db.fetchrow(GET, store_id)
    if row is None:
        return None
    return Patience(row["unsent_days"], row["unanswered_days"], tuple(row["remind_days"]), row["unpaid_days"])


async def save(db: Db, store_id: UUID, patience: Patience) -> Patience:
    """Write how long a store waits and return it as kept: reminders in the order in which they come."""
    kept = replace(patience, remind_days=tuple(sorted(set(patience.remind_days), reverse=True)))
    await db.execute(SET, store_id, kept.unsent_days, kept.unanswered_days, list(kept.remind_days), kept.unpaid_days)
    return kept


async def set_send_by(db: Db, rma_id: UUID, at: datetime | None) -> None:
    """Write by when the parcel of a return has to be sent; reminders begin anew."""
    await db.execute(SEND_BY, rma_id, at)


async def mark_reminded(db: Db, rma_id: UUID, *, at: datetime) -> None:
    """Write when the shopper was last reminded to send the parcel."""
    await db.execute(REMINDED, rma_id, at)
