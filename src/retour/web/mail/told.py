"""What a mail says, in the reader's words, before it becomes HTML and plain text: both show exactly this."""

from dataclasses import dataclass, field

from retour.web.parts import MoneyRow


@dataclass(frozen=True, slots=True)
class Item:
    """One thing of a list, with smaller lines about it and what somebody says of it."""

    name: str
    notes: tuple[str, ...] = ()
    says: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A part under its own heading: sentences, then a list."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Button:
    """The one thing to do: its words and where it leads."""

    words: str
    url: str


@dataclass(frozen=True, slots=True)
class Told:
    """A whole mail: one subject, one heading, then what happened, what follows and where to look."""

    subject: str
    title: str
    paragraphs: tuple[str, ...] = ()
    code: str | None = None
    button: Button | None = None
    sections: tuple[Section, ...] = ()
    money_heading: str = ""
    money_note: str = ""
    money: tuple[MoneyRow, ...] = ()
    closing: tuple[str, ...] = field(default=())
