"""What the settlements of a return stand on, read as it is now."""

from functools import partial

from retour.core.order import Order
from retour.core.settling import Standing
from retour.store.db import Db
from retour.store.policy import PolicyCache
from retour.store.refund import bearing_of, ledger_after, position
from retour.store.rma.load import ReturnRecord, rulings


async def standing(
    db: Db, record: ReturnRecord, order: Order, policies: PolicyCache, *, before: int | None = None
) -> Standing:
    """Return what the next settlement of a return, or the one of that number (`before`), is computed from."""
    compiled = await policies.get(db, record.policy_version_id)
    ruled = await rulings(db, record.rma.id, compiled)
    at = await position(db, record.order_id, past=False)
    bearing = await bearing_of(db, record.rma, before=before)
    return Standing(compiled, ruled, partial(ledger_after, order, at), bearing)
