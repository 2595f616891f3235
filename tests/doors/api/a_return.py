"""A merchant with an order that can be returned, and the calls that most tests make."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import httpx2

from retour.core.account import Role
from retour.core.policy.template import template
from retour.flows import connection as connections
from retour.flows import order as orders
from retour.flows import policy
from retour.store.db import Database
from retour.store.vault import Vault
from tests.doors.api.conftest import Merchant, open_account
from tests.flows.order.shop import HOME, PERSON, an_order, fetched

_keys = count()


@dataclass(frozen=True, slots=True)
class Shop:
    """A merchant's main store with orders of one line of some units, 10.00 EUR each."""

    merchant: Merchant
    connection_id: UUID
    orders: tuple[UUID, ...]

    @property
    def order_id(self) -> UUID:
        """Return the first order."""
        return self.orders[0]


async def open_shop(
    database: Database, vault: Vault, *, automatic: bool = False, orders_made: int = 1, units: int = 2
) -> Shop:
    merchant, now = await open_account(database), datetime.now(UTC)
    async with database.tx(merchant.tenant_id) as db:
        added = await connections.connect(
            db, vault, tenant_id=merchant.tenant_id, store_id=merchant.stores["main"], platform="shopify",
            far_name="main.example", base_url="https://main.example", write={"token": "t"}, actor="cli", now=now,
        )  # fmt: skip
        await policy.publish(
            db, store_id=merchant.stores["main"], document=template(automatic=automatic), actor="cli", now=now
        )
    made = []
    for n in range(orders_made):
        async with database.tx(merchant.tenant_id) as db:
            saved = await orders.mirror(db, vault, connection_id=added.id, fetched=_order(n, units, now), at=now)
        made.append(saved.record.id)
    return Shop(merchant, added.id, tuple(made))


def _order(n: int, units: int, now: datetime) -> Any:
    whole = 1_000 * units
    base = an_order()
    line = base.lines[0]
    parcel = base.fulfilments[0]
    order = replace(
        base,
        ref=f"gid://order/{n}",
        name=f"#{1001 + n}",
        placed_at=now - timedelta(days=3),
        updated_at=now,
        total=replace(base.total, presentment=whole, shop=whole),
        lines=(replace(line, quantity=units, gross=replace(line.gross, presentment=whole, shop=whole)),),
        captures=(replace(base.captures[0], captured=whole, captured_at=now - timedelta(days=3)),),
        fulfilments=(
            replace(parcel, shipped_at=now - timedelta(days=2), units=(replace(parcel.units[0], quantity=units),)),
        ),
    )
    return fetched(order, person=replace(PERSON, ship_to=HOME))


def wish(shop: Shop, *, order_id: UUID | None = None, quantity: int = 1, **more: Any) -> dict[str, Any]:
    """Return the body of a request."""
    lines = [{"line_ref": "line-1", "quantity": quantity, "reason": "too_small"}]
    return {"order_id": str(order_id or shop.order_id), "lines": lines} | more


async def send(
    http: httpx2.AsyncClient, shop: Shop, path: str, body: Any, *, key: str | None = None, role: Role = Role.OWNER
) -> httpx2.Response:
    """Send a write with a key of its own."""
    headers = shop.merchant.headers(role, idempotency_key=key or f"key-{next(_keys)}")
    return await http.post(path, json=body, headers=headers)


async def read(http: httpx2.AsyncClient, shop: Shop, path: str) -> Any:
    """Return what a GET tells, which must be a success."""
    answer = await http.get(path, headers=shop.merchant.headers())
    assert answer.status_code == 200, answer.text
    return answer.json()
