"""The words of a mail to the staff about a store: its money was stopped or guarded less, or returns wait too long."""

from collections.abc import Callable, Mapping
from typing import Final

from retour.core.breaker import Limit
from retour.core.letter import Letter
from retour.core.sla import WITHDRAWALS
from retour.web.mail.safe import theirs
from retour.web.mail.told import Button, Told
from retour.web.reader import Reader


def alarm(letter: Letter, reader: Reader) -> Told:
    """Return what an alarm says; `secret` holds its kind (`what`), the store's name and its figures."""
    return _ALARMS[letter.secret["what"]](letter, reader)


def _stopped(letter: Letter, reader: Reader) -> Told:
    shop = _shop(letter, reader)
    return Told(
        subject=reader.say("Payments of %(shop)s were stopped", shop=shop),
        title=reader.say("Payments were stopped"),
        paragraphs=(
            _limit(letter, reader),
            reader.say("Nothing is lost: every refund waits, and none is sent twice."),
            reader.say("Find out why so much money was about to leave. Then let payments go on, and say why."),
        ),
        button=_button(letter, reader.say("Open the limits of payments")),
    )


def _resumed(letter: Letter, reader: Reader) -> Told:
    shop = _shop(letter, reader)
    return Told(
        subject=reader.say("Payments of %(shop)s go on", shop=shop),
        title=reader.say("Payments go on"),
        paragraphs=(reader.say("%(who)s let them go on. Counting begins anew.", who=_who(letter, reader)),),
        button=_button(letter, reader.say("Open the limits of payments")),
    )


def _loosened(letter: Letter, reader: Reader) -> Told:
    shop = _shop(letter, reader)
    return Told(
        subject=reader.say("The limits of payments of %(shop)s were loosened", shop=shop),
        title=reader.say("The limits of payments were loosened"),
        paragraphs=(
            reader.say("%(who)s changed them: more money can leave than before.", who=_who(letter, reader)),
            reader.say("You did not expect this? Pause the payments and ask."),
        ),
        button=_button(letter, reader.say("Open the limits of payments")),
    )


def _late(letter: Letter, reader: Reader) -> Told:
    shop, count = _shop(letter, reader), int(letter.secret.get("count", "1"))
    if letter.secret.get("code") in WITHDRAWALS:
        return _withdrawn(letter, reader, shop, count)
    subject = reader.say_plural(
        "%(n)s return of %(shop)s waits too long", "%(n)s returns of %(shop)s wait too long", count, shop=shop
    )
    hours = reader.say_plural("%(n)s hour", "%(n)s hours", int(letter.secret.get("hours", "1")))
    return Told(
        subject=subject,
        title=reader.say_plural("%(n)s return waits too long", "%(n)s returns wait too long", count),
        paragraphs=(
            reader.say(
                "The limit for this is %(hours)s. The page says what they wait for and what to do.", hours=hours
            ),
        ),
        button=_button(letter, reader.say("Open the queue")),
    )


def _withdrawn(letter: Letter, reader: Reader, shop: str, count: int) -> Told:
    hours = reader.say_plural("%(n)s hour", "%(n)s hours", int(letter.secret.get("hours", "1")))
    is_unpaid = letter.secret.get("code") == "withdrawal_unpaid"
    law = reader.say("The law gives you 14 days from the statement to pay the money back; that time is nearly over.")
    person = reader.say("A person has to find the order or choose the items. Nothing is refused by itself.")
    return Told(
        subject=reader.say_plural(
            "%(n)s withdrawal at %(shop)s waits too long",
            "%(n)s withdrawals at %(shop)s wait too long",
            count,
            shop=shop,
        ),
        title=reader.say_plural("%(n)s withdrawal waits too long", "%(n)s withdrawals wait too long", count),
        paragraphs=(law if is_unpaid else person, reader.say("The limit for this is %(hours)s.", hours=hours)),
        button=_button(letter, reader.say("Open the queue")),
    )


_ALARMS: Final[Mapping[str, Callable[[Letter, Reader], Told]]] = {
    "payments_stopped": _stopped,
    "payments_resumed": _resumed,
    "guard_loosened": _loosened,
    "waits_too_long": _late,
}


def _limit(letter: Letter, reader: Reader) -> str:
    secret = letter.secret
    minutes = reader.say_plural("%(n)s minute", "%(n)s minutes", int(secret.get("window_minutes", "1")))
    allowed = reader.number(int(secret.get("allowed", "0")))
    match secret.get("limit"):
        case Limit.WINDOW_REFUNDS:
            return reader.say("More than %(n)s refunds would have left in %(time)s.", n=allowed, time=minutes)
        case Limit.WINDOW_AMOUNT:
            return reader.say("Refunds in %(time)s would have exceeded the amount that is allowed.", time=minutes)
        case Limit.DAY_AMOUNT:
            return reader.say("Refunds in 24 hours would have exceeded the amount that is allowed.")
        case _:
            return reader.say("More than %(n)s refunds would have left in 24 hours, far more than usual.", n=allowed)


def _shop(letter: Letter, reader: Reader) -> str:
    return theirs(letter.secret.get("shop") or letter.front.name, reader)


def _who(letter: Letter, reader: Reader) -> str:
    name = letter.secret.get("by")
    return theirs(name, reader) if name else reader.say("Somebody with access to the server")


def _button(letter: Letter, words: str) -> Button | None:
    link = letter.secret.get("link")
    return Button(words, link) if link else None
