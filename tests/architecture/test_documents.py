import re
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, tracked

ADR_LINES = 45
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
# Written in pieces, so that this file is not its own finding.
_HOSTS = [
    "pypi" + r"\.org",
    "python" + r"hosted\.org",
    "npm" + r"js\.(?:org|com)",
    "deb" + r"\.debian\.org",
    "crates" + r"\.io",
]
_MACHINE_PATHS = ["/wo" + "rk/", "/ro" + "ot/", "/ho" + r"me/\w", "/Us" + r"ers/\w"]
_FOREIGN = re.compile("|".join(_HOSTS + [rf"(?<![\w.~-]){path}" for path in _MACHINE_PATHS]))


def foreign_words(name: str, text: str) -> list[str]:
    """Return a finding for each registry host or path of somebody's machine."""
    return [
        f"{name}:{number}: {found.group()}"
        for number, line in enumerate(text.splitlines(), start=1)
        for found in _FOREIGN.finditer(line)
    ]


def anchors(markdown: str) -> set[str]:
    """Return the anchors that the headings of a page make, as code hosts derive them."""
    headings = re.findall(r"^#+\s+(.+?)\s*$", _FENCE.sub("", markdown), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path, root: Path) -> list[str]:
    """Return a finding for each relative link whose file or heading is not there."""
    found = []
    text = page.read_text(encoding="utf-8")
    for match in _LINK.finditer(_FENCE.sub("", text)):
        target = match.group(1) or match.group(2)
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        missing = not file.exists() or not file.is_relative_to(root)
        if missing or (anchor and file.suffix == ".md" and anchor not in anchors(file.read_text(encoding="utf-8"))):
            found.append(f"{page.relative_to(root)}: {target}")
    return found


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    findings = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        findings += foreign_words(path.relative_to(ROOT).as_posix(), text)

    assert findings == []


def test_every_link_of_every_page_leads_somewhere() -> None:
    assert [finding for page in tracked() if page.suffix == ".md" for finding in broken_links(page, ROOT)] == []


def test_every_decision_record_is_short() -> None:
    records = [path for path in tracked() if path.suffix == ".md" and path.parent == ROOT / "docs" / "adr"]

    assert [path.name for path in records if len(path.read_text(encoding="utf-8").splitlines()) > ADR_LINES] == []


@pytest.mark.parametrize("planted", ["https://" + "pypi" + ".org/simple", "cd /wo" + "rk/main", "'/ho" + "me/ann/x'"])
def test_a_host_or_a_path_is_found(planted: str) -> None:
    assert len(foreign_words("a.md", f"first\n{planted}\n")) == 1


@pytest.mark.parametrize(
    "kept", ["network/path", "/api/v1/rmas", "~/ro" + "ot/x", "https://www.rfc-editor.org/rfc/rfc9457"]
)
def test_an_ordinary_path_is_left_alone(kept: str) -> None:
    assert foreign_words("a.md", kept) == []


def test_a_link_to_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("# The two words\n", encoding="utf-8")
    page = tmp_path / "a.md"
    page.write_text("[x](b.md) [y](c.md) [z](b.md#the-two-words) [w](b.md#gone) [v](../a.md)\n", encoding="utf-8")

    assert broken_links(page, tmp_path) == ["a.md: c.md", "a.md: b.md#gone", "a.md: ../a.md"]
