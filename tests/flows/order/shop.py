"""Builders for orders, accounts and a stand-in of a platform that answers from a dictionary."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from retour.core.money import Sides
from retour.core.order import (
    Capture,
    DiscountShare,
    Fetched,
    FulfilledUnits,
    Fulfilment,
    Order,
    OrderLine,
    Person,
    PlatformRefund,
    RefundedLine,
    RefundMovement,
    Tax,
    TenderKind,
)
from retour.core.ports import ContactProof, Credential, Page
from retour.core.postal import PostalAddress

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CREDENTIAL = Credential("http://127.0.0.1:1", "secret")
CANARY = "canary.shopper@example.com"
HOME = PostalAddress("Ann Lind", ("Lindenweg 4",), "Berlin", "DE", "10969")
PERSON = Person(
    ref="cust-1",
    name="Cara Canary",
    email=CANARY,
    phone="+49 170 5550123",
    postcode="10115 B",
    ship_to=PostalAddress("Ann Lind", ("Lindenweg 4",), "Berlin", "DE", "10969"),
)


def a_line(ref: str = "line-1", *, quantity: int = 2, gross: int = 2_000, cancelled: int = 0) -> OrderLine:
    return OrderLine(
        ref=ref,
        position=0,
        title=f"Article {ref}",
        quantity=quantity,
        gross=Sides(gross, gross),
        list_value=Sides(gross + 100, gross + 100),
        taxes=(Tax("VAT 0.19", Sides(319, 319)), Tax("City 0.01", Sides(20, 20))),
        discounts=(DiscountShare("SPRING", Sides(100, 100)),),
        sku=f"SKU-{ref}",
        cancelled=cancelled,
    )


def an_order(**changes: Any) -> Order:
    """Return an order of one line with two shipped units, 20.00 EUR captured on one card."""
    order = Order(
        ref="gid://order/1",
        name="#1001",
        currency="EUR",
        shop_currency="EUR",
        placed_at=NOON - timedelta(days=5),
        updated_at=NOON,
        total=Sides(2_000, 2_000),
        lines=(a_line(),),
        captures=(Capture("cap-1", TenderKind.CARD, "card", 2_000, NOON - timedelta(days=5)),),
        fulfilments=(Fulfilment("ful-1", NOON - timedelta(days=4), units=(FulfilledUnits("fl-1", "line-1", 2),)),),
    )
    return replace(order, **changes)


def a_refund(
    ref: str = "refund-1", *, amount: int = 500, quantity: int = 0, note: str | None = None, status: str = "success",
    capture: str | None = "cap-1", minutes: int = 0,
) -> PlatformRefund:  # fmt: skip
    return PlatformRefund(
        ref=ref,
        created_at=NOON + timedelta(minutes=minutes),
        total=Sides(amount, amount),
        note=note,
        lines=(RefundedLine("line-1", quantity, Sides(amount, amount)),) if quantity else (),
        movements=(RefundMovement(f"{ref}-tx", capture, amount, status),),
    )


def fetched(order: Order | None = None, *, person: Person = PERSON, findings: tuple[str, ...] = ()) -> Fetched:
    return Fetched(order or an_order(), person, f'{{"email": "{CANARY}"}}'.encode(), findings)


def later(order: Order, minutes: int = 1, **changes: Any) -> Order:
    return replace(order, updated_at=order.updated_at + timedelta(minutes=minutes), **changes)


@dataclass(frozen=True)
class Shop:
    """The rows that every order hangs on."""

    tenant_id: UUID
    store_id: UUID
    connection_id: UUID


async def open_shop(database: Any, *, platform: str = "shopify", sealed: bytes | None = None) -> Shop:
    """Add an account with a store and a connection of its own."""
    shop = Shop(uuid4(), uuid4(), uuid4())
    async with database.tx(shop.tenant_id) as db:
        await db.execute("INSERT INTO account (tenant_id, name) VALUES ($1, $2)", shop.tenant_id, str(shop.tenant_id))
        await db.execute(
            "INSERT INTO store (tenant_id, id, shop_name, currency) VALUES ($1, $2, 'shop', 'EUR')",
            shop.tenant_id, shop.store_id,
        )  # fmt: skip
        await db.execute(
            "INSERT INTO connection (tenant_id, id, store_id, platform, far_name, base_url, sealed_webhook_secrets)"
            " VALUES ($1, $2, $3, $4, 'shop.example', 'http://127.0.0.1:1', $5)",
            shop.tenant_id, shop.connection_id, shop.store_id, platform, sealed,
        )  # fmt: skip
    return shop


@dataclass
class Platform:
    """A platform that knows these orders and fails when told to; the reads of a connector, nothing else."""

    orders: dict[str, Fetched] = field(default_factory=dict)
    page_size: int = 2
    broken: dict[str, list[Exception]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    listed: list[tuple[datetime, str | None]] = field(default_factory=list)
    platform: str = "shopify"

    def put(self, *orders: Fetched) -> None:
        for each in orders:
            self.orders[each.order.ref] = each

    def _fail(self, what: str) -> None:
        if self.broken.get(what):
            raise self.broken[what].pop(0)

    async def get_order(self, at: Credential, *, ref: str) -> Fetched | None:
        self.asked.append(ref)
        self._fail(ref)
        return self.orders.get(ref)

    async def find_order(self, at: Credential, *, name: str, proof: ContactProof | None) -> Fetched | None:
        self._fail(name)
        return next((each for each in self.orders.values() if each.order.name == name), None)

    async def list_orders(self, at: Credential, *, since: datetime, cursor: str | None) -> Page:
        self.listed.append((since, cursor))
        self._fail("list")
        changed = sorted(
            (each.order for each in self.orders.values() if each.order.updated_at >= since),
            key=lambda order: (order.updated_at, order.ref),
        )
        start = int(cursor or 0)
        page = changed[start : start + self.page_size]
        more = start + self.page_size < len(changed)
        return Page(
            tuple(order.ref for order in page),
            page[-1].updated_at if page else None,
            str(start + self.page_size) if more else None,
        )


async def a_return(database: Any, shop: Shop, record: Any, *, status: str = "approved") -> UUID:
    """Add a return of one unit of the order, under a published policy version of its own."""
    rma, policy = uuid4(), uuid4()
    async with database.tx(shop.tenant_id) as db:
        await db.execute(
            "INSERT INTO policy_version (tenant_id, id, store_id, version, document, author)"
            " SELECT $1, $2, $3, 1 + count(*), '{}', 'test' FROM policy_version",
            shop.tenant_id, policy, shop.store_id,
        )  # fmt: skip
        await db.execute(
            "INSERT INTO rma (tenant_id, id, store_id, order_id, person_id, channel, status, method,"
            " policy_version_id, decision, promised, requested_at)"
            " VALUES ($1, $2, $3, $4, $5, 'api', $6, 'mail', $7, '{}', '{}', $8)",
            shop.tenant_id, rma, shop.store_id, record.id, record.person_id, status, policy, NOON,
        )  # fmt: skip
        await db.execute(
            "INSERT INTO return_line (tenant_id, id, rma_id, order_id, line_ref, position, quantity, requested_quantity,"
            " reason, resolution, decision) VALUES ($1, $2, $2, $3, 'line-1', 1, 1, 1, 'other', 'refund', $4)",
            shop.tenant_id, rma, record.id, status,
        )  # fmt: skip
    return rma
