"""The new article at once: offered, confirmed on the provider's page, and how the card stands, in the shopper's words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from retour.core.money import Money
from retour.core.rma.hold import ELSEWHERE, HoldState, Owes
from retour.doors.portal.desk import Here
from retour.flows import card_hold as flow
from retour.store import card_hold as rows
from retour.store import rma as rmas
from retour.store.db import Record

_S: Final = HoldState
_STANDS: Final = frozenset({_S.AUTHORISED, _S.REAUTHORISING, _S.CAPTURING, _S.RELEASING})
_ASKS: Final = frozenset({_S.DUNNING, _S.FAILED})


@dataclass(frozen=True, slots=True)
class AtOnce:
    """What a return's page says about having the new article at once; `does` is what its form asks for, if anything."""

    heading: str
    text: str
    does: str | None = None
    url: str | None = None  # of the provider's page
    open: str | None = None  # the words of the link to it


async def at_once(here: Here, row: Record, *, swaps: bool) -> AtOnce | None:
    """Return what is said about the new article at once; nothing where there is nothing to say."""
    if not swaps or row["gift"]:
        return None
    known, say = await rows.list_of_rma(here.db, row["id"]), here.reader.say
    hold = known[0] if known else None
    amount = here.reader.amount(Money(hold.amount_minor, hold.currency)) if hold and hold.amount_minor else ""
    if hold is None or hold.state is _S.LAPSED:
        return await _offered(here, row)
    if hold.state is _S.ASKED:
        text = say("The page for your card is being prepared. Open this page again in a moment.")
        return AtOnce(say("Send my new article now"), text)
    if hold.state is _S.OFFERED:
        text = say(
            "Confirm %(amount)s with your card. Nothing is taken: it is only held until your items are back.",
            amount=amount,
        )
        return AtOnce(say("Send my new article now"), text, url=hold.page_url, open=say("Confirm with my card"))
    if hold.state in _STANDS:
        return AtOnce(say("%(amount)s is held on your card", amount=amount), _held(here, hold.send_by))
    if hold.state in _ASKS:
        pays = hold.owes is Owes.PAY
        owed = here.reader.amount(Money(hold.owed_minor, hold.currency)) if hold.owed_minor else amount
        text = (
            say("Your items did not come back as agreed, and your card refused %(amount)s. Please pay it.", amount=owed)
            if pays
            else say("Your card refused to hold %(amount)s any longer. Please confirm it with a card.", amount=amount)
        )
        open_ = say("Pay now") if pays else say("Confirm with my card")
        ready = hold.page_url if hold.page_until is not None and hold.page_until > here.now else None
        does = None if ready or hold.wants_page or hold.effect_id else open_
        if does is None and ready is None:
            text = f"{text} {say('The page for your card is being prepared. Open this page again in a moment.')}"
        return AtOnce(say("Your card was refused"), text, does=does, url=ready, open=open_)
    if hold.state is _S.CAPTURED:
        taken = here.reader.amount(Money(hold.captured_minor, hold.currency))
        text = (
            say("The shop has charged it. Please ask the shop if you did not expect it.")
            if hold.problem == ELSEWHERE
            else say("Your items did not come back in time or in order; you have paid for your new item with it.")
        )
        return AtOnce(say("%(amount)s was charged to your card", amount=taken), text)
    return AtOnce(say("Your card is free again"), say("Nothing was charged."))


async def _offered(here: Here, row: Record) -> AtOnce | None:
    record = await rmas.load(here.db, row["id"])
    days = None if record is None else await flow.offered_days(here.db, record, here.desk.policies)
    if days is None:
        return None
    say = here.reader.say
    text = here.reader.say_plural(
        "You need not wait until your items are back. What they are worth is held on your card; you have %(n)s day to "
        "hand them over, and then the card is free again.",
        "You need not wait until your items are back. What they are worth is held on your card; you have %(n)s days to "
        "hand them over, and then the card is free again.",
        days,
    )
    return AtOnce(say("Send my new article now"), text, does=say("Send my new article now"))


def _held(here: Here, send_by: datetime | None) -> str:
    say = here.reader.say
    if send_by is None:
        return say("Your new item is being ordered. Nothing was taken from your card.")
    day = here.reader.day(send_by)
    return say(
        "Nothing was taken. Hand your items over by %(day)s; once they are back and in order the card is free. Otherwise "
        "it is charged for what is missing.",
        day=day,
    )
