"""What is asked for in a quote: units with their verdicts, amounts, shipping, and what is waived."""

from dataclasses import dataclass
from enum import StrEnum

from retour.core.refund.terms import Ahead, ChargeMode, Waiver


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
class Goodwill:
    """Money on the order as a whole, in presentment minor units with tax; shared by what each part has left."""

    amount_minor: int
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class RequestedLine:
    """What is asked for on one order line: units with their verdicts, money, or both (units first)."""

    line_ref: str
    units: tuple[UnitRange, ...] = ()
    override: Override | None = None
    money: MoneyStep | None = None


@dataclass(frozen=True, slots=True)
class ShippingWish:
    """Shipping other than the terms say: another mode, or an explicit amount in presentment minor units."""

    mode: ChargeMode = ChargeMode.NONE
    amount_minor: int | None = None
    actor: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """What is asked for; `clamp` gives what is left where a limit would refuse; `currency` is checked if named.

    `parcels` counts the parcels of this return up to now; a fee per parcel is charged for those not charged before.
    `waivers` join those of the terms. `ahead` is what was paid beforehand on fees of this return; without one, what the
    terms want paid beforehand counts as paid (as it is promised).
    """

    lines: tuple[RequestedLine, ...] = ()
    shipping: ShippingWish | None = None
    clamp: bool = False
    currency: str | None = None
    parcels: int = 1
    waivers: tuple[Waiver, ...] = ()
    goodwill: Goodwill | None = None
    ahead: tuple[Ahead, ...] | None = None
