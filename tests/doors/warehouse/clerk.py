"""Somebody of the staff with a browser: signed in, with the tokens of the forms that a page shows."""

import html
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import httpx2

from retour.core.account import Role
from retour.core.sign_in import token_sha256
from retour.flows import account
from retour.store import session
from retour.store.ids import new_id
from retour.web import csrf
from tests.flows.receiving.a_dock import Dock

_hidden = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


@dataclass
class Clerk:
    """A browser of the dock's; a nonce of a page is sent once unless a test says otherwise."""

    http: httpx2.AsyncClient
    dock: Dock
    token: str
    staff_id: UUID
    _turns: Any = field(default_factory=count)

    @property
    def headers(self) -> dict[str, str]:
        return {"Cookie": f"retour_session={self.token}", "Accept": "text/html", "Accept-Language": "en"}

    async def get(self, path: str, **more: str) -> httpx2.Response:
        return await self.http.get(path, headers=self.headers | more)

    async def post(
        self, path: str, fields: dict[str, Any], *, headers: dict[str, str] | None = None, **more: Any
    ) -> httpx2.Response:
        """Send a form of ours with its token and a nonce of its own, following nothing."""
        sent = {"_csrf": csrf.token_of(self.token), "nonce": f"nonce-{next(self._turns):06}", **fields}
        sent = {name: str(value) for name, value in sent.items() if value is not None}
        return await self.http.post(path, data=sent, headers=self.headers | (headers or {}), **more)

    async def follow(self, answer: httpx2.Response) -> str:
        """Return the text of the page that a form led to."""
        assert answer.status_code == 303, answer.text[:2000]
        return text_of(await self.get(answer.headers["location"]))

    async def number(self, rma_id: UUID) -> str:
        return f"R-{(await self.dock.see(rma_id)).rma.number}"


async def a_clerk(http: httpx2.AsyncClient, dock: Dock, role: Role = Role.WAREHOUSE) -> Clerk:
    now, token = datetime.now(UTC), secrets.token_urlsafe(32)
    async with dock.database.tx(dock.tenant_id) as db:
        member = await account.add_staff(
            db, email=f"{uuid4()}@example.com", name="Cleo Clerk", role=role, password_hash=None, actor="cli", now=now
        )
        await session.add(
            db, session_id=new_id(), staff_id=member.id, token_sha256=token_sha256(token), store_id=None,
            user_agent="test", created_at=now, expires_at=now + timedelta(days=1),
        )  # fmt: skip
    return Clerk(http, dock, token, member.id)


def text_of(answer: httpx2.Response) -> str:
    """Return what a page shows as text, blanks folded, after checking that it is a page."""
    assert answer.headers["content-type"] == "text/html; charset=utf-8", answer.text[:500]
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", answer.text, flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def hidden(answer: httpx2.Response, action: str) -> dict[str, str]:
    """Return the hidden fields of the first form with that action."""
    form = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', answer.text, re.S)
    assert form is not None, f"no form for {action}"
    return {name: html.unescape(value) for name, value in _hidden.findall(form[0])}
