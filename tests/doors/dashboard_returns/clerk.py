"""Somebody of the staff at a browser without script: opens pages and sends the forms that stand on them."""

import html
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2

from retour.core.account import Role
from retour.core.sign_in import token_sha256
from retour.store import session
from retour.store.ids import new_id
from tests.doors.dashboard_returns.scene import Scene
from tests.stories.house import now

HTML = {"accept": "text/html"}


@dataclass(frozen=True)
class Page:
    """What a page answered."""

    status: int
    text: str
    headers: Any

    @property
    def words(self) -> str:
        """Return the text that people read, without tags, one blank between words."""
        bare = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", self.text, flags=re.DOTALL)
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", bare)).split())

    def value(self, name: str) -> str:
        """Return the value of a hidden field."""
        found = re.search(rf'name="{re.escape(name)}" value="([^"]*)"', self.text)
        assert found, f"no field {name} on the page"
        return html.unescape(found[1])

    def values(self, name: str) -> list[str]:
        """Return the values of every field of that name."""
        return [html.unescape(v) for v in re.findall(rf'name="{re.escape(name)}" value="([^"]*)"', self.text)]


@dataclass(frozen=True)
class Clerk:
    """Somebody who is signed in."""

    http: httpx2.AsyncClient
    token: str
    role: Role

    async def get(self, path: str) -> Page:
        answer = await self.http.get(path, headers=self._headers())
        return Page(answer.status_code, answer.text, answer.headers)

    async def post(self, path: str, form: Any, **headers: str) -> Page:
        """Send a form as it is, and return the answer without following it."""
        answer = await self.http.post(path, data=form, headers={**self._headers(), **headers}, follow_redirects=False)
        return Page(answer.status_code, answer.text, answer.headers)

    async def upload(self, path: str, form: Any, files: Any) -> Page:
        """Send a form with files, as `multipart/form-data` even where none is chosen."""
        parts = files or [("_none", ("", b"", "application/octet-stream"))]
        answer = await self.http.post(path, data=form, files=parts, headers=self._headers(), follow_redirects=False)
        return Page(answer.status_code, answer.text, answer.headers)

    async def send(self, path: str, *, to: str | None = None, **fields: Any) -> Page:
        """Open a page and send its form with these fields beside its hidden ones."""
        page = await self.get(path)
        assert page.status == 200, page.words
        hidden = {
            name: html.unescape(value)
            for name, value in re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', page.text)
        }
        return await self.post(to or path, {**hidden, **fields})

    def _headers(self) -> dict[str, str]:
        return {**HTML, "cookie": f"retour_session={self.token}"}


async def sign_in(http: httpx2.AsyncClient, scene: Scene, role: Role) -> Clerk:
    """Return somebody of that role with an open session."""
    token, at = secrets.token_urlsafe(32), now()
    async with scene.house.web.tx(scene.house.tenant) as db:
        await session.add(
            db, session_id=new_id(), staff_id=scene.staff[role], token_sha256=token_sha256(token), store_id=None,
            user_agent="test", created_at=at, expires_at=at + timedelta(days=1),
        )  # fmt: skip
    return Clerk(http, token, role)
