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
MAX_ZONES: Final = 50
ELSEWHERE: Final = "elsewhere"  # the zone of a country that is in none
MAX_COUNTRIES: Final = 300  # countries of one zone
MAX_HOLIDAYS: Final = 1000
MAX_PROMOTIONS: Final = 200
MAX_EXPRESSION: Final = 500  # characters of one expression

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


@dataclass(frozen=True, slots=True)
class Expression:
    """True when the expression is; when what it asks about is not known, this may not be known either."""

    text: str


Condition = AllOf | AnyOf | Not | Compare | Expression
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
class Zone:
    """A named set of countries (ISO 3166 alpha-2); no country is in two zones of a policy."""

    name: str
    countries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Which days the merchant does not work: holidays by date, and weekdays by ISO number (Monday is 1)."""

    holidays: tuple[date, ...] = ()
    weekend: tuple[int, ...] = (6, 7)


@dataclass(frozen=True, slots=True)
class PromotionCondition:
    """What a basket must hold for a discount: its least value in minor units of the books, its least units, or both."""

    code: str
    minimum_minor: int | None = None
    minimum_units: int | None = None


class Several(StrEnum):
    """What happens when lines of a return end with different methods or destinations."""

    SPLIT = "split"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """A whole policy; `currency` is that of every amount in it and must be the currency of the store's books."""

    name: str
    defaults: Defaults
    rules: tuple[Rule, ...] = ()
    currency: str | None = None
    zones: tuple[Zone, ...] = ()
    calendar: WorkCalendar = WorkCalendar()
    promotions: tuple[PromotionCondition, ...] = ()
    several: Several = Several.REVIEW
