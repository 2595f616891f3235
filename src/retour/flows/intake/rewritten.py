"""A source that has changed the items of a known return: told and shown to a person, never changed here by itself."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.intake import ReturnDocument, match_items
from retour.core.intake.items import asked_units
from retour.core.rma.moves import OPEN, Decision
from retour.core.rma.state import Return
from retour.store import discrepancy
from retour.store import order as orders
from retour.store import rma as returns
from retour.store.db import Db

CHANGED: Final = "items_changed_elsewhere"
_GONE: Final = frozenset({Decision.REJECTED, Decision.CANCELLED, Decision.EXPIRED})
_ENDED: Final = frozenset({"rejected", "cancelled"})


async def items_differ(
    db: Db, rma_id: UUID, *, before: ReturnDocument, document: ReturnDocument, actor: str, now: datetime
) -> list[str]:
    """Show that other items come back there than here, once its source has changed them; no more once they are the same.

    Returns the code of what was not done. Nothing is compared while the source says what it said before: a return that
    was changed here stays as people made it.
    """
    if document.status in _ENDED or asked_units(document.items) == asked_units(before.items):
        return []
    record = await returns.lock(db, rma_id)
    assert record is not None, "a return is never deleted"
    order = await orders.load(db, record.order_id)
    assert order is not None, "a return has its order"
    here = _here(record.rma)
    found, unmatched = match_items(document.items, order.order, here)
    if not unmatched and {line.line_ref: line.quantity for line in found} == here:
        await discrepancy.resolve(db, CHANGED, resource_kind="return", resource_id=rma_id, by=actor, at=now)
        return []
    if record.rma.status in OPEN | {Decision.RESOLVED}:
        await discrepancy.open_(
            db, CHANGED, resource_kind="return", resource_id=rma_id, store_id=record.store_id, actor=actor,
            owner=discrepancy.Owner.AGENT, at=now,
            details={
                "there": [f"{n} × {name}" for (name, _), n in asked_units(document.items).items()],
                "here": [f"{n} × {ref}" for ref, n in here.items()],
            },
            next_step="compare the items with the other system, then change the return here or correct it there",
        )  # fmt: skip
    return ["items: changed_there"]


def _here(rma: Return) -> Mapping[str, int]:
    """Return the units of each order line that the return is about."""
    units = dict[str, int]()
    for line in rma.lines:
        if line.decision not in _GONE:
            units[line.line_ref] = units.get(line.line_ref, 0) + line.quantity
    return units
