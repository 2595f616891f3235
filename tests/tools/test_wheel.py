import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tools.fetch_assets import VENDOR, locked

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.prove
def test_the_built_wheel_carries_the_browser_libraries_and_every_source_file(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]

    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)

    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    vendor = VENDOR.relative_to(ROOT / "src").as_posix()
    expected = {
        f"{vendor}/{package.folder}/{name}" for package in locked() if package.use == "pages" for name in package.files
    }
    expected |= {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src" / "retour").rglob("*.py")}
    expected |= {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src" / "retour").rglob("*.sql")}
    for kind in ("templates/**/*.html", "locale/*/*.po", "assets/css/*.css", "assets/js/*.js"):
        shared = list((ROOT / "src/retour/web").glob(kind))
        assert shared, kind
        expected |= {path.relative_to(ROOT / "src").as_posix() for path in shared}
    assert expected - names == set()
    assert [name for name in names if "axe-core" in name or name.endswith("/axe.min.js")] == []
    assert any(name.endswith("licenses/LICENSE") for name in names)
