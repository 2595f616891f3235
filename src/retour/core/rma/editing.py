"""Changing what comes back after it was asked for: what stays, what is new, what leaves; and when it is too late."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from retour.core.effect import EffectState
from retour.core.errors import Refused
from retour.core.rma.moves import OPEN
from retour.core.rma.native import opening
from retour.core.rma.state import Return, ReturnLine, SettlementState

# A settlement that has moved nothing and is on no way to move anything.
_UNMOVED: Final = frozenset({SettlementState.QUOTED, SettlementState.REVERSED})
_GONE: Final = frozenset({EffectState.FAILED, EffectState.CANCELLED})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants of one order line now, in units."""

    line_ref: str
    quantity: int
    reason: str
    note: str | None = None
    resolution: str = "refund_original"
    resolution_ref: str | None = None
    answers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """The n-th wish with the return line that it continues, if there is one; `is_same` if nothing of it differs."""

    index: int
    line: ReturnLine | None
    is_same: bool


@dataclass(frozen=True, slots=True)
class Edit:
    """The changes in the order of the wishes, the lines that leave the return, and whether more is to come back."""

    changes: tuple[Change, ...]
    removed: tuple[ReturnLine, ...]
    grows: bool


def edit_of(ret: Return, wanted: Sequence[Wanted]) -> Edit:
    """Return what becomes of each open line; a wish continues the first open line of its order line.

    It grows by what was not held: two lines of one order line, as a merge leaves them, may go on as one.
    """
    left = [line for line in ret.lines if line.decision in OPEN]
    changes, more = list[Change](), Counter[str]()
    for held in left:
        more[held.line_ref] -= held.quantity
    for index, wish in enumerate(wanted):
        line = next((one for one in left if one.line_ref == wish.line_ref), None)
        if line is not None:
            left.remove(line)
        more[wish.line_ref] += wish.quantity
        changes.append(Change(index, line, line is not None and _is_same(line, wish)))
    return Edit(tuple(changes), tuple(left), any(units > 0 for units in more.values()))


def check_edit(ret: Return, edit: Edit) -> None:
    """Raise Refused if money has moved, nothing changes, or the platform's own return cannot follow.

    Codes: `already_paid`, `nothing_changed`, `opened_on_platform` for more units than it was opened with.
    """
    if any(s.state not in _UNMOVED for s in ret.settlements):
        raise Refused("already_paid", "money has moved for this return; ask for another return instead")
    if not edit.removed and all(change.is_same for change in edit.changes):
        raise Refused("nothing_changed", "it is what it was", field="lines")
    opened = opening(ret)
    if edit.grows and opened is not None and opened.state not in _GONE:
        raise Refused(
            "opened_on_platform", "the platform's own return is open; ask for another return for more", field="lines"
        )


def _is_same(line: ReturnLine, wish: Wanted) -> bool:
    return (line.quantity, line.reason, line.note, line.resolution, line.resolution_ref, dict(line.answers)) == (
        wish.quantity, wish.reason, wish.note, wish.resolution, wish.resolution_ref or line.resolution_ref,
        dict(wish.answers),
    )  # fmt: skip
