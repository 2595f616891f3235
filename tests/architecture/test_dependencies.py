import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import Distribution, PackageMetadata, PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.architecture.tree import ROOT

BASE = ROOT / "requirements" / "base.txt"
# A word that one of these licences is known by in a package's own metadata; anything unknown is refused until read.
ALLOWED = {
    "0bsd", "apache-2.0", "apache 2.0", "apache license 2.0", "apache license, version 2.0", "apache software license",
    "bsd", "bsd license", "bsd-2-clause", "bsd-3-clause", "bsd 3-clause", "3-clause bsd", "isc", "isc license (iscl)",
    "mit", "mit license", "mit-0", "mit-cmu", "mozilla public license 2.0 (mpl 2.0)", "mpl-2.0", "postgresql",
    "postgresql license", "psf-2.0", "python software foundation license", "the unlicense (unlicense)", "unlicense",
}  # fmt: skip
LESSER = {"lgpl-3.0-only", "lgpl-3.0-or-later", "lgplv3", "gnu lesser general public license v3 (lgplv3)"}
LESSER_PACKAGES = re.compile(r"psycopg(?:-|$)")


def licences(metadata: PackageMetadata) -> list[list[str]]:
    """Return the package's licences: each inner list must all be allowed, one inner list is enough (what OR means)."""
    expression = _first(metadata, "License-Expression")
    if expression:
        return [[word.strip(" ()").lower() for word in choice.split(" AND ")] for choice in expression.split(" OR ")]
    classifiers = [line for line in metadata.get_all("Classifier") or [] if line.startswith("License ::")]
    named = [line.rpartition(" :: ")[2].lower() for line in classifiers if not line.endswith("OSI Approved")]
    return [named] if named else [[_first(metadata, "License").lower() or "none given"]]


def _first(metadata: PackageMetadata, field: str) -> str:
    """Return the first line of a field, whose text may be a whole licence."""
    return next(iter((metadata.get_all(field) or [""])[0].strip().splitlines()), "").strip()


def refused_licences(name: str, choices: Iterable[list[str]]) -> list[str]:
    """Return what is not on the list in the package's best choice; nothing when one choice is wholly allowed."""
    allowed = ALLOWED | (LESSER if LESSER_PACKAGES.match(name) else set())
    refused = [[licence for licence in choice if licence not in allowed] for choice in choices]
    return min(refused, key=len, default=["none given"])


def locked(path: Path) -> list[Requirement]:
    """Return the pinned requirements of a compiled file, without their hashes."""
    lines = re.findall(r"^([a-z0-9][^\\\n]*?)\s*\\?$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return [Requirement(line) for line in lines]


def _runtime() -> list[tuple[str, Distribution]]:
    found = []
    for requirement in locked(BASE):
        if requirement.marker is None or requirement.marker.evaluate():
            try:
                found.append((requirement.name, distribution(requirement.name)))
            except PackageNotFoundError:
                pytest.fail(f"{requirement.name} is in the lock but not installed: make setup")
    return found


def test_every_import_of_the_product_is_a_declared_dependency() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deptry", "src"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_licence_of_the_product_is_on_the_list() -> None:
    runtime = _runtime()

    refused = {name: refused_licences(name, licences(package.metadata)) for name, package in runtime}

    assert len(runtime) > 30
    assert {name: words for name, words in refused.items() if words} == {}


def test_every_locked_package_has_a_hash_and_no_address() -> None:
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]

        assert all("--hash=sha256:" in entry for entry in entries), path.name
        assert "://" not in text, path.name


def test_the_lock_admits_every_declared_requirement() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    pinned = {r.name: str(r.specifier).removeprefix("==") for r in locked(BASE)}

    wanted = [Requirement(line) for line in declared]

    assert [str(r) for r in wanted if not r.specifier.contains(pinned.get(r.name, "0"))] == []


def test_a_licence_off_the_list_is_found() -> None:
    assert refused_licences("a", [["gpl-3.0-only"]]) == ["gpl-3.0-only"]
    assert refused_licences("a", [["mit", "agpl-3.0-only"]]) == ["agpl-3.0-only"]
    assert refused_licences("a", [["gpl-3.0-only"], ["mit"]]) == []
    assert refused_licences("a", [["lgpl-3.0-only"]]) == ["lgpl-3.0-only"]
    assert refused_licences("psycopg-binary", [["lgpl-3.0-only"]]) == []
    assert refused_licences("a", []) == ["none given"]
