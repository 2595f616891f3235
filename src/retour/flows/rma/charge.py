"""The fee of a return that is paid beforehand: expected with the request, begun, renewed and ended with the return."""

from collections.abc import Iterable
from datetime import datetime

from retour.core.errors import Refused
from retour.core.fee import is_waived
from retour.core.refund import FeeKind, Plan
from retour.core.rma import FeeWish, fee_wish
from retour.core.rma.fee import STANDING, FeeBack, FeeState
from retour.store import fee as fees
from retour.store import refund as refunds
from retour.store.db import Db
from retour.store.rma import ReturnRecord

_ANEW = (FeeState.DUE, FeeState.ENDED, FeeState.REFUNDED)


def is_beforehand(plans: Iterable[Plan]) -> bool:
    """Return whether anything that was promised is paid for before the goods are sent."""
    return any(fee.ahead for plan in plans for fee in plan.fees)


async def charge(db: Db, record: ReturnRecord, *, now: datetime) -> bool:
    """Do what the return wants of its fee now, under its lock; return whether that was anything."""
    rma_id = record.rma.id
    match fee_wish(record.rma):
        case FeeWish.BEGIN:
            return await fees.begin(db, rma_id, at=now, came_from=_ANEW)
        case FeeWish.RENEW:
            return await fees.turn(db, rma_id, to=FeeState.DUE, came_from=[FeeState.LAPSED], at=now)
        case FeeWish.RESTORE:
            came_from = [FeeState.KEPT, FeeState.UNREFUNDED]
            return await fees.turn(db, rma_id, to=FeeState.PAID, came_from=came_from, at=now)
        case FeeWish.END:
            if await fees.turn(db, rma_id, to=FeeState.ENDED, came_from=[FeeState.DUE], at=now):
                return True
            return await fees.ask_back(db, rma_id, back=FeeBack.ENDED, at=now)
        case FeeWish.GIVE_BACK:
            return await fees.give_back(db, rma_id, whole=False, at=now)
        case None:
            return False


async def charge_anew(db: Db, record: ReturnRecord, plans: Iterable[Plan], *, now: datetime) -> None:
    """Let the fee follow what was changed: an invoice that stands is withdrawn, and another one made once approved.

    What was paid stays paid: what is due beyond it is withheld.
    """
    fee = record.rma.fee
    if fee is not None and fee.state in STANDING:
        await fees.ask_back(db, record.rma.id, back=FeeBack.AGAIN, at=now)
    elif is_beforehand(plans):
        await fees.expect(db, record.rma.id, at=now)


def check_waivable(record: ReturnRecord, kind: FeeKind | None) -> None:
    """Raise Refused(fee_paid) where only a part of a fee that was paid beforehand would be waived."""
    fee = record.rma.fee
    if fee is None or fee.state not in (FeeState.PAID, FeeState.REFUNDING):
        return
    if any(part.kind is kind for part in fee.parts) and not is_waived(fee.parts, [kind]):
        raise Refused("fee_paid", "it was paid together with another fee; waive both, or none", field="kind")


async def free(db: Db, record: ReturnRecord, *, now: datetime) -> None:
    """Let the fee follow what was just waived: the invoice is withdrawn, or what was paid goes back."""
    fee = record.rma.fee
    if fee is None or not fee.parts:
        return
    kinds = [waiver.kind for waiver in await refunds.waivers(db, record.rma.id)]
    if not any(kind is None or part.kind is kind for kind in kinds for part in fee.parts):
        return
    whole = is_waived(fee.parts, kinds)
    if fee.state is FeeState.PAID and whole:
        await fees.give_back(db, record.rma.id, whole=True, at=now)
    elif fee.state in STANDING:
        await fees.ask_back(db, record.rma.id, back=FeeBack.FREE if whole else FeeBack.AGAIN, at=now)
