"""The ports: what a connector must offer, in the house's own words; requests and verdicts, never exceptions."""

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, Protocol

from retour.core.card import CardSeen, PageSeen
from retour.core.effect import Effect, EffectKind
from retour.core.money import Sides
from retour.core.order import Fetched


class Verdict(StrEnum):
    """What an answer means for an effect."""

    OK = "ok"  # it happened, the far id is known
    PENDING = "pending"  # accepted, money or stock still moving
    REJECTED = "rejected"  # it did not happen and will not
    NOT_EXECUTED = "not_executed"  # it did not happen and may be sent again
    KEY_SPENT = "key_spent"  # the far side proved that the earlier attempt under this key did nothing
    UNKNOWN = "unknown"  # it may have happened
    NEEDS_RECONNECT = "needs_reconnect"  # credentials or scopes are gone


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict on one answer; `result` keeps the far side's facts that later effects need (ids of lines, …)."""

    verdict: Verdict
    far_id: str | None = None
    amount_minor: int | None = None
    far_code: str | None = None
    message: str | None = None
    retry_after_s: float | None = None
    result: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What a read-back found; `absent` counts only when observed after the quiet period."""

    found: Literal["present", "absent", "inconclusive"]
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class WireRequest:
    """One request ready to be sent; `operation` names it for logs, limits and tests, `cost` is its rate-limit price."""

    operation: str
    method: str
    path: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    cost: int = 0


class Silence(StrEnum):
    """Why there is no answer: the request never left, or it may have arrived."""

    NOT_SENT = "not_sent"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class WireAnswer:
    """What came back; `silence` is set when nothing complete did."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    silence: Silence | None = None


@dataclass(frozen=True, slots=True)
class CapabilityRecord:
    """What the far side offers for one kind of effect; durations in seconds. The executor decides from it alone."""

    key: Literal["header", "directive", "none"]
    key_window_s: float
    over_refund_guard: Literal["quantity+amount", "amount", "quantity", "none", "unknown"]
    searchable_reference: str | None
    natural_guard: str
    list_lag_s: float
    far_timeout_s: float
    asynchronous: bool = False
    guarded: bool = False  # a read just before the first send is needed to judge a read-back
    repeat_harmless: bool = False  # doing it twice changes nothing
    serialise_by: Literal["order", "customer", "unit", "none"] = "order"

    @property
    def trusted_window(self) -> timedelta:
        """Return how long the key is relied on: half of the far side's own window."""
        return timedelta(seconds=self.key_window_s / 2)


@dataclass(frozen=True, slots=True)
class Credential:
    """An opened credential of a connection and where it points; lives in memory only."""

    base_url: str
    secret: str
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """Units asked about in a platform quote."""

    line_ref: str
    quantity: int


@dataclass(frozen=True, slots=True)
class PlatformQuote:
    """The platform's own figures for the same units: per line gross and tax, the most that can be refunded."""

    lines: Mapping[str, tuple[Sides, Sides]]
    shipping: Sides
    maximum_refundable: int


@dataclass(frozen=True, slots=True)
class ContactProof:
    """What a shopper knows about the order beside its number; one of them."""

    email: str | None = None
    phone: str | None = None
    postcode: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of changed orders; `cursor` continues after it, or is nothing at the end."""

    order_refs: tuple[str, ...]
    updated_through: datetime | None
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Health:
    """What connecting told us: scopes, versions, dangerous settings; `problems` are for the merchant to read."""

    ok: bool
    shop_name: str
    currency: str
    timezone: str
    capabilities: frozenset[str]
    problems: tuple[str, ...] = ()
    locations: tuple[tuple[str, str], ...] = ()


class Unreachable(Exception):  # noqa: N818 - the state of a far side
    """A read could not be answered; ask again after `retry_after_s` seconds, from the beginning if `cursor_lost`."""

    def __init__(
        self, reason: str, *, retry_after_s: float = 1.0, needs_reconnect: bool = False, cursor_lost: bool = False
    ):
        super().__init__(reason)
        self.cursor_lost = cursor_lost
        self.retry_after_s = retry_after_s
        self.needs_reconnect = needs_reconnect


@dataclass(frozen=True, slots=True)
class InboxEvent:
    """One thing an inbound webhook says; a hint only: whoever works on it re-reads the current state."""

    event_id: str
    topic: str
    occurred_at: datetime | None
    object_ref: str | None
    order_ref: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Article:
    """An article of the platform's catalogue: the price of one unit as the shop shows it to buyers of that country.

    `available` is what is in stock, nothing where stock is not kept or selling on is allowed.
    """

    ref: str
    title: str
    price_minor: int
    currency: str
    sku: str | None = None
    product_ref: str | None = None
    available: int | None = None
    option: str | None = None  # what tells it from the other variants of its product
    picture_url: str | None = None


@dataclass(frozen=True, slots=True)
class DraftSeen:
    """A drafted order as the platform shows it; `order_ref` once it is an order, which it becomes when it is paid."""

    order_ref: str | None


class Inbound(Protocol):
    """The inbound half of a connector: pure, and all that the web process knows of a platform."""

    platform: str

    def verify(self, headers: Mapping[str, str], raw: bytes, secrets: Sequence[bytes], now: datetime) -> bool:
        """Return whether the body is authentic, in constant time, over the raw bytes."""

    def parse(self, headers: Mapping[str, str], raw: bytes) -> InboxEvent:
        """Return what the delivery says; raise Refused(malformed_webhook)."""


class EffectConnector(Protocol):
    """Where effects are carried out: built and judged purely; only `send` touches the network."""

    platform: str
    records: Mapping[EffectKind, CapabilityRecord]

    async def send(self, at: Credential, request: WireRequest) -> WireAnswer:
        """Send one request once and return what came back; never raise for the network, never retry."""

    def build(self, effect: Effect) -> WireRequest:
        """Return the request of an effect, the same for the same effect at any time."""

    def classify(self, effect: Effect, answer: WireAnswer) -> Outcome:
        """Return what the answer means for the effect."""

    def build_guard(self, effect: Effect) -> WireRequest | None:
        """Return the read that must precede the first send, if the record says `guarded`."""

    def read_guard(self, effect: Effect, answer: WireAnswer) -> Mapping[str, object] | None:
        """Return the guard's facts for `Effect.guard_before`, or nothing if the answer is of no use."""

    def build_readback(self, effect: Effect) -> WireRequest:
        """Return the read that shows whether the effect happened (also used to poll a pending one)."""

    def read_back(self, effect: Effect, answer: WireAnswer) -> ReadBack:
        """Return what that read shows."""


class ReturnsSystem(EffectConnector, Protocol):
    """Another returns system: it is told a return under our reference, once, and says under which id it goes there.

    The outcome of `PUSH_RETURN` has that id and, as `status` of its result, where the return stands there; both are read
    back by our reference. From then on its state comes as any source's does, by messages and by being asked.
    """


class CardHolder(EffectConnector, Protocol):
    """A provider of card payments: amounts are authorised on a page of its own, made anew, captured and let go."""

    async def see_page(self, at: Credential, *, ref: str) -> PageSeen | None:
        """Return how a page stands, nothing for one that is not known there; raise Unreachable."""

    async def see_card(self, at: Credential, *, ref: str) -> CardSeen | None:
        """Return how an authorisation stands, nothing for one that is not known there; raise Unreachable."""


class CommerceConnector(EffectConnector, Protocol):
    """One commerce platform: what can be carried out there, and what can be read."""

    async def find_order(self, at: Credential, *, name: str, proof: ContactProof | None) -> Fetched | None:
        """Return the order of that name; nothing both for no such order and for a proof that does not match."""

    async def get_order(self, at: Credential, *, ref: str) -> Fetched | None:
        """Return the whole order, or nothing if the platform does not know it; raise Unreachable."""

    async def list_orders(self, at: Credential, *, since: datetime, cursor: str | None) -> Page:
        """Return refs of orders changed since then, oldest first; raise Unreachable."""

    async def quote_refund(
        self, at: Credential, *, order_ref: str, lines: Sequence[QuotedLine], shipping_minor: int
    ) -> PlatformQuote:
        """Return the platform's own figures for these units, before any adjustment of ours; raise Unreachable."""

    async def find_article(self, at: Credential, *, name: str, country: str | None) -> Article | None:
        """Return the one article of that ref or SKU; nothing where none or several have it; raise Unreachable."""

    async def variants_of(self, at: Credential, *, product_ref: str, country: str | None) -> tuple[Article, ...]:
        """Return what is on sale of a product, as buyers of that country see it; raise Unreachable."""

    async def search_articles(self, at: Credential, *, words: str, country: str | None) -> tuple[Article, ...]:
        """Return articles on sale that fit the words, the best first; a page of them at most; raise Unreachable."""

    async def see_draft(self, at: Credential, *, ref: str) -> DraftSeen | None:
        """Return what became of a drafted order, nothing if it is gone; raise Unreachable."""

    async def probe(self, at: Credential) -> Health:
        """Return scopes, versions and dangerous settings; raise Unreachable."""


class PictureSource(Protocol):
    """Where pictures of goods come from."""

    async def fetch_picture(self, *, url: str) -> WireAnswer:
        """Ask for a picture once and return the answer; never raise for the network, retry or follow a redirect."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """One page of a source's documents as JSON, oldest change first; `next` is where the following page begins."""

    items: tuple[bytes, ...]
    next: str | None = None


class FeedReader(Protocol):
    """How a source is asked for what has changed."""

    async def pull(self, *, url: str, token: str, since: datetime, cursor: str | None) -> Pulled:
        """Return one page of documents changed since then; raise Unreachable."""


class WebhookSender(Protocol):
    """How events leave the house."""

    async def post(self, *, url: str, headers: Mapping[str, str], body: bytes) -> WireAnswer:
        """Post a message once and return what came back; never raise for the network, retry or follow a redirect."""


class MailVerdict(StrEnum):
    """What a mail server's answer, or its silence, means for a mail."""

    ACCEPTED = "accepted"
    REFUSED = "refused"  # for good: this mail will never be accepted
    NOT_YET = "not_yet"  # not accepted, may be offered again
    UNKNOWN = "unknown"  # it left and may have been accepted


@dataclass(frozen=True, slots=True)
class MailAnswer:
    """The verdict on one try to hand a mail over; `code` is the server's reply code (RFC 5321), if it gave one."""

    verdict: MailVerdict
    code: int | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Attachment:
    """A file that goes with a mail; `media_type` such as application/pdf."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Mail:
    """One mail, written and ready to leave; `at` is its date (aware UTC), `message_id` has its angle brackets."""

    message_id: str
    at: datetime
    sender_name: str
    sender_address: str
    reply_to: str | None
    to: str
    subject: str
    text: str
    html: str
    language: str
    attachments: tuple[Attachment, ...] = ()


class MailSender(Protocol):
    """How mail leaves the house."""

    async def send(self, mail: Mail, *, leaving: Callable[[], Awaitable[bool]]) -> MailAnswer:
        """Hand a mail over once and return what came of it; never raise for the network, never retry.

        `leaving` is awaited when the server is ready for the message itself; when it says False, nothing is sent.
        """


ConnectionId = uuid.UUID
