"""The terms of a refund: what the policy says about fees, promotions, the bonus, charges and tenders."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from retour.core.money import Sides
from retour.core.order import TenderKind


class ChargeMode(StrEnum):
    """How much of a charge beside the goods goes back: of the original shipping, and likewise of duties and the rest."""

    NONE = "none"
    ALL = "all"
    ON_FULL_RETURN = "on_full_return"
    PROPORTIONAL = "proportional"


# --- fees ---


class FeeKind(StrEnum):
    """What a fee is for; the order of the list is the order in which fees are taken."""

    RESTOCKING = "restocking"
    LABEL = "label"
    RETURN = "return"
    CANCELLATION = "cancellation"


class FeeOf(StrEnum):
    """Of what a percentage is taken: what was paid for the units (after deductions), or their price before discounts."""

    PAID = "paid"
    LISTED = "listed"


class FeePer(StrEnum):
    """What a fixed fee is charged for."""

    UNIT = "unit"
    LINE = "line"
    PARCEL = "parcel"
    RETURN = "return"


ONCE: Final = (FeePer.RETURN, FeePer.PARCEL)  # what a fixed fee is charged once for, whatever comes back


class FeeTax(StrEnum):
    """Whether a fee lowers the refund with its taxes, or is a service sold with a tax rate of its own."""

    REDUCTION = "reduction"
    SUPPLY = "supply"


class Beforehand(StrEnum):
    """What becomes of a fee that was paid beforehand when its return comes to nothing."""

    REFUNDED = "refunded"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class FeeTerm:
    """A fee: basis points of a value, plus a fixed amount per unit, line, parcel or return, plus an actual cost.

    `cost_minor` is what the carrier charged, once a return. `fixed_minor`, `cost_minor` and `at_most_minor` (the most
    that one return is charged) are minor units of `currency`, one of the order's two (presentment if not named).
    `tax_bp` is the rate of a supply; it is contained in the amounts if `tax_included`, else it comes on top of them.
    `exempt` marks what is kept of a fee that a rule waived: it is a fee of its own, so that other lines bear theirs.
    With `beforehand` it is paid before the goods are sent, not withheld.
    """

    kind: FeeKind = FeeKind.RESTOCKING
    bp: int = 0
    of: FeeOf = FeeOf.PAID
    fixed_minor: int = 0
    cost_minor: int | None = None
    currency: str | None = None
    per: FeePer = FeePer.RETURN
    tax: FeeTax = FeeTax.REDUCTION
    tax_bp: int = 0
    tax_included: bool = True
    at_most_minor: int | None = None
    exempt: bool = False
    beforehand: Beforehand | None = None


@dataclass(frozen=True, slots=True)
class Ahead:
    """What was paid beforehand of the fees of one kind of a return, above zero."""

    kind: FeeKind
    amount: Sides


@dataclass(frozen=True, slots=True)
class Waiver:
    """A fee (or every fee, if no kind is named) that is not charged, and why; without an actor a rule said so."""

    kind: FeeKind | None = None
    reason: str = "waived"
    actor: str | None = None


class Shortfall(StrEnum):
    """What happens when fees exceed the refund: they are reduced to it, or the rest is billed."""

    FLOOR = "floor"
    BILLED = "billed"


# --- promotions and bonus ---


class PromotionMode(StrEnum):
    """What happens when the goods that are kept no longer earn a promotion."""

    KEEP = "keep"
    CLAWBACK = "clawback"


@dataclass(frozen=True, slots=True)
class PromotionTerm:
    """A promotion with a condition on the basket, judged anew on what is kept.

    The condition holds while the kept units of `lines` (every line of the order if empty) have a price before
    discounts of at least `minimum_minor` (minor units of `currency`, presentment if not named) and number at least
    `minimum_units`.
    """

    promotion: str
    mode: PromotionMode = PromotionMode.KEEP
    minimum_minor: int | None = None
    minimum_units: int | None = None
    currency: str | None = None
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BonusTerm:
    """What is added to a credit from another pocket: basis points of it, plus a fixed amount once a return, capped.

    Amounts are minor units of `currency` (presentment if not named). The bonus is never part of the refund.
    """

    bp: int = 0
    fixed_minor: int = 0
    at_most_minor: int | None = None
    currency: str | None = None


# --- where the money goes ---


class CaptureOrder(StrEnum):
    """Which of several payments of one kind is paid back first."""

    NEWEST = "newest"
    OLDEST = "oldest"


DEFAULT_TENDER_ORDER: Final = (TenderKind.STORE_CREDIT, TenderKind.CARD, TenderKind.GIFT_CARD, TenderKind.OTHER)
WHOLE: Final = 10_000


@dataclass(frozen=True, slots=True)
class RefundTerms:
    """What the policy says about a refund; a tender kind missing from `tender_order` is not paid back to.

    `share_bp` is the part of the units' value that is paid (all of it unless goods are kept for part of the money).
    `legal_floor` is a statutory withdrawal: nothing is clawed back, and of the fees only the cost of sending the goods
    back is charged. `whole_kit` takes the components of a bundle back together only.
    """

    shipping: ChargeMode = ChargeMode.NONE
    duties: ChargeMode = ChargeMode.NONE
    sale_fees: ChargeMode = ChargeMode.NONE
    tips: ChargeMode = ChargeMode.NONE
    gift_wrapping: ChargeMode = ChargeMode.NONE
    rounding: ChargeMode = ChargeMode.PROPORTIONAL
    tender_order: tuple[TenderKind, ...] = DEFAULT_TENDER_ORDER
    capture_order: CaptureOrder = CaptureOrder.NEWEST
    fees: tuple[FeeTerm, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    shortfall: Shortfall = Shortfall.FLOOR
    promotions: tuple[PromotionTerm, ...] = ()
    legal_floor: bool = False
    bonus: BonusTerm | None = None
    share_bp: int = WHOLE
    whole_kit: bool = False
