"""A shop whose orders were returned through the flows, and simulations over them."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from retour.core.policy import PolicyDocument, template
from retour.core.policy.outcome import Fee
from retour.core.rma import Grade
from retour.core.simulation import Affected, Change, Result
from retour.flows import receiving, rma
from retour.flows import simulation as flow
from retour.store import rma as returns
from retour.store import simulation as simulations
from retour.store.db import Database
from retour.store.ids import new_id
from retour.store.policy import PolicyCache
from retour.store.simulation import SimulationRow
from retour.store.vault import Vault
from tests.doors.api.a_return import Shop, open_shop

TODAY = datetime.now(UTC).replace(microsecond=0)
WEEK = timedelta(days=7)
# Everything that the database holds beside the two tables of simulations and the queue, as one checksum a table.
TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relname NOT LIKE 'simulation%' ORDER BY 1
"""


@dataclass
class Past:
    """One shop; its orders have one line of two units, 10.00 EUR each, delivered yesterday."""

    database: Database
    shop: Shop
    policies: PolicyCache = field(default_factory=PolicyCache)

    @property
    def tenant_id(self) -> UUID:
        return self.shop.merchant.tenant_id

    @property
    def store_id(self) -> UUID:
        return self.shop.merchant.stores["main"]

    async def a_return(self, order: int, quantity: int = 1, reason: str = "too_small") -> UUID:
        rma_id = new_id()
        async with self.database.tx(self.tenant_id) as db:
            await rma.request_return(
                db, rma.Asking(self.store_id, self.shop.orders[order], (rma.Wish("line-1", quantity, reason),), "api"),
                id=rma_id, actor="shopper", now=TODAY, policies=self.policies,
            )  # fmt: skip
        return rma_id

    async def inspected(self, rma_id: UUID, grade: Grade) -> None:
        """Take a return that was approved through the warehouse."""
        async with self.database.tx(self.tenant_id) as db:
            record = await returns.load(db, rma_id)
            assert record is not None
            (line,) = record.rma.lines
            await receiving.receive(
                db, rma_id=rma_id, items=[receiving.ArrivedUnits(line.id, line.quantity)], location_ref="here",
                actor="clerk", now=TODAY,
            )  # fmt: skip
            verdicts = [receiving.Verdict(line.id, line.quantity, grade, location_ref="here")]
            await receiving.inspect(
                db, rma_id=rma_id, verdicts=verdicts, actor="clerk", now=TODAY, policies=self.policies
            )

    async def start(self, candidate: PolicyDocument | None, **how: Any) -> UUID:
        span = {"from_on": (TODAY - WEEK).date(), "until_on": (TODAY + timedelta(days=1)).date()}
        async with self.database.tx(self.tenant_id) as db:
            return await flow.start(
                db, store_id=self.store_id, candidate=candidate, actor="staff:1", **{"now": TODAY, **span, **how}
            )

    async def run(self, simulation_id: UUID, *, at: datetime = TODAY, short: int = 1_000) -> None:
        await flow.run(
            self.database, tenant_id=self.tenant_id, simulation_id=simulation_id, clock=lambda: at, short=short
        )

    async def row(self, simulation_id: UUID) -> SimulationRow:
        async with self.database.tx(self.tenant_id) as db:
            row = await simulations.get(db, simulation_id, now=TODAY)
        assert row is not None
        return row

    async def simulated(self, candidate: PolicyDocument | None, *, short: int = 1_000, **how: Any) -> Result:
        simulation_id = await self.start(candidate, **how)
        await self.run(simulation_id, short=short)
        row = await self.row(simulation_id)
        assert row.result is not None, row.failure
        self.last = simulation_id
        return row.result

    async def listed(self, change: Change | None = None, **how: Any) -> list[Affected]:
        async with self.database.tx(self.tenant_id) as db:
            rows = await simulations.affected(db, self.last, change=change, **{"limit": 100, **how})
        return [row.affected for row in rows]


def charging(bp: int) -> PolicyDocument:
    """Return the policy of the shop with a restocking fee."""
    base = template(automatic=True)
    offered = tuple(replace(offer, restocking_fee=Fee(bp=bp)) for offer in base.defaults.resolutions.offered)
    resolutions = replace(base.defaults.resolutions, offered=offered)
    return replace(base, name="With a fee", currency="EUR", defaults=replace(base.defaults, resolutions=resolutions))


async def a_past(database: Database, vault: Vault, **more: Any) -> Past:
    shop = await open_shop(database, vault, **{"automatic": True, "orders_made": 4, "units": 2, **more})
    return Past(database, shop)


async def checksums(owner: Any) -> dict[str, Any]:
    """Return a checksum of every table but those of simulations."""
    tables = [row[0] for row in await owner.fetch(TABLES)]
    return {
        table: await owner.fetchval(f"SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM {table} t")
        for table in tables
    }
