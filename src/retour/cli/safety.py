"""Keeping and stopping: backups, restores, belonging to a database, and the kill switches."""

import asyncio
from pathlib import Path
from uuid import UUID

import asyncpg
import click

from retour.cli.frame import (
    ACTOR,
    account_option,
    find_account,
    find_store,
    json_option,
    load_settings,
    now,
    opened,
    run,
    store_option,
    tell,
)
from retour.flows import guard as guard_flow
from retour.ops import backup as backups
from retour.ops import database as databases
from retour.store import instance
from retour.store.db import Database

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("backup")
@click.argument("file", type=_FILE)
def backup_command(file: Path) -> None:
    """Write a whole, consistent copy of the database to FILE. The keys in the data directory are not in it."""
    settings = load_settings()
    backups.backup(databases.addresses(settings), file.absolute(), programs=databases.programs(settings))
    click.echo(f"{file}: {file.stat().st_size} bytes; keep it apart from {settings.data_dir / 'keys'}, which opens it")


@click.command("restore")
@click.argument("file", type=_FILE)
@click.option("--replace", is_flag=True, help="Replace what is in the database.")
def restore_command(file: Path, *, replace: bool) -> None:
    """Put the backup in FILE into the database, in quarantine: no money moves until `retour resume`."""
    settings = load_settings()
    databases.address(settings, "owner")
    backups.restore(
        databases.addresses(settings), file.absolute(), programs=databases.programs(settings), replace=replace
    )
    click.echo("restored, in quarantine; look at what happened since the backup, then `retour resume`")


@click.command("resume")
@click.option("--yes", is_flag=True, help="Do not ask.")
def resume_command(*, yes: bool) -> None:
    """End the quarantine after a restore; the database becomes a new one and other machines must join it again."""
    if not yes:
        click.confirm("Did you check what was paid since the backup? Effects will be sent again.", abort=True)

    async def resume() -> UUID:
        settings = load_settings()
        url = await asyncio.to_thread(databases.address, settings, "owner")
        connection = await asyncpg.connect(url)
        try:
            return await instance.resume(connection, settings.data_dir)
        finally:
            await connection.close()

    click.echo(f"resumed; the database is now {run(resume())}")


@click.command("join")
def join_command() -> None:
    """Make this machine one of the database's: executors here may then move money."""

    async def join() -> UUID:
        settings = load_settings()
        async with opened(settings) as database, database.tx(None) as db:
            return await instance.join(db, settings.data_dir)

    click.echo(f"joined {run(join())}")


@click.command("pause")
@click.option("--everything", is_flag=True, help="Stop every effect of the whole installation.")
@account_option
@store_option
@click.option("--reason", help="Why, for whoever reads it later.")
@json_option
def pause_command(
    *, everything: bool, account: str | None, store: str | None, reason: str | None, as_json: bool
) -> None:
    """Stop payments of an account or a store, or (--everything) every effect of the installation."""
    _switch(stop=True, everything=everything, account=account, store=store, reason=reason, as_json=as_json)


@click.command("unpause")
@click.option("--everything", is_flag=True, help="Let the effects of the whole installation go again.")
@account_option
@store_option
@click.option("--reason", help="Why; needed where the velocity breaker has stopped the store.")
@json_option
def unpause_command(
    *, everything: bool, account: str | None, store: str | None, reason: str | None, as_json: bool
) -> None:
    """Let payments, or (--everything) every effect, go again."""
    _switch(stop=False, everything=everything, account=account, store=store, reason=reason, as_json=as_json)


def _switch(
    *, stop: bool, everything: bool, account: str | None, store: str | None, reason: str | None, as_json: bool
) -> None:
    if everything and store:
        raise click.UsageError("--everything stops more than a store; give one of them")

    async def switch() -> tuple[str, bool]:
        async with opened(load_settings()) as database:
            if everything:
                async with database.tx(None) as db:
                    await instance.set_kill_switch(db, on=stop)
                return "installation", True
            return await _switch_account(database, account, store, reason, stop=stop)

    what, changed = run(switch())
    word = "stopped" if stop else "running"
    tell(
        {"what": what, "paused": stop, "changed": changed},
        [f"{what}: {word}{'' if changed else ' already'}"],
        as_json=as_json,
    )


async def _switch_account(
    database: Database, account: str | None, store: str | None, reason: str | None, *, stop: bool
) -> tuple[str, bool]:
    tenant_id = await find_account(database, account)
    turn = guard_flow.pause_payments if stop else guard_flow.resume_payments
    async with database.tx(tenant_id) as db:
        chosen = await find_store(db, store) if store else None
        store_id = chosen.id if chosen else None
        changed = await turn(db, tenant_id=tenant_id, store_id=store_id, actor=ACTOR, now=now(), reason=reason)
    return (f"store {chosen.shop_name}" if chosen else "account"), changed
