"""Beyond the policy: what a member of the staff may set aside with a reason, and what nobody may."""

from collections.abc import Sequence
from typing import Final

from retour.core.errors import Objection, Refused
from retour.core.policy import LineDecision
from retour.core.policy.outcome import MethodKind
from retour.core.ways import Way, Ways

REASON_MOST: Final = 1_000  # characters
# Units that are not there and money that cannot be told: no reason makes up for these.
FIRM: Final = frozenset(
    {"quantity_not_positive", "not_shipped", "nothing_left", "more_than_returnable", "currency_mismatch"}
)


def reason_of(text: str) -> str:
    """Return the reason as it is recorded; raise Refused(reason_missing) without one or for one that is too long."""
    said = text.strip()
    if not said or len(said) > REASON_MOST:
        raise Refused("reason_missing", f"say why, in at most {REASON_MOST} characters", field="unlimited")
    return said


def firm(objections: Sequence[Objection]) -> list[Objection]:
    """Return the objections that stand whatever the reason."""
    return [one for one in objections if one.code in FIRM]


def free_ways(lines: Sequence[LineDecision], wanted: str | None) -> Ways:
    """Return how each line comes back where the policy is set aside: as wanted, else as it offers first, else posted.

    Raise Refused(method_not_offered) for a way that does not exist or brings nothing back.
    """
    if wanted is not None and (wanted not in set(MethodKind) or wanted == MethodKind.KEEP_ITEM):
        raise Refused("method_not_offered", "there is no such way to send the goods back", field="method")
    return Ways(tuple(_way(line, wanted) for line in lines))


def _way(line: LineDecision, wanted: str | None) -> Way:
    offered = line.methods.outcome.offered
    offer = next((o for o in offered if wanted in (None, o.kind.value)), None)
    if offer is not None:
        return Way(offer.kind.value, offer.destination)
    return Way(wanted or MethodKind.OWN_CARRIER.value)
