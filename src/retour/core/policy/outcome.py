"""What a policy decides: seven groups of outcomes, each decided on its own, and what may be said in each."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from retour.core.order import TenderKind
from retour.core.rma.state import Disposition, Grade


class Group(StrEnum):
    """The questions a policy answers; the first matching rule that speaks about a group decides it."""

    ELIGIBILITY = "eligibility"
    RESOLUTIONS = "resolutions"
    METHODS = "methods"
    DECISION = "decision"
    SETTLE_ON = "settle_on"
    REFUND_TERMS = "refund_terms"
    INSPECTION = "inspection"


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

    A window of n days is open on the n-th merchant-local day after its start and closed on the next. `message` is
    what the shopper reads when the answer is no.
    """

    mode: Mode
    window_days: int | None = None
    counted_from: tuple[Start, ...] = ()
    because: NeverBecause | None = None
    message: str | None = None


class FeeTax(StrEnum):
    """Whether a fee lowers the refund with its taxes, or is a service sold with a tax rate of its own."""

    REDUCTION = "reduction"
    SUPPLY = "supply"


class FeePer(StrEnum):
    """What a fixed fee is charged for."""

    UNIT = "unit"
    LINE = "line"
    PARCEL = "parcel"
    RETURN = "return"


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee: basis points of the value, or a fixed amount in minor units of the document's currency, or both.

    `tax_bp` is the rate of a supply in basis points, contained in the fixed amount.
    """

    bp: int = 0
    fixed_minor: int = 0
    per: FeePer = FeePer.UNIT
    tax: FeeTax = FeeTax.REDUCTION
    tax_bp: int = 0


class ResolutionKind(StrEnum):
    """What the shopper gets."""

    REFUND_ORIGINAL = "refund_original"
    REFUND_SERVICE = "refund_service"
    GIFT_CARD = "gift_card"
    STORE_CREDIT = "store_credit"
    EXCHANGE = "exchange"
    KEEP_ITEM = "keep_item"
    REPAIR = "repair"


@dataclass(frozen=True, slots=True)
class ResolutionOffer:
    """One resolution that is offered, with its terms; `ref` names the merchant's own record of it, if there is one."""

    kind: ResolutionKind
    ref: str | None = None
    restocking_fee: Fee | None = None


@dataclass(frozen=True, slots=True)
class Resolutions:
    """The resolutions offered, in the order they are shown; an empty list offers none."""

    offered: tuple[ResolutionOffer, ...]


class MethodKind(StrEnum):
    """How the goods come back, or that they do not."""

    OWN_CARRIER = "own_carrier"
    LABEL = "label"
    DROP_OFF = "drop_off"
    KEEP_ITEM = "keep_item"


@dataclass(frozen=True, slots=True)
class MethodOffer:
    """One way to send goods back; `destination` is the location they go to (the store's own default if absent)."""

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
    """How an eligible request is approved; `message` tells staff why it wants a review."""

    approval: Approval
    message: str | None = None


class Moment(StrEnum):
    """The fact that makes the money due."""

    INSPECTED = "inspected"
    RECEIVED = "received"
    FIRST_SCAN = "first_scan"


@dataclass(frozen=True, slots=True)
class SettleOn:
    """When the money becomes due."""

    moment: Moment = Moment.INSPECTED


class ShippingRefund(StrEnum):
    """How much of the original shipping goes back."""

    NONE = "none"
    ALL = "all"
    ON_FULL_RETURN = "on_full_return"
    PROPORTIONAL = "proportional"


DEFAULT_TENDER_ORDER: Final = (TenderKind.STORE_CREDIT, TenderKind.CARD, TenderKind.GIFT_CARD, TenderKind.OTHER)


@dataclass(frozen=True, slots=True)
class RefundTerms:
    """How a refund is computed: shipping, deduction by grade in basis points of the unit's value, tender order."""

    shipping: ShippingRefund = ShippingRefund.NONE
    sealed_deduction_bp: int = 0
    opened_deduction_bp: int = 0
    damaged_deduction_bp: int = 0
    tender_order: tuple[TenderKind, ...] = DEFAULT_TENDER_ORDER

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


Outcome = Eligibility | Resolutions | Methods | Approving | SettleOn | RefundTerms | Inspection


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


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a policy says when no rule does: every group is declared."""

    eligibility: Eligibility
    resolutions: Resolutions
    methods: Methods
    decision: Approving
    settle_on: SettleOn
    refund_terms: RefundTerms
    inspection: Inspection
