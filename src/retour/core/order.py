"""The order as every platform delivers it: one shape, settled figures, integers on both sides."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from retour.core.money import NOTHING, Sides
from retour.core.postal import PostalAddress


class ChargeKind(StrEnum):
    """What an order was charged for beside its lines."""

    SHIPPING = "shipping"
    DUTY = "duty"
    TIP = "tip"
    FEE = "fee"
    GIFT_WRAPPING = "gift_wrapping"
    ORDER_ROUNDING = "order_rounding"


class TenderKind(StrEnum):
    """The kind of money an order was paid with."""

    CARD = "card"
    GIFT_CARD = "gift_card"
    STORE_CREDIT = "store_credit"
    OTHER = "other"


class PromotionKind(StrEnum):
    """How a promotion came onto the order."""

    CODE = "code"
    AUTOMATIC = "automatic"
    MANUAL = "manual"
    SCRIPT = "script"


class Risk(StrEnum):
    """How likely the platform thinks an order to be fraudulent."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Tax:
    """One tax of one jurisdiction on a line or charge; the bucket is its stable name within the order."""

    bucket: str
    amount: Sides


@dataclass(frozen=True, slots=True)
class DiscountShare:
    """What one promotion took off a line (positive, already subtracted from the line's gross).

    `promotion` is the code the shopper typed or the title of what applied by itself; `kind` is not known of orders that
    were read before it was asked for.
    """

    promotion: str
    amount: Sides
    kind: PromotionKind | None = None


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a component was bought as: the parent of its `bundle_ref`, with how many of it were bought."""

    title: str
    quantity: int = 1
    sku: str | None = None


@dataclass(frozen=True, slots=True)
class BundlePart:
    """A component of a line that is sold as one and may come back in parts; `quantity` of it are in one of the line.

    `list_value` is the price of one component before discounts, the weight by which the line's price is shared.
    """

    ref: str
    title: str
    list_value: Sides
    quantity: int = 1
    sku: str | None = None
    inventory_ref: str | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """What the policy may ask about the article of a line; `collections` are handles, nothing if not all were read."""

    ref: str | None = None
    type: str | None = None
    vendor: str | None = None
    tags: tuple[str, ...] = ()
    collections: tuple[str, ...] | None = None
    gift_card: bool = False


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A settled order line; `gross` includes every tax bucket and is net of all discounts, in minor units per side.

    `ref` is the platform's id of the line; `quantity` counts the smallest sellable units as ordered and
    `cancelled` those that left the order unshipped. `inventory_ref` is where a restock goes. `weight_g` is what one unit
    weighs in whole grams, as the catalogue says; `part_of` names the platform's line that this is a share of: the platform
    knows only that one. `properties` are the names of what the shopper filled in for the
    article (an engraving, a date), never what was filled in, and nothing while nobody asked for them.
    """

    ref: str
    position: int
    title: str
    quantity: int
    gross: Sides
    list_value: Sides
    taxes: tuple[Tax, ...] = ()
    discounts: tuple[DiscountShare, ...] = ()
    sku: str | None = None
    variant_ref: str | None = None
    inventory_ref: str | None = None
    image_url: str | None = None
    cancelled: int = 0
    requires_shipping: bool = True
    bundle_ref: str | None = None
    product: Product = Product()
    bundle: Bundle | None = None
    weight_g: int | None = None
    properties: tuple[str, ...] | None = None
    components: tuple[BundlePart, ...] = ()
    part_of: str | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """Shipping, duty, tip, fee or rounding: the shape of a line with one unit."""

    ref: str
    kind: ChargeKind
    title: str
    gross: Sides
    taxes: tuple[Tax, ...] = ()
    line_ref: str | None = None


@dataclass(frozen=True, slots=True)
class Capture:
    """Money taken for the order; `refunded` is what the platform says went back, whoever asked for it.

    `pending` counts refunds that the platform accepted and the gateway has not confirmed. Amounts of one capture are
    minor units of the presentment currency.
    """

    ref: str
    kind: TenderKind
    gateway: str
    captured: int
    captured_at: datetime
    refunded: int = 0
    pending: int = 0


@dataclass(frozen=True, slots=True)
class FulfilledUnits:
    """Some units of one line inside a fulfilment; `ref` is what platforms want named when these units return."""

    ref: str
    line_ref: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Fulfilment:
    """A shipped parcel of the order."""

    ref: str
    shipped_at: datetime
    delivered_at: datetime | None = None
    location_ref: str | None = None
    units: tuple[FulfilledUnits, ...] = ()


@dataclass(frozen=True, slots=True)
class RefundedLine:
    """Units of a line inside a refund seen on the platform; `gross` includes tax."""

    line_ref: str
    quantity: int
    gross: Sides
    tax: Sides = NOTHING
    restocked: bool = False


@dataclass(frozen=True, slots=True)
class RefundMovement:
    """One gateway movement of a refund; `amount` in presentment minor units."""

    ref: str
    capture_ref: str | None
    amount: int
    status: str


@dataclass(frozen=True, slots=True)
class PlatformRefund:
    """A refund as the platform records it, whoever made it; `note` carries our reference if it is ours."""

    ref: str
    created_at: datetime
    total: Sides
    note: str | None = None
    lines: tuple[RefundedLine, ...] = ()
    movements: tuple[RefundMovement, ...] = ()


@dataclass(frozen=True, slots=True)
class PlatformReturn:
    """A native return object of the platform."""

    ref: str
    name: str
    status: str


@dataclass(frozen=True, slots=True)
class Order:
    """One order with its settled figures; holds no personal data (see `Person`).

    `province` is the code of the state or region it was shipped to, `channel` the platform's name of where it was
    bought and `app` the name of what brought it in. `company` says that a company bought it, `failed_payments` how often
    somebody tried in vain to pay it. What a platform does not tell is nothing.
    """

    ref: str
    name: str
    currency: str
    shop_currency: str
    placed_at: datetime
    updated_at: datetime
    total: Sides
    lines: tuple[OrderLine, ...]
    charges: tuple[Charge, ...] = ()
    captures: tuple[Capture, ...] = ()
    fulfilments: tuple[Fulfilment, ...] = ()
    refunds: tuple[PlatformRefund, ...] = ()
    returns: tuple[PlatformReturn, ...] = ()
    taxes_included: bool = False
    tags: tuple[str, ...] = ()
    country: str | None = None
    discount_codes: tuple[str, ...] = ()
    cancelled_at: datetime | None = None
    test: bool = False
    province: str | None = None
    channel: str | None = None
    app: str | None = None
    company: bool | None = None
    risk: Risk | None = None
    failed_payments: int | None = None

    def line(self, ref: str) -> OrderLine | None:
        """Return the line of that ref, or nothing."""
        return next((line for line in self.lines if line.ref == ref), None)

    @property
    def shares(self) -> frozenset[str]:
        """Return the refs of the lines that the platform does not know: shares of lines it sold as one."""
        return frozenset(line.ref for line in self.lines if line.part_of is not None)

    def fulfilled(self, ref: str) -> int:
        """Return how many units of the line have been shipped."""
        return sum(u.quantity for f in self.fulfilments for u in f.units if u.line_ref == ref)

    def sent(self) -> dict[str, int]:
        """Return how many units of each line have been shipped; a line of which none was is missing."""
        sent: dict[str, int] = {}
        for parcel in self.fulfilments:
            for units in parcel.units:
                sent[units.line_ref] = sent.get(units.line_ref, 0) + units.quantity
        return sent


@dataclass(frozen=True, slots=True)
class Figures:
    """What the platform says a customer has done so far, as of the last order of theirs that was read.

    `spent` is in minor units of the store's books currency, `since` is when the customer was first known.
    """

    orders_placed: int | None = None
    spent: int | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """The shopper of an order; kept apart from the order so that erasure can find and destroy it.

    `home_country` is that of the person's own address (ISO 3166 alpha-2), which need not be where the order went.
    """

    ref: str | None = None
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    postcode: str | None = None
    tags: tuple[str, ...] = ()
    home_country: str | None = None
    figures: Figures = Figures()
    ship_to: PostalAddress | None = None  # where this order of theirs was sent


@dataclass(frozen=True, slots=True)
class Fetched:
    """An order as just fetched: the one shape, the person, and the platform's own document (JSON bytes)."""

    order: Order
    person: Person
    raw: bytes
    findings: tuple[str, ...] = ()
