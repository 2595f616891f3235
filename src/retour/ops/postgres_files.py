"""The files of an embedded PostgreSQL: its configuration, its pid file, its folders and our passwords for it."""

import contextlib
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from retour.ops.os_user import OsUser

SOCKET_NAME: Final = ".s.PGSQL.5432"
SOCKET_PATH_BYTES: Final = 103  # the shortest limit of the systems we run on (Linux takes 107)
STATUS_LINE: Final = 7
CONFIGURATION: Final = """\
# Written by retour at every start; put your own settings below the include line of postgresql.conf.
listen_addresses = ''
port = 5432
unix_socket_directories = '{socket_dir}'
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = '64MB'
max_wal_size = '512MB'
jit = off
deadlock_timeout = '200ms'
timezone = 'UTC'
log_timezone = 'UTC'
password_encryption = 'scram-sha-256'
idle_in_transaction_session_timeout = '5min'
# Rows of people do not belong into logs.
log_error_verbosity = terse
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_min_error_statement = panic
"""
KEPT_LOGS: Final = """\
logging_collector = on
log_directory = 'log'
log_filename = 'postgresql-%a.log'
log_truncate_on_rotation = on
log_rotation_age = '1d'
log_rotation_size = 0
"""
# Survives the death of every process, but not of the machine.
FOR_TESTS_ONLY: Final = """\
fsync = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
"""
HBA: Final = """\
# Written by retour at every start. The superuser: only the owning user of the operating system. All others: password.
local all postgres peer map=retour
local all all scram-sha-256
"""


@dataclass(frozen=True, slots=True)
class Postmaster:
    """The living main process of a cluster; `ready` when it takes connections."""

    pid: int
    ready: bool


def postmaster(cluster: Path) -> Postmaster | None:
    """Return the living server of a cluster; nothing if its pid file is missing, stale or another process's number."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
        pid = int(lines[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None
    if not _serves(pid, cluster):
        return None
    return Postmaster(pid=pid, ready=len(lines) > STATUS_LINE and lines[STATUS_LINE].strip() == "ready")


def forget_dead_postmaster(cluster: Path, socket_dir: Path) -> None:
    """Remove the lock files of a server that was killed, when its number now belongs to another program or a zombie.

    With a number that is free PostgreSQL itself clears up; a living server's files are never touched, and its
    remaining processes are found by PostgreSQL through their shared memory, not through these files.
    """
    if postmaster(cluster) is None:
        with contextlib.suppress(FileNotFoundError, IndexError, ValueError):
            path = cluster / "postmaster.pid"
            if _alive(int(path.read_text().splitlines()[0])):
                path.unlink()
                (socket_dir / f"{SOCKET_NAME}.lock").unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _serves(pid: int, cluster: Path) -> bool:
    if not _alive(pid):
        return False
    proc = Path("/proc") / str(pid)
    if not proc.exists():
        return True  # no /proc on this system: believe the number
    try:
        if (proc / "stat").read_text().rpartition(")")[2].split()[0] in "ZX":
            return False  # dead, its parent has not looked yet
        return (proc / "cwd").resolve(strict=True) == cluster.resolve()
    except (FileNotFoundError, ProcessLookupError):
        return False
    except PermissionError:
        return False  # another user's process


def configure(cluster: Path, *, user: OsUser, socket_dir: Path, durable: bool) -> None:
    """Write our settings and who may connect how; leaves the merchant's own lines in postgresql.conf alone."""
    written = CONFIGURATION.format(socket_dir=str(socket_dir).replace("'", "''"))
    written += KEPT_LOGS if durable else FOR_TESTS_ONLY
    names = [user.name, "root"] if user.switch else [user.name]
    ident = "".join(f'retour "{name}" postgres\n' for name in names)
    for name, text in (("retour.conf", written), ("pg_hba.conf", HBA), ("pg_ident.conf", ident)):
        write_private(cluster / name, text, owner=user if user.switch else None)
    # Root follows no link that the server's user may have put there.
    main = os.open(cluster / "postgresql.conf", os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW)
    with os.fdopen(main, "r+") as file:
        include = "include 'retour.conf'"
        if include not in file.read():
            file.write(f"\n{include}\n")


def locale_options(major: int) -> list[str]:
    """Return what makes text sort the same on every machine: code points, with Unicode letters known."""
    known = "C.UTF-8" if sys.platform.startswith("linux") else "en_US.UTF-8"
    options = [f"--lc-ctype={known}", "--lc-collate=C", "--lc-messages=C"]
    return [*options, "--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if major >= 17 else options


def environ() -> dict[str, str]:
    """Return the environment of PostgreSQL's programs: nothing of ours but the path."""
    return {"LC_ALL": "C.UTF-8", "TZ": "UTC", "PATH": os.environ.get("PATH", os.defpath)}


def major(cluster: Path) -> int | None:
    """Return the major version that wrote a cluster, or nothing if there is none yet."""
    try:
        return int((cluster / "PG_VERSION").read_text())
    except FileNotFoundError:
        return None


def socket_dir(home: Path, mark: str) -> Path:
    """Return the folder of the socket: beside the data, or a short one of ours if that path is too long."""
    near = home / "run"
    if len(os.fsencode(near / SOCKET_NAME)) <= SOCKET_PATH_BYTES:
        return near
    return Path(tempfile.gettempdir()) / f"retour-{os.geteuid()}-{mark}"


def own_folder(path: Path, user: OsUser) -> None:
    """Make a folder that only the given user can enter; raise PermissionError if somebody else has it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.lstat()
    if found.st_uid not in {user.uid, os.geteuid()} or path.is_symlink():
        raise PermissionError(f"{path} belongs to another user")
    if user.switch:
        os.chown(path, user.uid, user.gid)
    path.chmod(0o700)


def open_folder(path: Path) -> None:
    """Make a folder of root that others may pass through."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o755)


def passwords_path(data_dir: Path) -> Path:
    """Return where the generated passwords of the database roles are kept."""
    return data_dir / "database-passwords.json"


def write_private(path: Path, text: str, *, owner: OsUser | None = None) -> None:
    """Write a file whole or not at all, readable by its owner only (ourselves, unless another is named)."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        if owner is not None:
            os.fchown(file.fileno(), owner.uid, owner.gid)
        os.fsync(file.fileno())
    unfinished.replace(path)


def set_aside(log: Path) -> None:
    """Keep the log of the last start as `.old`, so that what is read after a start is its own."""
    with contextlib.suppress(FileNotFoundError):
        log.replace(log.with_name(f"{log.name}.old"))


def text(path: Path) -> str:
    """Return what a file says, or an empty text if there is none."""
    try:
        return path.read_text(errors="replace")
    except FileNotFoundError:
        return ""
