"""The policy document: ordered rules over conditions, and the declared default of every outcome group."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from retour.core.policy.outcome import Defaults, Outcomes

FORMAT: Final = 1  # the number of the document's JSON format
MAX_RULES: Final = 300
MAX_DEPTH: Final = 8  # condition groups inside each other
MAX_PARTS: Final = 100  # parts of one condition group
MAX_VALUES: Final = 1000  # values in the list of one condition
MAX_TEXT: Final = 200

FactValue = str | int | bool | date | tuple[str, ...] | None  # None: not known


class Op(StrEnum):
    """How a condition compares a fact with its value; texts are compared without regard to case."""

    EQ = "eq"
    NE = "ne"
    LT = "lt"
    LTE = "lte"
    GT = "gt"
    GTE = "gte"
    IN = "in"
    NOT_IN = "not_in"
    STARTS_WITH = "starts_with"
    HAS_ANY = "has_any"
    HAS_ALL = "has_all"
    HAS_NONE = "has_none"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Compare:
    """One comparison of a fact with a value; what is not known satisfies no comparison but `known`."""

    fact: str
    op: Op
    value: str | int | bool | date | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """True when every part is; without parts it is always true."""

    parts: tuple["Condition", ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True when at least one part is."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True when its part is false; when its part is not known, this is not known either."""

    part: "Condition"


Condition = AllOf | AnyOf | Not | Compare
ALWAYS: Final = AllOf()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; a rule that is not enabled stays in the document and never matches."""

    id: str
    name: str
    then: Outcomes
    when: Condition = ALWAYS
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """A whole policy; `currency` is that of every amount in it and must be the currency of the store's books."""

    name: str
    defaults: Defaults
    rules: tuple[Rule, ...] = ()
    currency: str | None = None
