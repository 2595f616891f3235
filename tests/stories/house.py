"""A whole house for stories: an account, its store and policy, a sandbox shop behind HTTP, and the jobs that move it on."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from retour.connectors.http import Http, Patience
from retour.connectors.shopify.client import ShopifyConnector
from retour.connectors.stripe.client import StripeConnector
from retour.core.order import Fetched
from retour.core.platforms import Platforms
from retour.core.policy import PolicyDocument, template
from retour.core.ports import Credential, EffectConnector
from retour.core.rma import Disposition, Grade
from retour.core.shipping import TrackingEvent
from retour.flows import card_hold as card_hold_flow
from retour.flows import connection as connection_flow
from retour.flows import effect as executor
from retour.flows import exchange as exchange_flow
from retour.flows import fee as fee_flow
from retour.flows import hand_over, receiving, refund, rma, shipping
from retour.flows import label as label_flow
from retour.flows import order as order_flow
from retour.flows import policy as policy_flow
from retour.sandbox.app import Sandbox
from retour.store import connection as connections
from retour.store import due
from retour.store.connection import Connection
from retour.store.db import Database, Db
from retour.store.ids import new_id
from retour.store.order import Mirrored, OrderRecord
from retour.store.policy import PolicyCache
from retour.store.vault import Vault
from tests.sandbox.desk import a_sandbox, serving
from tests.stories import sums
from tests.stories.passing import TIME_PASSES
from tests.stories.sight import Sight
from tests.waiting import until

T = TypeVar("T")
Work = Callable[[UUID], Awaitable[None]]
FAR_AWAY = timedelta(hours=1)
PACE = executor.Pace(
    lease=timedelta(seconds=20),
    pause=timedelta(milliseconds=1),
    longest_pause=timedelta(milliseconds=5),
    poll=FAR_AWAY,
    stopped=FAR_AWAY,
)
TEE = {"sku": "RT-TEE-BLK-M", "price": "19.99", "quantity": 2, "taxes": [["VAT", "0.19"]]}

OPEN_ACCOUNT = "INSERT INTO account (tenant_id, name) VALUES ($1, 'Acme')"
OPEN_STORE = """
INSERT INTO store (tenant_id, id, shop_name, currency, timezone, return_master, refund_master, restock_master, tag_on)
VALUES ($1, $2, 'acme', 'EUR', 'Europe/Berlin', $3, $4, $5, $6)
"""
# Everything that waits for a later time becomes due, as if that time had come.


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Units:
    """A verdict in a test's words: how many units of the line at `index` of the return were found in which grade."""

    index: int
    quantity: int
    grade: Grade = Grade.SEALED
    more: Mapping[str, Any] = field(default_factory=dict)


class House(Sight):
    """One tenant with one store on its own sandbox shop. Every step checks that the return says what it waits for."""

    def __init__(
        self,
        *,
        web: Database,
        executing: Database,
        owner: Any,
        vault: Vault,
        sandbox: Sandbox,
        address: str,
        http: Http,
    ) -> None:
        self.web, self.executing, self.owner, self.vault = web, executing, owner, vault
        self.sandbox, self.address, self.http = sandbox, address, http
        self.connector = ShopifyConnector(http)
        self.secret = "sandbox-token"
        self.tenant, self.store, self.connection = new_id(), new_id(), new_id()
        self.policies = PolicyCache()
        self.platforms = Platforms(
            {"shopify": self.connector.records}, timedelta(seconds=5), quiet_period=timedelta(milliseconds=20),
            cards={"stripe": StripeConnector.records},
        )  # fmt: skip
        self.cards, self.ahead = StripeConnector(http), timedelta(0)
        self.carrier = executor.Carrier(executing, self._carrier_to, self._credential, PACE, now, vault)

    def _connector(self, _platform: str) -> ShopifyConnector:
        return self.connector

    def _carrier_to(self, platform: str) -> EffectConnector:
        return self.cards if platform == "stripe" else self.connector

    def _credential(self, connection: Connection) -> Credential:
        if connection.platform == "stripe":
            return Credential(connection.base_url, "sk_test_sandbox")
        return Credential(self.address, self.secret)

    async def open(
        self,
        *,
        returns_by: str = "retour",
        refunds_by: str = "retour",
        restocks_by: str = "retour",
        tag_on: str = "order",
        document: PolicyDocument | None = None,
    ) -> None:
        async with self.web.tx(self.tenant) as db:
            await db.execute(OPEN_ACCOUNT, self.tenant)
            await db.execute(OPEN_STORE, self.tenant, self.store, returns_by, refunds_by, restocks_by, tag_on)
            connection = Connection(
                self.connection, self.store, "shopify", f"{self.tenant}.myshopify.com", self.address, now()
            )
            await connections.add(db, connection)
            await self.publish(document or template(), db=db)

    async def publish(self, document: PolicyDocument, *, db: Db) -> int:
        return await policy_flow.publish(db, store_id=self.store, document=document, actor="owner", now=now())

    async def do(self, work: Callable[[Db], Awaitable[T]]) -> T:
        """Run a use case as the web does, then check the books."""
        async with self.web.tx(self.tenant) as db:
            result = await work(db)
        await self.check()
        return result

    async def check(self) -> None:
        """Assert that every projection agrees with what it sums up, and that every open return says what it waits for."""
        async with self.web.tx(self.tenant) as db:
            wrong = await sums.wrong(db)
        assert not wrong, wrong

    # --- the shop ---------------------------------------------------------------------------------------------------
    async def misbehave(self, where: str, how: str, **more: Any) -> None:
        await self.control("misbehave", {"where": where, "how": how, **more})

    async def an_order(
        self, *lines: Mapping[str, Any], bend: Callable[[Fetched], Fetched] | None = None, **spec: Any
    ) -> OrderRecord:
        """Return a fresh order, mirrored: by default two tees at 19.99, VAT inside, sent and paid by card.

        `bend` makes the mirror see something else than the platform shows.
        """
        made = await self.control("orders", {"lines": lines or [TEE], "email": "ann@example.com", **spec})
        return (await self.mirror(made["id"], bend=bend)).record

    async def mirror(self, ref: str, *, bend: Callable[[Fetched], Fetched] | None = None) -> Mirrored:
        fetched = await self.connector.get_order(Credential(self.address, self.secret), ref=ref)
        assert fetched is not None
        fetched = bend(fetched) if bend else fetched
        async with self.web.tx(self.tenant) as db:
            return await order_flow.mirror(
                db, self.vault, connection_id=self.connection, fetched=fetched, at=now(), cause="test"
            )

    async def refund_elsewhere(self, order: OrderRecord, **wish: Any) -> Mirrored:
        """Refund by hand on the platform, then let the mirror see it."""
        await self.control("admin-refund", {"order": order.order.ref, **wish})
        return await self.mirror(order.order.ref)

    # --- the steps of a return ----------------------------------------------------------------------------------------

    async def ask(self, order: OrderRecord, wishes: Mapping[int, int] | Sequence[rma.Wish], **more: Any) -> UUID:
        """Request units {index of the order line: quantity} and return the return's id."""
        if isinstance(wishes, Mapping):
            wishes = [rma.Wish(order.order.lines[i].ref, n, "too_small") for i, n in wishes.items()]
        rma_id = new_id()
        how = {"actor": "shopper", "now": now()} | {key: more.pop(key) for key in ("actor", "now") if key in more}
        asked = {"store_id": self.store, "order_id": order.id, "channel": "api", **more}
        asking = rma.Asking(wishes=tuple(wishes), **asked)
        await self.do(lambda db: rma.request_return(db, asking, id=rma_id, policies=self.policies, **how))
        return rma_id

    async def approve(self, rma_id: UUID) -> None:
        await self.do(lambda db: rma.approve(db, rma_id=rma_id, actor="agent", now=now()))
        await self.settle_down()

    async def approved(self, order: OrderRecord, wishes: Mapping[int, int]) -> UUID:
        """Request and approve."""
        rma_id = await self.ask(order, wishes)
        await self.approve(rma_id)
        return rma_id

    async def scan(
        self, rma_id: UUID, status: str = "in_transit", *, at: datetime | None = None, parcel: str = "1"
    ) -> bool:
        """Announce the parcel if it is new, and let the carrier speak; return whether it was news."""
        number = f"{rma_id}-{parcel}".upper()
        known = {s.tracking_number for s in (await self.see(rma_id)).rma.shipments}
        if number not in known:
            await self.do(
                lambda db: shipping.add_shipment(
                    db, rma_id=rma_id, carrier="dhl", tracking_number=number, actor="shopper", now=now()
                )
            )
        said = TrackingEvent("dhl", number, status, at or now())
        news = await self.do(lambda db: shipping.track(db, said=said, now=now()))
        await self.settle_down()
        return news

    async def receive(self, rma_id: UUID, arrived: Mapping[int, int]) -> int:
        """Receive units {index of the return line: quantity} and return the surplus."""
        lines = (await self.see(rma_id)).rma.lines
        items = [receiving.ArrivedUnits(lines[i].id, n) for i, n in arrived.items()]
        received = await self.do(
            lambda db: receiving.receive(db, rma_id=rma_id, items=items, location_ref=None, actor="dock", now=now())
        )
        await self.settle_down()
        return received.surplus

    async def inspect(self, rma_id: UUID, *found: Units, drain: bool = True) -> None:
        lines = (await self.see(rma_id)).rma.lines
        verdicts = [receiving.Verdict(lines[u.index].id, u.quantity, u.grade, **u.more) for u in found]
        await self.do(
            lambda db: receiving.inspect(
                db, rma_id=rma_id, verdicts=verdicts, actor="dock", now=now(), policies=self.policies
            )
        )
        if drain:
            await self.settle_down()

    async def returned(self, order: OrderRecord, wishes: Mapping[int, int]) -> UUID:
        """Take a return from request to a sound inspection of all its units, and let everything follow."""
        rma_id = await self.approved(order, wishes)
        arrived = dict(enumerate(wishes.values()))
        await self.receive(rma_id, arrived)
        await self.inspect(rma_id, *(Units(i, n) for i, n in arrived.items()))
        return rma_id

    # --- the jobs -----------------------------------------------------------------------------------------------------

    async def settle_down(self) -> None:
        """Do every job that is due until nothing is due any more; what waits for a later time is left waiting."""
        for _ in range(60):
            found = await self._overdue()
            if not found:
                break
            for work, id_ in found:
                await work(id_)
            await self.check()
        else:
            raise AssertionError(f"the house does not come to rest: {await self._overdue()}")

    async def run_until(self, rma_id: UUID, moment: str) -> None:
        """Do the jobs of a return one by one and stop when its newest settlement is to be paid, or its refund sent."""

        async def reached() -> bool:
            settlement = (await self.settlements(rma_id))[-1]
            if moment == "settlement due":
                return settlement.due_at is not None
            assert moment == "refund planned"
            return settlement.state.value == "due"

        while not await reached():
            work, id_ = (await self._overdue())[0]
            await work(id_)

    async def run_until_exchange(self, rma_id: UUID, state: str = "preparing") -> None:
        """Do the jobs one by one and stop when the new order of the return's exchange stands there."""
        while not await self.rows("SELECT 1 FROM exchange_order WHERE rma_id = $1 AND state = $2", rma_id, state):
            work, id_ = (await self._overdue())[0]
            await work(id_)

    async def reconnect(self) -> None:
        """Connect the shop again with a credential that is good, and let the time come for all that waited."""
        self.secret = "sandbox-token"
        await self.do(
            lambda db: connection_flow.reseal(
                db, self.vault, tenant_id=self.tenant, connection_id=self.connection, actor="owner", now=now()
            )
        )
        await self.later()

    async def later(self) -> None:
        """Let the time come that everything open waits for, and do what is due then."""
        for statement in TIME_PASSES:
            await self.owner.execute("SELECT set_config('app.tenant', $1, false)", str(self.tenant))
            await self.owner.execute(statement, self.tenant)
        await self.settle_down()

    async def advance(self, rma_id: UUID) -> None:
        async with self.web.tx(self.tenant) as db:
            await rma.advance(
                db, tenant_id=self.tenant, rma_id=rma_id, platforms=self.platforms, policies=self.policies, now=now()
            )

    async def make_label(self, label_id: UUID) -> None:
        async with self.web.tx(self.tenant) as db:
            await label_flow.make(db, self.vault, label_id=label_id, now=now())

    async def settle(self, settlement_id: UUID) -> None:
        await refund.settle(
            self.executing,
            tenant_id=self.tenant,
            settlement_id=settlement_id,
            connectors=self._connector,
            open_credential=self._credential,
            policies=self.policies,
            platforms=self.platforms,
            clock=now,
            hand_over=hand_over.hand_over,
        )

    async def carry_out(self, effect_id: UUID) -> None:
        await executor.carry_out(self.carrier, tenant_id=self.tenant, effect_id=effect_id)

    def _mirror(self, cause: str) -> Callable[[Db, UUID, Fetched, datetime], Awaitable[Mirrored]]:
        async def mirror(db: Db, connection_id: UUID, fetched: Fetched, at: datetime) -> Mirrored:
            how = {"fetched": fetched, "at": at, "cause": cause}
            return await order_flow.mirror(db, self.vault, connection_id=connection_id, **how)

        return mirror

    async def carry_on_exchange(self, settlement_id: UUID) -> None:
        far = exchange_flow.Far(
            self.executing, self._connector, self._credential, self.platforms, self.policies, now, self._mirror("exchange"),
            poll=FAR_AWAY, awaited=FAR_AWAY, pause=FAR_AWAY,
        )  # fmt: skip
        await exchange_flow.carry_on(far, tenant_id=self.tenant, settlement_id=settlement_id)

    async def carry_on_hold(self, hold_id: UUID) -> None:
        far = card_hold_flow.Far(
            self.executing, lambda _: self.cards, self._connector, self._credential, self.platforms, self.policies,
            lambda: now() + self.ahead, awaited=FAR_AWAY, pause=FAR_AWAY,
        )  # fmt: skip
        await card_hold_flow.carry_on(far, tenant_id=self.tenant, hold_id=hold_id)

    async def carry_on_fee(self, rma_id: UUID) -> None:
        far = fee_flow.Far(
            self.executing, self._connector, self._credential, self.platforms, self.policies, now, self._mirror("fee"),
            poll=FAR_AWAY, awaited=FAR_AWAY, pause=FAR_AWAY,
        )  # fmt: skip
        await fee_flow.carry_on(far, tenant_id=self.tenant, rma_id=rma_id)

    async def _overdue(self) -> list[tuple[Work, UUID]]:
        """Return what is due, waiting for what is due within a moment."""

        async def look() -> list[tuple[Work, UUID]] | str:
            found: list[tuple[Work, UUID]] = []
            jobs: tuple[tuple[Any, Work], ...] = (
                (due.rmas, self.advance), (due.labels, self.make_label), (due.settlements, self.settle),
                (due.effects, self.carry_out), (due.exchanges, self.carry_on_exchange),
                (due.card_holds, self.carry_on_hold), (due.fees, self.carry_on_fee),
            )  # fmt: skip
            async with self.web.tx(None) as db:
                for find, work in jobs:
                    rows = await find(db, most=1000, overdue=timedelta(0))
                    found += [(work, id_) for tenant, id_ in rows if tenant == self.tenant]
            return found or ("" if await self._soon() else "nothing")

        seen = await until(look)
        return [] if isinstance(seen, str) else seen

    async def _soon(self) -> bool:
        async with self.web.tx(self.tenant) as db:
            return bool(await db.fetchval(sums.SOON))


def under(document: PolicyDocument | None = None, **defaults: Any) -> PolicyDocument:
    """Return the first policy with other defaults."""
    document = document or template()
    return replace(document, defaults=replace(document.defaults, **defaults))


NOT_RESTOCKED = {"disposition": Disposition.DISPOSE}


@asynccontextmanager
async def a_house(web: Database, executing: Database, owner: Any, keys: Path) -> AsyncIterator[House]:
    """Open a sandbox shop on a port of its own and a house in front of it; its store is not open yet."""
    sandbox = a_sandbox()
    patience = Patience(connect_s=5.0, read_s=12.0, whole_s=15.0)  # a busy machine may take its time
    async with serving(sandbox) as address, Http(internal=True, patience=patience) as http:
        house = House(
            web=web, executing=executing, owner=owner, vault=Vault.open(keys, role="all"), sandbox=sandbox,
            address=address, http=http,
        )  # fmt: skip
        yield house
        await house.check()
        await house.nothing_broken()
