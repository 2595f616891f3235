"""From the settings to addresses of the database: the embedded server, started if needed, or an external one."""

from typing import Final, Literal

from retour.ops import binaries
from retour.ops.binaries import Binaries
from retour.ops.postgres import EmbeddedPostgres, Urls
from retour.settings import Settings

DatabaseRole = Literal["owner", "app", "executor", "backup"]

_VARIABLE: Final = {
    "owner": "RETOUR_OWNER_URL",
    "app": "RETOUR_APP_URL",
    "executor": "RETOUR_EXECUTOR_URL",
    "backup": "RETOUR_BACKUP_URL",
}


class AddressMissing(RuntimeError):  # noqa: N818 - says what is wrong in one word
    """An external database is used, and the address of the role that is needed is not set."""


def server_of(settings: Settings) -> EmbeddedPostgres | None:
    """Return the embedded server of this data directory, or nothing where the database is external."""
    return EmbeddedPostgres(settings.data_dir) if settings.embedded else None


def address(settings: Settings, role: DatabaseRole) -> str:
    """Return a role's address, starting the embedded server if it does not run; raise AddressMissing."""
    server = server_of(settings)
    found = given(settings, role) if server is None else _of(server.ensure_running(), role)
    if found is None:
        raise AddressMissing(f"{_VARIABLE[role]} is not set; without any database address the embedded one is used")
    return found


def given(settings: Settings, role: DatabaseRole) -> str | None:
    """Return the address that the environment gives to a role, or nothing; starts nothing."""
    return {
        "owner": settings.owner_url,
        "app": settings.app_url,
        "executor": settings.executor_url,
        "backup": settings.backup_url,
    }[role]


def addresses(settings: Settings) -> Urls:
    """Return all addresses that are known, for backup and restore; one that is not set is empty."""
    server = server_of(settings)
    if server is not None:
        return server.ensure_running()
    return Urls(
        owner=settings.owner_url or "",
        app=settings.app_url or "",
        executor=settings.executor_url or "",
        backup=settings.backup_url,
    )


def programs(settings: Settings) -> Binaries:
    """Return PostgreSQL's own programs: those of the embedded cluster, or any for an external server."""
    server = server_of(settings)
    return binaries.find() if server is None else server.programs()


def no_addresses() -> dict[str, str]:
    """Return variables that take every database address out of a process's environment."""
    return dict.fromkeys((*_VARIABLE.values(), "DATABASE_URL"), "")


def environ_of(settings: Settings, urls: Urls, role: Literal["web", "worker", "executor"]) -> dict[str, str]:
    """Return what a part of `retour up` gets in its environment: the data directory and its own address alone.

    The mail server's address, which may hold a password, is the worker's alone.
    """
    own = no_addresses() | {"RETOUR_DATA_DIR": str(settings.data_dir)}
    if role != "worker":
        own["RETOUR_SMTP_URL"] = ""
    if role == "executor":
        return own | {"RETOUR_EXECUTOR_URL": urls.executor}
    return own | {"RETOUR_APP_URL": urls.app}


def _of(urls: Urls, role: DatabaseRole) -> str | None:
    return {"owner": urls.owner, "app": urls.app, "executor": urls.executor, "backup": urls.backup}[role]
