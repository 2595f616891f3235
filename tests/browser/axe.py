"""Asks axe-core what it finds wrong with a page, best practices included."""

from functools import cache
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Page

AXE: Final = Path(__file__).resolve().parents[2] / ".cache" / "assets" / "axe" / "axe.min.js"
RULES: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice")
RUN: Final = """
async (tags) => {
  const found = await window.axe.run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] });
  return found.violations.map((v) => ({
    rule: v.id, help: v.help,
    nodes: v.nodes.slice(0, 5).map((n) => `${n.html.slice(0, 160)}  [${n.failureSummary.replace(/\\s+/g, " ")}]`),
  }));
}
"""


@cache
def _source() -> str:
    assert AXE.is_file(), f"{AXE} is missing: `make setup` fetches it"
    return AXE.read_text(encoding="utf-8")


async def axe(page: Page) -> None:
    """Fail with every violation that axe-core finds on the page as it is now."""
    if not await page.evaluate("() => Boolean(window.axe)"):
        await page.evaluate(_source())  # outside the page's policy, which stays as it is
    found: list[dict[str, Any]] = await page.evaluate(RUN, list(RULES))
    told = [f"{v['rule']}: {v['help']}\n    " + "\n    ".join(v["nodes"]) for v in found]
    assert not told, f"axe on {page.url}:\n" + "\n".join(told)
