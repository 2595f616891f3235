"""Drives a page by keyboard alone, and sees that the focus is where a person would see it."""

from typing import Any, Final

from playwright.async_api import Page

MOST_STEPS: Final = 80
FOCUS: Final = """
() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const box = e.getBoundingClientRect();
  const labels = e.labels ? [...e.labels].map((l) => l.innerText) : [];
  const name = e.getAttribute("aria-label") || labels.join(" ") || e.innerText || e.value || "";
  const x = box.left + box.width / 2, y = box.top + Math.min(box.height / 2, 24);
  const top = document.elementFromPoint(x, y);
  const wrapped = [...(e.labels || [])].some((l) => l.contains(top));
  return {
    tag: e.tagName.toLowerCase(), type: e.type || "", name: name.replace(/\\s+/g, " ").trim(), id: e.id,
    seen: Boolean(top && (e.contains(top) || top.contains(e) || wrapped)),
  };
}
"""


async def focus(page: Page) -> dict[str, Any]:
    """Return tag, type, name and id of the focused element, and whether it is seen; empty when nothing has it."""
    found: dict[str, Any] | None = await page.evaluate(FOCUS)
    return found or {}


async def reach(page: Page, name: str, *, backwards: bool = False) -> dict[str, Any]:
    """Press Tab until what bears the name (or starts with it) has the focus; fail if it is covered or never comes."""
    passed = []
    await page.wait_for_load_state()  # a page may still set the focus itself until then
    for _ in range(MOST_STEPS):
        await page.keyboard.press("Shift+Tab" if backwards else "Tab")
        now = await focus(page)
        if now and (now["name"] == name or now["name"].startswith(name)):
            assert now["seen"], f"{name!r} has the focus but something covers it: {now}"
            return now
        passed.append(now.get("name", "-"))
    raise AssertionError(f"no way by Tab to {name!r}; passed {passed[:20]}")


async def press(page: Page, name: str, key: str = "Enter") -> None:
    """Reach what bears the name and press the key on it."""
    await reach(page, name)
    await page.keyboard.press(key)


async def write(page: Page, name: str, text: str) -> None:
    """Reach the field that bears the name and type into it."""
    await reach(page, name)
    await page.keyboard.press("ControlOrMeta+a")
    await page.keyboard.type(text)
