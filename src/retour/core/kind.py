"""The kinds of a return, and what each of them changes about how it is asked for and what comes back."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from retour.core.policy import LineDecision
from retour.core.policy.evaluate import STATUTE
from retour.core.policy.outcome import MethodKind
from retour.core.ways import Way, Ways


class Kind(StrEnum):
    """What a return is: goods come back, goods were wrong, the law's own right, or goods that never left."""

    RETURN = "return"
    CLAIM = "claim"
    WITHDRAWAL = "withdrawal"
    CANCELLATION = "cancellation"


WITHDRAWN: Final = "withdrawal"  # the reason of a line that is withdrawn from: the law asks for none


def is_granted(kind: str) -> bool:
    """Return whether a request of a kind is approved by being made: no rule, question or person stands in its way."""
    return kind == Kind.WITHDRAWAL


def decider(kind: str) -> str:
    """Return who approves a request that no person decides, as events name it."""
    return STATUTE if is_granted(kind) else "policy"


def unoffered_ways(lines: Sequence[LineDecision]) -> Ways:
    """Return how goods come back that the policy offers no way for: with a carrier of the shopper's choice."""
    return Ways(tuple(Way(MethodKind.OWN_CARRIER.value) for _ in lines))
