"""The ledger of an order: what already happened before a quote, on lines, charges, promotions, fees and tenders."""

from dataclasses import dataclass
from datetime import datetime

from retour.core.money import NOTHING, Sides
from retour.core.order import Tax, TenderKind
from retour.core.refund.terms import BonusTerm, FeeTerm

Ordinals = tuple[tuple[int, int], ...]
"""Inclusive ranges (lo, hi) of a line's units, each unit numbered 1 to its quantity."""


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
class LedgerPromotion:
    """What has been clawed back of a promotion and not been released again: charged is above zero, its taxes too."""

    promotion: str
    charged: Sides = NOTHING
    taxes: tuple[Tax, ...] = ()


@dataclass(frozen=True, slots=True)
class LedgerFee:
    """What one fee of this return has been computed from, and what it came to (above zero).

    `value` is what was paid for the units after deductions, `listed` their price before discounts; `lines` (units by
    line) and `parcels` count what a fixed amount is charged for. `billed` is the part the refund could not bear,
    `ahead` the part that is paid beforehand.
    """

    term: FeeTerm
    value: Sides = NOTHING
    listed: Sides = NOTHING
    lines: tuple[tuple[str, int], ...] = ()
    parcels: int = 0
    charged: Sides = NOTHING
    billed: Sides = NOTHING
    waived: Sides = NOTHING
    ahead: Sides = NOTHING

    @property
    def units(self) -> int:
        """Return how many units the fee was computed from."""
        return sum(units for _, units in self.lines)


@dataclass(frozen=True, slots=True)
class LedgerCredit:
    """What this return has credited so far under one bonus, before the bonus."""

    term: BonusTerm
    amount: Sides = NOTHING


@dataclass(frozen=True, slots=True)
class Tender:
    """A capture and what is left on it, in presentment minor units; each refund counts in exactly one of the three.

    `refunded` are our refunds that are confirmed, `reserved` ours in flight (also those whose outcome is unknown),
    `external_refunded` those somebody made on the platform. `blocked` says a dispute holds it. `bonus` is the part of
    a store credit that was given as a bonus; it goes back as bonus.
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
    bonus: int = 0

    @property
    def gone(self) -> int:
        """Return what has left the tender, or is about to."""
        return self.refunded + self.reserved + self.external_refunded

    @property
    def rest(self) -> int:
        """Return what can still go back to this tender."""
        return 0 if self.blocked else max(0, self.captured - self.gone)


@dataclass(frozen=True, slots=True)
class Ledger:
    """What already happened on an order; `paid_back` and `taxes_paid_back` are its totals with external refunds.

    `paid_back` sums the totals of earlier plans (reserved or confirmed) and every refund made outside.
    `sequence` counts the ledger's rows, so that a plan says on which state it stands. `promotions` are the order's;
    `fees` and `credited` are those of the return being settled alone (`of_this_return` adds them).
    """

    sequence: int = 0
    lines: tuple[LedgerLine, ...] = ()
    charges: tuple[LedgerCharge, ...] = ()
    tenders: tuple[Tender, ...] = ()
    paid_back: Sides = NOTHING
    taxes_paid_back: tuple[Tax, ...] = ()
    promotions: tuple[LedgerPromotion, ...] = ()
    fees: tuple[LedgerFee, ...] = ()
    credited: tuple[LedgerCredit, ...] = ()
