"""One return from request to refund, driven from what the database says is next, so that anybody may take it up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from retour.core.errors import Refused
from retour.core.platforms import Platforms
from retour.core.ports import CommerceConnector, Credential
from retour.core.rma import Decision, Grade, count, minus
from retour.flows import effect as executor
from retour.flows import hand_over, receiving, refund, rma, shipping
from retour.store import due
from retour.store import effect as effects
from retour.store import order as orders
from retour.store import refund as refunds
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.jobs import Job
from retour.store.policy import PolicyCache
from retour.store.rma import ReturnRecord
from retour.store.vault import Vault
from tests.chaos.mortal import MortalDatabase, Points
from tests.waiting import until

PACE = executor.Pace(
    lease=timedelta(milliseconds=500),
    pause=timedelta(milliseconds=20),
    longest_pause=timedelta(milliseconds=200),
    poll=timedelta(milliseconds=60),
    stopped=timedelta(milliseconds=60),
)
QUIET = timedelta(milliseconds=600)  # more than the shop's slowest call (0.1 s) and its list lag (0.1 s)
NOW_DUE = timedelta(0)


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays: the database as web, worker and executor open it, the connector, and the points they pass."""

    app: MortalDatabase
    executor: MortalDatabase
    connector: CommerceConnector
    credential: Credential
    points: Points
    platforms: Platforms
    policies: PolicyCache
    vault: Vault

    def carrier(self) -> executor.Carrier:
        async def move_on(db: Db, tenant_id: UUID, rma_id: UUID) -> Sequence[Job]:
            return await rma.move_on(
                db, tenant_id=tenant_id, rma_id=rma_id, platforms=self.platforms, policies=self.policies, now=now()
            )

        credential = self.credential
        return executor.Carrier(
            self.executor, lambda _: self.connector, lambda _: credential, PACE, now, self.vault, move_on
        )


@dataclass(frozen=True, slots=True)
class Return:
    """The return to be: `wishes` are (index of the line, quantity), `grades` one a unit in the order of the wishes."""

    tenant_id: UUID
    store_id: UUID
    order_id: UUID
    rma_id: UUID
    wishes: Sequence[tuple[int, int]]
    grades: Sequence[str]
    batches: int


def platforms_of(connector: CommerceConnector, keys: str) -> Platforms:
    """Return the platform with a short quiet period; keys are trusted for an hour, for no time at all, or not there."""
    window = {"kept": timedelta(hours=1), "forgotten": timedelta(microseconds=1), "none": timedelta(0)}[keys]
    return Platforms({"shopify": connector.records}, timedelta(seconds=1), QUIET, window)


class Story:
    """Drives one return; whatever goes wrong at the edge of a job is kept in `errors`, and the next look goes on."""

    def __init__(self, cast: Cast, wanted: Return, *, is_calm: bool, has_web: bool, on_error: Callable[[str], None]):
        self.cast = cast
        self.wanted = wanted
        self._is_calm = is_calm
        self._has_web = has_web
        self._on_error = on_error

    async def live(self, *, within_seconds: float) -> None:
        """Drive until nothing is left to do; raise AssertionError if that takes too long."""
        await until(self._is_over, within_seconds=within_seconds, every_seconds=0.08)

    async def _is_over(self) -> bool:
        worked = 1
        while worked:
            worked = await self._guarded("jobs", self._jobs) or 0
            if not worked or not self._is_calm:
                stepped = await self._guarded("web", self._web) if self._has_web and not await self._waits() else 0
                worked = (worked or 0) + (stepped or 0)
        return not await self._guarded("look", self._is_open)

    async def _guarded(self, what: str, work: Callable[[], Any]) -> Any:
        """Do one thing as a process does at its edge: an error is written down and the next look takes it up."""
        try:
            return await work()
        except Exception as error:  # noqa: BLE001 - the worker's edge
            self._on_error(f"{what} {self.cast.points.doing}: {type(error).__name__}: {error}")
            return None
        finally:
            self.cast.points.begin("idle")

    async def _waits(self) -> bool:
        return self._is_calm and bool(await self._guarded("look", self._has_open_work))

    # --- the worker and the executor --------------------------------------------------------------------------------

    async def _jobs(self) -> int:
        cast, tenant, points = self.cast, self.wanted.tenant_id, self.cast.points
        async with cast.app.tx(None) as db:
            advance = await due.rmas(db, most=50, overdue=NOW_DUE)
            carry = await due.effects(db, most=50, overdue=NOW_DUE)
        worked = 0
        for owner, rma_id in advance:
            if owner != tenant:
                continue
            points.begin("advance")
            worked += 1
            async with cast.app.tx(tenant) as db:
                await rma.advance(
                    db, tenant_id=tenant, rma_id=rma_id, platforms=cast.platforms, policies=cast.policies, now=now()
                )
            points.begin("idle")
        worked += await self._settle()
        for owner, effect_id in carry:
            if owner != tenant:
                continue
            points.begin(await self._kind(effect_id))
            worked += 1
            await executor.carry_out(cast.carrier(), tenant_id=tenant, effect_id=effect_id)
            points.begin("idle")
        return worked

    async def _settle(self) -> int:
        """Settle what is due; a settlement waiting for the platform's figures is asked about again at once."""
        cast, points = self.cast, self.cast.points
        async with cast.app.tx(self.wanted.tenant_id) as db:
            rows = await refunds.list_of_rma(db, self.wanted.rma_id)
        waiting = [row for row in rows if row.due_at is not None]
        for row in waiting:
            points.begin("settle")
            await refund.settle(
                cast.executor,
                tenant_id=self.wanted.tenant_id,
                settlement_id=row.id,
                connectors=lambda _: cast.connector,
                open_credential=lambda _: cast.credential,
                policies=cast.policies,
                platforms=cast.platforms,
                clock=now,
                hand_over=hand_over.hand_over,
            )
            points.begin("idle")
        return len(waiting)

    async def _kind(self, effect_id: UUID) -> str:
        async with self.cast.app.tx(self.wanted.tenant_id) as db:
            row = await effects.get(db, effect_id)
        assert row is not None
        return row.kind.value

    # --- what is left -----------------------------------------------------------------------------------------------

    async def _has_open_work(self) -> bool:
        async with self.cast.app.tx(self.wanted.tenant_id) as db:
            return bool(
                await db.fetchval(
                    "SELECT EXISTS (SELECT FROM effect WHERE state IN ('intent', 'sending', 'pending', 'unknown')"
                    "                AND parked_at IS NULL) OR EXISTS (SELECT FROM rma WHERE due_at IS NOT NULL)"
                    "    OR EXISTS (SELECT FROM settlement WHERE due_at IS NOT NULL)"
                )
            )

    async def _is_open(self) -> bool:
        if await self._has_open_work():
            return True
        async with self.cast.app.tx(self.wanted.tenant_id) as db:
            record = await returns.load(db, self.wanted.rma_id)
        return self._has_web and (record is None or self._next(record) is not None)

    # --- the web: shopper, agent, carrier, warehouse ----------------------------------------------------------------

    async def _web(self) -> int:
        async with self.cast.app.tx(self.wanted.tenant_id) as db:
            record = await returns.load(db, self.wanted.rma_id)
        step = "request" if record is None else self._next(record)
        if step is None:
            return 0
        self.cast.points.begin(step)
        try:
            async with self.cast.app.tx(self.wanted.tenant_id) as db:
                await getattr(self, f"_{step}")(db, record)
        except Refused as refused:
            self._on_error(f"{step} refused: {refused.code}")
        finally:
            self.cast.points.begin("idle")
        return 1

    def _next(self, record: ReturnRecord) -> str | None:
        lines = record.rma.lines
        if any(line.decision is Decision.REQUESTED for line in lines):
            return "approve"
        if record.rma.in_transit_at is None:
            return "track" if record.rma.shipments else "ship"
        if any(minus(line.received, line.inspected) for line in lines):
            return "inspect"
        return "receive" if any(minus(line.claimed, line.received) for line in lines) else None

    async def _request(self, db: Any, _: Any) -> None:
        record = await orders.load(db, self.wanted.order_id)
        wishes = tuple(
            rma.Wish(record.order.lines[index].ref, quantity, "other") for index, quantity in self.wanted.wishes
        )
        asking = rma.Asking(self.wanted.store_id, self.wanted.order_id, wishes, "api")
        await rma.request_return(
            db, asking, id=self.wanted.rma_id, actor="shopper", now=now(), policies=self.cast.policies
        )

    async def _approve(self, db: Any, record: ReturnRecord) -> None:
        await rma.approve(db, rma_id=record.rma.id, actor="agent", now=now())

    async def _ship(self, db: Any, record: ReturnRecord) -> None:
        number = f"T-{record.rma.number}"
        await shipping.add_shipment(
            db, rma_id=record.rma.id, carrier="dhl", tracking_number=number, actor="shopper", now=now()
        )

    async def _track(self, db: Any, record: ReturnRecord) -> None:
        said = shipping.TrackingEvent("dhl", f"T-{record.rma.number}", "in_transit", now())
        await shipping.track(db, said=said, now=now())

    async def _receive(self, db: Any, record: ReturnRecord) -> None:
        """Receive all that is missing, or one unit of each line first."""
        items = []
        for line in record.rma.lines:
            missing = count(minus(line.claimed, line.received))
            first = self.wanted.batches > 1 and not line.received
            if missing:
                items.append(receiving.ArrivedUnits(line.id, 1 if first else missing))
        await receiving.receive(db, rma_id=record.rma.id, items=items, location_ref=None, actor="warehouse", now=now())

    async def _inspect(self, db: Any, record: ReturnRecord) -> None:
        """Judge every unit that waits, one verdict a unit, by the grades of the plan."""
        verdicts = []
        for line in record.rma.lines:
            done = count(line.inspected)
            waiting = count(minus(line.received, line.inspected))
            verdicts += [
                receiving.Verdict(line.id, 1, Grade(self.wanted.grades[(done + n) % len(self.wanted.grades)]))
                for n in range(waiting)
            ]
        await receiving.inspect(
            db, rma_id=record.rma.id, verdicts=verdicts, actor="warehouse", now=now(), policies=self.cast.policies
        )
