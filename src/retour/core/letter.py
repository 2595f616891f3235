"""Letters: what a mail tells, before it is put into words, and after."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.errors import Refused
from retour.core.label import LabelContent
from retour.core.mail import MailKind
from retour.core.order import Order
from retour.core.refund import Plan
from retour.core.resolution import Resolution
from retour.core.rma import Return

ADDRESS_LIMIT: Final = 254  # RFC 5321, section 4.5.3.1.3, without the angle brackets
LOCAL_LIMIT: Final = 64
LINE_LIMIT: Final = 200

_LOCAL: Final = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]+")
_LABEL: Final = re.compile(r"(?!-)[^\s@<>()\[\],;:\\\"\x00-\x2c/\x7f]{1,63}(?<!-)")
# Characters that turn the direction of what follows them; alone they could make a line read as another one.
_TURNING: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True)
class ToldReturn:
    """The return that a mail tells of, as it is when the mail is written.

    `promised` are the plans agreed at request; `paid` is the plan of the settlement that the mail is about, if it is
    about one, and `paid_as` its kind and the merchant's record of it (`resolutions`, by id). `question` is what the
    shop asked last, and `lapsed` whether it was never answered in time. `message` is the note that
    a mail brings, and `message_photos` how many files came with it. `relabelled` says that the mail brings labels
    anew, with another address.
    """

    id: UUID
    order_id: UUID
    method: str
    rma: Return
    order: Order
    promised: tuple[Plan, ...]
    paid: Plan | None = None
    paid_as: tuple[str, str | None] | None = None
    sent: tuple[str, str] | None = None  # carrier and number of what is on its way to the shopper after a repair
    replaced: bool = False  # it is another one
    resolutions: Mapping[str, Resolution] = field(default_factory=dict)
    shop_language: str = "en"
    question: str | None = None
    lapsed: bool = False
    message: str | None = None
    message_photos: int = 0
    relabelled: bool = False


@dataclass(frozen=True, slots=True)
class Front:
    """What a store shows of itself: its name, its colour (`#1a2b3c`), how to reach it, and where the return can be seen.

    `sending` is what the merchant says about sending a parcel, in the language of the letter.
    """

    name: str
    brand: str | None = None
    contact_email: str | None = None
    contact_url: str | None = None
    link: str | None = None
    return_address: str | None = None
    sending: str | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """What one person is to be told; `at` is aware UTC, `timezone` an IANA name."""

    kind: MailKind
    tenant_id: UUID
    store_id: UUID | None
    language: str
    timezone: str
    at: datetime
    front: Front
    reader_name: str | None = None
    told: ToldReturn | None = None
    secret: Mapping[str, str] = field(default_factory=dict, repr=False)
    papers: tuple[LabelContent, ...] = ()  # of the parcels to send, by which it travels with them


@dataclass(frozen=True, slots=True)
class Written:
    """A letter in words: a subject of one line, plain text, and a whole HTML document."""

    subject: str
    text: str
    html: str


def one_line(text: str) -> str:
    """Return a text as one line that is safe in a header and reads in its own direction, at most 200 characters."""
    kept = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs") else c for c in text if c not in _TURNING)
    line = " ".join(part for part in kept.split(" ") if part)  # a no-break space of ours stays one
    return line if len(line) <= LINE_LIMIT else line[: LINE_LIMIT - 1].rstrip() + "…"


def mail_address(text: str, *, field: str | None = None) -> str:
    """Return a mail address without blanks around it; raise Refused(invalid_email) if nothing can be sent to it."""
    address = text.strip()
    local, at, domain = address.rpartition("@")
    labels = domain.split(".")
    if (
        not at
        or len(address) > ADDRESS_LIMIT
        or len(local.encode()) > LOCAL_LIMIT
        or not _LOCAL.fullmatch(local)
        or any(c in _TURNING or not c.isprintable() for c in address)
        or local.startswith(".")
        or local.endswith(".")
        or ".." in local
        or not all(_LABEL.fullmatch(label) for label in labels)
    ):
        raise Refused("invalid_email", "that is not an e-mail address", field=field)
    return address
