"""The one place that wires everything: which connectors exist, which keys a role holds, what each process does."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

import msgspec
import structlog

from retour.connectors.feed.client import FeedClient
from retour.connectors.http import Http, Patience
from retour.connectors.picture.client import PictureClient
from retour.connectors.shopify.client import ShopifyConnector
from retour.connectors.webhook.client import PATIENCE as WEBHOOK_PATIENCE
from retour.connectors.webhook.client import WebhookClient
from retour.core.order import Fetched
from retour.core.platforms import Platforms
from retour.core.ports import CommerceConnector, Credential, FeedReader, PictureSource, Unreachable, WebhookSender
from retour.core.shipping import TrackingEvent
from retour.doors.queue import Runner, Sweep, Tempo
from retour.flows import effect as effect_flow
from retour.flows import order as order_flow
from retour.flows import rma as rma_flow
from retour.flows import shipping as shipping_flow
from retour.flows import webhook as webhook_flow
from retour.main.picture import picture_work
from retour.settings import Settings
from retour.store import connection as connections
from retour.store import due, idempotency, instance, jobs
from retour.store.connection import Connection
from retour.store.db import Database, Db
from retour.store.jobs import Job, Queue, Task
from retour.store.policy import PolicyCache
from retour.store.vault import Vault

_log = structlog.get_logger(__name__)

RoleName = Literal["web", "worker", "executor"]
MONEY_CONCURRENCY: Final = 8
STANDING_S: Final = 1.0  # how long the database is believed to be the one this machine belongs to
WHOLE_CALL: Final = 1.2  # a whole call may last this many read time-outs


def utc_now() -> datetime:
    """Return the present instant; the only clock of the house beside the database's."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class House:
    """What a process of one role holds: settings, database, keys, connectors."""

    role: RoleName
    settings: Settings
    url: str
    database: Database
    vault: Vault
    connectors: Mapping[str, CommerceConnector]
    webhooks: WebhookSender
    pictures: PictureSource
    platforms: Platforms
    policies: PolicyCache
    feeds: FeedReader | None = None

    def connector(self, platform: str) -> CommerceConnector:
        """Return the connector of a platform that somebody connected."""
        return self.connectors[platform]

    def credential(self, connection: Connection) -> Credential:
        """Open the credential this role may use: the executor the writing one, the worker the reading one."""
        if self.role == "executor":
            assert connection.sealed_write is not None, "a connection has a writing credential"
            opened = self.vault.open_as_executor(connection.sealed_write)
        else:
            if connection.sealed_read is None:
                raise ElsewhereOnly("the connection has no reading credential; the executor reads for it")
            opened = self.vault.open_as_worker(connection.sealed_read)
        secret = msgspec.json.decode(opened, type=dict[str, str])
        settings = {key: str(value) for key, value in connection.settings.items()}
        return Credential(connection.base_url, secret.get("token", ""), settings)


class ElsewhereOnly(Exception):  # noqa: N818 - says where the work belongs
    """Only the executor can open the credential that this work needs."""


def connectors(http: Http) -> dict[str, CommerceConnector]:
    """Return every platform this build can talk to."""
    return {"shopify": ShopifyConnector(http)}


def platforms(settings: Settings, known: Mapping[str, CommerceConnector]) -> Platforms:
    """Return what the platforms are capable of, with the operator's own quiet period where one is set."""
    return Platforms(
        records={name: connector.records for name, connector in known.items()},
        http_timeout=timedelta(seconds=settings.http_timeout_s * WHOLE_CALL),
        quiet_period=None if settings.quiet_s is None else timedelta(seconds=settings.quiet_s),
    )


@asynccontextmanager
async def house(role: RoleName, settings: Settings, url: str) -> AsyncIterator[House]:
    """Open what a role needs and close it at the end."""
    vault = Vault.open(settings.data_dir / "keys", role=role)
    http = Http(
        internal=settings.allow_private_urls,
        patience=Patience(
            connect_s=min(5.0, settings.http_timeout_s),
            read_s=settings.http_timeout_s,
            whole_s=settings.http_timeout_s * WHOLE_CALL,
        ),
    )
    told = Http(internal=settings.allow_private_urls, patience=WEBHOOK_PATIENCE)
    async with http, told:
        known = connectors(http)
        database = await Database.open(
            url,
            name=f"retour-{role}",
            pool_min=settings.pool_min,
            pool_max=settings.pool_max,
            statement_cache=settings.statement_cache,
        )
        try:
            yield House(
                role=role,
                settings=settings,
                url=url,
                database=database,
                vault=vault,
                connectors=known,
                webhooks=WebhookClient(told),
                pictures=PictureClient(told),
                platforms=platforms(settings, known),
                policies=PolicyCache(),
                feeds=FeedClient(told),
            )
        finally:
            await database.close()


Work = Callable[[UUID, UUID], Awaitable[None]]


Step = Callable[[UUID, UUID], Awaitable[Sequence[Job]]]


def effect_step(here: House) -> Step:
    """Return the work of carrying one effect out; nothing happens where this database may not move money."""
    settings = here.settings

    async def move_on(db: Db, tenant_id: UUID, rma_id: UUID) -> Sequence[Job]:
        return await rma_flow.move_on(
            db, tenant_id=tenant_id, rma_id=rma_id, platforms=here.platforms, policies=here.policies, now=utc_now()
        )

    carrier = effect_flow.Carrier(
        database=here.database,
        connectors=here.connector,
        open_credential=here.credential,
        pace=effect_flow.Pace(
            lease=timedelta(seconds=settings.lease_s),
            pause=timedelta(seconds=min(2.0, settings.sweep_s)),
            stopped=timedelta(seconds=min(2.0, settings.sweep_s)),
        ),
        clock=utc_now,
        move_on=move_on,
    )
    looked_at = -STANDING_S

    async def carry_out(tenant_id: UUID, effect_id: UUID) -> Sequence[Job]:
        nonlocal looked_at  # when this was last seen to be the right database; a claim itself reads the kill switch
        now = time.monotonic()
        if now - looked_at >= STANDING_S:
            if not await may_move_money(here):
                return ()
            looked_at = now
        return await effect_flow.carry_out(carrier, tenant_id=tenant_id, effect_id=effect_id)

    return carry_out


def in_a_row(here: House, steps: Mapping[Task, Step], first: Task) -> Work:
    """Return work that begins with a step and does at once what follows from it, one after the other.

    What follows was enqueued nowhere: it is when the work breaks off, and its rows' due times stand should we die.
    """

    async def do(tenant_id: UUID, id_: UUID) -> None:
        waiting = [Job(first, id_)]
        try:
            while waiting:
                job = waiting.pop(0)
                waiting += await steps[job.task](tenant_id, job.id)
        finally:
            if waiting:
                async with here.database.tx(tenant_id) as db:
                    await jobs.defer(db, waiting)

    return do


async def may_move_money(here: House) -> bool:
    """Return whether this is the database this machine belongs to and nobody stopped it."""
    async with here.database.tx(None) as db:
        state = await instance.check_instance(db, here.settings.data_dir, joined=here.settings.instance_id)
    if not state.may_move_money:
        _log.warning("nothing is sent", standing=state.standing.value, reason=state.reason, kill=state.kill_switch)
    return state.may_move_money


def advance_work(here: House) -> Work:
    """Return the work of moving one return on."""

    async def advance(tenant_id: UUID, rma_id: UUID) -> None:
        async def move(db: Db) -> None:
            await rma_flow.advance(
                db, tenant_id=tenant_id, rma_id=rma_id, platforms=here.platforms, policies=here.policies, now=utc_now()
            )

        await here.database.run(tenant_id, move)

    return advance


async def source(here: House, tenant_id: UUID, connection_id: UUID) -> order_flow.Source:
    """Return where the orders of a connection are read; raise Unreachable if it is not connected."""
    async with here.database.tx(tenant_id) as db:
        connection = await connections.get(db, connection_id)
    if connection is None or connection.state != "connected":
        raise Unreachable("the connection is not connected", needs_reconnect=True)
    return order_flow.Source(tenant_id, connection_id, here.connector(connection.platform), here.credential(connection))


def inbox_work(here: House) -> Work:
    """Return the work of reading one inbox row: a hint is re-read, a scan moves a parcel, a document is taken in."""
    from retour.main.intake import documents  # noqa: PLC0415 - it stands on this room

    async def read(tenant_id: UUID, inbox_id: UUID) -> None:
        async def read_order(connection_id: UUID, *, ref: str | None, name: str | None) -> Fetched | None:
            where = await source(here, tenant_id, connection_id)
            return await order_flow.read_order(here.database, source=where, clock=utc_now, ref=ref, name=name)

        async def on_tracking(db: Db, said: TrackingEvent) -> None:
            await shipping_flow.track(db, said=said, now=utc_now())

        await webhook_flow.read_inbox(
            here.database,
            here.vault,
            tenant_id=tenant_id,
            inbox_id=inbox_id,
            read=read_order,
            mirror=order_flow.mirror,
            on_tracking=on_tracking,
            clock=utc_now,
            documents=documents(here, tenant_id),
        )

    return read


def sync_work(here: House) -> Work:
    """Return the work of syncing the orders of one connection."""

    from retour.main.intake import asked_regularly  # noqa: PLC0415 - it stands on this room

    async def sync(tenant_id: UUID, connection_id: UUID) -> None:
        if await asked_regularly(here, tenant_id, connection_id):
            return
        where = await source(here, tenant_id, connection_id)
        await order_flow.sync_orders(here.database, here.vault, source=where, clock=utc_now)

    return sync


def passed_on(here: House, task: Task, work: Work) -> Work:
    """Return work that is handed to the executor when only it can open the credential."""

    async def tried(tenant_id: UUID, id_: UUID) -> None:
        try:
            await work(tenant_id, id_)
        except ElsewhereOnly:
            async with here.database.tx(tenant_id) as db:
                await jobs.defer(db, [jobs.Job(task, id_, Queue.MONEY)])

    return tried


def forget_work(here: House) -> Work:
    """Return the work of forgetting an account's answers under keys that have expired."""

    async def forget(tenant_id: UUID, _: UUID) -> None:
        async with here.database.tx(tenant_id) as db:
            await idempotency.forget_expired(db)

    return forget


def executor_runner(here: House) -> Runner:
    """Return the process that moves money, stock and labels; it also reads for connections with one credential."""
    from retour.main.settling import settle_step  # noqa: PLC0415 - it stands on this room
    from retour.main.visits import look_up_work  # noqa: PLC0415 - it stands on this room
    from retour.main.withdrawals import match_work  # noqa: PLC0415 - likewise

    steps = {Task.CARRY_OUT: effect_step(here), Task.SETTLE: settle_step(here)}
    tasks = {
        **{task: in_a_row(here, steps, task) for task in steps},
        Task.READ_INBOX: inbox_work(here),
        Task.SYNC_ORDERS: sync_work(here),
        Task.LOOK_UP: look_up_work(here),
        Task.MATCH_WITHDRAWAL: match_work(here),
    }
    sweeps = [
        Sweep("effects", _found(due.effects), tasks[Task.CARRY_OUT]),
        Sweep("settlements", _found(due.settlements), tasks[Task.SETTLE]),
    ]
    return _runner(here, [Queue.MONEY], tasks, sweeps, MONEY_CONCURRENCY)


def worker_runner(here: House) -> Runner:
    """Return the process that moves returns on and tells people."""
    from retour.main.delivering import delivery_work  # noqa: PLC0415 - it stands on this room
    from retour.main.guarding import alarm_work, escalate_work  # noqa: PLC0415 - it stands on this room
    from retour.main.logistics import label_work  # noqa: PLC0415 - it stands on this room
    from retour.main.mailing import mail_work  # noqa: PLC0415 - templates and languages are for the worker alone
    from retour.main.settling import remind_work  # noqa: PLC0415 - it stands on this room
    from retour.main.simulating import forget_simulations_work, simulation_work  # noqa: PLC0415 - likewise
    from retour.main.visits import forget_visits_work, look_up_work  # noqa: PLC0415 - it stands on this room
    from retour.main.withdrawals import match_work  # noqa: PLC0415 - likewise

    tasks = {
        Task.ADVANCE: advance_work(here),
        Task.DELIVER: delivery_work(here),
        Task.MAIL: mail_work(here),
        Task.FETCH_PICTURE: picture_work(here.database, here.pictures, utc_now),
        Task.READ_INBOX: passed_on(here, Task.READ_INBOX, inbox_work(here)),
        Task.SYNC_ORDERS: passed_on(here, Task.SYNC_ORDERS, sync_work(here)),
        Task.LOOK_UP: look_up_work(here),
        Task.SIMULATE: simulation_work(here.database, utc_now),
        Task.ALARM: alarm_work(here),
        Task.MATCH_WITHDRAWAL: match_work(here),
        Task.LABEL: label_work(here),
    }
    sweeps = [
        Sweep("returns", _found(due.rmas), tasks[Task.ADVANCE]),
        Sweep("reports", _found(due.reports), remind_work(here)),
        Sweep("alarms", _found(due.alarms), tasks[Task.ALARM]),
        Sweep("escalations", _found(due.escalations), escalate_work(here)),
        Sweep("deliveries", _found(due.deliveries), tasks[Task.DELIVER]),
        Sweep("mail", _found(due.mail), tasks[Task.MAIL]),
        Sweep("inbox", _found(due.inbox), tasks[Task.READ_INBOX]),
        Sweep("orders", _found(due.syncs), tasks[Task.SYNC_ORDERS]),
        Sweep("look-ups", _found(due.visits), tasks[Task.LOOK_UP]),
        Sweep("withdrawals", _found(due.withdrawals), tasks[Task.MATCH_WITHDRAWAL]),
        Sweep("pictures", _found(due.pictures), tasks[Task.FETCH_PICTURE]),
        Sweep("expired keys", _found(due.expired_keys), forget_work(here)),
        Sweep("expired visits", _found(due.expired_visits), forget_visits_work(here)),
        Sweep("labels", _found(due.labels), tasks[Task.LABEL]),
        Sweep("simulations", _found(due.simulations), tasks[Task.SIMULATE]),
        Sweep("expired simulations", _found(due.expired_simulations), forget_simulations_work(here.database, utc_now)),
    ]
    return _runner(here, [Queue.WORK], tasks, sweeps, MONEY_CONCURRENCY)


def _found(
    find: Callable[..., Awaitable[list[tuple[UUID, UUID]]]],
) -> Callable[[Db, int, timedelta], Awaitable[list[tuple[UUID, UUID]]]]:
    async def found(db: Db, most: int, overdue: timedelta) -> list[tuple[UUID, UUID]]:
        return await find(db, most=most, overdue=overdue)

    return found


def _runner(
    here: House, queues: list[Queue], tasks: Mapping[Task, Work], sweeps: list[Sweep], concurrency: int
) -> Runner:
    settings = here.settings
    return Runner(
        database=here.database,
        url=here.url,
        queues=queues,
        tasks=tasks,
        sweeps=sweeps,
        tempo=Tempo(
            concurrency=concurrency,
            sweep_s=settings.sweep_s,
            overdue=timedelta(seconds=min(5.0, settings.sweep_s)),
        ),
    )
