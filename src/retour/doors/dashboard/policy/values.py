"""Values of facts: what may be typed for each, what was typed read exactly, and how a value is told."""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from io import StringIO
from typing import Final

from babel import Locale

from retour.core import reason
from retour.core.errors import Refused
from retour.core.money import Money
from retour.core.order import TenderKind
from retour.core.policy.document import Op
from retour.core.policy.facts import FACTS, Fact, FactType, Unit
from retour.doors.dashboard.policy.fact_words import are_alternatives, joined
from retour.doors.dashboard.settings.policy_form import read_percent, typed_percent
from retour.doors.dashboard.way_words import CHANNELS
from retour.doors.dashboard.words import METHODS, REASONS, RESOLUTIONS
from retour.web.forms import read_money, typed_money
from retour.web.reader import Reader

MOST_VALUES: Final = 1000
_LISTED: Final = frozenset({Op.IN, Op.NOT_IN, Op.HAS_ANY, Op.HAS_ALL, Op.HAS_NONE})
_COUNTRIES: Final = frozenset({"order.country", "customer.country"})


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


# The closed lists of the catalogue in words, by the name of the fact.
CHOICES: Final[Mapping[str, Mapping[str, str]]] = {
    "return.kind": {
        "return": _("a return"),
        "claim": _("a claim"),
        "withdrawal": _("a withdrawal"),
        "cancellation": _("a cancellation"),
    },
    "return.opened_by": {"shopper": _("the shopper"), "staff": _("staff"), "api": _("a program")},
    "order.fulfilment": {"none": _("nothing"), "partly": _("a part"), "fully": _("everything")},
    "return.flags": {
        "serial_returner": _("returns most of what was bought"),
        "wardrobing": _("returns worn goods"),
        "swapped_parcel": _("sent empty, short or swapped parcels"),
        "paid_without_goods": _("was paid ahead and sent nothing"),
        "shared_identity": _("shares an identity with other shoppers"),
        "on_block_list": _("is on the block list"),
    },
    "order.risk": {"none": _("none"), "low": _("low"), "medium": _("medium"), "high": _("high")},
    "customer.type": {"person": _("a person"), "company": _("a company")},
}
TENDERS: Final[Mapping[TenderKind, str]] = {
    TenderKind.CARD: _("card"),
    TenderKind.GIFT_CARD: _("gift card"),
    TenderKind.STORE_CREDIT: _("store credit"),
    TenderKind.OTHER: _("another way of paying"),
}


class Control(StrEnum):
    """How a value is typed."""

    TEXT = "text"
    LIST = "list"
    NUMBER = "number"
    PERCENT = "percent"
    MONEY = "money"
    DATE = "date"
    FLAG = "flag"
    ONE_OF = "one_of"
    SOME_OF = "some_of"


@dataclass(frozen=True, slots=True)
class Wrong(Exception):  # noqa: N818 - what is wrong with a field, in the reader's words
    """A typed value that cannot be read; `message` says why to whoever typed it."""

    message: str


def control(fact: Fact, op: Op, zones: Sequence[str] = ()) -> Control:
    """Return how the value of this comparison is typed."""
    if op is Op.KNOWN or fact.type is FactType.FLAG:
        return Control.FLAG
    if op in _LISTED:
        return Control.SOME_OF if choices(fact, zones) else Control.LIST
    if fact.type is FactType.MONEY:
        return Control.MONEY
    if fact.type is FactType.DATE:
        return Control.DATE
    if fact.type is FactType.NUMBER:
        return Control.PERCENT if fact.unit is Unit.BASIS_POINTS else Control.NUMBER
    return Control.ONE_OF if op in (Op.EQ, Op.NE) and choices(fact, zones) else Control.TEXT


def choices(
    fact: Fact, zones: Sequence[str] = (), reasons: Sequence[tuple[str, str]] = ()
) -> tuple[tuple[str, str], ...]:
    """Return (value, words) of a fact with a short list of values that merchants know by name.

    `reasons` are those of the store; without them the usual ones stand there.
    """
    name = fact.name
    if name == "order.zone":
        return tuple((zone, zone) for zone in zones)
    if name in ("line.reason", "return.reasons"):
        return tuple(reasons) or tuple((code, REASONS[code]) for code in reason.REASONS)
    if name == "order.paid_with":
        return tuple((kind.value, words) for kind, words in TENDERS.items())
    if name == "return.channel":
        return tuple((code, CHANNELS[code]) for code in ("portal", "dashboard", "api", "platform"))
    if name in ("line.resolution", "return.resolutions"):
        return tuple(RESOLUTIONS.items())
    if name == "return.method":
        return tuple(METHODS.items())
    words = CHOICES.get("order.risk" if name == "return.risk" else name, {})
    return tuple((value, words.get(value, value)) for value in fact.choices)


def is_country(name: str) -> bool:
    """Return whether the values of a fact are countries."""
    return name in _COUNTRIES


def read_value(
    fact: Fact, op: Op, typed: Sequence[str], reader: Reader, *, currency: str, zones: Sequence[str] = ()
) -> object:
    """Return a typed value as plain JSON; raise Wrong."""
    how, text = control(fact, op, zones), next(iter(typed), "")
    if how is Control.FLAG:
        return text != "no"
    if how is Control.SOME_OF:
        found = [value for value in typed if value]
        if not found:
            raise Wrong(reader.say("choose at least one"))
        return found
    if not text:
        raise Wrong(reader.say("say what it is compared with"))
    if how is Control.LIST:
        return [_item(fact, item, reader) for item in read_list(text, reader)]
    if how is Control.MONEY:
        return _amount(text, reader, currency)
    if how is Control.PERCENT:
        return percent(text, reader)
    if how is Control.NUMBER:
        return whole(text, reader)
    if how is Control.DATE:
        return day(text, reader)
    return _item(fact, text, reader)


def typed_value(
    fact: Fact, op: Op, value: object, reader: Reader, *, currency: str, zones: Sequence[str] = ()
) -> list[str]:
    """Return a value of plain JSON as it stands in its field."""
    how = control(fact, op, zones)
    if how is Control.FLAG:
        return ["yes" if value else "no"]
    if isinstance(value, list):
        names = [_typed_item(fact, str(item), reader) for item in value]
        return [str(item) for item in value] if how is Control.SOME_OF else [typed_list(names)]
    if how is Control.MONEY and isinstance(value, int):
        return [typed_money(Money(value, currency), reader)]
    if how is Control.PERCENT and isinstance(value, int):
        return [typed_percent(value, reader) or "0"]
    return [_typed_item(fact, str(value), reader)]


def told_value(name: str, op: Op, value: object, reader: Reader, *, currency: str, most: int = 8) -> str:
    """Return a value of plain JSON in words, as it stands in a sentence."""
    if isinstance(value, (list, tuple)):
        items = [told_one(name, item, reader, currency=currency) for item in value]
        return joined(items, reader, alternatives=are_alternatives(op), most=most)
    return told_one(name, value, reader, currency=currency)


def told_one(name: str, value: object, reader: Reader, *, currency: str) -> str:
    """Return one value of a fact in words."""
    fact = FACTS.get(name)
    if isinstance(value, bool):
        return reader.say("yes") if value else reader.say("no")
    if isinstance(value, int) and fact is not None:
        if fact.type is FactType.MONEY:
            return reader.amount(Money(value, currency))
        if fact.unit is Unit.GRAMS:
            return reader.say("%(n)s g", n=reader.number(value))
        return reader.percent(value) if fact.unit is Unit.BASIS_POINTS else reader.number(value)
    if fact is not None and fact.type is FactType.DATE:
        return reader.day(date.fromisoformat(str(value)))
    if is_country(name):
        return country_name(str(value), reader)
    named = dict(choices(fact)) if fact is not None else {}
    if value not in named:
        return str(value)
    words = reader.say(named[str(value)])
    return reader.say("“%(text)s”", text=words) if words[:1].isupper() and name != "order.paid_with" else words


def read_list(text: str, reader: Reader) -> list[str]:
    """Return the values between commas or on lines of their own, each once; quotes keep a comma in a value."""
    lines = csv.reader(StringIO(text), skipinitialspace=True)
    found = list(dict.fromkeys(item.strip() for line in lines for item in line if item.strip()))
    if not found:
        raise Wrong(reader.say("Name at least one, with commas between them"))
    if len(found) > MOST_VALUES:
        raise Wrong(reader.say("At most %(most)s values fit here", most=reader.number(MOST_VALUES)))
    return found


def typed_list(items: Sequence[str]) -> str:
    """Return values with commas between them, as `read_list` reads them."""
    return ", ".join('"' + item.replace('"', '""') + '"' if re.search(r'[,"\n]', item) else item for item in items)


def whole(text: str, reader: Reader, *, least: int = 0, most: int = 1_000_000) -> int:
    """Return a whole number; raise Wrong."""
    found = int(text) if re.fullmatch(r"[0-9]{1,7}", text) else None
    if found is None or not least <= found <= most:
        raise Wrong(
            reader.say(
                "Enter a whole number from %(least)s to %(most)s", least=reader.number(least), most=reader.number(most)
            )
        )
    return found


def percent(text: str, reader: Reader) -> int:
    """Return a percentage as basis points; raise Wrong."""
    try:
        return read_percent(text, reader)
    except ValueError:
        raise Wrong(reader.say("Enter a percentage from 0 to 100, with two decimals at most")) from None


def day(text: str, reader: Reader) -> str:
    """Return a day as YYYY-MM-DD; raise Wrong."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise Wrong(reader.say("Enter a day such as 2026-05-31")) from None


def country_name(code: str, reader: Reader) -> str:
    """Return what a country is called in the reader's language."""
    return _countries(reader.language).get(code.upper(), code)


def country_code(text: str, reader: Reader) -> str:
    """Return the two letters of a country given by them or by its name; raise Wrong."""
    names = _countries(reader.language)
    if text.upper() in names:
        return text.upper()
    found = next((code for code, name in names.items() if name.casefold() == text.casefold()), None)
    if found is None:
        raise Wrong(
            reader.say("%(text)s is no country that we know. Its two letters work too, such as DE.", text=text[:60])
        )
    return found


def _amount(text: str, reader: Reader, currency: str) -> int:
    try:
        return read_money(text, currency, reader).minor
    except Refused as refused:
        raise Wrong(refused.message) from None


def _item(fact: Fact, text: str, reader: Reader) -> str:
    if len(text) > 200:
        raise Wrong(reader.say("At most %(most)s characters fit here", most="200"))
    return country_code(text, reader) if is_country(fact.name) else text


def _typed_item(fact: Fact, text: str, reader: Reader) -> str:
    return country_name(text, reader) if is_country(fact.name) else text


@lru_cache(maxsize=16)
def _countries(language: str) -> Mapping[str, str]:
    territories = Locale.parse(language).territories
    return {code: str(name) for code, name in territories.items() if re.fullmatch(r"[A-Z]{2}", code)}
