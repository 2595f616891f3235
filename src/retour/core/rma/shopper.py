"""What a shopper may do to a return of their own."""

from retour.core.rma.moves import OPEN
from retour.core.rma.state import Return


def shopper_may_cancel(ret: Return) -> bool:
    """Return whether a shopper may still cancel: something is open, and no carrier and no warehouse has anything yet."""
    if ret.in_transit_at is not None or ret.delivered_at is not None or ret.received_at is not None:
        return False
    return any(line.decision in OPEN for line in ret.lines) and not any(line.received for line in ret.lines)
