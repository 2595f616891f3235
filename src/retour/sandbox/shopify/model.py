"""The things a shop holds, as plain objects named as the API names them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from retour.sandbox.shopify.goods import Location, Product, Variant
from retour.sandbox.shopify.money import Bag, total


@dataclass(slots=True, eq=False)
class TaxLine:
    """One tax of one jurisdiction on a line, a shipping line or the order."""

    title: str
    rate: Decimal
    price: Bag


@dataclass(slots=True, eq=False)
class Discount:
    """A discount application of the order."""

    index: int
    target_type: str
    allocation_method: str
    value: Any
    code: str | None
    title: str
    made_by: str = "Automatic"  # or Manual, Script; a code says so itself


@dataclass(slots=True, eq=False)
class Allocation:
    """The part of a discount that one line carries."""

    allocated_amount: Bag
    discount_application: Discount


@dataclass(slots=True, eq=False)
class Group:
    """A bundle's parent."""

    id: str
    title: str
    quantity: int
    variant_sku: str | None = None


@dataclass(slots=True, eq=False)
class Line:
    """An order line."""

    id: str
    sku: str
    name: str
    title: str
    quantity: int
    variant: Variant
    original_unit_price: Bag
    discount_allocations: list[Allocation]
    tax_lines: list[TaxLine]
    line_item_group: Group | None
    requires_shipping: bool
    is_gift_card: bool
    taxable: bool
    custom_attributes: list[dict[str, str]] = field(default_factory=list)
    holds: dict[str, int] = field(default_factory=dict)  # articles in one unit, which the shop itself does not know
    sent: int = 0  # units that left the house
    is_custom: bool = False  # typed in by hand: no article of the catalogue, and nothing on a shelf
    refunded: int = 0  # units with a refund line, whatever the restock type
    refunded_outside: int = 0  # of these, fulfilled units that belong to no return
    cancelled: int = 0  # unfulfilled units taken off by a refund

    @property
    def product(self) -> Product:
        return self.variant.product

    @property
    def gross(self) -> Bag:
        """Return price x quantity before discounts."""
        return self.original_unit_price.each(lambda amount, _: amount * self.quantity)

    @property
    def discounted(self) -> Bag:
        """Return the line's total after all discounts."""
        return self.gross - total((a.allocated_amount for a in self.discount_allocations), self.original_unit_price)

    @property
    def tax(self) -> Bag:
        return total((t.price for t in self.tax_lines), self.original_unit_price)

    @property
    def refundable_quantity(self) -> int:
        return self.quantity - self.refunded


@dataclass(slots=True, eq=False)
class ShippingLine:
    """What was paid for delivery."""

    id: str
    title: str
    code: str
    original_price: Bag
    discounted_price: Bag
    tax_lines: list[TaxLine]


@dataclass(slots=True, eq=False)
class FulfillmentLine:
    """Some units of a line in one parcel; what a return points at."""

    id: str
    quantity: int
    line_item: Line
    returned: int = 0  # units in returns that are neither cancelled nor declined


@dataclass(slots=True, eq=False)
class Fulfillment:
    """A parcel that left."""

    id: str
    name: str
    status: str
    display_status: str
    created_at: datetime
    delivered_at: datetime | None
    location: Location
    tracking_number: str
    lines: list[FulfillmentLine]


@dataclass(slots=True, eq=False)
class Transaction:
    """Money taken or given back; `due_at`/`becomes` say how a pending one will end."""

    id: str
    kind: str
    status: str
    gateway: str
    amount: Bag
    order: Order
    created_at: datetime
    parent_transaction: Transaction | None = None
    account_number: str | None = None
    error_code: str | None = None
    due_at: datetime | None = None
    becomes: str = "SUCCESS"

    @property
    def counts(self) -> bool:
        """Return whether the money moved or may still move."""
        return self.status in {"SUCCESS", "PENDING"}


@dataclass(slots=True, eq=False)
class RefundLine:
    """Units of one line in a refund."""

    id: str
    line_item: Line
    quantity: int
    restock_type: str
    location: Location | None
    subtotal: Bag
    total_tax: Bag
    price: Bag

    @property
    def restocked(self) -> bool:
        return self.restock_type in {"RETURN", "CANCEL"}


@dataclass(slots=True, eq=False)
class Refund:
    """A refund; its transactions, not its existence, say whether money moved."""

    id: str
    order: Order
    created_at: datetime
    note: str | None
    lines: list[RefundLine]
    shipping: Bag | None
    shipping_tax: Bag | None
    transactions: list[Transaction]
    for_return: Return | None = None
    by: str = "api"

    @property
    def total_refunded(self) -> Bag:
        return total((t.amount for t in self.transactions if t.counts), self.order.total_price)


@dataclass(slots=True, eq=False)
class Disposition:
    """What the warehouse did with some units."""

    id: str
    type: str
    quantity: int
    location: Location | None


@dataclass(slots=True, eq=False)
class ReverseLine:
    """One line of a reverse fulfillment order."""

    id: str
    total_quantity: int
    fulfillment_line_item: FulfillmentLine
    dispositions: list[Disposition] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class ReverseDelivery:
    """A parcel on its way back, as the app reported it."""

    id: str
    tracking: dict[str, str | None] | None
    label_url: str | None


@dataclass(slots=True, eq=False)
class ReverseOrder:
    """The warehouse's side of an open return."""

    id: str
    status: str
    lines: list[ReverseLine]
    deliveries: list[ReverseDelivery] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class ReturnLine:
    """Units of a fulfillment line that come back."""

    id: str
    fulfillment_line_item: FulfillmentLine
    quantity: int
    reason: ReasonDefinition
    return_reason_note: str
    customer_note: str | None
    restocking_percentage: float | None
    processed: int = 0
    refunded: int = 0
    let_go: int = 0  # neither processed nor refunded when its return was closed


@dataclass(slots=True, eq=False)
class Return:
    """A return as the platform knows it."""

    id: str
    name: str
    order: Order
    status: str
    created_at: datetime
    lines: list[ReturnLine]
    shipping_fee: Bag | None = None
    closed_at: datetime | None = None
    request_approved_at: datetime | None = None
    decline: dict[str, str | None] | None = None
    reverse_orders: list[ReverseOrder] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class ReasonDefinition:
    """A reason of the shop's library."""

    id: str
    handle: str
    name: str
    deleted: bool = False


@dataclass(slots=True, eq=False)
class Customer:
    """Who bought; an address may be missing."""

    id: str
    display_name: str
    email: str | None
    phone: str | None
    created_at: datetime
    tags: list[str] = field(default_factory=list)
    default_address: dict[str, Any] | None = None
    orders_before: int = 0  # orders that the shop no longer shows, and what was spent on them
    spent_before: Decimal = Decimal(0)


@dataclass(slots=True, eq=False)
class Order:
    """An order with everything that hangs on it."""

    id: str
    legacy_resource_id: int
    name: str
    number: int
    email: str | None
    phone: str | None
    created_at: datetime
    updated_at: datetime
    currency_code: str
    presentment_currency_code: str
    taxes_included: bool
    customer: Customer
    shipping_address: dict[str, Any]
    line_items: list[Line]
    shipping_lines: list[ShippingLine]
    tax_lines: list[TaxLine]
    subtotal_price: Bag
    total_price: Bag
    total_tax: Bag
    total_shipping_price: Bag
    total_discounts: Bag
    discount_codes: list[str]
    tags: list[str]
    note: str | None
    stories: list[str]
    closed_at: datetime | None = None
    cancelled_at: datetime | None = None
    custom_attributes: list[dict[str, str]] = field(default_factory=list)
    fulfillments: list[Fulfillment] = field(default_factory=list)
    transactions: list[Transaction] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    returns: list[Return] = field(default_factory=list)
    source_name: str = "web"
    app: dict[str, str] | None = None
    risk_level: str | None = None
    company: dict[str, str] | None = None
    refund_ends: str | None = None  # how each refund of this order ends at the gateway: FAILURE for a closed card
    quotes_less: Decimal = Decimal(0)  # what the shop's own quote of a return's first line is short of
    history: list[datetime] = field(default_factory=list)  # every updated_at, for a lagging search index

    @property
    def paid(self) -> Bag:
        kinds = {"SALE", "CAPTURE"}
        return total((t.amount for t in self.transactions if t.kind in kinds and t.counts), self.total_price)

    @property
    def given_back(self) -> Bag:
        return total((t.amount for t in self.transactions if t.kind == "REFUND" and t.counts), self.total_price)
