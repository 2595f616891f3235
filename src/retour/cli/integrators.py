"""Integrators (ISVs): systems that may open and serve accounts in this installation, each with a key shown once."""

from datetime import datetime
from uuid import UUID

import click

from retour.cli.frame import ACTOR, House, json_option, load_settings, now, opened, run, table, tell, uuid_of
from retour.core.errors import Refused
from retour.core.isv import KEEP_HOURS_MOST
from retour.flows.account import isv as flow
from retour.store import isv as isvs
from retour.store.db import Database, Db
from retour.store.ids import new_id
from retour.store.isv import Isv

_PAGE = 1_000


@click.group("isv", cls=House)
def isv_command() -> None:
    """Integrators (ISVs): who may open and serve the accounts of many merchants."""


@isv_command.command("add")
@click.argument("name")
@json_option
def add(name: str, *, as_json: bool) -> None:
    """Let an integrator in. Its key is shown now and never again."""

    async def adding() -> tuple[UUID, str]:
        isv_id = new_id()
        async with opened(load_settings()) as database, database.tx(isv_id) as db:
            return isv_id, (await flow.add(db, isv_id=isv_id, name=name, now=now())).text

    isv_id, key = run(adding())
    tell({"id": isv_id, "name": name, "key": key}, [f"{isv_id}  {name}", key], as_json=as_json)


@isv_command.command("list")
@json_option
def list_isvs(*, as_json: bool) -> None:
    """List the integrators and how many accounts each serves, never their keys."""

    async def read() -> list[tuple[Isv, int]]:
        async with opened(load_settings()) as database:
            async with database.tx(None) as db:
                ids = await isvs.route_isvs(db)
            return [(found, len(await _served(database, found.id))) for found in [await _get(database, i) for i in ids]]

    found = run(read())
    rows = [(i.id, i.name, n, _day(i.created_at), _day(i.last_used_at), _day(i.removed_at)) for i, n in found]
    document = [
        {"id": i.id, "name": i.name, "accounts": n, "created_at": i.created_at, "removed_at": i.removed_at}
        for i, n in found
    ]
    tell(document, table(("id", "name", "accounts", "added", "last used", "removed"), rows), as_json=as_json)


@isv_command.command("rotate")
@click.argument("isv_id")
@click.option(
    "--keep-hours",
    type=click.IntRange(0, KEEP_HOURS_MOST),
    default=0,
    help="How many hours the key before is still taken; it ends at once otherwise.",
)
@json_option
def rotate(isv_id: str, *, keep_hours: int, as_json: bool) -> None:
    """Make a new key. It is shown now and never again."""
    wanted = uuid_of(isv_id, flow.MISSING)

    async def rotating() -> str:
        async with opened(load_settings()) as database, database.tx(wanted) as db:
            return (await flow.rotate(db, isv_id=wanted, keep_hours=keep_hours, now=now())).text

    key = run(rotating())
    tell({"id": wanted, "key": key}, [key], as_json=as_json)


@isv_command.command("remove")
@click.argument("isv_id")
def remove(isv_id: str) -> None:
    """Let an integrator in no more, and end all of its services with the keys it had made; again if that was cut off."""
    wanted = uuid_of(isv_id, flow.MISSING)

    async def removing() -> int:
        async with opened(load_settings()) as database:
            await database.run(wanted, lambda db: flow.remove(db, now=now()))
            served = await _served(database, wanted)
            return sum([await database.run(tenant_id, lambda db: _end(db, wanted)) for tenant_id in served])

    click.echo(f"removed {wanted}; it serves {run(removing())} accounts no more")


async def _end(db: Db, isv_id: UUID) -> bool:
    """End a service and return whether it still lasted: its merchant may have ended it meanwhile."""
    try:
        await flow.end(db, isv_id=isv_id, actor=ACTOR, now=now())
    except Refused as no:
        if no.code != flow.MISSING:
            raise
        return False
    return True


async def _get(database: Database, isv_id: UUID) -> Isv:
    async with database.tx(isv_id) as db:
        found = await isvs.get(db)
    assert found is not None, "nothing deletes an integrator"
    return found


async def _served(database: Database, isv_id: UUID) -> list[UUID]:
    found: list[UUID] = []
    while True:
        async with database.tx(None) as db:
            page = await isvs.route_accounts(db, isv_id, after=found[-1] if found else None, most=_PAGE)
        found += page
        if len(page) < _PAGE:
            return found


def _day(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else ""
