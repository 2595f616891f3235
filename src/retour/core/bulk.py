"""What can be done to several returns at once: to which it can be, what each act needs to be told, and who may do it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from retour.core.attention import LONGEST_TAG, Priority
from retour.core.errors import Refused
from retour.core.rma.moves import OPEN, UNDECIDED, Decision

TEXT_MOST: Final = 10_000  # characters
_HERE: Final = frozenset({"received", "inspected"})


class BulkAct(StrEnum):
    """One thing to do to many returns."""

    APPROVE = "approve"
    REJECT = "reject"
    CANCEL = "cancel"
    ASSIGN = "assign"
    TAG = "tag"
    UNTAG = "untag"
    PRIORITY = "priority"
    HOLD = "hold"
    RELEASE = "release"
    NOTE = "note"


class Needs(StrEnum):
    """What an act has to be told beside the returns."""

    MESSAGE = "message"  # shoppers read it
    REASON = "reason"
    NOTE = "note"
    STAFF = "staff"  # or nobody
    TAG = "tag"
    PRIORITY = "priority"


NEEDS: Final[Mapping[BulkAct, Needs]] = {
    BulkAct.REJECT: Needs.MESSAGE,
    BulkAct.ASSIGN: Needs.STAFF,
    BulkAct.TAG: Needs.TAG,
    BulkAct.UNTAG: Needs.TAG,
    BulkAct.PRIORITY: Needs.PRIORITY,
    BulkAct.HOLD: Needs.REASON,
    BulkAct.NOTE: Needs.NOTE,
}
# What a refusal for want of it is called.
_MISSING: Final[Mapping[Needs, str]] = {
    Needs.MESSAGE: "message_missing", Needs.REASON: "reason_missing", Needs.NOTE: "text_missing",
}  # fmt: skip


def why_not(act: BulkAct, *, status: Decision, goods: str, held: bool) -> str | None:
    """Return why an act cannot be done to a return, as a code; nothing if it can, as far as a list knows.

    `goods` is the state of the goods' axis. The code is `already_received`, `already_held`, `not_held`, or `is_` with
    the decision that stands in the way.
    """
    match act:
        case BulkAct.APPROVE | BulkAct.REJECT if status not in UNDECIDED:
            return "already_received" if status is Decision.APPROVED and goods in _HERE else f"is_{status.value}"
        case BulkAct.CANCEL if status not in OPEN:
            return f"is_{status.value}"
        case BulkAct.CANCEL if goods in _HERE:
            return "already_received"
        case BulkAct.HOLD if held:
            return "already_held"
        case BulkAct.HOLD if status not in OPEN:
            return f"is_{status.value}"
        case BulkAct.RELEASE if not held:
            return "not_held"
        case _:
            return None


def check_said(act: BulkAct, said: str) -> None:
    """Raise Refused if an act cannot be done with what was said.

    Codes: `message_missing`, `reason_missing`, `text_missing`, `text_too_long`, `invalid_tag`, `invalid_priority`.
    Whether somebody of the staff is meant is not checked here.
    """
    needs = NEEDS.get(act)
    missing = _MISSING.get(needs) if needs else None
    if missing is not None and not said.strip():
        raise Refused(missing, "say something", field="message")
    if needs is Needs.TAG and not (0 < len(said) <= LONGEST_TAG and said.isprintable()):
        raise Refused("invalid_tag", f"a tag has 1 to {LONGEST_TAG} characters", field="tag")
    if needs is Needs.PRIORITY and said not in set(Priority):
        raise Refused("invalid_priority", f"one of {', '.join(Priority)}", field="priority")
    if len(said) > TEXT_MOST:
        raise Refused("text_too_long", f"{TEXT_MOST} characters at most", field="message")
