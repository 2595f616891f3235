"""What a simulation tells: the figures before and after, where they changed, and every return that would go otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final


class Mode(StrEnum):
    """What a policy is replayed over: past returns, orders that nobody has returned, or an imported file."""

    RETURNS = "returns"
    ORDERS = "orders"
    IMPORTED = "imported"


class Against(StrEnum):
    """What the candidate is compared with: the version each return was decided by, or one version for all."""

    RECORDED = "recorded"
    VERSION = "version"


class State(StrEnum):
    """Where a simulation stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Fate(StrEnum):
    """What becomes of one line under a policy.

    `refused`: the policy lets it not come back; `automatic`, `review`: it is accepted, by the policy or by a person;
    `rejected`: a person said no, which is held constant; `closed`: the shopper cancelled it or never sent it.
    """

    AUTOMATIC = "automatic"
    REVIEW = "review"
    REFUSED = "refused"
    REJECTED = "rejected"
    CLOSED = "closed"


ACCEPTED: Final = frozenset({Fate.AUTOMATIC, Fate.REVIEW})


class Change(StrEnum):
    """How a return goes otherwise under the candidate; one return may change in several ways."""

    REFUSED = "refused"  # at least one line could come back and no longer may
    ALLOWED = "allowed"  # at least one line may come back that could not
    TO_REVIEW = "to_review"
    TO_AUTOMATIC = "to_automatic"
    PAYS_MORE = "pays_more"  # the shopper gets more: refund, credit, exchange value and bonus together
    PAYS_LESS = "pays_less"
    RESOLUTION = "resolution"  # what the shopper chose is not offered any more: the first that is offered counts
    METHOD = "method"  # the same for the way back
    SETTLE_ON = "settle_on"  # the money becomes due at another moment
    REQUIREMENTS = "requirements"  # photos, a note or answers are asked for otherwise


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums over lines; amounts in minor units of the books' currency, and every sum over a group's rows is the total.

    `refused`, `automatic`, `review`, `rejected` and `closed` count lines and add up to `lines`. `value_minor` is what was
    paid for the units asked for; `refund_minor` goes back to the payment, `credit_minor` is given as store credit, gift
    card or through a refund service, `exchange_minor` moves into another article or a repair. `fee_minor` and
    `deduction_minor` are kept from it (positive), `bonus_minor` is given beside it. `labels` counts return labels.
    """

    lines: int = 0
    units: int = 0
    automatic: int = 0
    review: int = 0
    refused: int = 0
    rejected: int = 0
    closed: int = 0
    value_minor: int = 0
    refund_minor: int = 0
    credit_minor: int = 0
    exchange_minor: int = 0
    fee_minor: int = 0
    deduction_minor: int = 0
    bonus_minor: int = 0
    labels: int = 0

    @property
    def retained_minor(self) -> int:
        """Return what stays with the merchant of what was paid for the units: all that does not go back as money."""
        return self.value_minor - self.refund_minor


@dataclass(frozen=True, slots=True)
class Counts:
    """Whole returns by what becomes of them: refused when no line may come back, review when a person decides."""

    returns: int = 0
    automatic: int = 0
    review: int = 0
    refused: int = 0
    rejected: int = 0
    closed: int = 0


@dataclass(frozen=True, slots=True)
class Side:
    """One policy over everything that was read."""

    counts: Counts = Counts()
    figures: Figures = Figures()


@dataclass(frozen=True, slots=True)
class GroupRow:
    """The lines of one rule, reason, product or country; `changed` counts those that go otherwise.

    `key` is stable, `label` for people. In the group `rule` the key is the id of a rule, `default` or `statute`, `group` is
    the outcome group it decided, and the rows of one outcome group add up to the total.
    """

    key: str
    label: str
    before: Figures
    after: Figures
    changed: int = 0
    group: str | None = None


BY: Final = ("rule", "reason", "product", "country")
MOST_ROWS: Final = 200  # of one group; the rest is one row
REST: Final = "*"  # the key of that row
UNKNOWN: Final = ""  # the key of what is not known


@dataclass(frozen=True, slots=True)
class Books:
    """The figures in one currency of the books; `by` holds the rows per entry of BY, the largest change first."""

    currency: str
    before: Side
    after: Side
    by: Mapping[str, tuple[GroupRow, ...]]


@dataclass(frozen=True, slots=True)
class Result:
    """A finished simulation.

    `read` counts returns (in the mode `orders`: orders), `affected` those that go otherwise, `listed` how many of them the
    list holds, `changes` how many changed in which way. `requoted` counts returns whose money was computed anew,
    `not_quoted` those whose money could not be and stands as recorded. `rules` names rules by id.
    """

    mode: Mode
    against: Against
    books: tuple[Books, ...] = ()
    read: int = 0
    affected: int = 0
    listed: int = 0
    requoted: int = 0
    not_quoted: int = 0
    changes: Mapping[str, int] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)


# --- one affected return ---


@dataclass(frozen=True, slots=True)
class Money:
    """The money of one return under one policy, in minor units of the books' currency, as in `Figures`."""

    refund_minor: int = 0
    credit_minor: int = 0
    exchange_minor: int = 0
    fee_minor: int = 0
    deduction_minor: int = 0
    bonus_minor: int = 0

    @property
    def given_minor(self) -> int:
        """Return what the shopper gets of all kinds together."""
        return self.refund_minor + self.credit_minor + self.exchange_minor + self.bonus_minor


@dataclass(frozen=True, slots=True)
class LineSide:
    """One line under one policy; `code` and `message` say why it is refused, `closes_on` is its last day."""

    fate: Fate
    code: str | None = None
    message: str | None = None
    closes_on: date | None = None
    resolution: str | None = None
    method: str | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """One outcome group that is ruled otherwise: who decided it, and what was said, as plain JSON of the outcome."""

    group: str
    rule_before: str
    rule_after: str
    before: Mapping[str, object]
    after: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class AffectedLine:
    """One line of an affected return; `reason` is a code."""

    line_ref: str
    title: str
    sku: str | None
    quantity: int
    reason: str | None
    before: LineSide
    after: LineSide
    why: tuple[Why, ...] = ()


@dataclass(frozen=True, slots=True)
class Affected:
    """One return (or order) that goes otherwise; `reference` is `R-10042`, the order's name, or the file's own word."""

    reference: str
    order_name: str
    requested_on: date
    country: str | None
    currency: str
    changes: tuple[Change, ...]
    fate_before: Fate
    fate_after: Fate
    before: Money
    after: Money
    lines: tuple[AffectedLine, ...]
    rma_id: str | None = None
