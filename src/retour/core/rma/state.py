"""Everything that is known about one return, as frozen values; quantities are sums over ordinal spans of units."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from retour.core.effect import EffectKind, EffectState
from retour.core.rma.exchange import ExchangeView
from retour.core.rma.fee import FeeView
from retour.core.rma.hold import HoldView
from retour.core.rma.label import LabelView
from retour.core.rma.moves import Decision

# What Retour pays itself; all else, and what a store wants only to be told of, is handed over to whoever carries it out.
PAID_BY_US: frozenset[str] = frozenset({"refund_original"})
KEPT = "keep_item"
# Ways on which nothing travels: the shopper keeps the goods, or there are none to send.
NOTHING = "nothing"
# What the shopper brings to a counter of the merchant: no parcel, no label.
IN_STORE = "in_store"
STAYS: frozenset[str] = frozenset({KEPT, NOTHING})

# A span of unit ordinals of an order line, both ends inclusive, counted from 1.
Span = tuple[int, int]


class Grade(StrEnum):
    """The condition a unit was found in."""

    SEALED = "sealed"
    OPENED = "opened"
    DAMAGED = "damaged"


class Disposition(StrEnum):
    """What the warehouse does with a unit."""

    RESTOCK = "restock"
    REFURBISH = "refurbish"
    DISPOSE = "dispose"
    RETURN_TO_CUSTOMER = "return_to_customer"


class ShipmentStatus(StrEnum):
    """Where a return parcel is."""

    LABEL_CREATED = "label_created"
    IN_TRANSIT = "in_transit"
    DELIVERED = "delivered"
    EXCEPTION = "exception"
    RETURNED_TO_SENDER = "returned_to_sender"
    LOST = "lost"


class Moment(StrEnum):
    """The fact that makes the money of a line due; a later one implies the earlier ones."""

    INSPECTED = "inspected"
    RECEIVED = "received"
    FIRST_SCAN = "first_scan"
    DELIVERED = "delivered"
    APPROVED = "approved"


class SettlementState(StrEnum):
    """The money axis of a settlement, derived from its effect."""

    QUOTED = "quoted"
    DUE = "due"
    SENDING = "sending"
    PENDING = "pending"
    SETTLED = "settled"
    FAILED = "failed"
    UNKNOWN = "unknown"
    HANDED_OVER = "handed_over"
    REVERSED = "reversed"


SETTLED: frozenset[SettlementState] = frozenset(
    {SettlementState.SETTLED, SettlementState.HANDED_OVER, SettlementState.REVERSED}
)


@dataclass(frozen=True, slots=True)
class Inspection:
    """The verdict on a span of units of one return line."""

    id: uuid.UUID
    batch_id: uuid.UUID
    line_id: uuid.UUID
    line_ref: str
    span: Span
    grade: Grade
    disposition: Disposition
    accepted: bool
    deduction_basis_points: int = 0
    location_ref: str | None = None
    restocked: bool = False


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """Some units of one order line coming back; `claimed` are the ordinals held, `received` those that arrived.

    Its money is due `settle_after_hours` after the moment `settle_on`; `arrived_at` is when units last arrived.
    """

    id: uuid.UUID
    line_ref: str
    position: int
    requested_quantity: int
    reason: str
    resolution: str
    decision: Decision
    note: str | None = None
    message: str | None = None
    claimed: tuple[Span, ...] = ()
    received: tuple[Span, ...] = ()
    inspections: tuple[Inspection, ...] = ()
    settle_on: Moment = Moment.INSPECTED
    settle_after_hours: int = 0
    decided_at: datetime | None = None
    arrived_at: datetime | None = None
    method: str | None = None  # how its goods come back
    destination: str | None = None  # where they go, if not to the store's own place
    answers: Mapping[str, str] = field(default_factory=dict)  # of the shopper, by the id of the question
    resolution_ref: str | None = None  # of the merchant's own record
    lost_at: datetime | None = None  # since when its units count as here although they are lost on their way
    platform_reason: str | None = None  # what the platform calls the reason, where the merchant says so

    @property
    def kept(self) -> bool:
        """Return whether nothing of it comes back (kept, lost, never arrived, never sent): there is nothing to inspect."""
        return self.resolution == KEPT or self.method in STAYS or self.lost_at is not None

    @property
    def quantity(self) -> int:
        """Return how many units the line still claims."""
        return count(self.claimed)

    @property
    def inspected(self) -> tuple[Span, ...]:
        """Return the ordinals that have a verdict."""
        return tuple(i.span for i in self.inspections)


@dataclass(frozen=True, slots=True)
class Shipment:
    """A parcel on its way back."""

    id: uuid.UUID
    carrier: str
    tracking_number: str
    status: ShipmentStatus
    status_at: datetime


@dataclass(frozen=True, slots=True)
class Question:
    """What staff asked the shopper and nobody has answered yet; `answer_by` is when the return stops waiting for it."""

    id: uuid.UUID
    asked_at: datetime
    answer_by: datetime | None = None
    reminded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the store waits, in days (none: for ever), and how many days before the end it reminds."""

    unsent_days: int | None = None
    unanswered_days: int | None = None
    remind_days: tuple[int, ...] = ()
    unpaid_days: int | None = None  # an invoice for the difference of an exchange


@dataclass(frozen=True, slots=True)
class SettlementView:
    """The money side of one inspected batch, or of units settled before their inspection (`units`, by line ref).

    Nothing is paid `not_before` a time, if there is one.
    """

    id: uuid.UUID
    seq: int
    batch_id: uuid.UUID
    state: SettlementState
    total_minor: int
    comparison: str | None = None
    moment: Moment = Moment.INSPECTED
    units: tuple[tuple[str, int, int], ...] = ()
    not_before: datetime | None = None
    resolution: str = "refund_original"
    handed_to: str | None = None  # "platform" answers for itself, "merchant" reports how it went
    handed_at: datetime | None = None
    reported_at: datetime | None = None
    second_at: datetime | None = None  # since when a second person is to approve it
    second_because: str | None = None
    begun_at: datetime | None = None  # of a repair: somebody works on it
    exchange: ExchangeView | None = None  # the new order, where Retour makes it

    @property
    def awaits_report(self) -> bool:
        """Return whether the merchant has still to say that it was carried out; what failed is still owed."""
        return self.handed_to == "merchant" and self.state in (SettlementState.HANDED_OVER, SettlementState.DUE)

    @property
    def is_done(self) -> bool:
        """Return whether nothing more is to be done about it."""
        return self.state in SETTLED and not self.awaits_report


@dataclass(frozen=True, slots=True)
class EffectView:
    """An effect of the return as far as the next step depends on it; `result` is what the far side told."""

    id: uuid.UUID
    kind: EffectKind
    business_ref: str
    state: EffectState
    parked: bool = False
    settlement: bool = False
    far_id: str | None = None
    far_code: str | None = None
    created_at: datetime | None = None
    result: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who masters what in the store, and what the store's platform is capable of."""

    returns: str = "retour"
    refunds: str = "retour"
    restocks: str = "retour"
    tag_on: str = "order"
    location_ref: str | None = None
    capable_of: frozenset[EffectKind] = frozenset()
    paused: bool = False
    notify_only: frozenset[str] = frozenset()

    def pays(self, resolution: str) -> bool:
        """Return whether Retour itself, or the platform that masters refunds, carries a kind of resolution out."""
        return resolution in PAID_BY_US and resolution not in self.notify_only


@dataclass(frozen=True, slots=True)
class Return:
    """One return with its lines, parcels, settlements and effects (oldest first)."""

    id: uuid.UUID
    number: int
    status: Decision
    order_ref: str
    person_ref: str | None
    currency: str
    requested_at: datetime
    lines: tuple[ReturnLine, ...]
    shipments: tuple[Shipment, ...] = ()
    settlements: tuple[SettlementView, ...] = ()
    effects: tuple[EffectView, ...] = ()
    decided_at: datetime | None = None
    in_transit_at: datetime | None = None
    delivered_at: datetime | None = None
    received_at: datetime | None = None
    inspected_at: datetime | None = None
    resolved_at: datetime | None = None
    location_ref: str | None = None
    held: bool = False
    another_in_transit: bool = False
    connected: bool = True  # whether the platform can be called at all
    kind: str = "return"
    gift: bool = False  # asked by the receiver of a gift: the giver is told nothing, the receiver no price
    approve_at: datetime | None = None  # when the policy approves what nobody has decided by then
    fraud_review: bool = False  # signs of abuse, or a list, send it to a person
    labels: tuple[LabelView, ...] = ()
    announced: Mapping[str, int] | None = None  # what the warehouse was told last: units by the id of the line
    warehouse: bool = False  # whether a warehouse system wants to be told
    asked: Question | None = None  # while it waits for the shopper's answer
    send_by: datetime | None = None  # when it is over if nothing was sent
    reminded_at: datetime | None = None  # of that
    patience: Patience = Patience()
    card: HoldView | None = None  # the newest authorisation that an instant exchange stands on
    fee: FeeView | None = None  # what is paid before the goods are sent
    push_to: uuid.UUID | None = None  # the returns system that it is told to and does not come from, while it is not

    def effect(self, kind: EffectKind, business_ref: str) -> EffectView | None:
        """Return the newest effect of that kind and business reference, or nothing; a deliberate retry replaces it."""
        return next((e for e in reversed(self.effects) if e.kind is kind and e.business_ref == business_ref), None)

    def standing(self) -> tuple[EffectView, ...]:
        """Return the effects that no later effect of the same kind and business reference has replaced."""
        return tuple({(e.kind, e.business_ref): e for e in self.effects}.values())

    def inspections(self) -> tuple[Inspection, ...]:
        """Return every verdict of the return, in line order."""
        return tuple(i for line in self.lines for i in line.inspections)


def count(spans: Iterable[Span]) -> int:
    """Return how many units the spans hold."""
    return sum(hi - lo + 1 for lo, hi in spans)


def minus(spans: Iterable[Span], taken: Iterable[Span]) -> tuple[Span, ...]:
    """Return the units of `spans` that are not in `taken`, as ascending spans that do not touch."""
    gone = {u for lo, hi in taken for u in range(lo, hi + 1)}
    return join(u for lo, hi in spans for u in range(lo, hi + 1) if u not in gone)


def common(spans: Iterable[Span], others: Iterable[Span]) -> tuple[Span, ...]:
    """Return the units that are in both, as ascending spans that do not touch."""
    there = {u for lo, hi in others for u in range(lo, hi + 1)}
    return join(u for lo, hi in spans for u in range(lo, hi + 1) if u in there)


def lowest(spans: Sequence[Span], n: int) -> tuple[Span, ...]:
    """Return the `n` lowest units of the spans; fewer only if the spans hold fewer."""
    return join(sorted(u for lo, hi in spans for u in range(lo, hi + 1))[:n])


def join_spans(spans: Iterable[Span], others: Iterable[Span]) -> tuple[Span, ...]:
    """Return the units of both, as ascending spans that do not touch."""
    return join(u for lo, hi in (*spans, *others) for u in range(lo, hi + 1))


def join(units: Iterable[int]) -> tuple[Span, ...]:
    """Return ordinals as ascending spans that do not touch."""
    spans: list[Span] = []
    for unit in sorted(units):
        if spans and spans[-1][1] == unit - 1:
            spans[-1] = (spans[-1][0], unit)
        else:
            spans.append((unit, unit))
    return tuple(spans)
