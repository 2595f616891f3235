"""The simple form of a policy: typed values to an exact wish and back, in the reader's way of writing numbers."""

import re
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final, Self, TypeVar

from retour.core.errors import Refused
from retour.core.money import Money
from retour.core.policy.outcome import Anchor, ChargeMode, Mode, Moment
from retour.core.policy.simple import SimplePolicy
from retour.web.forms import Form, FormErrors, read_money, typed_money
from retour.web.reader import Reader

MOST_DAYS: Final = 3650
MOST_UNITS: Final = 10_000
_WHOLE_BP: Final = 10_000
_SHARES: Final = ("opened_percent", "damaged_percent", "fee_percent")

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Typed:
    """The form as it was typed; "1" in a checkbox that is ticked."""

    mode: str = "window"
    window_days: str = ""
    counted_from: str = "delivered"
    approval: str = "automatic"
    over_units: str = ""
    over_amount: str = ""
    no_gift_cards: str = ""
    tags: str = ""
    moment: str = "inspected"
    shipping: str = "none"
    opened_percent: str = ""
    damaged_percent: str = ""
    fee_percent: str = ""

    @classmethod
    def sent(cls, form: Form) -> Self:
        """Return what a form sent."""
        return cls(**{part.name: form.text(part.name) for part in fields(cls)})

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Return the values by name, as hidden fields carry them."""
        return [(part.name, getattr(self, part.name)) for part in fields(self)]


def typed_policy(said: SimplePolicy, reader: Reader, *, currency: str) -> Typed:
    """Return a policy as it stands in the form."""
    over = "" if said.over_minor is None else typed_money(Money(said.over_minor, currency), reader)
    return Typed(
        mode=said.mode.value,
        window_days=str(said.window_days),
        counted_from=said.counted_from.value,
        approval="automatic" if said.automatic else "by_hand",
        over_units="" if said.over_units is None else str(said.over_units),
        over_amount=over,
        no_gift_cards="" if said.gift_cards_return else "1",
        tags=", ".join(said.tags),
        moment=said.moment.value,
        shipping=said.shipping.value,
        opened_percent=typed_percent(said.opened_deduction_bp, reader),
        damaged_percent=typed_percent(said.damaged_deduction_bp, reader),
        fee_percent=typed_percent(said.restocking_fee_bp, reader),
    )


def read_policy(typed: Typed, errors: FormErrors, reader: Reader, *, currency: str) -> SimplePolicy | None:
    """Return what a form means, or nothing after adding what is wrong with it."""
    mode = _choice(Mode, typed.mode)
    anchor = _choice(Anchor, typed.counted_from)
    moment = _choice(Moment, typed.moment)
    shipping = _choice(ChargeMode, typed.shipping)
    answers = (("mode", mode), ("counted_from", anchor), ("moment", moment), ("shipping", shipping))
    for name, chosen in answers:
        if chosen is None:
            errors.add(name, reader.say("Choose one of the answers"))
    if typed.approval not in ("automatic", "by_hand"):
        errors.add("approval", reader.say("Choose one of the answers"))
    days = _number(typed.window_days, MOST_DAYS) if mode is Mode.WINDOW else 30
    if days is None:
        errors.add(
            "window_days", reader.say("Enter a number of days from 0 to %(most)s", most=reader.number(MOST_DAYS))
        )
    units = _optional_number(typed.over_units, errors, reader)
    minor = _optional_amount(typed.over_amount, errors, reader, currency)
    shares = {name: _share(name, getattr(typed, name), errors, reader) for name in _SHARES}
    if errors or mode is None or anchor is None or moment is None or shipping is None or days is None:
        return None
    return SimplePolicy(
        mode=mode,
        window_days=days,
        counted_from=anchor,
        automatic=typed.approval == "automatic",
        over_units=units,
        over_minor=minor,
        gift_cards_return=not typed.no_gift_cards,
        tags=_tags(typed.tags),
        moment=moment,
        shipping=shipping,
        opened_deduction_bp=shares["opened_percent"],
        damaged_deduction_bp=shares["damaged_percent"],
        restocking_fee_bp=shares["fee_percent"],
    )


def read_percent(text: str, reader: Reader) -> int:
    """Return a percentage of 0 to 100 with at most two decimals as basis points; "" is 0. Raise ValueError."""
    plain = re.sub(r"[\s\u00a0%٪]", "", text).replace(reader.decimal_mark, ".").replace(",", ".")
    if not plain:
        return 0
    match = re.fullmatch(r"(\d{1,3})(?:\.(\d{1,2}))?", plain, re.ASCII)
    found = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")) if match else _WHOLE_BP + 1
    if found > _WHOLE_BP:
        raise ValueError(text)
    return found


def typed_percent(basis_points: int, reader: Reader) -> str:
    """Return basis points as a percentage without its sign, "" for none."""
    if not basis_points:
        return ""
    whole, rest = divmod(basis_points, 100)
    decimals = f"{rest:02d}".rstrip("0")
    return f"{whole}{reader.decimal_mark}{decimals}" if decimals else str(whole)


def _choice(kind: type[E], text: str) -> E | None:
    return next((each for each in kind if each.value == text), None)


def _number(text: str, most: int) -> int | None:
    found = int(text) if re.fullmatch(r"[0-9]{1,6}", text) else None
    return found if found is not None and found <= most else None


def _optional_number(text: str, errors: FormErrors, reader: Reader) -> int | None:
    found = _number(text, MOST_UNITS) if text else None
    if text and found is None:
        errors.add("over_units", reader.say("Enter a whole number, or leave this empty"))
    return found


def _optional_amount(text: str, errors: FormErrors, reader: Reader, currency: str) -> int | None:
    try:
        return read_money(text, currency, reader).minor if text else None
    except Refused as refused:
        errors.add("over_amount", refused.message)
        return None


def _share(name: str, text: str, errors: FormErrors, reader: Reader) -> int:
    try:
        return read_percent(text, reader)
    except ValueError:
        errors.add(name, reader.say("Enter a percentage from 0 to 100, with two decimals at most"))
        return 0


def _tags(text: str) -> tuple[str, ...]:
    """Return the tags between commas, each once, in their order."""
    return tuple(dict.fromkeys(tag.strip()[:100] for tag in text.split(",") if tag.strip()))[:50]
