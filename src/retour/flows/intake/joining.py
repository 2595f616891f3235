"""A parcel that nobody announced turns out to be that of a return: the return has it, and the dock has to receive it."""

from datetime import datetime
from uuid import UUID

from retour.core.channel import Channel
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.rma import Decision, Return, count
from retour.flows.intake.parked import settled, still_waiting
from retour.flows.intake.taking import tell
from retour.store import intake as intakes
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.rma.going_on import goes_on
from retour.store.vault import Vault


async def join(db: Db, vault: Vault, *, intake_id: UUID, rma_id: UUID, actor: str, now: datetime) -> int:
    """Say that a parcel at the dock belongs to a return, and return the number of that return.

    The return counts as delivered on the day the parcel came and waits to be received; nothing is received by this,
    because nobody says what is in the parcel. A return that was merged leads to the one that goes on.

    Raises Refused: `intake_not_found`, `already_decided`, `not_a_parcel`, `return_not_found`, and of a return that
    awaits no parcel, or of which the dock receives the rest already, `not_approved`, `nothing_comes_back`,
    `already_received` or `partly_received`.
    """
    waiting = await still_waiting(db, intake_id)
    if waiting.channel != Channel.WAREHOUSE:
        raise Refused("not_a_parcel", "only a parcel can be joined to a return")
    going_on = await goes_on(db, rma_id) if await returns.load(db, rma_id) else None
    record = await returns.lock(db, going_on.id) if going_on else None
    if going_on is None or record is None or record.store_id != waiting.store_id:
        raise Refused("return_not_found", "there is no such return in this store", field="return_id")
    ret = record.rma
    _check_awaited(ret)
    came = waiting.received_at
    await returns.mark_times(db, ret.id, in_transit_at=came if ret.in_transit_at is None else None, delivered_at=came)
    await intakes.opened(db, vault, intake_id, order_id=record.order_id, rma_id=ret.id, by=actor, at=now)
    await settled(db, waiting, actor, now)
    facts: dict[str, object] = {"intake_id": intake_id, "joined": True}
    await returns.changed(db, record, EventType.RETURN_DELIVERED, actor=actor, at=now, data=facts)
    data: dict[str, object] = {"return_id": ret.id, "number": going_on.number, "channel": waiting.channel}
    await tell(db, EventType.INTAKE_OPENED, intake_id, waiting.store_id, actor, now, data)
    return going_on.number


def _check_awaited(ret: Return) -> None:
    """Raise Refused unless a parcel of the return is still to be received, and nobody has begun to receive it.

    Of one that is here in part it would be forgotten that the rest has come: the return waits for it as for what was
    not sent. The dock receives such a parcel, and what was lost, under the number of the return.
    """
    approved = [line for line in ret.lines if line.decision is Decision.APPROVED]
    coming = [line for line in approved if not line.kept]
    if not approved:
        raise Refused("not_approved", f"the return is {ret.status.value}", field="return_id")
    if not coming:
        raise Refused("nothing_comes_back", "the goods are kept, or lost", field="return_id")
    if all(count(line.received) == line.quantity for line in coming):
        raise Refused("already_received", "everything has arrived", field="return_id")
    if any(line.received for line in coming):
        raise Refused("partly_received", "part of it is here; receive the rest at the dock", field="return_id")
