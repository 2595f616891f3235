"""A browser without script: keeps cookies, reads pages, fills in their forms."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx2

Fields = Mapping[str, str | list[str]]


@dataclass
class Form:
    """A form of a page: where it goes and what it would send untouched."""

    action: str
    method: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self._select: str | None = None
        self._textarea: str | None = None
        self._quiet = False
        self.heading = ""
        self._in_heading = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(said.get("action", ""), said.get("method", "get")))
        elif tag == "a" and "href" in said:
            self.links.append(said["href"])
        elif tag in ("script", "style", "title"):
            self._quiet = True
        elif tag == "h1":
            self._in_heading = True
        if not self.forms or ("name" not in said and tag != "option"):
            return
        form = self.forms[-1]
        if tag == "input":
            form.names.add(said["name"])
            if said.get("type") not in ("checkbox", "radio") or "checked" in dict(attrs):
                form.fields.setdefault(said["name"], []).append(said.get("value", ""))
        elif tag == "select":
            form.names.add(said["name"])
            self._select = said["name"]
        elif tag == "option" and self._select and "selected" in dict(attrs):
            form.fields[self._select] = [said["value"]]
        elif tag == "textarea":
            form.names.add(said["name"])
            form.fields[said["name"]] = [""]
            self._textarea = said["name"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = None
        elif tag == "textarea":
            self._textarea = None
        elif tag in ("script", "style", "title"):
            self._quiet = False
        elif tag == "h1":
            self._in_heading = False

    def handle_data(self, data: str) -> None:
        if self._textarea is not None:
            self.forms[-1].fields[self._textarea][0] += data
        elif not self._quiet:
            self.words.append(data)
            self.heading += data if self._in_heading else ""


@dataclass(frozen=True)
class Page:
    """What was answered: status, headers, source, and what a person reads of it."""

    status: int
    url: str
    source: str
    text: str
    heading: str
    forms: list[Form]
    links: list[str]
    headers: Mapping[str, str]

    @property
    def path(self) -> str:
        """Return the last part of the address."""
        return self.url.partition("?")[0].rpartition("/")[2]

    def form(self, ending: str) -> Form:
        """Return the form whose address ends so."""
        return next(form for form in self.forms if form.action.endswith(ending))


class Shopper:
    """One browser at one portal."""

    def __init__(self, http: httpx2.AsyncClient, base: str) -> None:
        self.http, self.base = http, base
        self.page: Page

    async def open(self, path: str = "", **headers: str) -> Page:
        """Open a page of the portal and follow where it leads."""
        return await self._follow(await self.http.get(self.base + path, headers=headers))

    async def send(self, ending: str = "", fields: Fields | None = None, **more: str) -> Page:
        """Fill in a form of the page at hand and follow where it leads."""
        form = self.page.form(ending)
        assert form.method == "post"
        unknown = (set(fields or {}) | set(more)) - form.names
        assert not unknown, f"the form has no {unknown}"
        return await self._follow(await self.post(form.action, {**form.fields, **(fields or {}), **more}))

    async def post(self, path: str, fields: Fields, **headers: str) -> httpx2.Response:
        """Send fields to an address as a browser does."""
        return await self.http.post(path, data=dict(fields), headers=headers)

    async def _follow(self, answer: httpx2.Response) -> Page:
        for _ in range(5):
            if answer.status_code != 303:
                break
            answer = await self.http.get(answer.headers["location"])
        self.page = read(answer)
        return self.page


def read(answer: Any) -> Page:
    """Return an answer as a page."""
    reader = _Reader()
    reader.feed(answer.text)
    text = re.sub(r"\s+", " ", "".join(reader.words)).strip()
    heading = re.sub(r"\s+", " ", reader.heading).strip()
    return Page(
        answer.status_code, str(answer.url), answer.text, text, heading, reader.forms, reader.links, answer.headers
    )  # fmt: skip
