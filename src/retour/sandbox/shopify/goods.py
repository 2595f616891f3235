"""What a shop sells and where it lies, as plain objects named as the API names them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


@dataclass(slots=True, eq=False)
class Location:
    """A place that holds stock."""

    id: str
    name: str
    address: dict[str, str]
    is_active: bool = True
    fulfills_online_orders: bool = True
    ships_inventory: bool = True


@dataclass(slots=True, eq=False)
class InventoryItem:
    """The stock side of a variant: quantities by (location id, state), and what one unit weighs."""

    id: str
    sku: str
    tracked: bool = True
    grams: float = 0.0
    levels: dict[str, dict[str, int]] = field(default_factory=dict)
    updated_at: dict[str, datetime] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Product:
    """A product as far as a return rule may ask."""

    id: str
    title: str
    product_type: str
    vendor: str
    tags: list[str]
    is_gift_card: bool = False
    has_only_default_variant: bool = False
    collections: list[dict[str, str]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Variant:
    """What was bought."""

    id: str
    sku: str
    barcode: str
    product: Product
    inventory_item: InventoryItem
    price: Decimal = Decimal(10)
    taxes: list[list[str]] = field(default_factory=lambda: [["VAT", "0.19"]])
    inventory_policy: str = "DENY"
    option: str = ""
    name: str = ""

    @property
    def full_title(self) -> str:
        """Return what it is called by itself."""
        return self.name or self.product.title
