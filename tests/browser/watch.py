"""Watches a page while a test drives it: everything that went wrong in the browser is written down."""

from typing import Any, Final
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, CDPSession, ConsoleMessage, Error, Page, Request, Response

HEAVIEST_BYTES: Final = 150 * 1024
# A shift below 0.0005 is a pixel of something small, which a busy machine's rounding makes; nobody sees it.
# Told from inside the page: policy reports and shifts do not survive a navigation, so each is handed out at once.
LISTEN: Final = """
(() => {
  const tell = window.retourTestTell;
  if (!tell) return;
  document.addEventListener("securitypolicyviolation", (e) =>
    tell("policy", `${e.violatedDirective} blocked ${e.blockedURI} at ${e.sourceFile}:${e.lineNumber}`, location.href));
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.value >= 0.0005 && !entry.hadRecentInput) {
        const moved = entry.sources.map((s) => {
          const node = s.node && s.node.nodeType === 1 ? s.node : s.node && s.node.parentElement;
          return (node ? node.outerHTML.slice(0, 60) : "?") + JSON.stringify([s.previousRect, s.currentRect]);
        });
        tell("shift", `${entry.value.toFixed(5)} by ${moved.join(" | ")}`, location.href);
      }
    }
  }).observe({ type: "layout-shift", buffered: true });
})();
"""


class Watch:
    """What happened in one browser context since it was opened.

    A test that provokes an error answer on purpose says so with `expect_status` before it does.
    """

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.first_load_bytes: int | None = None  # transferred until the second document, compressed
        self.heaviest_bytes = HEAVIEST_BYTES
        self._statuses: set[int] = set()
        self._scriptless: set[str] = set()  # how the addresses of frames end in which no script may run
        self._refused: dict[str, int] = {}  # address -> status of an error answer
        self._documents = 0
        self._counted: dict[str, int] = {}
        self._addresses: dict[str, str] = {}

    def expect_status(self, *statuses: int) -> None:
        """Allow these error statuses from now on, and what the console says of them."""
        self._statuses.update(statuses)

    def expect_scriptless(self, ending: str) -> None:
        """Allow the browser to say that it runs no script in such frames: the one that listens here is blocked there."""
        self._scriptless.add(ending)

    @property
    def weights(self) -> list[tuple[int, str]]:
        """Return the bytes of each address of the first load, the heaviest first."""
        rows = [(size, self._addresses.get(id_, "?")) for id_, size in self._counted.items()]
        return sorted(rows, reverse=True)

    def complaints(self) -> list[str]:
        """Return everything that must not happen, in words."""
        found = list(self.wrong)
        if self.first_load_bytes is not None and self.first_load_bytes > self.heaviest_bytes:
            parts = ", ".join(f"{urlsplit(address).path} {size}" for size, address in self.weights[:6])
            found.append(f"weight: first load {self.first_load_bytes} bytes > {self.heaviest_bytes}: {parts}")
        return found

    async def begin(self, context: BrowserContext) -> None:
        """Listen inside every page that the context will open."""
        await context.expose_function("retourTestTell", self._told)
        await context.add_init_script(LISTEN)
        context.on("console", self._console)
        context.on("weberror", lambda e: self.wrong.append(f"script error: {e.error} on {e.page and e.page.url}"))
        context.on("requestfailed", self._failed)
        context.on("response", self._response)

    async def weigh(self, page: Page) -> None:
        """Count the bytes of the page's first load as the network moved them."""
        session: CDPSession = await page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self._asked)
        session.on("Network.loadingFinished", self._finished)
        await session.send("Network.enable")

    def _told(self, kind: str, what: str, where: str) -> None:
        self.wrong.append(f"{kind}: {what} on {where}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        where = message.location.get("url", "")
        if message.text.startswith("Failed to load resource") and self._refused.get(where) in self._statuses:
            return
        if message.text.startswith("Blocked script execution in ") and where.endswith(tuple(self._scriptless)):
            return
        self.wrong.append(f"console {message.type}: {message.text} ({where})")

    def _failed(self, request: Request) -> None:
        # A navigation that was overtaken by another, or a download, ends as aborted; that is not a failure.
        if request.failure != "net::ERR_ABORTED":
            self.wrong.append(f"request failed: {request.method} {request.url}: {request.failure}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self._refused[response.url] = response.status
            if response.status not in self._statuses:
                self.wrong.append(f"answer {response.status}: {response.request.method} {response.url}")

    def _asked(self, event: dict[str, Any]) -> None:
        if event.get("type") == "Document" and event["requestId"] == event.get("loaderId"):
            if "redirectResponse" not in event:
                self._documents += 1
            if self._documents == 1 and self.first_load_bytes is None:
                self.first_load_bytes = 0
        if self._documents == 1:
            self._counted.setdefault(event["requestId"], 0)
            self._addresses[event["requestId"]] = event["request"]["url"]

    def _finished(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self._counted:
            self._counted[event["requestId"]] = int(event["encodedDataLength"])
            self.first_load_bytes = sum(self._counted.values())


async def two_frames(page: Page) -> None:
    """Wait until the page was drawn twice: what it began to do at once has then been seen.

    A page that was on its way to another one is waited for there.
    """
    drawn = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    for turn in range(3):
        await page.wait_for_load_state()
        try:
            await page.evaluate(drawn)
        except Error as error:
            if turn == 2 or "navigation" not in str(error):
                raise
        else:
            return
