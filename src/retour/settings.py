"""Settings of this process: read once from the environment, typed, never changed afterwards."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec

from retour.core.errors import Refused
from retour.core.letter import mail_address
from retour.core.mail_server import MailServer

DEFAULT_DATA_DIR: Final = "~/.local/share/retour"
_YES: Final = frozenset({"1", "true", "yes", "on"})
_NO: Final = frozenset({"0", "false", "no", "off"})


class SettingsError(ValueError):
    """A variable of the environment has a value that cannot be used; the message names it."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the environment says about this installation; durations are seconds and may have fractions."""

    data_dir: Path
    owner_url: str | None = None  # all three unset: the embedded PostgreSQL
    app_url: str | None = None
    executor_url: str | None = None
    backup_url: str | None = None
    instance_id: UUID | None = None
    web_host: str = "127.0.0.1"
    web_port: int = 8000
    public_url: str = "http://127.0.0.1:8000"
    pool_min: int = 1
    pool_max: int = 10
    statement_cache: int = 100  # 0 behind a pooler in transaction mode
    api_per_minute: int = 6000  # calls of a key for an account, in each web process; 0: no limit
    lease_s: float = 60.0
    sweep_s: float = 5.0
    http_timeout_s: float = 20.0
    quiet_s: float | None = None  # overrides what each connector declares
    allow_private_urls: bool = False
    sandbox_url: str | None = None  # a sandbox shop that set-up offers
    mail_server: MailServer | None = None
    mail_from: str | None = None

    @property
    def embedded(self) -> bool:
        """Return whether PostgreSQL is run by this installation itself."""
        return self.owner_url is None and self.app_url is None and self.executor_url is None


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of an environment (default: this process's); raise SettingsError for a bad value."""
    read = _Reader(os.environ if environ is None else environ)
    host, port = read.text("RETOUR_HOST") or "127.0.0.1", read.number("RETOUR_PORT", 8000, low=0, high=65535)
    settings = Settings(
        data_dir=Path(read.text("RETOUR_DATA_DIR") or DEFAULT_DATA_DIR).expanduser().absolute(),
        owner_url=read.database("RETOUR_OWNER_URL") or read.database("DATABASE_URL"),
        app_url=read.database("RETOUR_APP_URL"),
        executor_url=read.database("RETOUR_EXECUTOR_URL"),
        backup_url=read.database("RETOUR_BACKUP_URL"),
        instance_id=read.uuid("RETOUR_INSTANCE_ID"),
        web_host=host,
        web_port=port,
        public_url=read.web("RETOUR_PUBLIC_URL") or _own_address(host, port),
        pool_min=read.number("RETOUR_POOL_MIN", 1, low=0, high=1000),
        pool_max=read.number("RETOUR_POOL_MAX", 10, low=1, high=1000),
        statement_cache=read.number("RETOUR_STATEMENT_CACHE", 100, low=0, high=10_000),
        api_per_minute=read.number("RETOUR_API_PER_MINUTE", 6000, low=0, high=1_000_000),
        lease_s=read.seconds("RETOUR_LEASE_S", 60.0),
        sweep_s=read.seconds("RETOUR_SWEEP_S", 5.0),
        http_timeout_s=read.seconds("RETOUR_HTTP_TIMEOUT_S", 20.0),
        quiet_s=read.maybe_seconds("RETOUR_QUIET_S"),
        allow_private_urls=read.yes_no("RETOUR_ALLOW_PRIVATE_URLS", default=False),
        sandbox_url=read.web("RETOUR_SANDBOX_URL"),
        mail_server=read.mail_server("RETOUR_SMTP_URL"),
        mail_from=read.address("RETOUR_MAIL_FROM"),
    )
    if settings.pool_min > settings.pool_max:
        raise SettingsError(f"RETOUR_POOL_MIN: {settings.pool_min} is more than RETOUR_POOL_MAX ({settings.pool_max})")
    return settings


def _own_address(host: str, port: int) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}"


class _Reader:
    """Reads one variable at a time; an empty value counts as unset."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str) -> str | None:
        return self._environ.get(name, "").strip() or None

    def database(self, name: str) -> str | None:
        value = self.text(name)
        if value is not None and not value.startswith(("postgresql://", "postgres://")):
            # The value may hold a password, so it is not repeated.
            raise SettingsError(f"{name}: expected an address like postgresql://user:password@host:5432/database")
        return value

    def web(self, name: str) -> str | None:
        value = self.text(name)
        if value is not None and not value.startswith(("http://", "https://")):
            raise SettingsError(f"{name}: expected an address that begins with http:// or https://, not {value!r}")
        return value.rstrip("/") if value else None

    def mail_server(self, name: str) -> MailServer | None:
        value = self.text(name)
        try:
            return MailServer.of(value) if value else None
        except ValueError as problem:
            raise SettingsError(f"{name}: {problem}") from None

    def address(self, name: str) -> str | None:
        value = self.text(name)
        try:
            return mail_address(value) if value else None
        except Refused:
            raise SettingsError(f"{name}: expected an e-mail address such as returns@shop.example") from None

    def uuid(self, name: str) -> UUID | None:
        value = self.text(name)
        try:
            return UUID(value) if value else None
        except ValueError:
            raise SettingsError(f"{name}: expected a UUID, not {value!r}") from None

    def number(self, name: str, default: int, *, low: int, high: int) -> int:
        value = self.text(name)
        if value is None:
            return default
        if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
            raise SettingsError(f"{name}: expected a whole number from {low} to {high}, not {value!r}")
        return int(value)

    def seconds(self, name: str, default: float) -> float:
        given = self.maybe_seconds(name)
        return default if given is None else given

    def maybe_seconds(self, name: str) -> float | None:
        value = self.text(name)
        if value is None:
            return None
        try:
            seconds = float(value)
        except ValueError:
            seconds = -1.0
        if not 0 < seconds < 10_000_000:
            raise SettingsError(f"{name}: expected seconds above 0, such as 60 or 0.25, not {value!r}")
        return seconds

    def yes_no(self, name: str, *, default: bool) -> bool:
        value = self.text(name)
        if value is None:
            return default
        known = {
            "1": True,
            "true": True,
            "yes": True,
            "on": True,
            "0": False,
            "false": False,
            "no": False,
            "off": False,
        }
        if value.lower() not in known:
            raise SettingsError(f"{name}: expected true or false, not {value!r}")
        return known[value.lower()]
