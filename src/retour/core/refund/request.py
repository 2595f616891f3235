"""What goes into a quote: what already happened on the order, what is asked for, and the terms that apply."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from retour.core.money import NOTHING, Sides
from retour.core.order import Tax, TenderKind

Ordinals = tuple[tuple[int, int], ...]
"""Inclusive ranges (lo, hi) of a line's units, each unit numbered 1 to its quantity."""


# --- what already happened ---


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """What an order line has already had: reserved, confirmed and attributed external refunds together.

    `paid` and `taxes_paid` sum the `payable` and `taxes` of the line's units, money and platform_rounding rows (damage,
    fees and caps are no part of them: what they took is never released with a later unit). `paid_units` are the
    ordinals of its units rows and of units that left the order unshipped and were refunded; `granted_bp` sums the
    `basis_points` of its money rows.
    """

    line_ref: str
    paid_units: Ordinals = ()
    paid: Sides = NOTHING
    taxes_paid: tuple[Tax, ...] = ()
    withheld: Sides = NOTHING
    granted_bp: int = 0


@dataclass(frozen=True, slots=True)
class LedgerCharge:
    """What has already been paid back of a shipping line, duty, tip, fee or rounding, platform_rounding included."""

    charge_ref: str
    paid: Sides = NOTHING
    taxes_paid: tuple[Tax, ...] = ()


@dataclass(frozen=True, slots=True)
class Tender:
    """A capture and what is left on it, in presentment minor units; each refund counts in exactly one of the three.

    `refunded` are our refunds that are confirmed, `reserved` ours in flight (also those whose outcome is unknown),
    `external_refunded` those somebody made on the platform. `blocked` says a dispute holds it.
    """

    capture_ref: str
    kind: TenderKind
    gateway: str
    captured: int
    refunded: int
    reserved: int
    external_refunded: int
    captured_at: datetime
    blocked: bool = False

    @property
    def rest(self) -> int:
        """Return what can still go back to this tender."""
        gone = self.refunded + self.reserved + self.external_refunded
        return 0 if self.blocked else max(0, self.captured - gone)


@dataclass(frozen=True, slots=True)
class Ledger:
    """What already happened on an order; `paid_back` and `taxes_paid_back` are its totals with external refunds.

    `paid_back` sums the totals of earlier plans (reserved or confirmed) and every refund made outside.
    `sequence` counts the ledger's rows, so that a plan says on which state it stands.
    """

    sequence: int = 0
    lines: tuple[LedgerLine, ...] = ()
    charges: tuple[LedgerCharge, ...] = ()
    tenders: tuple[Tender, ...] = ()
    paid_back: Sides = NOTHING
    taxes_paid_back: tuple[Tax, ...] = ()


# --- what is asked for ---


@dataclass(frozen=True, slots=True)
class UnitRange:
    """Units `lo` to `hi` of a line under one verdict; `deduction_bp` is taken off each accepted unit's value."""

    lo: int
    hi: int
    accepted: bool = True
    deduction_bp: int = 0
    grade: str | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """A person's own amount for the accepted units of a line, in presentment minor units, up to their value."""

    amount_minor: int
    actor: str
    reason: str


class MoneyBasis(StrEnum):
    """How the amount of a money step is named: with its tax, without it, or as basis points of the line."""

    GROSS = "gross"
    NET = "net"
    PERCENT = "percent"


@dataclass(frozen=True, slots=True)
class MoneyStep:
    """Money on a line without units (goodwill, price match); presentment minor units, or basis points for PERCENT."""

    amount: int
    actor: str
    reason: str
    basis: MoneyBasis = MoneyBasis.GROSS


@dataclass(frozen=True, slots=True)
class RequestedLine:
    """What is asked for on one order line: units with their verdicts, money, or both (units first)."""

    line_ref: str
    units: tuple[UnitRange, ...] = ()
    override: Override | None = None
    money: MoneyStep | None = None


class ChargeMode(StrEnum):
    """When a charge of the order goes back."""

    NONE = "none"
    ALL = "all"
    ON_FULL_RETURN = "on_full_return"
    PROPORTIONAL = "proportional"


@dataclass(frozen=True, slots=True)
class ShippingWish:
    """Shipping other than the terms say: another mode, or an explicit amount in presentment minor units."""

    mode: ChargeMode = ChargeMode.NONE
    amount_minor: int | None = None
    actor: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """What is asked for; `clamp` gives what is left where a limit would refuse; `currency` is checked if named."""

    lines: tuple[RequestedLine, ...] = ()
    shipping: ShippingWish | None = None
    clamp: bool = False
    currency: str | None = None


# --- the terms of the policy ---


class FeePer(StrEnum):
    """What a fixed fee is charged for."""

    RETURN = "return"
    LINE = "line"
    UNIT = "unit"


@dataclass(frozen=True, slots=True)
class RestockingFee:
    """A reduction of the refund: basis points of the goods' value after deductions, or a fixed amount.

    `fixed_minor` is in minor units of `currency`, which is one of the order's two currencies.
    """

    bp: int = 0
    fixed_minor: int = 0
    currency: str | None = None
    per: FeePer = FeePer.RETURN


class Shortfall(StrEnum):
    """What happens when fees exceed the refund: they are reduced to it, or the rest is billed."""

    FLOOR = "floor"
    BILLED = "billed"


class Trigger(StrEnum):
    """At which step the refund becomes due."""

    ON_REQUEST = "on_request"
    ON_FIRST_SCAN = "on_first_scan"
    ON_DELIVERY_SCAN = "on_delivery_scan"
    ON_RECEIPT = "on_receipt"
    ON_INSPECTION = "on_inspection"


DEFAULT_TENDER_ORDER = (TenderKind.STORE_CREDIT, TenderKind.CARD, TenderKind.OTHER, TenderKind.GIFT_CARD)


@dataclass(frozen=True, slots=True)
class RefundTerms:
    """What the policy says about a refund; a tender kind missing from `tender_order` is not paid back to."""

    shipping: ChargeMode = ChargeMode.NONE
    duties: ChargeMode = ChargeMode.NONE
    fees: ChargeMode = ChargeMode.NONE
    tips: ChargeMode = ChargeMode.NONE
    rounding: ChargeMode = ChargeMode.PROPORTIONAL
    tender_order: tuple[TenderKind, ...] = DEFAULT_TENDER_ORDER
    restocking: RestockingFee | None = None
    shortfall: Shortfall = Shortfall.FLOOR
    trigger: Trigger = Trigger.ON_INSPECTION
