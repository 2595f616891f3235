"""A return under its lock, as whoever acts on it has read it."""

from uuid import UUID

from retour.core.errors import Refused
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.rma import ReturnRecord


async def locked(
    db: Db, rma_id: UUID, expect_version: int | None = None, *, order_id: UUID | None = None, field: str | None = None
) -> ReturnRecord:
    """Lock the order and the return and read it; raise Refused(return_not_found), and `state_changed` for another version.

    `order_id` is the only order whose return it may be; `field` is what named it.
    """
    record = await returns.lock(db, rma_id)
    if record is None or (order_id is not None and record.order_id != order_id):
        raise Refused("return_not_found", "there is no such return", field=field)
    if expect_version is not None and expect_version != record.version:
        facts = {"status": record.rma.status.value, "version": record.version}
        raise Refused("state_changed", "somebody changed the return since you read it", facts=facts)
    return record
