"""What the check of a policy finds, in words and with an order that shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from retour.core.policy.document import Compare, Expression
from retour.core.policy.facts import LineFacts
from retour.core.policy.outcome import Group


class FindingKind(StrEnum):
    """What can be wrong with a policy that is well-formed."""

    NEVER_MATCHES = "never_matches"  # no order fulfils the conditions
    SHADOWED = "shadowed"  # all it matches is decided before
    CONTRADICTION = "contradiction"  # two rules want different things of one line, and their order alone decides
    NO_EFFECT = "no_effect"  # it says what would hold without it
    UNREACHABLE_OFFER = "unreachable_offer"  # no line that may come back gets it
    UNKNOWN_REFERENCE = "unknown_reference"  # it names something that is not there
    NOT_JUDGED = "not_judged"  # too many cases to tell


class Severity(StrEnum):
    """How bad a finding is: surely a mistake, probably one, or good to know."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


SEVERITY: Final[Mapping[FindingKind, Severity]] = {
    FindingKind.NEVER_MATCHES: Severity.ERROR,
    FindingKind.SHADOWED: Severity.ERROR,
    FindingKind.UNKNOWN_REFERENCE: Severity.ERROR,
    FindingKind.CONTRADICTION: Severity.WARNING,
    FindingKind.UNREACHABLE_OFFER: Severity.WARNING,
    FindingKind.NO_EFFECT: Severity.NOTE,
    FindingKind.NOT_JUDGED: Severity.NOTE,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding; `rules` holds ids, first that of the rule it is about, then those that have to do with it.

    `default` and `statute` may stand among them. `subject` is the offer or the reference it speaks of, `conditions` are
    those that exclude each other. `example` holds the facts of one line that show it; findings that no single order can
    show, or whose orders an expression hides, have none.
    """

    kind: FindingKind
    severity: Severity
    rules: tuple[str, ...]
    groups: tuple[Group, ...]
    message: str
    subject: str | None = None
    conditions: tuple[Compare | Expression, ...] = ()
    example: LineFacts | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What a policy may refer to; where it is not said what there is, nothing is found to be missing."""

    resolutions: frozenset[str] | None = None  # the ids of the merchant's own resolutions
    destinations: frozenset[str] | None = None  # locations goods may go to
