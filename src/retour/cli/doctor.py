"""`retour doctor`: looks at everything an installation stands on, and changes nothing."""

import asyncio
import stat
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

import asyncpg
import click

from retour.cli.frame import account_option, find_account, json_option, load_settings, now, opened, run, tell, uuid_of
from retour.core.errors import Refused
from retour.core.ports import CommerceConnector, Credential, Unreachable
from retour.flows.order import check as contradictions
from retour.main import house as wiring
from retour.ops import database as databases
from retour.ops.binaries import PostgresMissing
from retour.ops.os_user import NoOsUser
from retour.ops.postgres import PostgresFailed
from retour.settings import Settings
from retour.store import account as accounts
from retour.store import connection as connections
from retour.store import due, instance, migrate
from retour.store.db import Database, RoleRefused

KEYS: Final = ("house.key", "worker.pub", "worker.key", "executor.pub", "executor.key")
LATE: Final = timedelta(minutes=2)
MOST: Final = 1000
_DATABASE_TROUBLE: Final = (
    OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, RoleRefused, PostgresFailed, PostgresMissing,
    NoOsUser, databases.AddressMissing,
)  # fmt: skip
_OVERDUE: Final[dict[str, Callable[..., Awaitable[list[tuple[UUID, UUID]]]]]] = {
    "effects": due.effects, "settlements": due.settlements, "returns": due.rmas, "deliveries": due.deliveries,
    "inbox": due.inbox, "order syncs": due.syncs,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: `ok`, `look` (somebody should) or `wrong`."""

    state: str
    what: str
    said: str


@click.command("doctor")
@click.option("--live", metavar="CONNECTION", help="Also call this connection's platform: reads only.")
@account_option
@json_option
def doctor_command(*, live: str | None, account: str | None, as_json: bool) -> None:
    """Check settings, database, keys, standing and connections; status 1 if something is wrong."""
    found = run(_everything(load_settings(), account, live))
    marks = {"ok": "✓", "look": "·", "wrong": "✗"}
    width = max(len(f.what) for f in found)
    tell(found, [f"{marks[f.state]} {f.what.ljust(width)}  {f.said}" for f in found], as_json=as_json)
    if any(f.state == "wrong" for f in found):
        sys.exit(1)


async def _everything(settings: Settings, account: str | None, live: str | None) -> list[Finding]:
    if live is not None:
        return [finding async for finding in _live(settings, account, uuid_of(live, "connection_not_found"))]
    kind = "embedded" if settings.embedded else "external"
    found = [Finding("ok", "settings", f"data in {settings.data_dir}, {kind} database, {settings.public_url}")]
    found += [*_keys(settings)]
    reachable = [finding async for finding in _databases(settings)]
    found += reachable
    if all(finding.state != "wrong" for finding in reachable):
        try:
            async with opened(settings) as database:
                found += [finding async for finding in _inside(settings, database)]
        except _DATABASE_TROUBLE as error:
            found.append(Finding("wrong", "database", _one_line(error)))
    return found


def _keys(settings: Settings) -> list[Finding]:
    folder = settings.data_dir / "keys"
    there = [name for name in KEYS if (folder / name).exists()]
    open_ = [name for name in there if stat.S_IMODE((folder / name).stat().st_mode) & 0o077]
    if open_:
        return [Finding("wrong", "keys", f"others may read {', '.join(open_)} in {folder}")]
    if "house.key" not in there:
        return [Finding("look", "keys", f"none in {folder} yet; they are made at the first start")]
    held = [name.removesuffix(".key") for name in there if name.endswith(".key")]
    return [Finding("ok", "keys", f"{', '.join(held)} in {folder}")]


async def _databases(settings: Settings) -> AsyncIterator[Finding]:
    server = databases.server_of(settings)
    if server is not None:
        status = server.status()
        said = f"running as process {status.pid}" if status.running else "not running; it is started for this look"
        yield Finding("ok", "embedded PostgreSQL", f"{said}, data in {status.cluster}")
    for role in ("app", "executor"):
        if server is None and databases.given(settings, role) is None:
            yield Finding("look", f"database as {role}", "no address is set: that role does not run here")
            continue
        yield await _database(settings, role)


async def _database(settings: Settings, role: databases.DatabaseRole) -> Finding:
    what = f"database as {role}"
    try:
        url = await asyncio.to_thread(databases.address, settings, role)
        missing = await migrate.pending(url)
        if missing:
            return Finding("wrong", what, f"{len(missing)} migrations are missing: run `retour migrate`")
        database = await Database.open(url, name="retour-doctor", pool_max=1, patience_s=5.0)
        await database.close()
    except _DATABASE_TROUBLE as error:
        return Finding("wrong", what, _one_line(error))
    return Finding("ok", what, "reached, migrated, bound by row security")


async def _inside(settings: Settings, database: Database) -> AsyncIterator[Finding]:
    async with database.tx(None) as db:
        state = await instance.check_instance(db, settings.data_dir, joined=settings.instance_id)
        late = {subject: len(await find(db, most=MOST, overdue=LATE)) for subject, find in _OVERDUE.items()}
        tenants = await accounts.route_accounts(db)
    current = state.standing is instance.Standing.CURRENT
    said = state.reason or f"this machine belongs to {state.id}"
    yield Finding("ok" if current else "wrong", "standing", f"{state.standing.value}: {said}")
    if state.kill_switch:
        yield Finding("wrong", "kill switch", "on: nothing is sent until `retour unpause --everything`")
    waiting = {subject: n for subject, n in late.items() if n}
    text = ", ".join(f"{n} {subject}" for subject, n in waiting.items()) or "nothing"
    yield Finding("look" if waiting else "ok", "due for over two minutes", text)
    yield Finding("ok", "accounts", str(len(tenants)))
    for tenant_id in tenants:
        async with database.tx(tenant_id) as db:
            account = await accounts.get_account(db)
            known = await connections.connections(db)
        assert account is not None
        if account.payments_paused:
            yield Finding("look", account.name, "payments are paused")
        for c in known:
            fine = {"connected": "ok", "disconnected": "look"}.get(c.state, "wrong")
            yield Finding(fine, account.name, f"{c.platform} {c.far_name}: {c.state.replace('_', ' ')} ({c.id})")


async def _live(settings: Settings, account: str | None, connection_id: UUID) -> AsyncIterator[Finding]:
    async with opened(settings) as database:
        tenant_id = await find_account(database, account)
        async with database.tx(tenant_id) as db:
            found = await connections.get(db, connection_id)
    if found is None:
        raise Refused("connection_not_found", "the account has no such connection")
    role: wiring.RoleName = "worker" if found.sealed_read is not None else "executor"
    url = await asyncio.to_thread(databases.address, settings, "executor" if role == "executor" else "app")
    async with wiring.house(role, settings, url) as here:
        if found.platform not in here.connectors:
            raise Refused(
                "nothing_to_check", f"a {found.platform} connection only sends to us; nothing is called there"
            )
        try:
            async for finding in _reads(here.connector(found.platform), here.credential(found)):
                yield finding
        except Unreachable as far:
            yield Finding("wrong", "not answered", f"{far}{'; connect it again' if far.needs_reconnect else ''}")


async def _reads(connector: CommerceConnector, credential: Credential) -> AsyncIterator[Finding]:
    health = await connector.probe(credential)
    said = f"{health.shop_name}, {health.currency}, {health.timezone}, can {', '.join(sorted(health.capabilities))}"
    yield Finding("ok" if health.ok else "wrong", "asked for the shop and its scopes", said)
    for problem in health.problems:
        yield Finding("wrong", "found", problem)
    for ref, name in health.locations:
        yield Finding("ok", "location", f"{name} ({ref})")
    page = await connector.list_orders(credential, since=now() - timedelta(days=30), cursor=None)
    yield Finding("ok", "asked for orders changed in 30 days", f"{len(page.order_refs)} on the first page")
    if page.order_refs:
        fetched = await connector.get_order(credential, ref=page.order_refs[-1])
        if fetched is None:
            yield Finding("wrong", "read an order", f"{page.order_refs[-1]} was listed and is not there")
            return
        odd = [*fetched.findings, *(finding.kind for finding in contradictions(fetched.order))]
        said = f"{fetched.order.name}: {'; '.join(odd) or 'all its sums close'}"
        yield Finding("look" if odd else "ok", "read an order", said)
    yield Finding("ok", "done", "three kinds of reads, nothing was changed there")


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
