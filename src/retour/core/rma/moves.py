"""The decision axis: which moves a return line may make, and the status of the return derived from its lines."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from retour.core.errors import Refused


class Decision(StrEnum):
    """What was decided about a return line; `rejected` is our word (Shopify says declined)."""

    REQUESTED = "requested"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    RESOLVED = "resolved"
    REOPENED = "reopened"


MOVES: Final[Mapping[Decision, frozenset[Decision]]] = {
    Decision.REQUESTED: frozenset(
        {Decision.IN_REVIEW, Decision.APPROVED, Decision.REJECTED, Decision.CANCELLED, Decision.EXPIRED}
    ),
    Decision.IN_REVIEW: frozenset(
        {Decision.REQUESTED, Decision.APPROVED, Decision.REJECTED, Decision.CANCELLED, Decision.EXPIRED}
    ),
    # Asked for anew: what was changed after its approval is decided again.
    Decision.APPROVED: frozenset({Decision.REQUESTED, Decision.RESOLVED, Decision.CANCELLED, Decision.EXPIRED}),
    Decision.REJECTED: frozenset({Decision.REOPENED}),
    Decision.CANCELLED: frozenset(),
    Decision.EXPIRED: frozenset({Decision.REOPENED}),
    Decision.RESOLVED: frozenset({Decision.REOPENED}),
    Decision.REOPENED: frozenset({Decision.APPROVED, Decision.REJECTED, Decision.CANCELLED, Decision.EXPIRED}),
}

OPEN: Final = frozenset({Decision.REQUESTED, Decision.IN_REVIEW, Decision.APPROVED, Decision.REOPENED})
UNDECIDED: Final = frozenset({Decision.REQUESTED, Decision.IN_REVIEW, Decision.REOPENED})
# Decisions that free the units of the line for another return.
FREEING: Final = frozenset({Decision.REJECTED, Decision.CANCELLED, Decision.EXPIRED})

# The status of a return is the most open decision among its lines, in this order.
_PRECEDENCE: Final = (
    Decision.REOPENED,
    Decision.REQUESTED,
    Decision.IN_REVIEW,
    Decision.APPROVED,
    Decision.RESOLVED,
    Decision.REJECTED,
    Decision.EXPIRED,
    Decision.CANCELLED,
)


def decide_line(current: Decision, to: Decision) -> Decision:
    """Return the new decision of a line; raise Refused(already_decided) or Refused(move_not_allowed)."""
    if current is to:
        raise Refused("already_decided", f"the line is already {to.value}", facts={"decision": current.value})
    if to not in MOVES[current]:
        raise Refused(
            "move_not_allowed",
            f"a line that is {current.value} cannot become {to.value}",
            facts={"decision": current.value},
        )
    return to


def derive_status(lines: Iterable[Decision]) -> Decision:
    """Return the status of a return with lines of these decisions (at least one)."""
    present = set(lines)
    return next(decision for decision in _PRECEDENCE if decision in present)
