"""Opening what a statutory withdrawal leads to: a return of what was sent, and no parcel any more of what was not."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.eligibility import returnable
from retour.core.errors import Refused
from retour.core.kind import WITHDRAWN, Kind, unsent
from retour.core.order import Order
from retour.core.policy.evaluate import STATUTE
from retour.core.rma import Decision, count
from retour.flows.rma.asking import Asking, Wish
from retour.flows.rma.decide import approve
from retour.flows.rma.request import open_return, request_return
from retour.store import order as orders
from retour.store import refund as refunds
from retour.store.db import Db
from retour.store.ids import new_id
from retour.store.policy import PolicyCache
from retour.store.refund import Position

BECAUSE: Final = "statutory withdrawal"  # why a cancellation sets the policy aside


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

    `quantities` are units by line ref; without them every unit that was shipped and is in no return, and what was not
    sent yet is cancelled beside it, or alone where nothing was sent. Raises Refused as `open_return` does,
    `nothing_given` where no unit is left.
    """
    record = await orders.lock(db, order_id)
    if record is None:
        raise Refused("order_not_found", "there is no such order", field="order_id")
    unsent_units: dict[str, int] = {}
    if quantities is None:
        at = await refunds.position(db, order_id)
        left = returnable(
            record.order,
            claimed={c.line_ref: c.in_return for c in at.counters},
            refunded_without_return={c.line_ref: c.refunded_without_return for c in at.counters},
        )
        quantities = {line.ref: left[line.ref].left for line in record.order.lines}
        unsent_units = _unsent(record.order, at)
    wishes = tuple(Wish(ref, units, WITHDRAWN) for ref, units in quantities.items() if units > 0)
    number = 0
    if unsent_units:
        cancelled = tuple(Wish(ref, units, WITHDRAWN) for ref, units in unsent_units.items())
        number = await _cancel(
            db, Asking(store_id=store_id, order_id=order_id, wishes=cancelled, channel=channel,
                       kind=Kind.CANCELLATION.value, unlimited=BECAUSE),
            id=new_id() if wishes else id, actor=actor, now=now, policies=policies,
        )  # fmt: skip
    if unsent_units and not wishes:
        return number
    asking = Asking(store_id=store_id, order_id=order_id, wishes=wishes, channel=channel, kind=Kind.WITHDRAWAL.value)
    return await request_return(db, asking, id=id, actor=actor, now=now, policies=policies)


def _unsent(order: Order, at: Position) -> dict[str, int]:
    """Return the units by line ref that were never sent and are to be: of what is not shipped a person decides."""
    found = {}
    for line in order.lines:
        counter = at.counter(line.ref)
        if counter is not None and line.requires_shipping:
            free = unsent(counter.ordered, counter.fulfilled, counter.cancelled, at.claimed(line.ref))
            found[line.ref] = count(free)
    return {ref: units for ref, units in found.items() if units}


async def _cancel(db: Db, asking: Asking, *, id: UUID, actor: str, now: datetime, policies: PolicyCache) -> int:  # noqa: A002
    """Cancel units in the name of the law, whatever the policy says of cancellations, and return the number."""
    opened = await open_return(db, asking, id=id, actor=actor, now=now, policies=policies)
    if opened.new.status is not Decision.APPROVED:
        await approve(db, rma_id=id, actor=STATUTE, now=now)
    return opened.new.number
