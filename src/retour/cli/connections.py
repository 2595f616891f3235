"""Connections: a store's credentials to an outside system, sealed at once to the process that uses them."""

import os
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import click

from retour.cli.frame import (
    ACTOR,
    House,
    account_option,
    find_store,
    in_account,
    json_option,
    load_settings,
    now,
    store_option,
    table,
    tell,
    uuid_of,
    web_vault,
)
from retour.core.errors import Refused
from retour.flows import connection as flow
from retour.flows import order as order_flow
from retour.store import connection as connections
from retour.store.connection import Connection
from retour.store.db import Database

# Where each secret comes from if not from stdin: a variable, else a question on the terminal. Never the command line.
WRITE: Final = ("RETOUR_WRITE_TOKEN", "Token that may write (only the executor can open it)")
READ: Final = ("RETOUR_READ_TOKEN", "Token that may only read (empty: the executor reads, too)")
WEBHOOK: Final = ("RETOUR_WEBHOOK_SECRET", "Secret that signs its webhooks (empty: none)")
DEFAULT_DAYS: Final = 90

_stdin = click.option(
    "--stdin", "from_stdin", is_flag=True, help="Read the secrets from stdin, one a line, in that order."
)


@click.group("connection", cls=House)
def connection_command() -> None:
    """Connections to shops and carriers."""


@connection_command.command("add")
@click.argument("platform", type=click.Choice(["shopify", "carrier"]))
@click.argument("far_name")
@click.option("--base-url", help="Where its API is (Shopify: https://FAR_NAME).")
@click.option(
    "--since-days",
    type=click.IntRange(0, 3650),
    default=DEFAULT_DAYS,
    show_default=True,
    help="Take over orders changed in that time.",
)
@_stdin
@account_option
@store_option
@json_option
def add_connection(
    platform: str,
    far_name: str,
    *,
    base_url: str | None,
    since_days: int,
    from_stdin: bool,
    account: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Connect a store to FAR_NAME (a Shopify domain, or the carrier's name) on PLATFORM.

    The secrets (write token, read token, webhook secret) come from stdin, from RETOUR_WRITE_TOKEN, RETOUR_READ_TOKEN
    and RETOUR_WEBHOOK_SECRET, or are asked for.
    """
    settings = load_settings()
    write, read, webhook = _secrets((WRITE, READ, WEBHOOK), from_stdin=from_stdin)

    async def add(database: Database, tenant_id: UUID) -> Connection:
        async with database.tx(tenant_id) as db:
            added = await flow.connect(
                db, web_vault(settings), tenant_id=tenant_id, store_id=(await find_store(db, store)).id,
                platform=platform, far_name=far_name, base_url=base_url or f"https://{far_name}",
                write={"token": write} if write else {}, read={"token": read} if read else None,
                webhook_secrets=[webhook.encode()] if webhook else (),
                allow_private_urls=settings.allow_private_urls, actor=ACTOR, now=now(),
            )  # fmt: skip
            if platform != "carrier":
                since = now() - timedelta(days=since_days)
                await order_flow.start_sync(db, connection_id=added.id, since=since, at=now())
        return added

    added = in_account(account, add, settings=settings)
    hook = f"{settings.public_url}/hooks/{platform}/{added.id}"
    tell({"id": added.id, "webhook_url": hook}, [f"{added.id}", f"its webhooks go to {hook}"], as_json=as_json)


@connection_command.command("list")
@account_option
@json_option
def list_connections(*, account: str | None, as_json: bool) -> None:
    """List the connections of an account, never their secrets."""

    async def read(database: Database, tenant_id: UUID) -> Sequence[Connection]:
        async with database.tx(tenant_id) as db:
            return await connections.connections(db)

    found = [
        {
            "id": c.id, "platform": c.platform, "far_name": c.far_name, "base_url": c.base_url, "state": c.state,
            "read_credential": c.sealed_read is not None, "webhooks": c.sealed_webhook_secrets is not None,
        }
        for c in in_account(account, read)
    ]  # fmt: skip
    head = ("id", "platform", "name", "address", "state", "reads in")
    rows = [
        (c["id"], c["platform"], c["far_name"], c["base_url"], c["state"], "worker" if c["read_credential"] else "executor")
        for c in found
    ]  # fmt: skip
    tell(found, table(head, rows), as_json=as_json)


@connection_command.command("reseal")
@click.argument("connection_id")
@_stdin
@account_option
def reseal_connection(connection_id: str, *, from_stdin: bool, account: str | None) -> None:
    """Replace secrets of a connection; what is left empty stays."""
    wanted = uuid_of(connection_id, "connection_not_found")
    write, read, webhook = _secrets((WRITE, READ, WEBHOOK), from_stdin=from_stdin)
    if not (write or read or webhook):
        raise Refused("nothing_given", "no secret was given")
    settings = load_settings()

    async def reseal(database: Database, tenant_id: UUID) -> None:
        async with database.tx(tenant_id) as db:
            await flow.reseal(
                db, web_vault(settings), tenant_id=tenant_id, connection_id=wanted,
                write={"token": write} if write else None, read={"token": read} if read else None,
                webhook_secrets=[webhook.encode()] if webhook else None, actor=ACTOR, now=now(),
            )  # fmt: skip

    in_account(account, reseal, settings=settings)
    click.echo(f"resealed {wanted}")


def _secrets(wanted: Sequence[tuple[str, str]], *, from_stdin: bool) -> list[str]:
    """Return the secrets in their order: from stdin a line each, else from variables, else from a person."""
    if from_stdin:
        lines = [line.strip() for line in sys.stdin.read().splitlines()]
        return [lines[n] if n < len(lines) else "" for n in range(len(wanted))]
    if any(os.environ.get(variable) for variable, _ in wanted):
        return [os.environ.get(variable, "") for variable, _ in wanted]
    return [str(click.prompt(words, hide_input=True, default="", show_default=False, err=True)) for _, words in wanted]
