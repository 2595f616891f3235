"""Starts the demo, walks through its pages in Chromium as shopper, staff and shop, and writes docs/screenshots/*.webp."""

import contextlib
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tools import chromium

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = ROOT / "docs" / "screenshots"
PATIENCE_S: Final = 240.0
HEIGHTS: Final = {375: 760, 1440: 960}
EMAIL: Final = "mara.winter@example.com"
ORDER: Final = {
    "customer": "Mara Winter", "email": EMAIL, "days_ago": 6, "taxes_included": True,
    "order_discount": {"percent": "10", "code": "SPRING10"},
    "lines": [
        {"sku": "RT-COAT-L", "name": "Wool coat, L", "price": "249.00", "quantity": 1, "taxes": [["VAT", "0.19"]]},
        {"sku": "RT-SOCK-3P", "name": "Merino socks, 3 pairs", "price": "24.50", "quantity": 2, "taxes": [["VAT", "0.19"]]},
        {"sku": "RT-GIFTCARD-25", "name": "Gift card", "price": "25.00", "gift_card": True, "requires_shipping": False},
    ],
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo: `open` says what may be opened, as `retour demo --json` prints it."""

    open: dict[str, str]

    @property
    def web(self) -> str:
        """Return the address of the web."""
        return self.open["dashboard"].rpartition("/")[0]

    @property
    def sandbox(self) -> str:
        """Return the address of the sandbox."""
        return self.open["sandbox shop"].rpartition("/")[0]

    def api(self, path: str) -> Any:
        """Return what the API answers."""
        headers = {"X-API-Key": self.open["API key"], "X-Shop-Name": self.open["shop name"]}
        return ask(f"{self.web}/api/v1{path}", headers=headers)

    def return_of(self, customer: str) -> str:
        """Return the number of a shopper's return."""
        email = f"{customer.lower().replace(' ', '.')}@example.com"
        order = next(o for o in self.api(f"/orders?email={email}&number={self.order_of(customer)}")["items"])
        rma = next(r for r in self.api("/returns?limit=100")["items"] if r["order_id"] == order["id"])
        return str(rma["number"])

    def order_of(self, customer: str) -> str:
        """Return the number of a shopper's order, without the sign before it."""
        wanted = f"{customer.lower().replace(' ', '.')}@example.com"
        rows = ask(f"{self.sandbox}/_sandbox/orders")["orders"]
        return str(next(row["name"] for row in rows if row["email"] == wanted)).removeprefix("#")


def ask(url: str, body: object = None, headers: dict[str, str] | None = None) -> Any:
    """Return the JSON of one request: a POST if there is a body."""
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})})  # noqa: S310
    with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310 - the demo on this machine
        return json.load(answer)


@contextlib.contextmanager
def running_demo() -> Iterator[Demo]:
    """Run the demo on data of its own until its desk is full; stop it at the end."""
    home = Path(tempfile.mkdtemp(prefix="retour-screenshots-"))
    home.chmod(0o755)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    environ = {**os.environ, "RETOUR_DATA_DIR": str(home / "data"), "RETOUR_PORT": port}
    command = [sys.executable, "-m", "retour.cli", "demo", "--json"]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            text = "".join([*iter(process.stdout.readline, "}\n"), "}"])
            demo = Demo(json.loads(text)["open"])
            until(lambda: is_full(demo))
            yield demo
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
            shutil.rmtree(home, ignore_errors=True)


def is_full(demo: Demo) -> bool:
    """Return whether the last kinds of trouble have come up: a refused refund, a difference, something resolved."""
    items = demo.api("/returns?limit=100")["items"]
    waits = {item["blocked_by"]["code"] for item in items if item["blocked_by"]}
    return len(items) >= 28 and {"effect_failed", "platform_disagrees", "awaiting_inspection"} <= waits


def until(look: Callable[[], Any]) -> Any:
    """Return the first truthy answer; raise TimeoutError when it does not come."""
    over = time.monotonic() + PATIENCE_S
    while not (seen := look()):
        if time.monotonic() > over:
            raise TimeoutError("the demo did not come that far")
        time.sleep(0.5)
    return seen


def take(page: Page, name: str) -> None:
    """Write what the window shows as a WebP without loss."""
    page.wait_for_load_state("networkidle")
    page.mouse.move(0, 0)
    shot = Image.open(io.BytesIO(page.screenshot(animations="disabled", caret="hide")))
    shot.convert("RGB").save(FOLDER / f"{name}.webp", "WEBP", lossless=True, method=6)


@contextlib.contextmanager
def window(browser: Browser, width: int, theme: str, state: Any = None) -> Iterator[Page]:
    """Open a page in a window of its own; `state` are the cookies of another one."""
    context = browser.new_context(
        viewport=ViewportSize(width=width, height=HEIGHTS[width]), color_scheme="dark" if theme == "dark" else "light",
        locale="en-GB", timezone_id="Europe/Berlin", reduced_motion="reduce", storage_state=state,
        device_scale_factor=2 if width < 700 else 1,
    )  # fmt: skip
    try:
        yield context.new_page()
    finally:
        context.close()


def as_shopper(browser: Browser, demo: Demo) -> str:
    """Walk from the order number to the status page and return the return's number."""
    placed = ask(f"{demo.sandbox}/_sandbox/orders", ORDER)
    with window(browser, 375, "light") as page:
        page.goto(demo.open["shopper's portal"])
        page.get_by_label("Order number").fill(placed["name"])
        page.get_by_label("E-mail, phone or postcode").fill(EMAIL)
        page.get_by_role("button", name="Find my order").click()
        code = page.get_by_label(re.compile("code", re.IGNORECASE))
        code.wait_for(timeout=30_000)
        code.fill(until(lambda: code_mailed(demo)))
        page.get_by_role("button", name="Continue").click()
        page.get_by_label("Wool coat").check()
        page.get_by_label("Merino socks, 3 pairs", exact=True).check()
        take(page, "portal-items-375-light")
        page.get_by_role("button", name="Continue").click()
        for index, reason in enumerate(("Too small", "Changed my mind")):
            page.locator("fieldset").nth(index).get_by_label(reason).check()
        page.get_by_role("button", name="Continue").click()
        page.locator("input[type=radio]").first.check()
        state = page.context.storage_state()
        with window(browser, 1440, "light", state) as wide:
            wide.goto(page.url)
            wide.locator("input[type=radio]").first.check()
            take(wide, "portal-offers-1440-light")
        page.locator(".portal-foot button").click()
        with window(browser, 375, "dark", state) as dark:
            dark.goto(page.url)
            take(dark, "portal-review-375-dark")
        take(page, "portal-review-375-light")
        page.get_by_role("button", name="Send return request").click()
        page.wait_for_url("**/R-*")
        number = page.url.rpartition("/")[2]
        ship(demo, number)
        page.reload()
        take(page, "portal-status-375-light")
    return number


def ship(demo: Demo, number: str) -> None:
    """Let the parcel travel, and wait until the return knows."""
    label = ask(f"{demo.sandbox}/carrier/labels", {"reference": number})
    ask(f"{demo.sandbox}/carrier/parcels/{label['tracking_number']}/scan", {"status": "in_transit"})
    rows = demo.api("/returns?limit=100")["items"]
    rma = next(row for row in rows if row["number"] == number)
    until(lambda: demo.api(f"/returns/{rma['id']}")["in_transit_at"])


def code_mailed(demo: Demo) -> str:
    """Return the code in the newest mail to the shopper, or nothing yet."""
    messages = ask(f"{demo.sandbox}/_sandbox/mail?to={EMAIL}")["messages"]
    found = re.search(r"\b\d{6,8}\b", messages[0]["text"]) if messages else None
    return found[0] if found else ""


def as_staff(browser: Browser, demo: Demo) -> None:
    """Take the dashboard's pages and the warehouse's, in both themes."""
    with window(browser, 1440, "light") as page:
        sign_in(page, demo)
        state = page.context.storage_state()
    arrived = demo.return_of("Piotr Zielinski")
    pages = {
        "dashboard-home": "/dashboard", "dashboard-returns": "/dashboard/returns",
        "dashboard-return": f"/dashboard/returns/{arrived}",
    }  # fmt: skip
    for name, path in pages.items():
        for width, theme in ((1440, "light"), (1440, "dark"), (375, "light")):
            if (name, width, theme) in LEFT_OUT:
                continue
            with window(browser, width, theme, state) as page:
                page.goto(demo.web + path)
                take(page, f"{name}-{width}-{theme}")
    with window(browser, 375, "light", state) as page:
        page.goto(demo.open["warehouse"])
        page.locator("input[type=text], input:not([type])").first.fill(arrived)
        page.keyboard.press("Enter")
        page.get_by_role("heading", name=arrived).first.wait_for()
        take(page, "warehouse-375-light")


LEFT_OUT: Final = {("dashboard-returns", 1440, "dark"), ("dashboard-home", 1440, "dark")}


def as_policy_maker(browser: Browser, demo: Demo) -> None:
    """Begin a draft, look at one of its rules, and replay it over the demo's returns."""
    with window(browser, 1440, "light") as page:
        sign_in(page, demo)
        page.goto(f"{demo.web}/dashboard/policies/new")
        page.get_by_label("Electronics").check()
        page.get_by_role("button", name="Start the draft").click()
        page.wait_for_url(re.compile(r"/policies/[0-9]+"))
        draft = page.url.partition("?")[0]
        take(page, "policy-draft-1440-light")
        page.locator(".policy-rules h3 > a").first.click()
        page.get_by_role("button", name="Save in the draft").last.wait_for()
        take(page, "policy-rule-1440-light")
        page.goto(f"{draft}/simulate")
        page.get_by_role("button", name="Run the simulation").click()
        page.locator(".sim-summary").wait_for(timeout=60_000)
        take(page, "policy-simulation-1440-light")


def sign_in(page: Page, demo: Demo) -> None:
    """Sign in with the printed login."""
    page.goto(demo.open["dashboard"])
    page.get_by_label("E-mail").fill(demo.open["sign in as"])
    page.get_by_label("Password").fill(demo.open["password"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="need you").wait_for()


def as_shop(browser: Browser, demo: Demo) -> None:
    """Take the sandbox shop's own side of a refunded order, and what was mailed."""
    with window(browser, 1440, "light") as page:
        page.goto(f"{demo.sandbox}/admin/orders/{demo.order_of('Iris Moreau')}")
        take(page, "sandbox-order-1440-light")
    with window(browser, 375, "light") as page:
        page.goto(f"{demo.sandbox}/mail")
        take(page, "mail-375-light")


def main() -> int:
    """Write every picture; return the exit status of the process."""
    program = chromium.found()
    if program is None:
        print(chromium.MISSING, file=sys.stderr)
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    with running_demo() as demo, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(chromium.ARGUMENTS))
        as_staff(browser, demo)
        as_policy_maker(browser, demo)
        as_shop(browser, demo)
        as_shopper(browser, demo)
        browser.close()
    size = sum(path.stat().st_size for path in FOLDER.glob("*.webp"))
    print(
        f"{len(list(FOLDER.glob('*.webp')))} pictures, {size // 1024} KB, in {FOLDER.relative_to(ROOT)}",
        file=sys.stderr,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
