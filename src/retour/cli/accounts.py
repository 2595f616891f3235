"""Accounts, their stores, their staff and their API keys."""

import dataclasses
import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import click

from retour.cli.frame import (
    ACTOR,
    House,
    account_option,
    in_account,
    json_option,
    load_settings,
    now,
    opened,
    run,
    store_option,
    table,
    tell,
    uuid_of,
)
from retour.cli.frame import find_store as chosen_store
from retour.core.account import Role
from retour.flows import account as flow
from retour.store import account as accounts
from retour.store.account import Account, KeyRow, Staff, Store
from retour.store.db import Database
from retour.store.ids import new_id
from retour.store.password import hash_password

_role = click.option(
    "--role", type=click.Choice([role.value for role in Role]), required=True, help="What they may do."
)
_MASTERS = {
    "return_master": ("retour", "platform"),
    "refund_master": ("retour", "platform"),
    "restock_master": ("retour", "warehouse", "platform"),
    "tag_on": ("order", "customer", "nothing"),
}


def _ownership(command: Any) -> Any:
    """Add the options that say who masters what."""
    for name, choices in reversed(_MASTERS.items()):
        command = click.option(f"--{name.replace('_', '-')}", type=click.Choice(choices))(command)
    command = click.option("--location-ref", help="Where restocked units go unless the inspection says otherwise.")(
        command
    )
    return click.option("--timezone", help="An IANA name, such as Europe/Berlin.")(command)


@click.group("account", cls=House)
def account_command() -> None:
    """Accounts: the merchants of this installation."""


@account_command.command("create")
@click.argument("name")
@json_option
def create_account(name: str, *, as_json: bool) -> None:
    """Open an account."""

    async def create() -> Account:
        tenant_id = new_id()
        async with opened(load_settings()) as database, database.tx(tenant_id) as db:
            return await flow.create_account(db, tenant_id=tenant_id, name=name, actor=ACTOR, now=now())

    made = run(create())
    tell({"id": made.tenant_id, "name": made.name}, [f"{made.tenant_id}  {made.name}"], as_json=as_json)


@account_command.command("list")
@json_option
def list_accounts(*, as_json: bool) -> None:
    """List the accounts."""

    async def read() -> list[Account]:
        async with opened(load_settings()) as database:
            async with database.tx(None) as db:
                ids = await accounts.route_accounts(db)
            return [found for id_ in ids if (found := await _account(database, id_)) is not None]

    found = run(read())
    rows = [(a.tenant_id, a.name, "payments paused" if a.payments_paused else "") for a in found]
    tell(found, table(("id", "name", ""), rows), as_json=as_json)


async def _account(database: Database, tenant_id: UUID) -> Account | None:
    async with database.tx(tenant_id) as db:
        return await accounts.get_account(db)


@click.group("store", cls=House)
def store_command() -> None:
    """Stores: the shops of an account, and who masters what in each."""


@store_command.command("create")
@click.argument("name")
@click.option("--currency", required=True, help="The shop's own currency, such as EUR.")
@click.option("--guarded", is_flag=True, help="Watch over its payments with the usual limits of the velocity breaker.")
@_ownership
@account_option
@json_option
def create_store(
    name: str, *, currency: str, guarded: bool, account: str | None, as_json: bool, **chosen: str | None
) -> None:
    """Add a store."""
    wishes = {"timezone": "UTC"} | _given(chosen)

    async def create(database: Database, tenant_id: UUID) -> Store:
        async with database.tx(tenant_id) as db:
            return await flow.create_store(
                db, shop_name=name, currency=currency, actor=ACTOR, now=now(), guarded=guarded, **wishes
            )

    _tell_stores([in_account(account, create)], as_json=as_json)


@store_command.command("list")
@account_option
@json_option
def list_stores(*, account: str | None, as_json: bool) -> None:
    """List the stores of an account."""

    async def read(database: Database, tenant_id: UUID) -> list[Store]:
        async with database.tx(tenant_id) as db:
            return await accounts.stores(db)

    _tell_stores(in_account(account, read), as_json=as_json)


@store_command.command("set")
@_ownership
@account_option
@store_option
@json_option
def set_store(*, account: str | None, store: str | None, as_json: bool, **chosen: str | None) -> None:
    """Change who masters what in a store, its time zone, or where restocked units go."""

    async def change(database: Database, tenant_id: UUID) -> Store:
        async with database.tx(tenant_id) as db:
            found = await chosen_store(db, store)
            return await flow.change_store(db, store_id=found.id, changes=_given(chosen), actor=ACTOR, now=now())

    _tell_stores([in_account(account, change)], as_json=as_json)


def _given(chosen: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in chosen.items() if value is not None}


def _tell_stores(found: list[Store], *, as_json: bool) -> None:
    head = ("id", "name", "currency", "time zone", "return", "refund", "restock", "tag on", "location", "")
    rows = [
        (
            s.id, s.shop_name, s.currency, s.timezone, s.return_master, s.refund_master, s.restock_master, s.tag_on,
            s.location_ref, "payments paused" if s.payments_paused else "",
        )
        for s in found
    ]  # fmt: skip
    tell(found, table(head, rows), as_json=as_json)


@click.group("staff", cls=House)
def staff_command() -> None:
    """Staff: the people who work for a merchant."""


@staff_command.command("create")
@click.argument("email")
@click.option("--name", required=True)
@_role
@click.option("--no-password", is_flag=True, help="They cannot sign in until they have one.")
@account_option
@json_option
def create_staff(email: str, *, name: str, role: str, no_password: bool, account: str | None, as_json: bool) -> None:
    """Add a member of the staff; the password is asked for, or read from RETOUR_PASSWORD."""
    plain = None if no_password else flow.check_new_password(_password())

    async def create(database: Database, tenant_id: UUID) -> Staff:
        hashed = None if plain is None else await hash_password(plain)
        async with database.tx(tenant_id) as db:
            return await flow.add_staff(
                db, email=email, name=name, role=Role(role), password_hash=hashed, actor=ACTOR, now=now()
            )

    made = in_account(account, create)
    tell(made, [f"{made.id}  {made.email}  {made.role.value}"], as_json=as_json)


def _password() -> str:
    given = os.environ.get("RETOUR_PASSWORD")
    return given or str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


@click.group("key", cls=House)
def key_command() -> None:
    """API keys: each works for all stores of its account."""


@key_command.command("create")
@click.argument("name")
@_role
@account_option
@json_option
def create_key(name: str, *, role: str, account: str | None, as_json: bool) -> None:
    """Make a key. It is shown now and never again."""

    async def create(database: Database, tenant_id: UUID) -> tuple[UUID, str]:
        async with database.tx(tenant_id) as db:
            key = await flow.create_key(db, name=name, role=Role(role), actor=ACTOR, now=now())
        return key.id, key.text

    key_id, text = in_account(account, create)
    tell({"id": key_id, "name": name, "role": role, "key": text}, [text], as_json=as_json)


@key_command.command("list")
@account_option
@json_option
def list_keys(*, account: str | None, as_json: bool) -> None:
    """List the keys of an account, never their secrets."""

    async def read(database: Database, tenant_id: UUID) -> list[KeyRow]:
        async with database.tx(tenant_id) as db:
            return await accounts.keys(db)

    found = in_account(account, read)
    rows = [(k.id, k.name, k.role.value, _day(k.created_at), _day(k.last_used_at), _day(k.revoked_at)) for k in found]
    head = ("id", "name", "role", "made", "last used", "revoked")
    tell([dataclasses.asdict(key) for key in found], table(head, rows), as_json=as_json)


@key_command.command("revoke")
@click.argument("key_id")
@account_option
def revoke_key(key_id: str, *, account: str | None) -> None:
    """Revoke a key; it stops working within ten seconds."""
    wanted = uuid_of(key_id, "key_not_found")

    async def revoke(database: Database, tenant_id: UUID) -> None:
        async with database.tx(tenant_id) as db:
            await flow.revoke_key(db, key_id=wanted, actor=ACTOR, now=now())

    in_account(account, revoke)
    click.echo(f"revoked {wanted}")


def _day(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else ""
