"""Rules and conditions that the tests of the check are made of."""

from datetime import date

from retour.core.policy import Rule
from retour.core.policy.conflicts import Finding, Known, find_conflicts
from retour.core.policy.conflicts.cubes import Budget
from retour.core.policy.document import AllOf, AnyOf, Compare, Condition, FactValue, Op, Zone
from retour.core.policy.outcome import (
    Approval,
    Approving,
    Outcomes,
    ResolutionKind,
    ResolutionOffer,
    Resolutions,
)
from tests.core.policy.builders import a_policy

TODAY = date(2026, 5, 1)
REVIEW = Outcomes(decision=Approving(Approval.REVIEW, "Look twice"))
PLAIN_REVIEW = Outcomes(decision=Approving(Approval.REVIEW))
AUTO = Outcomes(decision=Approving(Approval.AUTO_APPROVE))
CREDIT = Outcomes(resolutions=Resolutions((ResolutionOffer(ResolutionKind.STORE_CREDIT, "rec-1"),)))


def asks(fact: str, op: str, value: str | int | bool | date | tuple[str, ...]) -> Compare:
    return Compare(fact, Op(op), value)


GERMAN = asks("order.country", "eq", "DE")
FRENCH = asks("order.country", "eq", "FR")
SALE = asks("product.tags", "has_any", ("sale",))
DEAR = asks("order.total", "gt", 10_000)


def found(
    *rules: Rule, known: Known | None = None, zones: tuple[Zone, ...] = (), budget: Budget | None = None
) -> list[Finding]:
    document = a_policy(*rules, currency="EUR", zones=zones)
    return list(find_conflicts(document, today=TODAY, known=known or Known(), budget=budget))


def kinds(findings: list[Finding]) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.kind.value, one.rules) for one in findings]


def shown(finding: Finding, *names: str) -> tuple[FactValue, ...]:
    assert finding.example is not None
    return tuple(finding.example.values[name] for name in names)


def crossing(*, depth: int) -> Condition:
    """Return a condition of two to the power of `depth` cubes."""
    pairs = (
        AnyOf((asks("product.tags", "has_any", (f"a{n}",)), asks("order.tags", "has_any", (f"b{n}",))))
        for n in range(depth)
    )
    return AllOf(tuple(pairs))
