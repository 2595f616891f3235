"""Where the shopper of a return is, and until when it may change: no carrier and nobody else has the goods yet."""

from retour.core.errors import Refused
from retour.core.rma.acts import TABLE, Act, Stage, allow, stage_of
from retour.core.rma.state import Return


def check_moving(ret: Return, *, version: int) -> None:
    """Raise Refused(already_decided, handed_over) if the shopper's address can change nothing any more."""
    allow(Act.CHANGE_ADDRESS, ret, version=version)
    if _is_handed_over(ret):
        raise Refused("handed_over", "the goods are on their way, or here", facts={"status": ret.status.value})


def may_move(ret: Return) -> bool:
    """Return whether the shopper's address may still change."""
    return isinstance(TABLE[Act.CHANGE_ADDRESS][stage_of(ret)], Stage) and not _is_handed_over(ret)


def _is_handed_over(ret: Return) -> bool:
    """Return whether anybody has any of the goods; a parcel may be on its way before, or after, it was decided."""
    if ret.in_transit_at is not None or ret.delivered_at is not None or ret.received_at is not None:
        return True
    return any(line.received for line in ret.lines)
