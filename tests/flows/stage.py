"""A stage for returns: a fresh account on a live sandbox shop, and the flows as web, worker and executor run them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from retour.connectors.http import Patience
from retour.core.platforms import Platforms
from retour.core.policy import template
from retour.core.ports import CommerceConnector
from retour.core.rma import Grade
from retour.flows import effect as executor
from retour.flows import hand_over, order, policy, receiving, refund, rma
from retour.store import effect as effects
from retour.store import refund as refunds
from retour.store import rma as returns
from retour.store.db import Database
from retour.store.effect import EffectRow
from retour.store.ids import new_id
from retour.store.order import OrderRecord
from retour.store.policy import PolicyCache
from retour.store.refund import SettlementRow
from retour.store.vault import Vault
from tests.connectors.shopify.live_shop import LiveShop, live_shop
from tests.waiting import until

QUIET = timedelta(milliseconds=250)
OPEN = ("intent", "sending", "pending", "unknown")


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Stage:
    """One account and its shop; `window` is how long keys are trusted."""

    database: Database
    executor: Database
    shop: LiveShop
    vault: Vault
    tenant_id: UUID = field(default_factory=new_id)
    store_id: UUID = field(default_factory=new_id)
    connection_id: UUID = field(default_factory=new_id)
    window: timedelta = timedelta(hours=1)
    lease: timedelta = timedelta(seconds=5)
    policies: PolicyCache = field(default_factory=PolicyCache)

    async def open(self) -> None:
        async with self.database.tx(self.tenant_id) as db:
            await db.execute("INSERT INTO account (tenant_id, name) VALUES ($1, 'Stage')", self.tenant_id)
            await db.execute(
                "INSERT INTO store (tenant_id, id, shop_name, currency, timezone) VALUES ($1, $2, 'stage', 'EUR', 'UTC')",
                self.tenant_id, self.store_id,
            )  # fmt: skip
            await db.execute(
                "INSERT INTO connection (tenant_id, id, store_id, platform, far_name, base_url)"
                " VALUES ($1, $2, $3, 'shopify', $4, $5)",
                self.tenant_id, self.connection_id, self.store_id, f"{self.tenant_id.hex}.example", self.shop.at.base_url,
            )  # fmt: skip
            await policy.publish(db, store_id=self.store_id, document=template(), actor="test", now=now())

    @property
    def platforms(self) -> Platforms:
        return Platforms({"shopify": self.shop.connector.records}, timedelta(seconds=1), QUIET, self.window)

    def carrier(self, connector: CommerceConnector | None = None) -> executor.Carrier:
        pace = executor.Pace(
            lease=self.lease, pause=timedelta(milliseconds=5), longest_pause=timedelta(milliseconds=50),
            poll=timedelta(milliseconds=50), stopped=timedelta(milliseconds=20),
        )  # fmt: skip
        return executor.Carrier(
            self.executor, lambda _: connector or self.shop.connector, lambda _: self.shop.at, pace, now, self.vault
        )

    async def an_order(self, quantity: int, price: str = "10.00") -> OrderRecord:
        lines = [{"sku": f"S-{new_id().hex[-6:]}", "price": price, "quantity": quantity, "fulfilled": quantity}]
        made = await self.shop.post("orders", lines=lines)
        return await self.mirror(made["id"])

    async def mirror(self, ref: str) -> OrderRecord:
        fetched = await self.shop.connector.get_order(self.shop.at, ref=ref)
        assert fetched is not None
        async with self.database.tx(self.tenant_id) as db:
            saved = await order.mirror(db, self.vault, connection_id=self.connection_id, fetched=fetched, at=now())
        return saved.record

    async def request(self, of: OrderRecord, quantity: int = 1) -> UUID:
        """Ask for units of the order's first line and return the return's id; raise Refused."""
        rma_id = new_id()
        async with self.database.tx(self.tenant_id) as db:
            await rma.request_return(
                db, rma.Asking(self.store_id, of.id, (rma.Wish(of.order.lines[0].ref, quantity, "other"),), "api"),
                id=rma_id, actor="shopper", now=now(), policies=self.policies,
            )  # fmt: skip
        return rma_id

    async def approve(self, rma_id: UUID) -> None:
        async with self.database.tx(self.tenant_id) as db:
            await rma.approve(db, rma_id=rma_id, actor="agent", now=now())

    async def receive(self, rma_id: UUID) -> None:
        async with self.database.tx(self.tenant_id) as db:
            record = await returns.load(db, rma_id)
            assert record is not None
            items = [receiving.ArrivedUnits(line.id, line.quantity) for line in record.rma.lines]
            await receiving.receive(db, rma_id=rma_id, items=items, location_ref=None, actor="clerk", now=now())

    async def inspect(self, rma_id: UUID, quantity: int, grade: Grade = Grade.SEALED) -> None:
        async with self.database.tx(self.tenant_id) as db:
            record = await returns.load(db, rma_id)
            assert record is not None
            verdicts = [receiving.Verdict(record.rma.lines[0].id, quantity, grade)]
            await receiving.inspect(
                db, rma_id=rma_id, verdicts=verdicts, actor="clerk", now=now(), policies=self.policies
            )

    async def inspected(self, of: OrderRecord, quantity: int = 1) -> UUID:
        """Take a return to its inspection, with the platform's own return opened."""
        rma_id = await self.request(of, quantity)
        await self.approve(rma_id)
        await self.drive(rma_id)
        await self.receive(rma_id)
        await self.inspect(rma_id, quantity)
        return rma_id

    async def advance(self, rma_id: UUID) -> None:
        async with self.database.tx(self.tenant_id) as db:
            await rma.advance(
                db, tenant_id=self.tenant_id, rma_id=rma_id, platforms=self.platforms, policies=self.policies, now=now()
            )

    async def settle(self, settlement_id: UUID) -> None:
        await refund.settle(
            self.executor, tenant_id=self.tenant_id, settlement_id=settlement_id,
            connectors=lambda _: self.shop.connector, open_credential=lambda _: self.shop.at,
            policies=self.policies, platforms=self.platforms, clock=now, hand_over=hand_over.hand_over,
        )  # fmt: skip

    async def carry(self, effect_id: UUID, connector: CommerceConnector | None = None) -> None:
        await executor.carry_out(self.carrier(connector), tenant_id=self.tenant_id, effect_id=effect_id)

    async def effects(self, rma_id: UUID, kind: str | None = None) -> list[EffectRow]:
        async with self.database.tx(self.tenant_id) as db:
            return [row for row in await effects.list_of_rma(db, rma_id) if kind in (None, row.kind.value)]

    async def settlements(self, rma_id: UUID) -> list[SettlementRow]:
        async with self.database.tx(self.tenant_id) as db:
            return await refunds.list_of_rma(db, rma_id)

    async def to_the_refund(self, rma_id: UUID) -> EffectRow:
        """Drive a return until its refund is planned, and return that."""

        async def planned() -> list[EffectRow]:
            await self._turn(rma_id, but="refund_tender")
            return await self.effects(rma_id, "refund_tender")

        return (await until(planned))[0]

    async def drive(self, rma_id: UUID) -> None:
        """Work until nothing but a person can go on with the return."""
        await until(lambda: self._turn(rma_id))

    async def _turn(self, rma_id: UUID, but: str | None = None) -> bool:
        await self.advance(rma_id)
        for row in await self.settlements(rma_id):
            if row.due_at is not None:
                await self.settle(row.id)
        open_ = [e for e in await self.effects(rma_id) if e.state in OPEN and not e.parked_at and e.kind.value != but]
        for row in open_:
            await self.carry(row.id)
        return not open_ and not any(s.due_at for s in await self.settlements(rma_id))

    async def fetch(self, query: str, *args: object) -> list[Any]:
        async with self.database.tx(self.tenant_id) as db:
            return [tuple(row.values()) for row in await db.fetch(query, *args)]


@asynccontextmanager
async def staged(database: Database, executor_database: Database, folder: Path, **more: Any) -> AsyncIterator[Stage]:
    """Serve a shop and open an account on it while the block runs."""
    # A busy machine may take its time: an answer that is lost on purpose is cut off, not waited for.
    async with live_shop(patience=Patience(4.5, 4.5, 4.5)) as shop:
        await shop.post("settings", cost_points_per_s=None)
        stage = Stage(database, executor_database, shop, Vault.open(folder / "keys", role="all"), **more)
        await stage.open()
        yield stage
