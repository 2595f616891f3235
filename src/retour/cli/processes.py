"""Making the database ready, and running all processes in one tree."""

import asyncio
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from retour.cli.frame import json_option, load_settings, opened, run, tell, web_vault
from retour.core.errors import Refused
from retour.core.sign_in import set_up_code
from retour.ops import database as databases
from retour.ops.postgres import EmbeddedPostgres, Urls
from retour.ops.supervisor import Role, Supervisor
from retour.settings import Settings
from retour.store import account, instance, migrate
from retour.store.db import Database

SANDBOX_PORT: Final = 4010
SANDBOX_SMTP_PORT: Final = 4025
SANDBOX_PARTS: Final = ("graphql", "starlette", "aiosmtpd")
SANDBOX_MAIL_FROM: Final = "returns@sandbox.example"


@click.command("migrate")
@json_option
def migrate_command(*, as_json: bool) -> None:
    """Bring the database up to date; the machine that does it first belongs to that database."""
    applied = run(bring_up_to_date(load_settings()))
    lines = [f"applied {name}" for name in applied] or ["up to date"]
    tell({"applied": applied}, lines, as_json=as_json)


async def bring_up_to_date(settings: Settings) -> list[str]:
    """Migrate, and let a machine that made the database join it; return what was applied."""
    owner = await asyncio.to_thread(databases.address, settings, "owner")
    login_urls = [
        url for url in (settings.owner_url, settings.app_url, settings.executor_url, settings.backup_url) if url
    ]
    applied = await migrate.migrate(owner, login_urls=login_urls)
    if applied and applied[0] == migrate.files()[0].name and settings.instance_id is None:
        app = await asyncio.to_thread(databases.address, settings, "app") if settings.embedded else settings.app_url
        if app is not None:
            await _join(app, settings.data_dir)
    return applied


async def _join(url: str, data_dir: Path) -> None:
    database = await Database.open(url, name="retour-cli", pool_max=1)
    try:
        async with database.tx(None) as db:
            await instance.join(db, data_dir)
    finally:
        await database.close()


@click.command("up")
@click.option("--with-sandbox", is_flag=True, help="Also run the sandbox shop, carrier and mail server.")
@click.option("--sandbox-port", type=click.IntRange(1, 65535), default=SANDBOX_PORT, show_default=True)
@click.option("--sandbox-smtp-port", type=click.IntRange(1, 65535), default=SANDBOX_SMTP_PORT, show_default=True)
def up_command(*, with_sandbox: bool, sandbox_port: int, sandbox_smtp_port: int) -> None:
    """Run everything in one process tree: database (unless one is set), web, worker, executor."""
    settings = load_settings()
    click.echo(f"retour: data in {settings.data_dir}, API at {settings.public_url}/api/v1/docs")
    if with_sandbox:
        click.echo(f"retour: sandbox at http://127.0.0.1:{sandbox_port} (token sandbox-token), its mail under /mail")
    run(up(settings, sandbox_ports=(sandbox_port, sandbox_smtp_port) if with_sandbox else None))


async def up(settings: Settings, *, sandbox_ports: tuple[int, int] | None) -> None:
    """Start the database, migrate, and keep all processes running until a signal; the sandbox's are HTTP and SMTP."""
    urls, server = await prepare(settings)
    parts = [*house_parts(settings, urls)]
    if sandbox_ports is not None:  # it speaks http on this machine, which nothing may be called by otherwise
        http_port, smtp_port = sandbox_ports
        near = {"RETOUR_SANDBOX_URL": f"http://127.0.0.1:{http_port}", "RETOUR_ALLOW_PRIVATE_URLS": "1"}
        mail = sandbox_mail(settings, smtp_port)
        parts = [Role(part.name, part.argv, {**mail.get(part.name, {}), **part.env, **near}) for part in parts]
        parts.insert(0, sandbox_part(http_port, "--smtp-port", str(smtp_port)))
    database = await Database.open(urls.app, name="retour-cli", pool_max=1)
    try:
        invitation = await set_up_address(database, settings)
    finally:
        await database.close()
    if invitation is not None:
        click.echo(f"retour: nobody has an account yet; open it at {invitation}")
    await Supervisor(parts, data_dir=settings.data_dir, server=server).run()


@click.command("setup")
@json_option
def setup_command(*, as_json: bool) -> None:
    """Print the address at which the first account is opened, with the code that protects it."""

    async def find(settings: Settings) -> str | None:
        async with opened(settings) as database:
            return await set_up_address(database, settings)

    found = run(find(load_settings()))
    if found is None:
        raise Refused("already_set_up", "this installation has an account; `retour staff create` adds people")
    tell({"url": found}, [found], as_json=as_json)


async def set_up_address(database: Database, settings: Settings) -> str | None:
    """Return the address of the first set-up with its code, or nothing once there is an account."""
    async with database.tx(None) as db:
        if await account.has_accounts(db):
            return None
    code = set_up_code(web_vault(settings).house)
    return f"{settings.public_url}/set-up?code={code}"


async def prepare(settings: Settings) -> tuple[Urls, EmbeddedPostgres | None]:
    """Return the addresses of a running, migrated database, and the embedded server if it is one."""
    server = databases.server_of(settings)
    ran_before = server is not None and server.status().running
    try:
        for role in ("owner", "app", "executor"):  # whoever is missing is told before anything starts
            await asyncio.to_thread(databases.address, settings, role)
        await bring_up_to_date(settings)
    except BaseException:  # also Ctrl-C: nothing of ours is left running
        if server is not None and not ran_before:
            await asyncio.to_thread(server.stop)
        raise
    return await asyncio.to_thread(databases.addresses, settings), server


def house_parts(settings: Settings, urls: Urls) -> list[Role]:
    """Return web, worker and executor as processes that know the data directory and their own address alone."""
    return [
        Role("web", retour("serve"), databases.environ_of(settings, urls, "web")),
        Role("worker", retour("worker"), databases.environ_of(settings, urls, "worker")),
        Role("executor", retour("executor"), databases.environ_of(settings, urls, "executor")),
    ]


def sandbox_mail(settings: Settings, smtp_port: int) -> dict[str, dict[str, str]]:
    """Return what each part gets in its environment to mail through the sandbox; nothing where a server is set up.

    The server is the worker's alone, the address that mail comes from everybody's.
    """
    if settings.mail_server is not None:
        return {}
    sender = {"RETOUR_MAIL_FROM": settings.mail_from or SANDBOX_MAIL_FROM}
    server = {"RETOUR_SMTP_URL": f"smtp://127.0.0.1:{smtp_port}?starttls=0"}
    return {"web": sender, "worker": sender | server, "executor": sender}


def sandbox_part(port: int, *options: str) -> Role:
    """Return the sandbox (shop, carrier; mail with `--smtp-port`) as a process; it has its own memory and none of our addresses.

    Raises Refused(sandbox_missing) where its parts are not installed.
    """
    if any(importlib.util.find_spec(part) is None for part in SANDBOX_PARTS):
        raise Refused("sandbox_missing", "the sandbox is an extra: pip install 'retour[sandbox]'")
    command = [sys.executable, "-m", "retour.sandbox", "--port", str(port), *options]
    return Role("sandbox", command, databases.no_addresses() | {"RETOUR_SMTP_URL": ""})


def retour(*arguments: str) -> Sequence[str]:
    """Return the command that runs this program again, wherever it is installed."""
    return [sys.executable, "-m", "retour.cli", *arguments]
