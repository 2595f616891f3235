"""What a person may ask of us about their data: the requests, what an erasure waits for, and how long each class is kept."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from retour.core.order import Person
from retour.core.phone import Known
from retour.core.postal import PostalAddress

ERASED: Final = "[erased]"  # stands where a text about an erased person stood; the database knows it too
ANSWER_WITHIN: Final = timedelta(days=30)  # GDPR Art. 12(3): without undue delay and within one month
LOOK_AGAIN: Final = timedelta(hours=6)  # how often a postponed request is looked at
# Facts that a decision was made by and that say something of the person themselves.
PERSONAL_FACTS: Final = frozenset({"customer.tags", "customer.email_domain", "order.postcode_prefix"})
# Where people write what they like; strings elsewhere in a document may be codes that something is computed by.
FREE_TEXT: Final = frozenset({"note", "message", "text", "said", "tag", "tags", "order.tags", "added", "removed"})
_SHORTEST: Final = 4  # a shorter value would be found in half of all words
_NUMBER_LEAST: Final = 7  # digits; shorter ones are years, amounts and house numbers


class RequestKind(StrEnum):
    """What is asked for."""

    EXPORT = "export"
    ERASURE = "erasure"
    STORE_ERASURE = "store_erasure"


class RequestState(StrEnum):
    """Where a request stands."""

    WAITING = "waiting"
    ERASING = "erasing"  # it has begun: nobody takes it back any more
    DONE = "done"
    CANCELLED = "cancelled"


OPEN: Final = (RequestState.WAITING, RequestState.ERASING)


class Waits(StrEnum):
    """What an erasure waits for, as a public code."""

    RETURN_OPEN = "return_open"
    MONEY_DUE = "money_due"
    CALL_RUNNING = "call_running"
    WITHDRAWAL_OPEN = "withdrawal_open"
    MESSAGE_OPEN = "message_open"
    GRACE = "grace"
    PEOPLE_LEFT = "people_left"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is not over with a person: counts of open returns, unpaid settlements, running calls, open withdrawals, and
    received messages about them that were not worked on yet."""

    returns: int = 0
    settlements: int = 0
    calls: int = 0
    withdrawals: int = 0
    messages: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class PlatformAsk:
    """A request that a platform hands on: whose data by its own refs, and its own number of the request."""

    kind: RequestKind
    customer_ref: str | None = None
    email: str | None = None
    phone: str | None = None
    order_refs: tuple[str, ...] = ()
    request_ref: str | None = None


def waits_for(standing: Standing) -> Waits | None:
    """Return why an erasure has to wait (an open return first), or nothing if everything with the person is over."""
    if standing.returns:
        return Waits.RETURN_OPEN
    if standing.settlements:
        return Waits.MONEY_DUE
    if standing.calls:
        return Waits.CALL_RUNNING
    if standing.withdrawals:
        return Waits.WITHDRAWAL_OPEN
    return Waits.MESSAGE_OPEN if standing.messages else None


# --- what identifies a person in a text ------------------------------------------------------------------------------


def identifying(person: Person, addresses: Sequence[PostalAddress] = ()) -> tuple[str, ...]:
    """Return the texts by which a person is recognised anywhere, the longest first; too short ones are left out."""
    found = {person.email, person.name}
    if len(_digits(person.phone)) >= _NUMBER_LEAST:
        found |= {person.phone, _digits(person.phone)}
    for address in addresses:
        found |= {address.name, address.company, *address.street}
    usable = {text.strip() for text in found if text and len(text.strip()) >= _SHORTEST}
    return tuple(sorted(usable, key=lambda text: (-len(text), text)))


def scrubbed(value: object, texts: Sequence[str | Known], *, within: bool = False) -> object:
    """Return a JSON value with every one of the texts, in any case and as whole words, replaced in its strings.

    A telephone number that is known goes in every usual spelling.

    Keys and figures stay. `within` a JSON object a string of one piece is a code, an id or a time and stays as well, unless
    it stands where people write (`FREE_TEXT`) or is an address.
    """
    if isinstance(value, str):
        return value if within and _is_code(value) else _without(value, texts)
    if isinstance(value, Mapping):
        return {key: scrubbed(inner, texts, within=key not in FREE_TEXT) for key, inner in value.items()}
    return [scrubbed(inner, texts, within=within) for inner in value] if isinstance(value, list) else value


def blanked(value: object, texts: Sequence[str | Known]) -> object:
    """Return a document of a known shape (an order, a decision) with the texts taken out of its free texts alone.

    Facts of a decision that describe the person go whole.
    """
    if isinstance(value, Mapping):
        return {key: _blanked(key, inner, texts) for key, inner in value.items()}
    return [blanked(inner, texts) for inner in value] if isinstance(value, list) else value


def _blanked(key: str, inner: object, texts: Sequence[str | Known]) -> object:
    if key == "product":  # the article's own tags
        return inner
    if key in PERSONAL_FACTS:
        return _nothing(inner)
    return scrubbed(inner, texts) if key in FREE_TEXT else blanked(inner, texts)


def _without(text: str, known: Sequence[str | Known]) -> str:
    for one in known:
        if isinstance(one, Known):
            text = one.taken_out(text, ERASED)
            continue
        text = re.sub(rf"(?<!\w){re.escape(one)}s?(?!\w)", ERASED, text, flags=re.IGNORECASE)  # a genitive as well
    return text


def _is_code(text: str) -> bool:
    return "@" not in text and not text.startswith("+") and not any(map(str.isspace, text))


def _nothing(fact: object) -> object:
    return [] if isinstance(fact, list) else fact and ERASED


def _digits(phone: str | None) -> str:
    return re.sub(r"\D+", "", phone or "")


# --- how long what is kept -------------------------------------------------------------------------------------------


class Keep(StrEnum):
    """A class of personal data with a time of its own."""

    INBOX = "inbox"
    DOCUMENTS = "documents"
    INTAKES = "intakes"
    PHOTOS = "photos"
    LABELS = "labels"
    PEOPLE = "people"
    EXPORTS = "exports"
    STORE_GRACE = "store_grace"


@dataclass(frozen=True, slots=True)
class Term:
    """How many days a class is kept where nothing else was chosen (none: until somebody asks), and the bounds."""

    days: int | None
    least: int
    most: int
    may_be_none: bool = True


TERMS: Final[Mapping[Keep, Term]] = {
    Keep.INBOX: Term(90, 7, 3650),  # what was received, after it was worked on
    Keep.DOCUMENTS: Term(365, 30, 3650),  # the platform's own document of an order, after it was placed
    Keep.INTAKES: Term(180, 7, 3650),  # what was sent in to become a return, after it was decided
    Keep.PHOTOS: Term(365, 30, 3650),  # after the end of the return
    Keep.LABELS: Term(90, 7, 3650),  # after the end of the return
    Keep.PEOPLE: Term(None, 180, 3650),  # after the last order and the end of the last return
    Keep.EXPORTS: Term(7, 1, 30, may_be_none=False),  # how long an export can be downloaded
    Keep.STORE_GRACE: Term(
        14, 0, 25, may_be_none=False
    ),  # after the platform asks to erase a store: within its 30 days
}


def days_of(chosen: Mapping[Keep, int | None]) -> dict[Keep, int | None]:
    """Return the days of every class: what was chosen, else the default."""
    return {keep: chosen.get(keep, term.days) for keep, term in TERMS.items()}


def fits(keep: Keep, days: int | None) -> bool:
    """Return whether a class may be kept for so many days."""
    term = TERMS[keep]
    return term.may_be_none if days is None else term.least <= days <= term.most
