"""Rows of the store in words and marks: where a return stands, whom it waits for, what an amount is."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from markupsafe import Markup

from retour.core.account import Role
from retour.core.money import Money
from retour.core.rma.axes import STOPPED, Axes, Axis, Tone, answers_for
from retour.doors.dashboard import way_words, words
from retour.web import parts
from retour.web.parts import Blocker, Mark
from retour.web.reader import Reader

_FILLS: Final[tuple[parts.Fill, ...]] = ("empty", "half", "full")
_TONES: Final[Mapping[Tone, parts.Tone]] = {
    Tone.QUIET: "quiet", Tone.MOVING: "moving", Tone.NEEDS_YOU: "you", Tone.STOPPED: "stopped", Tone.DONE: "done",
}  # fmt: skip
# Which shape stands for a blocker: the axis it belongs to and how far that has come.
_SHAPES: Final[Mapping[str, tuple[parts.Axis, parts.Fill]]] = {
    "decision_needed": ("decision", "half"),
    "info_needed": ("decision", "half"),
    "approves_later": ("decision", "half"),
    "settles_later": ("money", "empty"),
    "held": ("decision", "half"),
    "awaiting_receipt": ("goods", "half"),
    "awaiting_inspection": ("goods", "half"),
    "awaiting_restock": ("goods", "full"),
    "nowhere_to_restock": ("goods", "full"),
    "parcel_exception": ("goods", "stopped"),
    "label_failed": ("goods", "stopped"),
    "awaiting_rest": ("goods", "half"),
    "awaiting_shipment": ("goods", "empty"),
    "awaiting_visit": ("goods", "empty"),
    "in_transit": ("goods", "half"),
    "platform_disagrees": ("money", "half"),
    "payments_paused": ("money", "empty"),
    "second_approval": ("money", "half"),
    "fraud_review": ("decision", "half"),
    "awaiting_payout": ("money", "half"),
    "awaiting_repair": ("goods", "half"),
    "in_repair": ("goods", "half"),
    "awaiting_replacement": ("goods", "half"),
    "exchange_stuck": ("money", "half"),
    "exchange_unpaid": ("money", "half"),
    "card_failed": ("money", "stopped"),
    "card_refused": ("money", "half"),
}
_YESTERDAY: Final = timedelta(days=1)
_A_MINUTE: Final = timedelta(seconds=70)  # told as a minute, not in seconds


def word(reader: Reader, table: Mapping[str, str], code: str | None) -> str:
    """Return the reader's word for a code; what has none is shown as it is spelled, never hidden."""
    if code is None:
        return ""
    known = table.get(code)
    return reader.say(known) if known is not None else code.replace("_", " ").capitalize()


def amount(minor: int, currency: str) -> Money:
    """Return minor units as the money that templates show."""
    return Money(minor, currency)


def marks(reader: Reader, axes: Axes, *, promised: Money, paid: Money, quiet: bool = False) -> list[Mark]:
    """Return the three axes in words; in lists (`quiet`) what is done stays grey."""
    said = {"amount": reader.amount(promised), "paid": reader.amount(paid)}
    money = words.MONEY[axes.money.code]
    return [
        _mark("decision", axes.decision, word(reader, words.DECISIONS, axes.decision.code), quiet=quiet),
        _mark("goods", axes.goods, word(reader, words.GOODS, axes.goods.code), quiet=quiet),
        _mark("money", axes.money, reader.say(money, **said) if "%(" in money else reader.say(money), quiet=quiet),
    ]


def mark_of(code: str, *, person: bool) -> Mark:
    """Return the mark of a blocker: its axis and whether it stopped, waits for a person or moves."""
    if code in STOPPED:
        return Mark("money", "stopped", "stopped", "")
    axis, fill = _SHAPES.get(code, ("money", "half"))
    return Mark(axis, fill, "you" if person else "moving", "")


def since(reader: Reader, moment: datetime) -> str:
    """Return how a sentence says since when: "16:40", "yesterday, 16:40", "12 May"."""
    then, today = reader.local(moment).date(), reader.local(reader.now).date()
    if then == today:
        return reader.time(moment)
    if then == today - _YESTERDAY:
        return reader.say("yesterday, %(time)s", time=reader.time(moment))
    return reader.day(moment)


def age(reader: Reader, moment: datetime) -> str:
    """Return how long ago something was, in its largest unit."""
    return reader.span(max(reader.now - moment, _A_MINUTE))


def blocker(reader: Reader, role: Role, actor: str | None, code: str | None, at: datetime | None) -> Blocker | None:
    """Return whom a return waits for, since when and for what, as one line; nothing for one that waits for nobody."""
    if actor is None or code is None or at is None:
        return None
    is_you = actor in answers_for(role)
    who = reader.say("you") if is_you else word(reader, words.WHO, actor)
    if actor == "retour":
        return Blocker(reader.say("Retour is working on it"))
    text = Markup(reader.say("Waits for <b>%(who)s</b> since %(since)s: %(what)s"))  # noqa: S704 - our own words
    return Blocker(text % {"who": who, "since": since(reader, at), "what": word(reader, words.WHAT, code)}, is_you)


def actor_name(reader: Reader, actor: str, names: Mapping[str, str]) -> str:
    """Return who did something as people call them."""
    known = names.get(actor)
    if known is not None:
        return known
    kind = actor.partition(":")[0]
    if kind in way_words.ACTORS:
        return reader.say(way_words.ACTORS[kind])
    if kind == "staff":
        return reader.say("A former colleague")
    return reader.say("An API key") if kind == "key" else actor


def person_name(reader: Reader, name: str | None, email: str | None, *, erased: bool = False) -> str:
    """Return what to call a shopper: the name, else the address, else that nothing is kept."""
    if name or email:
        return name or email or ""
    return reader.say("Erased") if erased else reader.say("No name given")


def _mark(axis: parts.Axis, at: Axis, said: str, *, quiet: bool) -> Mark:
    tone = _TONES[at.tone]
    if quiet and tone == "done":
        tone = "quiet"
    return Mark(axis, "stopped" if at.tone is Tone.STOPPED else _FILLS[at.fill], tone, said)
