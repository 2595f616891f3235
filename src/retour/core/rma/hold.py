"""The authorisation of a card that an instant exchange stands on, as a return sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class HoldState(StrEnum):
    """Where the authorisation stands."""

    ASKED = "asked"  # what it comes to is looked up, and the provider's page is opened
    OFFERED = "offered"  # the shopper confirms it on the provider's page, or does not
    AUTHORISED = "authorised"
    REAUTHORISING = "reauthorising"  # the same amount anew; the one before still stands
    CAPTURING = "capturing"
    RELEASING = "releasing"
    DUNNING = "dunning"  # the card refused: the shopper is asked for another one, or for the money
    FAILED = "failed"  # nobody answered: a person decides
    CAPTURED = "captured"
    RELEASED = "released"
    LAPSED = "lapsed"  # it was never confirmed


ELSEWHERE: Final = "captured_elsewhere"  # the problem of a hold that somebody captured at the provider


class Owes(StrEnum):
    """What the shopper is asked for while the card refuses."""

    CONFIRM = "confirm"  # another authorisation
    PAY = "pay"


_S: Final = HoldState
MOVES: Final[Mapping[HoldState, frozenset[HoldState]]] = {
    _S.ASKED: frozenset({_S.OFFERED, _S.LAPSED}),
    _S.OFFERED: frozenset({_S.AUTHORISED, _S.RELEASING, _S.LAPSED}),
    _S.AUTHORISED: frozenset({_S.REAUTHORISING, _S.CAPTURING, _S.CAPTURED, _S.RELEASING, _S.DUNNING}),
    _S.REAUTHORISING: frozenset({_S.AUTHORISED, _S.DUNNING}),
    _S.CAPTURING: frozenset({_S.CAPTURED, _S.DUNNING, _S.FAILED}),
    _S.RELEASING: frozenset({_S.RELEASED, _S.FAILED, _S.LAPSED, _S.CAPTURED}),
    _S.DUNNING: frozenset({_S.AUTHORISED, _S.CAPTURED, _S.CAPTURING, _S.RELEASING, _S.FAILED}),
    _S.FAILED: frozenset({_S.AUTHORISED, _S.DUNNING, _S.CAPTURED, _S.CAPTURING, _S.RELEASING}),
    _S.CAPTURED: frozenset(),
    _S.RELEASED: frozenset(),
    _S.LAPSED: frozenset(),
}
ENDED: Final = frozenset(state for state, to in MOVES.items() if not to)
# An effect is on its way, and its outcome says how it goes on.
AWAITING: Final = frozenset({_S.REAUTHORISING, _S.CAPTURING, _S.RELEASING})


@dataclass(frozen=True, slots=True)
class HoldView:
    """The newest authorisation of a return; amounts in minor units of the return's currency."""

    state: HoldState
    since: datetime
    amount_minor: int | None = None
    captured_minor: int = 0
    owes: Owes | None = None
    owed_minor: int | None = None
    lapses_at: datetime | None = None
    send_by: datetime | None = None
    problem: str | None = None

    @property
    def is_open(self) -> bool:
        """Return whether it has not come to an end."""
        return self.state not in ENDED

    @property
    def is_charged(self) -> bool:
        """Return whether money was taken from the card, or is being taken."""
        return self.state in (HoldState.CAPTURING, HoldState.CAPTURED)

    @property
    def is_refused(self) -> bool:
        """Return whether the card refused, and nobody can rely on it now."""
        return self.state in (HoldState.DUNNING, HoldState.FAILED)
