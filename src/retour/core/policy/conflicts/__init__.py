"""The check of a policy: rules that can never match, are shadowed, contradict each other or change nothing, and offers
that nobody can get.

A rule is turned into the set of orders it matches; sets are compared with each other. A finding that says *never* or
*nobody* holds for every order whatever. A finding that says *some order* shows one, and was confirmed by deciding it.
What would take too long to know is told as such.
"""

from datetime import date
from typing import Final

from retour.core.policy.conflicts.cubes import Budget
from retour.core.policy.conflicts.finding import SEVERITY, Finding, FindingKind, Known, Severity
from retour.core.policy.conflicts.ground import Ground, ground_of
from retour.core.policy.conflicts.offers import dangling, unreachable
from retour.core.policy.conflicts.rules import Live, contradicting, never_matching, shadowed, without_effect
from retour.core.policy.document import PolicyDocument
from retour.core.policy.expression import Expressions

__all__ = ["Finding", "FindingKind", "Known", "Severity", "find_conflicts"]

NOTHING_KNOWN: Final = Known()


def find_conflicts(
    document: PolicyDocument,
    *,
    today: date,
    known: Known = NOTHING_KNOWN,
    expressions: Expressions | None = None,
    budget: Budget | None = None,
) -> tuple[Finding, ...]:
    """Return what is wrong with a policy, the worst first; `today` is the day of the example orders.

    Without `expressions`, findings that depend on what one says of an order have no example or are not told. What
    lies beyond the `budget` is told as not judged.
    """
    ground = ground_of(document, today=today, expressions=expressions, budget=budget or Budget())
    live: Live = {}
    found = [*never_matching(ground), *shadowed(ground, live), *contradicting(ground, live)]
    found += [*without_effect(ground, live), *unreachable(ground, live), *dangling(ground, live, known)]
    if ground.unclear:
        found.append(_not_judged(ground))
    places = {rule.id: at for at, rule in enumerate(document.rules)}
    worst = list(Severity)
    return tuple(sorted(found, key=lambda one: (worst.index(one.severity), places.get(next(iter(one.rules), ""), -1))))


def _not_judged(ground: Ground) -> Finding:
    names = ", ".join(ground.named(rule) for rule in ground.unclear)
    words = f"Not everything about these rules could be judged: {names}."
    return Finding(FindingKind.NOT_JUDGED, SEVERITY[FindingKind.NOT_JUDGED], tuple(ground.unclear), (), words)
