"""The whole web application over a test's database, and a browser that reads pages and sends their forms."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import httpx2
from litestar import Litestar

from retour import settings as settings_room
from retour.connectors.http import Http
from retour.connectors.picture.client import PictureClient
from retour.connectors.webhook.client import WebhookClient
from retour.core.platforms import Platforms
from retour.main.house import House
from retour.main.web import web_app
from retour.store.db import Database
from retour.store.policy import PolicyCache
from retour.store.vault import Vault
from tests.flows.session.people import PASSWORD
from tests.serving import served


def an_app(database: Database, folder: Path, **environ: str) -> Litestar:
    """Return the web application as `retour serve` runs it, with keys and data under the folder."""
    settings = settings_room.load({"RETOUR_DATA_DIR": str(folder), **environ})
    http = Http(internal=False)
    return web_app(
        House(
            role="web", settings=settings, url="", database=database,
            vault=Vault.open(folder / "keys", role="web"), connectors={}, webhooks=WebhookClient(http),
            pictures=PictureClient(http),
            platforms=Platforms({}, timedelta(seconds=5)), policies=PolicyCache(),
        )
    )  # fmt: skip


@asynccontextmanager
async def browsing(app: Litestar) -> AsyncIterator[str]:
    """Yield the address of the application on a real port."""
    async with served(app) as address:
        yield address


@dataclass(slots=True)
class PageForm:
    """A form of a page: where it goes, and what it would send as it stands."""

    action: str
    method: str
    fields: dict[str, list[str]] = field(default_factory=dict)


class _Reader(HTMLParser):
    """Collects the forms of a page and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self.text: list[str] = []
        self._name: str | None = None
        self._open = self._hidden = False

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in ("script", "style", "svg"):
            self._hidden = True
        if tag == "form":
            self.forms.append(PageForm(given.get("action", ""), given.get("method", "get")))
            self._open = True
        elif self._open and tag == "input" and given.get("type") != "file":
            chosen = given.get("type") not in ("radio", "checkbox") or "checked" in given
            if chosen and "name" in given:
                self._add(given["name"], given.get("value", ""))
        elif self._open and tag in ("select", "textarea"):
            self._name = given.get("name")
            if tag == "textarea" and self._name:
                self._add(self._name, "")
        elif self._open and tag == "option" and self._name and "selected" in given:
            self._add(self._name, given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style", "svg"):
            self._hidden = False
        if tag == "form":
            self._open = False
        if tag in ("select", "textarea"):
            self._name = None

    def handle_data(self, data: str) -> None:
        if not self._hidden and data.strip():
            self.text.append(" ".join(data.split()))

    def _add(self, name: str, value: str) -> None:
        self.forms[-1].fields.setdefault(name, []).append(value)


@dataclass(frozen=True, slots=True)
class Page:
    """An answer as somebody reads it."""

    answer: httpx2.Response
    forms: list[PageForm]
    text: str

    @classmethod
    def of(cls, answer: httpx2.Response) -> Self:
        reader = _Reader()
        reader.feed(answer.text)
        return cls(answer, reader.forms, " ".join(reader.text))

    @property
    def status(self) -> int:
        return self.answer.status_code

    @property
    def path(self) -> str:
        return urlsplit(str(self.answer.url)).path

    @property
    def query(self) -> str:
        return urlsplit(str(self.answer.url)).query

    def form(self, action: str | None = None) -> PageForm:
        """Return the form that goes to an address, or the page's only one besides those of the frame."""
        if action is not None:
            return next(form for form in self.forms if form.action == action)
        own = [f for f in self.forms if f.method == "post" and f.action not in ("/sign-out", "/dashboard/store")]
        assert len(own) == 1, [form.action for form in own]
        return own[0]


class Browser:
    """One browser with cookies of its own."""

    def __init__(self, address: str, client: httpx2.AsyncClient) -> None:
        self.address, self.client = address, client

    @classmethod
    @asynccontextmanager
    async def open(cls, address: str) -> AsyncIterator["Browser"]:
        async with httpx2.AsyncClient(
            base_url=address, timeout=30, follow_redirects=True, headers={"Accept": "text/html"}
        ) as client:
            yield cls(address, client)

    async def get(self, path: str) -> Page:
        return Page.of(await self.client.get(path))

    async def send(self, page: Page, action: str | None = None, **change: str | Sequence[str] | None) -> Page:
        """Send a form of a page with some answers changed (None leaves a field out), as this browser does."""
        form = page.form(action)
        fields: dict[str, Any] = dict(form.fields)
        for name, value in change.items():
            fields.pop(name, None)
            if value is not None:
                fields[name] = value
        return await self.post(urljoin(page.path, form.action or page.path), fields)

    async def post(self, path: str, fields: Mapping[str, Any], **headers: str) -> Page:
        own = {"Origin": self.address, "Sec-Fetch-Site": "same-origin"}
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return Page.of(await self.client.post(path, data=dict(fields), headers=own | given))

    async def sign_in(self, email: str, password: str = PASSWORD) -> Page:
        return await self.send(await self.get("/sign-in"), email=email, password=password)


def shown_once(page: Page) -> str:
    """Return the secret on a page that shows one."""
    found = re.search(r'<textarea[^>]*id="once"[^>]*>([^<]+)<', page.answer.text)
    assert found is not None, page.text
    return found[1]
