"""What a policy decides: nine groups of outcomes, each decided on its own, and what may be said in each."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from retour.core.order import TenderKind
from retour.core.policy.charge import (
    Bonus,
    DownCharge,
    ExchangeItems,
    ExchangePrice,
    ExchangeTerms,
    Fee,
    InstantTerms,
    UpCharge,
)
from retour.core.refund.terms import (
    DEFAULT_TENDER_ORDER,
    CaptureOrder,
    ChargeMode,
    FeeOf,
    FeePer,
    FeeTax,
    PromotionMode,
    Shortfall,
)
from retour.core.rma.state import Disposition, Grade, Moment

__all__ = [
    "DEFAULT_TENDER_ORDER",
    "Anchor",
    "AnswerKind",
    "Approval",
    "Approving",
    "Bonus",
    "CaptureOrder",
    "ChargeMode",
    "DayCount",
    "Defaults",
    "Disposition",
    "DownCharge",
    "Eligibility",
    "ExchangeItems",
    "ExchangePrice",
    "ExchangeTerms",
    "Fee",
    "FeeOf",
    "FeePer",
    "FeeTax",
    "Fees",
    "Grade",
    "Group",
    "Inspection",
    "InstantTerms",
    "MethodKind",
    "MethodOffer",
    "Methods",
    "Mode",
    "Moment",
    "NeverBecause",
    "Outcome",
    "Outcomes",
    "PromotionMode",
    "Proposal",
    "Question",
    "RefundTerms",
    "Requirements",
    "ResolutionKind",
    "ResolutionOffer",
    "Resolutions",
    "SettleOn",
    "Shortfall",
    "Start",
    "UpCharge",
]


class Group(StrEnum):
    """The questions a policy answers; the first matching rule that speaks about a group decides it."""

    ELIGIBILITY = "eligibility"
    RESOLUTIONS = "resolutions"
    METHODS = "methods"
    DECISION = "decision"
    SETTLE_ON = "settle_on"
    REFUND_TERMS = "refund_terms"
    INSPECTION = "inspection"
    FEES = "fees"
    REQUIREMENTS = "requirements"


class Anchor(StrEnum):
    """The day a window may be counted from."""

    DELIVERED = "delivered"
    FULFILLED = "fulfilled"
    ORDERED = "ordered"


class Mode(StrEnum):
    """Whether a line may come back: always, never, or inside a window of days."""

    ALWAYS = "always"
    NEVER = "never"
    WINDOW = "window"


class DayCount(StrEnum):
    """Which days a window counts: all of them, or those the calendar of the policy calls working days."""

    CALENDAR = "calendar"
    WORKING = "working"


class NeverBecause(StrEnum):
    """The public code of a line that may never come back."""

    NEVER_ELIGIBLE = "never_eligible"
    FINAL_SALE = "final_sale"


@dataclass(frozen=True, slots=True)
class Start:
    """A day to count from, moved by some days (a shipment is assumed delivered `plus_days` after it left)."""

    anchor: Anchor
    plus_days: int = 0


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Whether a line may come back; `counted_from` is tried in order until a day is known, parcel by parcel.

    A window of n days is open on the n-th merchant-local day after its start and closed on the next. `until` is the
    last day whatever was counted: the earlier one closes the window. With `extend` a window whose last day is not a
    working day ends on the next one that is. `message` is what the shopper reads when the answer is no.
    """

    mode: Mode
    window_days: int | None = None
    counted_from: tuple[Start, ...] = ()
    because: NeverBecause | None = None
    message: str | None = None
    until: date | None = None
    days: DayCount = DayCount.CALENDAR
    extend: bool = False


class ResolutionKind(StrEnum):
    """What the shopper gets."""

    REFUND_ORIGINAL = "refund_original"
    REFUND_SERVICE = "refund_service"
    GIFT_CARD = "gift_card"
    STORE_CREDIT = "store_credit"
    EXCHANGE = "exchange"
    KEEP_ITEM = "keep_item"
    REPAIR = "repair"
    REPLACEMENT = "replacement"


@dataclass(frozen=True, slots=True)
class ResolutionOffer:
    """One resolution that is offered, with its terms; `ref` names the merchant's own record of it, if there is one.

    `share_bp` is the share of the value that is given, in basis points: keep the article and get a part of the money.
    """

    kind: ResolutionKind
    ref: str | None = None
    restocking_fee: Fee | None = None
    bonus: Bonus | None = None
    share_bp: int = 10_000
    exchange: ExchangeTerms | None = None


@dataclass(frozen=True, slots=True)
class Resolutions:
    """The resolutions offered, in the order they are shown; an empty list offers none."""

    offered: tuple[ResolutionOffer, ...]


class MethodKind(StrEnum):
    """How the goods come back, or that they do not."""

    OWN_CARRIER = "own_carrier"
    LABEL = "label"
    DROP_OFF = "drop_off"
    IN_STORE = "in_store"
    KEEP_ITEM = "keep_item"


@dataclass(frozen=True, slots=True)
class MethodOffer:
    """One way to send goods back; `destination` is where they go (the store's default if absent), `fee` the label's."""

    kind: MethodKind
    destination: str | None = None
    fee: Fee | None = None


@dataclass(frozen=True, slots=True)
class Methods:
    """The return methods offered, in the order they are shown."""

    offered: tuple[MethodOffer, ...]


class Approval(StrEnum):
    """Who approves an eligible request."""

    AUTO_APPROVE = "auto_approve"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Approving:
    """How an eligible request is approved, some hours after it was made; `message` tells staff why to review it."""

    approval: Approval
    message: str | None = None
    after_hours: int = 0


@dataclass(frozen=True, slots=True)
class SettleOn:
    """When the money becomes due: some hours after a moment."""

    moment: Moment = Moment.INSPECTED
    after_hours: int = 0


@dataclass(frozen=True, slots=True)
class RefundTerms:
    """How a refund is computed: charges beside the goods, deduction by grade in basis points of the unit's value.

    `capture_order` is which of several payments of one kind is paid back first.
    """

    shipping: ChargeMode = ChargeMode.NONE
    sealed_deduction_bp: int = 0
    opened_deduction_bp: int = 0
    damaged_deduction_bp: int = 0
    tender_order: tuple[TenderKind, ...] = DEFAULT_TENDER_ORDER
    duties: ChargeMode = ChargeMode.NONE
    tips: ChargeMode = ChargeMode.NONE
    sale_fees: ChargeMode = ChargeMode.NONE
    gift_wrapping: ChargeMode = ChargeMode.NONE
    promotions: PromotionMode = PromotionMode.KEEP
    shortfall: Shortfall = Shortfall.FLOOR
    capture_order: CaptureOrder = CaptureOrder.NEWEST

    def deduction_bp(self, grade: Grade) -> int:
        """Return what is deducted for a unit of that grade, in basis points of its value."""
        if grade is Grade.SEALED:
            return self.sealed_deduction_bp
        return self.opened_deduction_bp if grade is Grade.OPENED else self.damaged_deduction_bp


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed at inspection for a unit of one grade; whoever inspects may say otherwise."""

    accepted: bool
    disposition: Disposition


@dataclass(frozen=True, slots=True)
class Inspection:
    """The proposed verdict for each grade."""

    sealed: Proposal
    opened: Proposal
    damaged: Proposal

    def verdict(self, grade: Grade) -> Proposal:
        """Return the proposed verdict for a unit of that grade."""
        if grade is Grade.SEALED:
            return self.sealed
        return self.opened if grade is Grade.OPENED else self.damaged


@dataclass(frozen=True, slots=True)
class Fees:
    """The fees of a whole return; `waived` waives all of them, with those of resolutions and labels, and `waiver` why."""

    return_fee: Fee | None = None
    cancellation_fee: Fee | None = None
    waived: bool = False
    waiver: str | None = None


class AnswerKind(StrEnum):
    """What is asked for: words, one of the choices, a whole number, or yes or no."""

    TEXT = "text"
    CHOICE = "choice"
    NUMBER = "number"
    YES_NO = "yes_no"


@dataclass(frozen=True, slots=True)
class Question:
    """One question the shopper is asked about a line."""

    id: str
    text: str
    answer: AnswerKind = AnswerKind.TEXT
    choices: tuple[str, ...] = ()
    required: bool = True


@dataclass(frozen=True, slots=True)
class Requirements:
    """What the shopper must give with a line: how many photos at least, a note, answers."""

    photos: int = 0
    note: bool = False
    questions: tuple[Question, ...] = ()


Outcome = Eligibility | Resolutions | Methods | Approving | SettleOn | RefundTerms | Inspection | Fees | Requirements


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What one rule says: any of the groups; what is absent is left to later rules and the defaults."""

    eligibility: Eligibility | None = None
    resolutions: Resolutions | None = None
    methods: Methods | None = None
    decision: Approving | None = None
    settle_on: SettleOn | None = None
    refund_terms: RefundTerms | None = None
    inspection: Inspection | None = None
    fees: Fees | None = None
    requirements: Requirements | None = None


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a policy says when no rule does: every group is declared; no fees and nothing required, if not said."""

    eligibility: Eligibility
    resolutions: Resolutions
    methods: Methods
    decision: Approving
    settle_on: SettleOn
    refund_terms: RefundTerms
    inspection: Inspection
    fees: Fees = Fees()
    requirements: Requirements = Requirements()
