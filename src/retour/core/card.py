"""What is done with the authorisation of a card, and how a provider's page shows it: the words of the port."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class OpenPage:
    """Open a page of the provider on which the shopper confirms an amount; with `pays` it is taken at once.

    `hold_ref` is our id, which comes back with messages; `done_url` and `back_url` are where the shopper goes then.
    """

    hold_ref: str
    amount_minor: int
    currency: str
    title: str
    done_url: str
    back_url: str
    pays: bool = False


@dataclass(frozen=True, slots=True)
class AuthoriseAgain:
    """Authorise an amount on a card that was confirmed before, without the shopper."""

    hold_ref: str
    customer_ref: str
    method_ref: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class CaptureCard:
    """Take a part of what is authorised, or all of it; the rest is free again."""

    intent_ref: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class ReleaseCard:
    """Let an authorisation go, or close a page before anybody confirms it (`is_page`)."""

    ref: str
    is_page: bool = False


class PageState(StrEnum):
    """How a page of the provider stands."""

    OPEN = "open"
    EXPIRED = "expired"
    AUTHORISED = "authorised"
    PAID = "paid"
    GONE = "gone"  # it was confirmed, and what came of it was let go or failed


class CardState(StrEnum):
    """How an authorisation stands at the provider."""

    HELD = "held"
    TAKEN = "taken"
    LET_GO = "let_go"
    MOVING = "moving"  # the provider is at it, or shows something else


@dataclass(frozen=True, slots=True)
class CardSeen:
    """An authorisation as the provider shows it: what was taken of it in minor units, and why it was let go, in its word."""

    state: CardState
    taken_minor: int = 0
    why: str | None = None


@dataclass(frozen=True, slots=True)
class PageSeen:
    """A page as the provider shows it, with whose card it is once it was confirmed; amount in minor units."""

    state: PageState
    intent_ref: str | None = None
    customer_ref: str | None = None
    method_ref: str | None = None
    amount_minor: int = 0
    lapses_at: datetime | None = None
