"""What the sandbox shop remembers, in one place: settings, clock, and every object by its id."""

from __future__ import annotations

import itertools
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from retour.sandbox.shopify.goods import InventoryItem, Location, Variant
from retour.sandbox.shopify.model import (
    Customer,
    FulfillmentLine,
    Line,
    Order,
    ReasonDefinition,
    Refund,
    Return,
    ReverseLine,
    ReverseOrder,
    Transaction,
)

if TYPE_CHECKING:
    from retour.sandbox.shopify.drafts import Draft


@dataclass(slots=True, eq=False)
class Restock:
    """One entry of the restock ledger: units put back on a shelf, and by which way."""

    way: str  # disposition, refund, adjustment
    item_id: str
    location_id: str
    quantity: int
    line_id: str | None
    order_name: str | None
    reference: str | None
    at: datetime


@dataclass(slots=True, eq=False)
class Subscription:
    """Where a topic is sent."""

    id: str
    topic: str
    uri: str
    filter: str | None = None
    include_fields: list[str] = field(default_factory=list)
    failures: int = 0


@dataclass(slots=True)
class Settings:
    """What a test may change while the shop runs; times in seconds, costs in points."""

    version: str = "2026-10"
    list_lag_s: float = 0.0
    key_window_s: float = 86_400.0
    cost_points_per_s: float | None = 1000.0
    cost_bucket: float | None = None  # 20 s of refill when not set
    refund_pending: str | None = None  # None, "SUCCESS" or "FAILURE": how a pending refund will end
    refund_pending_s: float = 0.0
    process_closes: bool = False
    cancels: str = "done"  # how orderCancel ends: "done", "undone" (a job that cancels nothing), or "refused"
    taxes_included: bool = True  # whether the prices of drafted orders have their tax inside
    refund_keys: str = "errors"  # where refundCreate's key errors show: "errors" or "user_errors"
    scopes: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=lambda: ["sandbox-token"])
    webhook_secret: str = "sandbox-webhook-secret"  # noqa: S105 - a stand-in's published secret
    webhook_tries: int = 9
    webhook_retry_s: float = 1.0
    webhook_failures_until_deleted: int = 8


class Shop:
    """Everything one sandbox shop holds; made anew by `/_sandbox/reset`."""

    def __init__(self, *, seed: int, domain: str, settings: Settings) -> None:
        self.seed = seed
        self.domain = domain
        self.address = ""  # where it was last called, so that its pictures can be called too
        self.currency = "EUR"
        self.settings = settings
        self.clock_ahead = timedelta(0)
        self.ids = itertools.count(7_000_000_001)
        self.next_number = 1001
        self.orders: dict[str, Order] = {}
        self.returns: dict[str, Return] = {}
        self.lines: dict[str, Line] = {}
        self.fulfillment_lines: dict[str, FulfillmentLine] = {}
        self.fulfillment_order: dict[str, Order] = {}
        self.reverse_orders: dict[str, tuple[Return, ReverseOrder]] = {}
        self.reverse_lines: dict[str, tuple[Return, ReverseOrder, ReverseLine]] = {}
        self.transactions: dict[str, Transaction] = {}
        self.customers: dict[str, Customer] = {}
        self.locations: dict[str, Location] = {}
        self.items: dict[str, InventoryItem] = {}
        self.variants: dict[str, Variant] = {}
        self.collections: dict[str, dict[str, str]] = {}
        self.reasons: dict[str, ReasonDefinition] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.drafts: dict[str, Draft] = {}
        self.jobs: dict[str, dict[str, object]] = {}
        self.restocks: list[Restock] = []
        self.adjustments: list[dict[str, Any]] = []
        self.refused: Counter[str] = Counter()
        self.effects: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.pending: list[Transaction] = []
        self.outbox: list[tuple[str, dict[str, Any]]] = []
        self.deliveries: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def now(self) -> datetime:
        """Return the shop's clock, which a test may move ahead."""
        return datetime.fromtimestamp(time.time(), UTC) + self.clock_ahead

    def new_id(self, kind: str) -> str:
        """Return the next global id of that kind."""
        return f"gid://shopify/{kind}/{next(self.ids)}"

    def touched(self, order: Order) -> None:
        """Record that the order changed and tell the subscribers."""
        order.updated_at = self.now()
        order.history.append(order.updated_at)
        self.outbox.append(("ORDERS_UPDATED", {"order": order}))

    def tell(self, topic: str, **about: Any) -> None:
        """Queue a webhook; it is sent after the answer is made."""
        self.outbox.append((topic, about))

    def visible(self, at: datetime) -> bool:
        """Return whether a lagging list already shows what happened then."""
        return at <= self.now() - timedelta(seconds=self.settings.list_lag_s)

    def settle_due(self) -> None:
        """Let pending refund transactions end whose time has come."""
        now = self.now()
        for transaction in [t for t in self.pending if t.due_at is not None and t.due_at <= now]:
            self.pending.remove(transaction)
            transaction.status = transaction.becomes
            if transaction.status == "FAILURE":
                transaction.error_code = "PROCESSING_ERROR"
            self.tell("ORDER_TRANSACTIONS_CREATE", transaction=transaction)
            self.touched(transaction.order)

    def all_refunds(self) -> Iterator[Refund]:
        """Return every refund of every order."""
        return itertools.chain.from_iterable(order.refunds for order in self.orders.values())


def number_of(gid: str) -> int:
    """Return the number at the end of a global id, 0 when there is none."""
    tail = gid.rsplit("/", 1)[-1].split("?", 1)[0]
    return int(tail) if tail.isdigit() else 0
