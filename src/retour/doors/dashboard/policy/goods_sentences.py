"""What a policy decides about the goods and the request, in sentences: windows, ways back, approval, inspection."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from retour.doors.dashboard.policy.fact_words import joined
from retour.doors.dashboard.policy.money_sentences import amount_of, beforehand
from retour.doors.dashboard.policy.voice import Json, Voice, inner, number, rows
from retour.web.reader import Reader


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


def _span(days: int, anchor: str, reader: Reader, *, working: bool) -> str:
    """Return how long a window is and from which day it counts."""
    if working:
        if anchor == "delivered":
            return reader.say_plural(
                "within %(n)s working day of delivery", "within %(n)s working days of delivery", days
            )
        if anchor == "fulfilled":
            return reader.say_plural(
                "within %(n)s working day of dispatch", "within %(n)s working days of dispatch", days
            )
        return reader.say_plural(
            "within %(n)s working day of the order", "within %(n)s working days of the order", days
        )
    if anchor == "delivered":
        return reader.say_plural("within %(n)s day of delivery", "within %(n)s days of delivery", days)
    if anchor == "fulfilled":
        return reader.say_plural("within %(n)s day of dispatch", "within %(n)s days of dispatch", days)
    return reader.say_plural("within %(n)s day of the order", "within %(n)s days of the order", days)


_INSTEAD: Final = {
    "delivered": _("the delivery"),
    "fulfilled": _("the dispatch"),
    "ordered": _("the order"),
}
_COUNTS: Final = {
    "delivered": _("Where that day is not known, the delivery counts."),
    "fulfilled": _("Where that day is not known, the dispatch counts."),
    "ordered": _("Where that day is not known, the day of the order counts."),
}


def eligibility(by: Voice, said: Json) -> Iterator[str]:
    """Tell whether it may come back, and until when."""
    say, mode = by.reader.say, said.get("mode")
    if mode == "always":
        yield say("It can come back at any time.")
    elif mode == "never":
        yield (
            say("It cannot come back: final sale.")
            if said.get("because") == "final_sale"
            else say("It cannot come back.")
        )
    else:
        yield from _window(by, said)
    if said.get("message"):
        yield say("Shoppers read: %(text)s", text=by.quoted(said["message"]))


def _window(by: Voice, said: Json) -> Iterator[str]:
    reader, starts = by.reader, rows(said, "counted_from")
    last = said.get("until")
    if starts and said.get("window_days") is not None:
        working = said.get("days") == "working"
        span = _span(number(said, "window_days"), str(starts[0]["day"]), reader, working=working)
        yield reader.say("It can come back %(span)s.", span=span)
    elif last:
        yield reader.say("It can come back until %(day)s.", day=reader.day(date.fromisoformat(str(last))))
    if starts and last:
        yield reader.say("But not after %(day)s.", day=reader.day(date.fromisoformat(str(last))))
    for start in starts[1:]:
        if number(start, "plus_days"):
            yield reader.say_plural(
                "Where that day is not known, %(n)s day after %(what)s counts.",
                "Where that day is not known, %(n)s days after %(what)s count.",
                number(start, "plus_days"), what=reader.say(_INSTEAD[str(start["day"])]),
            )  # fmt: skip
        else:
            yield reader.say(_COUNTS[str(start["day"])])
    if said.get("extend"):
        yield reader.say("A window that would end on a day off ends on the next working day.")


_WAYS: Final = {
    "label": _("with a prepaid label"),
    "drop_off": _("at a drop-off point"),
    "in_store": _("brought to a shop"),
    "own_carrier": _("with a carrier of the shopper’s choice"),
    "keep_item": _("not at all: nothing is sent back"),
}


def methods(by: Voice, said: Json) -> Iterator[str]:
    """Tell how it comes back and what that costs."""
    offers, say = rows(said, "offered"), by.reader.say
    if not offers:
        yield say("There is no way to send it back.")
        return
    names = [say(_WAYS[str(offer["kind"])]) for offer in offers]
    yield say("It comes back %(how)s.", how=joined(names, by.reader, alternatives=True))
    for offer, name in zip(offers, names, strict=True):
        fee = inner(offer, "fee")
        if fee:
            yield say("Sent %(how)s, it costs the shopper %(amount)s.", how=name, amount=amount_of(by, fee))
            yield from beforehand(by, fee)
        if offer.get("destination"):
            place = by.records.get(str(offer["destination"]), str(offer["destination"]))
            yield say("Sent %(how)s, it goes to %(place)s.", how=name, place=place)


def decision(by: Voice, said: Json) -> Iterator[str]:
    """Tell who approves."""
    if said.get("approval") == "review":
        yield by.reader.say("A person decides.")
    elif number(said, "after_hours"):
        yield by.reader.say_plural(
            "It is approved by itself after %(n)s hour.", "It is approved by itself after %(n)s hours.",
            number(said, "after_hours"),
        )  # fmt: skip
    else:
        yield by.reader.say("It is approved at once.")
    if said.get("message"):
        yield by.reader.say("Staff read: %(text)s", text=by.quoted(said["message"]))


MOMENTS: Final = {
    "inspected": _("The money is due when the goods have been inspected."),
    "received": _("The money is due when the goods have been received."),
    "delivered": _("The money is due when the carrier has delivered the parcel."),
    "first_scan": _("The money is due when the carrier has the parcel."),
    "approved": _("The money is due when the request is approved."),
}


def settle_on(by: Voice, said: Json) -> Iterator[str]:
    """Tell when the money is due."""
    yield by.reader.say(MOMENTS[str(said.get("moment", "inspected"))])
    if number(said, "after_hours"):
        yield by.reader.say_plural(
            "It is paid %(n)s hour after that.", "It is paid %(n)s hours after that.", number(said, "after_hours")
        )


def requirements(by: Voice, said: Json) -> Iterator[str]:
    """Tell what the shopper must give."""
    reader, photos, questions = by.reader, number(said, "photos"), rows(said, "questions")
    if photos:
        yield reader.say_plural("At least %(n)s photo is asked for.", "At least %(n)s photos are asked for.", photos)
    if said.get("note"):
        yield reader.say("A note is asked for.")
    for question in questions:
        text = by.quoted(question["text"])
        optional = question.get("required") is False
        yield (
            reader.say("Shoppers may answer: %(text)s", text=text)
            if optional
            else reader.say("Shoppers answer: %(text)s", text=text)
        )
    if not (photos or said.get("note") or questions):
        yield reader.say("Nothing more is asked for.")


_PROPOSED: Final = (
    ("sealed", _("Sealed items: %(what)s.")), ("opened", _("Opened items: %(what)s.")), ("damaged", _("Damaged items: %(what)s.")),
)  # fmt: skip
_WHERE: Final = {
    "restock": _("back to stock"),
    "refurbish": _("to be refurbished"),
    "dispose": _("disposed of"),
    "return_to_customer": _("back to the shopper"),
}


def inspection(by: Voice, said: Json) -> Iterator[str]:
    """Tell what is proposed at inspection."""
    for grade, text in _PROPOSED:
        proposal = inner(said, grade) or {}
        where = by.reader.say(_WHERE[str(proposal.get("disposition", "restock"))])
        accepted = proposal.get("accepted", True)
        yield by.reader.say(text, what=where if accepted else by.reader.say("refused, %(where)s", where=where))
