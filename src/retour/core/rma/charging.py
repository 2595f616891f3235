"""What a return wants of the fee that is paid beforehand, read from its state: asking twice wants nothing twice."""

from enum import StrEnum

from retour.core.rma.fee import STANDING, FeeBack, FeeState, FeeView
from retour.core.rma.moves import OPEN, UNDECIDED, Decision
from retour.core.rma.state import Return


class FeeWish(StrEnum):
    """What is to happen to the fee of a return."""

    BEGIN = "begin"  # it is charged now
    RENEW = "renew"  # it is charged again once the return is approved
    RESTORE = "restore"  # what was kept counts for the return that was opened again
    END = "end"  # nobody pays it any more
    GIVE_BACK = "give_back"  # it was paid, and the return came to nothing


def awaits_fee(ret: Return) -> bool:
    """Return whether an approved return goes on only once its fee is paid."""
    if ret.fee is None or not ret.fee.is_awaited:
        return False
    return any(line.decision is Decision.APPROVED for line in ret.lines)


def is_lapsed(ret: Return) -> bool:
    """Return whether the fee was not paid in time; what was approved anew since then has another try."""
    fee = ret.fee
    if fee is None or fee.state is not FeeState.LAPSED:
        return False
    approved = (line.decided_at for line in ret.lines if line.decision is Decision.APPROVED)
    return not any(at is not None and at > fee.since for at in approved)


def fee_wish(ret: Return) -> FeeWish | None:
    """Return what is to happen to the fee of a return now, or nothing."""
    fee = ret.fee
    if fee is None:
        return None
    decisions = {line.decision for line in ret.lines}
    if decisions & OPEN:
        if fee.state is FeeState.LAPSED:
            return None if is_lapsed(ret) else FeeWish.RENEW
        waits = ret.held or ret.asked is not None or bool(decisions & UNDECIDED)
        return None if waits else _open(fee)
    if Decision.RESOLVED in decisions:
        return None
    if fee.state is FeeState.PAID:
        return FeeWish.GIVE_BACK if fee.due_at is None else None
    standing = fee.state in STANDING and fee.back not in (FeeBack.ENDED, FeeBack.FREE)
    return FeeWish.END if standing or fee.state is FeeState.DUE else None


def _open(fee: FeeView) -> FeeWish | None:
    if fee.state in (FeeState.DUE, FeeState.ENDED, FeeState.REFUNDED):
        return FeeWish.BEGIN if fee.due_at is None else None  # else it is being begun
    given_up = fee.state in (FeeState.KEPT, FeeState.UNREFUNDED) and fee.back is None
    return FeeWish.RESTORE if given_up else None
