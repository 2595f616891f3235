"""The figures and days behind a blocker as a person says them: "2 of 3 received", "the platform says: …"."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from retour.core.money import Money
from retour.doors.dashboard import card_words, exchange_words, fee_words, guard_words, label_words, words
from retour.web.reader import Reader


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


# What a platform or provider answered, or what became of the call, where its code alone says little.
FAR_CODES: Final[Mapping[str, str]] = {
    "no_answer": _("there is no answer"),
    "lost": _("there is no complete answer"),
    "unreadable": _("the answer cannot be read"),
    "no_data": _("the answer is empty"),
    "no_payload": _("the answer is empty"),
    "no_id": _("the answer names nothing that was made"),
    "no_list": _("the answer is not complete"),
    "no_url": _("the answer has no address"),
    "not_sent": _("the call did not leave"),
    "not_reached": _("it cannot be reached"),
    "user_error": _("the platform says: this is not possible"),
    "errors": _("the platform says: there was an error"),
    "movement_failed": _("the platform says: the payment failed"),
    "movements_differ": _("the payments there differ from what was asked"),
    "too_many_movements": _("there are too many payments to compare"),
    "more_than_one_page": _("there are too many entries to compare"),
    "several_with_our_reference": _("there are several entries of this return"),
    "draft_gone": _("somebody deleted the draft"),
    "draft_completed": _("the draft is an order already"),
    "THROTTLED": _("the platform says: too many calls"),
    "ACCESS_DENIED": _("the platform says: access is not allowed"),
    "SHOP_INACTIVE": _("the platform says: the shop is not active"),
    "NOT_FOUND": _("the platform says: it does not exist"),
    "OUT_OF_STOCK": _("the platform says: not enough stock"),
    "BAD_REQUEST": _("the platform says: the call is not right"),
    "BAD_USER_INPUT": _("the platform says: the call is not right"),
    "INVALID": _("the platform says: the call is not right"),
    "MAX_COST_EXCEEDED": _("the platform says: the call is too large"),
    "INTERNAL_SERVER_ERROR": _("the platform says: there was an error"),
    "SERVICE_UNAVAILABLE": _("the platform says: not available now"),
    "TIMEOUT": _("the platform says: it took too long"),
    "insufficient_funds": _("the card has not enough money"),
    "card_declined": _("the card was declined"),
    "expired_card": _("the card has expired"),
    "authentication_required": _("the card wants to be confirmed by its owner"),
}
# Why something stands still, by its blocker.
PROBLEMS: Final[Mapping[str, Mapping[str, str]]] = {
    "fee_stuck": fee_words.PROBLEMS,
    "exchange_stuck": exchange_words.PROBLEMS,
    "card_failed": card_words.PROBLEMS,
    "card_refused": card_words.PROBLEMS,
    "label_failed": label_words.PROBLEMS,
}
_DAYS: Final[Mapping[str, str]] = {
    "answer_by": _("answer by %(day)s"),
    "pay_by": _("to be paid by %(day)s"),
    "held_until": _("held until %(day)s"),
    "send_by": _("to be sent by %(day)s"),
}
_OWES: Final[Mapping[str, str]] = {"confirm": _("to be confirmed with a card"), "pay": _("to be paid")}
_HTTP: Final = re.compile(r"(?:http_)?([0-9]{3})\Z")
# What programs need and people do not read: ids, and the step, which the page says in words of its own.
HIDDEN: Final = frozenset({"effect", "settlement", "unblocks"})

Tell = Callable[[Reader, str, Any], str]


def told(reader: Reader, code: str, facts: Mapping[str, Any], *, currency: str) -> str:
    """Return what is known about a blocker in words; amounts are in minor units of that currency (ISO 4217)."""
    said = [*_goods(reader, facts)]
    for name in ("total_minor", "amount_minor"):
        if facts.get(name) is not None:
            said.append(reader.amount(Money(int(facts[name]), currency)))
    for name, tell in TOLD.items():
        if facts.get(name) not in (None, ""):
            said.append(tell(reader, code, facts[name]))
    return ", ".join(said)


def far(reader: Reader, code: str) -> str:
    """Return what the far side answered in words, its code where we have none."""
    by_status = _HTTP.match(code)
    if by_status:
        return reader.say("the platform answered with the status %(code)s", code=by_status[1])
    known = FAR_CODES.get(code)
    return reader.say(known) if known else _unknown(reader, code)


def _unknown(reader: Reader, code: str) -> str:
    return reader.say("code: %(code)s", code=code)


def _goods(reader: Reader, facts: Mapping[str, Any]) -> Iterator[str]:
    """Say how much of what was approved is here and judged, and how much goes back into stock."""
    if facts.get("units"):
        yield reader.say_plural("%(n)s item for the stock", "%(n)s items for the stock", facts["units"])
    if not facts.get("approved"):
        return
    approved, received, inspected = (int(facts.get(name) or 0) for name in COUNTED)
    if not received:
        yield reader.say_plural("%(n)s item approved, none received", "%(n)s items approved, none received", approved)
        return
    yield reader.say("%(here)s of %(all)s received", here=reader.number(received), all=reader.number(approved))
    if not inspected:
        yield reader.say("none inspected")
    else:
        yield reader.say("%(done)s of %(here)s inspected", done=reader.number(inspected), here=reader.number(received))


def _by_table(table: Mapping[str, str]) -> Tell:
    def tell(reader: Reader, _code: str, value: Any) -> str:
        known = table.get(str(value))
        return reader.say(known) if known else _unknown(reader, str(value))

    return tell


def _by_day(text: str) -> Tell:
    return lambda reader, _code, value: reader.say(text, day=reader.day(datetime.fromisoformat(value)))


def _problem(reader: Reader, code: str, value: Any) -> str:
    """Say why it stands still; what the platform said itself stands behind it."""
    name, _, said = str(value).partition(": ")
    known = PROBLEMS.get(code, {}).get(name)
    why = reader.say(known).rstrip(".") if known else far(reader, name)
    return f"{why} “{said}”" if said else why


COUNTED: Final = ("approved", "received", "inspected")
# What is said of each fact, in this order, after goods and amounts.
TOLD: Final[Mapping[str, Tell]] = {
    "owes": _by_table(_OWES),
    "kind": _by_table(words.EFFECTS),
    "resolution": _by_table(words.RESOLUTIONS),
    "problem": _problem,
    "parcel": lambda reader, _code, value: reader.say("parcel %(n)s", n=str(value)),
    "destination": lambda reader, _code, value: reader.say("to %(place)s", place=str(value)),
    "because": _by_table(guard_words.BECAUSE),
    "far_code": lambda reader, _code, value: far(reader, str(value)),
    "at": lambda reader, _code, value: reader.say("on %(day)s", day=reader.moment(datetime.fromisoformat(value))),
    **{name: _by_day(text) for name, text in _DAYS.items()},
}
