"""What comes out of a quote: rows that say where every minor unit comes from, and where it goes."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from retour.core.money import NOTHING, Sides
from retour.core.order import Tax, TenderKind
from retour.core.refund.ledger import LedgerCredit, LedgerFee, Ordinals

MATHS_VERSION: Final = 4


class RowKind(StrEnum):
    """What a row of a plan pays or takes."""

    UNITS = "units"
    REJECTED_UNITS = "rejected_units"
    MONEY = "money"
    SHIPPING = "shipping"
    DUTY = "duty"
    TIP = "tip"
    FEE = "fee"
    GIFT_WRAPPING = "gift_wrapping"
    ORDER_ROUNDING = "order_rounding"
    DAMAGE = "damage"
    SHARE = "share"
    CLAWBACK = "clawback"
    RESTOCKING_FEE = "restocking_fee"
    LABEL_FEE = "label_fee"
    RETURN_FEE = "return_fee"
    CANCELLATION_FEE = "cancellation_fee"
    CAP_ORDER = "cap_order"
    CAP_TAX = "cap_tax"
    PLATFORM_ROUNDING = "platform_rounding"


@dataclass(frozen=True, slots=True)
class Row:
    """One step of a plan; on both sides `net` + Σ `taxes` = `payable`, exactly.

    `ref` is the order line's, charge's or promotion's ref (nothing for the order as a whole). `entitlement` and
    `entitled_tax` are what the units are worth, `payable` is what is paid for them, `withheld` what of the entitlement
    is not. `settled`, `listed` and `paid_before` repeat the facts of the sale and of the ledger that the row stands
    on, `of` is how many units the line has. `waived` is the fee that is not charged.
    """

    kind: RowKind
    ref: str | None
    payable: Sides
    net: Sides
    taxes: tuple[Tax, ...] = ()
    ordinals: Ordinals = ()
    entitlement: Sides = NOTHING
    entitled_tax: Sides = NOTHING
    withheld: Sides = NOTHING
    listed: Sides = NOTHING
    settled: Sides = NOTHING
    paid_before: Sides = NOTHING
    basis_points: int | None = None
    reason: str | None = None
    actor: str | None = None
    waived: Sides = NOTHING
    of: int = 0

    @property
    def quantity(self) -> int:
        """Return how many units the row is about."""
        return sum(hi - lo + 1 for lo, hi in self.ordinals)


@dataclass(frozen=True, slots=True)
class PlannedLeg:
    """A part of the refund on one tender, or what that tender could take; presentment minor units.

    `bonus_minor` is the part of the amount that goes back as bonus, because it was spent as bonus; of a tender that
    was such a credit `spent` says how: base, bonus, and what went back before.
    """

    capture_ref: str
    kind: TenderKind
    gateway: str
    amount_minor: int
    bonus_minor: int = 0
    spent: tuple[int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is owed and how it becomes money: `total` = Σ payable of rows and adjustments, on both sides.

    Σ `legs` + `unallocated` = `total.presentment`. `tender_rests` are the tenders in the order they are used, with
    what each could take; `order_rest` is what the order could still pay back before this plan. `billed` is what fees
    leave owed by the shopper. `bonus` (presentment) and `bonus_shop` are added to a credit from another pocket, never
    part of the total. `fees` and `credited` are what later steps of the same return continue from. `notes` are codes.
    `hash` stands for the monetary inputs alone. `reversal` says that the plan takes another one back.
    """

    order_ref: str
    currency: str
    shop_currency: str
    rows: tuple[Row, ...]
    adjustments: tuple[Row, ...]
    total: Sides
    taxes: tuple[Tax, ...]
    legs: tuple[PlannedLeg, ...]
    unallocated: int
    tender_rests: tuple[PlannedLeg, ...]
    order_rest: Sides
    hash: str
    billed: Sides = NOTHING
    bonus: int = 0
    notes: tuple[str, ...] = ()
    ledger_sequence: int = 0
    maths_version: int = MATHS_VERSION
    bonus_shop: int = 0
    fees: tuple[LedgerFee, ...] = ()
    credited: LedgerCredit | None = None
    reversal: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """A component on which the platform and we do not agree, in presentment minor units.

    `component` is "gross", "tax", "shipping", "maximum_refundable", "order_rest" or "below_zero"; a figure that one of
    us lacks is nothing. For the last three `theirs` is the limit that the plan would cross.
    """

    ref: str | None
    component: str
    ours: int | None
    theirs: int | None


def emptied(plan: Plan) -> Plan:
    """Return a plan of the same terms that pays and charges nothing any more, as what is given up leaves it."""
    return replace(
        plan, rows=(), adjustments=(), total=NOTHING, taxes=(), legs=(), unallocated=0, billed=NOTHING, bonus=0,
        bonus_shop=0, fees=(), credited=None,
    )  # fmt: skip


class Agreement(StrEnum):
    """How our figures stand to the platform's."""

    AGREED = "agreed"
    RECONCILED = "reconciled"
    DISCREPANCY = "discrepancy"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Our figures beside the platform's; `reconciled` is the plan to pay, or nothing if a person must decide."""

    agreement: Agreement
    differences: tuple[Difference, ...]
    reconciled: Plan | None


@dataclass(frozen=True, slots=True)
class ExplainedRow:
    """One line of the explanation; the amounts of the rows that `add` sum up to the payout.

    `code` is stable, `label` its English default; amounts are minor units on both sides.
    """

    code: str
    label: str
    ref: str | None
    amount: Sides
    tax: Sides = NOTHING
    quantity: int | None = None
    adds: bool = False
    reason: str | None = None
