"""The values that the components of web/parts.html show."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from markupsafe import Markup

from retour.core.money import Money

Axis = Literal["decision", "goods", "money"]
Fill = Literal["empty", "half", "full", "stopped"]
Tone = Literal["quiet", "moving", "you", "stopped", "done"]
Text = str | Markup


@dataclass(frozen=True, slots=True)
class Mark:
    """Where an axis stands: the shape is the axis, the fill how far it is, the tone whether somebody must act."""

    axis: Axis
    fill: Fill
    tone: Tone
    words: Text


@dataclass(frozen=True, slots=True)
class Blocker:
    """Whom a return waits for: `text` says who (in `<b>`), since when, why; `late` is "4 days late" or nothing."""

    text: Text
    is_you: bool = False
    late: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a timeline: what happened, by whom, when (aware UTC)."""

    text: Text
    at: datetime
    who: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several ways: all weigh the same; `gain` compares it with the refund."""

    value: str
    title: str
    text: Text = ""
    amount: Text | None = None
    gain: Text | None = None


MoneyKind = Literal["item", "less", "sum", "paid", "to"]


@dataclass(frozen=True, slots=True)
class MoneyRow:
    """One row of the money explanation.

    `item` is what was paid for something, `less` a part of it or a fee that is taken off, `sum` a subtotal, `paid` the
    closed sum with the double rule, `to` one of its legs. `notes` are the small lines: the rule or the sum behind it;
    `why` is for staff alone. `promised` is what was promised where it differs, `changed` marks a row that a person
    must look at again.
    """

    kind: MoneyKind
    label: Text
    amount: Money | None
    notes: tuple[Text, ...] = ()
    why: Text | None = None
    promised: Money | None = None
    changed: bool = False

    @property
    def css(self) -> str:
        """Return the classes of the row."""
        return " ".join([*([] if self.kind == "item" else [self.kind]), *(["changed"] if self.changed else [])])
