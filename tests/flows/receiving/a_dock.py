"""A dock: a merchant with orders and approved returns, and somebody of the staff who scans."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from retour.core import rma as core
from retour.flows import rma
from retour.flows.receiving import scanning
from retour.flows.receiving.observing import Seen, Sight
from retour.flows.receiving.scanning import Came, Step
from retour.store import rma as returns
from retour.store.db import Database
from retour.store.ids import new_id
from retour.store.policy import PolicyCache
from retour.store.rma import ReturnRecord
from retour.store.vault import Vault
from tests.doors.api.a_return import Shop, open_shop

MORNING = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
SKU = "SKU-line-1"


@dataclass
class Dock:
    """One merchant's dock and one clerk; every step happens ten seconds after the one before."""

    database: Database
    shop: Shop
    clerk: UUID = field(default_factory=new_id)
    policies: PolicyCache = field(default_factory=PolicyCache)
    _turns: Any = field(default_factory=count)

    @property
    def tenant_id(self) -> UUID:
        return self.shop.merchant.tenant_id

    def step(self, *, nonce: str | None = None, at: datetime | None = None) -> Step:
        n = next(self._turns)
        at = at or MORNING + timedelta(seconds=10 * n)
        return Step(self.clerk, nonce or f"nonce-{n:04}", at, at)

    async def a_return(self, quantity: int = 1, *, order: int = 0, approved: bool = True) -> UUID:
        rma_id = new_id()
        async with self.database.tx(self.tenant_id) as db:
            await rma.request_return(
                db,
                rma.Asking(
                    self.shop.merchant.stores["main"], self.shop.orders[order],
                    (rma.Wish("line-1", quantity, "too_small"),), "api",
                ),
                id=rma_id, actor="shopper", now=MORNING, policies=self.policies,
            )  # fmt: skip
            if approved:
                await rma.approve(db, rma_id=rma_id, actor="agent", now=MORNING)
        return rma_id

    async def see(self, rma_id: UUID) -> ReturnRecord:
        async with self.database.tx(self.tenant_id) as db:
            record = await returns.load(db, rma_id)
        assert record is not None
        return record

    async def line(self, rma_id: UUID) -> core.ReturnLine:
        return (await self.see(rma_id)).rma.lines[0]

    async def here(self, rma_id: UUID) -> int:
        return sum(core.count(line.received) for line in (await self.see(rma_id)).rma.lines)

    async def scan(self, raw: str, *, within: UUID | None = None, step: Step | None = None) -> Came:
        async with self.database.tx(self.tenant_id) as db:
            return await scanning.scan(db, step=step or self.step(), raw=raw, within=within)

    async def arrive(self, rma_id: UUID, quantity: int = 1, *, here: int = 0, step: Step | None = None) -> Came:
        line = await self.line(rma_id)
        async with self.database.tx(self.tenant_id) as db:
            return await scanning.arrive(
                db, step=step or self.step(), rma_id=rma_id, line_id=line.id, quantity=quantity, here=here,
                location_ref=None, code=SKU,
            )  # fmt: skip

    async def observe(self, rma_id: UUID, kind: Seen = Seen.NOT_ON_IT, units: int = 1, **more: Any) -> Came:
        step = more.pop("step", None) or self.step()
        async with self.database.tx(self.tenant_id) as db:
            return await scanning.observe(db, step=step, rma_id=rma_id, sight=Sight(kind, units, **more))

    async def undo(self, scan_id: UUID | None, *, step: Step | None = None) -> Came:
        assert scan_id is not None
        async with self.database.tx(self.tenant_id) as db:
            return await scanning.take_back(db, step=step or self.step(), scan_id=scan_id)

    async def differences(self) -> dict[str, Any]:
        """Return the open discrepancies as {kind: units}."""
        rows = await self.fetch("SELECT kind, details FROM discrepancy WHERE state = 'open'")
        return {row["kind"]: row["details"].get("units") for row in rows}

    async def fetch(self, query: str, *args: object) -> Sequence[Any]:
        async with self.database.tx(self.tenant_id) as db:
            return await db.fetch(query, *args)


async def a_dock(database: Database, vault: Vault, **more: Any) -> Dock:
    return Dock(database, await open_shop(database, vault, **more))
