"""An authorisation that is gone at the provider: somebody let it go there, or it lapsed early."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from retour.core.hold import Decided, Goods, Hold, owed, refused
from retour.core.rma.hold import HoldState, Owes

LET_GO: Final = "canceled"  # how a provider calls it, as the problem of a hold
SHORTEST: Final = timedelta(hours=1)  # what was let go sooner is not made anew without the shopper


def gone(hold: Hold, goods: Goods, now: datetime) -> Hold:
    """Return a hold whose authorisation is gone at the provider: it has lapsed now, and is made anew like any other.

    One that did not stand for an hour is not: whatever let it go would do so again, and the shopper is asked.
    """
    after = replace(hold, lapses_at=now, due_at=now)
    is_over = hold.decided is Decided.RELEASE or owed(hold, goods, now) == 0
    if (
        hold.state is not HoldState.AUTHORISED
        or is_over
        or hold.authorised_at is None
        or now - hold.authorised_at >= SHORTEST
    ):
        return after
    asked = refused(after, now, owes=Owes.CONFIRM, problem=LET_GO)
    return replace(asked, decided=hold.decided, decided_minor=hold.decided_minor)
