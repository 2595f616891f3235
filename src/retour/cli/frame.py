"""What all commands share: settings, the way to the database, and how an answer or a refusal is told."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from uuid import UUID

import asyncpg
import click
import msgspec

from retour import settings as settings_room
from retour.core.errors import Refused
from retour.core.ports import Unreachable
from retour.ops import database as databases
from retour.ops.backup import BackupFailed
from retour.ops.binaries import PostgresMissing
from retour.ops.os_user import NoOsUser
from retour.ops.postgres import PostgresFailed
from retour.ops.supervisor import AlreadySupervised
from retour.settings import Settings, SettingsError
from retour.store import account as accounts
from retour.store.account import Store
from retour.store.db import Database, Db, RoleRefused
from retour.store.migrate import MigrationRefused
from retour.store.vault import NotMyKey, Vault

T = TypeVar("T")
ACTOR: Final = "cli"
REFUSED_STATUS: Final = 2

# Known problems by kind: the code that is told, and words for those whose own message says too little.
_KNOWN: Final[tuple[tuple[type[BaseException], str, str | None], ...]] = (
    (SettingsError, "settings_invalid", None),
    (databases.AddressMissing, "address_missing", None),
    (MigrationRefused, "migration_refused", None),
    (RoleRefused, "role_refused", None),
    (BackupFailed, "backup_failed", None),
    (AlreadySupervised, "already_running", None),
    (PostgresMissing, "postgres_missing", None),
    (NoOsUser, "postgres_user_missing", None),
    (PostgresFailed, "postgres_failed", None),
    (NotMyKey, "wrong_key", None),
    (Unreachable, "unreachable", None),
    (asyncpg.UndefinedTableError, "not_migrated", "the database lacks a table: run `retour migrate`"),
    (asyncpg.UndefinedFunctionError, "not_migrated", "the database lacks a function: run `retour migrate`"),
    (asyncpg.InvalidAuthorizationSpecificationError, "database_refused", None),
    (asyncpg.InsufficientPrivilegeError, "database_refused", None),
    (asyncpg.InvalidCatalogNameError, "database_missing", None),
    (asyncpg.CannotConnectNowError, "database_unreachable", None),
    (ConnectionError, "database_unreachable", "nothing answers at the address of the database"),
    (OSError, "system_error", None),
)


class Told(click.ClickException):
    """A refusal as the command line tells it: `code: message` on stderr, status 2."""

    exit_code = REFUSED_STATUS

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    def show(self, file: Any = None) -> None:
        """Print the refusal."""
        click.echo(f"{self.code}: {self.message}", file=file or sys.stderr)


class House(click.Group):
    """A group of commands that tells known problems in one line instead of a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except Refused as refused:
            where = f" ({refused.field})" if refused.field else ""
            raise Told(refused.code, f"{refused.message}{where}") from refused
        except tuple(kind for kind, _, _ in _KNOWN) as error:
            code, words = next((code, words) for kind, code, words in _KNOWN if isinstance(error, kind))
            raise Told(code, words or _one_line(error)) from error


def _one_line(error: BaseException) -> str:
    return str(error).strip() or type(error).__name__


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
account_option = click.option(
    "--account", envvar="RETOUR_ACCOUNT", help="The account's name or id; not needed while there is only one."
)
store_option = click.option("--store", help="The store's name; not needed while the account has only one.")


def load_settings() -> Settings:
    """Return the settings of the environment; raise SettingsError."""
    return settings_room.load()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine."""
    return asyncio.run(work)


def now() -> datetime:
    """Return the present instant in UTC."""
    return datetime.now(UTC)


def tell(document: object, lines: Iterable[str], *, as_json: bool) -> None:
    """Print an answer: as JSON, or as the lines for people."""
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
        return
    for line in lines:
        click.echo(line)


def table(head: Sequence[str], rows: Iterable[Sequence[object]], *, right: frozenset[int] = frozenset()) -> list[str]:
    """Return aligned columns under their heads; the columns in `right` are aligned to the right."""
    texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [max([len(title), *(len(row[n]) for row in texts)]) for n, title in enumerate(head)]
    return [
        "  ".join(
            cell.rjust(width) if n in right else cell.ljust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in ([*head], *texts)
    ]


@contextlib.asynccontextmanager
async def opened(settings: Settings, role: databases.DatabaseRole = "app") -> AsyncIterator[Database]:
    """Open the database as a command does: one connection, of the app role unless said otherwise."""
    url = await asyncio.to_thread(databases.address, settings, role)
    database = await Database.open(url, name="retour-cli", pool_min=0, pool_max=2, patience_s=5.0)
    try:
        yield database
    finally:
        await database.close()


def web_vault(settings: Settings) -> Vault:
    """Return the keys that a command may hold: it seals credentials and cannot open them."""
    return Vault.open(settings.data_dir / "keys", role="web")


async def find_account(database: Database, wanted: str | None) -> UUID:
    """Return the account of a name or id, or the only one; raise Refused(account_missing, account_not_found)."""
    async with database.tx(None) as db:
        if wanted is not None:
            found = await accounts.route_account(db, wanted) or _uuid(wanted)
            known = found is not None and found in await accounts.route_accounts(db)
            if not known or found is None:
                raise Refused("account_not_found", f"there is no account {wanted!r}")
            return found
        everybody = await accounts.route_accounts(db)
    if len(everybody) != 1:
        few = "there is no account yet: `retour account create`" if not everybody else "say which with --account"
        raise Refused("account_missing", few)
    return everybody[0]


async def find_store(db: Db, wanted: str | None) -> Store:
    """Return the account's store of that name, or its only one; raise Refused(store_missing, store_not_found)."""
    stores = await accounts.stores(db)
    if wanted is None:
        if len(stores) != 1:
            raise Refused("store_missing", "say which store with --store" if stores else "the account has no store yet")
        return stores[0]
    for store in stores:
        if wanted in (store.shop_name, str(store.id)):
            return store
    raise Refused("store_not_found", f"the account has no store {wanted!r}")


def in_account(
    account: str | None, work: Callable[[Database, UUID], Coroutine[Any, Any, T]], *, settings: Settings | None = None
) -> T:
    """Open the database, find the account, and run the work of a command in it."""

    async def working() -> T:
        async with opened(settings or load_settings()) as database:
            return await work(database, await find_account(database, account))

    return run(working())


def uuid_of(text: str, code: str) -> UUID:
    """Return the id that a text spells; raise Refused with the code."""
    found = _uuid(text)
    if found is None:
        raise Refused(code, f"{text!r} is not an id")
    return found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
