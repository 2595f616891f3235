"""Bringing returns in from a file: looked at first, each return by itself, and done twice it is done once."""

import sys
from collections.abc import Sequence
from pathlib import Path
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
    web_vault,
)
from retour.core.errors import Refused
from retour.core.intake import FileReturn
from retour.flows import intake as flow
from retour.store.db import Database, Db
from retour.store.policy import PolicyCache
from retour.web.intake import ReturnHands

_STDIN: Final = "-"


@click.group("intake", cls=House)
def intake_command() -> None:
    """What is sent in to become a return."""


@intake_command.command("csv")
@click.argument("source")
@click.option("--apply", "is_done", is_flag=True, help="Do it; without this only what would become of it is told.")
@account_option
@store_option
@json_option
def import_csv(*, source: str, is_done: bool, account: str | None, store: str | None, as_json: bool) -> None:
    """Import returns of a CSV file (SOURCE, - for stdin), one line for each item; docs/intake.md has its columns."""
    settings = load_settings()
    vault, hands, found = web_vault(settings), ReturnHands(PolicyCache()), flow.read_file(_read(source))

    async def bring(database: Database, tenant_id: UUID) -> Sequence[flow.Row]:
        async with database.tx(tenant_id) as db:
            store_id = (await find_store(db, store)).id
            who = flow.source_of_files(tenant_id=tenant_id, store_id=store_id, actor=ACTOR)
            if not is_done:
                return await flow.preview(db, vault, who, found, hands=hands, now=now())

        async def one(each: FileReturn) -> flow.Row:
            async def work(db: Db) -> flow.Row:
                return await flow.import_one(db, vault, who, each, hands=hands, now=now())

            return await database.run(tenant_id, work)

        return [await one(each) for each in found]

    rows = in_account(account, bring, settings=settings)
    shown = [
        (
            row.id,
            ", ".join(map(str, row.lines)),
            row.outcome,
            f"R-{row.number}" if is_done and row.number else "",
            _why(row),
        )
        for row in rows
    ]
    told = [
        {"id": row.id, "lines": list(row.lines), "outcome": row.outcome, "number": row.number, "why": _why(row) or None}
        for row in rows
    ]
    last = [] if is_done else ["nothing is written: add --apply"]
    tell(told, [*table(("return", "lines", "outcome", "number", "why"), shown), *last], as_json=as_json)


def _why(row: flow.Row) -> str:
    return "; ".join(f"{one.field}: {one.message}" for one in row.objections[:3]) or row.why or ""


def _read(source: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if source == _STDIN else Path(source).read_bytes()
        return raw.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused("file_invalid", f"{source} cannot be read: {error}") from None
