"""What a shopper may do to a return of their own."""

from retour.core.rma.acts import TABLE, Act, Stage, stage_of
from retour.core.rma.address import may_move
from retour.core.rma.early import is_early
from retour.core.rma.moves import OPEN
from retour.core.rma.state import Return, SettlementState

_UNMOVED = frozenset({SettlementState.QUOTED, SettlementState.REVERSED})


def shopper_may_cancel(ret: Return) -> bool:
    """Return whether a shopper may still cancel: something is open, nothing is paid, and nobody has any of it yet."""
    if ret.in_transit_at is not None or ret.delivered_at is not None or ret.received_at is not None:
        return False
    if any(is_early(s) and s.state not in _UNMOVED for s in ret.settlements):
        return False
    return any(line.decision in OPEN for line in ret.lines) and not any(line.received for line in ret.lines)


def shopper_may_move(ret: Return) -> bool:
    """Return whether a shopper may still say that they are elsewhere: nobody has the goods, and nobody holds it back."""
    return not ret.held and may_move(ret)


def shopper_may_edit(ret: Return) -> bool:
    """Return whether a shopper may still change it: nothing is sent or paid, and nobody holds it back."""
    if ret.held or any(s.state not in _UNMOVED for s in ret.settlements):
        return False
    return isinstance(TABLE[Act.EDIT][stage_of(ret)], Stage)
