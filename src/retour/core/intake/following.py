"""What the state of a return elsewhere asks of the same return here."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from retour.core.intake.document import ReturnDocument


class Step(StrEnum):
    """One thing to do so that a return stands here where it stands elsewhere."""

    APPROVE = "approve"
    REJECT = "reject"
    CANCEL = "cancel"
    PARCEL = "parcel"  # announce it and follow it
    RECEIVE = "receive"
    OBSERVE = "observe"  # told, and moved by nobody: what a source says of money or of the end


_STEPS: Final[Mapping[str, tuple[Step, ...]]] = {
    "requested": (),
    "approved": (Step.APPROVE,),
    "rejected": (Step.REJECT,),
    "cancelled": (Step.CANCEL,),
    "in_transit": (Step.APPROVE, Step.PARCEL),
    "delivered": (Step.APPROVE, Step.PARCEL),
    "received": (Step.APPROVE, Step.PARCEL, Step.RECEIVE),
    "inspected": (Step.APPROVE, Step.PARCEL, Step.RECEIVE, Step.OBSERVE),
    "refunded": (Step.APPROVE, Step.PARCEL, Step.OBSERVE),
    "closed": (Step.PARCEL, Step.OBSERVE),
}
# A parcel of that status of the return; what the parcel's own status says goes before.
_PARCEL: Final[Mapping[str, str]] = {"in_transit": "in_transit", "delivered": "delivered", "received": "delivered"}
# Over there is over: a return that nobody knew here is opened by a person alone, or not at all.
OVER: Final = frozenset({"rejected", "cancelled", "refunded", "closed"})
_DECISIONS: Final = frozenset({Step.APPROVE, Step.REJECT})


def steps_for(document: ReturnDocument, *, decides: bool) -> tuple[Step, ...]:
    """Return the steps a document asks for, in their order; who `decides` elsewhere may approve and reject here.

    What was refunded there is always looked at, whatever the status says.
    """
    steps = _STEPS[document.status]
    if document.shipping.number is None:
        steps = tuple(step for step in steps if step is not Step.PARCEL)
    elif Step.PARCEL not in steps and document.status not in ("rejected", "cancelled"):
        steps = (*steps, Step.PARCEL)
    if document.refund is not None and Step.OBSERVE not in steps:
        steps = (*steps, Step.OBSERVE)  # money that left there counts wherever the goods are
    return steps if decides else tuple(step for step in steps if step not in _DECISIONS)


def unheeded(document: ReturnDocument, *, decides: bool) -> tuple[str, ...]:
    """Return what a source decided that is not its to decide, as codes of moves that are not made."""
    return () if decides or document.status != "rejected" else ("reject: decided_here",)


def parcel_status(document: ReturnDocument) -> str | None:
    """Return where the document says that the parcel is, or nothing."""
    return document.shipping.status or _PARCEL.get(document.status)
