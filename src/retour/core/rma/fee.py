"""The fee of a return that is paid beforehand, as the return sees it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from retour.core.money import Sides
from retour.core.refund.terms import Ahead, Beforehand, FeeKind


class FeeState(StrEnum):
    """Where the invoice for a fee stands."""

    DUE = "due"  # it is charged once the return is approved
    DRAFTING = "drafting"
    INVOICING = "invoicing"
    UNPAID = "unpaid"  # the shopper pays it
    STUCK = "stuck"  # a person decides
    DROPPING = "dropping"  # the invoice is being withdrawn
    LAPSED = "lapsed"  # it was not paid in time: the return expires
    PAID = "paid"
    FREE = "free"  # nothing is charged beforehand, or it was waived
    WITHHELD = "withheld"  # a person decided that the refund bears it after all
    ENDED = "ended"  # the return came to nothing before it was paid
    REFUNDING = "refunding"
    REFUNDED = "refunded"
    UNREFUNDED = "unrefunded"  # it should have gone back, and could not: a person gives it back
    KEPT = "kept"  # the return came to nothing, and the policy keeps what was paid


class FeeBack(StrEnum):
    """Why an invoice is withdrawn."""

    AGAIN = "again"  # it is another amount now
    FREE = "free"
    WITHHELD = "withheld"
    LAPSED = "lapsed"
    ENDED = "ended"


_OPEN: Final = frozenset(
    {FeeState.DUE, FeeState.DRAFTING, FeeState.INVOICING, FeeState.UNPAID, FeeState.STUCK, FeeState.DROPPING}
)
# What the return no longer waits for, although the invoice is still there.
_GOES_ON: Final = frozenset({FeeBack.FREE, FeeBack.WITHHELD})
# What is there to be withdrawn, or is being made.
STANDING: Final = _OPEN - {FeeState.DUE}


@dataclass(frozen=True, slots=True)
class FeePart:
    """What is paid beforehand of the fees of one kind; `tax_bp` is the rate of the tax inside, if it has its own."""

    kind: FeeKind
    amount: Sides
    back: Beforehand = Beforehand.REFUNDED
    tax_bp: int = 0


@dataclass(frozen=True, slots=True)
class FeeView:
    """The fee of one return; `since` is of its state, `collected_minor` what the platform took (presentment)."""

    state: FeeState
    since: datetime
    parts: tuple[FeePart, ...] = ()
    back: FeeBack | None = None
    problem: str | None = None
    expires_at: datetime | None = None
    pay_url: str | None = None
    collected_minor: int | None = None
    due_at: datetime | None = None  # when it is looked at next

    @property
    def is_awaited(self) -> bool:
        """Return whether the return goes on only once it is paid, or a person frees it."""
        return self.state is FeeState.LAPSED or (self.state in _OPEN and self.back not in _GOES_ON)

    @property
    def is_unsure(self) -> bool:
        """Return whether the refund is to bear it, but it may have been paid: no money goes out until that is known."""
        return self.back is FeeBack.WITHHELD and self.state in STANDING

    @property
    def total(self) -> int:
        """Return what is paid beforehand in all, in presentment minor units."""
        return sum(part.amount.presentment for part in self.parts)


def paid_ahead(fee: FeeView | None) -> tuple[Ahead, ...] | None:
    """Return what counts as paid beforehand when money is quoted; nothing known yet while it is awaited."""
    if fee is None:
        return ()
    if fee.is_awaited:
        return None
    if fee.state not in (FeeState.PAID, FeeState.KEPT):
        return ()
    return tuple(Ahead(part.kind, part.amount) for part in fee.parts)
