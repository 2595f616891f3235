"""Orders to return, in numbers: one is mirrored as any other, the rest are copies of its rows under ids that count up."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from retour.core.money import Sides
from retour.core.order import (
    Capture,
    Charge,
    ChargeKind,
    DiscountShare,
    Fetched,
    FulfilledUnits,
    Fulfilment,
    Order,
    OrderLine,
    Person,
    Product,
    Tax,
    TenderKind,
)
from retour.flows import order as orders
from retour.store.db import Database, Db
from retour.store.vault import Vault

from .installation import Merchant

# The n-th order; bench/statements.py writes the same expression into its script.
ORDER_ID = "('0b000000-0000-4000-8000-' || lpad(to_hex({n}), 12, '0'))::uuid"
LINES = 3

# Each order has a shopper of its own: an address that thousands share is no shop's everyday.
COPY_PEOPLE = f"""
INSERT INTO person (tenant_id, id, store_id, far_ref, name, email, email_folded, tags, sealed_key)
SELECT p.tenant_id, {ORDER_ID.format(n="n")}, p.store_id, p.far_ref || '/' || n, p.name, n || p.email,
       n || p.email_folded, p.tags, p.sealed_key
  FROM person p JOIN sales_order o ON o.tenant_id = p.tenant_id AND o.person_id = p.id, generate_series($2::bigint, $3) n
 WHERE o.id = $1
"""
COPY_ORDERS = f"""
INSERT INTO sales_order (tenant_id, id, store_id, connection_id, person_id, far_ref, name, name_folded, currency,
                         shop_currency, total_minor, placed_at, far_updated_at, document)
SELECT tenant_id, {ORDER_ID.format(n="n")}, store_id, connection_id, {ORDER_ID.format(n="n")}, far_ref || '/' || n,
       '#' || n, n::text, currency, shop_currency, total_minor, placed_at, far_updated_at, document
  FROM sales_order, generate_series($2::bigint, $3) n WHERE id = $1
"""
COPY_COUNTERS = f"""
INSERT INTO order_line_counter (tenant_id, order_id, line_ref, ordered, fulfilled)
SELECT tenant_id, {ORDER_ID.format(n="n")}, line_ref, ordered, fulfilled
  FROM order_line_counter, generate_series($2::bigint, $3) n WHERE order_id = $1
"""
COPY_CAPTURES = f"""
INSERT INTO payment_capture (tenant_id, order_id, ref, kind, gateway, currency, captured_at, captured_minor)
SELECT tenant_id, {ORDER_ID.format(n="n")}, ref, kind, gateway, currency, captured_at, captured_minor
  FROM payment_capture, generate_series($2::bigint, $3) n WHERE order_id = $1
"""


def order_id(n: int) -> UUID:
    """Return the id of the n-th order."""
    return UUID(f"0b000000-0000-4000-8000-{n:012x}")


@dataclass
class Orders:
    """Fresh orders of a merchant; each number is handed out once."""

    seeded: int
    used: int = 0

    def take(self, count: int) -> range:
        """Return the numbers of so many orders that nobody has returned anything of."""
        assert self.used + count <= self.seeded, "too few orders were seeded"
        self.used += count
        return range(self.used - count + 1, self.used + 1)


async def seed(database: Database, vault: Vault, merchant: Merchant, count: int) -> Orders:
    """Mirror one order and copy its rows `count` times."""
    now = datetime.now(UTC)
    async with database.tx(merchant.tenant_id) as db:
        saved = await orders.mirror(db, vault, connection_id=merchant.connection_id, fetched=_fetched(now), at=now)
    for first in range(1, count + 1, 5000):
        async with database.tx(merchant.tenant_id) as db:
            await _copy(db, saved.record.id, first, min(first + 4999, count))
    return Orders(count)


async def _copy(db: Db, pattern: UUID, first: int, last: int) -> None:
    for statement in (COPY_PEOPLE, COPY_ORDERS, COPY_COUNTERS, COPY_CAPTURES):
        await db.execute(statement, pattern, first, last)


def _fetched(now: datetime) -> Fetched:
    """Return an order of three lines with a discount and two tax buckets each, shipping, paid by card, delivered."""
    placed, lines = now - timedelta(days=6), tuple(_line(n) for n in range(1, LINES + 1))
    shipping = Charge("ship-1", ChargeKind.SHIPPING, "Standard", Sides(590, 590), (Tax("VAT 0.19", Sides(94, 94)),))
    total = sum(line.gross.presentment for line in lines) + shipping.gross.presentment
    order = Order(
        ref="gid://shopify/Order/1", name="#1", currency="EUR", shop_currency="EUR", placed_at=placed, updated_at=placed,
        total=Sides(total, total), lines=lines, charges=(shipping,), taxes_included=True, country="DE",
        captures=(Capture("gid://shopify/OrderTransaction/1", TenderKind.CARD, "shopify_payments", total, placed),),
        fulfilments=(
            Fulfilment(
                "gid://shopify/Fulfillment/1", placed + timedelta(days=1), placed + timedelta(days=3),
                "gid://shopify/Location/1", tuple(FulfilledUnits(f"f-{x.ref}", x.ref, x.quantity) for x in lines),
            ),
        ),
    )  # fmt: skip
    return Fetched(order, Person(ref="customer-1", name="Ann Keller", email="ann@example.com", postcode="10969"), b"{}")


def _line(n: int) -> OrderLine:
    return OrderLine(
        ref=f"gid://shopify/LineItem/{n}", position=n - 1, title=f"Article {n}", quantity=2, gross=Sides(3_800, 3_800),
        list_value=Sides(4_000, 4_000), taxes=(Tax("VAT 0.19", Sides(607, 607)), Tax("City 0.01", Sides(32, 32))),
        discounts=(DiscountShare("SPRING", Sides(200, 200)),), sku=f"SKU-{n}", variant_ref=f"gid://shopify/Variant/{n}",
        inventory_ref=f"gid://shopify/InventoryItem/{n}",
        product=Product(f"gid://shopify/Product/{n}", "Shirts", "Retour", ("summer", "sale"), ("shirts",)),
    )  # fmt: skip
