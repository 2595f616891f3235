"""Mailboxes that shoppers write to: read regularly, with a password that only the worker can open."""

import os
import sys
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
from retour.core.mail_server import Encryption
from retour.core.mailbox import Box
from retour.core.mailbox.box import PORTS
from retour.flows.intake import mailboxes as flow
from retour.store import sync
from retour.store.connection import Connection
from retour.store.db import Database

PASSWORD: Final = "RETOUR_MAILBOX_PASSWORD"  # noqa: S105 - the name of a variable
_stdin = click.option("--stdin", "from_stdin", is_flag=True, help="Read the password from stdin.")


@click.group("mailbox", cls=House)
def mailbox_command() -> None:
    """Mailboxes that shoppers write to."""


@mailbox_command.command("add")
@click.argument("name")
@click.argument("host")
@click.argument("user")
@click.option("--port", type=click.IntRange(1, 65_535), help="993, or 143 with STARTTLS.")
@click.option("--encryption", type=click.Choice([one.value for one in PORTS]), default="at_once", show_default=True)
@click.option("--folder", default="INBOX", show_default=True)
@click.option("--address", default="", help="What shoppers write to, if USER is no address.")
@click.option("--since-days", type=click.IntRange(0, flow.DAYS_MOST), default=0, show_default=True)
@_stdin
@account_option
@store_option
@json_option
def add_mailbox(
    name: str, host: str, user: str, *, port: int | None, encryption: str, folder: str, address: str, since_days: int,
    from_stdin: bool, account: str | None, store: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Read the mailbox of USER at HOST from now on, under NAME.

    Its password comes from stdin, from RETOUR_MAILBOX_PASSWORD, or is asked for.
    """
    settings, password, how = load_settings(), _password(from_stdin=from_stdin), Encryption(encryption)

    async def add(database: Database, tenant_id: UUID) -> Connection:
        async with database.tx(tenant_id) as db:
            return await flow.add_mailbox(
                db, web_vault(settings), store_id=(await find_store(db, store)).id, name=name,
                box=Box(host, port or PORTS[how], how, user, folder, address), password=password, days=since_days,
                actor=ACTOR, now=now(), allow_private=settings.allow_private_urls,
            )  # fmt: skip

    added = in_account(account, add, settings=settings)
    tell({"id": added.id, "address": added.base_url}, [f"{added.id}", f"reads {added.base_url}"], as_json=as_json)


@mailbox_command.command("list")
@account_option
@json_option
def list_mailboxes(*, account: str | None, as_json: bool) -> None:
    """List the mailboxes that are read and how that goes, never their passwords."""

    async def read(database: Database, tenant_id: UUID) -> list[tuple[Connection, str]]:
        async with database.tx(tenant_id) as db:
            found, at = await flow.mailboxes(db), await sync.standings(db)
        return [(one, (at[one.id].problem if one.id in at else None) or "") for one in found]

    rows = [
        (one.id, one.far_name, one.base_url, flow.box_of(one).user, flow.box_of(one).folder, one.state, problem)
        for one, problem in in_account(account, read)
    ]
    head = ("id", "name", "address", "user", "folder", "state", "problem")
    tell([dict(zip(head, row, strict=True)) for row in rows], table(head, rows), as_json=as_json)


@mailbox_command.command("password")
@click.argument("mailbox_id")
@_stdin
@account_option
def change_password(mailbox_id: str, *, from_stdin: bool, account: str | None) -> None:
    """Read a mailbox with another password."""
    wanted, settings = uuid_of(mailbox_id, "mailbox_not_found"), load_settings()
    password = _password(from_stdin=from_stdin)

    async def change(database: Database, tenant_id: UUID) -> None:
        async with database.tx(tenant_id) as db:
            await flow.change_password(
                db, web_vault(settings), mailbox_id=wanted, password=password, actor=ACTOR, now=now()
            )

    in_account(account, change, settings=settings)
    click.echo(f"resealed {wanted}")


@mailbox_command.command("remove")
@click.argument("mailbox_id")
@account_option
def remove_mailbox(mailbox_id: str, *, account: str | None) -> None:
    """Read a mailbox no more; what came from it stays."""
    wanted = uuid_of(mailbox_id, "mailbox_not_found")

    async def remove(database: Database, tenant_id: UUID) -> None:
        async with database.tx(tenant_id) as db:
            await flow.remove_mailbox(db, mailbox_id=wanted, actor=ACTOR, now=now())

    in_account(account, remove)
    click.echo(f"removed {wanted}")


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return os.environ.get(PASSWORD) or str(click.prompt("Password of the mailbox", hide_input=True, err=True))
