import base64
import hashlib
import io
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from tools.fetch_assets import FOR_TESTS, ROOT, VENDOR, AssetError, Package, bring, locked

FILES = {"a.js": b"let a = 1", "img/b.png": b"\x89PNG", "LICENSE": b"Apache", "not-listed.js": b"no"}


def an_archive(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def a_package(archive: bytes) -> Package:
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()
    return Package("ui", "1.2.3", "Apache-2.0", integrity, "ui", ("a.js", "img/b.png", "LICENSE"))


def no_network(package: Package) -> bytes:
    raise AssertionError(f"{package.name} was fetched although it is present")


def below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_only_the_listed_files_are_taken(tmp_path: Path) -> None:
    archive = an_archive(FILES)

    fetched = bring(a_package(archive), tmp_path, lambda _: archive)

    assert fetched
    assert below(tmp_path) == ["ui/.lock.json", "ui/LICENSE", "ui/a.js", "ui/img/b.png"]
    assert (tmp_path / "ui/a.js").read_bytes() == b"let a = 1"


def test_what_is_present_is_not_fetched_again(tmp_path: Path) -> None:
    archive = an_archive(FILES)
    bring(a_package(archive), tmp_path, lambda _: archive)

    assert not bring(a_package(archive), tmp_path, no_network)


def test_a_missing_file_or_a_new_version_is_fetched(tmp_path: Path) -> None:
    archive = an_archive(FILES)
    package = a_package(archive)
    bring(package, tmp_path, lambda _: archive)
    (tmp_path / "ui/a.js").unlink()

    assert bring(package, tmp_path, lambda _: archive)
    assert bring(replace(package, version="1.2.4"), tmp_path, lambda _: archive)


def test_a_wrong_integrity_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    package = a_package(an_archive(FILES))
    tampered = an_archive({**FILES, "a.js": b"let a = 2"})

    with pytest.raises(AssetError, match=r"^ui 1\.2\.3: integrity is sha512-.*, the lock says sha512-"):
        bring(package, tmp_path, lambda _: tampered)

    assert below(tmp_path) == []


def test_a_wrong_integrity_leaves_the_old_files_alone(tmp_path: Path) -> None:
    archive = an_archive(FILES)
    package = a_package(archive)
    bring(package, tmp_path, lambda _: archive)

    with pytest.raises(AssetError):
        bring(replace(package, integrity="sha512-AAAA"), tmp_path, lambda _: archive)

    assert (tmp_path / "ui/a.js").read_bytes() == b"let a = 1"


def test_a_listed_file_that_the_archive_lacks_is_refused(tmp_path: Path) -> None:
    archive = an_archive({"a.js": b"let a = 1"})

    with pytest.raises(AssetError, match=r"^ui 1\.2\.3 has no file img/b\.png$"):
        bring(a_package(archive), tmp_path, lambda _: archive)

    assert below(tmp_path) == []


def test_the_lock_names_a_licence_and_a_sha512_for_every_package() -> None:
    for package in locked():
        assert package.integrity.startswith("sha512-")
        assert len(base64.b64decode(package.integrity.removeprefix("sha512-"))) == 64
        own = any(name.upper().startswith("LICEN") for name in package.files)
        ours = (ROOT / "src/retour/web/assets/licences" / f"{package.folder}.txt").is_file()
        assert own or ours, package.name


def test_what_only_tests_load_stays_out_of_the_package() -> None:
    homes = {package.name: package.home for package in locked()}

    assert homes.pop("axe-core") == FOR_TESTS
    assert set(homes.values()) == {VENDOR}
    assert not FOR_TESTS.is_relative_to(ROOT / "src")
