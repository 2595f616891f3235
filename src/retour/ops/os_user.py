"""The user of the operating system under which the embedded PostgreSQL runs, since it refuses to run as root."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SYSTEM_USER: Final = "retour-postgres"


class NoOsUser(RuntimeError):  # noqa: N818 - says what is wrong in one word
    """No user was found, or could be made, that PostgreSQL may run as."""


@dataclass(frozen=True, slots=True)
class OsUser:
    """Who a program of PostgreSQL runs as; `switch` says that we are root and must change to it."""

    name: str
    uid: int
    gid: int
    switch: bool

    def run(
        self, command: list[str], *, cwd: Path, environ: dict[str, str], timeout_s: float
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end as this user and return what it said."""
        return subprocess.run(  # noqa: S603
            command,
            cwd=cwd,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
            umask=0o077,
            user=self.uid if self.switch else None,
            group=self.gid if self.switch else None,
            extra_groups=[] if self.switch else None,
        )


def server_user(*, home: Path) -> OsUser:
    """Return the user PostgreSQL runs as: ourselves, or for root its own system user, made if it is missing."""
    uid = os.geteuid()
    try:
        me = pwd.getpwuid(uid)
    except KeyError:
        raise NoOsUser(f"the user id {uid} has no name on this system, and PostgreSQL needs one") from None
    if uid != 0:
        return OsUser(name=me.pw_name, uid=uid, gid=me.pw_gid, switch=False)
    theirs = _known(SYSTEM_USER) or _made(SYSTEM_USER, home)
    return OsUser(name=SYSTEM_USER, uid=theirs.pw_uid, gid=theirs.pw_gid, switch=True)


def _known(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _made(name: str, home: Path) -> pwd.struct_passwd:
    nologin = shutil.which("nologin", path="/usr/sbin:/sbin:/usr/bin:/bin") or "/bin/false"
    place = ["-s", nologin]
    ways = (
        ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", str(home), *place, name],
        ["adduser", "-S", "-D", "-H", "-h", str(home), *place, name],  # busybox
    )
    said = ""
    for way in ways:
        program = shutil.which(way[0], path="/usr/sbin:/sbin:/usr/bin:/bin")
        if program is None:
            continue
        done = subprocess.run([program, *way[1:]], capture_output=True, text=True, check=False)  # noqa: S603
        said = done.stderr.strip()
        made = _known(name)  # also when another process made it a moment earlier
        if made is not None:
            return made
    raise NoOsUser(
        f"PostgreSQL does not run as root and the system user {name!r} could not be made: {said or 'no useradd'}"
    )
