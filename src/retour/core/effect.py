"""Effects: what must happen outside exactly once, the states it goes through, and when it may be sent again."""

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from retour.core.card import AuthoriseAgain, CaptureCard, OpenPage, ReleaseCard
from retour.core.draft import DraftFee
from retour.core.postal import PostalAddress
from retour.core.removal import RemoveFromReturn

KEY_NAMESPACE: Final = uuid.UUID("5f0f5b1e-4f0c-5d7e-9c39-0d6f2f1c7a11")


class EffectKind(StrEnum):
    """What an effect does on the far side; a connector declares which of them it is capable of."""

    REQUEST_RETURN = "request_return"
    APPROVE_RETURN = "approve_return"
    DECLINE_RETURN = "decline_return"
    OPEN_RETURN = "open_return"
    CANCEL_RETURN = "cancel_return"
    CLOSE_RETURN = "close_return"
    REMOVE_FROM_RETURN = "remove_from_return"
    PROCESS_RETURN = "process_return"
    REFUND_TENDER = "refund_tender"
    RESTOCK = "restock"
    TAG = "tag"
    UNTAG = "untag"
    NOTE = "note"
    PUSH_RETURN = "push_return"
    DRAFT_EXCHANGE = "draft_exchange"
    RELEASE_EXCHANGE = "release_exchange"
    INVOICE_EXCHANGE = "invoice_exchange"
    DROP_EXCHANGE = "drop_exchange"
    CANCEL_EXCHANGE = "cancel_exchange"
    OPEN_PAGE = "open_page"
    AUTHORISE_CARD = "authorise_card"
    CAPTURE_CARD = "capture_card"
    RELEASE_CARD = "release_card"
    DRAFT_FEE = "draft_fee"


MONEY_KINDS: Final = frozenset({EffectKind.REFUND_TENDER})
# What stops with the payments of a store: an order completed for nothing gives its worth away, a charged card takes money.
STOPPED_KINDS: Final = MONEY_KINDS | {EffectKind.RELEASE_EXCHANGE, EffectKind.CAPTURE_CARD}
STOCK_KINDS: Final = frozenset({EffectKind.PROCESS_RETURN, EffectKind.RESTOCK})
# Orders we make: what follows from their outcome is decided in their own rooms (core/exchange_order.py, core/fee.py). A
# fee that is paid beforehand has a draft of its own; its invoice is sent and withdrawn like that of an exchange.
EXCHANGE_KINDS: Final = frozenset(
    {
        EffectKind.DRAFT_EXCHANGE,
        EffectKind.RELEASE_EXCHANGE,
        EffectKind.INVOICE_EXCHANGE,
        EffectKind.DROP_EXCHANGE,
        EffectKind.CANCEL_EXCHANGE,
        EffectKind.DRAFT_FEE,
    }
)
# The authorisation behind an instant exchange (core/hold.py); carried out at the provider of the card's payments.
CARD_KINDS: Final = frozenset(
    {EffectKind.OPEN_PAGE, EffectKind.AUTHORISE_CARD, EffectKind.CAPTURE_CARD, EffectKind.RELEASE_CARD}
)


class EffectState(StrEnum):
    """Where an effect stands; `unknown` is a state with its own path, never a failure."""

    INTENT = "intent"
    SENDING = "sending"
    PENDING = "pending"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


MOVES: Final[Mapping[EffectState, frozenset[EffectState]]] = {
    EffectState.INTENT: frozenset({EffectState.SENDING, EffectState.CANCELLED}),
    EffectState.SENDING: frozenset(
        {EffectState.INTENT, EffectState.PENDING, EffectState.CONFIRMED, EffectState.FAILED, EffectState.UNKNOWN}
    ),
    EffectState.PENDING: frozenset({EffectState.CONFIRMED, EffectState.FAILED}),
    EffectState.UNKNOWN: frozenset(
        {EffectState.SENDING, EffectState.PENDING, EffectState.CONFIRMED, EffectState.FAILED}
    ),
    EffectState.CONFIRMED: frozenset(),
    EffectState.FAILED: frozenset(),
    EffectState.CANCELLED: frozenset(),
}
OPEN_STATES: Final = frozenset({EffectState.INTENT, EffectState.SENDING, EffectState.PENDING, EffectState.UNKNOWN})


# --- what each kind aims at; the kind of the effect decides the type of its target -----------------------------------


@dataclass(frozen=True, slots=True)
class ReturnedUnits:
    """Some units of an order line, named the way platforms want returned goods named."""

    line_ref: str
    fulfilled_ref: str
    quantity: int
    reason: str = "other"
    note: str | None = None


@dataclass(frozen=True, slots=True)
class OpenReturn:
    """Open the platform's own return for these units, or request it where a person still has to decide."""

    order_ref: str
    lines: tuple[ReturnedUnits, ...]


@dataclass(frozen=True, slots=True)
class OnReturn:
    """Approve, decline, cancel or close the platform's own return; `message` says why, for people."""

    return_ref: str
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Disposed:
    """Inspected units of one line of the platform's return; `restock` puts them back at the location.

    `reverse_ref` is the platform's id of what a disposition points at, as opening the return answered it.
    """

    return_line_ref: str
    fulfilled_ref: str
    quantity: int
    restock: bool
    location_ref: str | None = None
    reverse_ref: str | None = None


@dataclass(frozen=True, slots=True)
class ProcessReturn:
    """Confirm inspected units on the platform's return, with their dispositions and without any money."""

    order_ref: str
    return_ref: str
    lines: tuple[Disposed, ...]


@dataclass(frozen=True, slots=True)
class RefundedUnits:
    """Units of a line that a refund pays for; nothing of it restocks.

    What was never sent is `cancelled` with the refund: the platform frees its stock at `location_ref`.
    """

    line_ref: str
    quantity: int
    cancelled: bool = False
    location_ref: str | None = None


@dataclass(frozen=True, slots=True)
class Leg:
    """The part of a refund that goes back to one capture, in presentment minor units."""

    capture_ref: str
    gateway: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class RefundTender:
    """Pay money back to the captures of the order; `shipping_minor` is the part booked as shipping."""

    order_ref: str
    lines: tuple[RefundedUnits, ...]
    legs: tuple[Leg, ...]
    shipping_minor: int = 0


@dataclass(frozen=True, slots=True)
class Restock:
    """Add inspected units of one article at one location (only where no platform return carries the disposition).

    A negative quantity takes units out again whose return was decided the other way.
    """

    inventory_ref: str
    location_ref: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Tagging:
    """Add or remove one tag on an order or a customer."""

    object_ref: str
    tag: str


@dataclass(frozen=True, slots=True)
class Note:
    """Add one line to the note people see on the order."""

    order_ref: str
    text: str


@dataclass(frozen=True, slots=True)
class PushReturn:
    """Open the same return in another returns system: a `retour.return/1` document, its id our reference there."""

    document: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class NewArticle:
    """Units of one article of the catalogue that a new order has."""

    variant_ref: str
    quantity: int


@dataclass(frozen=True, slots=True)
class DraftExchange:
    """Draft the new order of an exchange for whoever placed `order_ref`, and reserve its stock until a time.

    `discount_minor` of the currency is what was handed in, as the platform takes discounts: without tax where tax
    comes on top of prices; nothing where all of it is covered.
    """

    order_ref: str
    lines: tuple[NewArticle, ...]
    currency: str
    discount_minor: int | None
    reserve_until: str | None = None


@dataclass(frozen=True, slots=True)
class OnDraft:
    """Make a draft an order, send its invoice, or delete it."""

    draft_ref: str


@dataclass(frozen=True, slots=True)
class OnOrder:
    """Cancel an order that was not sent yet; what was paid for it goes back, and its stock is free again."""

    order_ref: str


Target = (
    OpenReturn
    | OnReturn
    | RemoveFromReturn
    | ProcessReturn
    | RefundTender
    | Restock
    | Tagging
    | Note
    | PushReturn
    | DraftExchange
    | DraftFee
    | OnDraft
    | OnOrder
    | OpenPage
    | AuthoriseAgain
    | CaptureCard
    | ReleaseCard
)

TARGETS: Final[Mapping[EffectKind, type[Target]]] = {
    EffectKind.REQUEST_RETURN: OpenReturn,
    EffectKind.APPROVE_RETURN: OnReturn,
    EffectKind.DECLINE_RETURN: OnReturn,
    EffectKind.OPEN_RETURN: OpenReturn,
    EffectKind.CANCEL_RETURN: OnReturn,
    EffectKind.CLOSE_RETURN: OnReturn,
    EffectKind.REMOVE_FROM_RETURN: RemoveFromReturn,
    EffectKind.PROCESS_RETURN: ProcessReturn,
    EffectKind.REFUND_TENDER: RefundTender,
    EffectKind.RESTOCK: Restock,
    EffectKind.TAG: Tagging,
    EffectKind.UNTAG: Tagging,
    EffectKind.NOTE: Note,
    EffectKind.PUSH_RETURN: PushReturn,
    EffectKind.DRAFT_EXCHANGE: DraftExchange,
    EffectKind.RELEASE_EXCHANGE: OnDraft,
    EffectKind.INVOICE_EXCHANGE: OnDraft,
    EffectKind.DROP_EXCHANGE: OnDraft,
    EffectKind.CANCEL_EXCHANGE: OnOrder,
    EffectKind.OPEN_PAGE: OpenPage,
    EffectKind.AUTHORISE_CARD: AuthoriseAgain,
    EffectKind.CAPTURE_CARD: CaptureCard,
    EffectKind.RELEASE_CARD: ReleaseCard,
    EffectKind.DRAFT_FEE: DraftFee,
}


@dataclass(frozen=True, slots=True)
class Effect:
    """One outside call that must happen exactly once; key, target and amount never change once stored.

    `reference` is written into every far-side field that can be read back. `guard_before` holds what the far side
    showed just before the first send (JSON object of the connector's making). `ship_to` is where goods of a draft go
    instead of the address of its order; it is never stored with the effect. Times are aware UTC.
    """

    id: uuid.UUID
    tenant_id: uuid.UUID
    connection_id: uuid.UUID
    kind: EffectKind
    business_ref: str
    seq: int
    key: str
    key_generation: int
    reference: str
    target: Target
    amount_minor: int | None = None
    currency: str | None = None
    state: EffectState = EffectState.INTENT
    lease_epoch: int = 0
    attempts: int = 0
    first_sent_at: datetime | None = None
    last_sent_at: datetime | None = None
    readback_negative_at: datetime | None = None
    no_effect_proven_at: datetime | None = None
    far_id: str | None = None
    guard_before: Mapping[str, object] = field(default_factory=dict)
    ship_to: PostalAddress | None = None


def effect_key(tenant_id: uuid.UUID, kind: str, business_ref: str, seq: int, generation: int) -> str:
    """Return the deterministic idempotency key of an effect; a new one exists only after a proven non-effect."""
    return str(uuid.uuid5(KEY_NAMESPACE, f"{tenant_id}|{kind}|{business_ref}|{seq}|{generation}"))


def request_hash(canonical: bytes) -> bytes:
    """Return the SHA-256 of an effect's canonical request, so that a changed body is noticed."""
    return hashlib.sha256(canonical).digest()


class Step(StrEnum):
    """What the executor does with an effect now."""

    SEND = "send"
    READ_BACK = "read_back"
    POLL = "poll"
    WAIT = "wait"
    PARK = "park"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Timing:
    """The clockwork of one connector and kind: how long its key is trusted and how long silence must last."""

    trusted_window: timedelta
    quiet_period: timedelta


def next_step(
    effect: Effect, *, timing: Timing, can_read_back: bool, repeat_harmless: bool, now: datetime
) -> tuple[Step, datetime]:
    """Return what to do with an effect and from when (`now` or later); never a blind re-send.

    A keyed call is repeated under its own key inside the trusted window (half of the far side's own). Outside it, or
    without keys, a read-back must first find nothing, no earlier than the quiet period after the last attempt. What
    can be repeated harmlessly (tags, notes) is simply repeated.
    """
    if effect.state is EffectState.INTENT:
        return Step.SEND, now
    if effect.state is EffectState.PENDING:
        return Step.POLL, now
    if effect.state not in (EffectState.UNKNOWN, EffectState.SENDING):
        return Step.NOTHING, now
    if effect.first_sent_at is None or effect.last_sent_at is None:
        return Step.SEND, now
    keyed = timing.trusted_window > timedelta(0)  # without keys a clock set back must not open the window
    if repeat_harmless or (keyed and now < effect.first_sent_at + timing.trusted_window):
        return Step.SEND, now
    quiet_until = effect.last_sent_at + timing.quiet_period
    if effect.readback_negative_at is not None and effect.readback_negative_at >= quiet_until:
        return Step.SEND, now
    if not can_read_back:
        return Step.PARK, now
    if now < quiet_until:
        return Step.WAIT, quiet_until
    return Step.READ_BACK, now
