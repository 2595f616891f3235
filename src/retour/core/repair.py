"""A repair, or a replacement, on its way to an end: what staff may say of it at each point.

No money moves by a repair. Only what a person decides, because the goods cannot be repaired, becomes a refund.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from retour.core.errors import Refused
from retour.core.policy.outcome import ResolutionKind

REPAIR: Final = ResolutionKind.REPAIR.value
REPLACEMENT: Final = ResolutionKind.REPLACEMENT.value
KINDS: Final = frozenset({REPAIR, REPLACEMENT})


class Work(StrEnum):
    """Where a repair stands once the goods are here and judged."""

    WAITING = "waiting"  # nobody has begun
    IN_REPAIR = "in_repair"
    SENT_BACK = "sent_back"
    REPLACED = "replaced"  # another one was sent instead
    REFUNDED = "refunded"  # a person decided that money goes back instead


class RepairAct(StrEnum):
    """What staff say of a repair."""

    BEGIN = "begin"
    SEND_BACK = "send_back"
    REPLACE = "replace"
    REFUND = "refund"


_DONE: Final = (Work.SENT_BACK, Work.REPLACED, Work.REFUNDED)
_ENDS: Final = {
    RepairAct.SEND_BACK: Work.SENT_BACK,
    RepairAct.REPLACE: Work.REPLACED,
    RepairAct.REFUND: Work.REFUNDED,
}
# Every pair: the stage an act leads to, or the code it is refused with.
TABLE: Final[Mapping[tuple[Work, RepairAct], Work | str]] = {
    (Work.WAITING, RepairAct.BEGIN): Work.IN_REPAIR,
    (Work.IN_REPAIR, RepairAct.BEGIN): "already_begun",
    **{(work, act): end for work in (Work.WAITING, Work.IN_REPAIR) for act, end in _ENDS.items()},
    **{(work, act): "already_reported" for work in _DONE for act in RepairAct},
}


def work_of(*, begun_at: datetime | None, outcome: str | None) -> Work:
    """Return where a repair stands."""
    if outcome is not None:
        return Work(outcome)
    return Work.WAITING if begun_at is None else Work.IN_REPAIR


def allow(work: Work, act: RepairAct, *, kind: str = REPAIR) -> Work:
    """Return where an act leads; raise Refused with its code. Of a replacement nothing is repaired or sent back."""
    to = TABLE[work, act]
    if kind == REPLACEMENT and isinstance(to, Work) and act in (RepairAct.BEGIN, RepairAct.SEND_BACK):
        to = "not_a_repair"
    if not isinstance(to, Work):
        raise Refused(to, f"the repair is {work.value}", facts={"work": work.value})
    return to
