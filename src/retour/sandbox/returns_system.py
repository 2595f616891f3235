"""The sandbox returns system: takes returns that are pushed to it, works on them, tells how they stand, and misbehaves."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from retour.sandbox.posting import PostOffice
from retour.sandbox.signing import Sealed, insist, is_authentic
from retour.sandbox.warehouse import read_wish

PAGE = 100


class Cut(Response):
    """An answer of which nothing but its head arrives."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        await send({"type": "http.response.start", "status": 201, "headers": [(b"content-length", b"9999")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


@dataclass
class Fault:
    """How the next push goes wrong: with a status or cut off, before anything was done there or after it."""

    status: int = 0  # none: the answer is cut off
    acts: bool = False
    retry_after: int | None = None

    def answer(self) -> Response:
        """Return what is answered instead."""
        if not self.status:
            return Cut()
        headers = {} if self.retry_after is None else {"retry-after": str(self.retry_after)}
        return JSONResponse({"detail": "as you wished"}, self.status, headers=headers)


class ReturnsSystem:
    """What was pushed, how it stands, and where its messages go."""

    def __init__(self) -> None:
        self.url: str | None = None
        self.secret = self.push_secret = self.token = ""
        self.tries, self.retry_s = 5, 0.2
        self.office = PostOffice()
        self.returns: dict[str, dict[str, Any]] = {}
        self.faults: list[Fault] = []
        self.pushes = 0  # how many requests came in, answered or not

    def reset(self) -> None:
        """Forget everything but where its messages go."""
        self.office.close()
        self.returns.clear()
        self.faults.clear()
        self.pushes = 0

    def routes(self) -> list[Route]:
        """Return the system's routes."""
        return [
            Route("/returns-system/returns", self._push, methods=["POST"]),
            Route("/returns-system/returns", self._all, methods=["GET"]),
            Route("/returns-system/returns/{reference}", self._show, methods=["GET"]),
            Route("/returns-system/returns/{reference}/advance", self._advance, methods=["POST"]),
            Route("/returns-system/changes", self._changes, methods=["GET"]),
            Route("/returns-system/settings", self._settings, methods=["GET", "POST"]),
        ]

    async def _push(self, request: Request) -> Response:
        """Take a return, once under its id, and answer how it stands."""
        body = await request.body()
        if not self._is_authentic(request, body):
            return JSONResponse({"detail": "not authentic"}, 401)
        self.pushes += 1
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None and not fault.acts:
            return fault.answer()
        told = json.loads(body)
        known = self.returns.get(told["id"])
        found = known or self._open(told)
        return fault.answer() if fault is not None else JSONResponse(self._standing(found), 200 if known else 201)

    def _open(self, told: dict[str, Any]) -> dict[str, Any]:
        kept = {**told, "id": f"EXT-{uuid.uuid4().hex[:10]}", "reference": told["id"], "times_opened": 1}
        self.returns[told["id"]] = kept
        return kept

    async def _show(self, request: Request) -> Response:
        if not self._is_authentic(request, b""):
            return JSONResponse({"detail": "not authentic"}, 401)
        found = self.returns.get(request.path_params["reference"])
        return JSONResponse(self._standing(found)) if found else JSONResponse({"detail": "unknown"}, 404)

    async def _all(self, _: Request) -> Response:
        return JSONResponse({"returns": list(self.returns.values()), "pushes": self.pushes})

    async def _advance(self, request: Request) -> Response:
        """Let a return stand otherwise and tell it; `silent` keeps the message back, so that only asking finds it."""
        found, wish = self.returns.get(request.path_params["reference"]), await read_wish(request)
        if found is None:
            return JSONResponse({"detail": "unknown"}, 404)
        found |= {name: wish[name] for name in ("status", "notes", "refund", "shipping") if name in wish}
        found["updated_at"] = wish.get("updated_at") or datetime.now(UTC).isoformat()
        if not wish.get("silent"):
            self.tell(self._document(found), known_as=wish.get("id"))
        return JSONResponse(self._document(found))

    async def _changes(self, request: Request) -> Response:
        """Answer what has changed since a time, oldest first, a page at a time."""
        if self.token and request.headers.get("authorization") != f"Bearer {self.token}":
            return JSONResponse({"detail": "the token is wrong"}, 401)
        since = datetime.fromisoformat(request.query_params["since"])
        at = int(request.query_params.get("cursor", "0"))
        changed = [r for r in self.returns.values() if datetime.fromisoformat(r["updated_at"]) > since]
        changed.sort(key=lambda one: datetime.fromisoformat(one["updated_at"]))
        page = changed[at : at + PAGE]
        following = str(at + PAGE) if len(changed) > at + PAGE else None
        return JSONResponse({"items": [self._document(one) for one in page], "next": following})

    def _standing(self, found: dict[str, Any]) -> dict[str, Any]:
        return {"id": found["id"], "status": found["status"], "reference": found["reference"]}

    def _document(self, found: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in found.items() if name not in ("reference", "times_opened")}

    def tell(self, message: dict[str, Any], *, known_as: str | None = None) -> None:
        """Send a message to the configured address, signed anew for each try under one id."""
        message_id, body, url = known_as or str(uuid.uuid4()), json.dumps(message).encode(), self.url
        if url is None:
            return

        sealed = Sealed(url, self.secret, message_id, body)
        self.office.hand_in(lambda: insist(sealed, self.office.counts, tries=self.tries, retry_s=self.retry_s))

    def _is_authentic(self, request: Request, body: bytes) -> bool:
        return is_authentic(self.push_secret, request.headers, body)

    async def _settings(self, request: Request) -> Response:
        wish = await read_wish(request)
        for name in ("url", "secret", "push_secret", "token"):
            setattr(self, name, wish.get(name, getattr(self, name)))
        self.faults += [Fault(**fault) for fault in wish.get("faults", [])]
        astray = self.office.astray
        for name in ("duplicate", "reorder", "drop"):
            setattr(astray, name, int(wish.get(name, getattr(astray, name))))
        if wish.get("release"):
            self.office.release()
        return JSONResponse({"url": self.url, "pushes": self.pushes, "counts": dict(self.office.counts)})
