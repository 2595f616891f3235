"""Opening the return of a statutory withdrawal: everything that was shipped, or the units a person named."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from retour.core.eligibility import returnable
from retour.core.errors import Refused
from retour.core.kind import WITHDRAWN, Kind
from retour.flows.rma.asking import Asking, Wish
from retour.flows.rma.request import request_return
from retour.store import order as orders
from retour.store import refund as refunds
from retour.store.db import Db
from retour.store.policy import PolicyCache


async def open_withdrawal(
    db: Db,
    *,
    id: UUID,  # noqa: A002 - the id of the return
    store_id: UUID,
    order_id: UUID,
    quantities: Mapping[str, int] | None,
    channel: str,
    actor: str,
    now: datetime,
    policies: PolicyCache,
) -> int:
    """Open a return of kind withdrawal, approved at once, and return its number.

    `quantities` are units by line ref; without them every unit that was shipped and is in no return. Raises Refused as
    `open_return` does, `nothing_given` where no unit is left.
    """
    record = await orders.lock(db, order_id)
    if record is None:
        raise Refused("order_not_found", "there is no such order", field="order_id")
    at = await refunds.position(db, order_id)
    if quantities is None:
        left = returnable(
            record.order,
            claimed={c.line_ref: c.in_return for c in at.counters},
            refunded_without_return={c.line_ref: c.refunded_without_return for c in at.counters},
        )
        quantities = {line.ref: left[line.ref].left for line in record.order.lines}
    wishes = tuple(Wish(ref, units, WITHDRAWN) for ref, units in quantities.items() if units > 0)
    asking = Asking(store_id=store_id, order_id=order_id, wishes=wishes, channel=channel, kind=Kind.WITHDRAWAL.value)
    return await request_return(db, asking, id=id, actor=actor, now=now, policies=policies)
