"""Backup and restore by PostgreSQL's own programs; what was restored may not move money until a person says so."""

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from retour.ops.binaries import Binaries
from retour.ops.postgres import Urls
from retour.store import restore as restoring

TIMEOUT_S: Final = 6 * 3600.0


class BackupFailed(RuntimeError):  # noqa: N818 - says what is wrong in one word
    """pg_dump or pg_restore failed; nothing half-done was left, and the message ends with what it said."""


def backup(urls: Urls, path: Path, *, programs: Binaries) -> None:
    """Write a whole, consistent copy of the database to `path` (custom format, owner-readable only)."""
    if urls.backup is None:
        raise BackupFailed("no address for retour_backup: set RETOUR_BACKUP_URL, or use your provider's snapshots")
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    command = [programs.program("pg_dump"), "--format=custom", "--no-comments", f"--file={unfinished}"]
    try:
        _run(command, urls.backup)
        with unfinished.open("rb") as file:
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def restore(urls: Urls, path: Path, *, programs: Binaries, replace: bool = False) -> None:
    """Put a backup into the database, in quarantine, in one transaction: all of it or nothing.

    A database that already has tables is refused unless `replace` says that they shall go.
    """
    if not path.is_file():
        raise BackupFailed(f"{path} is not there")
    if not replace and _asked(restoring.HAS_TABLES, urls.owner, programs) != "f":
        raise BackupFailed("the database is not empty; restoring would replace everything in it (--replace)")
    with tempfile.TemporaryDirectory(prefix="retour-restore-") as folder:
        dump, before, after = (Path(folder) / name for name in ("dump.sql", "before.sql", "after.sql"))
        _run([programs.program("pg_restore"), "--no-comments", f"--file={dump}", str(path)], None)
        before.write_text(restoring.EMPTY_IT)
        after.write_text(restoring.QUARANTINE_IT)
        command = [programs.program("psql"), "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
        command += ["--output=/dev/null", f"--file={before}", f"--file={dump}", f"--file={after}"]
        _run(command, urls.owner)


def _asked(question: str, url: str, programs: Binaries) -> str:
    command = [programs.program("psql"), "--no-psqlrc", "--tuples-only", "--no-align", f"--command={question}"]
    return _run(command, url).strip()


def _run(command: Sequence[str], url: str | None) -> str:
    """Run a program of PostgreSQL; the address goes by environment, where other users cannot read its password."""
    environ = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", **(_libpq(url) if url else {})}
    done = subprocess.run(  # noqa: S603
        command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=TIMEOUT_S
    )
    if done.returncode != 0:
        raise BackupFailed(f"{Path(command[0]).name} failed: {done.stderr.strip()[-2000:]}")
    return done.stdout


def _libpq(url: str) -> Mapping[str, str]:
    """Return an address as the variables that libpq reads."""
    parts = urlsplit(url)
    given = {name: values[0] for name, values in parse_qs(parts.query).items()}
    found = {
        "PGHOST": parts.hostname or given.get("host"),
        "PGPORT": str(parts.port) if parts.port else given.get("port"),
        "PGUSER": unquote(parts.username) if parts.username else given.get("user"),
        "PGPASSWORD": unquote(parts.password) if parts.password else given.get("password"),
        "PGDATABASE": unquote(parts.path.lstrip("/")) or given.get("dbname"),
        "PGSSLMODE": given.get("sslmode"),
        "PGSSLROOTCERT": given.get("sslrootcert"),
    }
    return {name: value for name, value in found.items() if value}
