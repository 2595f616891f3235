"""What a shopper may do: send the return they drafted, once, and cancel it before it is handed over."""

from datetime import datetime
from uuid import UUID

from retour.core.errors import Refused
from retour.core.rma import shopper_may_cancel
from retour.flows.rma.asking import Asking
from retour.flows.rma.decide import cancel
from retour.flows.rma.request import open_return
from retour.store import mail, photo, views
from retour.store import rma as returns
from retour.store import visit as visits
from retour.store.db import Db
from retour.store.policy import PolicyCache
from retour.store.rma import ReturnRecord


async def cancel_as_shopper(db: Db, *, rma_id: UUID, order_id: UUID, actor: str, now: datetime) -> ReturnRecord:
    """Cancel a return of that order while its parcel has not been handed over.

    Raises Refused(return_not_found), also for a return of another order, and Refused(handed_over).
    """
    record = await returns.lock(db, rma_id)
    if record is None or record.order_id != order_id:
        raise Refused("return_not_found", "there is no such return")
    if not shopper_may_cancel(record.rma):
        raise Refused("handed_over", "the parcel is on its way, the money is paid, or the return is closed")
    return await cancel(db, rma_id=rma_id, actor=actor, now=now)


async def send_draft(
    db: Db,
    *,
    visit_id: UUID,
    rma_id: UUID,
    asking: Asking,
    actor: str,
    language: str,
    now: datetime,
    policies: PolicyCache,
) -> int:
    """Open the return that a visit drafted under the id it was given, and return its number; a repeat opens nothing.

    The draft is over with it. Raises Refused as `open_return` does.
    """
    await visits.lock(db, visit_id)
    sent = await views.one_return(db, rma_id)
    if sent is not None and sent["order_id"] == asking.order_id:
        number: int = sent["number"]
        return number
    opened = await open_return(db, asking, id=rma_id, actor=actor, now=now, policies=policies)
    await mail.speak(db, rma_id=rma_id, language=language)
    await visits.answer(db, visit_id, {}, at=now)
    await photo.forget_visit(db, visit_id)  # what was sent of lines that were taken out again
    return opened.new.number
