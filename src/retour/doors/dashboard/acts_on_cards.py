"""The card of an instant exchange in the dashboard: how it is held, and charging or releasing it by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from retour.core.errors import Refused
from retour.core.hold import Decided, Hold, is_decidable
from retour.core.money import Money
from retour.core.rma.hold import ENDED, HoldState
from retour.doors.dashboard import card_words
from retour.doors.dashboard.act import Act, Doing
from retour.doors.dashboard.told import word
from retour.doors.dashboard.whole import Whole
from retour.flows import card_hold as flow
from retour.flows.card_hold.asking import REASON_MOST
from retour.store.db import Db
from retour.web.forms import read_money, typed_money
from retour.web.reader import Reader
from retour.web.session import DESK


@dataclass(frozen=True, slots=True)
class Card:
    """A hold in words: where it stands, how much, until when, and what is in its way."""

    state: str
    tone: str
    amount: Money | None
    charged: Money | None
    problem: str | None
    send_by: datetime | None
    held_until: datetime | None


def cards(whole: Whole, reader: Reader) -> list[Card]:
    """Return the holds of a return as its page tells them, newest first."""
    return [_told(hold, reader) for hold in whole.cards]


def _told(hold: Hold, reader: Reader) -> Card:
    tones = {
        HoldState.FAILED: "stopped", HoldState.DUNNING: "you", HoldState.CAPTURED: "done", HoldState.RELEASED: "done",
        HoldState.LAPSED: "quiet",
    }  # fmt: skip
    over = hold.state in ENDED
    return Card(
        word(reader, card_words.STATES, hold.state.value), tones.get(hold.state, "moving"),
        Money(hold.amount_minor, hold.currency) if hold.amount_minor else None,
        Money(hold.captured_minor, hold.currency) if hold.captured_minor else None,
        word(reader, card_words.PROBLEMS, hold.problem) if hold.problem else None,
        None if over else hold.send_by, None if over or hold.state is HoldState.FAILED else hold.lapses_at,
    )  # fmt: skip


def _choices(whole: Whole, reader: Reader) -> Mapping[str, Any]:
    if not whole.cards or not is_decidable(whole.cards[0]):
        return {"choices": [], "card": None, "amount": "", "hold": "", "most": REASON_MOST}
    hold = whole.cards[0]
    told = [
        {"value": value, "title": reader.say(title), "text": reader.say(text), "amount": None, "gain": None}
        for value, (title, text) in card_words.CHOICES.items()
    ]
    return {
        "choices": told, "card": _told(hold, reader), "hold": str(hold.id), "most": REASON_MOST,
        "currency": hold.currency, "amount": typed_money(Money(hold.owed_minor or hold.amount_minor or 0, hold.currency), reader),
    }  # fmt: skip


async def _decide(doing: Doing, db: Db) -> None:
    known = doing.whole.cards
    if not known or not is_decidable(known[0]) or doing.form.text("hold") != str(doing.whole.cards[0].id):
        raise Refused("state_changed", "there is nothing to decide about it any more")
    hold, do = doing.whole.cards[0], doing.form.text("do")
    if do not in list(Decided):
        doing.errors.add("do", doing.reader.say("Choose one of them"))
    reason = doing.form.text("reason").strip()
    if not reason or len(reason) > REASON_MOST:
        doing.errors.add("reason", doing.reader.say("Say why, in some words"))
    minor = None
    if do == Decided.CAPTURE:
        try:
            minor = read_money(doing.form.text("amount"), hold.currency, doing.reader).minor
        except Refused as no:
            doing.errors.add("amount", no.message)
        if minor is not None and not 0 < minor <= (hold.amount_minor or 0):
            doing.errors.add("amount", doing.reader.say("Enter an amount up to what is held"))
    if doing.errors:
        return
    await flow.decide(
        db, rma_id=doing.rma_id, do=Decided(do), amount_minor=minor, reason=reason, actor=doing.actor, now=doing.now
    )


ACTS: Final = (Act("card", "dashboard/act_card.html", DESK, _choices, _decide, compares=False),)
